"""A loopback server that speaks the chat completions protocol and judges by a rule that a test writes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Material = dict[str, str]
Rule = Callable[[Material, dict[str, Any]], Any]
"""Material and the request's body -> content of the reply, or (content, logprobs), or an HTTP status."""


def verdict(word: str, **more: Any) -> str:
    """Return a reply as it was asked for."""
    wrong = word == "wrong"
    said = {
        "verdict": word,
        "kind": "false-claim" if wrong else None,
        "severity": 2 if wrong else None,
    }
    return json.dumps({**said, "reason": "by the rule", **more})


def by_reference(material: Material, body: dict[str, Any]) -> str:
    """Compare the answer's first line with the reference: text after it turns nobody."""
    return verdict(
        "right" if material["answer"].split("\n")[0] == material["reference"] else "wrong"
    )


def data_of(body: dict[str, Any]) -> Material:
    """Read the material out of the request, as a model would have to."""
    begin, line, end = body["messages"][-1]["content"].split("\n")
    assert begin.removeprefix("BEGIN ") == end.removeprefix("END ") != begin
    found: Material = json.loads(line)
    return found


@dataclass
class JudgeServer:
    """What was asked, and where."""

    url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def judge_server(rule: Rule = by_reference) -> Iterator[JudgeServer]:
    """Serve on 127.0.0.1 until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.bodies.append(body)
            said = rule(data_of(body), body)
            if isinstance(said, int):
                self.reply(said, b"{}")
                return
            content, logprobs = said if isinstance(said, tuple) else (said, None)
            choice = {
                "index": 0,
                "message": {"role": "assistant", "content": content},
                "finish_reason": "stop",
                "logprobs": logprobs,
            }
            reply = {
                "id": "1", "object": "chat.completion", "created": 1, "model": body["model"],
                "choices": [choice],
                "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
            }  # fmt: skip
            self.reply(200, json.dumps(reply).encode())

        def reply(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        # With the five of old, eight connections at a time cost a second of waiting.
        request_queue_size = 128
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    state = JudgeServer(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
