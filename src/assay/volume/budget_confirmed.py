"""Errors that people have confirmed: by a verdict on the output, or by a complaint; and outputs that were caught.

Nobody drew complaints, and nobody knows how many went unsaid: what is confirmed is at least what escaped, and never an
estimate of it. Each output counts once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from assay.ledger.cases import Case, cases
from assay.ledger.population import NEWEST_LAST
from assay.ledger.store import Ledger, literal
from assay.quantity import Quantity, Unknown, exact
from assay.volume.budget_estimate import WHOLE, BudgetPart
from assay.volume.budget_question import BudgetQuestion
from assay.volume.budget_sources import SystemLog
from assay.volume.caught import caught_conditions, is_caught
from assay.volume.severity import Weights

CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class ConfirmedError:
    """An escaped output that a person called wrong, or complained of."""

    trace_id: str
    at: int
    version: str
    by: Literal["label", "complaint"]
    severity: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def weight(self, weights: Weights | None) -> float:
        """Return what it counts as at least: where nobody said how bad it is, as little as the lightest."""
        if weights is None:
            return 1.0
        return min(weights.values()) if self.severity is None else weights[self.severity]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Confirmed escaped errors of a window.

    Parameters
    ----------
    labels, complaints : >= 0
        Outputs that a person's verdict calls wrong; outputs with a complaint and no verdict of a person.
    dismissed : >= 0
        Complaints of outputs that a person has found right: they don't count.
    by_severity
        Severity -> how many; under None those of which nobody said it.
    total : >= 0
        Both together, each weighed where errors are weighed: at least that.
    """

    labels: int
    complaints: int
    dismissed: int
    by_severity: Mapping[int | None, int]
    total: float

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "labels": self.labels,
            "complaints": self.complaints,
            "dismissed_complaints": self.dismissed,
            "by_severity": {
                "unknown" if severity is None else str(severity): count
                for severity, count in self.by_severity.items()
            },
            "total": self.total,
        }


@dataclass(frozen=True, slots=True)
class ConfirmedLog:
    """All confirmed escaped errors of a system, in the order in which the outputs came."""

    errors: tuple[ConfirmedError, ...]
    dismissed: tuple[ConfirmedError, ...]

    def within(self, start: int, end: int, part: BudgetPart = WHOLE) -> list[ConfirmedError]:
        """Return those of outputs of a window and a part."""
        return list(_within(self.errors, start, end, part))

    def summed(
        self, start: int, end: int, part: BudgetPart = WHOLE, *, weights: Weights | None = None
    ) -> Confirmed:
        """Return what they come to in a window."""
        found = self.within(start, end, part)
        return Confirmed(
            labels=sum(one.by == "label" for one in found),
            complaints=sum(one.by == "complaint" for one in found),
            dismissed=len(list(_within(self.dismissed, start, end, part))),
            by_severity=dict(
                sorted(
                    Counter(one.severity for one in found).items(), key=lambda item: item[0] or 9
                )
            ),
            total=sum(one.weight(weights) for one in found),
        )


def confirmed_log(
    ledger: Ledger, log: SystemLog, question: BudgetQuestion, *, start: int, end: int
) -> ConfirmedLog:
    """Return what people have confirmed of outputs from a moment on and before another.

    Parameters
    ----------
    ledger
        As it is known.
    log
    question
    start, end
        Of the outputs, microseconds; when somebody said it does not matter.
    """
    verdicts = _verdicts(ledger, log.condition(start, end))
    errors = [
        _error(row, "label", row["severity"])
        for row in verdicts.values()
        if row["wrong"] == 1.0 and not _caught(row, question)
    ]
    dismissed = []
    for row, case in _complaints(ledger, log.condition(start, end)):
        said = verdicts.get(row["trace_id"])
        if _caught(row, question) or (said is not None and said["wrong"] == 1.0):
            continue
        one = _error(row, "complaint", case.severity)
        if said is not None and said["wrong"] == 0.0:
            dismissed.append(one)
        else:
            errors.append(one)
    in_order = sorted(errors, key=lambda one: (one.at, one.trace_id))
    return ConfirmedLog(tuple(in_order), tuple(dismissed))


def caught_outputs(
    ledger: Ledger,
    log: SystemLog,
    question: BudgetQuestion,
    span: tuple[int, int],
    part: BudgetPart = WHOLE,
) -> Quantity:
    """Return how many outputs of a window were caught before delivery; `Unknown` where no output says."""
    known, caught = caught_conditions(question.caught_tag)
    row = ledger.rows(
        f"SELECT count(*) AS n, count(*) FILTER (WHERE {known}) AS known, count(*) FILTER (WHERE {caught}) AS caught "
        f"FROM traces WHERE {log.condition(*span)} AND {part.sql}"
    )[0]
    if not row["known"]:
        return Unknown(
            f"no output says whether it was caught before delivery (tag `{question.caught_tag}`)"
        )
    return exact(
        float(row["caught"]),
        "caught outputs",
        n=row["n"],
        method=f"outputs with the tag `{question.caught_tag}`",
    )


def _verdicts(ledger: Ledger, condition: str) -> dict[str, dict[str, Any]]:
    """Return, of each output that a person has judged, the newest verdict."""
    said = (
        f"SELECT trace_id, last_value(error_probability ORDER BY {NEWEST_LAST}) AS wrong, "
        f"last_value(severity ORDER BY {NEWEST_LAST}) AS severity "
        "FROM verdicts WHERE judge_kind = 'person' GROUP BY trace_id"
    )
    rows = ledger.rows(
        "SELECT traces.trace_id, cast(traces.at AS bigint) AS at, traces.version, traces.tags, "
        "said.wrong, said.severity "
        f"FROM traces JOIN ({said}) AS said ON said.trace_id = traces.trace_id "
        f"WHERE {condition} AND said.wrong IN (0.0, 1.0)"
    )
    return {row["trace_id"]: row for row in rows}


def _complaints(ledger: Ledger, condition: str) -> Iterator[tuple[dict[str, Any], Case]]:
    """Yield outputs with a complaint, open or closed: what was mended since has escaped all the same."""
    found = {case.trace_id: case for case in cases(ledger, closed_too=True)}
    ids = list(found)
    for place in range(0, len(ids), CHUNK):
        listed = ",".join(literal(one) for one in ids[place : place + CHUNK])
        rows = ledger.rows(
            "SELECT traces.trace_id, cast(traces.at AS bigint) AS at, traces.version, traces.tags FROM traces "
            f"WHERE {condition} AND traces.trace_id IN ({listed})"
        )
        for row in {row["trace_id"]: row for row in rows}.values():
            yield row, found[row["trace_id"]]


def _caught(row: Mapping[str, Any], question: BudgetQuestion) -> bool:
    return is_caught(_tags(row), question.caught_tag)


def _error(
    row: Mapping[str, Any], by: Literal["label", "complaint"], severity: int | None
) -> ConfirmedError:
    return ConfirmedError(row["trace_id"], row["at"], row["version"], by, severity, _tags(row))


def _tags(row: Mapping[str, Any]) -> dict[str, str]:
    return dict(json.loads(row["tags"] or "{}"))


def _within(
    errors: Sequence[ConfirmedError], start: int, end: int, part: BudgetPart
) -> Iterator[ConfirmedError]:
    return (one for one in errors if start <= one.at < end and part.holds(one.tags))
