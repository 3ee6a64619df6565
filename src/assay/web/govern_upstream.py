"""The upstream: the server whose answers are governed.

Nothing of a client's headers goes there: no cookies, no key of theirs; nothing of the upstream's headers comes back. It
is asked once, and followed nowhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from urllib.request import getproxies

from assay.ask.address import BaseUrl
from assay.errors import BadInput
from assay.web.govern_direct import DirectLine
from assay.web.govern_line import Broken, Line, ProxiedLine, Response, Unreachable
from assay.web.govern_wire import DATA, Answer, NoAnswer, json_object, read_answer, read_event

MOST_ANSWER_BYTES = 16 * 2**20
MOST_ERROR_BYTES = 64 * 1024
MOST_EVENT_BYTES = 2**20
SHOWN = 300
SHORTEST_KEY = 8
PASSED_STATUSES = frozenset({400, 404, 413, 422, 429})
"""What is the client's affair goes on as it is; anything else of the upstream's is a 502."""


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """How to ask.

    Parameters
    ----------
    url
        As `assay.ask.address.check_url` returns it.
    api_key
        None: none is sent. Never shown.
    timeout_seconds : > 0
        For a whole answer, from asking to its last byte.
    max_connections : >= 1
    """

    url: BaseUrl
    api_key: str | None = field(default=None, repr=False)
    timeout_seconds: float = 120.0
    max_connections: int = 256


class Upstream:
    """The upstream.

    Parameters
    ----------
    settings
    """

    def __init__(self, settings: UpstreamSettings) -> None:
        self._settings = settings
        headers = {"accept-encoding": "identity", "user-agent": "assay-govern"}
        if settings.api_key:
            headers["authorization"] = f"Bearer {settings.api_key}"
        self._line = open_line(settings.url, headers, max_connections=settings.max_connections)

    @asynccontextmanager
    async def asked(self, body: bytes) -> AsyncIterator[Reply]:
        """Ask, and give the reply once its status 200 is there; all of it within the time limit.

        Raises
        ------
        NoAnswer
            Where the upstream can't be reached, is too slow, breaks off, or says no.
        """
        seconds = self._settings.timeout_seconds
        try:
            async with (
                asyncio.timeout(seconds),
                self._line.asked("POST", "/chat/completions", body) as response,
            ):
                if response.status != 200:
                    raise await self._refused(response)
                yield Reply(response, self._without_key)
        except TimeoutError:
            raise NoAnswer(
                504, f"the upstream gave no whole answer within {seconds:g} seconds", code="upstream_timeout"
            ) from None  # fmt: skip
        except Unreachable:
            raise NoAnswer(
                502, "the upstream can't be reached", code="upstream_unreachable"
            ) from None
        except (Broken, OSError) as error:
            raise NoAnswer(502, f"the upstream broke off: {error}") from None

    async def models(self) -> bytes:
        """Return the list of models, as the upstream gives it.

        Raises
        ------
        NoAnswer
            Where it gives none.
        """
        try:
            async with (
                asyncio.timeout(self._settings.timeout_seconds),
                self._line.asked("GET", "/models") as response,
            ):
                if response.status != 200:
                    raise await self._refused(response)
                data = await _all(response, MOST_ANSWER_BYTES)
            json_object(data, "the upstream's list of models")
        except (TimeoutError, Unreachable, Broken, OSError) as error:
            raise NoAnswer(502, f"the upstream gave no list: {type(error).__name__}") from None
        except BadInput as error:
            raise NoAnswer(502, error.message, code="upstream_malformed") from None
        return data

    async def close(self) -> None:
        """Close the connections."""
        await self._line.close()

    async def _refused(self, response: Response) -> NoAnswer:
        status, said = response.status, ""
        try:
            data = await _all(response, MOST_ERROR_BYTES)
            error = json_object(data, "the error").get("error")
            said = str((error.get("message") if isinstance(error, dict) else error) or "")
        except (BadInput, NoAnswer):
            pass
        shown = self._without_key(said.encode("utf-8", "replace")).decode()[:SHOWN]
        wait = response.header("retry-after")
        return NoAnswer(
            status if status in PASSED_STATUSES else 502,
            f"the upstream says {status}{': ' if shown else ''}{shown}",
            code=f"upstream_{status}",
            retry_after=int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 8 else 0,
        )

    def _without_key(self, said: bytes) -> bytes:
        """Return what the upstream says without the key: some send the headers back."""
        key = (self._settings.api_key or "").encode()
        return said.replace(key, b"[key]") if len(key) >= SHORTEST_KEY else said


def open_line(url: BaseUrl, headers: Mapping[str, str], *, max_connections: int) -> Line:
    """Return the way to a server: directly, or through the proxy that the environment names for it.

    Parameters
    ----------
    url
    headers
        That go with each request.
    max_connections : >= 1
    """
    import httpx2

    scheme = urlsplit(url.text).scheme
    # A proxy named in the environment must not be sent what is meant for this machine.
    if not url.is_loopback and (getproxies().keys() & {scheme, "all"}):
        return ProxiedLine(url.text, headers, max_connections=max_connections)
    context = None
    if scheme == "https":
        context = httpx2.create_ssl_context()
        context.set_alpn_protocols(["http/1.1"])
    return DirectLine(url.text, headers, max_connections=max_connections, context=context)


class Reply:
    """A reply with status 200 that is being read."""

    def __init__(self, response: Response, clean: Callable[[bytes], bytes]) -> None:
        self._response = response
        self._clean = clean
        self.answer = Answer()

    async def whole(self) -> Answer:
        """Read an answer that is no stream.

        Raises
        ------
        NoAnswer
            Where it is none, or too long.
        """
        self.answer = read_answer(self._clean(await _all(self._response, MOST_ANSWER_BYTES)))
        return self.answer

    async def events(self) -> AsyncIterator[bytes]:
        """Yield the events of a stream to be sent on, but for its end; `answer` grows with them.

        Raises
        ------
        NoAnswer
            Where the stream breaks off, holds what is no event, or is too long.
        """
        size = 0
        async for lines in _lines(self._response):
            # What came together goes on together: a send costs more than an event.
            events, fault, is_end = self._read(lines)
            size += len(events)
            if size > MOST_ANSWER_BYTES:
                raise NoAnswer(
                    502, f"the upstream's stream is longer than {MOST_ANSWER_BYTES:,} bytes"
                )
            if events:
                yield events
            if fault:
                raise fault
            if is_end:
                self._response.is_enough()
                return
        if not self.answer.finish_reason:
            raise NoAnswer(502, "the upstream's stream ended before the answer did")
        self.answer.is_whole = True

    def _read(self, lines: list[bytes]) -> tuple[bytes, NoAnswer | None, bool]:
        """Return the events of some lines up to the first that is none, and whether the stream has ended."""
        events: list[bytes] = []
        for line in lines:
            if not line.startswith(DATA):
                continue
            try:
                event = read_event(self.answer, self._clean(line[len(DATA) :].strip()))
            except NoAnswer as fault:
                return b"".join(events), fault, False
            if event is None:
                return b"".join(events), None, True
            events.append(event)
        return b"".join(events), None, False


async def _lines(response: Response) -> AsyncIterator[list[bytes]]:
    rest = b""
    async for data in response.parts():
        *whole, rest = (rest + data).split(b"\n")
        if len(rest) > MOST_EVENT_BYTES:
            raise NoAnswer(502, "an event of the upstream's stream is too long")
        yield whole
    if rest:
        yield [rest]


async def _all(response: Response, most: int) -> bytes:
    parts, size = [], 0
    async for data in response.parts():
        size += len(data)
        if size > most:
            raise NoAnswer(502, f"the upstream's answer is longer than {most:,} bytes")
        parts.append(data)
    return b"".join(parts)
