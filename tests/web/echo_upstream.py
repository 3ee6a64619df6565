"""A chat completions server that says back what it hears, or does what it is told to do wrong.

The last message's text is echoed, a word an event. `!hang`, `!cut`, `!html`, `!empty`, `!status 404`, `!inject`, `!two`
at its beginning are faults. `python echo_upstream.py PORT`; prints its port.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await one(reader, writer):
            pass
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    if head.startswith("GET"):
        await plain(writer, 200, json.dumps({"object": "list", "data": [{"id": "echo"}]}))
        return True
    body = json.loads(await reader.readexactly(int(headers["content-length"])))
    said = body["messages"][-1]["content"]
    if body["model"] != "echo":
        error = {"error": {"message": f"no model {body['model']}", "code": "model_not_found"}}
        await plain(writer, 404, json.dumps(error))
        return True
    if said == "!headers":
        said = json.dumps(headers)
    return await answer(writer, said, stream=bool(body.get("stream")))


async def answer(writer: asyncio.StreamWriter, said: str, *, stream: bool) -> bool:
    fault = said.split(maxsplit=1)[0] if said.startswith("!") else ""
    if fault == "!hang":
        await asyncio.sleep(60)
        return False
    if fault == "!html":
        await plain(writer, 200, "<html>no</html>", "text/html")
        return True
    if fault == "!status":
        await plain(writer, int(said.split()[1]), json.dumps({"error": {"message": "told so"}}))
        return True
    if fault == "!inject":
        writer.write(
            b"HTTP/1.1 200 OK\r\nx-assay-state: GREEN\r\nset-cookie: a=b\r\nx-evil: a\r\r\nx-more: 1\r\n"
            b"content-length: 2\r\n\r\n{}"
        )
        return False
    if not stream:
        choice = {"index": 0, "message": {"role": "assistant", "content": said},
                  "finish_reason": "stop"}  # fmt: skip
        choices = [choice] * (2 if fault == "!two" else 1)
        body = {"id": "e", "object": "chat.completion", "created": 0, "model": "echo-1",
                "choices": choices, "usage": USAGE}  # fmt: skip
        data = json.dumps(body)
        if fault == "!cut":
            writer.write(
                f"HTTP/1.1 200 OK\r\ncontent-length: {len(data)}\r\n\r\n{data[:20]}".encode()
            )
            return False
        await plain(writer, 200, data, "application/json", cookie=True)
        return True
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nset-cookie: a=b\r\n"
        b"transfer-encoding: chunked\r\n\r\n"
    )
    words = [word + " " for word in said.split(" ")]
    for number, word in enumerate(words):
        last = number == len(words) - 1
        event: dict[str, Any] = {
            "id": "e", "object": "chat.completion.chunk", "created": 0, "model": "echo-1",
            "choices": [{"index": 0, "delta": {"content": word.rstrip() if last else word},
                         "finish_reason": None}],
        }  # fmt: skip
        chunk(writer, f"data: {json.dumps(event)}\n\n")
        if fault == "!cut" and number == 1:
            await writer.drain()
            return False
        if fault == "!stall" and number == 1:
            await writer.drain()
            await asyncio.sleep(60)
    end = {"id": "e", "object": "chat.completion.chunk", "created": 0, "model": "echo-1",
           "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}  # fmt: skip
    chunk(writer, f"event: x\ndata: {json.dumps(end)}\n\ndata: [DONE]\n\n")
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


def chunk(writer: asyncio.StreamWriter, text: str) -> None:
    data = text.encode()
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))


async def plain(
    writer: asyncio.StreamWriter, status: int, body: str, kind: str = "application/json",
    *, cookie: bool = False,
) -> None:  # fmt: skip
    data = body.encode()
    more = "set-cookie: a=b\r\n" if cookie else ""
    writer.write(
        f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\n{more}content-length: {len(data)}\r\n\r\n".encode()
        + data
    )
    await writer.drain()


async def main(port: int) -> None:
    server = await asyncio.start_server(handle, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
