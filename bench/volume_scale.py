"""`assay volume` on a ledger of ten million traces. Goal: under 10 s and 2 GB on two cores.

Two ledgers: one with a draw and 300 labels beside ten million scores of a judge, one where a check has judged every
trace, so that two tables of ten million rows have to be joined.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from arro3.core import Array, DataType, Table
from deltalake import write_deltalake

from assay.ledger.columns import ARROW
from assay.ledger.draw_labels import labels_of
from assay.ledger.population import Window
from assay.ledger.schema import TABLES
from assay.ledger.store import Ledger
from assay.volume.draw import DrawRequest, draw_labels
from measure import Figures, measure
from table import Row

ASSAY = Path(sys.executable).parent / "assay"
TRACES = 10_000_000
BATCH = 500_000


def rows() -> list[Row]:
    """Make both ledgers, measure the command on each, and remove them."""
    folder = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    try:
        # In a process of its own: a child's peak memory begins with what its parent held.
        subprocess.run([sys.executable, __file__, folder], check=True)
        goal = "10 s wall, 2 GB"
        return [
            Row(
                "volume of 10 million traces",
                f"{name}: assay volume",
                _measure(folder / f"{file}.ledger"),
                goal=goal,
            )
            for name, file in (
                ("300 labels of a draw", "sampled"),
                ("census by a check", "counted"),
            )
        ]
    finally:
        shutil.rmtree(folder)


def _measure(ledger: Path) -> Figures:
    return measure([ASSAY, "volume", ledger, "--json"], repeats=3)


def _make(folder: Path) -> None:
    sampled = _ledger(folder / "sampled.ledger", judge="second-reading", judge_kind="model")
    _label(sampled)
    _ledger(folder / "counted.ledger", judge="exact", judge_kind="check")


def _ledger(path: Path, *, judge: str, judge_kind: str) -> Ledger:
    ledger = Ledger.create(path)
    rng = np.random.default_rng(20261122)
    for first in range(0, TRACES, BATCH):
        ids = [f"0123456789abcdef-{first + i}" for i in range(BATCH)]
        wrong = rng.random(BATCH) < 0.02
        score = (
            np.clip(rng.normal(0.2 + 0.5 * wrong, 0.15), 0, 1)
            if judge_kind == "model"
            else wrong.astype(float)
        )
        _append(path, "traces", {
            "trace_id": ids,
            "task_id": ids,
            "system": ["desk"] * BATCH,
            "version": [""] * BATCH,
            "at": (1_759_622_400_000_000 + np.arange(first, first + BATCH) * 60_000).astype(np.int64),
            "output": [f"the answer number {i}, in a sentence of some length" for i in range(BATCH)],
            "latency_seconds": rng.gamma(2.0, 0.5, BATCH),
            "tags": ['{"channel":"mail"}', '{"channel":"chat"}'] * (BATCH // 2),
        })  # fmt: skip
        _append(path, "verdicts", {
            "trace_id": ids,
            "judge": [judge] * BATCH,
            "judge_kind": [judge_kind] * BATCH,
            "error_probability": score,
        })  # fmt: skip
    return ledger


def _append(path: Path, table: str, values: dict[str, list[str] | np.ndarray]) -> None:
    arrays = {}
    for column in TABLES[table]:
        if column.name not in values:
            arrays[column.name] = Array([None] * BATCH, type=DataType.int64()).cast(
                ARROW[column.type]
            )
        elif column.type == "string":
            arrays[column.name] = Array(values[column.name], type=ARROW["string"])
        else:
            arrays[column.name] = Array.from_numpy(np.asarray(values[column.name])).cast(
                ARROW[column.type]
            )
    write_deltalake(path / table, Table.from_pydict(arrays), mode="append")


def _label(ledger: Ledger) -> None:
    draw = draw_labels(ledger, DrawRequest(Window("desk", ""), 300, 7, "second-reading"))
    labels = [
        {
            "trace_id": trace_id,
            "judge": "person",
            "judge_kind": "person",
            "error_probability": float(i % 20 == 0),
            "at": 1,
            "draw_id": draw.draw_id,
            "inclusion_probability": stratum.planned / stratum.size,
            "source": "bench",
        }
        for stratum in draw.strata
        for i, trace_id in enumerate(stratum.trace_ids)
    ]
    ledger.append("verdicts", labels)
    assert len(labels_of(ledger, draw.draw_id)) == 300


if __name__ == "__main__":
    _make(Path(sys.argv[1]))
