"""`assay curate noise` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger
from curate.test_label_errors import JUDGE, flipped_desk


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> set[str]:
    return flipped_desk(ledger, tmp_path, answers=800, flips=30)


def test_suspects_and_limits_in_words(
    ledger: Ledger, desk: set[str], assay: Callable[..., Any]
) -> None:
    done = assay("curate", "noise", ledger.path, "--judge", JUDGE, "--show", "3")
    assert done.status == 0
    assert "of 800 labels are to be read again; at most" in done.out
    assert "AUROC" in done.out
    assert "draw 2" in done.out  # 299 of the rest, none wrong: at most 1 % is
    assert done.out.count("desk-0") == 3
    found = assay("curate", "noise", ledger.path, "--judge", JUDGE, "--json").json
    errors = found["label_errors"]
    assert errors["low"] <= len(desk) <= errors["high"]
    assert found["to_read_again"] == len(found["suspects"])
    assert {"unit", "n", "method"} <= set(errors)


def test_a_list_is_read_again_and_says_how_many(
    ledger: Ledger, desk: set[str], assay: Callable[..., Any], tmp_path: Path
) -> None:
    todo = tmp_path / "todo.jsonl"
    asked = ("curate", "noise", ledger.path, "--judge", JUDGE)
    assert f"--reread {todo}" in assay(*asked, "--read-again", todo, "--show", 0).err
    done = assay(*asked, "--reread", todo)
    assert done.status == 1
    assert "have no verdict" in done.err
    found = assay(*asked, "--json").json
    label = {one["trace_id"]: one["label"] for one in found["suspects"]}
    rows = [json.loads(line) for line in todo.read_text().splitlines()]
    for row in rows:
        # The reader finds every suspect that was flipped, and takes all else for right as labelled.
        said = label.get(row["trace_id"], "right")
        flip = {"right": "wrong", "wrong": "right"}
        row["verdict"] = flip[said] if row["trace_id"] in desk else said
    todo.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = assay(*asked, "--reread", todo, "--show", 0)
    assert done.status == 0
    said = " ".join(done.out.split())
    assert "Read again: " in said
    assert "To find 90% of the wrong labels: read all suspects and" in said
    again = assay(*asked, "--reread", todo, "--json").json["reread"]
    assert {"label_errors", "found_by_reading_suspects", "of_the_rest_to_read"} <= set(again)
    assert again["label_errors"]["low"] <= again["label_errors"]["value"]
    done = assay(*asked, "--seed", 2, "--reread", todo, "--choose", "noise-rate")
    assert done.status == 1
    assert "not what these labels and options draw" in done.err
    assert assay(*asked, "--reread", todo, "--read-again", todo).status == 1


def test_what_is_refused(ledger: Ledger, assay: Callable[..., Any], tmp_path: Path) -> None:
    done = assay("curate", "noise", ledger.path)
    assert done.status == 0
    assert "Cannot tell how many of 0 labels are wrong" in done.out
    done = assay("curate", "noise", ledger.path, "--confidence", "1.5")
    assert done.status == 1
    assert "[0.5, 1)" in done.err
    done = assay("curate", "noise", tmp_path / "none.ledger")
    assert done.status == 1
    assert "none.ledger" in done.err
