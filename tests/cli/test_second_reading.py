"""Labels read again, as a user types it; what doesn't go is said in one sentence with the next command."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger
from volume.desk import Desk, draw, fill

ALARMS = 3


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return fill(ledger, traces=400, error_rate=0.1)


def fill_in(desk: Desk, path: Path, *, alarms: int = 0) -> int:
    """Say the truth of every output of a list, but call the first few right ones wrong."""
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        bad = desk.wrong[row["trace_id"]]
        alarm = not bad and alarms > 0
        alarms -= alarm
        row["verdict"] = "wrong" if bad or alarm else "right"
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def test_read_twice_and_decided(desk: Desk, assay: Callable[..., Any], tmp_path: Path) -> None:
    path = desk.ledger.path
    first, second, third = (tmp_path / f"{name}.csv" for name in ("first", "second", "third"))
    assert assay("draw", path, "--labels", 100, "--seed", 7, "-o", first).status == 0
    fill_in(desk, first, alarms=ALARMS)
    assay("label", path, first, "--person", "ada")
    once = assay("volume", path, "--json").json["systems"][0]
    assert once["label_noise"]["second_reading"] is None
    assert "read once" in once["label_noise"]["floor"]["reason"]

    drawn = assay(
        "draw", path, "--second-reading", "--share-of-right", 0.5, "--seed", 3, "-o", second
    )
    assert drawn.status == 0
    assert "--person NAME" in drawn.err
    count = fill_in(desk, second)
    refused = assay("label", path, second, "--person", "ada")
    assert refused.status == 1
    assert "another person" in refused.err
    taken = assay("label", path, second, "--person", "bob", "--json").json
    assert taken["taken"] == count
    ((reading, undecided),) = taken["undecided"].items()
    assert undecided == ALARMS

    assert assay("draw", path, "--adjudicate", "-o", third).status == 0
    assert fill_in(desk, third) == ALARMS
    assay("label", path, third, "--person", "cleo")
    twice = assay("volume", path, "--json").json["systems"][0]
    noise = twice["label_noise"]
    assert noise["second_reading"] == {
        "draw_id": reading,
        "seed": 3,
        "labels": count,
        "people": ["bob"],
        "deciders": ["cleo"],
        "undecided": 0,
    }
    assert noise["second_finds"]["value"] == 1.0
    assert noise["false_alarm_rate"]["value"] > 0
    assert noise["floor"]["value"] == 0 < noise["floor"]["high"]
    assert noise["errors_if_independent"]["guarantee"] == "assumed"
    said = assay("volume", path).out
    assert "second reader confirms a wrong" in said
    assert "label-noise floor" in said
    assert assay("draw", path, "--adjudicate").status == 1


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--second-reading", "--seed", "3"], 1, "has labels yet"),
        (["--second-reading"], 2, "Missing option '--seed'"),
        (["--second-reading", "draw-00000000", "--seed", "3"], 1, "no draw 'draw-00000000'"),
        (["--second-reading", "--seed", "3", "--labels", "9"], 2, "goes alone"),
        (["--second-reading", "--adjudicate", "--seed", "3"], 2, "goes alone"),
        (["--share-of-right", "0.5", "--labels", "9", "--seed", "3"], 2, "--second-reading"),
        (["--second-reading", "--share-of-right", "2", "--seed", "3"], 2, "0<=x<=1"),
        (["--adjudicate"], 1, "has a second reading yet"),
        (["--labels", "9"], 2, "Missing option '--seed'"),
        (["--seed", "9"], 2, "Missing option '--labels'"),
    ],
)
def test_what_does_not_go_is_said(
    desk: Desk, assay: Callable[..., Any], arguments: list[str], status: int, says: str
) -> None:
    done = assay("draw", desk.ledger.path, *arguments)
    assert done.status == status
    assert says in done.err
    assert "Traceback" not in done.err


def test_a_draw_without_labels_can_not_be_read_again(desk: Desk, assay: Callable[..., Any]) -> None:
    drawn = draw(desk, 50)
    done = assay("draw", desk.ledger.path, "--second-reading", drawn.draw_id, "--seed", 3)
    assert done.status == 1
    assert "0 of 50 labels" in done.err
    assert "assay label" in done.err
