"""What the pass-through adds to an answer: a fixed pace of requests against an echo server on loopback.

In one run and one client, the same requests go to the echo server directly and through `assay govern`: in shadow (a
stream is judged at its end), and enforced (decided first). Requests go out on a fixed clock, so that a slow answer does
not slow the next ones down. All ways are timed in turn, several times; what a way adds is the median over those rounds
of the difference of medians. CPU is that of the server's process, which a busy machine blurs less. Goal: the median
grows by under 2 ms at 200 requests a second.

    python bench/govern_latency.py [--seconds 3] [--rounds 5] [--litellm FOLDER] [--keep] [--conditions TEXT]

FOLDER is an environment of its own with `litellm[proxy]==1.106.2` (1.82.7 and 1.82.8 stole credentials, 1.107.0 is
doubtful): its proxy, with one worker, is then timed in the same run, at 20 requests a second too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from assay.ledger.store import Ledger
from table import pipe_table
from web.governed import end, start_echo, start_governor

KEPT = Path(__file__).with_suffix(".json")
PER_SECOND = 200
SLOW_PER_SECOND = 20
POLICY = 'budget = 1e6\nwindow = "30d"\nreview_per_hour = 10\nshadow = {}\n'
KEY = f"sk-{secrets.token_hex(32)}"
"""LiteLLM's proxy does not start without one; nobody else looks at it."""

HEADERS = {
    "content-type": "application/json",
    "authorization": f"Bearer {KEY}",
    "x-assay-probability": "0.0001",
}
LITELLM = "LiteLLM 1.106.2's proxy, one worker"
PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Way:
    """An address, and the process behind it."""

    url: str
    process: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Times of one way, in milliseconds; `added` to those of the echo server in the same rounds."""

    way: str
    kind: str
    per_second: int
    n: int
    rounds: int
    p50: float
    p95: float
    p99: float
    added: float
    added_least: float
    added_most: float
    cpu: float | None
    """Of the server's process, for each request."""


async def timed(
    client: httpx2.AsyncClient, url: str, *, stream: bool, seconds: float,
    per_second: int = PER_SECOND,
) -> list[float]:  # fmt: skip
    """Return the milliseconds of each answer, from asking to its last byte."""
    body = json.dumps({
        "model": "echo", "stream": stream,
        "messages": [{"role": "user", "content": "one two three four five six seven eight"}],
    })  # fmt: skip
    took: list[float] = []

    async def one(at: float) -> None:
        await asyncio.sleep(at - time.perf_counter())
        began = time.perf_counter()
        reply = await client.post(f"{url}/chat/completions", content=body, headers=HEADERS)
        assert reply.status_code == 200, reply.text
        took.append((time.perf_counter() - began) * 1e3)

    start = time.perf_counter() + 0.2
    await asyncio.gather(*(one(start + n / per_second) for n in range(int(seconds * per_second))))
    return took


async def rounds(
    ways: Mapping[str, Way], *, seconds: float, repeats: int, per_second: int = PER_SECOND
) -> list[Timing]:
    """Time each way in turn, several times, so that a busy moment meets all of them."""
    took: dict[tuple[str, str], list[list[float]]] = {}
    cpu: dict[tuple[str, str], list[float | None]] = {}
    async with httpx2.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as client:
        for way in ways.values():
            await timed(client, way.url, stream=True, seconds=0.5, per_second=per_second)
        for _ in range(repeats):
            for name, way in ways.items():
                for kind in ("whole", "streamed"):
                    before = cpu_milliseconds(way.process)
                    found = await timed(
                        client, way.url, stream=kind == "streamed", seconds=seconds,
                        per_second=per_second,
                    )  # fmt: skip
                    after = cpu_milliseconds(way.process)
                    took.setdefault((name, kind), []).append(found)
                    cpu.setdefault((name, kind), []).append(
                        None if before is None or after is None else (after - before) / len(found)
                    )
    return [
        _timing(name, kind, per_second, all_, took["direct", kind], cpu[name, kind])
        for (name, kind), all_ in took.items()
    ]


def _timing(
    way: str, kind: str, per_second: int, took: list[list[float]], direct: list[list[float]],
    cpu: list[float | None],
) -> Timing:  # fmt: skip
    every = np.concatenate([np.asarray(one) for one in took])
    p50, p95, p99 = (float(np.percentile(every, q)) for q in (50, 95, 99))
    pairs = zip(took, direct, strict=True)
    added = [statistics.median(own) - statistics.median(base) for own, base in pairs]
    known = [one for one in cpu if one is not None]
    return Timing(
        way, kind, per_second, int(every.size), len(took), p50, p95, p99,
        statistics.median(added), min(added), max(added),
        statistics.median(known) if known else None,
    )  # fmt: skip


def cpu_milliseconds(process: int) -> float | None:
    """Return the CPU time of a process up to now; None where the system doesn't say it in /proc."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) * 1e3 / os.sysconf("SC_CLK_TCK")


def measured(*, seconds: float, repeats: int, litellm: Path | None = None) -> list[Timing]:
    """Return the times of all ways."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        echo = start_echo()
        stack.callback(end, echo.process)
        ways = {"direct": Way(echo.url, echo.process.pid)}
        for name, shadow in (("shadow", "true"), ("enforced", "false")):
            place = folder / name
            place.mkdir()
            (place / "policy.toml").write_text(POLICY.format(shadow))
            Ledger.create(place / "runs.ledger")
            governed = start_governor(
                place / "runs.ledger", place / "policy.toml", "--upstream", echo.url,
                "--client-score",
            )  # fmt: skip
            stack.callback(end, governed.process)
            ways[name] = Way(f"{governed.url}/v1", governed.process.pid)
        if litellm is None:
            return asyncio.run(rounds(ways, seconds=seconds, repeats=repeats))
        ways[LITELLM] = stack.enter_context(_litellm(litellm, folder, echo.url))
        slow = asyncio.run(
            rounds(ways, seconds=seconds, repeats=repeats, per_second=SLOW_PER_SECOND)
        )
        return asyncio.run(rounds(ways, seconds=seconds, repeats=repeats)) + slow


@contextmanager
def _litellm(environment: Path, folder: Path, upstream: str) -> Iterator[Way]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings = folder / "litellm.json"  # YAML, too
    settings.write_text(json.dumps({"model_list": [{
        "model_name": "echo",
        "litellm_params": {"model": "openai/echo", "api_base": upstream, "api_key": "sk-none"},
    }]}))  # fmt: skip
    process = subprocess.Popen(
        [environment / "bin" / "litellm", "--config", settings, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        # Its table of prices is in the package: nothing is downloaded.
        env={
            **os.environ, "LITELLM_MASTER_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_TELEMETRY": "False",
        },
    )  # fmt: skip
    try:
        url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE_SECONDS
        while not _answers(f"{url}/health/liveliness"):
            assert process.poll() is None, "LiteLLM's proxy ended"
            assert time.monotonic() < deadline, "LiteLLM's proxy does not answer"
            time.sleep(0.5)
        yield Way(f"{url}/v1", process.pid)
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


def run(
    *, seconds: float = 3.0, repeats: int = 5, litellm: Path | None = None, conditions: str = ""
) -> None:
    """Measure, and keep the figures; `conditions` says what else the machine was doing."""
    found = measured(seconds=seconds, repeats=repeats, litellm=litellm)
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    rows = ",\n".join(json.dumps(asdict(one)) for one in found)
    head = json.dumps({"day": day, "cores": os.cpu_count(), "conditions": conditions})
    KEPT.write_text(f'{head[:-1]}, "rows": [\n{rows}\n]}}\n')


def page() -> str:
    """Return the kept figures as Markdown."""
    if not KEPT.exists():
        return ""
    kept = json.loads(KEPT.read_text())
    lines = [_line(Timing(**row)) for row in kept["rows"]]
    how = f"; {kept['conditions']}" if kept["conditions"] else ""
    said = f"{_INTRODUCTION}\nMeasured on {kept['day']}, {kept['cores']} cores{how}."
    return f"{said}\n\n{pipe_table(_HEADINGS, lines)}\n"


_INTRODUCTION = """## Governor: pass-through

What `assay govern --upstream` adds to an answer of an echo server on loopback, requests on a fixed clock; client, echo
server and governor share the cores. *Shadow*: a stream goes out as it comes, and is decided and on the disk before its
`[DONE]`. *Enforced*: decided, and on the disk, before the first word. *Added* is the median over rounds of the
difference between the way's median and that of the direct one in the same round, in brackets the least and the most;
CPU is that of the server's process for each request. Goal: under 2 ms at 200 a second.
Again: `python bench/govern_latency.py --keep`."""
_HEADINGS = [
    "way", "answers", "a second", "n (rounds)", "median", "added to the median", "p95", "p99", "CPU a request",
]  # fmt: skip


def _line(found: Timing) -> list[str]:
    added = f"{found.added:+.2f} ms ({found.added_least:+.2f} to {found.added_most:+.2f})"
    return [
        found.way,
        found.kind,
        str(found.per_second),
        f"{found.n:,} ({found.rounds})",
        f"{found.p50:.2f} ms",
        "" if found.way == "direct" else added,
        f"{found.p95:.2f} ms",
        f"{found.p99:.2f} ms",
        "" if found.cpu is None else f"{found.cpu:.2f} ms",
    ]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--litellm", type=Path, help="an environment with LiteLLM's proxy")
    parser.add_argument("--keep", action="store_true", help="for the page of benchmarks")
    parser.add_argument("--conditions", default="", help="what else the machine is doing")
    given = parser.parse_args()
    if given.keep:
        run(
            seconds=given.seconds, repeats=given.rounds, litellm=given.litellm,
            conditions=given.conditions,
        )  # fmt: skip
        print(page())
        return
    found = measured(seconds=given.seconds, repeats=given.rounds, litellm=given.litellm)
    print(pipe_table(_HEADINGS, [_line(one) for one in found]))


if __name__ == "__main__":
    main()
