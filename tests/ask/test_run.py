"""Runs against a server that does everything wrong: none lost, none doubled; money, stops, conversations, replay."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ask.fault_server import FaultServer, mostly_well, serving
from assay.ask.address import check_url
from assay.ask.money import Prices
from assay.ask.openai_endpoint import OpenAIEndpoint, OpenAISettings
from assay.ask.place import AskSettings
from assay.ask.pool import Limits, PoolProgress
from assay.ask.replay import Replay, read_recording
from assay.ask.request import ChatReply, ChatRequest, Endpoint
from assay.ask.retry import RetryPolicy
from assay.ask.run import AskPlan, AskReport, ask_tasks
from assay.ask.tasks import read_tasks
from assay.errors import BadInput, LedgerError
from assay.ledger.store import Ledger

Write = Callable[[str, str], Path]
QUICK = RetryPolicy(tries=8, first_wait_seconds=0.001, most_wait_seconds=0.02)
SETTINGS = AskSettings("helper", "2", "m", seed=7, max_tokens=5)


def lines(*tasks: dict[str, Any]) -> str:
    return "".join(json.dumps(task) + "\n" for task in tasks)


def questions(n: int) -> str:
    return lines(
        *({"task_id": f"t{i}", "input": f"question {i}", "reference": str(i)} for i in range(n))
    )


def run(
    ledger: Ledger,
    answers: str | Endpoint,
    plan: AskPlan,
    *,
    limits: Limits | None = None,
    prices: Prices | None = None,
    stop_after: int | None = None,
) -> AskReport:
    limits = limits or Limits()

    async def work() -> AskReport:
        settings = OpenAISettings(timeout_seconds=1.0, retry=QUICK, prices=prices)
        endpoint: Endpoint = (
            OpenAIEndpoint(check_url(answers), "m", settings)
            if isinstance(answers, str)
            else answers
        )
        stop = asyncio.Event()

        def watch(progress: PoolProgress, report: AskReport) -> None:
            if stop_after is not None and progress.done >= stop_after:
                stop.set()

        try:
            return await ask_tasks(
                ledger, endpoint, plan, limits=limits, on_progress=watch, stop=stop
            )
        finally:
            await endpoint.close()

    return asyncio.run(work())


def rows(ledger: Ledger) -> list[dict[str, Any]]:
    return ledger.rows("SELECT * FROM traces ORDER BY task_id, epoch, turn")


def seed_of(row: dict[str, Any]) -> int | None:
    return SETTINGS.seed_of(row["task_id"], row["epoch"])


def none_lost_none_doubled(ledger: Ledger, tasks: int, epochs: int) -> None:
    found = rows(ledger)
    count = Counter((row["task_id"], row["epoch"]) for row in found)
    assert len(count) == len(found) == tasks * epochs
    for row in found:
        # Each answer stands with its own question, whatever the server sent twice or in pieces.
        assert row["output"] == f"re: {row['input']} #{seed_of(row)}"
    assert len({seed_of(row) for row in found}) == len(found)
    assert len({row["trace_id"] for row in found}) == len(found)
    assert not list((ledger.path / "ask").glob("*.jsonl"))


def storm(ledger: Ledger, write: Write, tasks: int, share: float) -> AskReport:
    plan = AskPlan(read_tasks(write("tasks.jsonl", questions(tasks))), SETTINGS, 2)
    with serving(FaultServer(mostly_well(share))) as server:
        report = run(ledger, server.url, plan, limits=Limits(64))
        assert report.failures == []
        assert report.asked == report.added == report.wanted == 2 * tasks
        assert report.pool is not None
        assert report.pool.tries == server.requests > 2 * tasks
        assert len(server.faults) > 12
    none_lost_none_doubled(ledger, tasks, 2)
    return report


def test_a_thousand_requests_through_every_fault(ledger: Ledger, write: Write) -> None:
    storm(ledger, write, 500, 0.1)


@pytest.mark.nightly
def test_ten_thousand_requests_through_every_fault(ledger: Ledger, write: Write) -> None:
    storm(ledger, write, 5_000, 0.1)


def test_429s_narrow_the_stream_and_it_widens_again(ledger: Ledger, write: Write) -> None:
    server = FaultServer(delay_seconds=0.005)
    # A server that bears four at a time, and says so to everyone else.
    server.choose = lambda body, before: "429" if server.in_flight >= 4 else "ok"
    plan = AskPlan(read_tasks(write("tasks.jsonl", questions(200))), SETTINGS)
    with serving(server):
        report = run(ledger, server.url, plan, limits=Limits(32))
    assert report.failures == []
    assert report.pool is not None
    assert report.pool.lowest_limit <= 8
    assert report.pool.tries < 2 * 200
    none_lost_none_doubled(ledger, 200, 1)


def test_what_is_answered_is_not_asked_again(ledger: Ledger, write: Write) -> None:
    tasks = read_tasks(write("tasks.jsonl", questions(20)))
    with serving(FaultServer()) as server:
        run(ledger, server.url, AskPlan(tasks, SETTINGS, 2))
        again = run(ledger, server.url, AskPlan(tasks, SETTINGS, 3))
        assert (again.known, again.asked, server.requests) == (40, 20, 60)
        assert set(server.seen.values()) == {1}
    none_lost_none_doubled(ledger, 20, 3)


def test_another_setting_asks_anew(ledger: Ledger, write: Write) -> None:
    tasks = read_tasks(write("tasks.jsonl", questions(3)))
    with serving(FaultServer()) as server:
        run(ledger, server.url, AskPlan(tasks, SETTINGS))
        warm = AskSettings("helper", "2", "m", seed=7, max_tokens=5, temperature=0.5)
        assert run(ledger, server.url, AskPlan(tasks, warm)).asked == 3
    assert len(rows(ledger)) == 6


def test_a_trace_says_how_it_came_about(ledger: Ledger, write: Write) -> None:
    task = {
        "task_id": "a",
        "input": "q",
        "context": "c",
        "reference": "r",
        "topic": "x",
        "origin": "probe",
    }
    plan = AskPlan(read_tasks(write("tasks.jsonl", lines(task))), SETTINGS)
    with serving(FaultServer()) as server:
        run(ledger, server.url, plan, prices=Prices(1.0, 2.0))
    row = rows(ledger)[0]
    assert (row["system"], row["version"], row["epoch"], row["turn"]) == ("helper", "2", 1, None)
    assert (row["input"], row["context"], row["reference"]) == ("q", "c", "r")
    assert row["output"] == f"re: Context:\nc\n\nq #{seed_of(row)}"
    assert (row["prompt_tokens"], row["completion_tokens"]) == (10, 5)
    assert row["cost_usd"] == pytest.approx(20e-6)
    assert row["latency_seconds"] > 0
    assert row["origin"] == "probe"
    assert json.loads(row["tags"]) == {
        "topic": "x",
        "ask.cache": "unknown",
        "ask.finish": "stop",
        "ask.max_tokens": "5",
        "ask.model": "m-served",
        "ask.runtime": "fp_test",
        "ask.seed": str(seed_of(row)),
    }


def test_failures_are_named_and_asked_again(ledger: Ledger, write: Write) -> None:
    plan = AskPlan(read_tasks(write("tasks.jsonl", questions(5))), SETTINGS)
    with serving(
        FaultServer(lambda body, before: "400" if "3" in str(body["messages"]) else "ok")
    ) as server:
        report = run(ledger, server.url, plan)
        assert [(f.task_id, f.reason) for f in report.failures] == [("t3", "status 400: told so")]
        assert (report.asked, report.left) == (4, 1)
        server.choose = lambda body, before: "ok"
        assert run(ledger, server.url, plan).asked == 1
    none_lost_none_doubled(ledger, 5, 1)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_the_limit_on_money_holds(ledger: Ledger, write: Write, concurrency: int) -> None:
    """Worst price of a request: 44 tokens read (12 bytes and the template's 32), 5 written; it costs 15."""
    prices = Prices(1e6, 1e6)
    plan = AskPlan(read_tasks(write("tasks.jsonl", questions(50))), SETTINGS)
    with serving(FaultServer()) as server:
        report = run(
            ledger, server.url, plan, limits=Limits(concurrency, 300.0, prices), prices=prices
        )
        assert report.pool is not None
        assert report.pool.stopped == "money"
        assert report.pool.spent_usd == 15 * server.requests <= 300
        # It stops where another request at its worst price would go over the limit, and not before.
        assert server.requests == (300 - 47) // 15 + 1
        assert report.left == 50 - server.requests == len(report.pool.left)
        more = run(ledger, server.url, plan, limits=Limits(concurrency))
        assert more.asked == report.left
    none_lost_none_doubled(ledger, 50, 1)


def test_tries_that_may_have_been_charged_count(ledger: Ledger, write: Write) -> None:
    prices = Prices(1e6, 1e6)
    plan = AskPlan(read_tasks(write("tasks.jsonl", questions(50))), SETTINGS)
    with serving(FaultServer(lambda body, before: "half")) as server:
        report = run(ledger, server.url, plan, limits=Limits(4, 300.0, prices), prices=prices)
        assert report.pool is not None
        assert report.pool.stopped == "money"
        assert report.asked == 0
        # Each may have cost 47 or 48: six fit.
        assert server.requests == 6
        assert report.pool.maybe_spent_usd <= 300


def test_a_limit_on_money_needs_prices_and_a_limit_on_tokens(ledger: Ledger, write: Write) -> None:
    with pytest.raises(BadInput, match="needs prices"):
        Limits(8, 1.0)
    plan = AskPlan(read_tasks(write("tasks.jsonl", questions(1))), AskSettings("helper", "2", "m"))
    with serving(FaultServer()) as server, pytest.raises(BadInput, match="--max-tokens"):
        run(ledger, server.url, plan, limits=Limits(8, 1.0, Prices(1, 1)))
    assert server.requests == 0


def test_a_stop_waits_for_what_is_on_its_way(ledger: Ledger, write: Write) -> None:
    plan = AskPlan(read_tasks(write("tasks.jsonl", questions(100))), SETTINGS)
    with serving(FaultServer(delay_seconds=0.01)) as server:
        report = run(ledger, server.url, plan, stop_after=20)
        assert report.pool is not None
        assert report.pool.stopped == "signal"
        assert 20 <= report.asked == server.requests < 100
        assert len(rows(ledger)) == report.asked
        run(ledger, server.url, plan)
        assert server.requests == 100
    none_lost_none_doubled(ledger, 100, 1)


CONVERSATION = {
    "task_id": "c",
    "turns": ["one", "two", "three"],
    "system_prompt": "S",
    "reference": ["1", None, "3"],
}


def test_turns_are_answered_in_order(ledger: Ledger, write: Write) -> None:
    plan = AskPlan(read_tasks(write("tasks.jsonl", lines(CONVERSATION))), SETTINGS, 2)
    with serving(FaultServer()) as server:
        run(ledger, server.url, plan)
    found = rows(ledger)
    assert [(row["epoch"], row["turn"], row["input"]) for row in found] == [
        (epoch, turn, text) for epoch in (1, 2) for turn, text in enumerate(("one", "two", "three"))
    ]
    assert len({row["conversation_id"] for row in found}) == 2
    assert [row["reference"] for row in found[:3]] == ["1", None, "3"]
    first, second = found[0]["output"], found[1]["output"]
    assert second == f"re: S | one | {first} | two #{seed_of(found[1])}"
    assert (
        found[2]["output"] == f"re: S | one | {first} | two | {second} | three #{seed_of(found[2])}"
    )


def test_a_conversation_goes_on_where_it_broke_off(ledger: Ledger, write: Write) -> None:
    plan = AskPlan(read_tasks(write("tasks.jsonl", lines(CONVERSATION))), SETTINGS)
    server = FaultServer(lambda body, before: "400" if len(body["messages"]) > 4 else "ok")
    with serving(server):
        report = run(ledger, server.url, plan)
        assert [(f.task_id, f.turn) for f in report.failures] == [("c", 2)]
        server.choose = lambda body, before: "ok"
        assert run(ledger, server.url, plan).asked == 1
    assert [row["turn"] for row in rows(ledger)] == [0, 1, 2]
    assert len({row["source"] for row in rows(ledger)}) == 1


def test_two_processes_never_mix_their_turns(ledger: Ledger, write: Write) -> None:
    """The same conversation in two files: two runs at once, and one of them comes first."""
    one = read_tasks(write("a.jsonl", lines(CONVERSATION)))
    other = read_tasks(write("b.jsonl", lines(CONVERSATION, {"task_id": "more", "input": "x"})))

    class Slow:
        name = "slow"

        def __init__(self, word: str) -> None:
            self.word = word

        async def answer(self, request: ChatRequest) -> ChatReply:
            await asyncio.sleep(0.01)
            said = f"{self.word} after {[m.content for m in request.messages]}"
            return ChatReply(said, None, "stop", "", "", "unknown", 0.01, None, None, None)

        async def close(self) -> None:
            """Nothing is open."""

    async def both() -> None:
        await asyncio.gather(
            ask_tasks(ledger, Slow("A"), AskPlan(one, SETTINGS), limits=Limits()),
            ask_tasks(
                Ledger.open(ledger.path), Slow("B"), AskPlan(other, SETTINGS), limits=Limits()
            ),
        )

    asyncio.run(both())
    turns = [row for row in rows(ledger) if row["task_id"] == "c"]
    assert len(turns) == 3
    assert len({row["output"][0] for row in turns}) == 1
    assert len({row["source"] for row in turns}) == 1


def test_the_same_run_twice_at_once_is_refused(ledger: Ledger, write: Write) -> None:
    from assay.ask.journal import held_run

    plan = AskPlan(read_tasks(write("tasks.jsonl", questions(1))), SETTINGS)
    with held_run(ledger, plan.run), serving(FaultServer()) as server:
        with pytest.raises(LedgerError, match="another process asks these tasks"):
            run(ledger, server.url, plan)
        assert server.requests == 0


def test_reasoning_is_kept_apart(ledger: Ledger, write: Write) -> None:
    said = {
        "tags": {"content": "<think>hm</think>\nFour."},
        "open": {"content": "<think>hm and"},
        "native": {"content": "Four.", "reasoning_content": "hm"},
        "router": {"content": "Four.", "reasoning": "hm"},
        "plain": {"content": "Four."},
    }
    plan = AskPlan(
        read_tasks(
            write("tasks.jsonl", lines(*({"task_id": name, "input": name} for name in said)))
        ),
        SETTINGS,
    )
    server = FaultServer(answer=lambda body: {"message": said[body["messages"][0]["content"]]})
    with serving(server):
        run(ledger, server.url, plan)
    assert {row["task_id"]: (row["output"], row["reasoning"]) for row in rows(ledger)} == {
        "tags": ("Four.", "hm"),
        "open": ("", "hm and"),
        "native": ("Four.", "hm"),
        "router": ("Four.", "hm"),
        "plain": ("Four.", None),
    }


def test_a_replay_takes_the_same_path(ledger: Ledger, write: Write) -> None:
    recording = write(
        "recorded.jsonl",
        lines(
            {"task_id": "t0", "output": "first"},
            {"task_id": "t0", "output": "<think>x</think>second", "completion_tokens": 3},
            {"input": "question 1", "output": "by input", "latency_seconds": 1.5, "cost_usd": 0.5},
            {"task_id": "c", "turn": 0, "epoch": 1, "output": "turn 0"},
            {"task_id": "c", "turn": 1, "epoch": 1, "output": "turn 1"},
        ),
    )
    tasks = write("tasks.jsonl", questions(3) + lines({"task_id": "c", "turns": ["a", "b"]}))
    recorded = read_recording(recording)
    plan = AskPlan(
        read_tasks(tasks), AskSettings("helper", "2", "", replay=recorded.content_hash), 2
    )
    report = run(ledger, Replay(recorded), plan)
    found = {(row["task_id"], row["epoch"], row["turn"]): row for row in rows(ledger)}
    assert {place: row["output"] for place, row in found.items()} == {
        ("t0", 1, None): "first",
        ("t0", 2, None): "second",
        ("t1", 1, None): "by input",
        ("c", 1, 0): "turn 0",
        ("c", 1, 1): "turn 1",
    }
    assert found["t0", 2, None]["reasoning"] == "x"
    assert found["t0", 1, None]["latency_seconds"] is None
    assert found["t1", 1, None]["cost_usd"] == 0.5
    named = {(f.task_id, f.epoch, f.turn) for f in report.failures}
    assert named == {("t1", 2, 0), ("t2", 1, 0), ("t2", 2, 0), ("c", 2, 0)}
    assert run(ledger, Replay(recorded), plan).asked == 0
