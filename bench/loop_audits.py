"""What audits of 200 labels a turn say of a loop's verifier, drawn again and again of turns whose truth is known."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from assay.estimate.gate_quality import (
    AuditCount,
    LogRatio,
    gate_quality,
    gate_verdict,
    pooled_log_ratio,
)
from assay.quantity import Quantity
from loop_turns import Row, change, seeds_of
from table import pipe_table

VERDICTS = Path(__file__).with_name("loop_phase.json")
LABELS = 100
"""Drawn of the kept answers of a turn, and of the rejected ones."""
REDRAWS = 20
"""Audits that are drawn again of each loop's turns."""


def verdicts(
    kept: list[Row], break_evens: dict[str, Quantity], *, redraws: int = REDRAWS
) -> dict[str, dict[str, Row]]:
    """Return how often audits of 200 labels a turn say what of each arm, drawn again and again, by break-even."""
    rng = np.random.default_rng(8)
    last = max(row["turn"] for row in kept)
    found: dict[str, dict[str, Row]] = {name: {} for name in break_evens}
    for arm in dict.fromkeys(row["arm"] for row in kept):
        own = [row for row in kept if row["arm"] == arm]
        if not all(row["rejected"][1] for row in own if row["turn"]):
            continue
        said = {name: Counter[str]() for name in break_evens}
        for seed in seeds_of(own):
            turns = [row for row in own if row["seed"] == seed and row["turn"]]
            went = "through" if change(own, seed, last) > 0 else "outside"
            for _ in range(redraws):
                pooled = pooled_log_ratio([_audited(row, rng) for row in turns])
                for name, break_even in break_evens.items():
                    verdict = gate_verdict(pooled, break_even).verdict
                    said[name][verdict] += 1
                    said[name]["as it went"] += verdict == went
        for name, counts in said.items():
            found[name][arm] = dict(counts)
    return found


def verdict_table(found: dict[str, Row]) -> str:
    """Return the verdicts against one break-even."""
    names = ("through", "undecided", "outside")
    lines = []
    for arm, counts in found.items():
        total = sum(counts.get(name, 0) for name in names)
        lines.append(
            [arm, *(f"{counts.get(name, 0) / total:.2f}" for name in (*names, "as it went"))]
        )
    return pipe_table(["arm", *names, "as it went"], lines)


def _audited(row: Row, rng: np.random.Generator) -> LogRatio:
    kept, rejected = (AuditCount(*_drawn(row[part], rng)) for part in ("kept", "rejected"))
    found = gate_quality(kept, rejected)
    assert found.log_ratio is not None
    return found.log_ratio


def _drawn(counts: list[int], rng: np.random.Generator) -> tuple[int, int, int]:
    right, answers = counts
    labeled = min(LABELS, answers)
    found = int(rng.hypergeometric(right, answers - right, labeled)) if labeled else 0
    return labeled, found, answers


def page_part() -> str:
    """Return the kept verdicts as Markdown; empty where there are none."""
    if not VERDICTS.exists():
        return ""
    tables = [
        f"Against the {name}:\n\n{verdict_table(found)}\n"
        for name, found in json.loads(VERDICTS.read_text()).items()
    ]
    return "\n".join(
        [
            f"Audits of {LABELS} kept and {LABELS} rejected answers a turn, the mean of all turns, drawn {REDRAWS}",
            "times of each loop:\n",
            *tables,
        ]
    )
