"""The pool by itself: bounds, money that is held, what it hands over when it is cancelled or something breaks."""

from __future__ import annotations

import asyncio

import pytest

from assay.ask.money import Prices
from assay.ask.pool import Ask, Job, Limits, PoolReport, run_jobs
from assay.ask.request import AskFailed, ChatReply, ChatRequest, Message


class Clock:
    """Answers after a moment, and knows how many wait at a time."""

    name = "clock"

    def __init__(self, seconds: float = 0.002, cost: float | None = None) -> None:
        self.seconds, self.cost = seconds, cost
        self.now = self.most = self.answers = 0

    async def answer(self, request: ChatRequest) -> ChatReply:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.now -= 1
        if "fail" in request.messages[0].content:
            raise AskFailed("told to")
        self.answers += 1
        said = request.messages[0].content
        return ChatReply(said, None, "stop", "", "", "off", 0.002, 1, None, self.cost)

    async def close(self) -> None:
        """Nothing is open."""


def request(text: str) -> ChatRequest:
    return ChatRequest((Message("user", text),), max_tokens=1)


def job(name: str, times: int = 1) -> Job[list[str]]:
    async def talk(ask: Ask) -> list[str]:
        if times == 1:
            return [(await ask(request(f"{name} 0"))).output]
        replies = await asyncio.gather(*(ask(request(f"{name} {i}")) for i in range(times)))
        return [reply.output for reply in replies]

    return Job(name, talk)


def run(
    clock: Clock, jobs: list[Job[list[str]]], limits: Limits
) -> tuple[PoolReport, dict[str, list[str] | AskFailed]]:
    done: dict[str, list[str] | AskFailed] = {}

    def keep(job: Job[list[str]], outcome: list[str] | AskFailed) -> None:
        assert job.key not in done
        done[job.key] = outcome

    return asyncio.run(run_jobs(clock, jobs, limits=limits, on_done=keep)), done


def test_talks_that_ask_many_things_at_once_stay_within_the_bound() -> None:
    clock = Clock()
    report, done = run(clock, [job(str(i), times=5) for i in range(20)], Limits(3))
    assert clock.most == report.most_in_flight == 3
    assert (report.done, report.failed, report.left, report.requests) == (20, 0, (), 100)
    assert done["7"] == [f"7 {i}" for i in range(5)]
    assert (report.prompt_tokens, report.tokens_unknown, report.cost_unknown) == (100, 100, 100)


def test_a_failure_is_handed_over_and_the_rest_goes_on() -> None:
    report, done = run(Clock(), [job("a"), job("fail"), job("b")], Limits(1))
    assert (report.done, report.failed) == (2, 1)
    assert isinstance(done["fail"], AskFailed)
    assert done["b"] == ["b 0"]


def test_jobs_that_no_money_is_left_for_are_named() -> None:
    # Worst price: 35 tokens read and one written, 36; it costs 10. 100 is enough for 7: then 70 + 36 > 100.
    prices = Prices(1e6, 1e6)
    report, done = run(Clock(cost=10.0), [job(str(i)) for i in range(9)], Limits(4, 100.0, prices))
    assert report.stopped == "money"
    assert report.spent_usd == 70.0
    assert set(done) | set(report.left) == {str(i) for i in range(9)}
    assert len(done) == 7


def test_a_reply_of_unknown_cost_counts_at_its_worst_price() -> None:
    report, _ = run(
        Clock(cost=None), [job(str(i)) for i in range(9)], Limits(1, 100.0, Prices(1e6, 1e6))
    )
    assert (report.done, report.spent_usd, report.maybe_spent_usd) == (2, 0.0, 72.0)


def test_cancelled_it_has_handed_over_what_was_done() -> None:
    clock = Clock(0.01)
    done: list[str] = []

    async def work() -> None:
        task = asyncio.create_task(
            run_jobs(
                clock,
                [job(str(i)) for i in range(1000)],
                limits=Limits(4),
                on_done=lambda job, _: done.append(job.key),
            )
        )
        while clock.answers < 12:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(work())
    assert len(done) == clock.answers
    assert clock.now == 0


def test_what_on_done_raises_ends_the_run() -> None:
    def full(job: Job[list[str]], outcome: object) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        asyncio.run(
            run_jobs(Clock(), [job(str(i)) for i in range(100)], limits=Limits(4), on_done=full)
        )
