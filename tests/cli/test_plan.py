"""`assay plan` as a user types it, and held against what `assay volume` then decides."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Assay = Callable[..., Any]


def test_a_plan_in_words_and_in_json(assay: Assay) -> None:
    done = assay("plan", "--standard", "4sigma")
    assert done.status == 0
    assert "94,587 labels" in done.out
    found = assay("plan", "--standard", "4sigma", "--json").json
    assert found["plans"][0]["labels"] == 94_587
    assert found["recommended"][0]["allowed_errors"] == 2
    assert found["sigma"]["one-sided"] == pytest.approx(4)
    assert found["reach"]["verdict"] == "within"
    assert found["guarantee"] == "proved"


def test_a_standard_out_of_reach_is_no_failure(assay: Assay) -> None:
    done = assay("plan", "--standard", "6sigma")
    assert done.status == 0
    assert "out of reach by testing" in done.out


@pytest.mark.parametrize(
    ("arguments", "said", "next_command"),
    [
        (("--standard", "30/30d"), "is a count", "--per-day 20000"),
        (("--standard", "human"), "their error rate", "--human-error-rate 0.10 --human-per-day 40"),
        (("--at-most", "0"), "between 0 and 1", "assay plan --at-most 0.001"),
        (("--standard", "99%"), "a standard is", "assay plan --standard 4sigma"),
        (("--standard", "40sigma"), "only a proof", ""),
    ],
)
def test_wrong_input_is_one_sentence_and_a_command(
    assay: Assay, arguments: tuple[str, ...], said: str, next_command: str
) -> None:
    done = assay("plan", *arguments)
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert next_command in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--standard", "4sigma", "--at-most", "0.1"),
        ("--standard", "4sigma", "--population", "x"),
    ],
)
def test_wrong_usage(assay: Assay, arguments: tuple[str, ...]) -> None:
    assert assay("plan", *arguments).status == 2


def test_the_next_command_of_an_error_works(assay: Assay) -> None:
    for standard in ("30/30d", "human", "99%"):
        error = assay("plan", "--standard", standard).err
        command = error.split("next: assay ")[1].split()
        assert assay(*command).status == 0


@pytest.mark.parametrize("allowed", [0, 2])
def test_the_plan_is_exactly_what_the_decision_takes(
    assay: Assay, tmp_path: Path, allowed: int
) -> None:
    """As many labels as planned meet the standard, one less does not."""
    plan = assay("plan", "--standard", "2sigma", "--population", 400, "--json").json
    planned = {row["allowed_errors"]: row["labels"] for row in plan["plans"]}[allowed]
    runs = tmp_path / "runs.jsonl"
    rows = [
        {"trace_id": f"t{i}", "input": f"q{i}", "system": "bot", "output": "a"} for i in range(400)
    ]
    runs.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for labels, status in ((planned, 0), (planned - 1, 3)):
        ledger, todo = tmp_path / f"{labels}.ledger", tmp_path / f"{labels}.csv"
        assay("ingest", runs, "--into", ledger)
        draw = ("draw", ledger, "--labels", labels, "--seed", 7, "--no-judge", "-o", todo)
        assert assay(*draw).status == 0
        listed = list(csv.DictReader(todo.read_text().splitlines()))
        for place, row in enumerate(listed):
            row["verdict"] = "wrong" if place < allowed else "right"
        with todo.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(listed[0]))
            writer.writeheader()
            writer.writerows(listed)
        assay("label", ledger, todo, "--person", "ada")
        assert assay("volume", ledger, "--standard", "2sigma").status == status
