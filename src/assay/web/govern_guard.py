"""What stands before the governor: who may ask, how much, and how slowly.

The server listens on 127.0.0.1 alone; still every page that a browser has open reaches it. So a request must name this
server as its host, and none may come from a page: those of the labeling page have a guard of their own.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from assay.errors import BadInput
from assay.web.govern_outlet import GatheredTransport

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

MOST_BYTES = 4 * 2**20
"""Of a request's body. A larger one is refused by its announced length, or once so much of it has come."""
BODY_SECONDS = 10.0
HEAD_SECONDS = 10.0


class Refused(Exception):
    """A request that is not let in: status and reason."""

    def __init__(self, status: int, reason: str, code: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.code = code


class PatientProtocol(H11Protocol):
    """HTTP/1.1 in which a request's head has a time limit: whoever drips it in holds no connection for ever."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(GatheredTransport(transport))
        self._head_timer = self.loop.call_later(HEAD_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take data; stop waiting once the head is there."""
        import h11

        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_timer()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def read_headers(scope: Scope) -> dict[str, str]:
    """Return a request's headers.

    Raises
    ------
    Refused
        Where one that is looked at stands there twice.
    """
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        if key in headers and (key in _ONCE or key.startswith("x-assay-")):
            raise Refused(400, f"the header {key} stands there twice", "bad_request")
        headers[key] = value.decode("latin-1")
    return headers


_ONCE = frozenset({"host", "origin", "content-type", "content-length", "authorization"})


def check_headers(headers: Mapping[str, str], method: str, hosts: frozenset[str]) -> None:
    """Let a request in, by its headers.

    Raises
    ------
    Refused
        Where it is for another host, of a page, or posts something that is no JSON.
    """
    if headers.get("host", "").lower() not in hosts:
        raise Refused(421, "this server answers to its own address only", "wrong_host")
    if "origin" in headers or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Refused(403, "no page may ask this server", "from_a_page")
    if method == "POST":
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refused(415, "a request's body is application/json", "not_json")


def check_token(headers: Mapping[str, str], token: str) -> None:
    """Let in whoever knows the secret of this ledger's governor.

    Raises
    ------
    Refused
        Where it is missing, or another.
    """
    said = headers.get("authorization", "")
    if not secrets.compare_digest(said.encode(), f"Bearer {token}".encode()):
        raise Refused(401, "this needs the operator's token: Authorization: Bearer ...", "no_token")


async def read_body(receive: Receive, headers: Mapping[str, str]) -> bytes:
    """Return a request's body.

    Raises
    ------
    Refused
        Where it is too large, comes too slowly, or breaks off.
    """
    too_large = Refused(413, f"a body has at most {MOST_BYTES:,} bytes", "too_large")
    announced = headers.get("content-length", "0")
    if not announced.isdigit() or len(announced) > 18 or int(announced) > MOST_BYTES:
        raise too_large
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message: Any = await receive()
                if message["type"] != "http.request":
                    raise Refused(400, "the request broke off", "broken_off")
                part = bytes(message.get("body", b""))
                size += len(part)
                if size > MOST_BYTES:
                    raise too_large
                parts.append(part)
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise Refused(408, f"the body took longer than {BODY_SECONDS:g} s", "too_slow") from None


def known_keys(body: Mapping[str, object], known: frozenset[str]) -> None:
    """Refuse what is misspelt.

    Raises
    ------
    BadInput
        For an unknown key.
    """
    unknown = sorted(set(body) - known)
    if unknown:
        raise BadInput(f"unknown key {unknown[0]!r:.60}; known: {', '.join(sorted(known))}")
