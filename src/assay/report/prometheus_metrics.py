"""Numbers of a governed system as Prometheus reads them: text exposition format 0.0.4.

What is not known is left out, with its HELP and TYPE: a 0 would say that somebody looked and found none. A limit that
the evidence doesn't set is +Inf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

from assay.report.prometheus_text import Metric, Sample, exposition
from assay.volume.governor_decision import Action
from assay.volume.governor_state import STATES, State

if TYPE_CHECKING:
    from assay.volume.governor import Governor

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
ACTIONS: tuple[str, ...] = get_args(Action)
Kind = Literal["counter", "gauge"]


class _Family(NamedTuple):
    kind: Kind
    help: str


METRICS: Final[Mapping[str, _Family]] = {
    "assay_outputs_total": _Family("counter", "Outputs that wanted to go out."),
    "assay_errors_confirmed_total": _Family(
        "counter", "Escaped errors that somebody confirmed, by severity (1 is the worst)."
    ),
    "assay_errors_escaped_estimate": _Family(
        "gauge",
        "Escaped errors of the rolling window, confirmed or not, in points (errors weighed by severity): the point "
        "estimate, and one-sided bounds.",
    ),
    "assay_budget_remaining": _Family(
        "gauge", "Points of the window's budget that are neither paid nor confirmed."
    ),
    "assay_burn_evalue": _Family(
        "gauge", "Evidence against the budget being kept: 10 is AMBER, 100 is RED by default."
    ),
    "assay_pace_limit": _Family("gauge", "Outputs per hour that reviewers and budget can bear."),
    "assay_review_queue_depth": _Family("gauge", "Outputs that wait for a person."),
    "assay_review_wait_seconds": _Family(
        "gauge", "Seconds that it takes to read the queue as it is now."
    ),
    "assay_decisions_total": _Family("counter", "What became of outputs."),
    "assay_governor_state": _Family("gauge", "1 for the state that the governor is in, else 0."),
}
"""Every metric that Assay has, in the order in which they are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernedNumbers:
    """What is known at one moment. None, or a key that is missing: not known, and left out.

    Parameters
    ----------
    outputs_total : >= 0
    errors_confirmed_total : severity -> count
    errors_escaped_estimate : point, lower, upper -> points
        One-sided bounds.
    budget_remaining : points
    burn_evalue : >= 0
    pace_limit : outputs/hour
    review_queue_depth : >= 0
    review_wait_seconds : >= 0
    decisions_total : action -> count
    governor_state
    labels
        Set on every sample, as ``{"system": "desk", "version": "7"}``; no names of ours.
    """

    outputs_total: int | None = None
    errors_confirmed_total: Mapping[int, int] = field(default_factory=dict)
    errors_escaped_estimate: Mapping[str, float] = field(default_factory=dict)
    budget_remaining: float | None = None
    burn_evalue: float | None = None
    pace_limit: float | None = None
    review_queue_depth: int | None = None
    review_wait_seconds: float | None = None
    decisions_total: Mapping[str, int] = field(default_factory=dict)
    governor_state: State | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def prometheus_text(numbers: GovernedNumbers) -> str:
    """Return the metrics as text, for `CONTENT_TYPE`.

    Raises
    ------
    BadInput
        If a label's name is none, or a number is NaN or, in a counter, negative.
    """
    return exposition(_metrics(numbers))


def numbers_of_governor(
    governor: Governor,
    *,
    pace_limit: float | None = None,
    labels: Mapping[str, str] | None = None,
) -> GovernedNumbers:
    """Return what a governor knows, as of its last event.

    Parameters
    ----------
    governor
    pace_limit : outputs/hour, or None
        From `assay.volume.pace`; a governor doesn't know it.
    labels
        Set on every sample.

    Notes
    -----
    Without reviewers nobody reads the queue: then its wait is not 0 but unknown.
    """
    book, evidence = governor.book, governor.evidence
    counts = book.counts
    decisions = {action: counts.get(action, 0) for action in ACTIONS}
    return GovernedNumbers(
        outputs_total=sum(decisions.values()),
        errors_confirmed_total={one: counts.get(f"confirmed_{one}", 0) for one in (1, 2, 3)},
        errors_escaped_estimate={
            "point": evidence.spent_points,
            "upper": evidence.spent_upper_points,
        },
        budget_remaining=book.budget_remaining(),
        burn_evalue=evidence.e_value,
        pace_limit=pace_limit,
        review_queue_depth=len(book.held) + len(book.audits),
        review_wait_seconds=evidence.queue_seconds if governor.policy.review_per_hour else None,
        decisions_total=decisions,
        governor_state=governor.state.state,
        labels=labels or {},
    )


def _metrics(numbers: GovernedNumbers) -> Iterator[Metric]:
    for name, family in METRICS.items():
        value = getattr(numbers, name.removeprefix("assay_"))
        samples = tuple(
            Sample({**numbers.labels, **own}, number) for own, number in _samples(name, value)
        )
        if samples:
            yield Metric(name, family.kind, family.help, samples)


def _samples(name: str, value: object) -> Iterator[tuple[dict[str, str], float]]:
    match name, value:
        case _, None:
            return
        case "assay_governor_state", state:
            for one in STATES:
                yield {"state": one}, float(one == state)
        case _, Mapping() as by:
            label = _BY[name]
            for key, number in by.items():
                yield {label: str(key)}, number
        case _, (int() | float()) as number:
            yield {}, number


_BY: Final = {
    "assay_errors_confirmed_total": "severity",
    "assay_errors_escaped_estimate": "bound",
    "assay_decisions_total": "action",
}
