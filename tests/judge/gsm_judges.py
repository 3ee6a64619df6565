"""Real answers of others as a ledger: each judge says whether its own answer is another one than the system's."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from assay.ledger.store import Ledger

GOLD = "gold"
MINI, GEMMA, LLAMA = "gpt-4o-mini-2024-07-18", "gemma-2-9b-it", "Meta-Llama-3.1-70B-Instruct"
PAIRS = (
    ("gpt-4o-2024-08-06", MINI),
    ("gpt-4o-2024-08-06", GEMMA),
    ("gpt-3.5-turbo-0125", LLAMA),
    ("command-r", MINI),
)
"""Systems, and who judges them."""

HOUR = 3_600_000_000
START = 1_759_622_400_000_000


def answers(shared_data: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Return model -> item -> answer."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    with gzip.open(shared_data / "zeroeval_gsm" / "answers.jsonl.gz", "rt") as stream:
        for line in stream:
            row = json.loads(line)
            found.setdefault(row["model"], {})[row["item"]] = row
    return found


def judged_by(judge: str) -> str:
    """Return the name under which a model's agreement stands in the ledger."""
    return f"agreement with {judge}"


def gsm_ledger(shared_data: Path, path: Path) -> Ledger:
    """Make a ledger of the systems in `PAIRS`, with the gold's verdict and the judges' on every answer."""
    said = answers(shared_data)
    ledger = Ledger.create(path)
    traces: list[dict[str, Any]] = []
    verdicts: list[dict[str, Any]] = []
    for system in dict.fromkeys(system for system, _ in PAIRS):
        for place, (item, row) in enumerate(said[system].items()):
            trace_id = f"{system}/{item}"
            traces.append({
                "trace_id": trace_id, "task_id": item, "system": system, "version": "", "epoch": 1,
                "at": START + place * HOUR, "input": item, "output": "x" * row["out_chars"], "origin": "exam",
                "source": "test",
            })  # fmt: skip
            flags = {GOLD: ("check", 1 - row["correct"])}
            for judge in (judge for judged, judge in PAIRS if judged == system):
                other = said[judge].get(item)
                differs = other is None or other["value"] != row["value"]
                flags[judged_by(judge)] = ("model", int(differs))
            verdicts += [
                {"trace_id": trace_id, "judge": judge, "judge_kind": kind, "error_probability": float(wrong),
                 "source": "test"}
                for judge, (kind, wrong) in flags.items()
            ]  # fmt: skip
    ledger.append("traces", traces)
    ledger.append("verdicts", verdicts)
    return ledger
