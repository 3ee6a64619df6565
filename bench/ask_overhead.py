"""What it costs to ask: 2,000 tasks put to the same mock server on loopback, by Assay and by Inspect.

The server is a process of its own, so its CPU is in neither figure; it answers at once. Both ask ten at a time and keep
every answer; neither scores. The CPU of a request is that of a whole process with 2,000 tasks less that of one with a
single task, over 1,999. Goal: Assay uses a fifth of Inspect's CPU a request.

Needs the openai package beside Inspect in .venv-peers, for its provider `openai-api`. Its own mock model (`mockllm`)
is not measured: it counts tokens with a table that it downloads.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import Figures, Run, measure
from table import Row

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / ".venv-peers" / "bin" / "python"
TASKS = 2_000
CONNECTIONS = 10
GROUP = "2,000 tasks put to a mock server on loopback"

INSPECT = """
import os, sys
from inspect_ai import Task, eval
from inspect_ai.dataset import json_dataset
from inspect_ai.solver import generate
tasks, logs, url, model = sys.argv[1:]
os.environ["MOCK_API_KEY"], os.environ["MOCK_BASE_URL"] = "none", url
log, = eval(Task(dataset=json_dataset(tasks), solver=generate()), model=model, log_dir=logs,
            display="none", max_connections=10, max_samples=10, log_samples=True)
assert log.status == "success", log.error
assert log.results.completed_samples == len(open(tasks).readlines())
"""
ASSAY = """
import shutil, sys
from assay.cli import main
tasks, into, url = sys.argv[1:]
shutil.rmtree(into, ignore_errors=True)
main(["ask", tasks, "--system", "mock@1", "--url", url, "--model", "m", "--concurrency", "10", "--into", into])
"""


def rows() -> list[Row]:
    """Ask with each, and remove what they wrote."""
    folder = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    try:
        with _mock_server() as url:
            return _rows(folder, url)
    finally:
        shutil.rmtree(folder)


def _rows(folder: Path, url: str) -> list[Row]:
    many, one = _tasks(folder, TASKS), _tasks(folder, 1)
    results: dict[str, tuple[Figures, Figures, str]] = {}
    for name, repeats in (("openai-api/mock/m", 2), ("assay", 5)):
        written = folder / name.replace("/", "-")
        whole = measure(_command(name, many, written, url), repeats=repeats)
        files = _files(written)
        results[name] = (whole, _each(whole, measure(_command(name, one, written, url))), files)
    peer, peer_each, peer_files = results["openai-api/mock/m"]
    own, own_each, own_files = results["assay"]
    goal = "a fifth of Inspect's CPU"
    return [
        Row(GROUP, f"Inspect 0.3.285, provider openai-api: {peer_files}", peer),
        Row(GROUP, f"assay ask: {own_files}", own, peer),
        Row(GROUP, "the same, each request: Inspect", peer_each),
        Row(GROUP, "the same, each request: assay ask", own_each, peer_each, goal),
    ]


def _command(name: str, tasks: Path, written: Path, url: str) -> list[str | Path]:
    if name == "assay":
        return [sys.executable, "-c", ASSAY, tasks, written, url]
    # The runs that warm up leave logs too: only the last one's are counted.
    return [PEER, "-c", f"import shutil; shutil.rmtree({str(written)!r}, ignore_errors=True)\n{INSPECT}",
            tasks, written, url, name]  # fmt: skip


def _each(whole: Figures, one: Figures) -> Figures:
    """Return the figures of one request: start-up and end taken off. Memory stays that of the process."""
    return Figures(
        tuple(
            Run(
                (run.cpu_seconds - one.cpu_seconds) / (TASKS - 1),
                (run.wall_seconds - one.wall_seconds) / (TASKS - 1),
                run.peak_megabytes,
            )
            for run in whole.runs
        )
    )


def _tasks(folder: Path, count: int) -> Path:
    path = folder / f"tasks-{count}.jsonl"
    lines = (
        json.dumps({"input": f"What is {i} times {i + 1}?", "id": f"t{i}"}) for i in range(count)
    )
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def _files(folder: Path) -> str:
    found = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in found) / 1e6
    return f"{len(found)} files, {size:.1f} MB"


@contextmanager
def _mock_server() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, __file__, str(port)], env=dict(os.environ))
    try:
        for _ in range(200):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


def serve(port: int) -> None:
    """Answer every request with the same chat completion, at once."""
    body = json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "It is the product of both."},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19},
        }
    ).encode()
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    reply = head.encode() + body

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
                length = next(line for line in lines if line.startswith(b"content-length"))
                await reader.readexactly(int(length.split(b":")[1]))
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def forever() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(forever())


if __name__ == "__main__":
    serve(int(sys.argv[1]))
