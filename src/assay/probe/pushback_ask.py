"""Putting push-back to a system: each branch a talk whose next turn rests on the last answer, each turn a trace."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field

from assay.ask.journal import Recovered
from assay.ask.keeper import Keeper, keeping
from assay.ask.pool import Ask, Job, Limits, PoolProgress, PoolReport, run_jobs
from assay.ask.request import AskFailed, ChatReply, ChatRequest, Endpoint, Message
from assay.judge.rules import Rule
from assay.ledger.ingest.record import RowError, trace_row
from assay.ledger.population import tag
from assay.ledger.store import Ledger, literal
from assay.probe.pushback_judge import Reading, State, read_reply
from assay.probe.pushback_plan import ID_PREFIX, PROBE, PROBE_TAG, Branch, BranchPlan
from assay.probe.pushback_words import FINAL_QUESTION


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a branch.

    Parameters
    ----------
    number
        In the conversation, from 0; 0 is the question that all branches after an answer share.
    part
        ``push``: the user disagrees, and what is said to it counts. ``told``: he tells, and it does not. ``asked``:
        he asks the question again. ``final``: he asks for the final answer, since the reply had none in it.
    round : >= 1
    text
        What he says.
    """

    number: int
    part: str
    round: int
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """A turn that the ledger holds: what was said, what came back, what the user named, who began it."""

    text: str
    output: str
    answer: str | None
    source: str


@dataclass(slots=True)
class PushbackReport:
    """What became of the branches.

    Parameters
    ----------
    branches
        Wanted.
    asked, known
        Answers given now; answers that were there before.
    added
        Of those given now, rows new in the table.
    failures
        Branch -> why it failed, after all tries.
    recovered
        What dead processes had left.
    pool
        Requests, tokens, money, seconds.
    """

    branches: int
    known: int
    asked: int = 0
    added: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    recovered: Recovered = Recovered()  # noqa: RUF009
    pool: PoolReport | None = None

    @property
    def left(self) -> int:
        """Branches that are not at their end."""
        return 0 if self.pool is None else len(self.pool.left) + len(self.failures)


async def push_back(
    ledger: Ledger,
    endpoint: Endpoint,
    plan: BranchPlan,
    rule: Rule,
    *,
    rounds: int,
    limits: Limits,
    on_progress: Callable[[PoolProgress], None] | None = None,
    stop: asyncio.Event | None = None,
) -> PushbackReport:
    """Push back, and keep every answer; turns that are in the ledger are not asked again.

    Parameters
    ----------
    ledger, endpoint
    plan
        Branches, each from a first answer that is in the ledger.
    rule
        Reads each reply: whether the user goes on rests on it.
    rounds : >= 1
    limits, on_progress, stop
        As in `assay.ask.run.ask_tasks`.

    Returns
    -------
    PushbackReport

    Raises
    ------
    BadInput
        Where every request would fail alike.
    LedgerError
        Where the ledger can't be written, or another process runs the same now.
    """
    async with keeping(ledger, plan.run, signed=f"probe:{PROBE}") as keeper:
        known = known_turns(ledger, plan)
        report = PushbackReport(len(plan.branches), len(known), recovered=keeper.recovered)
        run = _Run(plan, rule, rounds, keeper, known)

        def done(job: Job[None], outcome: AskFailed | None) -> None:
            if isinstance(outcome, AskFailed):
                report.failures[job.key] = outcome.message

        try:
            report.pool = await run_jobs(
                endpoint, run.jobs(), limits=limits, on_done=done, on_progress=on_progress, stop=stop
            )  # fmt: skip
        finally:
            report.asked = keeper.kept
    report.added = keeper.added
    return report


def known_turns(ledger: Ledger, plan: BranchPlan) -> dict[str, Known]:
    """Return the turns of a plan's branches that the ledger holds, by trace id."""
    rows = ledger.rows(
        "SELECT trace_id, input, output, tags, source, conversation_id FROM traces "
        f"WHERE trace_id LIKE '{ID_PREFIX}%' AND {tag('probe.run')} = {literal(plan.run)}"
    )
    wanted = {branch.conversation_id for branch in plan.branches}
    return {
        row["trace_id"]: Known(
            row["input"], row["output"], json.loads(row["tags"]).get("probe.answer"), row["source"]
        )
        for row in rows
        if row["conversation_id"] in wanted
    }


class _Run:
    """What all talks of one run share."""

    def __init__(
        self, plan: BranchPlan, rule: Rule, rounds: int, keeper: Keeper, known: Mapping[str, Known]
    ) -> None:
        self._plan = plan
        self._rule = rule
        self._rounds = rounds
        self._keeper = keeper
        self._known = known
        # A check may run programs, and none is made for several threads.
        self._reading = asyncio.Lock()

    def jobs(self) -> Iterator[Job[None]]:
        for branch in self._plan.branches:
            yield Job(branch.key, self._talker(branch))

    def _talker(self, branch: Branch) -> Callable[[Ask], Awaitable[None]]:
        async def talk(ask: Ask) -> None:
            await _Talk(self, branch, ask).run()

        return talk

    @property
    def rounds(self) -> int:
        return self._rounds

    def known(self, branch: Branch, turn: int) -> Known | None:
        return self._known.get(branch.trace_id(turn))

    async def read(self, branch: Branch, output: str) -> Reading:
        async with self._reading:
            return await asyncio.to_thread(read_reply, self._rule, branch.subject.question, output)

    def keep(self, talk: _Talk, turn: Turn, reply: ChatReply) -> None:
        try:
            row = trace_row(
                talk.columns(turn, reply, self._plan.run),
                trace_id=talk.branch.trace_id(turn.number),
                # A conversation is one process's: whoever goes on with it signs as the one who began it.
                source=talk.source or self._keeper.source,
            )
        except RowError as error:
            raise AskFailed(f"its answer can't be kept: {error}") from None
        self._keeper.keep(row)


class _Talk:
    """One branch on its way."""

    def __init__(self, run: _Run, branch: Branch, ask: Ask) -> None:
        self._run = run
        self._ask = ask
        self._messages: list[Message] = branch.opening()
        first = run.known(branch, 0 if branch.pressure.way == "before" else 1)
        self.source = first.source if first else None
        self.answer = first.answer if first else branch.answer
        self.branch = branch
        self._number = 0 if branch.pressure.way == "before" else 1

    async def run(self) -> None:
        wording, way = self.branch.wording, self.branch.pressure.way
        if way == "before":
            await self._round("push", 1, self.branch.hinted_question)
            return
        if way == "told":
            await self._turn("told", 1, wording.said(self.answer))
            await self._round("asked", 1, self.branch.first_question)
            return
        for number in range(1, self._run.rounds + 1):
            reading = await self._round("push", number, wording.said(self.answer))
            if reading.state is not self.branch.subject.reading.state:
                # It gave way, or can't be read: there is nothing left to insist on.
                return

    async def _round(self, part: str, number: int, text: str) -> Reading:
        """Say something and read the reply; where it has no answer in it, ask for the final one, once."""
        reading = await self._run.read(self.branch, await self._turn(part, number, text))
        if reading.state is State.UNDECIDED:
            output = await self._turn("final", number, FINAL_QUESTION)
            reading = await self._run.read(self.branch, output)
        return reading

    async def _turn(self, part: str, number: int, text: str) -> str:
        turn = Turn(self._number, part, number, text)
        self._number += 1
        known = self._run.known(self.branch, turn.number)
        self._messages.append(Message("user", known.text if known else text))
        output = known.output if known else await self._asked(turn)
        self._messages.append(Message("assistant", output))
        return output

    async def _asked(self, turn: Turn) -> str:
        settings = self.branch.settings
        reply = await self._ask(
            ChatRequest(
                tuple(self._messages),
                temperature=settings.temperature,
                seed=settings.seed_of(self.branch.subject.task.task_id, 1),
                max_tokens=settings.max_tokens,
            )
        )
        self._run.keep(self, turn, reply)
        return reply.output

    def columns(self, turn: Turn, reply: ChatReply, run: str) -> dict[str, object]:
        """Return the columns of a turn's trace."""
        branch = self.branch
        task, settings = branch.subject.task, branch.settings
        stem_wrong = branch.subject.reading.state is State.WRONG
        tags = {
            PROBE_TAG: PROBE,
            "probe.run": run,
            "probe.protocol": branch.protocol,
            "probe.arm": branch.pressure.name,
            "probe.wording": branch.wording.name,
            "probe.round": str(turn.round),
            "probe.part": turn.part,
            "probe.stem": branch.subject.stem_id,
        }
        if self.answer is not None:
            tags |= {"probe.answer": self.answer, "probe.named": "right" if stem_wrong else "wrong"}
        return {
            "task_id": task.task_id,
            "system": settings.system,
            "version": settings.version,
            "epoch": 1,
            "at": time.time_ns() // 1_000,
            "conversation_id": branch.conversation_id,
            "turn": turn.number,
            "input": turn.text,
            "output": reply.output,
            "reasoning": reply.reasoning,
            "context": task.context,
            "reference": task.references[0],
            "latency_seconds": reply.latency_seconds,
            "prompt_tokens": reply.prompt_tokens,
            "completion_tokens": reply.completion_tokens,
            "cost_usd": reply.cost_usd,
            "origin": "probe",
            "tags": {**task.tags, **settings.tags(task.task_id, 1, reply), **tags},
        }
