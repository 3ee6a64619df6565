"""The ledger keeps what was acknowledged, whoever else writes and whatever dies."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import LedgerError, SchemaVersionError
from assay.ledger.schema import SCHEMA_VERSION, TABLES
from assay.ledger.store import Ledger, literal

APPENDER = """
import sys
from assay.ledger.store import Ledger
ledger, name, appends, rows = Ledger.open(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for index in range(appends):
    with ledger.locked():
        ledger.append("traces", [{"trace_id": f"{name}-{index}-{row}", "system": "s"} for row in range(rows)])
    print(index, flush=True)
"""


def appender(ledger: Ledger, name: str, appends: int, rows: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", APPENDER, str(ledger.path), name, str(appends), str(rows)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def ids(ledger: Ledger) -> list[str]:
    return [row["trace_id"] for row in ledger.rows("SELECT trace_id FROM traces")]


def test_a_new_ledger_has_its_tables_with_all_their_columns(ledger: Ledger) -> None:
    for name, columns in TABLES.items():
        batch = ledger.query(f"SELECT * FROM {name}").read_all()
        assert batch.schema.names == [column.name for column in columns]


def test_values_come_back_as_they_went_in(ledger: Ledger) -> None:
    row = {
        "trace_id": "t'1",
        "system": "s",
        "at": 1_759_622_400_123_456,
        "latency_seconds": 0.1,
        "prompt_tokens": 2**62,
        "output": "quotes ' \" and 答え\n",
    }
    ledger.append("traces", [row])
    got = ledger.rows(
        f"SELECT *, cast(at AS bigint) AS us FROM traces WHERE trace_id = {literal(str(row['trace_id']))}"
    )[0]
    assert got["us"] == row["at"]
    assert {k: got[k] for k in row if k != "at"} == {k: v for k, v in row.items() if k != "at"}
    assert got["cost_usd"] is None


def test_several_processes_append_at_once(ledger: Ledger) -> None:
    processes = [appender(ledger, f"p{i}", 15, 20) for i in range(4)]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    found = ids(ledger)
    assert len(found) == len(set(found)) == 4 * 15 * 20


@pytest.mark.parametrize("trials", [6, pytest.param(100, marks=pytest.mark.nightly)])
def test_a_process_killed_in_an_append_leaves_the_last_good_version(
    ledger: Ledger, trials: int
) -> None:
    rng = random.Random(20261122)
    acknowledged: list[str] = []
    for trial in range(trials):
        with appender(ledger, f"t{trial}", 1_000, 50) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.uniform(0.0, 0.4))
            process.send_signal(signal.SIGKILL)
            said = [0, *(int(line) for line in process.stdout.read().split())]
        acknowledged += [f"t{trial}-{index}-{row}" for index in said for row in range(50)]
        found = ids(Ledger.open(ledger.path))
        assert set(acknowledged) <= set(found), "an acknowledged row was lost"
        assert len(found) % 50 == 0, "half a batch was left"
        assert len(found) == len(set(found))
    ledger.append("traces", [{"trace_id": "after"}])
    assert "after" in ids(ledger)


def test_compacting_folds_files_and_changes_no_row(ledger: Ledger) -> None:
    for index in range(12):
        ledger.append("traces", [{"trace_id": str(index)}])
    before = sorted(ids(ledger))
    assert ledger.state()["traces"].files == 12
    assert ledger.compact()["traces"].files == 1
    assert sorted(ids(ledger)) == before


def test_an_older_version_can_be_read(ledger: Ledger) -> None:
    ledger.append("traces", [{"trace_id": "a"}])
    version = ledger.version("traces")
    ledger.append("traces", [{"trace_id": "b"}])
    ledger.compact()
    assert ledger.rows("SELECT count(*) AS n FROM traces", versions={"traces": version}) == [
        {"n": 1}
    ]


def test_creating_where_a_ledger_is_opens_it(ledger: Ledger) -> None:
    ledger.append("traces", [{"trace_id": "a"}])
    assert ids(Ledger.create(ledger.path)) == ["a"]


def test_a_ledger_half_made_is_finished(tmp_path: Path) -> None:
    whole = Ledger.create(tmp_path / "a.ledger")
    (whole.path / "assay.json").unlink()
    with pytest.raises(LedgerError, match="there is no ledger"):
        Ledger.open(whole.path)
    Ledger.create(whole.path).append("traces", [{"trace_id": "a"}])


def test_a_folder_with_other_things_is_not_taken(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    write("thesis.txt", "mine")
    with pytest.raises(LedgerError, match=r"thesis\.txt"):
        Ledger.create(tmp_path)


def test_a_file_is_not_taken(write: Callable[..., Path]) -> None:
    with pytest.raises(LedgerError, match="is a file"):
        Ledger.create(write("runs.csv", "a,b\n"))


def test_no_ledger_names_the_next_command(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        Ledger.open(tmp_path / "none")
    assert "assay ingest FILE --into" in str(caught.value)


@pytest.mark.parametrize(
    "mark", ["", "{}", "[1]", '{"format": "other", "schema_version": 1}', "\x00"]
)
def test_a_damaged_mark_is_said(ledger: Ledger, mark: str) -> None:
    (ledger.path / "assay.json").write_text(mark)
    with pytest.raises(LedgerError, match="damaged"):
        Ledger.open(ledger.path)


@pytest.mark.parametrize(
    ("version", "command"), [(SCHEMA_VERSION + 1, "--upgrade"), (0, "assay ledger migrate")]
)
def test_another_schema_names_the_next_command(ledger: Ledger, version: int, command: str) -> None:
    mark = json.loads((ledger.path / "assay.json").read_text())
    (ledger.path / "assay.json").write_text(json.dumps(mark | {"schema_version": version}))
    with pytest.raises(SchemaVersionError, match="schema") as caught:
        Ledger.open(ledger.path)
    assert command in caught.value.next_command


def test_a_place_that_can_not_be_written_is_said(write: Callable[..., Path]) -> None:
    with pytest.raises(LedgerError, match="can't be made"):
        Ledger.create(write("notes.txt", "mine") / "runs.ledger")
