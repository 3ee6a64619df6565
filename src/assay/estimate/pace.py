"""Sustainable pace: outputs per hour that the reviewers can keep up with and that the budget of errors can bear.

Two limits, and the lesser one binds. Which one it is says what would help; by how much is in
`assay.estimate.pace_gains`, and the best threshold of a judge in `assay.estimate.pace_curve`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from assay.errors import EstimateError
from assay.quantity import Estimate, Guarantee, assumed, weakest

Binding = Literal["capacity", "budget", "demand"]

PACE_UNIT = "outputs/hour"


@dataclass(frozen=True, slots=True)
class ReviewFlow:
    """What becomes of an output: flagged by a judge or let through, audited by chance, read, mended.

    Parameters
    ----------
    error_rate
        Errors/output before any review, in [0, 1]: 1 - p.
    recall
        Share of the wrong outputs that the judge flags: r.
    false_alarm_rate
        Share of the right outputs that it flags: f.
    reviewer_recall
        Share of the errors put before a person that the person finds: r_h. 1 is a hope, not a measurement.
    audit_share : in [0, 1]
        Share of what is not flagged that is read all the same: h.
    fix_error_share : in [0, 1]
        Share of the fixes that bring a new error.

    Raises
    ------
    EstimateError
        If one of them is not in [0, 1].
    """

    error_rate: Estimate
    recall: Estimate
    false_alarm_rate: Estimate
    reviewer_recall: Estimate
    audit_share: float = 0.0
    fix_error_share: float = 0.0

    def __post_init__(self) -> None:
        for name in ("error_rate", "recall", "false_alarm_rate", "reviewer_recall"):
            share: Estimate = getattr(self, name)
            if not (share.low >= 0 and share.high <= 1):
                raise EstimateError(
                    f"{name} must lie in [0, 1] with its limits, got {share.low}, {share.high}"
                )
        for name in ("audit_share", "fix_error_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise EstimateError(f"{name} must be in [0, 1], got {getattr(self, name)}")

    @property
    def estimates(self) -> tuple[Estimate, Estimate, Estimate, Estimate]:
        """The four shares that may have limits."""
        return self.error_rate, self.recall, self.false_alarm_rate, self.reviewer_recall


def assumed_flow(
    error_rate: float,
    *,
    recall: float,
    false_alarm_rate: float,
    reviewer_recall: float = 1.0,
    audit_share: float = 0.0,
) -> ReviewFlow:
    """Return a flow made of plain numbers, marked as assumed.

    Raises
    ------
    EstimateError
        If one of them is not in [0, 1].
    """

    def given(value: float, unit: str) -> Estimate:
        return assumed(value, unit, method="taken as given")

    return ReviewFlow(
        error_rate=given(error_rate, "errors/output"),
        recall=given(recall, "share of errors"),
        false_alarm_rate=given(false_alarm_rate, "share of right outputs"),
        reviewer_recall=given(reviewer_recall, "share of errors read"),
        audit_share=audit_share,
    )


@dataclass(frozen=True, slots=True)
class ReviewTeam:
    """Who reviews, and how long it takes.

    Parameters
    ----------
    reviewers : >= 0
        At work at the same time: c.
    check_hours : >= 0
        To read one output: t_c.
    fix_hours : >= 0
        To mend one that was found wrong, on top of reading it: t_f.
    available_share : in (0, 1]
        Share of an hour by the clock that they have for this: eta. Three shifts of eight hours are 1.
    utilization : in (0, 1)
        How busy they may be for the wait to stay bearable: rho*; from a wait target by
        `assay.estimate.queueing.utilization_for_wait`.

    Raises
    ------
    EstimateError
        If one is out of its range.
    """

    reviewers: float
    check_hours: float
    fix_hours: float
    available_share: float = 1.0
    utilization: float = 0.85

    def __post_init__(self) -> None:
        for name in ("reviewers", "check_hours", "fix_hours"):
            if not 0 <= getattr(self, name) < math.inf:
                raise EstimateError(f"{name} must be finite and >= 0, got {getattr(self, name)}")
        if not 0 < self.available_share <= 1:
            raise EstimateError(f"available_share must be in (0, 1], got {self.available_share}")
        if not 0 < self.utilization < 1:
            raise EstimateError(f"utilization must be in (0, 1), got {self.utilization}")

    @property
    def hours_per_hour(self) -> float:
        """Reviewer-hours that may be spent per hour by the clock: c eta rho*."""
        return self.reviewers * self.available_share * self.utilization


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast, and why not faster.

    Parameters
    ----------
    pace
        Outputs/hour. `low` is the pace to keep: both limits hold there at the confidence level.
    binds
        What sets `pace.low`.
    capacity_limit, budget_limit
        Outputs/hour; ``inf`` where it sets none.
    flagged_share
        Share of the outputs that the judge sends to people.
    review_hours
        Reviewer-hours per output: W.
    escapes
        Errors/output that are delivered: e.
    """

    pace: Estimate
    binds: Binding
    capacity_limit: Estimate
    budget_limit: Estimate
    flagged_share: Estimate
    review_hours: Estimate
    escapes: Estimate

    @property
    def affordable_per_hour(self) -> float:
        """The pace to keep."""
        return self.pace.low


def sustainable_pace(
    flow: ReviewFlow,
    team: ReviewTeam,
    *,
    budget_per_hour: float | None = None,
    demand_per_hour: float | None = None,
) -> Pace:
    """Return the greatest pace that capacity, budget and demand allow.

    Parameters
    ----------
    flow
        Its estimates may have limits; to hold at 95 % together make k of them at 1 - 0.05 / k each.
    team
        Known, not estimated: put the slow case where it is not.
    budget_per_hour : >= 0, or None
        Escaped errors allowed per hour by the clock: budget / window. None: no budget.
    demand_per_hour : >= 0, or None
        Outputs wanted per hour. None: as many as can be had.

    Returns
    -------
    Pace
        Confidence level: 1 less what the estimates may miss, added up (Bonferroni); no assumption on how they depend.

    Raises
    ------
    EstimateError
        If budget or demand are negative, nothing limits the pace, or the levels leave nothing to claim.

    Notes
    -----
    With q the error rate, of each output

        phi = q r + (1 - q) f                                       is flagged
        W   = (phi + h (1 - phi)) t_c + q (r + h (1 - r)) r_h t_f   reviewer-hours go into it
        e   = q - q (r + h (1 - r)) r_h (1 - d)                     errors escape, d the share of fixes that err
        pace = min(c eta rho* / W, budget / e, demand)

    Each of phi, W and e is linear in each of q, r, f, r_h, so its extremes over their limits lie at corners: the
    intervals are exact images of the box. Assumes that everything flagged or audited is read, that a person's recall is
    the same in audited and flagged outputs, and that right outputs are left right. It fails where a person's recall
    falls with the share of errors (automation bias): seed known errors and measure it. The wait that `utilization`
    stands for is that of a queue without closing hours: `assay.estimate.queue_simulation` for shifts and deadlines.

    Examples
    --------
    >>> flow = assumed_flow(0.01, recall=1.0, false_alarm_rate=1.0)   # Everything is read.
    >>> found = sustainable_pace(flow, ReviewTeam(1, 0.2, 1.0), budget_per_hour=0.1)
    >>> round(found.affordable_per_hour, 1), found.binds
    (4.0, 'capacity')
    """
    for name, limit in (("budget_per_hour", budget_per_hour), ("demand_per_hour", demand_per_hour)):
        if limit is not None and not 0 <= limit < math.inf:
            raise EstimateError(f"{name} must be finite and not negative, got {limit}")
    made = _Made.of(flow)
    hours = made.image(flow, lambda *x: _review_hours(team, flow, *x), "reviewer-hours/output")
    escapes = made.image(flow, lambda *x: _escapes(flow, *x), "escaped errors/output")
    flagged = made.image(flow, _flagged, "flagged/output")
    capacity = made.limit(team.hours_per_hour, hours)
    budget = made.limit(math.inf if budget_per_hour is None else budget_per_hour, escapes)
    demand = math.inf if demand_per_hour is None else demand_per_hour
    low = min(capacity.low, budget.low, demand)
    if math.isinf(low):
        raise EstimateError("nothing limits the pace: no work, no escapes and no demand are given")
    pace = made.estimate(
        min(capacity.value, budget.value, demand),
        low,
        min(capacity.high, budget.high, demand),
        PACE_UNIT,
    )
    binds: Binding = "demand"
    if low < demand:
        binds = "capacity" if capacity.low <= budget.low else "budget"
    return Pace(pace, binds, capacity, budget, flagged, hours, escapes)


def _flagged(wrong: float, recall: float, alarms: float, _found: float) -> float:
    return wrong * recall + (1 - wrong) * alarms


def _read_wrong(flow: ReviewFlow, wrong: float, recall: float) -> float:
    """Errors per output that come before a person."""
    return wrong * (recall + flow.audit_share * (1 - recall))


def _review_hours(
    team: ReviewTeam, flow: ReviewFlow, wrong: float, recall: float, alarms: float, found: float
) -> float:
    flagged = _flagged(wrong, recall, alarms, found)
    read = flagged + flow.audit_share * (1 - flagged)
    return read * team.check_hours + _read_wrong(flow, wrong, recall) * found * team.fix_hours


def _escapes(flow: ReviewFlow, wrong: float, recall: float, _alarms: float, found: float) -> float:
    mended = _read_wrong(flow, wrong, recall) * found * (1 - flow.fix_error_share)
    # Rounding of the last digit must not make escapes negative where everything is found.
    return max(0.0, wrong - mended)


@dataclass(frozen=True, slots=True)
class _Made:
    """What travels with every number of a pace."""

    confidence_level: float
    n: int
    method: str
    guarantee: Guarantee

    @classmethod
    def of(cls, flow: ReviewFlow) -> _Made:
        level = round(1 - sum(1 - x.confidence_level for x in flow.estimates), 12)
        if level <= 0:
            raise EstimateError("the confidence levels leave nothing to claim: make each higher")
        method = "closed form of capacity and budget; " + "; ".join(
            dict.fromkeys(x.method for x in flow.estimates)
        )
        guarantee = weakest(*(x.guarantee for x in flow.estimates))
        return cls(level, sum(x.n for x in flow.estimates), method, guarantee)

    def estimate(self, value: float, low: float, high: float, unit: str) -> Estimate:
        value = min(max(value, low), high)
        return Estimate(
            value, low, high, unit, self.confidence_level, self.n, self.method, self.guarantee
        )

    def image(self, flow: ReviewFlow, of: Callable[..., float], unit: str) -> Estimate:
        """Return the exact range of a function that is linear in each estimate."""
        corners = [of(*x) for x in itertools.product(*((e.low, e.high) for e in flow.estimates))]
        value = of(*(e.value for e in flow.estimates))
        return self.estimate(value, min(corners), max(corners), unit)

    def limit(self, supply: float, use: Estimate) -> Estimate:
        """Return outputs/hour that a supply per hour lasts for, at a use per output; nothing used is no limit."""
        low, value, high = (
            supply / x if x > 0 else math.inf for x in (use.high, use.value, use.low)
        )
        return self.estimate(value, low, high, PACE_UNIT)
