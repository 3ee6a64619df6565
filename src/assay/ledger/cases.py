"""Cases: failures that users found in use, kept as events in a table of their own.

A complaint was not drawn: nobody knows how many others went unsaid. So no estimate ever reads this table. What a case
is for is to be asked again: of the next version, of a probe, of the update gate.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from assay.errors import BadInput
from assay.ledger.store import Ledger, literal

Event = Literal["opened", "noted", "reference", "closed", "reopened"]

NAMED = 3
"""So many ids like a misspelt one are named."""


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody said of a case: when (microseconds since 1970, UTC), who, what."""

    at: int
    person: str
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """A failure that was found in use.

    Parameters
    ----------
    case_id
        Its identity, which is also the id of the task that it becomes.
    trace_id
        The output that was complained of.
    opened_at
        Microseconds since 1970, UTC.
    is_open
        Whether it is still to be mended.
    notes
        What was said of it, oldest first.
    reference
        The right answer, where somebody gave one.
    kind, severity
        Of the error; severity 1 is worst.
    """

    case_id: str
    trace_id: str
    opened_at: int
    is_open: bool = True
    notes: tuple[Note, ...] = ()
    reference: str | None = None
    kind: str | None = None
    severity: int | None = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is said when a case is opened, or said of it later.

    Raises
    ------
    BadInput
        Where nothing is said, or the severity is not 1, 2 or 3.
    """

    note: str
    person: str = "person"
    reference: str | None = None
    kind: str | None = None
    severity: int | None = None

    def __post_init__(self) -> None:
        if not self.note.strip():
            raise BadInput("a case needs a note: what is wrong with the output?")
        if not self.person.strip():
            raise BadInput("who says so must have a name, got an empty one")
        if self.severity not in (None, 1, 2, 3):
            raise BadInput(f"severity must be 1 (worst), 2 or 3, got {self.severity}")


def case_id_of(trace_id: str) -> str:
    """Return the id of the case of a trace: one trace is one case, however often it is complained of."""
    return f"case-{hashlib.sha256(trace_id.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def add_case(ledger: Ledger, trace_id: str, complaint: Complaint) -> tuple[Case, bool]:
    """Open a case for a trace, or add to the one that there is; return it, and whether it is new.

    A case that was closed is opened again: somebody found the fault again.

    Raises
    ------
    BadInput
        Where the ledger has no such trace.
    """
    _known(ledger, trace_id)
    case_id = case_id_of(trace_id)
    with ledger.locked():
        before = _found(ledger, case_id)
        event: Event = "opened"
        if before is not None:
            event = "noted" if before.is_open else "reopened"
        ledger.append("cases", [_row(case_id, trace_id, event, complaint)])
    return case(ledger, case_id), before is None


def close_case(ledger: Ledger, case_id: str, *, note: str, person: str = "person") -> Case:
    """Close a case: mended, or no fault after all; the note says which.

    Raises
    ------
    BadInput
        Where there is no such case, or it is closed.
    """
    complaint = Complaint(note, person)
    with ledger.locked():
        found = case(ledger, case_id)
        if not found.is_open:
            raise BadInput(f"{case_id} is closed already")
        ledger.append("cases", [_row(case_id, found.trace_id, "closed", complaint)])
    return case(ledger, case_id)


def case(ledger: Ledger, case_id: str) -> Case:
    """Return one case.

    Raises
    ------
    BadInput
        Where there is none of this id.
    """
    found = _found(ledger, case_id)
    if found is None:
        raise BadInput(
            f"the ledger has no case {case_id!r}",
            next_command=f"assay case list {ledger.typed} --all",
        )
    return found


def cases(ledger: Ledger, *, closed_too: bool = False) -> list[Case]:
    """Return the cases that are open, or all of them, oldest first."""
    found = _replayed(ledger, "TRUE")
    return [one for one in found if closed_too or one.is_open]


def _found(ledger: Ledger, case_id: str) -> Case | None:
    return next(iter(_replayed(ledger, f"case_id = {literal(case_id)}")), None)


def _replayed(ledger: Ledger, where: str) -> list[Case]:
    rows = ledger.rows(
        "SELECT case_id, event, cast(at AS bigint) AS at, person, trace_id, note, reference, kind, severity "
        f"FROM cases WHERE {where} ORDER BY at"
    )
    found: dict[str, Case] = {}
    for row in rows:
        known = found.get(row["case_id"]) or Case(row["case_id"], row["trace_id"], row["at"])
        found[row["case_id"]] = _after(known, row)
    return list(found.values())


def _after(known: Case, row: dict[str, Any]) -> Case:
    """Return a case as an event leaves it: what the event doesn't say stays."""
    note = Note(row["at"], row["person"], row["note"])
    said = {name: row[name] for name in ("reference", "kind", "severity") if row[name] is not None}
    return replace(known, is_open=row["event"] != "closed", notes=(*known.notes, note), **said)


def _row(case_id: str, trace_id: str, event: Event, said: Complaint) -> dict[str, object]:
    return {
        "case_id": case_id,
        "event": event,
        "at": time.time_ns() // 1_000,
        "person": said.person,
        "trace_id": trace_id,
        "note": said.note,
        "reference": said.reference,
        "kind": said.kind,
        "severity": said.severity,
    }


def _known(ledger: Ledger, trace_id: str) -> None:
    if ledger.rows(f"SELECT trace_id FROM traces WHERE trace_id = {literal(trace_id)} LIMIT 1"):
        return
    near = _like(ledger, trace_id)
    raise BadInput(
        f"the ledger has no trace {trace_id[:80]!r}"
        + (f"; like it: {', '.join(near)}" if near else "")
        + ("" if near else ": what is complained of has to be in the ledger first"),
        next_command=f"assay ledger info {ledger.typed}" if near else f"assay ingest FILE --into {ledger.typed}",
    )  # fmt: skip


def _like(ledger: Ledger, trace_id: str) -> Sequence[str]:
    if not trace_id:
        return ()
    rows = ledger.rows(
        f"SELECT trace_id FROM traces WHERE strpos(lower(trace_id), lower({literal(trace_id)})) > 0 "
        f"OR levenshtein(trace_id, {literal(trace_id[:200])}) <= 2 ORDER BY trace_id LIMIT {NAMED}"
    )
    return [row["trace_id"] for row in rows]
