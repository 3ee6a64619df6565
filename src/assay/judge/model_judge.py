"""A model as a judge: every trace in scope read k times, canaries among them, each verdict kept once.

Its probability of error is the mean over readings of P(wrong): from the log-probabilities of the verdict's token, or,
without them, the share of readings that say wrong. It is a score: how far it can be trusted is measured with labels.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from assay.ask.pool import Ask, Job, Limits, run_jobs
from assay.ask.request import AskFailed, ChatReply, Endpoint
from assay.errors import BadInput
from assay.judge.canary import Canary, plant, planted_count
from assay.judge.judge_prompt import PROTOCOL, Material, ReadingPlan, judge_request
from assay.judge.judge_reply import Reading, read_reply, ruling, verdict_mass
from assay.judge.judge_report import ModelJudgeReport, Tally, checks
from assay.judge.rubric import Rubric
from assay.judge.scope import Scope, ScopeCounts, counted, materials, samples
from assay.judge.verdict_journal import VerdictJournal
from assay.ledger.ingest.record import Row
from assay.ledger.store import Ledger

REPEAT_TEMPERATURE = 0.7
"""Repeats at temperature 0 would say the same thing k times."""

NOTE_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class ModelJudge:
    """A judge: a model, a rubric, and how it reads.

    Parameters
    ----------
    model
        The endpoint's name for it.
    rubric
        What it is told.
    repeats : >= 1
        Readings in each order, each with a seed of its own.
    both_orders
        Whether it also reads with the answer before the reference, and with the verdict words the other way round.
    logprobs
        Whether P(wrong) is taken from the log-probabilities of the verdict's token.
    temperature : >= 0
        None: 0 for a single reading, 0.7 for repeats.
    max_tokens : > 0
        Most tokens of a reply; one that is cut off is an abstention.
    """

    model: str
    rubric: Rubric
    repeats: int = 1
    both_orders: bool = False
    logprobs: bool = False
    temperature: float | None = None
    max_tokens: int = 300

    def __post_init__(self) -> None:
        for name, least in (("repeats", 1), ("max_tokens", 1)):
            if getattr(self, name) < least:
                raise BadInput(f"{name} must be at least {least}, got {getattr(self, name)}")
        if self.repeats > 1 and self.temperature == 0:
            raise BadInput(
                "temperature must be above 0 for repeats: at 0 they say one thing k times"
            )

    @property
    def heat(self) -> float:
        """The temperature of its readings."""
        if self.temperature is not None:
            return self.temperature
        return REPEAT_TEMPERATURE if self.repeats > 1 else 0.0

    @property
    def judge(self) -> str:
        """The judge's full name, with all that changes its verdicts."""
        readings = "1 reading" if self.repeats == 1 else f"{self.repeats} readings"
        parts = [f"rubric {self.rubric.title}", f"prompt {PROTOCOL}", readings]
        if self.heat > 0:
            parts[-1] += f" at temperature {self.heat:g}"
        if self.both_orders:
            parts.append("both orders")
        if self.logprobs:
            parts.append("logprobs")
        return f"{self.model} ({'; '.join(parts)})"

    def plans(self) -> Iterator[ReadingPlan]:
        """Return how each reading is put."""
        for order in (0, 1) if self.both_orders else (0,):
            for repeat in range(1, self.repeats + 1):
                yield ReadingPlan(order, repeat, self.heat, self.logprobs, self.max_tokens)


@dataclass(frozen=True, slots=True)
class Talk:
    """What one talk with the judge brought.

    Parameters
    ----------
    subject
        A trace's id, or the canary that was shown.
    readings
        One a plan.
    usd
        What it cost; None where the cost of some reply is unknown.
    """

    subject: str | Canary
    readings: tuple[Reading, ...]
    usd: float | None


@dataclass(frozen=True, slots=True)
class JudgeRun:
    """How a run goes about it.

    Parameters
    ----------
    limits
        Requests in flight, and money.
    canary_share : in [0, 1]
        Known canaries per trace, and as many injected ones; 0: none.
    rng
        Where the canaries stand, and what they are made of.
    on_progress
        Called after each trace with traces judged so far and the share of all.
    stop
        Once set, nothing more is asked.
    """

    limits: Limits = field(default_factory=Limits)
    canary_share: float = 0.02
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))
    on_progress: Callable[[int, float | None], None] | None = None
    stop: asyncio.Event | None = None


async def judge_by_model(
    ledger: Ledger, endpoint: Endpoint, judge: ModelJudge, *, scope: Scope, run: JudgeRun
) -> ModelJudgeReport:
    """Let a model judge every trace in scope that it has not judged yet.

    Parameters
    ----------
    ledger
        Traces; a verdict each is added. A run that is stopped or killed goes on where it stopped: only what was in
        flight is asked again.
    endpoint
        What answers as `judge.model`. It stays open.
    judge
        Model, rubric and readings.
    scope
        Which traces.
    run
        Money, canaries, progress.

    Returns
    -------
    ModelJudgeReport

    Raises
    ------
    LedgerError
        Where another process runs this judge on this ledger.

    Notes
    -----
    A trace whose request fails after all tries gets no verdict and is asked again in the next run. A reply that is
    not what was asked for is an abstention: it is kept, and never asked for again.
    """
    with VerdictJournal(ledger, judge.judge) as journal:
        counts = counted(ledger, judge.rubric, judge.judge, scope)
        tally = Tally()
        planted = plant(
            samples(ledger, judge.rubric, scope, 4 * planted_count(counts.open, run.canary_share)),
            judge.rubric,
            planted_count(counts.open, run.canary_share),
            rng=run.rng,
        )
        canary_keys = {canary.key for canary in planted}

        def on_done(job: Job[Talk], outcome: Talk | AskFailed) -> None:
            if isinstance(outcome, AskFailed):
                # A canary without an answer shows nothing; a trace without one stays open for the next run.
                tally.failed += job.key not in canary_keys
                tally.first_failure = tally.first_failure or outcome.message
            else:
                _take(outcome, judge, tally, journal)
            if run.on_progress:
                done = tally.judged + tally.failed
                run.on_progress(done, done / max(counts.open, 1))

        report = await run_jobs(
            endpoint,
            _jobs(ledger, judge, scope, counts, planted, run.rng),
            limits=run.limits,
            on_done=on_done,
            stop=run.stop,
        )
    shown = checks(
        tally,
        repeats=judge.repeats,
        both_orders=judge.both_orders,
        canary_share=run.canary_share,
    )
    left = counts.open - tally.judged - tally.failed
    return ModelJudgeReport(
        judge.judge, tally.judged, tally.abstained, counts.already, counts.without, counts.too_long,
        tally.failed, left, tally.first_failure, dict(tally.faults), tally.readings,
        tally.without_logprobs, tally.elsewhere, shown, tally.canary_usd, report,
    )  # fmt: skip


def _jobs(
    ledger: Ledger,
    judge: ModelJudge,
    scope: Scope,
    counts: ScopeCounts,
    planted: list[Canary],
    rng: np.random.Generator,
) -> Iterator[Job[Talk]]:
    """Return the talks: canaries at random places among the traces."""
    total = counts.open + len(planted)
    places = set(rng.choice(total, size=len(planted), replace=False).tolist()) if planted else set()
    waiting = [planted[index] for index in rng.permutation(len(planted))]
    place = 0
    for trace_id, material in materials(ledger, judge.rubric, judge.judge, scope):
        while place in places and waiting:
            yield _canary_job(judge, waiting.pop())
            place += 1
        yield Job(trace_id, _talk(judge, trace_id, material))
        place += 1
    for canary in waiting:
        yield _canary_job(judge, canary)


def _canary_job(judge: ModelJudge, canary: Canary) -> Job[Talk]:
    return Job(canary.key, _talk(judge, canary, canary.material))


def _talk(
    judge: ModelJudge, subject: str | Canary, material: Material
) -> Callable[[Ask], Awaitable[Talk]]:
    async def talk(ask: Ask) -> Talk:
        readings: list[Reading] = []
        costs: list[float | None] = []
        for plan in judge.plans():
            reply = await ask(judge_request(judge.rubric, material, plan))
            readings.append(read(reply, judge, plan.order))
            costs.append(reply.cost_usd)
        known = [cost for cost in costs if cost is not None]
        return Talk(subject, tuple(readings), sum(known) if len(known) == len(costs) else None)

    return talk


def read(reply: ChatReply, judge: ModelJudge, order: int) -> Reading:
    """Return what a reply says, and with what probability."""
    said = read_reply(reply.output, judge.rubric)
    mass = verdict_mass(reply) if judge.logprobs and said.verdict is not None else None
    return Reading(order, said, mass)


def _take(outcome: Talk, judge: ModelJudge, tally: Tally, journal: VerdictJournal) -> None:
    if isinstance(outcome.subject, Canary):
        tally.planted.append((outcome.subject, ruling(outcome.readings).error_probability))
        if tally.canary_usd is not None:
            tally.canary_usd = None if outcome.usd is None else tally.canary_usd + outcome.usd
        return
    tally.read(outcome.readings, logprobs=judge.logprobs)
    journal.add(verdict_row(judge.judge, outcome.subject, outcome.readings))


def verdict_row(judge: str, trace_id: str, readings: tuple[Reading, ...]) -> Row:
    """Return the row of the table `verdicts` that some readings of a trace come to."""
    found = ruling(readings)
    wrong = sum(reading.said.verdict == "wrong" for reading in readings)
    count = f"{wrong} of {len(readings)} readings say wrong. " if len(readings) > 1 else ""
    said = found.reason if found.error_probability is not None else f"abstained: {found.reason}"
    return {
        "trace_id": trace_id,
        "judge": judge,
        "judge_kind": "model",
        "error_probability": found.error_probability,
        "severity": found.severity,
        "kind": found.kind,
        "note": (count + said)[:NOTE_CHARACTERS] or None,
        "at": time.time_ns() // 1_000,
        "source": "assay judge model",
    }
