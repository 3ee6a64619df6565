"""Conversations, texts, amounts and severity on the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Assay = Callable[..., Any]
Write = Callable[[str, str | bytes], Path]


def trace(number: int) -> dict[str, object]:
    return {
        "trace_id": f"t{number:03d}",
        "conversation_id": f"c{number // 4}",
        "turn": number % 4,
        "input": f"question {number % 50}",
        "system": "bot",
        "output": "Lyon" if number % 10 == 0 else "Paris",
        "at": f"2026-10-{1 + number // 50:02d}T{number % 24:02d}:00:00Z",
        "tags": {"order": str(1 + number % 7)} if number else {},
    }


@pytest.fixture
def ledger(assay: Assay, write: Write, tmp_path: Path) -> Path:
    lines = "".join(json.dumps(trace(number)) + "\n" for number in range(200))
    path = tmp_path / "runs.ledger"
    assert assay("ingest", write("runs.jsonl", lines), "--into", path).status == 0
    return path


def label(assay: Assay, ledger: Path, todo: Path) -> None:
    with todo.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["verdict"] = "wrong" if row["output"] == "Lyon" else "right"
        row["severity"] = "1" if row["output"] == "Lyon" else ""
    with todo.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert assay("label", ledger, todo).status == 0


def test_whole_conversations(assay: Assay, ledger: Path, tmp_path: Path) -> None:
    todo = tmp_path / "todo.csv"
    drawn = assay("draw", ledger, "--labels", 60, "--seed", 7, "--unit", "conversation", "-o", todo)
    assert drawn.status == 0
    assert "15 of 50 conversations of bot (60 outputs to label)" in drawn.out
    label(assay, ledger, todo)
    text = assay("volume", ledger)
    assert "15 conversations read" in text.out
    assert "design effect of whole conversations" in text.out
    found = assay("volume", ledger, "--json").json["systems"][0]
    assert found["units"]["read"] == 15
    assert found["errors"]["low"] <= 20 <= found["errors"]["high"]
    page = tmp_path / "page.html"
    assert assay("report", ledger, "-o", page).status == 0
    assert "15 conversations read" in page.read_text("utf-8")


def test_money_and_severity(assay: Assay, ledger: Path, tmp_path: Path) -> None:
    todo = tmp_path / "todo.csv"
    options = ("--labels", 80, "--seed", 7, "--weigh-by", "order", "-o", todo)
    drawn = assay("draw", ledger, *options, "--json").json["draws"][0]
    assert (drawn["units"]["weigh_by"], drawn["units"]["unknown_amounts"]) == ("order", 1)
    label(assay, ledger, todo)
    text = assay("volume", ledger, "--severity-weights", "1=10,2=3,3=1").out
    assert "order in wrong outputs per day" in text
    assert "order at most, by Stringer's bound" in text
    assert "severity-weighted errors per day" in text
    assert "1 outputs have no order" in text
    found = assay("volume", ledger, "--json").json["systems"][0]
    assert found["severity"] is None
    truth = sum(1 + number % 7 for number in range(10, 200, 10))
    money = found["units"]["in_wrong_outputs"]
    assert money["low"] <= truth <= money["high"]
    assert found["units"]["stringer"]["guarantee"] == "simulated"


def test_wrong_use_is_told_in_one_sentence(assay: Assay, ledger: Path) -> None:
    base = ("draw", ledger, "--labels", 10, "--seed", 7)
    missing = assay(*base, "--weigh-by", "price")
    assert missing.status == 1
    assert "no output has an amount 'price'" in missing.err
    both = assay(*base, "--weigh-by", "order", "--unit", "text")
    assert both.status == 1
    assert "single outputs, not texts" in both.err
    assert assay(*base, "--unit", "sentence").status == 2
    assert assay("draw", ledger, "--adjudicate", "--weigh-by", "order").status == 2
    weights = assay("volume", ledger, "--severity-weights", "1=10")
    assert weights.status == 1
    assert "2, 3 missing" in weights.err
