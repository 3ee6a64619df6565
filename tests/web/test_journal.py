"""The journal: what was confirmed is there, whatever happened to the file's end."""

from __future__ import annotations

import resource
import zlib
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from assay.errors import LedgerError
from assay.web.journal import Entry, Journal, _line, read_journal, standing

ENTRY = Entry(1, "label", "ada", "t-1", 5, "wrong", 1, "made up", "a\nnote\u202e", 0.5)


def written(path: Path, count: int) -> Journal:
    journal = Journal(path, "draw-1")
    for number in range(1, count + 1):
        journal.append(replace(ENTRY, number=number, trace_id=f"t-{number}"))
    return journal


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.journal"
    journal = written(path, 3)
    found = read_journal(path)
    assert found is not None
    assert (found.name, found.draw_id, found.damaged) == (journal.name, "draw-1", 0)
    assert found.entries[0] == replace(ENTRY, trace_id="t-1")
    assert [entry.number for entry in found.entries] == [1, 2, 3]
    journal.close(done=True)
    assert read_journal(path) is None


def test_a_crash_at_every_byte_of_the_last_record(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    written(path, 2).close(done=False)
    before = path.stat().st_size
    journal = tmp_path / "b.journal"
    written(journal, 3).close(done=False)
    whole = journal.read_bytes()
    assert len(whole) > before
    for end in range(before, len(whole) + 1):
        path.write_bytes(whole[:end])
        found = read_journal(path)
        assert found is not None
        # Without its line break a record is whole, too; with a byte less it was never confirmed.
        complete = end >= len(whole) - 1
        assert [e.number for e in found.entries] == ([1, 2, 3] if complete else [1, 2]), end
        assert found.damaged == 0


def test_every_flipped_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    written(path, 3).close(done=False)
    whole = path.read_bytes()
    good = read_journal(path)
    assert good is not None
    for place in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        found = read_journal(path)
        assert found is not None
        assert set(found.entries) <= set(good.entries), "no entry is ever read as another"
        if found.entries != good.entries:
            last = len(found.entries) == 2 and found.entries == good.entries[:2]
            assert found.damaged or last


def test_a_record_after_a_failed_write_stands_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    journal = written(path, 1)
    journal._file.write(b"\n0123 half a rec")
    journal.append(replace(ENTRY, number=2))
    found = read_journal(path)
    assert found is not None
    assert [entry.number for entry in found.entries] == [1, 2]
    assert found.damaged == 1
    journal.close(done=True)


def test_a_journal_without_its_name_is_refused_and_an_empty_one_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    written(path, 1).close(done=False)
    path.write_bytes(b"\n".join(path.read_bytes().split(b"\n")[1:]))
    with pytest.raises(LedgerError, match="names it"):
        read_journal(path)
    path.write_bytes(b"")
    assert read_journal(path) is None


def test_a_full_disk_is_said_and_nothing_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    journal = written(path, 1)
    journal._file.close()
    journal._file = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115
    with pytest.raises(LedgerError, match="No space left"):
        journal.append(replace(ENTRY, number=2))
    assert journal.last == 1
    journal.close(done=False)


def test_an_answer_that_was_refused_for_a_full_disk_is_not_there_later(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    journal = written(path, 1)
    line = len(b"\n" + _line(asdict(replace(ENTRY, number=2))))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for room in range(line):
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room, before[1]))
        try:
            with pytest.raises(LedgerError, match="could not be written"):
                journal.append(replace(ENTRY, number=2))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        found = read_journal(path)
        assert found is not None
        assert [entry.number for entry in found.entries] == [1], room
        assert found.damaged == 0
    journal.append(replace(ENTRY, number=2))
    found = read_journal(path)
    assert found is not None
    assert [entry.number for entry in found.entries] == [1, 2]
    journal.close(done=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"verdict": "maybe"},
        {"verdict": ""},
        {"what": "erase"},
        {"person": 3},
        {"trace_id": None},
        {"at": "now"},
        {"at": True},
        {"number": 0},
        {"severity": 9},
        {"chance": "1"},
        {"chance": 1e9},
        {"unknown": 1},
        {"what": "undo"},
    ],
)
def test_a_line_with_a_good_checksum_and_nonsense_in_it_is_damaged(
    tmp_path: Path, changed: dict[str, object]
) -> None:
    path = tmp_path / "a.journal"
    journal = written(path, 1)
    journal.close(done=False)
    with path.open("ab") as stream:
        stream.write(b"\n" + _line({**asdict(replace(ENTRY, number=2)), **changed}) + b"\n")
    found = read_journal(path)
    assert found is not None
    assert ([entry.number for entry in found.entries], found.damaged) == ([1], 1)


def test_a_bottomless_line_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    written(path, 1).close(done=False)
    deep = b"[" * 100_000
    with path.open("ab") as stream:
        stream.write(b"\n%08x %s\n\n" % (zlib.crc32(deep), deep))
    found = read_journal(path)
    assert found is not None
    assert found.damaged == 1


def test_what_was_taken_back_does_not_stand() -> None:
    second = replace(ENTRY, number=2, trace_id="t-2")
    undo = Entry(3, "undo", "ada", "t-2", 5, undone=2)
    assert standing([ENTRY, second, undo]) == [ENTRY]
