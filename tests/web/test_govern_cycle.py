from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from web.govern_cycle import (
    WRONG,
    Load,
    Stand,
    back_to_green,
    check_ledger,
    confirmed,
    judge_one,
    load,
    note_cause,
    report_errors,
)


def test_nothing_acknowledged_is_lost_and_nothing_held_gets_out(tmp_path: Path) -> None:
    stand = Stand(tmp_path, "3s")
    reds: list[str] = []

    async def report(seen: Load) -> None:
        await report_errors(stand.governed, seen)
        reds.append((await asyncio.to_thread(stand.governed.until, "RED"))["reason"])

    async def run() -> Load:
        return await load(
            lambda: stand.governed.url, 100, at_once=8, model="echo", max_tokens=4,
            events={20: stand.restart_upstream, 40: report, 50: stand.kill_governor},
        )  # fmt: skip

    try:
        seen = asyncio.run(run())
        governed = stand.governed
        assert stand.kills == 1
        assert "the budget" in reds[0]
        assert confirmed(governed) == seen.outcomes == WRONG
        assert all(wait >= 1 for wait in seen.waits)
        assert len(seen.held) >= 5
        for trace_id in seen.held:
            status, _, said = governed.get(f"/v1/held/{trace_id}")
            assert status == 200
            assert said == b'{"id":"%b","status":"waiting"}' % trace_id.encode()
        assert governed.health()["held"] >= len(seen.held)
        back_to_green(governed, seconds=40)
        judge_one(governed, seen)
        assert governed.stop() == 0
    finally:
        stand.end()
    check_ledger(stand.ledger.path, seen)


@pytest.mark.nightly
@pytest.mark.local
def test_a_real_model_through_a_cycle(tmp_path: Path) -> None:
    stand = Stand(tmp_path, "30s", Path(__file__).with_name("model_upstream.py"))
    reds: list[str] = []

    async def report(seen: Load) -> None:
        await report_errors(stand.governed, seen)
        reds.append((await asyncio.to_thread(stand.governed.until, "RED"))["reason"])

    async def noted(seen: Load) -> None:
        await asyncio.to_thread(note_cause, stand.governed)

    async def run() -> Load:
        return await load(
            lambda: stand.governed.url, 2_000, at_once=32, model="smollm2", max_tokens=4,
            events={
                200: stand.restart_upstream, 500: report, 600: stand.kill_governor, 700: noted,
                1_400: stand.restart_upstream,
            },
        )  # fmt: skip

    try:
        seen = asyncio.run(run())
        governed = stand.governed
        assert (stand.kills, seen.done) == (1, 2_000)
        assert "the budget" in reds[0]
        assert confirmed(governed) == seen.outcomes == WRONG
        assert all(wait >= 1 for wait in seen.waits)
        assert all(b'"waiting"' in governed.get(f"/v1/held/{name}")[2] for name in seen.held)
        assert governed.health()["held"] >= len(seen.held) >= 100
        back_to_green(governed, seconds=120)
        judge_one(governed, seen)
        assert governed.stop() == 0
    finally:
        stand.end()
    found = check_ledger(stand.ledger.path, seen)
    print(json.dumps({
        **found, "whole": len(seen.released), "held_told": len(seen.held), "states": seen.states,
        "errors": seen.errors,
    }))  # fmt: skip
