"""Connections to the upstream, kept open and spoken over without a go-between: HTTP/1.1 on asyncio's transports.

A governed answer waits for this code, so it does little: one write a request, and whatever came together is read
together. The protocol itself is h11's, which is strict: what is not HTTP/1.1 ends the connection. A connection is used
again only when both sides are done with it; one that says something unasked, or has been idle for long, is closed.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import quote, urlsplit

import h11

from assay.web.govern_line import Broken, Unreachable

IDLE_SECONDS = 4.0
"""Many servers close after 5 s of silence: a request that meets such an end is lost, for none is asked twice."""

MOST_HEAD_BYTES = 64 * 1024
MOST_AHEAD_BYTES = 256 * 1024
"""Once so much has come that was not read yet, no more is taken from the socket."""

MOST_INTERIM = 10
"""Responses with a status 1xx before the real one."""

LINGER_SECONDS, MOST_LINGER_BYTES = 1.0, 4096
"""After the last event of a stream its body must still end, before the connection can be used again."""


class DirectLine:
    """Asks one server over connections of its own.

    Parameters
    ----------
    url
        The base, checked.
    headers
        That go with each request.
    max_connections : >= 1
    context
        For https; None: http.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str], *, max_connections: int,
        context: ssl.SSLContext | None,
    ) -> None:  # fmt: skip
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._path = quote(parts.path, safe="/%:@!$&'()*+,;=~")
        self._context = context
        host = parts.netloc if parts.netloc.isascii() else _ascii_host(self._host, parts.port)
        self._headers = [("host", host), ("accept", "*/*"), *headers.items()]
        self._room = asyncio.Semaphore(max_connections)
        self._idle: deque[_Connection] = deque()
        self._is_closed = False

    @asynccontextmanager
    async def asked(
        self, method: str, path: str, body: bytes | None = None
    ) -> AsyncIterator[DirectResponse]:
        """Ask, and give the response once its head is there.

        Raises
        ------
        Unreachable
            Where there is no connection.
        Broken
            Where it ends too soon, or what comes is not HTTP/1.1.
        """
        headers = list(self._headers)
        if body is not None:
            headers += [("content-type", "application/json"), ("content-length", str(len(body)))]
        async with self._room:
            connection = self._kept() or await self._opened()
            try:
                connection.ask(
                    h11.Request(method=method, target=self._path + path, headers=headers), body
                )
                yield DirectResponse(connection, await connection.head())
            except h11.ProtocolError as error:
                raise Broken(type(error).__name__) from None
            finally:
                connection.rest()

    async def close(self) -> None:
        """Close the connections."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().transport.abort()

    def _put_back(self, connection: _Connection) -> None:
        if self._is_closed:
            connection.transport.abort()
        else:
            self._idle.append(connection)

    def _kept(self) -> _Connection | None:
        """Return the connection that was idle the shortest; close those that were so for too long."""
        oldest = time.monotonic() - IDLE_SECONDS
        while self._idle and self._idle[0].idle_since < oldest:
            self._idle.popleft().transport.abort()
        while self._idle:
            connection = self._idle.pop()
            if not connection.transport.is_closing():
                return connection
        return None

    async def _opened(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: _Connection(self._put_back), self._host, self._port, ssl=self._context
            )
        except (OSError, UnicodeError) as error:
            raise Unreachable(type(error).__name__) from None
        return connection


class DirectResponse:
    """A response whose head is there."""

    def __init__(self, connection: _Connection, head: h11.Response) -> None:
        self._connection = connection
        self.status = int(head.status_code)
        self._head = head

    def header(self, name: str) -> str:
        """Return a header's value; empty where there is none."""
        wanted = name.encode()
        return next((v.decode("latin-1") for k, v in self._head.headers if k == wanted), "")

    def is_enough(self) -> None:
        """Say that no more of the body is wanted, though its end has not come yet."""
        self._connection.may_linger = True

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body, as it comes.

        Raises
        ------
        Broken
            Where it ends too soon.
        """
        is_end = False
        while not is_end:
            data, is_end = await self._connection.body()
            if data:
                yield data


class _Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, put_back: Callable[[_Connection], None]) -> None:
        self.idle_since = 0.0
        self.may_linger = False
        self._put_back = put_back
        self._talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD_BYTES)
        self._is_asked = False
        self._limit: asyncio.TimerHandle | None = None
        self._news: asyncio.Future[None] | None = None
        self._fault: Exception | None = None
        self._ahead = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._is_asked:
            # The next one who asks must not get this for an answer.
            self.transport.abort()
            return
        self._talk.receive_data(data)
        self._ahead += len(data)
        if self._limit is not None:
            self._linger()
            return
        if self._ahead > MOST_AHEAD_BYTES:
            self.transport.pause_reading()
        self._tell()

    def eof_received(self) -> None:
        if self._fault is None:
            self._talk.receive_data(b"")
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        # A body that ends with its connection is whole only where that was closed, not where it was torn.
        self._fault = exc or Broken("closed")
        if self._limit is not None:
            self._limit.cancel()
        self._tell()

    def ask(self, request: h11.Request, body: bytes | None) -> None:
        """Send a request: in one piece."""
        self._is_asked, self.may_linger = True, False
        said = [self._talk.send(request)]
        if body:
            said.append(self._talk.send(h11.Data(data=body)))
        said.append(self._talk.send(h11.EndOfMessage()))
        self.transport.write(b"".join(part for part in said if part))

    async def head(self) -> h11.Response:
        for _ in range(MOST_INTERIM + 1):
            event = self._talk.next_event()
            while event is h11.NEED_DATA:
                await self._more()
                event = self._talk.next_event()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                raise Broken("no response")
        raise Broken("too many interim responses")

    async def body(self) -> tuple[bytes, bool]:
        """Return what has come of the body, at least something, and whether that was its end."""
        found: list[bytes] = []
        while True:
            event = self._talk.next_event()
            if isinstance(event, h11.Data):
                found.append(bytes(event.data))
            elif event is not h11.NEED_DATA:
                if not isinstance(event, h11.EndOfMessage):
                    raise Broken("no end")
                return b"".join(found), True
            elif found:
                return b"".join(found), False
            else:
                await self._more()

    def rest(self) -> None:
        """End an exchange: put the connection back, or close it."""
        talk, transport = self._talk, self.transport
        if talk.our_state is not h11.DONE or transport.is_closing():
            transport.abort()
        elif talk.their_state is h11.DONE:
            self._again()
        elif self.may_linger:
            self._limit = asyncio.get_running_loop().call_later(LINGER_SECONDS, transport.abort)
            self._ahead = 0
            self._linger()
        else:
            transport.abort()

    def _linger(self) -> None:
        """Read what is left of a body that nobody waits for."""
        assert self._limit is not None
        try:
            event = self._talk.next_event()
            while isinstance(event, h11.Data):
                event = self._talk.next_event()
        except h11.ProtocolError:
            event = None
        if event is h11.NEED_DATA and self._ahead <= MOST_LINGER_BYTES:
            return
        self._limit.cancel()
        self._limit = None
        if isinstance(event, h11.EndOfMessage):
            self._again()
        else:
            self.transport.abort()

    def _again(self) -> None:
        talk, transport = self._talk, self.transport
        is_clean = talk.their_state is h11.DONE and talk.trailing_data == (b"", False)
        if not is_clean or transport.is_closing() or transport.get_write_buffer_size():
            transport.abort()
            return
        talk.start_next_cycle()
        self._took()
        self._is_asked = False
        self.idle_since = time.monotonic()
        self._put_back(self)

    async def _more(self) -> None:
        if self._fault is not None:
            raise Broken(type(self._fault).__name__)
        self._took()
        self._news = asyncio.get_running_loop().create_future()
        try:
            await self._news
        finally:
            self._news = None

    def _took(self) -> None:
        if self._ahead > MOST_AHEAD_BYTES:
            self.transport.resume_reading()
        self._ahead = 0

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


def _ascii_host(host: str, port: int | None) -> str:
    name = host.encode("idna").decode()
    return name if port is None else f"{name}:{port}"
