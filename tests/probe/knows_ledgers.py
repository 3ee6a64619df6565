"""Ledgers of reasoned answers for the tests of the probe."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from assay.ledger.store import Ledger


def trace(number: int, **values: Any) -> dict[str, Any]:
    """Return a row of `traces`; what is not given is as of one answer a task of one system."""
    row = {
        "trace_id": f"t{number}", "task_id": f"task-{number}", "system": "desk", "version": "1", "epoch": 1,
        "input": "How much is left of 4000 after 3500?", "output": "500", "answer": "500",
        "reasoning": "4000 - 3500 = 500", "reference": "500", "origin": "exam", "source": f"test:{number}",
    }  # fmt: skip
    tags = values.pop("tags", None)
    if tags:
        row["tags"] = json.dumps(tags, sort_keys=True, separators=(",", ":"))
    return row | values


def slip(number: int, **values: Any) -> dict[str, Any]:
    """Return an answer whose reasoning had the right one."""
    return trace(number, **({"output": "100", "answer": "100"} | values))


def gsm_ledger(shared_data: Path, path: Path) -> Ledger:
    """Make a ledger of all answers of `zeroeval_gsm`, each with its reasoning."""
    folder = shared_data / "zeroeval_gsm"
    ledger = Ledger.create(path)
    with (folder / "items.jsonl").open(encoding="utf-8") as stream:
        questions = {row["item"]: row["question"] for row in map(json.loads, stream)}
    rows: list[dict[str, Any]] = []
    with (
        gzip.open(folder / "answers.jsonl.gz", "rt", encoding="utf-8") as answers,
        gzip.open(folder / "reasoning.jsonl.gz", "rt", encoding="utf-8") as reasonings,
    ):
        for place, (answer, thought) in enumerate(
            zip(map(json.loads, answers), map(json.loads, reasonings), strict=True)
        ):
            assert (answer["item"], answer["model"]) == (thought["item"], thought["model"])
            said = answer["answer"] or ""
            rows.append(
                trace(
                    place, trace_id=f"{answer['model']}/{answer['item']}", task_id=answer["item"],
                    system=answer["model"], version="", input=questions[answer["item"]], output=said, answer=said,
                    reasoning=thought["reasoning"], reference=answer["gold"],
                )
            )  # fmt: skip
    ledger.append("traces", rows)
    return ledger
