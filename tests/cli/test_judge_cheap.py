"""Judges that need no model, from the command line to a draw and a volume."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger

Assay = Callable[..., Any]
Write = Callable[[str, str | bytes], Path]

TASKS = 150
EPOCHS = 4


def said(task: int, epoch: int) -> tuple[str, bool]:
    """Return an answer and whether it is wrong: one task in ten is often wrong, one of 25 always and alike."""
    if task % 25 == 0:
        return "The total is 7.", True
    wrong = task % 10 == 1 and epoch % 2 == 0
    return f"The total is {task + epoch if wrong else task}.0", wrong


@pytest.fixture
def runs(assay: Assay, write: Write, tmp_path: Path) -> Path:
    rows = [
        {
            "trace_id": f"t{task:03d}-{epoch}", "task_id": f"q{task}", "epoch": epoch, "system": "bot",
            "input": f"What is the total of order {task}?", "output": said(task, epoch)[0],
            "context": f"Order {task}: the total is {task}." if task % 3 else None,
            "at": f"2026-10-{1 + epoch:02d}T{task % 24:02d}:00:00Z",
        }
        for task in range(TASKS)
        for epoch in range(1, EPOCHS + 1)
    ]  # fmt: skip
    file = write("runs.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    ledger = tmp_path / "runs.ledger"
    assert assay("ingest", file, "--into", ledger).status == 0
    return ledger


def label(assay: Assay, ledger: Path, todo: Path) -> None:
    rows = list(csv.DictReader(todo.read_text().splitlines()))
    for row in rows:
        task, epoch = row["trace_id"].removeprefix("t").split("-")
        row["verdict"] = "wrong" if said(int(task), int(epoch))[1] else "right"
    with todo.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert assay("label", ledger, todo, "--person", "ada").status == 0


def test_from_agreement_to_a_draw_to_a_volume(assay: Assay, runs: Path, tmp_path: Path) -> None:
    found = assay("judge", "agree", runs, "--parser", "last-number", "--json").json
    judge = found["judge"]
    assert judge == "agreement@1 (last-number@1; as number; up to 3 other epochs)"
    assert (found["compared"], found["written"], found["alone"]) == (600, 600, 0)
    # A score is no count: without labels there is no volume, however many outputs were scored.
    assert "the volume of errors is unknown" in assay("volume", runs).out
    todo = tmp_path / "todo.csv"
    drawn = assay(
        "draw", runs, "--labels", 120, "--seed", 7, "--judge", judge, "-o", todo, "--json"
    )
    assert drawn.status == 0
    strata = drawn.json["draws"][0]["strata"]
    assert len(strata) > 1
    label(assay, runs, todo)
    volume = assay("volume", runs, "--json").json["systems"][0]
    wrong = sum(said(task, epoch)[1] for task in range(TASKS) for epoch in range(1, EPOCHS + 1))
    assert volume["errors"]["low"] <= wrong <= volume["errors"]["high"]
    # The judge sees no error that all epochs make alike: these score as low as any answer can.
    alike = Ledger.open(runs).rows(
        "SELECT DISTINCT error_probability AS p FROM verdicts WHERE trace_id LIKE 't025-%' AND draw_id IS NULL"
    )
    assert [row["p"] for row in alike] == [0.5 / 4]
    # And of a task that is half wrong it suspects the right answers too.
    assert found["mostly_different"] == 15 * EPOCHS


def test_what_agree_prints(assay: Assay, runs: Path) -> None:
    done = assay("judge", "agree", runs, "--parser", "last-number")
    assert done.out.startswith("agreement@1 (last-number@1; as number; up to 3 other epochs): 600 ")
    assert "this is no error rate" in done.err
    assert "next: assay draw" in done.err
    alone = assay("judge", "agree", runs, "--between", "systems")
    assert (alone.status, "one system only" in alone.err) == (1, True)
    assert assay("judge", "agree", runs, "--between", "epochs", "--with", "bot").status == 1
    assert assay("judge", "agree", runs, "--parser", "nonsense").status == 1
    assert assay("judge", "agree", runs, "--between", "days").status == 2


@pytest.mark.parametrize("method", ["numbers", "lexical", "lexical-1"])
def test_from_grounding_to_a_draw(assay: Assay, runs: Path, tmp_path: Path, method: str) -> None:
    found = assay("judge", "ground", runs, "--method", method, "--json").json
    assert (found["scored"], found["without_source"], found["unscored"]) == (400, 200, 0)
    todo = tmp_path / "todo.csv"
    arguments = ("--labels", 90, "--seed", 7, "--judge", found["judge"], "-o", todo)
    assert assay("draw", runs, *arguments).status == 0
    label(assay, runs, todo)
    volume = assay("volume", runs, "--json").json["systems"][0]
    wrong = sum(said(task, epoch)[1] for task in range(TASKS) for epoch in range(1, EPOCHS + 1))
    assert volume["errors"]["low"] <= wrong <= volume["errors"]["high"]
    again = assay("judge", "ground", runs, "--method", method, "--json").json
    assert (again["scored"], again["already"]) == (0, 400)


def test_what_ground_prints(assay: Assay, runs: Path) -> None:
    done = assay("judge", "ground", runs, "--method", "numbers")
    assert done.out == "numbers-grounded@1 (context and input): 400 answers scored now\n"
    assert "200 answers have no context, and stay unjudged (--source input" in done.err
    inputs = assay("judge", "ground", runs, "--method", "numbers", "--source", "input", "--json")
    assert inputs.json["scored"] == 600
    assert assay("judge", "ground").status == 2


def test_the_card_needs_no_ledger(assay: Assay) -> None:
    done = assay("judge", "ground", "--card")
    assert done.status == 0
    assert "Not measured: " in done.out
    assert max(map(len, done.out.splitlines()[:16])) <= 110
    card = assay("judge", "ground", "--card", "--json").json
    assert len(card["weights"]) == card["card"]["features"] == 29
    for row in card["card"]["measured"]:
        assert set(row["lexical-1"]) == {"n", "auroc", "auroc_within", "rho_squared"}
        assert {"length_alone", "group_alone_in_sample", "cpu_ms_per_answer"} <= set(row)
