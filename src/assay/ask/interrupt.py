"""Stop by Ctrl-C or SIGTERM: first politely, so that what is paid for still arrives; the second time at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_until_stopped(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, T]],
    *,
    on_stop: Callable[[], None] | None = None,
) -> T:
    """Run asynchronous work to its end; a signal sets the event that it is given, a second one cancels it.

    Parameters
    ----------
    work
        Is given the event, and ends soon after it is set.
    on_stop
        Called with the first signal.

    Raises
    ------
    KeyboardInterrupt
        Where a second signal cancelled the work, once it has put away what it holds.
    """
    try:
        return asyncio.run(_run(work, on_stop))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _run(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, T]], on_stop: Callable[[], None] | None
) -> T:
    stop = asyncio.Event()
    task = asyncio.create_task(work(stop))

    def signalled() -> None:
        if stop.is_set():
            task.cancel()
            return
        stop.set()
        if on_stop:
            on_stop()

    loop = asyncio.get_running_loop()
    heard = []
    for number in SIGNALS:
        try:
            loop.add_signal_handler(number, signalled)
            heard.append(number)
        except (NotImplementedError, RuntimeError, ValueError):
            # Not the main thread, or a system without signals: the caller's own handling stays.
            continue
    try:
        return await task
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
