from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.curate.loop.turn import (
    Audit,
    Audited,
    Measured,
    Sampled,
    TurnRecord,
    read_turn,
    read_turns,
    turn_folder,
)
from assay.errors import BadInput

RECORD = TurnRecord(
    turn=0,
    system="small",
    version="turn-0",
    generated=10,
    kept=6,
    kept_right=5,
    trained=6,
    distinct_outputs=9,
    audit=Audit(Audited(4, 3, 6), Audited(2, 0, 4), {"digit 1": (1, 2)}),
    training={"examples": 6, "steps": 2, "seconds": 0.5, "tokens": 120},
    held_out=Measured(20, 12, 1_000.0),
    harder=None,
    sampled=Sampled(3, 2, (0, 1, 2)),
    seconds={"generate": 0.1},
)


def write(out: Path, turn: int, told: object) -> Path:
    path = turn_folder(out, turn) / "turn.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(told), "utf-8")
    return path


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    assert read_turn(write(tmp_path, 0, RECORD.to_json())) == RECORD
    assert read_turns(tmp_path) == (RECORD,)


def test_what_is_no_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no turn of a loop"):
        read_turns(tmp_path)
    with pytest.raises(BadInput, match="no record of a turn"):
        read_turn(write(tmp_path, 0, {"turn": 0}))
    with pytest.raises(BadInput, match="can't be read"):
        read_turn(tmp_path / "turn.json")


def test_a_missing_turn_is_named(tmp_path: Path) -> None:
    write(tmp_path, 1, RECORD.to_json() | {"turn": 1})
    with pytest.raises(BadInput, match="turn 0 is missing"):
        read_turns(tmp_path)
