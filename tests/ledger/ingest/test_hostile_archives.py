"""Every hostile archive: no exception but an AssayError, counts that add up, what is good in it is still read."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.ledger.ingest.inspect_log import INSPECT_EVAL, INSPECT_JSON
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.record import Rejected, Tally
from assay.ledger.ingest.source import ReadOptions, Source
from ledger.ingest.hostile_archives import CASES, Case

SECONDS = 20.0  # CPU, not wall: the slowest takes 0.7; a bomb that went off would take minutes
MEBIBYTES = 200


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile_file(case: Case, tmp_path: Path) -> None:
    path = tmp_path / case.file
    path.write_bytes(case.make())
    reader = INSPECT_JSON if case.file.endswith(".json") else INSPECT_EVAL
    before, start = _peak_mebibytes(), time.process_time()
    tally, items = Tally(), 0
    source = Source(path)
    reader.recognises(Head(source.head(), path.name))
    try:
        for item in reader.read(source, ReadOptions()):
            items += 1
            tally.add(item)
            if isinstance(item, Rejected):
                assert item.reason
                assert len(item.excerpt) <= 4_000
        refusal = ""
    except AssayError as error:
        refusal = str(error)
    assert not refusal or (case.refused and path.name in refusal)
    assert tally.accepted + tally.rejected + tally.blank == items
    assert refusal or tally.accepted >= case.good
    assert time.process_time() - start < SECONDS
    assert _peak_mebibytes() - before < MEBIBYTES
    assert [p.name for p in tmp_path.iterdir()] == [case.file]


def test_there_are_enough() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) >= 80


def test_nothing_was_written_outside() -> None:
    assert not list(Path("/tmp").glob("assay_slip*"))


def _peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
