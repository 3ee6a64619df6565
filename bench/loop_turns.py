"""Turns of finished loops, one row a turn, and what of them the law of the gain is fitted to."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from assay.curate.loop.loop_config import read_loop
from assay.curate.loop.turn import GENERATED_FILE, TURNS, read_turns, turn_folder
from assay.curate.loop.verifiers import Everything, Planted, verifier_named
from assay.estimate.loop_law import EXTREME, LawPoint

KEPT = Path(__file__).with_name("loop_phase.jsonl")
POWERS = np.linspace(0, 1, 101)
Row = dict[str, Any]


def rows(folder: Path) -> Iterator[Row]:
    """Return what a finished folder holds, a row a turn."""
    config = read_loop(folder / "loop.toml")
    for arm in config.arms:
        for seed in config.seeds:
            out = folder if config.single else folder / arm.name / f"seed-{seed}"
            if not (out / TURNS).exists():
                continue
            for turn in read_turns(out):
                sampled = turn.sampled
                yield {
                    "arm": arm.name, "seed": seed, "turn": turn.turn, "verify": arm.verify, "mix": arm.mix,
                    "colder": arm.temperature is not None,
                    "held_out": [turn.held_out.right, turn.held_out.n],
                    "harder": [turn.harder.right, turn.harder.n] if turn.harder else None,
                    "sampled": [sum(sampled.right_by_task), sampled.tasks * sampled.samples] if sampled else None,
                    "any": [sum(map(bool, sampled.right_by_task)), sampled.tasks] if sampled else None,
                    **_answers(turn_folder(out, turn.turn) / GENERATED_FILE),
                }  # fmt: skip


def _answers(path: Path) -> Row:
    """Count all generated answers by the exact check: what an audit is drawn of."""
    counts = {(kept, right): 0 for kept in (True, False) for right in (True, False)}
    for line in path.read_text().splitlines() if path.exists() else ():
        told = json.loads(line)
        counts[told["kept"], told["right"]] += 1
    return {
        "kept": [counts[True, True], counts[True, True] + counts[True, False]],
        "rejected": [counts[False, True], counts[False, True] + counts[False, False]],
    }


def kept_rows(path: Path = KEPT) -> list[Row]:
    """Return what was kept, a row a turn."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def law_points(
    kept: list[Row], *, accumulating: bool = False, audited: bool = False
) -> list[LawPoint]:
    """Return the turns that the law is fitted to.

    Parameters
    ----------
    kept
    accumulating
        Those of arms that train on earlier examples, too.
    audited
        Those of arms whose log ratio isn't known by how they are made: it is counted in all answers of the turn.
    """
    found = []
    for before, after in _pairs(kept):
        ratio = log_ratio(str(after["verify"]))
        if ratio is None and audited:
            ratio = counted_ratio(after)
        # Examples that are colder than what is measured sharpen, whatever the verifier does.
        if ratio is None or after["colder"] or (after["mix"] != "replace" and not accumulating):
            continue
        found.append(
            LawPoint(after["arm"], after["seed"], after["turn"], *_shares(before, after), ratio)
        )
    return found


def _pairs(kept: list[Row]) -> Iterator[tuple[Row, Row]]:
    for before, after in pairwise(kept):
        if after["turn"] == before["turn"] + 1:
            yield before, after


def _shares(before: Row, after: Row) -> tuple[float, float]:
    old, new = (row["sampled"][0] / row["sampled"][1] for row in (before, after))
    return old, new


def log_ratio(verify: str) -> float | None:
    """Return ln(phi/psi) of a verifier that errs by lot; None where its mistakes are no matter of chance."""
    verifier = verifier_named(verify)
    if isinstance(verifier, Everything):
        return 0.0
    if not isinstance(verifier, Planted):
        return None
    if not verifier.keeps_wrong:
        return math.inf
    return math.log(verifier.keeps_right / verifier.keeps_wrong)


def counted_ratio(row: Row) -> float | None:
    """Return ln(phi/psi) of a turn, counted in all its answers."""
    right, kept = row["kept"]
    lost, rejected = row["rejected"]
    wrong, seen = kept - right, rejected - lost
    if not (right and wrong):
        return None
    return math.log(right / (right + lost)) - math.log(wrong / (wrong + seen))


def change(own: list[Row], seed: int, last: int) -> int:
    """Return how many held-out tasks more are right after the last turn than before the first."""
    by_turn = {row["turn"]: row["held_out"][0] for row in own if row["seed"] == seed}
    return int(by_turn[last] - by_turn[0])


def seeds_of(kept: list[Row]) -> list[int]:
    """Return the seeds of some turns."""
    return sorted({row["seed"] for row in kept})


def fitted_growth(points: list[LawPoint]) -> float:
    """Return the power of the odds with which one line fits all turns best, by least squares of the changes."""
    used = [p for p in points if math.isfinite(p.log_ratio) and p.accuracy_after < 1 - EXTREME]
    changes = np.array([p.change for p in used])
    design = np.array([[p.log_ratio, -1.0] for p in used])
    missed = []
    for growth in POWERS:
        here = design * np.array([[p.speed(growth)] for p in used])
        line, *_ = np.linalg.lstsq(here, changes, rcond=None)
        missed.append(float(((changes - here @ line) ** 2).sum()))
    return float(POWERS[int(np.argmin(missed))])
