"""No file of others may end in anything but rows, reasons and a sentence."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import AssayError
from assay.ledger.ingest.assay_lines import ASSAY_LINES
from assay.ledger.ingest.detect import choose_reader
from assay.ledger.ingest.mapping import parse_mapping
from assay.ledger.ingest.record import Blank, Record, Rejected, Tally
from assay.ledger.ingest.source import ReadOptions, Source
from assay.ledger.ingest.table import CSV, JSON_LINES
from ledger.ingest.hostile_text import GOOD_CSV, Hostile, all_files, good

FILES = all_files()
MEMORY_BYTES = 400 * 2**20


def read(path: Path, mapping: str = "") -> tuple[Tally, AssayError | None]:
    tally, last = Tally(), 0
    try:
        options = ReadOptions(parse_mapping(mapping))
        source = Source(path)
        for item in choose_reader(source, options).read(source, options):
            assert isinstance(item, (Record, Rejected, Blank))
            assert item.line > last
            if isinstance(item, Rejected):
                assert item.reason
                item.reason.encode("utf-8")
            last = item.line
            tally.add(item)
    except AssayError as error:
        str(error).encode("utf-8", "backslashreplace")
        return tally, error
    return tally, None


def test_there_are_enough() -> None:
    assert len(FILES) >= 120
    assert len({file.name for file in FILES}) == len(FILES)


@pytest.mark.parametrize("file", [f for f in FILES if not f.big], ids=str)
def test_good_rows_come_through_and_nothing_breaks(file: Hostile, tmp_path: Path) -> None:
    check(file, tmp_path)


@pytest.mark.parametrize("file", [f for f in FILES if f.big], ids=str)
def test_big_files_are_read_in_little_memory(file: Hostile, tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    check(file, tmp_path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < MEMORY_BYTES


def check(file: Hostile, folder: Path) -> None:
    path = folder / file.file
    file.write(path)
    tally, error = read(path, file.mapping)
    if error is not None and not file.whole:
        raise error
    assert tally.lines == tally.accepted + tally.rejected + tally.blank
    if error is None and file.lines is not None:
        assert tally.lines == file.lines
    if file.at_least:
        assert tally.accepted >= file.good
        assert tally.rejected == 1
    elif error is None or file.good:
        assert tally.accepted == file.good
    if file.whole and not file.good:
        assert tally.accepted == 0


BYTES = st.integers(0, 255)


@given(st.lists(st.tuples(st.integers(0, 150), BYTES), max_size=4), st.integers(0, 200))
def test_mutated_lines_leave_their_neighbours_alone(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], cut: int
) -> None:
    line = bytearray(
        b'{"task_id": "t", "system": "m", "output": "y", "at": "2026-01-02T03:04:05Z", "tags": {"a": "b"}, "turn": 3}'
    )
    for place, byte in changes:
        line[place % len(line)] = byte
    bad = bytes(line[: max(1, cut)]).replace(b"\n", b" ")
    path = tmp_path_factory.getbasetemp() / "mutated.jsonl"
    path.write_bytes(good(1) + bad + b"\n" + good(2))
    for reader in (ASSAY_LINES, JSON_LINES):
        items = list(reader.read(Source(path), ReadOptions()))
        assert [item.line for item in items] == [1, 2, 3]
        assert isinstance(items[0], Record)
        assert isinstance(items[2], Record)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(b'",\n\r;\x00\xff\t ax')), max_size=5)
)
def test_mutated_tables_end_in_items_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    table = bytearray(GOOD_CSV + b't2,m,"no, sir"\nt3,m,yes\n')
    for place, byte in changes:
        table[place] = byte
    path = tmp_path_factory.getbasetemp() / "mutated.csv"
    path.write_bytes(bytes(table))
    read(path)
    numbers: list[int] = []
    try:
        numbers += [item.line for item in CSV.read(Source(path), ReadOptions())]
    except AssayError:
        return
    assert numbers == sorted(set(numbers))
