"""A ledger that an older Assay made is brought up, and loses nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import arro3.core as arrow
import pytest
from deltalake import DeltaTable, Schema, write_deltalake

from assay.errors import LedgerError, SchemaVersionError
from assay.ledger.columns import ARROW, arrow_table
from assay.ledger.migrate import SINCE, migrate
from assay.ledger.schema import SCHEMA_VERSION, TABLES
from assay.ledger.store import Ledger


def older_ledger(path: Path) -> Path:
    """A ledger as it would be had some columns come later."""
    path.mkdir()
    for name, columns in TABLES.items():
        if name in SINCE:
            continue
        old = [
            column
            for column in columns
            if column.name not in ("reasoning", "severity", "traces_version")
        ]
        fields = [arrow.Field(column.name, ARROW[column.type], nullable=True) for column in old]
        DeltaTable.create(path / name, schema=Schema.from_arrow(arrow.Schema(fields)))
        if name == "traces":
            write_deltalake(
                path / name, arrow_table(old, [{"trace_id": "a", "output": "x"}]), mode="append"
            )
    (path / "assay.json").write_text(json.dumps({"format": "assay-ledger", "schema_version": 0}))
    return path


def test_missing_columns_are_added_and_rows_stay(tmp_path: Path) -> None:
    path = older_ledger(tmp_path / "old.ledger")
    steps = migrate(path)
    assert "traces: column reasoning added" in steps
    assert steps[-1] == f"schema 0 -> {SCHEMA_VERSION}"
    ledger = Ledger.open(path)
    ledger.append("traces", [{"trace_id": "b", "reasoning": "because"}])
    rows = ledger.rows("SELECT trace_id, output, reasoning FROM traces ORDER BY trace_id")
    assert rows == [
        {"trace_id": "a", "output": "x", "reasoning": None},
        {"trace_id": "b", "output": None, "reasoning": "because"},
    ]


def test_a_table_that_came_later_is_made(tmp_path: Path) -> None:
    path = older_ledger(tmp_path / "old.ledger")
    assert "table cases added" in migrate(path)
    ledger = Ledger.open(path)
    ledger.append("cases", [{"case_id": "case-1", "event": "opened", "note": "wrong city"}])
    assert ledger.rows("SELECT note FROM cases") == [{"note": "wrong city"}]


def test_a_table_that_is_gone_does_not_come_back_empty(tmp_path: Path) -> None:
    ledger = Ledger.create(tmp_path / "runs.ledger")
    shutil.rmtree(ledger.path / "cases")
    with pytest.raises(LedgerError):
        migrate(ledger.path)


def test_migrating_twice_does_nothing_the_second_time(tmp_path: Path) -> None:
    path = older_ledger(tmp_path / "old.ledger")
    migrate(path)
    assert migrate(path) == []


def test_one_left_half_way_is_finished(tmp_path: Path) -> None:
    path = older_ledger(tmp_path / "old.ledger")
    migrate(path)
    (path / "assay.json").write_text(json.dumps({"format": "assay-ledger", "schema_version": 0}))
    assert migrate(path) == [f"schema 0 -> {SCHEMA_VERSION}"]


def test_a_newer_ledger_is_left_alone(ledger: Ledger) -> None:
    (ledger.path / "assay.json").write_text(
        json.dumps({"format": "assay-ledger", "schema_version": SCHEMA_VERSION + 1})
    )
    with pytest.raises(SchemaVersionError):
        migrate(ledger.path)
