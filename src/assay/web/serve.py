"""Serve the labeling page: one server a draw, on 127.0.0.1, until it is stopped."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import uvicorn
from filelock import FileLock, Timeout

from assay.errors import BadInput, LedgerError
from assay.ledger.draws import StoredDraw
from assay.ledger.store import Ledger
from assay.web.app import TICK_SECONDS, Site, make_app
from assay.web.journal import FOLDER
from assay.web.opening import TakenUp, choose_draw, open_desk, place, take_up
from assay.web.running import RunningEstimate
from assay.web.seeded import SEEDED_SHARE, read_seeded

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What is asked of the labeling page.

    Parameters
    ----------
    draw_id
        Which draw to label; the newest with something to label where None.
    port : in [0, 65535]
        0: any that is free.
    seeded
        A file of seeded items (`assay.web.seeded.read_seeded`).
    seeded_share : in [0, 0.5]
        Of all items put before a person.
    """

    draw_id: str | None = None
    port: int = 0
    seeded: Path | None = None
    seeded_share: float = SEEDED_SHARE


@dataclass(frozen=True, slots=True)
class Served:
    """A page that is being served.

    Parameters
    ----------
    url
        With the token behind the #, which a browser sends to nobody.
    draw
        What is labeled.
    to_go : >= 0
        Outputs without a label.
    taken_up
        What an earlier server had left.
    """

    url: str
    draw: StoredDraw
    to_go: int
    taken_up: TakenUp

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "url": self.url,
            "draw_id": self.draw.draw_id,
            "to_go": self.to_go,
            "taken_up": self.taken_up.added,
            "damaged": self.taken_up.damaged,
        }


def serve(ledger: Ledger, request: PageRequest, *, announce: Callable[[Served], None]) -> TakenUp:
    """Serve the labeling page until the process is told to stop; then put what is left into the ledger.

    Parameters
    ----------
    ledger
        The ledger of the draw.
    request
        What to label, and where.
    announce
        Called once the page can be opened.

    Returns
    -------
    TakenUp
        What went into the ledger at the end.

    Raises
    ------
    DrawError
        Where there is nothing to label.
    LedgerError
        Where another server has this draw, or the ledger can't be written.
    BadInput
        Where the port is taken, or the seeded items can't be read.
    """
    draw = choose_draw(ledger, request.draw_id)
    seeded = None if request.seeded is None else read_seeded(request.seeded)
    with bound(request.port) as listener, _alone(ledger, draw.draw_id, listener):
        taken_up = take_up(ledger, draw.draw_id)

        async def run() -> None:
            port = listener.getsockname()[1]
            running = RunningEstimate(ledger, draw.draw_id)
            desk = open_desk(
                ledger,
                draw,
                rng=random.Random(secrets.randbits(64)),  # noqa: S311  # places of seeded items, no secret
                seeded=seeded,
                seeded_share=request.seeded_share if seeded else 0.0,
                on_commit=running.refresh,
            )
            site = Site(ledger, desk, running, port)
            try:
                async with _background(site):
                    announce(
                        Served(
                            f"http://{HOST}:{port}/#{site.token}", draw, desk.queue.to_go, taken_up
                        )
                    )
                    await _server(site).serve(sockets=[listener])
            finally:
                desk.close()

        # Told to stop in either way, it stops in the same: the server ends, then what is left is put away.
        stop_by_signal()
        with suppress(KeyboardInterrupt):
            asyncio.run(run())
        # From the disk and not from memory: whatever was confirmed is there.
        return take_up(ledger, draw.draw_id)


def _server(site: Site) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            make_app(site),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=5,
        )
    )


@asynccontextmanager
async def _background(site: Site) -> AsyncIterator[None]:
    site.running.refresh()

    async def commits() -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await site.desk.commit()

    tasks = [asyncio.create_task(commits()), asyncio.create_task(site.running.run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def stop_by_signal() -> None:
    """Take either signal to stop as an interrupt from now on, where this is the main thread.

    A process that a script began in the background ignores the one from the keyboard until the web server listens to
    it: one that came before would be lost.
    """
    if threading.current_thread() is threading.main_thread():
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.default_int_handler)


@contextmanager
def bound(port: int) -> Iterator[socket.socket]:
    """Listen on a port of this machine; 0: any that is free.

    Raises
    ------
    BadInput
        Where the port can't be had.
    """
    # Named as TCP: only then asyncio sends small replies at once (TCP_NODELAY); they come 40 ms late else.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise BadInput(
                f"port {port} of {HOST} can't be had: {error.strerror or error}; leave --port away for a free one"
            ) from error
        # From here on a browser that comes early waits, and is not turned away.
        listener.listen(128)
        yield listener


@contextmanager
def _alone(ledger: Ledger, draw_id: str, listener: socket.socket) -> Iterator[None]:
    """Hold the draw for this server; the lock is released by the system when its holder dies."""
    (ledger.path / FOLDER).mkdir(exist_ok=True)
    lock = FileLock(place(ledger, draw_id, "lock"), timeout=0)
    address = place(ledger, draw_id, "address")
    try:
        lock.acquire()
    except Timeout:
        raise LedgerError(
            f"{draw_id} is being labeled on a page already, at {_address(address)}: whoever labels with you opens "
            "that one",
            next_command=f"assay volume {ledger.typed} --draw {quote(draw_id)}",
        ) from None
    except OSError as error:
        raise LedgerError(f"{ledger.path} can't be written: {error.strerror or error}") from error
    try:
        address.write_text(json.dumps({"port": listener.getsockname()[1]}), "utf-8")
        yield
    finally:
        address.unlink(missing_ok=True)
        lock.release()


def _address(path: Path) -> str:
    try:
        return f"http://{HOST}:{int(json.loads(path.read_text('utf-8'))['port'])}/"
    except (OSError, ValueError, KeyError, TypeError):
        return f"an address of {HOST} that is not known yet"
