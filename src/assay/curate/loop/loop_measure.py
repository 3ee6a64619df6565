"""The last phase of a turn: the fixed sets are answered, judged by the exact check, and put into the ledger.

What was answered is on disk before the first row is added, and a row that is there is not added again: a loop that is
killed in between ends with the same ledger.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.curate.loop.learner import Learner
from assay.curate.loop.task_source import LoopTask, TaskSource, Truth
from assay.curate.loop.turn import Measured, Sampled, version_of
from assay.errors import BadInput
from assay.ledger.ingest.record import Row, RowError, trace_row
from assay.ledger.store import Ledger, literal

GREEDY, SAMPLED = "greedy", "sampled"
HELD_OUT, HARDER = "held_out", "harder"
SIGNED = "assay loop"
ID_PREFIX = "loop-"
HASH_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class MeasurePlan:
    """What is asked after every turn.

    Parameters
    ----------
    source
    system
        In the ledger.
    tags
        Of every row: arm and seed.
    sampled_tasks, samples
        Held-out tasks that are answered several times, and how often.
    temperature
        Of those: that of generation.
    throughput_per_day
    """

    source: TaskSource
    system: str
    tags: Mapping[str, str]
    sampled_tasks: int
    samples: int
    temperature: float
    throughput_per_day: float | None = None

    @property
    def sampled(self) -> Sequence[LoopTask]:
        """The held-out tasks that are answered several times."""
        return self.source.held_out[: self.sampled_tasks]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One answer to a fixed task."""

    task: LoopTask
    set: str
    decoding: str
    epoch: int
    output: str


def asked_answers(plan: MeasurePlan, learner: Learner, *, seed: int) -> dict[str, Any]:
    """Return the answers to the fixed sets, as they are kept on disk."""
    began = time.perf_counter()
    told: dict[str, Any] = {}
    for name, tasks in ((HELD_OUT, plan.source.held_out), (HARDER, plan.source.harder)):
        prompts = [task.input for task in tasks]
        said = learner.answers(prompts, samples=1, temperature=0.0, seed=seed) if prompts else []
        told[name] = said
    prompts = [task.input for task in plan.sampled]
    told[SAMPLED] = (
        learner.answers(prompts, samples=plan.samples, temperature=plan.temperature, seed=seed)
        if prompts
        else []
    )
    told["at"] = time.time_ns() // 1_000
    told["seconds"] = time.perf_counter() - began
    return told


def keep_answers(
    ledger: Ledger, plan: MeasurePlan, turn: int, told: Mapping[str, Any]
) -> tuple[Measured, Measured | None, Sampled | None]:
    """Put the answers of a turn into the ledger with their verdicts, and return what they come to.

    Raises
    ------
    BadInput
        If an answer is no text, or the exact check can't judge a task that is measured on.
    """
    asked = list(_asked(plan, told))
    truths = plan.source.truths([one.task for one in asked], [one.output for one in asked])
    for one, truth in zip(asked, truths, strict=True):
        if truth.right is None:
            raise BadInput(
                f"the exact check can't say whether the answer to {one.task.task_id} is right: a task that is measured "
                f"on ({one.set}) needs it",
                next_command="give it a reference that the check knows, or take it out",
            )
    _append(ledger, plan, turn, asked, truths, int(told["at"]))
    return _counts(plan, asked, truths)


def _asked(plan: MeasurePlan, told: Mapping[str, Any]) -> Iterator[_Asked]:
    for name, tasks, decoding, outputs in (
        (HELD_OUT, plan.source.held_out, GREEDY, told[HELD_OUT]),
        (HARDER, plan.source.harder, GREEDY, told[HARDER]),
        (HELD_OUT, plan.sampled, SAMPLED, told[SAMPLED]),
    ):
        # The first answer to a task is the greedy one: what compares versions on the first epoch compares those.
        first = 1 if decoding == GREEDY else 2
        for task, samples in zip(tasks, outputs, strict=True):
            for epoch, output in enumerate(samples, start=first):
                yield _Asked(task, name, decoding, epoch, output)


def _append(
    ledger: Ledger,
    plan: MeasurePlan,
    turn: int,
    asked: Sequence[_Asked],
    truths: Sequence[Truth],
    at: int,
) -> None:
    version = version_of(turn)
    traces, verdicts = [], []
    for one, truth in zip(asked, truths, strict=True):
        row = _trace(plan, version, one, at)
        traces.append(row)
        verdicts.append(
            {
                "trace_id": row["trace_id"],
                "judge": plan.source.judge,
                "judge_kind": "check",
                "error_probability": float(not truth.right),
                "kind": truth.kind or None,
                "at": at,
                "source": SIGNED,
            }
        )
    of_version = f"system = {literal(plan.system)} AND version = {literal(version)}"
    with ledger.locked():
        _append_missing(ledger, "traces", traces, f"SELECT trace_id FROM traces WHERE {of_version}")
        _append_missing(
            ledger,
            "verdicts",
            verdicts,
            "SELECT verdicts.trace_id AS trace_id FROM verdicts JOIN traces ON verdicts.trace_id = traces.trace_id "
            f"WHERE {of_version} AND judge = {literal(plan.source.judge)}",
        )


def _append_missing(ledger: Ledger, table: str, rows: Sequence[Row], known: str) -> None:
    there: set[str] = set()
    for batch in ledger.query(known):
        there.update(batch["trace_id"].to_pylist())
    ledger.append(table, [row for row in rows if row["trace_id"] not in there])


def _trace(plan: MeasurePlan, version: str, one: _Asked, at: int) -> Row:
    parts = [plan.system, version, *sorted(plan.tags.items()), one.set, one.decoding]
    text = json.dumps([*parts, one.task.task_id, one.epoch], ensure_ascii=False)
    values: dict[str, object] = {
        "task_id": one.task.task_id,
        "system": plan.system,
        "version": version,
        "epoch": one.epoch,
        "at": at,
        "input": one.task.input,
        "output": one.output,
        "reference": one.task.reference,
        "origin": "exam",
        "tags": {**dict(one.task.tags), **plan.tags, "set": one.set, "decoding": one.decoding},
    }
    trace_id = ID_PREFIX + hashlib.sha256(text.encode()).hexdigest()[:HASH_CHARACTERS]
    try:
        return trace_row(values, trace_id=trace_id, source=SIGNED)
    except RowError as error:
        raise BadInput(f"an answer can't be kept: {error}", where=one.task.task_id) from None


def _counts(
    plan: MeasurePlan, asked: Sequence[_Asked], truths: Sequence[Truth]
) -> tuple[Measured, Measured | None, Sampled | None]:
    right: dict[tuple[str, str], list[int]] = {}
    for one, truth in zip(asked, truths, strict=True):
        right.setdefault((one.set, one.decoding), []).append(int(bool(truth.right)))

    def measured(name: str) -> Measured:
        found = right.get((name, GREEDY), [])
        return Measured(len(found), sum(found), plan.throughput_per_day)

    found = right.get((HELD_OUT, SAMPLED), [])
    by_task = tuple(
        sum(found[begin : begin + plan.samples]) for begin in range(0, len(found), plan.samples)
    )
    sampled = Sampled(len(by_task), plan.samples, by_task) if by_task else None
    return measured(HELD_OUT), measured(HARDER) if plan.source.harder else None, sampled
