"""Serve the governor: one process a ledger, on 127.0.0.1, until it is stopped."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from filelock import FileLock, Timeout

from assay.errors import LedgerError
from assay.ledger.store import Ledger
from assay.volume.governor_policy import GovernorPolicy
from assay.web.app import TICK_SECONDS, make_app
from assay.web.govern_app import GovernApp
from assay.web.govern_desk import ReviewDesk, open_review_desk, review_site
from assay.web.govern_exchange import PassSettings, PassThrough
from assay.web.govern_guard import PatientProtocol
from assay.web.govern_journal import govern_folder
from assay.web.govern_judge import CheckJudge
from assay.web.govern_opening import TakenUp, open_service
from assay.web.govern_service import REVIEWS, GovernService
from assay.web.govern_upstream import Upstream, UpstreamSettings
from assay.web.opening import take_up
from assay.web.serve import HOST, bound, stop_by_signal

MOST_CONNECTIONS = 512


@dataclass(frozen=True, slots=True)
class GovernRequest:
    """What is asked of the service.

    Parameters
    ----------
    policy
    settings
    upstream
        None: there is no pass-through.
    port : in [0, 65535]
        0: any that is free.
    """

    policy: GovernorPolicy
    settings: PassSettings
    upstream: UpstreamSettings | None = None
    port: int = 0


@dataclass(frozen=True, slots=True)
class Governed:
    """A service that is running.

    Parameters
    ----------
    url
    review_url
        The labeling page, with its token behind the #, which a browser sends to nobody.
    token_file
        Holds the operator's token.
    state, shadow
        Where the governor stands.
    taken_up
        What an earlier service had left.
    """

    url: str
    review_url: str
    token_file: Path
    state: str
    shadow: bool
    taken_up: TakenUp

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "url": self.url,
            "review_url": self.review_url,
            "token_file": str(self.token_file),
            "state": self.state,
            "shadow": self.shadow,
            "decisions": self.taken_up.decisions,
            "held": self.taken_up.held,
            "traces_taken_up": self.taken_up.traces,
        }


def govern(ledger: Ledger, request: GovernRequest, *, announce: Callable[[Governed], None]) -> None:
    """Serve until the process is told to stop; then put what is left into the ledger.

    Parameters
    ----------
    ledger
    request
    announce
        Called once it answers.

    Raises
    ------
    BadInput
        Where the port is taken, or the journal is of another policy.
    LedgerError
        Where another service has this ledger, or it can't be written.
    """
    with bound(request.port) as listener, _alone(ledger):
        take_up(ledger, REVIEWS)
        stop_by_signal()
        with suppress(KeyboardInterrupt):
            asyncio.run(_run(ledger, request, listener, announce))
        take_up(ledger, REVIEWS)


async def _run(
    ledger: Ledger,
    request: GovernRequest,
    listener: socket.socket,
    announce: Callable[[Governed], None],
) -> None:
    port = listener.getsockname()[1]
    service, taken_up = open_service(ledger, request.policy)
    # Labels that came while nobody governed.
    await service.read_labels()
    # No secret: no item is seeded here, so it places nothing.
    desk = open_review_desk(ledger, service, on_commit=service.look, rng=random.Random(0))  # noqa: S311
    service.reviewing = desk
    site = review_site(ledger, desk, port)
    upstream = None if request.upstream is None else Upstream(request.upstream)
    token_file = govern_folder(ledger) / "operator.token"
    app = GovernApp(
        service, request.settings,
        None if upstream is None else PassThrough(service, upstream, request.settings),
        make_app(site), port, operator_token(token_file),
    )  # fmt: skip
    url = f"http://{HOST}:{port}"
    governor = service.governor
    try:
        async with _background(service, desk, request.settings):
            announce(
                Governed(
                    url,
                    f"{url}/#{site.token}",
                    token_file,
                    governor.state.state,
                    governor.book.shadow,
                    taken_up,
                )
            )
            await _server(app).serve(sockets=[listener])
    finally:
        if upstream is not None:
            await upstream.close()
        await desk.commit(everything=True)
        desk.close()
        await service.read_labels()
        await service.commit()
        service.journal.close()


def _server(app: GovernApp) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app, http=PatientProtocol, log_config=None, access_log=False, server_header=False,
            proxy_headers=False, lifespan="off", ws="none", limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=30, timeout_graceful_shutdown=5,
        )
    )  # fmt: skip


@asynccontextmanager
async def _background(
    service: GovernService, desk: ReviewDesk, settings: PassSettings
) -> AsyncIterator[None]:
    judge = settings.judge
    if isinstance(judge, CheckJudge):
        await judge.start()

    async def commits() -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await desk.commit()

    tasks = [asyncio.create_task(commits()), asyncio.create_task(service.tend())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if isinstance(judge, CheckJudge):
            await judge.close()


def operator_token(path: Path) -> str:
    """Return the token that lets people act on the governor; made once, readable by its owner alone.

    Raises
    ------
    LedgerError
        Where the file can't be read or made.
    """
    try:
        with suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(32))
        token = path.read_text("utf-8").strip()
    except OSError as error:
        raise LedgerError(f"{path} can't be had: {error.strerror or error}") from error
    if len(token) < 32:
        raise LedgerError(f"{path} holds no token: remove it, and a new one is made")
    return token


@contextmanager
def _alone(ledger: Ledger) -> Iterator[None]:
    """Hold the governor of this ledger; the lock is released by the system when its holder dies."""
    lock = FileLock(govern_folder(ledger) / "service.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise LedgerError(f"{ledger.path} is governed already, by another process") from None
    try:
        yield
    finally:
        lock.release()
