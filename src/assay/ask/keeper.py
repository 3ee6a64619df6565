"""The answers of a run: each on the disk the moment it is there, in the table in batches.

A process that is killed loses no answer, and whoever types the same command asks only for what is missing. What is
asked for next is not the keeper's matter: it may be planned, as tasks are, or rest on the last answer.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from assay.ask.journal import Journal, Recovered, held_run, recover
from assay.ledger.ingest.record import Row
from assay.ledger.store import Ledger

SYNC_SECONDS = 1.0
COMMIT_SECONDS = 30.0
COMMIT_ROWS = 5_000
"""A commit costs some 50 ms and a file: so often that the table is fresh, so seldom that files stay few."""


@dataclass(slots=True)
class Keeper:
    """Keeps the answers of one run.

    Parameters
    ----------
    source
        What the rows of this process are signed with.
    recovered
        What dead processes had left.
    kept, added
        Answers kept by this process; those of them that were new in the table.
    """

    _ledger: Ledger
    _journal: Journal
    source: str
    recovered: Recovered
    kept: int = 0
    added: int = 0

    def keep(self, row: Row) -> None:
        """Keep an answer.

        Raises
        ------
        LedgerError
            Where the disk takes no more.
        """
        self._journal.append(row)
        self.kept += 1

    async def tend(self, ended: asyncio.Event) -> None:
        """Sync every second, commit every batch, until the event is set."""
        last = time.monotonic()
        while not ended.is_set():
            try:
                async with asyncio.timeout(SYNC_SECONDS):
                    await ended.wait()
                return
            except TimeoutError:
                await asyncio.to_thread(self._journal.sync)
            now = time.monotonic()
            if self._journal.waiting >= COMMIT_ROWS or now - last >= COMMIT_SECONDS:
                last = now
                segment = self._journal.rotate()
                self.added += await asyncio.to_thread(segment.commit, self._ledger)

    def commit(self) -> None:
        """Commit what is not in the table yet."""
        self.added += self._journal.rotate().commit(self._ledger)


@asynccontextmanager
async def keeping(ledger: Ledger, run: str, *, signed: str) -> AsyncIterator[Keeper]:
    """Hold a run and keep its answers; when it ends, well or not, what was kept is committed.

    Parameters
    ----------
    ledger
    run
        Its name, the same each time: nobody else may run it meanwhile.
    signed
        What the source of its rows begins with.

    Raises
    ------
    LedgerError
        Where another process runs it now.
    """
    with held_run(ledger, run):
        recovered = recover(ledger, run)
        keeper = Keeper(
            ledger, Journal(ledger, run), f"{signed}:{run}:{secrets.token_hex(4)}", recovered
        )
        ended = asyncio.Event()
        tending = asyncio.create_task(keeper.tend(ended))
        try:
            yield keeper
        finally:
            ended.set()
            try:
                await tending
            finally:
                keeper.commit()
