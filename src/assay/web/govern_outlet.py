"""The way back to a client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"
CLIENT_SECONDS = 30.0
"""So long a client may take to read what was sent."""

MOST_GATHERED_BYTES = 64 * 1024
"""So much is sent at once: whether the client keeps up must be seen."""

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


class GatheredTransport(asyncio.Transport):
    """A transport that sends what one turn of the event loop writes in one piece.

    A head and its body, or events that came together, are written one by one; each would cost a system call here and
    wake the client there. Nothing waits for anything that is not there yet.

    Parameters
    ----------
    transport
        Which does the work.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send it at the end of this turn."""
        if not data:
            return
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(bytes(data))
        self._size += len(data)
        if self._size > MOST_GATHERED_BYTES:
            self._send()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Send them at the end of this turn."""
        for data in list_of_data:
            self.write(data)

    def close(self) -> None:
        """Send what was written, and close."""
        self._send()
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._parts.clear()
        self._transport.abort()

    def is_closing(self) -> bool:
        """Say whether it is closed, or is being closed."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known of the socket."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Read no more for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._transport.resume_reading()

    def _send(self) -> None:
        data, self._size = b"".join(self._parts), 0
        self._parts.clear()
        if data:
            self._transport.write(data)
