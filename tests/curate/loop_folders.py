"""Folders of loops whose answers are given, written by the package's own writers; and three loops with a fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from assay.curate.loop.loop_arm import _audit
from assay.curate.loop.loop_measure import MeasurePlan, keep_answers
from assay.curate.loop.loop_state import LoopFolder
from assay.curate.loop.task_source import LoopTask, TaskFiles
from assay.curate.loop.turn import Audit, Generated, Measured, Sampled, TurnRecord, version_of
from assay.judge.rules import rule_named
from assay.ledger.store import Ledger

RIGHT, WRONG = "42", "41"
"""Every task's answer is 42."""


@dataclass
class Said:
    """What a turn's version says, and what the turn before it generated."""

    greedy: Sequence[str]
    harder: Sequence[str] = ()
    sampled: Sequence[Sequence[str]] = ()
    generated: Sequence[Generated] = ()
    labeled: Sequence[Generated] = field(default_factory=tuple)


def tasks(count: int, name: str = "held", **tags: Sequence[str]) -> tuple[LoopTask, ...]:
    """Return tasks with the answer 42; of each tag a value a task."""
    return tuple(
        LoopTask(
            f"{name}-{place:04d}",
            f"{name} {place}",
            RIGHT,
            tuple((tag, values[place]) for tag, values in sorted(tags.items())),
        )
        for place in range(count)
    )


def answers(right: float, count: int, *, first: int = 0) -> list[str]:
    """Return answers of which the first share is right, turned by `first` places."""
    said = [RIGHT if place < right * count else WRONG for place in range(count)]
    return said[-first:] + said[:-first] if first else said


def write_loop(
    folder: Path,
    turns: Sequence[Said],
    *,
    held_out: Sequence[LoopTask] | None = None,
    throughput: float | None = 1000.0,
    key: dict[str, object] | None = None,
) -> Path:
    """Write the folder of a loop."""
    fixed = tuple(held_out) if held_out is not None else tasks(len(turns[0].greedy))
    harder = tasks(len(turns[0].harder), "harder")
    source = TaskFiles((), fixed, harder, rule_named("numeric/last-number"), "tasks.jsonl")
    samples = len(turns[0].sampled[0]) if turns[0].sampled else 2
    tags = {"loop.arm": "loop", "loop.seed": "0"}
    plan = MeasurePlan(source, "built", tags, len(turns[0].sampled), samples, 1.0, throughput)
    loop = LoopFolder(folder)
    ledger = Ledger.create(folder / "ledger")
    with loop.held(
        key or {"arm": "", "seed": 0, "verify": "exact", "mix": "replace"}, "loop = 1\n"
    ):
        for number, said in enumerate(turns):
            work = loop.turn(number)
            work.begin()
            if number:
                work.write_generated(list(said.generated))
                work.write_audit(list(said.labeled))
            told = {
                "held_out": [[one] for one in said.greedy],
                "harder": [[one] for one in said.harder],
                "sampled": [list(row) for row in said.sampled],
                "at": 1_700_000_000_000_000 + number,
            }
            measured = keep_answers(ledger, plan, number, told)
            work.end(_record(number, said, measured))
    return folder


def _record(
    number: int, said: Said, measured: tuple[Measured, Measured | None, Sampled | None]
) -> TurnRecord:
    rows = list(said.generated)
    kept = [row for row in rows if row.kept]
    seconds = {"generate": 10.0, "verify": 1.0, "train": 20.0, "measure": 5.0}
    return TurnRecord(
        turn=number,
        system="built",
        version=version_of(number),
        generated=len(rows),
        kept=len(kept),
        kept_right=None,
        trained=len(kept),
        distinct_outputs=len({(row.input, row.output) for row in rows}),
        audit=_audit(rows, list(said.labeled)) if number else Audit(),
        training={"examples": len(kept)},
        held_out=measured[0],
        harder=measured[1],
        sampled=measured[2],
        seconds=seconds,
    )


def generated(
    count: int,
    *,
    right: float = 0.5,
    keeps_right: float = 0.9,
    keeps_wrong: float = 0.1,
    seed: int = 0,
    kinds: Sequence[str] = ("off by one",),
) -> list[Generated]:
    """Return generated answers that a verifier with these rates has judged."""
    rng = np.random.default_rng(seed)
    rows = []
    for place in range(count):
        is_right = bool(rng.random() < right)
        kept = bool(rng.random() < (keeps_right if is_right else keeps_wrong))
        kind = "" if is_right else kinds[place % len(kinds)]
        text = RIGHT if is_right else WRONG
        rows.append(
            Generated(f"t{seed}-{place}", f"fresh {seed} {place}", text, 0, is_right, kept, kind)
        )
    return rows


def labeled(rows: Sequence[Generated], most: int = 100) -> list[Generated]:
    """Return the labeled ones: so many kept and so many rejected, in the order in which they came."""
    drawn = []
    for kept in (True, False):
        drawn += [row for row in rows if row.kept is kept][:most]
    return drawn


def honest_loop(folder: Path) -> Path:
    """A loop that gains on all its sets, with a good verifier."""
    turns = []
    for number, right in enumerate((0.3, 0.45, 0.6)):
        rows = generated(400, right=right, seed=number) if number else []
        sampled = [
            [RIGHT if (task * 7 + one) % 20 < 20 * right else WRONG for one in range(4)]
            for task in range(150)
        ]
        turns.append(
            Said(answers(right, 400), answers(right - 0.1, 200), sampled, rows, labeled(rows))
        )
    return write_loop(folder, turns)


def longer_loop(folder: Path) -> Path:
    """A loop whose verifier keeps long answers, right or wrong; answers grow and are right as often as before."""
    turns = []
    for number in range(3):
        rng = np.random.default_rng(number)
        rows = []
        for place in range(400):
            is_right = bool(rng.random() < 0.4)
            padding = int(rng.integers(0, 40))
            kept = bool(rng.random() < (0.9 if padding > 20 else 0.2))
            text = "well, " * padding + (RIGHT if is_right else WRONG)
            kind, name = "" if is_right else "off", f"{number} {place}"
            rows.append(Generated(name, f"fresh {name}", text, 0, is_right, kept, kind))
        said = ["well, " * (3 * number) + one for one in answers(0.4, 300)]
        turns.append(Said(said, (), (), rows if number else (), labeled(rows) if number else ()))
    return write_loop(folder, turns)


def narrower_loop(folder: Path) -> Path:
    """A loop whose greedy score and pass@1 rise, while fewer tasks are ever right in four samples."""
    # Before: of 300 tasks 240 are right in two samples of four. After: 180 are right in all four.
    before = [
        [RIGHT, RIGHT, "40", "39"] if task < 240 else ["40", "39", "38", "37"]
        for task in range(300)
    ]
    after = [[RIGHT] * 4 if task < 180 else [WRONG] * 4 for task in range(300)]
    between = [
        [RIGHT, RIGHT, RIGHT, "40"] if task < 210 else [WRONG, WRONG, "40", "39"]
        for task in range(300)
    ]
    turns = [
        Said(answers(0.40, 300), (), before),
        Said(answers(0.50, 300), (), between),
        Said(answers(0.60, 300), (), after),
    ]
    return write_loop(folder, turns)
