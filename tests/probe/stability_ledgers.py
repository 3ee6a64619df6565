"""Ledgers of repeated tasks for the tests of stability."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assay.ledger.store import Ledger

Ask = tuple[str, int, int | None]
"""Task, epoch, and whether it is wrong (None: no verdict)."""


def add_asks(
    ledger: Ledger,
    asks: Sequence[Ask],
    *,
    system: str = "desk",
    version: str = "1",
    judge: str = "exact@1 (answer@1)",
    wording: str = "",
    **values: Any,
) -> None:
    """Add asks of tasks, with the verdict of a check on each."""
    tags = json.dumps({"ask.prompt": wording}) if wording else None
    ids = [f"{system}-{version}-{wording}-{task}-{epoch}" for task, epoch, _ in asks]
    ledger.append(
        "traces",
        [
            {
                "trace_id": trace_id, "task_id": task, "system": system, "version": version, "epoch": epoch,
                "input": task, "output": "no" if wrong else "yes", "reference": "yes", "tags": tags,
                "origin": "exam", "source": "test:1",
            } | values
            for trace_id, (task, epoch, wrong) in zip(ids, asks, strict=True)
        ],
    )  # fmt: skip
    add_verdicts(ledger, judge, {one: ask[2] for one, ask in zip(ids, asks, strict=True)})


def add_verdicts(
    ledger: Ledger, judge: str, wrong: dict[str, int | None], kind: str = "check"
) -> None:
    """Add verdicts of a judge on traces."""
    ledger.append(
        "verdicts",
        [
            {
                "trace_id": trace_id, "judge": judge, "judge_kind": kind,
                "error_probability": float(value), "source": "test:1",
            }
            for trace_id, value in wrong.items()
            if value is not None
        ],
    )  # fmt: skip


def airline(shared_data: Path, path: Path) -> Ledger:
    """Make a ledger of tau-bench's airline file: 50 tasks, 4 trials each."""
    with gzip.open(shared_data / "taubench" / "gpt-4o-airline.json.gz", "rt") as stream:
        trials = json.load(stream)
    ledger = Ledger.create(path)
    asks = [(str(one["task_id"]), one["trial"] + 1, int(one["reward"] < 1)) for one in trials]
    add_asks(ledger, asks, system="gpt-4o", version="airline", judge="tau-bench reward")
    return ledger


def code_model(shared_data: Path, path: Path, model: str, tries: int) -> Ledger:
    """Make a ledger of one model of LiveCodeBench, from the share of its tries that passed."""
    with gzip.open(shared_data / "livecodebench" / "gen_20240417.json.gz", "rt") as stream:
        rows = [row for row in json.load(stream)["performances"] if row["model"] == model]
    ledger = Ledger.create(path)
    asks = []
    for row in rows:
        right = round(row["pass@1"] / 100 * tries)
        asks += [(row["question_id"], epoch + 1, int(epoch >= right)) for epoch in range(tries)]
    add_asks(ledger, asks, system=model, version="", judge="tests")
    return ledger
