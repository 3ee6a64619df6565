"""The running estimate ends when it is told to, whatever comes in at that moment."""

from __future__ import annotations

import asyncio
import json

import pytest

from assay.ledger.store import Ledger
from assay.web.running import RunningEstimate


class Child:
    """A child process that answers when it is told to."""

    returncode: int | None = None

    def __init__(self) -> None:
        self.stdout = asyncio.StreamReader()
        self.stdin = self
        self.asked = asyncio.Event()

    def write(self, _line: bytes) -> None:
        self.asked.set()

    def kill(self) -> None:
        self.returncode = -9

    async def wait(self) -> int | None:
        return self.returncode


@pytest.mark.parametrize("ticks", range(6))
def test_told_to_stop_while_its_answer_comes_it_stops(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, ticks: int
) -> None:
    async def stopped() -> bool:
        child = Child()

        async def started(*_: object, **__: object) -> Child:
            return child

        monkeypatch.setattr(asyncio, "create_subprocess_exec", started)
        running = RunningEstimate(ledger, "draw-1")
        running.refresh()
        task = asyncio.create_task(running.run())
        await child.asked.wait()
        await asyncio.sleep(0.01)
        child.stdout.feed_data(json.dumps({"reason": "none"}).encode() + b"\n")
        for _ in range(ticks):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=60)
        ended = bool(done) and task.cancelled()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return ended and child.returncode == -9

    assert asyncio.run(stopped())
