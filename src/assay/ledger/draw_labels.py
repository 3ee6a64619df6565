"""The labels that came back for a draw: of each trace the newest, and in how many goes they came."""

from __future__ import annotations

from dataclasses import dataclass

from assay.ledger.population import NEWEST_LAST, timestamp
from assay.ledger.store import Ledger, literal


@dataclass(frozen=True, slots=True)
class Label:
    """The newest label of a drawn trace: 1 wrong, 0 right, None unsure."""

    trace_id: str
    wrong: int | None
    judge: str
    severity: int | None = None
    """1 worst to 3; None where nobody said."""


def intakes_of(ledger: Ledger, draw_id: str, *, until: int | None = None) -> int:
    """Return in how many goes outputs of a draw got their first label: how often somebody could have looked at fewer.

    A label that is corrected, or gets a severity, later is no new go: the same sample is counted again.
    """
    rows = ledger.rows(
        # Without a time each label may have come by itself.
        "SELECT count(DISTINCT first) + count(*) FILTER (WHERE first IS NULL) AS n FROM ("
        "SELECT CASE WHEN count(*) = count(at) THEN min(at) END AS first FROM verdicts "
        f"WHERE draw_id = {literal(draw_id)} AND judge_kind = 'person'{_up_to(until)} GROUP BY trace_id)"
    )
    return int(rows[0]["n"])


def labels_of(ledger: Ledger, draw_id: str, *, until: int | None = None) -> dict[str, Label]:
    """Return the newest label of each trace of a draw, or the newest up to a moment.

    Only verdicts of persons that name the draw count: traces labeled for other reasons never enter an estimate.
    """
    rows = ledger.rows(
        "SELECT trace_id, error_probability, judge, severity FROM verdicts "
        f"WHERE draw_id = {literal(draw_id)} AND judge_kind = 'person'{_up_to(until)} ORDER BY {NEWEST_LAST}"
    )
    labels: dict[str, Label] = {}
    for row in rows:
        # A label says right or wrong; anything in between is unsure.
        wrong = {0.0: 0, 1.0: 1}.get(row["error_probability"])
        labels[row["trace_id"]] = Label(row["trace_id"], wrong, row["judge"], row["severity"])
    return labels


def everybody_of(ledger: Ledger, draw_id: str) -> dict[str, set[str]]:
    """Return who has labeled each trace of a draw, those too whose label was replaced since."""
    rows = ledger.rows(
        "SELECT DISTINCT trace_id, judge FROM verdicts "
        f"WHERE draw_id = {literal(draw_id)} AND judge_kind = 'person'"
    )
    people: dict[str, set[str]] = {}
    for row in rows:
        people.setdefault(row["trace_id"], set()).add(row["judge"])
    return people


def _up_to(until: int | None) -> str:
    return "" if until is None else f" AND (at IS NULL OR at <= {timestamp(until)})"
