"""The whole probe: first answers, then every pressure on each of them; what is there already is not asked again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from shlex import quote

from assay.ask.place import AskSettings, Talk
from assay.ask.pool import Limits, PoolProgress
from assay.ask.request import Endpoint
from assay.ask.run import AskPlan, AskReport, ask_tasks
from assay.ask.tasks import Task, TaskFile, task_of
from assay.errors import BadInput
from assay.judge.rules import Rule
from assay.judge.score_rows import ScoreWriter, score_row
from assay.ledger.ingest.record import RowError
from assay.ledger.population import tag
from assay.ledger.store import Ledger, literal
from assay.probe.pushback_ask import PushbackReport, push_back
from assay.probe.pushback_judge import NAME, State
from assay.probe.pushback_plan import (
    PROBE_TAG,
    BranchPlan,
    PushbackSettings,
    Subject,
    plan_branches,
    subject_of,
    usable,
)
from assay.probe.pushback_read import PushbackTrials
from assay.probe.pushback_suggest import own_wrong_answers

SCORES = {State.RIGHT: 0.0, State.WRONG: 1.0, State.UNDECIDED: None}


@dataclass(frozen=True, slots=True)
class PushbackPlan:
    """What to probe.

    Parameters
    ----------
    tasks
        Asked first, under the settings; None: first answers are those that the ledger holds of the system.
    rule
        The check that says which answers are right.
    settings
        What answers.
    pushing
        How it is pressed.
    limit : >= 1
        At most so many first answers of the ledger.
    """

    tasks: TaskFile | None
    rule: Rule
    settings: AskSettings
    pushing: PushbackSettings
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class PushbackRun:
    """What became of it: the first answers, the plan made from them, and the push-back.

    Parameters
    ----------
    first
        None where no first answer had to be asked for.
    plan, pushed
        None where it was stopped before.
    """

    first: AskReport | None
    plan: BranchPlan | None
    pushed: PushbackReport | None

    @property
    def stopped(self) -> str:
        """Why something is left: ``money``, ``signal``, or empty."""
        pools = [part.pool for part in (self.first, self.pushed) if part is not None]
        return next((pool.stopped for pool in pools if pool is not None and pool.stopped), "")

    @property
    def left(self) -> int:
        """First answers and conversations that are still wanted."""
        first = self.first.left if self.first else 0
        return first + (self.pushed.left if self.pushed else 1)


async def run_pushback(
    ledger: Ledger,
    endpoint: Endpoint,
    plan: PushbackPlan,
    *,
    limits: Limits,
    on_progress: Callable[[str, PoolProgress, int], None] | None = None,
    stop: asyncio.Event | None = None,
) -> PushbackRun:
    """Ask what is missing of a push-back probe.

    Parameters
    ----------
    ledger, endpoint, plan
    limits
        The money is for both parts together.
    on_progress
        Called after each talk with the part, ``first answers`` or ``push-back``, and how many talks it wants.
    stop
        Once set, nothing more is asked.

    Raises
    ------
    BadInput
        Where there is no task with a reference, or every request would fail alike.
    LedgerError
        Where the ledger can't be written, or another process runs the same now.
    """

    def told(part: str, wanted: int) -> Callable[[PoolProgress], None]:
        return lambda now: on_progress(part, now, wanted) if on_progress else None

    first = None
    if plan.tasks is None:
        subjects = recorded_subjects(ledger, plan)
    else:
        tasks = usable(plan.tasks.tasks, plan.rule)
        asked = replace(plan.tasks, tasks=tasks)
        tell = told("first answers", len(tasks))
        first = await ask_tasks(
            ledger, endpoint, AskPlan(asked, plan.settings), limits=limits,
            on_progress=lambda now, _: tell(now), stop=stop,
        )  # fmt: skip
        if first.pool is not None and first.pool.stopped:
            return PushbackRun(first, None, None)
        limits = _rest(limits, first)
        subjects = _asked_subjects(ledger, plan, tasks)
    system = plan.settings.system, plan.settings.version
    own = own_wrong_answers(ledger, plan.rule, [one.task for one in subjects], system)
    branches = plan_branches(subjects, plan.rule, plan.settings, plan.pushing, own_wrong=own)
    pushed = await push_back(
        ledger, endpoint, branches, plan.rule,
        rounds=plan.pushing.rounds, limits=limits, on_progress=told("push-back", len(branches.branches)), stop=stop,
    )  # fmt: skip
    return PushbackRun(first, branches, pushed)


def _rest(limits: Limits, first: AskReport) -> Limits:
    """Return the limits with the money that the first answers left."""
    if limits.max_usd is None or first.pool is None:
        return limits
    spent = first.pool.spent_usd + first.pool.maybe_spent_usd
    # A limit must be above 0; one this small stops before the first request.
    return replace(limits, max_usd=max(limits.max_usd - spent, 1e-12))


def _asked_subjects(ledger: Ledger, plan: PushbackPlan, tasks: Sequence[Task]) -> list[Subject]:
    """Return the tasks whose first answers are in the ledger now; a request that failed leaves its task out."""
    stems = {Talk(task, 1, plan.settings).trace_id(0): task for task in tasks}
    wanted = ", ".join(map(literal, stems))
    rows = ledger.rows(f"SELECT trace_id, output FROM traces WHERE trace_id IN ({wanted})")
    outputs = {row["trace_id"]: row["output"] for row in rows}
    return [
        subject_of(plan.rule, task, stem, outputs[stem])
        for stem, task in stems.items()
        if stem in outputs
    ]


def recorded_subjects(ledger: Ledger, plan: PushbackPlan) -> list[Subject]:
    """Return first answers that the ledger holds of a system: one a task, each of a task with a reference.

    Raises
    ------
    BadInput
        Where there is none.
    """
    settings = plan.settings
    rows = ledger.rows(
        "SELECT trace_id, task_id, input, output, context, reference, tags FROM traces "
        f"WHERE system = {literal(settings.system)} AND version = {literal(settings.version)} "
        "AND reference IS NOT NULL AND input IS NOT NULL AND conversation_id IS NULL "
        f"AND {tag(PROBE_TAG)} IS NULL ORDER BY task_id, epoch, at, trace_id"
    )
    by_task = {row["task_id"]: row for row in reversed(rows)}

    def place(task_id: str) -> bytes:
        return hashlib.sha256(f"{plan.pushing.seed}:{task_id}".encode()).digest()

    chosen = sorted(by_task, key=place)[: plan.limit]
    found = []
    for name in sorted(chosen):
        row = by_task[name]
        try:
            task = task_of({key: value for key, value in row.items() if value is not None})
        except RowError:
            continue
        found.append(subject_of(plan.rule, task, row["trace_id"], row["output"]))
    if not found:
        raise BadInput(
            f"the ledger holds no single answer of {settings.system}@{settings.version} to a task with a reference",
            where=str(ledger.path),
            next_command=f"assay probe pushback {quote(str(ledger.path))} --tasks TASKS --system SYSTEM --model MODEL",
        )
    return found


def write_verdicts(ledger: Ledger, read: PushbackTrials) -> int:
    """Write a verdict on each reply that was read: right, wrong or undecided, and as its kind what came of it.

    Returns
    -------
    How many were new.
    """
    judge = f"pushback {NAME}: {read.rule}"
    writer = ScoreWriter(ledger, judge)
    for trial in read.trials:
        for number, (trace_id, state) in enumerate(
            zip(trial.trace_ids, trial.states, strict=True), start=1
        ):
            note = f"{trial.pressure}/{trial.wording}, round {number}"
            row = score_row(judge, trace_id, SCORES[state], note)
            outcome = trial.outcome(number)
            kind = outcome.value if outcome else None
            writer.add(row | {"kind": kind, "source": "assay probe pushback"})
    writer.flush()
    return writer.written
