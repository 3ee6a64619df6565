"""Many talks with one endpoint at a time: bounded, adapting to what the server bears, within a limit on money.

A *talk* is what one job has to ask: one request, the turns of a conversation, the repeats and orders of a judge. Each
finished talk is handed over at once, so that nothing that was answered waits for anything else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from assay.ask.gate import Gate
from assay.ask.money import Prices, Purse
from assay.ask.request import AskFailed, ChatReply, ChatRequest, Endpoint
from assay.ask.tries import FailedTry, Watchable
from assay.errors import AssayError

T = TypeVar("T")

Ask = Callable[[ChatRequest], Awaitable[ChatReply]]
"""What a talk is given: sends a request when there is a place and money for it, and returns the reply."""

Stop = Literal["", "money", "signal"]


class Stopped(AssayError):
    """Nothing more may be asked: the money is spent, or the user stopped it. A talk must let it pass."""


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """One talk.

    Parameters
    ----------
    key
        Its name in reports.
    talk
        What it does with `ask`; what it returns is handed to `on_done`.
    """

    key: str
    talk: Callable[[Ask], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a pool keeps to.

    Parameters
    ----------
    max_concurrency : >= 1
        Most requests in flight.
    max_usd : > 0
        Most money to spend; None: no limit. Needs `prices`, and `max_tokens` in every request.
    prices
        What tokens cost.

    Raises
    ------
    BadInput
        Where there is a limit on money and no prices.
    """

    max_concurrency: int = 8
    max_usd: float | None = None
    prices: Prices | None = None

    def __post_init__(self) -> None:
        Purse(self.max_usd, self.prices)


@dataclass(frozen=True, slots=True)
class PoolReport:
    """What became of the jobs: every one is done, failed or left.

    Parameters
    ----------
    done, failed
        Talks that ended, well or with `AskFailed`.
    left
        Keys of the jobs that were not begun, or were stopped on the way.
    stopped
        Why some are left: ``money``, ``signal``, or empty.
    requests, tries
        Requests answered; tries sent for all of them, the failed ones too.
    prompt_tokens, completion_tokens, tokens_unknown
        Sums over the replies that say, and how many don't.
    spent_usd, maybe_spent_usd, cost_unknown
        Known to be spent; at most so much more (0 without a limit, where nobody reckons it); replies whose cost is
        unknown.
    seconds
        Wall time.
    most_in_flight, lowest_limit
        Most requests at a time, and the lowest bound that 429s led to.
    """

    done: int
    failed: int
    left: tuple[str, ...]
    stopped: Stop
    requests: int
    tries: int
    prompt_tokens: int
    completion_tokens: int
    tokens_unknown: int
    spent_usd: float
    maybe_spent_usd: float
    cost_unknown: int
    seconds: float
    most_in_flight: int
    lowest_limit: int


@dataclass(frozen=True, slots=True)
class PoolProgress:
    """Where a pool stands: talks done and failed, money known to be spent, replies of unknown cost, wall seconds."""

    done: int
    failed: int
    requests: int
    spent_usd: float
    cost_unknown: int
    seconds: float


async def run_jobs(
    endpoint: Endpoint,
    jobs: Iterable[Job[T]],
    *,
    limits: Limits,
    on_done: Callable[[Job[T], T | AskFailed], None],
    on_progress: Callable[[PoolProgress], None] | None = None,
    stop: asyncio.Event | None = None,
) -> PoolReport:
    """Run talks with an endpoint, many at a time.

    Parameters
    ----------
    endpoint
        What answers. It stays open.
    jobs
        Taken one by one as places come free, so an iterator over many is never held in memory.
    limits
        Requests in flight, and money.
    on_done
        Called in the event loop's thread with each finished talk: what it returned, or why it failed. What it raises
        ends the run.
    on_progress
        Called after each finished talk.
    stop
        Once set, no further request is sent; those in flight are waited for and handed over.

    Returns
    -------
    PoolReport

    Raises
    ------
    BadInput
        Where there is a limit on money and no prices, or a request without a limit on its tokens.
    asyncio.CancelledError
        Where the caller is cancelled: the talks that are done have been handed over.
    """
    pool: _Pool[T] = _Pool(endpoint, limits, on_done, on_progress)
    if isinstance(endpoint, Watchable):
        endpoint.watch(pool)
    source = iter(jobs)
    workers = [asyncio.create_task(pool.work(source)) for _ in range(limits.max_concurrency)]
    watcher = asyncio.create_task(_shut_on(stop, pool)) if stop else None
    try:
        await _all_or_first_fault(workers)
    finally:
        every = [*workers, *([watcher] if watcher else [])]
        for task in every:
            task.cancel()
        await asyncio.gather(*every, return_exceptions=True)
    pool.left.extend(job.key for job in source)
    return pool.report()


async def _shut_on(stop: asyncio.Event, pool: _Pool[T]) -> None:
    await stop.wait()
    pool.close("signal")


async def _all_or_first_fault(workers: list[asyncio.Task[None]]) -> None:
    done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()


class _Pool(Generic[T]):
    """The state of one run; also what watches the endpoint's tries."""

    def __init__(
        self,
        endpoint: Endpoint,
        limits: Limits,
        on_done: Callable[[Job[T], T | AskFailed], None],
        on_progress: Callable[[PoolProgress], None] | None,
    ) -> None:
        self._endpoint = endpoint
        self._on_done = on_done
        self._on_progress = on_progress
        self._gate = Gate(limits.max_concurrency)
        self._purse = Purse(limits.max_usd, limits.prices)
        self._freed = asyncio.Event()
        self._began = time.monotonic()
        self._stopped: Stop = ""
        self._done = self._failed = 0
        self._requests = self._failed_tries = 0
        self._prompt_tokens = self._completion_tokens = self._tokens_unknown = 0
        self.left: list[str] = []

    async def work(self, source: Iterator[Job[T]]) -> None:
        while not self._gate.is_shut:
            job = next(source, None)
            if job is None:
                return
            await self._run(job)

    async def _run(self, job: Job[T]) -> None:
        outcome: T | AskFailed
        try:
            outcome = await job.talk(self.ask)
            self._done += 1
        except Stopped:
            self.left.append(job.key)
            return
        except AskFailed as failure:
            outcome = failure
            self._failed += 1
        self._on_done(job, outcome)
        if self._on_progress:
            self._on_progress(self._progress())

    async def ask(self, request: ChatRequest) -> ChatReply:
        worst = self._purse.worst(request)
        await self._place(worst)
        try:
            reply = await self._endpoint.answer(request)
        finally:
            self._release(worst)
        self._count(reply, worst)
        return reply

    def _release(self, worst: float) -> None:
        self._purse.let_go(worst)
        self._gate.leave()
        self._freed.set()

    async def _place(self, worst: float) -> None:
        """Wait for a place and for money; raise where there will be none."""
        while await self._gate.enter():
            if self._purse.room(worst):
                self._purse.hold(worst)
                return
            # What is in flight holds its worst price, and mostly costs less: wait for one of them to end.
            self._gate.leave()
            if not self._purse.holds:
                self.close("money")
            else:
                self._freed.clear()
                await self._freed.wait()
        raise Stopped("nothing more is asked")

    def close(self, why: Stop) -> None:
        if not self._gate.is_shut:
            self._stopped = why
            self._gate.shut()
            self._freed.set()

    def failed(self, met: FailedTry) -> None:
        self._failed_tries += 1
        if met.throttled:
            self._gate.throttled(met.sent_at, met.retry_after_seconds)
        if met.maybe_charged:
            self._purse.maybe_pay(self._purse.worst(met.request))

    async def wait(self, request: ChatRequest, seconds: float) -> None:
        """Wait without a place and without holding money; get both again before the next try."""
        worst = self._purse.worst(request)
        self._release(worst)
        try:
            await self._gate.sleep(seconds)
            await self._place(worst)
        except BaseException:
            # `ask` gives back what it took, so it must have it.
            self._gate.take()
            self._purse.hold(worst)
            raise

    def _count(self, reply: ChatReply, worst: float) -> None:
        self._gate.answered()
        self._requests += 1
        self._purse.pay(reply, worst)
        if reply.prompt_tokens is None or reply.completion_tokens is None:
            self._tokens_unknown += 1
        self._prompt_tokens += reply.prompt_tokens or 0
        self._completion_tokens += reply.completion_tokens or 0

    def _progress(self) -> PoolProgress:
        return PoolProgress(
            self._done,
            self._failed,
            self._requests,
            self._purse.spent_usd,
            self._purse.unknown_costs,
            time.monotonic() - self._began,
        )

    def report(self) -> PoolReport:
        return PoolReport(
            done=self._done,
            failed=self._failed,
            left=tuple(self.left),
            stopped=self._stopped,
            requests=self._requests,
            tries=self._requests + self._failed_tries,
            prompt_tokens=self._prompt_tokens,
            completion_tokens=self._completion_tokens,
            tokens_unknown=self._tokens_unknown,
            spent_usd=self._purse.spent_usd,
            maybe_spent_usd=self._purse.maybe_spent_usd,
            cost_unknown=self._purse.unknown_costs,
            seconds=time.monotonic() - self._began,
            most_in_flight=self._gate.most_in_flight,
            lowest_limit=self._gate.lowest_limit,
        )
