"""Verdicts on their way into the ledger: each is on disk before the next is paid for, and is committed with others.

A commit to the ledger takes some 30 ms and makes a file, so verdicts wait for one another. Until then each stands in
a journal beside the tables: a process killed at any moment loses no verdict that it had received. What the journal
and the ledger both hold, after a kill between commit and clearing, is added once.
"""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from assay.errors import LedgerError
from assay.ledger.ingest.record import Row
from assay.ledger.store import Ledger, literal

FOLDER = "journals"
BATCH_ROWS = 500
BATCH_SECONDS = 10.0


class VerdictJournal:
    """A judge's verdicts on their way into a ledger; one process at a time. Use it as a context.

    Parameters
    ----------
    ledger
        Where they go.
    judge
        The judge's full name.

    Raises
    ------
    LedgerError
        On entering, where another process runs this judge on this ledger.
    """

    def __init__(self, ledger: Ledger, judge: str) -> None:
        self._ledger = ledger
        self._judge = judge
        name = hashlib.sha256(judge.encode("utf-8")).hexdigest()[:16]
        self.path: Path = ledger.path / FOLDER / f"{name}.jsonl"
        self._lock = FileLock(self.path.with_suffix(".lock"), timeout=0)
        self._waiting: list[Row] = []
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(exist_ok=True)
            self._lock.acquire()
        except Timeout:
            raise LedgerError(
                f"another process lets {self._judge} judge {self._ledger.path} now"
            ) from None
        except OSError as error:
            raise LedgerError(f"{self.path} can't be written: {error.strerror or error}") from error
        try:
            self._recover()
            self._file = self.path.open("a", encoding="utf-8")
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.commit()
        finally:
            self._file.close()
            self._lock.release()

    def add(self, row: Row) -> None:
        """Take a verdict: it is safe from a kill when this returns."""
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(row)
        late = time.monotonic() - self._since > BATCH_SECONDS
        if late or len(self._waiting) >= BATCH_ROWS:
            self.commit()

    def commit(self) -> None:
        """Put what waits into the ledger, and clear the journal."""
        if not self._waiting:
            return
        with self._ledger.locked():
            self._ledger.append("verdicts", self._waiting)
        self._waiting = []
        self._file.truncate(0)

    def _recover(self) -> None:
        """Put what a killed process left into the ledger, as far as it is not there."""
        rows = _read(self.path)
        if not rows:
            return
        ids = ",".join(literal(str(row["trace_id"])) for row in rows)
        known = self._ledger.rows(
            f"SELECT trace_id, at FROM verdicts WHERE judge = {literal(self._judge)} "
            f"AND trace_id IN ({ids})"
        )
        there = {str(row["trace_id"]) for row in known}
        with self._ledger.locked():
            self._ledger.append("verdicts", [row for row in rows if row["trace_id"] not in there])
        self.path.write_text("", "utf-8")


def _read(path: Path) -> list[Row]:
    if not path.exists():
        return []
    rows: dict[str, Row] = {}
    for line in path.read_text("utf-8").splitlines():
        try:
            row = json.loads(line)
            rows[row["trace_id"]] = row
        except (ValueError, TypeError, KeyError):
            # The last line of a process that was killed while it wrote.
            continue
    return list(rows.values())
