"""The labeling page as a process of its own, and somebody who uses it without a browser."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

PATIENCE_SECONDS = 60


@dataclass
class Server:
    """`assay label LEDGER --web`, running."""

    process: subprocess.Popen[str]
    url: str
    draw_id: str
    taken_up: int = 0

    @property
    def port(self) -> int:
        return int(self.url.partition("/#")[0].rpartition(":")[2])

    @property
    def token(self) -> str:
        return self.url.partition("#")[2]

    def kill(self) -> None:
        """As a crash does: at once."""
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def served(ledger: Path, *options: object, in_background: bool = False) -> Iterator[Server]:
    """Serve the page of a ledger; killed at the end, if it still runs.

    In the background, as a script's `&` does, it is begun with the signal of the keyboard ignored.
    """
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    code = f"{ignoring if in_background else ''}from assay.cli import main; main()"
    command = [sys.executable, "-c", code, "label", str(ledger)]
    command += ["--web", "--json", *map(str, options)]
    errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # as long as the process
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )
    # It has no time limit of its own: a server that never speaks must not hang the suite.
    watch = threading.Timer(PATIENCE_SECONDS, process.kill)
    watch.start()
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.rstrip() == "}":
                break
        watch.cancel()
        if not said:
            ended = process.wait(PATIENCE_SECONDS)
            errors.seek(0)
            raise AssertionError(f"the server ended with {ended}: {errors.read()}")
        answer = json.loads(said)
        yield Server(process, answer["url"], answer["draw_id"], answer["taken_up"])
    finally:
        watch.cancel()
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE_SECONDS)
        assert process.stdout is not None
        process.stdout.close()
        errors.close()


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    port: int,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: bytes | str | None = None,
) -> Reply:
    """Ask once; `Host` and the like are set only by `headers`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        reply = connection.getresponse()
        found = {name.lower(): value for name, value in reply.getheaders()}
        return Reply(reply.status, found, reply.read())
    finally:
        connection.close()


@dataclass
class Visitor:
    """A person with one tab, no script, and one connection that is kept."""

    port: int
    token: str
    name: str
    cookie: str = ""
    desk: str = ""
    page: str = ""
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=PATIENCE_SECONDS
        )

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Origin": f"http://127.0.0.1:{self.port}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": self.cookie,
            "X-Assay": "part",
        }

    def request(self, method: str, path: str, fields: dict[str, str] | None = None) -> Reply:
        body = None if fields is None else urlencode(fields)
        self.connection.request(method, path, body=body, headers=self.headers)
        reply = self.connection.getresponse()
        found = {name.lower(): value for name, value in reply.getheaders()}
        return Reply(reply.status, found, reply.read())

    def enter(self) -> Visitor:
        reply = self.request("POST", "/enter", {"token": self.token, "person": self.name})
        assert reply.status == 303, reply.text
        self.cookie = reply.headers["set-cookie"].partition(";")[0]
        self.desk = reply.headers["location"]
        self.page = self.request("GET", self.desk).text
        return self

    def post(self, what: str, **fields: str) -> Reply:
        reply = self.request("POST", f"{self.desk}/{what}", fields)
        if reply.status == 200:
            self.page = reply.text
        return reply

    @property
    def item(self) -> str:
        """The key of what is before this person; empty where nothing is."""
        found = re.search(r'name="item" value="(\w+)"', self.page)
        return found[1] if found else ""

    @property
    def output(self) -> str:
        found = re.search(r'id="h-output".*?<pre[^>]*>(.*?)</pre>', self.page, re.DOTALL)
        return found[1] if found else ""

    def say(self, verdict: str, **fields: str) -> Reply:
        return self.post("answer", item=self.item, verdict=verdict, **fields)

    def close(self) -> None:
        self.connection.close()
