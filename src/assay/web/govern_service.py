"""The governor as a service: each change is journaled before it is acknowledged, traces go to the ledger in batches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

from assay.ask.journal import commit
from assay.errors import AssayError, BadInput, LedgerError
from assay.ledger.ingest.record import Row
from assay.ledger.population import NEWEST_LAST
from assay.ledger.store import Ledger, literal
from assay.volume.governor import Governor
from assay.volume.governor_decision import Decision, DecisionRequest
from assay.web.govern_held import HeldAnswers
from assay.web.govern_journal import GovernJournal
from assay.web.govern_rows import with_tags

REVIEWS = "governor-review"
"""The `draw_id` of labels that the governor asked for. No draw has that name: they enter no estimate."""

COMMIT_ROWS = 2_000
COMMIT_SECONDS = 5.0
ROTATE_RECORDS = 20_000
ROWS_A_COMMIT = 1_000
TICK_SECONDS = 1.0

Act = Literal["sign_off", "note_cause", "enforce", "override", "renew_certificate"]


class Reviewing(Protocol):
    """Where people read what has to be read: the labeling page."""

    def offer(self, row: Row) -> None:
        """Put an output before people."""
        ...

    def settled(self, decision_id: str) -> None:
        """Take it away: its verdict came from elsewhere."""
        ...


class GovernService:
    """One governor, its journal, its ledger. For one event loop.

    Parameters
    ----------
    ledger
    governor
    journal
        Begun with the governor's snapshot.
    held
    clock
        Seconds since the epoch; that of the governor.
    """

    def __init__(
        self, ledger: Ledger, governor: Governor, journal: GovernJournal, held: HeldAnswers,
        *, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.governor = governor
        self.journal = journal
        self.held = held
        self.trouble = ""
        self.reviewing: Reviewing | None = None
        self._ledger = ledger
        self._clock = clock
        self._rows: list[Row] = []
        self._committed = 0
        self._committing = asyncio.Lock()
        self._look = asyncio.Event()

    async def decide(
        self, request: DecisionRequest, *, row: Row | None = None, answer: bytes | None = None,
        went_out: bool = False,
    ) -> Decision:  # fmt: skip
        """Decide, and write it down.

        Parameters
        ----------
        request
        row
            The exchange, as a row of the table `traces`; what was decided is added to its tags.
        answer
            What a client gets once a person has called a held output right.
        went_out
            See `Governor.decide`.

        Raises
        ------
        BadInput
            If the id was decided already.
        LedgerError
            Where it can't be written down; then nothing may be released.
        """
        if self.journal.failed:
            raise LedgerError(self.journal.failed)
        decision = self.governor.decide(request, went_out=went_out)
        try:
            if decision.action == "hold" and answer is not None:
                await asyncio.to_thread(self.held.put, request.decision_id, answer)
        finally:
            self._write_events()
            if row is not None:
                self.keep(_with_decision(row, request, decision))
        await self.journal.settle()
        self._offer(row, decision)
        return decision

    async def record(
        self, row: Row, request: DecisionRequest, decision: Decision, *, answer: bytes | None = None
    ) -> None:
        """Write down an exchange that was decided before its answer was there.

        Raises
        ------
        LedgerError
            Where it can't be written down.
        """
        if decision.action == "hold" and answer is not None:
            await asyncio.to_thread(self.held.put, request.decision_id, answer)
        self.keep(_with_decision(row, request, decision))
        await self.journal.settle()
        self._offer(row, decision)

    def keep(self, row: Row) -> None:
        """Hand an exchange to the journal, and later to the ledger."""
        self.journal.append({"trace": row})
        self._rows.append(row)

    async def outcome(
        self, decision_id: str, wrong: bool, *, severity: int | None, by: str,
        released_at: float | None = None,
    ) -> None:  # fmt: skip
        """Take in what a person found; what was held is released or rejected by it.

        Raises
        ------
        BadInput
            As `Governor.outcome`.
        LedgerError
            Where it can't be written down.
        """
        self.governor.outcome(decision_id, wrong, severity=severity, by=by, released_at=released_at)
        self._write_events()
        await self.journal.settle()
        if self.held.became(decision_id) == "waiting":
            became: Literal["released", "rejected"] = "rejected" if wrong else "released"
            await asyncio.to_thread(self.held.settle, decision_id, became)
        if self.reviewing is not None:
            self.reviewing.settled(decision_id)

    async def act(self, act: Act, *, by: str, reason: str, **more: Any) -> None:
        """Do what only a named person may do.

        Raises
        ------
        BadInput
            Where there is no such act, or no name or reason is given.
        """
        governor = self.governor
        match act:
            case "sign_off":
                governor.sign_off(by, reason)
            case "note_cause":
                governor.note_cause(by, reason)
            case "enforce":
                governor.enforce(by, reason)
            case "override":
                governor.override(
                    more["action"], by=by, reason=reason, seconds=float(more["seconds"])
                )
            case "renew_certificate":
                governor.renew_certificate(by, reason, expires_at=float(more["expires_at"]))
            case _:
                raise BadInput(f"no such act: {act!r:.40}")
        self._write_events()
        await self.journal.settle()

    def look(self) -> None:
        """Labels came in: read them soon."""
        self._look.set()

    async def tend(self) -> None:
        """Tick, commit, read labels; until cancelled. Faults are kept in `trouble`, and tried again."""
        last = time.monotonic()
        while True:
            try:
                async with asyncio.timeout(TICK_SECONDS):
                    await self._look.wait()
            except TimeoutError:
                pass
            try:
                if self.governor.book.next_tick <= self._clock():
                    # Where no traffic comes, silence must be seen all the same.
                    self.governor.tick()
                    self._write_events()
                    await self.journal.settle()
                due = time.monotonic() - last >= COMMIT_SECONDS
                if due or len(self._rows) >= COMMIT_ROWS:
                    last = time.monotonic()
                    await self.commit()
                if self._look.is_set():
                    self._look.clear()
                    await self.read_labels()
                if self.journal.records >= ROTATE_RECORDS:
                    # What the snapshot holds must not come after it once more.
                    self._write_events()
                    self.journal.rotate(self.governor.snapshot(), self._rows)
                    self._committed = 0
                self.trouble = self.journal.failed
            except AssayError as error:
                self.trouble = error.message
            except Exception as error:
                # Whatever it is, ticks and commits go on.
                self.trouble = f"{type(error).__name__}: {error}"[:300]

    async def commit(self) -> None:
        """Put the exchanges that are safe in the journal into the ledger."""
        async with self._committing:
            await self.journal.settle()
            rows = self._rows[:]
            await asyncio.to_thread(put_rows, self._ledger, rows)
            # A segment that was begun meanwhile holds them all.
            self._rows = self._rows[len(rows) :]
            self._committed += len(rows)
            if rows:
                self.journal.append({"committed": self._committed})
                await self.journal.settle()

    async def read_labels(self) -> None:
        """Take in what people said on the labeling page of outputs that wait for it."""
        book = self.governor.book
        waiting = [*book.held, *book.audits]
        if not waiting:
            return
        for said in await asyncio.to_thread(newest_labels, self._ledger, waiting):
            record = book.held.get(said["trace_id"]) or book.audits.get(said["trace_id"])
            # A verdict from before the decision is of another output of that name.
            if record is not None and said["at"] >= record[0] * 1e6:
                await self.outcome(
                    said["trace_id"],
                    said["said"] > 0.5,
                    severity=said["severity"],
                    by=said["judge"],
                )

    def _offer(self, row: Row | None, decision: Decision) -> None:
        if row is not None and self.reviewing is not None and _wants_review(decision):
            self.reviewing.offer(row)

    def _write_events(self) -> None:
        for event in self.governor.take_events():
            self.journal.append({"event": event})


def put_rows(ledger: Ledger, rows: Sequence[Row]) -> int:
    """Put exchanges into the ledger, each once; return how many were new."""
    return sum(
        commit(ledger, rows[start : start + ROWS_A_COMMIT])
        for start in range(0, len(rows), ROWS_A_COMMIT)
    )


def newest_labels(ledger: Ledger, trace_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return what people said last of outputs that the governor has before them; the unsure are left out."""
    listed = ", ".join(map(literal, trace_ids))
    newest = f"last_value(%s ORDER BY {NEWEST_LAST}) AS %s"
    columns = ", ".join(
        newest % pair
        for pair in (
            ("error_probability", "said"),
            ("severity", "severity"),
            ("judge", "judge"),
            ("CAST(at AS BIGINT)", "at"),
        )
    )
    found = ledger.rows(
        f"SELECT trace_id, {columns} FROM verdicts WHERE draw_id = {literal(REVIEWS)} "
        f"AND judge_kind = 'person' AND trace_id IN ({listed}) GROUP BY trace_id ORDER BY trace_id"
    )
    return [dict(row) for row in found if row["said"] is not None]


def _wants_review(decision: Decision) -> bool:
    return decision.action == "hold" or decision.would == "release_audited"


def _with_decision(row: Row, request: DecisionRequest, decision: Decision) -> Row:
    said: Mapping[str, str] = {
        "govern.action": decision.action,
        "govern.state": decision.state,
        "govern.severity": str(request.severity),
        "govern.reason": decision.reason[:300],
    }
    if decision.would != decision.action:
        said = {**said, "govern.would": decision.would}
    if request.probability is not None:
        said = {**said, "govern.probability": f"{request.probability:.6g}"}
    return with_tags(row, said)
