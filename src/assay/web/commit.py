"""From the journal into the ledger: rows as `assay label LEDGER FILE` writes them, each of them once."""

from __future__ import annotations

from collections.abc import Sequence

from assay.ledger.ingest.record import Row
from assay.ledger.store import Ledger, literal
from assay.volume.labels import VERDICTS
from assay.web.journal import Entry

SEEDED_KEY = "seeded key"
"""The judge whose verdict on a seeded item is its truth."""
SOURCE = "page"


def commit(ledger: Ledger, draw_id: str, journal: str, entries: Sequence[Entry]) -> int:
    """Add answers to the table `verdicts`; those that are there already are left alone.

    Parameters
    ----------
    ledger
        The ledger of the draw.
    draw_id
        The draw that the labels belong to. An answer on a seeded item belongs to none: its trace is in no table of
        traces, so it can enter no estimate.
    journal
        The journal's name; with an entry's number it makes the source, by which a row is known again.
    entries
        Labels and answers on seeded items that were not taken back.

    Returns
    -------
    int
        Rows added.

    Raises
    ------
    LedgerError
        Where the table can't be written.
    """
    if not entries:
        return 0
    rows = [_row(draw_id, journal, entry) for entry in entries]
    rows += [
        _key(entry) for entry in {e.trace_id: e for e in entries if e.key is not None}.values()
    ]
    with ledger.locked():
        known = _known(ledger, [str(row["source"]) for row in rows])
        fresh = [row for row in rows if row["source"] not in known]
        ledger.append("verdicts", fresh)
    return len(fresh)


def _known(ledger: Ledger, sources: Sequence[str]) -> set[str]:
    listed = ",".join(map(literal, sources))
    found = ledger.rows(f"SELECT source FROM verdicts WHERE source IN ({listed})")
    return {row["source"] for row in found}


def _row(draw_id: str, journal: str, entry: Entry) -> Row:
    return {
        "trace_id": entry.trace_id,
        "judge": entry.person,
        "judge_kind": "person",
        "error_probability": VERDICTS[entry.verdict],
        "severity": entry.severity,
        "kind": entry.kind,
        "note": entry.note,
        "at": entry.at,
        "draw_id": draw_id if entry.what == "label" else None,
        "inclusion_probability": entry.chance,
        "source": f"{SOURCE}-{journal}:{entry.number}",
    }


def _key(entry: Entry) -> Row:
    return {
        "trace_id": entry.trace_id,
        "judge": SEEDED_KEY,
        "judge_kind": "check",
        "error_probability": float(bool(entry.key)),
        "at": entry.at,
        "source": f"{entry.trace_id}:0",
    }
