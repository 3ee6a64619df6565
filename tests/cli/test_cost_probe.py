"""`assay cost probe`: set-ups asked the same tasks, timed, judged and ranked, in one command."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ask.fault_server import FaultServer, serving
from assay.ask.local_model import LocalModel
from assay.ask.request import AskFailed, ChatReply, ChatRequest
from assay.capability.load import Load, LoadedEndpoint
from assay.capability.speed.tails import saturated, tail_limits
from assay.errors import BadInput
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown

Assay = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
TASKS = ROOT / "examples" / "desk" / "tasks.jsonl.gz"
PROMPT = ROOT / "examples" / "desk" / "prompt.txt"
REPLY = ChatReply("ok", None, "stop", "m", "r", "off", 0.5, 9, 3, None)


class Slow:
    """An endpoint that takes one request after the other, a fixed time each."""

    name = "slow"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self.in_flight = self.most_in_flight = 0

    async def answer(self, request: ChatRequest) -> ChatReply:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        async with self._turn:
            await asyncio.sleep(self._seconds)
        self.in_flight -= 1
        return replace(REPLY, latency_seconds=self._seconds)

    async def close(self) -> None:
        pass


def sums(write: Callable[..., Path], count: int) -> Path:
    lines = [
        f'{{"task_id": "t{i}", "input": "{i} + 1?", "reference": "{i + 1}", "tags": {{"check": "numeric"}}}}'
        for i in range(count)
    ]
    return write("sums.jsonl", "\n".join(lines) + "\n")


def adds(body: dict[str, Any], *, wrong_from: int = 10**9) -> dict[str, Any]:
    number = int(body["messages"][-1]["content"].split()[0])
    said = number + 1 if number < wrong_from else 0
    return {"message": {"role": "assistant", "content": str(said)}}


def test_requests_go_out_at_their_times_and_waiting_counts() -> None:
    endpoint = Slow(0.05)
    loaded = LoadedEndpoint(endpoint, Load(100.0), np.random.default_rng(1))

    async def load() -> list[ChatReply]:
        return await asyncio.gather(*(loaded.answer(ChatRequest(())) for _ in range(8)))

    replies = asyncio.run(load())
    # A hundred a second against one that does twenty: they wait for one another, and the last has waited for most of
    # the others. Who sends the next only when the last is answered would see 0.05 s of each.
    assert endpoint.most_in_flight > 2
    latencies = sorted(reply.latency_seconds for reply in replies)
    assert latencies[0] >= 0.049
    assert latencies[-1] >= 0.2
    run = loaded.run("slow 1")
    assert (run.answered, run.failed, run.arrivals) == (8, 0, "poisson at 100/s")
    due = [one.due_at for one in run.requests]
    gaps = np.random.default_rng(1).exponential(1 / 100.0, 7)
    assert due == pytest.approx([0.0, *np.cumsum(gaps)], abs=1e-9)
    for reply, one in zip(replies, run.requests, strict=True):
        assert reply.latency_seconds == one.waited_seconds
        assert float(reply.facts["load.due_seconds"]) == pytest.approx(one.due_at, abs=1e-5)
        assert float(reply.facts["load.late_seconds"]) == pytest.approx(
            one.dispatch_delay_seconds, abs=1e-5
        )


def test_a_request_held_back_has_waited_since_it_was_due() -> None:
    # Two are due at once and one more 10 ms later, and whoever calls lets one go at a time: the delay is in it.
    loaded = LoadedEndpoint(Slow(0.05), Load(1_000.0), np.random.default_rng(1))

    async def load() -> list[ChatReply]:
        return [await loaded.answer(ChatRequest(())) for _ in range(4)]

    replies = asyncio.run(load())
    assert replies[-1].latency_seconds >= 0.15
    assert (loaded.run("slow").requests[-1].dispatch_delay_seconds or 0.0) >= 0.1


class Failing(Slow):
    """One that fails each so-manieth request."""

    def __init__(self, each: int) -> None:
        super().__init__(0.0)
        self._each = each
        self._count = 0

    async def answer(self, request: ChatRequest) -> ChatReply:
        self._count += 1
        if self._count % self._each == 0:
            raise AskFailed("overloaded")
        return await super().answer(request)


@pytest.mark.parametrize(("each", "bounded"), [(100, True), (5, False)], ids=["few", "many"])
def test_a_request_that_fails_is_longer_than_any_other(each: int, bounded: bool) -> None:
    loaded = LoadedEndpoint(Failing(each), Load(), np.random.default_rng(1))

    async def load() -> None:
        for _ in range(100):
            with contextlib.suppress(AskFailed):
                await loaded.answer(ChatRequest(()))

    asyncio.run(load())
    run = loaded.run("failing")
    assert (run.answered, run.failed) == (100 - 100 // each, 100 // each)
    limit = tail_limits(run)[0.9]
    if bounded:
        assert isinstance(limit, Estimate)
        assert limit.n == 100
    else:
        assert isinstance(limit, Unknown)
        assert "20 of 100 requests got no answer" in limit.reason
    assert isinstance(tail_limits(run)[0.99], Unknown)  # 662 are needed


def test_a_rate_above_what_is_borne_has_no_tail() -> None:
    loaded = LoadedEndpoint(Slow(0.01), Load(500.0), np.random.default_rng(1))

    async def load() -> None:
        await asyncio.gather(*(loaded.answer(ChatRequest(())) for _ in range(80)))

    asyncio.run(load())
    run = loaded.run("slow")
    assert saturated(run)
    assert all("saturated" in str(limit) for limit in tail_limits(run).values())


def test_a_rate_of_nought_is_refused() -> None:
    with pytest.raises(BadInput, match="above 0"):
        Load(0.0)


def test_a_server_is_asked_judged_and_ranked_in_one_command(
    assay: Assay, write: Callable[..., Path], tmp_path: Path
) -> None:
    tasks, ledger = sums(write, 24), tmp_path / "probe.ledger"
    priced = ("--escape-cost", 3, "--usd-per-hour", 3.6, "--json")
    with serving(FaultServer(answer=lambda body: adds(body, wrong_from=18))) as server:
        asked = (server.url, tasks, "-o", ledger, "--model", "m", *priced)
        first = assay("cost", "probe", *asked, "--system", "adder@1")
        assert first.status == 0, first.err
        assert "24 answers now, 0 before; 24 judged now, 6 of them wrong" in first.err
        again = assay("cost", "probe", *asked, "--system", "adder@1")
        assert "0 answers now, 24 before" in again.err
        assert server.requests == 24
    (load,) = first.json["load_tests"]
    assert (load["answered"], load["failed"], load["arrivals"]) == (24, 0, "one after another")
    assert "needs 64 requests" in load["latency_limits"]["p90"]["reason"]
    assert "asked for whole" in load["first_token_limits"]["p90"]["reason"]
    assert "load_tests" not in again.json  # nothing was sent
    (one,) = first.json["systems"]
    assert one["name"] == "adder 1"
    assert one["right"]["value"] == pytest.approx(0.75)
    seconds = one["latency"]["value"]
    assert one["attempt_cost"]["value"] == pytest.approx(seconds / 1000)
    assert one["cost_per_verified_correct"]["value"] == pytest.approx(
        (seconds / 1000 + 0.75) / 0.75
    )


def test_under_a_load_that_does_not_wait_requests_are_in_flight_together(
    assay: Assay, write: Callable[..., Path], tmp_path: Path
) -> None:
    with serving(FaultServer(answer=adds, delay_seconds=0.3)) as server:
        done = assay(
            "cost", "probe", server.url, sums(write, 12), "-o", tmp_path / "p.ledger", "--model", "m",
            "--rate", 60, "--escape-cost", 1, "--usd-per-hour", 1, "--json",
        )  # fmt: skip
        assert done.status == 0, done.err
        assert server.most_in_flight > 3
    assert done.json["systems"][0]["name"] == "m 60/s"
    rows = Ledger.open(tmp_path / "p.ledger").rows("SELECT tags, latency_seconds FROM traces")
    tags = [json.loads(row["tags"]) for row in rows]
    assert {one["load.arrivals"] for one in tags} == {"poisson at 60/s"}
    assert len({one["load.due_seconds"] for one in tags}) == 12
    for one, row in zip(tags, rows, strict=True):
        assert float(one["load.late_seconds"]) <= row["latency_seconds"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "TASKS"),
        (("tasks.jsonl",), "probe URL TASKS"),
        (("http://127.0.0.1:1/v1", "tasks.jsonl"), "--model"),
        (("http://127.0.0.1:1/v1", "tasks.jsonl", "--model", "m", "--threads", "2"), "--local"),
        (("--local", "a", "b"), "--local TASKS"),
        (("--local", "a", "--model", "m"), "--model"),
    ],
)
def test_what_can_not_be_probed_is_wrong_usage(
    assay: Assay, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = assay("cost", "probe", *arguments, "-o", tmp_path / "p.ledger")
    assert done.status == 2
    assert said.lower() in done.err.lower()
    assert not (tmp_path / "p.ledger").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--standard", "garbage"), "--standard must be as"),
        (("--machine", "nosuch"), "there is no machine"),
        (("--review-cost", "1"), "--review-caught"),
        (("--watts", "5"), "go together"),
        (("--flagged", "0.1"), "--flagged goes with --caught"),
        (("--lanes", "4"), "--lanes is of a machine"),
        (("--throughput-per-day", "5"), "is for a standard a day"),
        (("--check", "nosuch"), "check must be one of"),
        (("--catalogue", "none.toml", "--machine", "h100"), "can't be read"),
        (("--system", "@2"), "names no system"),
        (("--simulation-seed", "-1"), "x>=0"),
        (("--html", "p.ledger/page.html"), "lies in the ledger"),
        (("--html", "sums.jsonl"), "is no page"),
    ],
)
def test_what_can_be_refused_is_before_a_request_is_paid_for(
    assay: Assay,
    write: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    tasks = sums(write, 3).rename(tmp_path / "sums.jsonl")
    with serving(FaultServer(answer=adds)) as server:
        base = (server.url, tasks, "-o", "p.ledger", "--model", "m", "--escape-cost", "1")
        done = assay("cost", "probe", *base, *arguments)
        assert server.requests == 0
    assert done.status in {1, 2}
    assert said in done.err
    assert not (tmp_path / "p.ledger").exists()


def test_where_nothing_is_answered_the_reason_is_said(
    assay: Assay, write: Callable[..., Path], tmp_path: Path
) -> None:
    tasks, ledger = sums(write, 3), tmp_path / "p.ledger"
    asked = ("-o", ledger, "--model", "m", "--escape-cost", "1", "--usd-per-hour", "1")
    with serving(FaultServer(lambda _body, _before: "400")) as bad:
        done = assay("cost", "probe", bad.url, tasks, *asked)
    assert done.status == 1
    assert "0 answers now, 0 before; none judged" in done.err
    assert "failed: task t0, epoch 1: " in done.err
    assert "400" in done.err
    assert "give the same command again" in done.err
    assert "assay ingest" not in done.err
    with serving(FaultServer(answer=adds)) as server:
        again = assay("cost", "probe", server.url, tasks, *asked)
    assert (again.status, "3 answers now" in again.err) == (0, True)


@pytest.mark.local
def test_a_model_has_a_thread_at_least() -> None:
    with pytest.raises(BadInput, match="threads must be at least 1"):
        LocalModel(threads=0)


@pytest.mark.local
@pytest.mark.parametrize(
    "threads",
    [
        pytest.param((1,), id="one"),
        # On a busy machine two threads wait for each other by spinning: seconds an answer instead of a half.
        pytest.param((1, 2), id="two", marks=pytest.mark.nightly),
    ],
)
def test_set_ups_of_the_embedded_model_are_probed_and_ranked_in_one_command(
    assay: Assay, tmp_path: Path, threads: tuple[int, ...]
) -> None:
    ledger = tmp_path / "probe.ledger"
    set_ups = [word for one in threads for word in ("--threads", one)]
    done = assay(
        "cost", "probe", "--local", *set_ups, TASKS, "--prompt", PROMPT, "--limit", 8, "--max-tokens", 6,
        "-o", ledger, "--escape-cost", 2, "--machine", "laptop", "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    said = done.json
    assert [one["outputs"] for one in said["systems"]] == [8] * len(threads)
    assert len(said["orders"]["cost"]) == len(threads)
    assert any("a laptop that one owns" in words for words in said["said"])
    for one in said["systems"]:
        assert one["name"].endswith(("1 thread", "2 threads"))
        for number in ("right", "attempt_cost", "latency", "cost_per_verified_correct"):
            assert one[number]["low"] <= one[number]["value"] <= one[number]["high"]
    rows = Ledger.open(ledger).rows(
        "SELECT system, version, count(*) AS n FROM traces GROUP BY 1, 2"
    )
    assert sorted(row["version"] for row in rows) == ["1 thread", "2 threads"][: len(threads)]
