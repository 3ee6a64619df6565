"""Put tasks to a system, and keep every answer: plan what is missing, ask it, journal it, commit it.

What is in the ledger under the same settings is not asked again. So the same command, typed again after a crash, a
stop or failures, goes on where the last one ended.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from assay.ask.journal import Recovered
from assay.ask.keeper import Keeper, keeping
from assay.ask.place import ID_PREFIX, AskSettings, Talk, TaskRequest, answer_row
from assay.ask.pool import Ask, Job, Limits, PoolProgress, PoolReport, run_jobs
from assay.ask.prompt import first_question
from assay.ask.request import AskFailed, ChatReply, ChatRequest, Endpoint, Message
from assay.ask.tasks import TaskFile
from assay.ledger.ingest.record import RowError
from assay.ledger.store import Ledger, literal


@dataclass(frozen=True, slots=True)
class AskPlan:
    """What to ask: tasks, settings, and how many times each.

    Parameters
    ----------
    tasks
    settings
    epochs : >= 1
    """

    tasks: TaskFile
    settings: AskSettings
    epochs: int = 1

    @property
    def run(self) -> str:
        """Name of the run: the same for the same tasks under the same settings, whatever the epochs."""
        parts = [self.settings.identity, self.settings.seed, self.tasks.content_hash]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def talks(self) -> Iterator[Talk]:
        """Yield every talk, the first epoch of all tasks before the second: a run that ends early is even."""
        for epoch in range(1, self.epochs + 1):
            for task in self.tasks.tasks:
                yield Talk(task, epoch, self.settings)

    @property
    def answers(self) -> int:
        """How many answers are wanted."""
        return self.epochs * sum(len(task.turns) for task in self.tasks.tasks)


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that failed after all tries: never a trace."""

    task_id: str
    epoch: int
    turn: int
    reason: str


class _TurnFailed(AskFailed):
    def __init__(self, talk: Talk, turn: int, cause: AskFailed) -> None:
        super().__init__(cause.message)
        self.failure = Failure(talk.task.task_id, talk.epoch, turn, cause.message)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the ledger holds of the wanted answers; of conversations the outputs too, to go on from them."""

    trace_ids: frozenset[str]
    outputs: dict[str, str]
    sources: dict[str, str]
    """Conversation -> the run that began it."""

    def is_done(self, talk: Talk) -> bool:
        """Say whether every turn of a talk is answered."""
        return all(talk.trace_id(turn) in self.trace_ids for turn in range(len(talk.task.turns)))


@dataclass(slots=True)
class AskReport:
    """What became of a run: wanted = known + asked + failed and left turns.

    Parameters
    ----------
    wanted, known, asked
        Answers wanted in all; in the ledger already; given now.
    added
        Of those given now, rows new in the table: fewer only where another process was quicker.
    failures
        Requests that failed after all tries.
    recovered
        What dead processes had left.
    pool
        Requests, tokens, money, seconds.
    """

    wanted: int
    known: int
    asked: int = 0
    added: int = 0
    failures: list[Failure] = field(default_factory=list)
    recovered: Recovered = Recovered()  # noqa: RUF009
    pool: PoolReport | None = None

    @property
    def left(self) -> int:
        """Answers that are still wanted."""
        return self.wanted - self.known - self.asked


def answered(ledger: Ledger, settings: AskSettings) -> Answered:
    """Return what the ledger holds of a system's answers that were asked for."""
    rows = ledger.rows(
        "SELECT trace_id, conversation_id, source, "
        "CASE WHEN conversation_id IS NULL THEN NULL ELSE output END AS output FROM traces "
        f"WHERE system = {literal(settings.system)} AND version = {literal(settings.version)} "
        f"AND trace_id LIKE '{ID_PREFIX}%'"
    )
    talks = [row for row in rows if row["conversation_id"] is not None]
    return Answered(
        frozenset(row["trace_id"] for row in rows),
        {row["trace_id"]: row["output"] for row in talks},
        {row["conversation_id"]: row["source"] for row in talks},
    )


async def ask_tasks(
    ledger: Ledger,
    endpoint: Endpoint,
    plan: AskPlan,
    *,
    limits: Limits,
    on_progress: Callable[[PoolProgress, AskReport], None] | None = None,
    stop: asyncio.Event | None = None,
) -> AskReport:
    """Ask what is missing, and keep every answer.

    Parameters
    ----------
    ledger
        Where answers go. Other processes may append at the same time.
    endpoint
        What answers. It stays open.
    plan
        What to ask.
    limits
        Requests in flight, and money.
    on_progress
        Called after each finished talk.
    stop
        Once set, nothing more is asked; what is in flight is waited for.

    Returns
    -------
    AskReport

    Raises
    ------
    BadInput
        Where every request would fail alike: no such server, no such model, a limit on money without prices.
    LedgerError
        Where the ledger can't be written, or another process asks the same now.
    """
    if limits.max_usd is not None and limits.prices is not None:
        # Refused before anything is asked: a request without a limit on its tokens can cost anything.
        limits.prices.worst(ChatRequest((), max_tokens=plan.settings.max_tokens))
    async with keeping(ledger, plan.run, signed="ask") as keeper:
        run = _Run(plan, answered(ledger, plan.settings), keeper)

        def told(progress: PoolProgress) -> None:
            if on_progress:
                on_progress(progress, run.report)

        run.report.pool = await run_jobs(
            endpoint, run.jobs(), limits=limits, on_done=run.done, on_progress=told, stop=stop
        )
    run.report.added = keeper.added
    return run.report


class _Run:
    """The state of one run."""

    def __init__(self, plan: AskPlan, there: Answered, keeper: Keeper) -> None:
        self._plan = plan
        self._there = there
        self._keeper = keeper
        known = sum(
            talk.trace_id(turn) in there.trace_ids
            for talk in plan.talks()
            for turn in range(len(talk.task.turns))
        )
        self.report = AskReport(wanted=plan.answers, known=known, recovered=keeper.recovered)

    def jobs(self) -> Iterator[Job[None]]:
        for talk in self._plan.talks():
            if not self._there.is_done(talk):
                yield Job(talk.key, self._talker(talk))

    def done(self, _job: Job[None], outcome: AskFailed | None) -> None:
        if isinstance(outcome, _TurnFailed):
            self.report.failures.append(outcome.failure)

    def _talker(self, talk: Talk) -> Callable[[Ask], Awaitable[None]]:
        async def converse(ask: Ask) -> None:
            await self._converse(talk, ask)

        return converse

    async def _converse(self, talk: Talk, ask: Ask) -> None:
        settings = self._plan.settings
        messages = list(talk.task.before)
        for turn, question in enumerate(talk.task.turns):
            context = talk.task.context
            text = first_question(settings.prompt, question, context) if turn == 0 else question
            messages.append(Message("user", text))
            output = self._there.outputs.get(talk.trace_id(turn))
            if output is None:
                request = TaskRequest(
                    messages=tuple(messages),
                    temperature=settings.temperature,
                    seed=settings.seed_of(talk.task.task_id, talk.epoch),
                    max_tokens=settings.max_tokens,
                    talk=talk,
                    turn=turn,
                )
                try:
                    reply = await ask(request)
                    self._keep(talk, turn, reply)
                except AskFailed as failure:
                    raise _TurnFailed(talk, turn, failure) from failure
                output = reply.output
            messages.append(Message("assistant", output))

    def _keep(self, talk: Talk, turn: int, reply: ChatReply) -> None:
        # A conversation is one process's: whoever goes on with it signs as the one who began it.
        source = self._there.sources.get(talk.conversation_id or "", self._keeper.source)
        try:
            row = answer_row(talk, turn, reply, at=time.time_ns() // 1_000, source=source)
        except RowError as error:
            raise AskFailed(f"its answer can't be kept: {error}") from None
        self._keeper.keep(row)
        self.report.asked += 1
