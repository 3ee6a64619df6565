"""The governor's own HTTP client: connections are used again, and no answer ever reaches another's question."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assay.ask.address import BaseUrl, check_url
from assay.web import govern_direct
from assay.web.govern_direct import MOST_AHEAD_BYTES, DirectLine, _Connection
from assay.web.govern_line import Broken, ProxiedLine, Unreachable
from assay.web.govern_outlet import MOST_GATHERED_BYTES, GatheredTransport
from assay.web.govern_upstream import open_line
from web.governed import end, start_echo

OK = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
Answer = Callable[["Server", asyncio.StreamWriter, bytes], Awaitable[bool]]


@dataclass
class Server:
    """A server that answers as it is told; it counts connections and keeps heads."""

    answer: Answer
    connections: int = 0
    heads: list[str] = field(default_factory=list)
    port: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            more = True
            while more:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head.decode())
                body = await reader.readexactly(7) if head.startswith(b"POST") else b""
                more = await self.answer(self, writer, body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def served(answer: Answer, *, most: int = 4) -> Any:
    made = Server(answer)
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    line = DirectLine(
        f"http://127.0.0.1:{made.port}/v1", {"authorization": "Bearer k"},
        max_connections=most, context=None,
    )  # fmt: skip
    try:
        yield made, line
    finally:
        await ended(server, line)


async def ended(server: asyncio.Server, line: DirectLine) -> None:
    await line.close()
    server.close()
    # Connections end in a turn of their own.
    await asyncio.sleep(0.02)


async def asked(line: DirectLine, body: bytes = b'{"a":1}') -> bytes:
    async with line.asked("POST", "/chat/completions", body) as response:
        assert response.status == 200
        return b"".join([part async for part in response.parts()])


def saying(*parts: bytes, more: bool = True) -> Answer:
    async def answer(server: Server, writer: asyncio.StreamWriter, body: bytes) -> bool:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)
        return more

    return answer


async def echo(server: Server, writer: asyncio.StreamWriter, body: bytes) -> bool:
    said = b"%d %b" % (len(server.heads), body)
    writer.write(OK % (len(said), said))
    return True


def failing(answer: Answer) -> str:
    async def run() -> str:
        async with served(answer) as (_, line):
            with pytest.raises(Broken) as found:
                await asked(line)
            return str(found.value)

    return asyncio.run(run())


def test_a_connection_is_used_again_and_nothing_but_the_request_is_sent() -> None:
    async def run() -> None:
        async with served(echo) as (server, line):
            assert [await asked(line) for _ in range(3)] == [
                b'1 {"a":1}', b'2 {"a":1}', b'3 {"a":1}',
            ]  # fmt: skip
            assert server.connections == 1
            assert server.heads[0].lower().split("\r\n") == [
                "post /v1/chat/completions http/1.1", f"host: 127.0.0.1:{server.port}", "accept: */*",
                "authorization: bearer k", "content-type: application/json", "content-length: 7", "", "",
            ]  # fmt: skip
            async with line.asked("GET", "/models") as response:
                assert [part async for part in response.parts()] == [b"4 "]
            assert "content-" not in server.heads[-1]

    asyncio.run(run())


@pytest.mark.parametrize(
    "more", [OK % (4, b"evil"), b"x"], ids=["a whole second answer", "a byte too many"]
)
@pytest.mark.parametrize("apart", [True, False], ids=["later", "at once"])
def test_what_nobody_asked_for_answers_nobody(more: bytes, apart: bool) -> None:
    async def answer(server: Server, writer: asyncio.StreamWriter, body: bytes) -> bool:
        said = OK % (4, b"mine") if server.connections == 1 else OK % (5, b"yours")
        if not apart:
            writer.write(said + more)
            return True
        writer.write(said)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(more)
        return True

    async def run() -> None:
        async with served(answer) as (server, line):
            assert await asked(line) == b"mine"
            await asyncio.sleep(0.06)
            assert await asked(line) == b"yours"
            assert server.connections == 2

    asyncio.run(run())


def test_a_server_that_speaks_first_is_not_heard() -> None:
    async def run() -> None:
        under = Recorded()
        connection = _Connection(lambda one: None)
        connection.connection_made(under)
        connection.data_received(OK % (4, b"evil"))
        assert under.told == ["abort"]

    asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [
        saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", more=False),
        saying(CHUNKED + b"4\r\nhalf\r\n", more=False),
        saying(CHUNKED + b"zz\r\nhalf\r\n"),
        saying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"),
        saying(b"HTTP/1.1 200 OK\r\nx-evil: a\r\r\nx-more: 1\r\ncontent-length: 2\r\n\r\n{}"),
        saying(b"SSH-2.0-OpenSSH\r\n\r\n"),
        saying(b"", more=False),
        saying(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 12),
        saying(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"),
        saying(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000),
    ],
    ids=[
        "short", "no last chunk", "no chunk", "two lengths", "injected", "not http", "closed", "interim",
        "another protocol", "long head",
    ],
)  # fmt: skip
def test_what_is_not_a_whole_answer_is_none(answer: Answer) -> None:
    assert failing(answer)


def test_a_body_that_ends_with_its_connection_must_not_be_torn() -> None:
    async def torn(server: Server, writer: asyncio.StreamWriter, body: bytes) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        await writer.drain()
        await asyncio.sleep(0.02)
        # Closed with a reset: whatever else was to come is lost.
        import socket
        import struct

        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False

    assert failing(torn) == "ConnectionResetError"

    async def run() -> bytes:
        async with served(saying(b"HTTP/1.0 200 OK\r\n\r\nwho", b"le", more=False)) as (_, line):
            return await asked(line)

    assert asyncio.run(run()) == b"whole"


def test_interim_answers_are_passed_over() -> None:
    async def run() -> bytes:
        early = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
        async with served(saying(early, early + OK % (2, b"{}"))) as (_, line):
            return await asked(line)

    assert asyncio.run(run()) == b"{}"


@pytest.mark.parametrize("end", ["later", "never", "talks on"])
def test_after_the_last_event_the_end_of_the_body_is_still_awaited(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(govern_direct, "LINGER_SECONDS", 0.1)

    async def answer(server: Server, writer: asyncio.StreamWriter, body: bytes) -> bool:
        writer.write(CHUNKED + b"4\r\ndone\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)
        if end == "talks on":
            writer.write(b"2000\r\n%b\r\n" % (b"x" * 0x2000))
            await asyncio.sleep(0.02)
        if end != "never":
            writer.write(b"0\r\n\r\n")
        return True

    async def run() -> int:
        async with served(answer) as (server, line):
            for _ in range(2):
                async with line.asked("POST", "/x", b'{"a":1}') as response:
                    async for part in response.parts():
                        assert part == b"done"
                        response.is_enough()
                        break
                await asyncio.sleep(0.15)
            found: int = server.connections
            return found

    assert asyncio.run(run()) == (1 if end == "later" else 2)


def test_an_answer_that_was_given_up_is_not_the_next_ones() -> None:
    async def answer(server: Server, writer: asyncio.StreamWriter, body: bytes) -> bool:
        first = len(server.heads) == 1
        await asyncio.sleep(0.1 if first else 0)
        writer.write(OK % (4, b"late" if first else b"good"))
        return True

    async def run() -> None:
        async with served(answer, most=1) as (server, line):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.03):
                    await asked(line)
            assert await asked(line) == b"good"
            assert server.connections == 2

    asyncio.run(run())


def test_more_than_so_many_connections_are_not_opened() -> None:
    async def answer(server: Server, writer: asyncio.StreamWriter, body: bytes) -> bool:
        await asyncio.sleep(0.01)
        return await echo(server, writer, body)

    async def run() -> None:
        async with served(answer, most=2) as (server, line):
            found = await asyncio.gather(*(asked(line) for _ in range(8)))
            assert len(found) == 8
            assert server.connections == 2

    asyncio.run(run())


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def run() -> None:
        async with served(echo) as (server, line):
            await asked(line)
            monkeypatch.setattr(govern_direct, "IDLE_SECONDS", -1.0)
            await asked(line)
            assert server.connections == 2

    asyncio.run(run())


def test_one_that_the_server_closed_meanwhile_is_not_used_again() -> None:
    async def answer(server: Server, writer: asyncio.StreamWriter, body: bytes) -> bool:
        await echo(server, writer, body)
        return False

    async def run() -> None:
        async with served(answer) as (server, line):
            for _ in range(3):
                await asked(line)
                await asyncio.sleep(0.02)
            assert server.connections == 3

    asyncio.run(run())


def test_a_long_answer_that_is_read_slowly_waits_in_the_socket() -> None:
    size = 8 * MOST_AHEAD_BYTES

    async def run() -> None:
        long = saying(OK % (size, b"x" * size))
        async with served(long) as (_, line), line.asked("GET", "/x") as response:
            await asyncio.sleep(0.1)
            assert response._connection._ahead <= 2 * MOST_AHEAD_BYTES
            assert sum([len(part) async for part in response.parts()]) == size

    asyncio.run(run())


def test_where_nobody_listens_there_is_no_connection() -> None:
    async def run() -> None:
        line = DirectLine("http://127.0.0.1:9/v1", {}, max_connections=1, context=None)
        with pytest.raises(Unreachable):
            await asked(line)

    asyncio.run(run())


def test_a_proxy_of_the_environment_is_asked_and_never_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process = start_echo()
    try:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{process.port}")
        monkeypatch.delenv("no_proxy", raising=False)

        async def run() -> None:
            line = open_line(BaseUrl("http://models.invalid/v1", False), {}, max_connections=2)
            assert isinstance(line, ProxiedLine)
            body = b'{"model": "echo", "messages": [{"content": "hello"}]}'
            async with line.asked("POST", "/chat/completions", body) as response:
                assert response.status == 200
                assert response.header("content-type") == "application/json"
                assert b'"hello"' in b"".join([part async for part in response.parts()])
            await line.close()
            here = open_line(check_url("http://127.0.0.1:9/v1"), {}, max_connections=2)
            assert isinstance(here, DirectLine)
            monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
            line = open_line(BaseUrl("http://models.invalid/v1", False), {}, max_connections=2)
            with pytest.raises(Unreachable):
                async with line.asked("GET", "/models"):
                    pass
            await line.close()

        asyncio.run(run())
    finally:
        end(process.process)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_https_is_spoken_to_whom_the_certificates_vouch_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def run() -> None:
        made = Server(echo)
        server = await asyncio.start_server(made.handle, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        url = BaseUrl(f"https://localhost:{port}/v1", True)
        stranger = open_line(url, {}, max_connections=2)
        assert isinstance(stranger, DirectLine)
        with pytest.raises(Unreachable, match="SSLCertVerificationError"):
            await asked(stranger)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        line = open_line(url, {}, max_connections=2)
        assert isinstance(line, DirectLine)
        assert [await asked(line) for _ in range(2)] == [b'1 {"a":1}', b'2 {"a":1}']
        assert made.heads[0].split("\r\n")[1] == f"host: localhost:{port}"
        other = BaseUrl(f"https://127.0.0.1:{port}/v1", True)
        with pytest.raises(Unreachable, match="SSLCertVerificationError"):
            await asked(open_line(other, {}, max_connections=2))  # type: ignore[arg-type]
        await ended(server, line)

    asyncio.run(run())


class Recorded(asyncio.Transport):
    """A transport that writes down what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[object] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.told.append(bytes(data))

    def close(self) -> None:
        self.told.append("close")

    def abort(self) -> None:
        self.told.append("abort")


def test_what_one_turn_writes_is_sent_in_one_piece() -> None:
    async def run() -> None:
        under = Recorded()
        over = GatheredTransport(under)
        over.write(b"head ")
        over.writelines([b"body ", b"", b"end"])
        assert under.told == []
        await asyncio.sleep(0)
        assert under.told == [b"head body end"]
        over.write(b"last words")
        over.close()
        assert under.told[1:] == [b"last words", "close"]
        await asyncio.sleep(0)
        assert len(under.told) == 3
        over.write(b"never heard")
        over.abort()
        await asyncio.sleep(0)
        assert under.told[3:] == ["abort"]
        over.write(b"x" * (MOST_GATHERED_BYTES + 1))
        assert len(under.told) == 5

    asyncio.run(run())
