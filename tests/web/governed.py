"""A governed echo: an upstream on loopback that can do everything wrong, and `assay govern` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 60
ECHO = Path(__file__).with_name("echo_upstream.py")


@dataclass
class Echo:
    """The upstream."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


@dataclass
class Governed:
    """`assay govern LEDGER`, running."""

    process: subprocess.Popen[str]
    said: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.said["url"])

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def token(self) -> str:
        return Path(self.said["token_file"]).read_text()

    def kill(self) -> None:
        end(self.process)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        return self.send("GET", path)

    def post(self, path: str, body: object, *, token: bool = False, **headers: Any) -> Any:
        more = {"authorization": f"Bearer {self.token}"} if token else {}
        names = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.send("POST", path, json.dumps(body).encode(), {**more, **names})

    def send(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            sent = {"content-type": "application/json", **(headers or {})}
            connection.request(method, path, body, sent)
            reply = connection.getresponse()
            found = {k.lower(): v for k, v in reply.getheaders()}
            return reply.status, found, reply.read()
        finally:
            connection.close()

    def chat(self, text: str, *, stream: bool = False, **headers: Any) -> Any:
        body = {"model": "echo", "messages": [{"role": "user", "content": text}], "stream": stream}
        return self.post("/v1/chat/completions", body, **headers)

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("/healthz")[2])
        return found

    def until(self, state: str, *, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while (health := self.health())["state"] != state:
            assert time.monotonic() < deadline, health
            time.sleep(0.05)
        return health


def end(process: subprocess.Popen[str]) -> None:
    """As a crash does: at once."""
    process.kill()
    process.wait(PATIENCE_SECONDS)
    if process.stdout is not None:
        process.stdout.close()


def _read_line(process: subprocess.Popen[str]) -> str:
    # It has no time limit of its own: a process that never speaks must not hang the suite.
    watch = threading.Timer(PATIENCE_SECONDS, process.kill)
    watch.start()
    try:
        assert process.stdout is not None
        return process.stdout.readline()
    finally:
        watch.cancel()


def start_echo(port: int = 0) -> Echo:
    return start_upstream(ECHO, port)


def start_upstream(script: Path, port: int = 0) -> Echo:
    process = subprocess.Popen(
        [sys.executable, str(script), str(port)], stdout=subprocess.PIPE, text=True
    )
    return Echo(process, int(_read_line(process)))


def start_governor(ledger: Path, policy: Path, *options: object) -> Governed:
    command = [sys.executable, "-c", COMMAND, str(ledger), "--policy", str(policy), "--json"]
    errors = ledger.parent / "govern.stderr"
    environment = {**os.environ, "UPSTREAM_KEY": "sk-upstream-0123456789"}
    with errors.open("a") as stream:
        process = subprocess.Popen(
            [*command, *map(str, options)],
            stdout=subprocess.PIPE, stderr=stream, text=True, env=environment,
        )  # fmt: skip
    lines = line = _read_line(process)
    while line and line.rstrip() != "}":
        line = _read_line(process)
        lines += line
    if not lines:
        end(process)
        raise AssertionError(errors.read_text())
    return Governed(process, json.loads(lines))


COMMAND = "import sys; from assay.cli.govern import command; command(sys.argv[1:])"
