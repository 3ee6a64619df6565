"""How a window's outputs, and a census's errors, fall into parts."""

from __future__ import annotations

from assay.ledger.population import scores, tag_value
from assay.ledger.store import Ledger
from assay.volume.evidence import CensusEvidence, SystemEvidence

NO_TAG = "(none)"
DAY_EXPRESSION = "to_char(traces.at, '%Y-%m-%d')"


def split_counts(ledger: Ledger, system: SystemEvidence, expression: str) -> dict[str | None, int]:
    """Return how many outputs of the window fall under each value of an SQL expression over `traces`."""
    versions = {} if system.traces_version is None else {"traces": system.traces_version}
    rows = ledger.rows(
        f"SELECT {expression} AS part, count(*) AS n FROM traces WHERE {system.window.condition()} GROUP BY part",
        versions=versions,
    )
    return {row["part"]: row["n"] for row in rows}


def split_errors(
    ledger: Ledger, system: SystemEvidence, census: CensusEvidence, expression: str
) -> dict[str | None, float]:
    """Return a census's errors under each value of an SQL expression over `traces`."""
    scored = scores(ledger, census.judge, kinds=(census.judge_kind,))
    rows = ledger.rows(
        f"SELECT {expression} AS part, sum(scored.error_probability) AS errors FROM traces "
        f"JOIN ({scored}) AS scored ON scored.trace_id = traces.trace_id "
        f"WHERE {system.window.condition()} GROUP BY part"
    )
    return {row["part"]: row["errors"] for row in rows}


def shown_tag(value: str | None) -> str:
    """Return a tag's value as the name of a part; one that reads like the name of having none stands in quotes."""
    if value is None:
        return NO_TAG
    return f'"{value}"' if value == NO_TAG else value


def shown_value(stored: str | None) -> str:
    """Return the same from the form in which a tag's value is stored."""
    return shown_tag(tag_value(stored))
