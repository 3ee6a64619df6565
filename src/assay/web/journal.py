"""The journal: every answer is on the disk before the page says so.

A file of lines in the ledger's folder, each with a checksum. A commit to a Delta table takes tens of milliseconds and
makes a file of its own, so answers go to the table in batches; the journal bridges the time between. A server that is
killed leaves it behind, and the next one takes it up: a label's source is the journal's name and the record's number,
so nothing is added twice.
"""

from __future__ import annotations

import json
import os
import secrets
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

import msgspec

from assay.errors import LedgerError
from assay.volume.labels import VERDICTS

FOLDER = "labeling"
"""In the ledger's folder: journals and locks of the labeling page."""

What = Literal["label", "seeded", "undo"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a person did.

    Parameters
    ----------
    number : >= 1
        Its place in the journal.
    what
        A label of a drawn trace, an answer on a seeded item, or an answer taken back.
    person
        Who.
    trace_id
        Of what.
    at
        Microseconds since 1970 UTC.
    verdict
        right, wrong or unsure; empty in an undo.
    severity, kind, note
        What was said beside it.
    chance
        With what probability the trace was drawn; None in a draw of whole units.
    key
        Of a seeded item: whether it is wrong.
    undone
        Of an undo: the number of the entry that it takes back.
    """

    number: int
    what: What
    person: str
    trace_id: str
    at: int
    verdict: str = ""
    severity: int | None = None
    kind: str | None = None
    note: str | None = None
    chance: float | None = None
    key: bool | None = None
    undone: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A journal as it was found.

    Parameters
    ----------
    name
        Its random name.
    draw_id
        The draw that its labels are of.
    entries
        Those that are whole.
    damaged : >= 0
        Lines that are not what was written. A torn last line is none: its answer was never confirmed.
    """

    name: str
    draw_id: str
    entries: tuple[Entry, ...]
    damaged: int = 0


class Journal:
    """A journal that is open for appending. One process at a time may have it (see `assay.web.serve`)."""

    def __init__(self, path: Path, draw_id: str) -> None:
        self.path = path
        self.name = secrets.token_hex(8)
        self.last = 0
        # Buffered writes could reach the disk long after the answer was confirmed: none here.
        try:
            path.parent.mkdir(exist_ok=True)
            self._file = path.open("xb", buffering=0)
            self._write(_line({"journal": self.name, "draw": draw_id}))
            _sync_folder(path.parent)
        except OSError as error:
            raise LedgerError(f"{path} can't be written: {error.strerror or error}") from error

    def append(self, entry: Entry) -> None:
        """Write an entry and wait until the disk has it.

        Raises
        ------
        LedgerError
            Where it could not be written; then it counts as never said.
        """
        start = self._file.tell()
        try:
            # A line break first: whatever a failed write left stays on a line of its own.
            self._write(b"\n" + _line(asdict(entry)))
        except OSError as error:
            # All of it may be there but its last byte, and the next server would take it for confirmed.
            with suppress(OSError):
                self._file.truncate(start)
                self._file.seek(start)
            raise LedgerError(
                f"the answer could not be written to {self.path}: {error.strerror or error}"
            ) from error
        self.last = entry.number

    def _write(self, data: bytes) -> None:
        while data:
            data = data[self._file.write(data) or 0 :]
        os.fsync(self._file.fileno())

    def close(self, *, done: bool) -> None:
        """Close the file; where everything in it is in the ledger, take it away."""
        self._file.close()
        if done:
            self.path.unlink(missing_ok=True)


def read_journal(path: Path) -> Read | None:
    """Return what a journal holds; None where there is none, or where not even its name was written.

    Raises
    ------
    LedgerError
        Where the file can't be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerError(f"{path} can't be read: {error.strerror or error}") from error
    lines = content.split(b"\n")
    records = [(place, _record(line)) for place, line in enumerate(lines) if line]
    if not records or records[0][1] is None or "journal" not in records[0][1]:
        if any(record is not None for _, record in records):
            raise LedgerError(f"{path} is damaged: its first line, which names it, can't be read")
        return None
    read = [(place, None if record is None else _entry(record)) for place, record in records[1:]]
    damaged = sum(entry is None and place < len(lines) - 1 for place, entry in read)
    head = records[0][1]
    entries = tuple(entry for _, entry in read if entry is not None)
    return Read(str(head["journal"]), str(head.get("draw")), entries, damaged)


def standing(entries: Iterable[Entry]) -> list[Entry]:
    """Return the answers that were not taken back, in order."""
    entries = list(entries)
    undone = {entry.undone for entry in entries if entry.what == "undo"}
    return [e for e in entries if e.what != "undo" and e.number not in undone]


def _line(record: dict[str, object]) -> bytes:
    text = json.dumps(record, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _record(line: bytes) -> dict[str, object] | None:
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _entry(record: dict[str, object]) -> Entry | None:
    """Return the entry that a record is; None where no server of this version can have written it."""
    if record.keys() != {field.name for field in fields(Entry)}:
        return None
    try:
        entry = msgspec.convert(record, Entry)
    except msgspec.ValidationError:
        return None
    good = (
        entry.number >= 1
        and bool(entry.person)
        and 0 <= entry.at < 2**63
        and (entry.undone is not None if entry.what == "undo" else entry.verdict in VERDICTS)
        and entry.severity in (None, 1, 2, 3)
        and (entry.chance is None or 0 < entry.chance <= 1)
    )
    return entry if good else None


def _sync_folder(folder: Path) -> None:
    # Without this a crash of the machine may lose the file's name, though not its content.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
