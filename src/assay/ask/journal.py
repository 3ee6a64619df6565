"""Answers on disk the moment they are there, and in the ledger's table in batches.

    runs.ledger/ask/
        RUN.lock            held by the process that asks; the system releases it when its holder dies
        RUN.000001.jsonl    a segment: answers that may not be in the table yet, one a line, each with its checksum

Each answer is handed to the system with one write, so a process that is killed loses none; it is on the disk for good
with the next sync (a second at most), or the next commit. A segment is removed once its rows are committed. Whoever
asks next commits the segments that dead processes left, and drops torn lines: what stood there is asked again.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
from filelock import FileLock, Timeout

from assay.errors import LedgerError
from assay.ledger.ingest.record import Row
from assay.ledger.schema import TRACES
from assay.ledger.store import Ledger, literal

FOLDER = "ask"
_COLUMNS = frozenset(column.name for column in TRACES)
_NEEDED = frozenset({"trace_id", "conversation_id", "source"})
"""What tells whether a row is in the table already."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What dead processes left: answers now in the table, and torn lines that were dropped."""

    rows: int = 0
    torn: int = 0


@contextmanager
def held_run(ledger: Ledger, run: str) -> Iterator[None]:
    """Hold a run: nobody else asks the same tasks under the same settings meanwhile.

    Raises
    ------
    LedgerError
        Where another process does so already.
    """
    folder = _folder(ledger)
    lock = FileLock(folder / f"{run}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LedgerError(
            f"another process asks these tasks with these settings now ({folder / f'{run}.lock'} is held): "
            "let it end, or stop it; its answers are kept either way"
        ) from None
    try:
        yield
    finally:
        lock.release()


def recover(ledger: Ledger, own_run: str) -> Recovered:
    """Commit what dead processes left; segments of living ones stay.

    Parameters
    ----------
    ledger
    own_run
        The run that the caller holds.
    """
    rows = torn = 0
    for path in sorted(_folder(ledger).glob("*.jsonl")):
        run = path.name.split(".")[0]
        lock = FileLock(path.parent / f"{run}.lock")
        if run != own_run:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
        try:
            found, bad = read_segment(path)
            rows += commit(ledger, found)
            torn += bad
            path.unlink(missing_ok=True)
        finally:
            lock.release()
    return Recovered(rows, torn)


class Journal:
    """The segments of one run.

    Parameters
    ----------
    ledger
    run
        The run's name; the caller holds it.
    """

    def __init__(self, ledger: Ledger, run: str) -> None:
        self._ledger = ledger
        self._run = run
        self._number = 0
        self._path = self._segment()
        self._stream: BinaryIO | None = None
        self._rows: list[Row] = []
        self._synced = True

    @property
    def waiting(self) -> int:
        """Answers that are not in the table yet."""
        return len(self._rows)

    def append(self, row: Row) -> None:
        """Keep an answer.

        Raises
        ------
        LedgerError
            Where the disk takes no more.
        """
        line = encode_line(row)
        try:
            if self._stream is None:
                self._stream = self._path.open("xb", buffering=0)
            written = self._stream.write(line)
        except OSError as error:
            raise self._full(error.strerror or str(error)) from error
        if written != len(line):
            raise self._full(f"{written} of {len(line)} bytes were taken")
        self._rows.append(row)
        self._synced = False

    def sync(self) -> None:
        """Make sure that what was appended outlives a loss of power. May run in another thread than `append`."""
        if self._stream is not None and not self._synced:
            self._synced = True
            os.fsync(self._stream.fileno())

    def rotate(self) -> Segment:
        """Close the segment and begin another; return what it holds, to be committed."""
        closed = Segment(self._path, tuple(self._rows))
        self.close()
        self._stream, self._rows, self._synced = None, [], True
        self._path = self._segment()
        return closed

    def close(self) -> None:
        """Close the file, and leave what it holds to whoever asks next."""
        if self._stream is not None:
            self._stream.close()

    def _segment(self) -> Path:
        folder = _folder(self._ledger)
        while True:
            self._number += 1
            path = folder / f"{self._run}.{self._number:06d}.jsonl"
            if not path.exists():
                return path

    def _full(self, why: str) -> LedgerError:
        return LedgerError(
            f"an answer could not be written to {self._path}: {why}; those before it are kept"
        )


@dataclass(frozen=True, slots=True)
class Segment:
    """A closed segment: its file and its rows."""

    path: Path
    rows: tuple[Row, ...]

    def commit(self, ledger: Ledger) -> int:
        """Put the rows into the table, and remove the file; return how many rows were new there."""
        added = commit(ledger, self.rows)
        self.path.unlink(missing_ok=True)
        return added


def commit(ledger: Ledger, rows: Sequence[Row]) -> int:
    """Add answers to the table in one commit; those that are there already are left out.

    Of a conversation that another process has begun, no turn is added: its turns must rest on each other.

    Returns
    -------
    How many were added.
    """
    if not rows:
        return 0
    with ledger.locked():
        known = _known(ledger, rows)
        begun = _begun(ledger, rows)
        fresh: list[Row] = []
        for row in rows:
            trace_id, conversation = str(row["trace_id"]), row["conversation_id"]
            if conversation is not None:
                elsewhere = begun.setdefault(str(conversation), row["source"]) != row["source"]
                if elsewhere:
                    continue
            if trace_id not in known:
                known.add(trace_id)
                fresh.append(row)
        ledger.append("traces", fresh)
    return len(fresh)


def _known(ledger: Ledger, rows: Sequence[Row]) -> set[str]:
    wanted = ", ".join(literal(str(row["trace_id"])) for row in rows)
    found = ledger.rows(f"SELECT trace_id FROM traces WHERE trace_id IN ({wanted})")
    return {row["trace_id"] for row in found}


def _begun(ledger: Ledger, rows: Sequence[Row]) -> dict[str, object]:
    """Return conversation -> the run that began it, for those that are in the table."""
    names = {str(row["conversation_id"]) for row in rows if row["conversation_id"] is not None}
    if not names:
        return {}
    wanted = ", ".join(map(literal, sorted(names)))
    sql = f"SELECT DISTINCT conversation_id, source FROM traces WHERE conversation_id IN ({wanted})"
    return {row["conversation_id"]: row["source"] for row in ledger.rows(sql)}


def encode_line(row: Mapping[str, object]) -> bytes:
    """Return a row as a line: checksum, a space, JSON."""
    data = msgspec.json.encode(row)
    return b"%08x %b\n" % (zlib.crc32(data), data)


def read_segment(path: Path) -> tuple[list[Row], int]:
    """Return the rows of a segment that are whole, and how many lines are not."""
    rows: list[Row] = []
    torn = 0
    for line in path.read_bytes().split(b"\n"):
        if not line:
            continue
        row = _decode(line)
        if row is None:
            torn += 1
        else:
            rows.append(row)
    return rows, torn


def _decode(line: bytes) -> Row | None:
    checksum, _, data = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(data):
        return None
    try:
        row = msgspec.json.decode(data, type=dict[str, object])
    except msgspec.DecodeError:
        return None
    # A line that no asking process wrote must not stand in the way of all others.
    good = (
        _NEEDED <= row.keys() <= _COLUMNS
        and isinstance(row["trace_id"], str)
        and isinstance(row["source"], str)
        and isinstance(row["conversation_id"], str | None)
    )
    return row if good else None


def _folder(ledger: Ledger) -> Path:
    folder = ledger.path / FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise LedgerError(f"{folder} can't be made: {error.strerror or error}") from error
    return folder
