"""A server on loopback that speaks the chat completions protocol, and does everything wrong that servers do."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Choose = Callable[[dict[str, Any], int], str]
"""The body of a request, and how often the same was asked before -> what to do with it."""

FAULTS = (
    "429",
    "500",
    "hang",
    "drip",
    "cut",
    "cut-chunked",
    "half",
    "html",
    "empty",
    "nothing",
    "no-choices",
    "wrong-id",
    "duplicate",
)
ANSWERED = frozenset({"ok", "wrong-id", "duplicate"})
"""What ends with an answer all the same."""


def key_of(body: Mapping[str, Any]) -> str:
    """What tells one request from another: the conversation and the seed."""
    said = " | ".join(message["content"] for message in body["messages"])
    return f"{said} #{body.get('seed')}"


def mostly_well(share_of_faults: float, faults: tuple[str, ...] = FAULTS) -> Choose:
    """Do something wrong with a share of the requests, told by what they ask; at most three times with one."""

    def choose(body: dict[str, Any], before: int) -> str:
        number = zlib.crc32(f"{key_of(body)} {before}".encode())
        if before >= 3 or number % 10_000 >= share_of_faults * 10_000:
            return "ok"
        return faults[number // 10_000 % len(faults)]

    return choose


@dataclass
class FaultServer:
    """The server's address, and what it has seen."""

    choose: Choose = lambda body, before: "ok"
    answer: Callable[[dict[str, Any]], dict[str, Any]] = lambda body: {}
    """Fields of the reply that are to differ; `message` and `usage` replace those parts."""
    port: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    headers: list[str] = field(default_factory=list)
    error: str = "told so"
    in_flight: int = 0
    most_in_flight: int = 0
    delay_seconds: float = 0.0
    connections: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> int:
        return sum(self.seen.values())

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.connections.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next(
            int(line.split(":")[1])
            for line in head.split("\r\n")
            if line.lower().startswith("content-length")
        )
        body = json.loads(await reader.readexactly(length))
        self.headers.append(head)
        del self.headers[:-5]
        key = key_of(body)
        what = self.choose(body, self.seen[key])
        self.seen[key] += 1
        self.faults[what] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            return await self._do(what, body, writer)
        finally:
            self.in_flight -= 1

    def reply(self, body: dict[str, Any]) -> bytes:
        said = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": f"{body['model']}-served",
            "system_fingerprint": "fp_test",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": f"re: {key_of(body)}"},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }
        other = self.answer(body)
        if "message" in other:
            said["choices"][0]["message"] = other.pop("message")  # type: ignore[index]
        return json.dumps({**said, **other}).encode()

    async def _do(self, what: str, body: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
        """Do it; say whether the connection stays."""
        good = self.reply(body)
        if what == "hang":
            await asyncio.sleep(30)
            return False
        if what == "drip":
            for byte in _response(200, good):
                writer.write(bytes([byte]))
                await asyncio.sleep(0.05)
        elif what.isdigit() and what != "429":
            writer.write(
                _response(int(what), json.dumps({"error": {"message": self.error}}).encode())
            )
        elif what in PACKED:
            packed, encoding = PACKED[what](good)
            writer.write(_response(200, packed, f"content-encoding: {encoding}"))
        else:
            writer.write(_bytes(what, good))
        await writer.drain()
        return not what.startswith("cut")


PACKED: Mapping[str, Callable[[bytes], tuple[bytes, str]]] = {
    "gzip": lambda good: (gzip.compress(good), "gzip"),
    "bomb": lambda good: (gzip.compress(b" " * (80 * 2**20), 1), "gzip"),
    "bomb-in-bomb": lambda good: (gzip.compress(gzip.compress(good)), "gzip, gzip"),
}


def _bytes(what: str, good: bytes) -> bytes:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n"
    return {
        "ok": _response(200, good),
        "wrong-id": _response(200, good.replace(b"chatcmpl-1", b"another")),
        # Twice in one piece: who reads on finds a reply that answers nothing.
        "duplicate": _response(200, good) * 2,
        "429": _response(429, b'{"error": {"message": "slow down"}}', "retry-after-ms: 20"),
        "cut": _response(200, good)[:-20],
        "cut-chunked": chunked + good[:32],
        "half": _response(200, good[: len(good) // 2]),
        "html": _response(200, b"<!doctype html><h1>Bad gateway</h1>"),
        "empty": _response(200, b""),
        "nothing": _response(200, b'{"choices": [{"message": {"content": ""}}]}'),
        "no-choices": _response(200, b'{"choices": []}'),
        "redirect": _response(302, b"", "location: http://169.254.169.254/"),
    }[what]


def _response(status: int, body: bytes, *more: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status} X",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *more,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def serving(server: FaultServer) -> Iterator[FaultServer]:
    """Run a server in a thread of its own, on a free port of loopback."""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        listening = await asyncio.start_server(server.handle, "127.0.0.1", server.port)
        server.port = listening.sockets[0].getsockname()[1]
        ready.set()
        await ended.wait()
        listening.close()
        handlers = asyncio.all_tasks() - {asyncio.current_task()}
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(60)
        loop.close()
