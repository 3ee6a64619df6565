"""The way back to a client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"
CLIENT_SECONDS = 30.0
"""So long a client may take to read what was sent."""

Headers = Mapping[str, str]


class Outlet:
    """The way back to the client. A client that went away, or reads too slowly, is let go; the exchange goes on."""

    def __init__(self, send: Callable[[Any], Awaitable[None]]) -> None:
        self._send = send
        self.is_gone = False

    async def start(self, status: int, kind: str, headers: Headers) -> None:
        """Send status and headers."""
        pairs = [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]
        pairs += [(k.encode("ascii"), v.encode("ascii")) for k, v in headers.items()]
        await self._give({"type": "http.response.start", "status": status, "headers": pairs})

    async def body(self, data: bytes, *, more: bool = True) -> None:
        """Send a part of the body."""
        await self._give({"type": "http.response.body", "body": data, "more_body": more})

    async def whole(self, status: int, kind: str, data: bytes, headers: Headers) -> None:
        """Send all of it."""
        await self.start(status, kind, {**headers, "content-length": str(len(data))})
        await self.body(data, more=False)

    async def _give(self, message: dict[str, Any]) -> None:
        if self.is_gone:
            return
        try:
            async with asyncio.timeout(CLIENT_SECONDS):
                await self._send(message)
        except (TimeoutError, OSError):
            self.is_gone = True
