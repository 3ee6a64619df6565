"""A ledger with a known truth, for the tests of this folder."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass
from pathlib import Path

from assay.ledger.draws import StoredDraw
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.volume.draw import DrawRequest, draw_labels
from assay.volume.labels import LabelReport, list_of, take_labels

DAY = 86_400_000_000
START = 1_759_622_400_000_000
"""2025-10-05, in microseconds."""


@dataclass
class Desk:
    """A ledger, and which of its traces are wrong."""

    ledger: Ledger
    wrong: dict[str, bool]
    window: Window

    @property
    def errors(self) -> int:
        return sum(self.wrong.values())


def fill(
    ledger: Ledger,
    *,
    traces: int = 1_000,
    error_rate: float = 0.05,
    system: str = "desk",
    seed: int = 1,
    days: float = 4.0,
    judge: bool = True,
    requests: tuple[str, ...] = ("a question",),
) -> Desk:
    """Put traces into a ledger, spread over some days, with a judge that is better than chance."""
    rng = random.Random(seed)
    rows, verdicts, wrong = [], [], {}
    for index in range(traces):
        trace_id = f"{system}-{index:05d}"
        topic = "price" if index % 4 == 0 else "city"
        bad = rng.random() < error_rate * (2.5 if topic == "price" else 0.5)
        caught = bad and rng.random() < 0.3
        wrong[trace_id] = bad
        rows.append({
            "trace_id": trace_id, "task_id": trace_id, "system": system, "version": "", "epoch": 1,
            "at": START + round(index * days * DAY / (traces - 1)), "input": requests[index % len(requests)],
            "output": f"=answer {index}", "latency_seconds": 0.5, "origin": "field",
            "tags": f'{{"caught":"{"true" if caught else "false"}","topic":"{topic}"}}', "source": "test",
        })  # fmt: skip
        if judge:
            score = min(max(rng.gauss(0.7 if bad else 0.2, 0.15), 0.0), 1.0)
            verdicts.append({
                "trace_id": trace_id, "judge": "second reading", "judge_kind": "model",
                "error_probability": score, "source": "test",
            })  # fmt: skip
    ledger.append("traces", rows)
    ledger.append("verdicts", verdicts)
    return Desk(ledger, wrong, Window(system, ""))


def draw(
    desk: Desk,
    labels: int = 200,
    *,
    seed: int = 7,
    judge: str | None = "second reading",
    by: tuple[str, ...] = (),
) -> StoredDraw:
    return draw_labels(desk.ledger, DrawRequest(desk.window, labels, seed, judge, by))


def answer(
    desk: Desk, drawn: StoredDraw, path: Path, *, first: int | None = None, unsure: int = 0
) -> LabelReport:
    """Fill the list of a draw from the truth, in whole or in its first rows, and take it back."""
    rows = list(csv.DictReader(io.StringIO(list_of(desk.ledger, [drawn]))))
    for place, row in enumerate(rows):
        if first is None or place < first:
            row["verdict"] = "wrong" if desk.wrong[row["trace_id"]] else "right"
        if place < unsure:
            row["verdict"] = "unsure"
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return take_labels(desk.ledger, path)


def count_all(desk: Desk, judge: str = "truth", *, kind: str = "check") -> None:
    """Let a check judge every trace."""
    desk.ledger.append("verdicts", [
        {"trace_id": trace_id, "judge": judge, "judge_kind": kind, "error_probability": float(bad), "source": "test"}
        for trace_id, bad in desk.wrong.items()
    ])  # fmt: skip
