"""What the pass-through adds to an answer: 200 requests a second against an echo server on loopback.

In one run and one client, the same requests go to the echo server directly and through `assay govern`: in shadow (a
stream is judged at its end), and enforced (decided first). Requests go out on a fixed clock, so that a slow answer does
not slow the next ones down. Goal: the median grows by under 2 ms.

    python bench/govern_latency.py [SECONDS] [--url=NAME=http://127.0.0.1:4000/v1]
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from assay.ledger.store import Ledger
from web.governed import Governed, end, start_echo, start_governor

PER_SECOND = 200
POLICY = 'budget = 1e6\nwindow = "30d"\nreview_per_hour = 10\nshadow = {}\n'
HEADERS = {
    "content-type": "application/json",
    "authorization": "Bearer sk-none",
    "x-assay-probability": "0.0001",
}


async def timed(
    client: httpx2.AsyncClient, url: str, *, stream: bool, seconds: float
) -> list[float]:
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
    await asyncio.gather(*(one(start + n / PER_SECOND) for n in range(int(seconds * PER_SECOND))))
    return took


async def rounds(
    urls: dict[str, str], seconds: float, repeats: int = 3
) -> dict[str, dict[str, float]]:
    """Time each way in turn, several times, so that a busy moment meets all of them."""
    took: dict[str, list[float]] = {}
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        for url in urls.values():
            await timed(client, url, stream=True, seconds=0.5)
        for _ in range(repeats):
            for name, url in urls.items():
                for stream in (False, True):
                    key = f"{name}, {'streamed' if stream else 'whole'}"
                    took.setdefault(key, []).extend(
                        await timed(client, url, stream=stream, seconds=seconds)
                    )
    return {
        name: {"n": len(ms), **{f"p{q}": float(np.percentile(ms, q)) for q in (50, 95, 99)}}
        for name, ms in took.items()
    }


def main(seconds: float, others: dict[str, str]) -> None:
    """Print percentiles of each way, and what the median grows by."""
    with tempfile.TemporaryDirectory() as folder:
        echo, urls = start_echo(), {}
        governed: list[Governed] = []
        try:
            urls["direct"] = echo.url
            for name, shadow in (("shadow", "true"), ("enforced", "false")):
                place = Path(folder) / name
                place.mkdir()
                (place / "policy.toml").write_text(POLICY.format(shadow))
                Ledger.create(place / "runs.ledger")
                governed.append(
                    start_governor(
                        place / "runs.ledger", place / "policy.toml", "--upstream", echo.url,
                        "--client-score",
                    )
                )  # fmt: skip
                urls[name] = governed[-1].url + "/v1"
            found = asyncio.run(rounds(urls | others, seconds))
        finally:
            for process in (echo.process, *(one.process for one in governed)):
                end(process)
    for name, row in found.items():
        base = found[f"direct, {name.rpartition(', ')[2]}"]["p50"]
        print(
            f"{name:24} n {row['n']:6,}  p50 {row['p50']:6.2f}  p95 {row['p95']:6.2f}  p99 {row['p99']:6.2f} ms"
            f"  median {row['p50'] - base:+.2f} ms"
        )


if __name__ == "__main__":
    given = [a for a in sys.argv[1:] if not a.startswith("--")]
    named = dict(
        a.removeprefix("--url=").split("=", 1) for a in sys.argv[1:] if a.startswith("--url=")
    )
    main(float(given[0]) if given else 10.0, named)
