"""Several locked processes at a time, kept for the next batch."""

from __future__ import annotations

import os
import queue
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from assay.judge.sandbox.protocol import SandboxLost
from assay.judge.sandbox.runner import Sandbox

T = TypeVar("T")
R = TypeVar("R")
MOST = 8


class SandboxPool:
    """Sandboxes that work side by side: one for each processor, at most eight.

    They start with the first batch and end with the pool, or with this process.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or min(MOST, os.cpu_count() or 1)
        self._free: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
        sandboxes = [Sandbox() for _ in range(self.workers)]
        for sandbox in sandboxes:
            self._free.put(sandbox)
        self.close = weakref.finalize(self, _close, sandboxes)

    def map(self, work: Callable[[Sandbox, T], R], items: Sequence[T]) -> list[R | SandboxLost]:
        """Do work on each item, each with a sandbox of its own, and return the results in the order of the items.

        A sandbox that is lost is started anew and the item tried once more; if that fails, its result is the error.

        Raises
        ------
        SandboxError
            Where processes can't be locked down.
        """

        def one(item: T) -> R | SandboxLost:
            sandbox = self._free.get()
            try:
                try:
                    return work(sandbox, item)
                except SandboxLost:
                    return work(sandbox, item)
            except SandboxLost as error:
                return error
            finally:
                self._free.put(sandbox)

        with ThreadPoolExecutor(self.workers) as threads:
            return list(threads.map(one, items))


def _close(sandboxes: Sequence[Sandbox]) -> None:
    for sandbox in sandboxes:
        sandbox.close()
