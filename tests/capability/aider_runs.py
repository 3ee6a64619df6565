"""The runs of Aider's polyglot leaderboard as evidence: 225 cases each, verified by their tests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from assay.capability.evidence import APART, Evidence, ShareEvidence, stated
from assay.quantity import Unknown

BILL = "the run's bill over its cases"


def runs(shared_data: Path) -> list[Evidence]:
    """Return one configuration a run; those of the same name get their date."""
    text = (shared_data / "aider" / "polyglot_leaderboard.yml").read_text("utf-8")
    rows = list(_rows(text))
    names = Counter(row["model"] for row in rows)
    return [
        _evidence(
            row, row["model"] if names[row["model"]] == 1 else f"{row['model']} {row['dirname']}"
        )
        for row in rows
    ]


def _rows(text: str) -> Iterator[dict[str, str]]:
    # Flat YAML: one list of one-line keys, so that no test needs a reader of YAML.
    for block in re.split(r"^- ", text, flags=re.MULTILINE)[1:]:
        lines = re.findall(r"^\s*([a-z_0-9]+): (.*)$", block, flags=re.MULTILINE)
        yield {key: value.split(" #")[0].strip().strip("'\"") for key, value in lines}


def _evidence(row: dict[str, str], name: str) -> Evidence:
    cases, total = int(row["test_cases"]), float(row.get("total_cost", 0))
    return Evidence(
        name=name,
        right=ShareEvidence(int(row["pass_num_2"]), cases),
        attempt_cost_usd=stated(total / cases, BILL, n=cases)
        if total > 0
        else Unknown("cost unknown: the bill is 0 or missing"),
        seconds=stated(float(row["seconds_per_case"]), "mean of the run", n=cases),
        check_cost_usd=stated(0.0, "the test suite"),
        caught=1.0,
        flagged=0.0,
        together=APART,
    )
