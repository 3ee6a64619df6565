"""Every hostile file through the commands: a clear message, no traceback, no good row lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger
from ledger.ingest.hostile_archives import CASES, Case
from ledger.ingest.hostile_text import Hostile, all_files

Assay = Callable[..., Any]
TEXTS = [file for file in all_files() if not file.big]
BIG = [file for file in all_files() if file.big]


def test_there_are_more_than_two_hundred() -> None:
    assert len(TEXTS) + len(BIG) + len(CASES) > 200


def through_the_commands(assay: Assay, path: Path, mapping: str = "") -> int:
    """Ingest and examine a file; return how many traces and verdicts its accepted lines left in the ledger."""
    ledger = path.parent / "runs.ledger"
    options = ["--map", mapping] if mapping else []
    done = assay("ingest", path, "--into", ledger, *options, "--json")
    assert done.status in (0, 1)
    assert "Traceback" not in done.err
    said = json.loads(done.out)
    accepted = 0
    for report in said["files"]:
        assert report["lines"] == report["accepted"] + report["rejected"] + report["blank"]
        assert report["rejected"] == 0 or Path(report["rejects_file"]).exists()
        accepted = report["accepted"]
        rows = {name: state.rows for name, state in Ledger.open(ledger).state().items()}
        assert (rows["traces"], rows["verdicts"]) == (
            report["traces_added"],
            report["verdicts_added"],
        )
    if done.status == 1:
        assert accepted == 0 or not said["files"]
        assert done.err.strip() or said["failed"]
    examined = assay("doctor", path, *options)
    assert examined.status in (0, 1)
    assert "Traceback" not in examined.err
    return accepted


@pytest.mark.parametrize("file", TEXTS, ids=str)
def test_texts(file: Hostile, assay: Assay, tmp_path: Path) -> None:
    path = tmp_path / file.file
    path.parent.mkdir(parents=True, exist_ok=True)
    file.write(path)
    accepted = through_the_commands(assay, path, file.mapping)
    assert accepted >= file.good or file.whole


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_archives(case: Case, assay: Assay, tmp_path: Path) -> None:
    path = tmp_path / case.file
    path.write_bytes(case.make())
    accepted = through_the_commands(assay, path)
    assert accepted >= case.good or case.refused


@pytest.mark.nightly
@pytest.mark.parametrize("file", BIG, ids=str)
def test_big_files(file: Hostile, assay: Assay, tmp_path: Path) -> None:
    path = tmp_path / file.file
    file.write(path)
    assert through_the_commands(assay, path, file.mapping) >= file.good or file.whole
