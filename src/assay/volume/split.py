"""How a window's outputs, and a census's errors, fall into parts."""

from __future__ import annotations

from assay.ledger.population import scores, tag_value
from assay.ledger.store import Ledger
from assay.volume.census import COUNTING_KINDS
from assay.volume.evidence import SystemEvidence

NO_TAG = "(none)"
DAY_EXPRESSION = "to_char(traces.at, '%Y-%m-%d')"


def split_counts(ledger: Ledger, system: SystemEvidence, expression: str) -> dict[str, int]:
    """Return how many outputs of the window fall under each value of an SQL expression over `traces`."""
    versions = {} if system.traces_version is None else {"traces": system.traces_version}
    rows = ledger.rows(
        f"SELECT {expression} AS part, count(*) AS n FROM traces WHERE {system.window.condition()} GROUP BY part",
        versions=versions,
    )
    return {row["part"] if row["part"] is not None else NO_TAG: row["n"] for row in rows}


def split_errors(
    ledger: Ledger, system: SystemEvidence, judge: str, expression: str
) -> dict[str, float]:
    """Return a census's errors under each value of an SQL expression over `traces`."""
    rows = ledger.rows(
        f"SELECT {expression} AS part, sum(scored.error_probability) AS errors FROM traces "
        f"JOIN ({scores(ledger, judge, kinds=COUNTING_KINDS)}) AS scored ON scored.trace_id = traces.trace_id "
        f"WHERE {system.window.condition()} GROUP BY part"
    )
    return {row["part"] if row["part"] is not None else NO_TAG: row["errors"] for row in rows}


def shown_value(stored: str) -> str:
    """Return a tag's value as text from the form in which `split_counts` gives it."""
    return stored if stored == NO_TAG else str(tag_value(stored))
