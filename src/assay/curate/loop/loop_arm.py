"""One arm of a loop with one seed: generate -> verify -> select -> train -> measure, turn after turn.

All lots follow from the seed and the turn, and not from the arm: arms are compared on the same tasks and the same lots.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from assay.curate.loop.learner import Example, Learner, TrainingCost
from assay.curate.loop.learners import first_trained, open_learner
from assay.curate.loop.loop_config import Arm, LoopConfig
from assay.curate.loop.loop_measure import MeasurePlan, asked_answers, keep_answers
from assay.curate.loop.loop_state import LoopFolder, TurnWork
from assay.curate.loop.task_source import LoopTask, TaskSource
from assay.curate.loop.turn import LEDGER, Audit, Audited, Generated, TurnRecord, version_of
from assay.curate.loop.verifiers import Candidate, Verifier, verifier_named
from assay.errors import BadInput
from assay.ledger.store import Ledger

PHASES = ("generate", "verify", "select", "train", "measure")
Progress = Callable[[int, str], None]
"""Called with the turn and the phase that begins."""

_REAL, _FRESH, _VERIFY, _AUDIT, _ANSWER, _TRAIN, _MEASURE = range(1, 8)
"""What a lot is for: no two purposes share their randomness."""


@dataclass(frozen=True, slots=True)
class ArmJob:
    """An arm with a seed, and where it is kept.

    Parameters
    ----------
    config
    arm
    seed
    out
        The folder of this arm and seed.
    first
        Folder of weights before the first turn, which arms share.
    """

    config: LoopConfig
    arm: Arm
    seed: int
    out: Path
    first: Path


def run_arm(job: ArmJob, *, on_progress: Progress | None = None) -> tuple[TurnRecord, ...]:
    """Run an arm to its last turn, or go on with it, and return the record of each turn.

    Raises
    ------
    BadInput
        If its folder holds something else, tasks or answers can't be taken, or a user's command fails.
    MissingPart
        If a learner needs what is not installed.
    """
    source = job.config.tasks.source(job.config.folder)
    folder = LoopFolder(job.out)
    with folder.held(key_of(job, source), job.config.text):
        return tuple(_Loop(job, folder, source, on_progress or (lambda *_: None)).turns())


def key_of(job: ArmJob, source: TaskSource) -> dict[str, object]:
    """Return all that an arm's records follow from."""
    return {**job.config.key(job.arm, job.seed), "tasks_digest": source.digest}


class _Loop:
    """The state of one arm while it runs."""

    def __init__(self, job: ArmJob, folder: LoopFolder, source: TaskSource, tell: Progress) -> None:
        self._job = job
        self._config = job.config
        self._generation = job.config.generation(job.arm)
        self._folder = folder
        self._source = source
        self._tell = tell
        self._verifier: Verifier = verifier_named(job.arm.verify)
        self._learner: Learner | None = None
        self._ledger = Ledger.create(job.out / LEDGER)

    def turns(self) -> Iterator[TurnRecord]:
        for number in range(self._config.turns + 1):
            work = self._folder.turn(number)
            record = work.record()
            if record is None:
                work.begin()
                record = self._turn(number, work)
                work.end(record)
            else:
                work.sweep()
            yield record

    def _turn(self, number: int, work: TurnWork) -> TurnRecord:
        chosen: dict[str, Any] = {}
        if number:
            chosen = work.read("selection") or self._selected(number, work)
        training = work.read("training") or self._trained(number, work)
        self._tell(number, "measure")
        plan = self._measure_plan()
        measured = work.read("measured")
        if measured is None:
            self._learner = self._at(number)
            measured = asked_answers(plan, self._learner, seed=self._lot(_MEASURE))
            work.write("measured", measured)
        began = time.perf_counter()
        held_out, harder, sampled = keep_answers(self._ledger, plan, number, measured)
        seconds = {
            **chosen.get("seconds", {"generate": 0.0, "verify": 0.0}),
            "train": training["seconds"] or 0.0,
            "measure": measured["seconds"] + time.perf_counter() - began,
        }
        return TurnRecord(
            turn=number,
            system=plan.system,
            version=version_of(number),
            generated=chosen.get("generated", 0),
            kept=chosen.get("kept", 0),
            kept_right=chosen.get("kept_right", 0),
            trained=chosen.get("trained", 0),
            distinct_outputs=chosen.get("distinct_outputs", 0),
            audit=_audit_of(chosen.get("audit")),
            training=training,
            held_out=held_out,
            harder=harder,
            sampled=sampled,
            seconds={name: round(value, 3) for name, value in seconds.items()},
        )

    def _measure_plan(self) -> MeasurePlan:
        config = self._config
        return MeasurePlan(
            self._source,
            self._opened().name,
            {"loop.arm": self._job.arm.name or "loop", "loop.seed": str(self._job.seed)},
            config.tasks.sampled_tasks,
            config.tasks.samples,
            config.generate.temperature,
            config.throughput_per_day,
        )

    def _selected(self, number: int, work: TurnWork) -> dict[str, Any]:
        """Generate until enough is kept, draw the audit, and write both."""
        rows, seconds = self._generated(number, work)
        self._tell(number, "select")
        kept = [row for row in rows if row.kept]
        drawn = self._drawn(number, rows)
        work.write_generated(rows)
        work.write_audit(drawn)
        known = [row.right for row in kept if row.right is not None]
        chosen = {
            "generated": len(rows),
            "kept": len(kept),
            "kept_right": sum(known) if len(known) == len(kept) else None,
            "trained": min(len(kept), self._generation.keep),
            "distinct_outputs": len({(row.input, row.output) for row in rows}),
            "audit": _audit(rows, drawn).to_json(),
            "seconds": seconds,
        }
        work.write("selection", chosen)
        return chosen

    def _generated(self, number: int, work: TurnWork) -> tuple[list[Generated], dict[str, float]]:
        plan = self._generation
        fresh = self._source.fresh(np.random.default_rng([self._job.seed, _FRESH, number]))
        rows: list[Generated] = []
        seconds = {"generate": 0.0, "verify": 0.0}
        kept = part = 0
        while kept < plan.keep and len(rows) < plan.at_most:
            room = -(-(plan.at_most - len(rows)) // plan.samples)
            tasks = list(islice(fresh, min(plan.at_once, room)))
            if not tasks:
                break
            answers = self._answers(number, part, tasks, work)
            verdicts = self._verdicts(number, part, tasks, answers["outputs"], work)
            seconds["generate"] += answers["seconds"]
            seconds["verify"] += verdicts["seconds"]
            rows += _rows(tasks, answers["outputs"], verdicts)
            kept += sum(verdicts["kept"])
            part += 1
        return rows, seconds

    def _answers(
        self, number: int, part: int, tasks: Sequence[LoopTask], work: TurnWork
    ) -> dict[str, Any]:
        name = f"answers-{part:04d}"
        there: dict[str, Any] | None = work.read(name)
        if there is not None:
            return there
        self._tell(number, "generate")
        plan = self._generation
        began = time.perf_counter()
        learner = self._at(number - 1)
        outputs = learner.answers(
            [task.input for task in tasks],
            samples=plan.samples,
            temperature=plan.temperature,
            seed=self._lot(_ANSWER, number, part),
        )
        told = {"outputs": outputs, "seconds": time.perf_counter() - began}
        work.write(name, told)
        return told

    def _verdicts(
        self,
        number: int,
        part: int,
        tasks: Sequence[LoopTask],
        outputs: Sequence[Sequence[str]],
        work: TurnWork,
    ) -> dict[str, Any]:
        name = f"kept-{part:04d}"
        there: dict[str, Any] | None = work.read(name)
        if there is not None:
            return there
        self._tell(number, "verify")
        began = time.perf_counter()
        asked = [(task, said) for task, row in zip(tasks, outputs, strict=True) for said in row]
        truths = self._source.truths([task for task, _ in asked], [said for _, said in asked])
        answers = [
            Candidate(task, said, truth.right)
            for (task, said), truth in zip(asked, truths, strict=True)
        ]
        rng = np.random.default_rng([self._job.seed, _VERIFY, number, part])
        told = {
            "kept": self._verifier.kept(answers, rng),
            "right": [truth.right for truth in truths],
            "kind": [truth.kind for truth in truths],
            "seconds": time.perf_counter() - began,
        }
        work.write(name, told)
        return told

    def _drawn(self, number: int, rows: Sequence[Generated]) -> list[Generated]:
        """Return the answers that are labeled: so many kept and so many rejected ones, each alike."""
        rng = np.random.default_rng([self._job.seed, _AUDIT, number])
        plan = self._config.audit
        places: list[int] = []
        for kept, most in ((True, plan.kept), (False, plan.rejected)):
            there = [place for place, row in enumerate(rows) if row.kept is kept]
            taken = rng.permutation(len(there))[:most]
            places += sorted(there[place] for place in taken.tolist())
        return [rows[place] for place in places]

    def _trained(self, number: int, work: TurnWork) -> dict[str, Any]:
        self._tell(number, "train")
        if number == 0:
            learner = self._opened()
            real = self._real()
            cost = first_trained(learner, real, seed=self._job.seed, folder=self._job.first)
        else:
            examples = self._examples(number)
            learner = self._at(number - 1)
            cost = TrainingCost(0, 0, 0.0, 0)
            if examples:
                lot = self._lot(_TRAIN, number)
                cost = learner.train(examples, seed=lot, folder=work.work / "training")
        learner.save(work.weights)
        self._stands_at = number
        training = cost.to_json()
        work.write("training", training)
        return training

    def _examples(self, number: int) -> list[Example]:
        """Return what a turn trains on: its own, or the first ones and those of all turns up to it."""
        accumulate = self._job.arm.mix == "accumulate"
        found = list(self._real()) if accumulate else []
        for turn in range(1 if accumulate else number, number + 1):
            kept = (row for row in self._folder.turn(turn).generated() if row.kept)
            found += [Example(row.input, row.output) for row in islice(kept, self._generation.keep)]
        return found

    def _real(self) -> list[Example]:
        """Return the examples whose answers are the references."""
        rng = np.random.default_rng([self._job.seed, _REAL])
        wanted = self._config.real_examples
        tasks = islice(self._source.fresh(rng), wanted) if wanted else iter(())
        found = []
        for task in tasks:
            if task.reference is None:
                raise BadInput(
                    f"real_examples are made from references, and the task {task.task_id!r} has none",
                    next_command="real_examples = 0",
                )
            found.append(Example(task.input, task.reference))
        return found

    _stands_at: int | None = None

    def _opened(self) -> Learner:
        if self._learner is None:
            self._learner = open_learner(self._config, seed=self._job.seed)
        return self._learner

    def _at(self, turn: int) -> Learner:
        """Return the learner with the weights that it has after a turn."""
        learner = self._opened()
        if self._stands_at != turn:
            learner.load(self._folder.turn(turn).weights)
            self._stands_at = turn
        return learner

    def _lot(self, *purpose: int) -> int:
        """Return a seed of 31 bits for a purpose."""
        return int(np.random.SeedSequence([self._job.seed, *purpose]).generate_state(1)[0]) >> 1


def _rows(
    tasks: Sequence[LoopTask], outputs: Sequence[Sequence[str]], verdicts: dict[str, Any]
) -> Iterator[Generated]:
    said = zip(verdicts["kept"], verdicts["right"], verdicts["kind"], strict=True)
    for task, samples in zip(tasks, outputs, strict=True):
        for sample, output in enumerate(samples):
            kept, right, kind = next(said)
            yield Generated(task.task_id, task.input, output, sample, right, kept, kind)


def _audit(rows: Sequence[Generated], drawn: Sequence[Generated]) -> Audit:
    """Return what the exact check says of the drawn answers; those that it can't judge wait for a person's label."""
    labeled = [row for row in drawn if row.right is not None]

    def of(kept: bool) -> Audited:
        here = [row for row in labeled if row.kept is kept]
        return Audited(
            len(here),
            sum(bool(row.right) for row in here),
            sum(row.kept is kept for row in rows),
        )

    kinds: dict[str, tuple[int, int]] = {}
    for row in labeled:
        if row.kind:
            kept, rejected = kinds.get(row.kind, (0, 0))
            kinds[row.kind] = (kept + row.kept, rejected + (not row.kept))
    return Audit(of(True), of(False), kinds)


def _audit_of(told: dict[str, Any] | None) -> Audit:
    if told is None:
        return Audit()
    kinds = {kind: (row["kept"], row["rejected"]) for kind, row in told["by_kind"].items()}
    return Audit(Audited(**told["kept"]), Audited(**told["rejected"]), kinds)
