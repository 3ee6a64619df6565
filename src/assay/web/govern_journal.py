"""The governor's journal: what was decided is on the disk before anybody is told.

    runs.ledger/govern/
        journal.000001.jsonl    a segment; its first line is the governor as it was, the others are what came after
        held/ released/ rejected/   answers that were held, by what became of them

Each line has a checksum. Many requests share one sync: while the disk is busy with one, the next collects. The newest
segment is enough to go on; the older ones are the log of decisions, and nothing reads them.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from assay.errors import LedgerError
from assay.ledger.ingest.record import Row
from assay.ledger.store import Ledger

FOLDER = "govern"
Line = Mapping[str, Any]
"""One of: snapshot; event (of the governor); trace (a row); committed (so many of the segment's traces are in)."""


@dataclass(slots=True)
class Found:
    """What the newest segment holds.

    Parameters
    ----------
    number : >= 0
        Of the segment; 0 where there is none.
    snapshot, events
        The governor as it was, and what came after.
    rows
        Traces that may not be in the ledger yet.
    torn
        Whether the last line was cut off: nobody was told of it.
    """

    number: int = 0
    snapshot: dict[str, Any] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    torn: bool = False


def govern_folder(ledger: Ledger) -> Path:
    """Return the governor's folder in a ledger; made where it is missing.

    Raises
    ------
    LedgerError
        Where it can't be made.
    """
    folder = ledger.path / FOLDER
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise LedgerError(f"{folder} can't be made: {error.strerror or error}") from error
    return folder


def read_govern_journal(folder: Path) -> Found:
    """Return what the newest segment holds.

    Raises
    ------
    LedgerError
        Where it can't be read, or a line that is not the last is damaged.
    """
    paths = sorted(folder.glob("journal.*.jsonl"))
    if not paths:
        return Found()
    path = paths[-1]
    try:
        lines = path.read_bytes().split(b"\n")
        number = int(path.name.split(".")[1])
    except (OSError, ValueError) as error:
        raise LedgerError(f"{path} can't be read: {error}") from error
    found, committed = Found(number), 0
    for place, text in enumerate(lines):
        if not text:
            continue
        line = _decoded(text)
        if line is None:
            if any(lines[place + 1 :]):
                raise LedgerError(
                    f"{path}:{place + 1} is damaged, and what comes after rests on it: bring the file back from a "
                    "copy, or move the folder away to begin anew"
                )
            found.torn = True
            break
        if "snapshot" in line:
            found.snapshot = line["snapshot"]
        elif "event" in line:
            found.events.append(line["event"])
        elif "trace" in line:
            found.rows.append(line["trace"])
        else:
            committed = int(line["committed"])
    if found.snapshot is None:
        raise LedgerError(f"{path} does not begin with the governor's state")
    found.rows = found.rows[committed:]
    return found


class GovernJournal:
    """The segment that is being written. For one event loop; one process at a time (`assay.web.govern_serve`).

    Parameters
    ----------
    folder
    number : >= 1
        Of the new segment.
    snapshot
        Of the governor, with which it begins.
    """

    def __init__(self, folder: Path, number: int, snapshot: Line) -> None:
        self._folder = folder
        self._lines: list[bytes] = []
        self._last = self._safe = 0
        self._writing: asyncio.Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="assay-govern")
        self._number = number
        self.records = 0
        self.failed = ""
        self._file = self._begun(number, snapshot, ())

    @property
    def path(self) -> Path:
        """The segment's file."""
        return self._path(self._number)

    def append(self, line: Line) -> None:
        """Hand over a line; `settle` says when the disk has it.

        Raises
        ------
        LedgerError
            Where an earlier line could not be written: after that nothing is taken.
        """
        if self.failed:
            raise LedgerError(self.failed)
        self._lines.append(encoded(line))
        self._last += 1
        self.records += 1

    async def settle(self) -> None:
        """Wait until the disk has all that was appended up to now.

        Raises
        ------
        LedgerError
            Where the disk takes no more.
        """
        wanted = self._last
        while self._safe < wanted:
            if self.failed:
                raise LedgerError(self.failed)
            if self._writing is None:
                self._writing = asyncio.ensure_future(self._flush())
            await asyncio.shield(self._writing)

    def rotate(self, snapshot: Line, rows: Iterable[Row]) -> None:
        """Begin another segment with the governor as it is, and the rows that are not in the ledger yet.

        Parameters
        ----------
        snapshot
            Must hold all events that were appended: it is taken in the same step of the event loop.
        rows
            Those appended, and not committed yet.

        Raises
        ------
        LedgerError
            Where the disk takes no more; then the old segment goes on.
        """
        fresh = self._begun(self._number + 1, snapshot, rows)
        # The new segment makes all of it safe; the old one gets it too, being the log.
        waiting, self._lines, old = b"".join(self._lines), [], self._file
        self._file, self._number, self.records = fresh, self._number + 1, 0
        self._safe = self._last

        def last_words() -> None:
            with suppress(OSError):
                _written(old, waiting)
            old.close()

        self._thread.submit(last_words)

    def close(self) -> None:
        """Write what is left, and close the file."""
        try:
            if self._lines and not self.failed:
                self._thread.submit(_written, self._file, b"".join(self._lines)).result()
        except OSError as error:
            self.failed = self._words(error)
        self._lines = []
        self._thread.shutdown()
        self._file.close()

    async def _flush(self) -> None:
        data, last = b"".join(self._lines), self._last
        self._lines = []
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, _written, self._file, data)
            self._safe = max(self._safe, last)
        except OSError as error:
            self.failed = self._words(error)
        finally:
            self._writing = None

    def _begun(self, number: int, snapshot: Line, rows: Iterable[Row]) -> BinaryIO:
        """Begin a segment: it is there with its first lines, or not at all."""
        path = self._path(number)
        draft = path.with_suffix(".draft")
        try:
            file = draft.open("wb", buffering=0)
            head = encoded({"snapshot": snapshot})
            _written(file, head + b"".join(encoded({"trace": row}) for row in rows))
            draft.replace(path)
            _sync_folder(self._folder)
        except OSError as error:
            raise LedgerError(f"{path} can't be written: {error.strerror or error}") from error
        return file

    def _path(self, number: int) -> Path:
        return self._folder / f"journal.{number:06d}.jsonl"

    def _words(self, error: OSError) -> str:
        return (
            f"{self.path} can't be written: {error.strerror or error}; nothing is released until the service is "
            "started again"
        )


def encoded(line: Line) -> bytes:
    """Return a line: checksum, a space, JSON."""
    data = msgspec.json.encode(line)
    return b"%08x %b\n" % (zlib.crc32(data), data)


def _decoded(text: bytes) -> dict[str, Any] | None:
    checksum, _, data = text.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(data):
        return None
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.DecodeError:
        return None


def _written(file: BinaryIO, data: bytes) -> None:
    while data:
        data = data[file.write(data) or 0 :]
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
