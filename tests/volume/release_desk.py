"""A ledger with a judge that is worth releasing by, for the tests of release thresholds."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from assay.ledger.draws import StoredDraw
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.volume.draw import DrawRequest, draw_labels
from assay.volume.labels import list_of, take_labels
from volume.desk import START, Desk

JUDGE = "careful@2"


def release_desk(
    ledger: Ledger,
    *,
    traces: int = 3_000,
    error_rate: float = 0.05,
    seed: int = 1,
    version: str = "7",
    unscored: int = 0,
) -> Desk:
    """Put outputs into a ledger, with a judge whose scores are apart by 2.5 standard deviations (AUROC .96)."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(traces) < error_rate
    scores = 1 / (1 + np.exp(-(rng.normal(2.5 * wrong) - 2)))
    names = [f"desk{version}-{i:05d}" for i in range(traces)]
    ledger.append("traces", [
        {"trace_id": name, "task_id": name, "system": "desk", "version": version, "epoch": 1, "at": START + i,
         "input": "a question", "output": f"answer {i}", "origin": "field", "tags": "{}", "source": "test"}
        for i, name in enumerate(names)
    ])  # fmt: skip
    ledger.append("verdicts", [
        {"trace_id": name, "judge": JUDGE, "judge_kind": "model", "error_probability": float(score), "source": "test"}
        for i, (name, score) in enumerate(zip(names, scores, strict=True)) if i >= unscored
    ])  # fmt: skip
    truth = dict(zip(names, (bool(one) for one in wrong), strict=True))
    return Desk(ledger, truth, Window("desk", version))


def release_draw(
    desk: Desk, labels: int, *, judge: str | None = None, first: int | None = None, seed: int = 7
) -> StoredDraw:
    """Draw labels: uniformly, or in strata of the judge's score."""
    return draw_labels(desk.ledger, DrawRequest(desk.window, labels, seed, judge, (), first))


def label_all(
    desk: Desk, drawn: StoredDraw, folder: Path, *, leave: int = 0, unsure: int = 0
) -> None:
    """Label a draw by the truth, but for the last ones; the first ones may be unsure."""
    rows = list(csv.DictReader(io.StringIO(list_of(desk.ledger, [drawn]))))
    for place, row in enumerate(rows[: len(rows) - leave]):
        row["verdict"] = "wrong" if desk.wrong[row["trace_id"]] else "right"
        if place < unsure:
            row["verdict"] = "unsure"
    file = folder / f"{drawn.draw_id}.csv"
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    take_labels(desk.ledger, file)
