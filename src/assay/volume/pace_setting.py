"""What a pace is computed from: the reviewers, the budget, the error rate, and the judge that says what is read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from assay.errors import BadInput
from assay.estimate.pace import Pace, ReviewFlow, ReviewTeam, sustainable_pace
from assay.estimate.pace_curve import CurvePoint, RocPoint, binormal_roc
from assay.estimate.queueing import ServiceTime, check_and_fix, utilization_for_wait
from assay.quantity import Estimate, assumed

JudgeKind = Literal["measured", "assumed", "random", "everything", "nothing"]

VARIATION = 0.5
"""Coefficient of variation that is assumed of the times to check and to fix, where a wait is asked for."""
USUAL_UTILIZATION = 0.85
LEAST, MOST = 0.001, 1_000_000
"""Of reviewers and of minutes: what lies outside is a slip of the hand."""
SPAN = f"{LEAST} to {MOST:,}"
DAY_HOURS = 24.0
_ZOOM, _ZOOMS, _EDGE = 21, 5, 8.0


@dataclass(frozen=True, slots=True)
class Reviewers:
    """Who reviews, how long it takes them, and when they are there.

    Parameters
    ----------
    reviewers : > 0
        At work at the same time.
    check_minutes : > 0
        To read one output.
    fix_minutes : >= 0
        To mend one that was found wrong, on top of reading it.
    hours_a_day : in (0, 24]
        That each of them has for this on a working day.
    days_a_week : in (0, 7]
    recall : in [0, 1]
        Share of the errors put before them that they find: an assumption, until known errors are seeded.
    wait_minutes : > 0, or None
        Mean wait before a review begins that is still all right. None: they may be busy 85 % of their hours.

    Raises
    ------
    BadInput
        If one is out of its range.
    """

    reviewers: float
    check_minutes: float
    fix_minutes: float
    hours_a_day: float = 8.0
    days_a_week: float = 7.0
    recall: float = 0.95
    wait_minutes: float | None = None

    def __post_init__(self) -> None:
        checks = (
            ("--reviewers", self.reviewers, LEAST <= self.reviewers <= MOST, SPAN),
            ("--check-minutes", self.check_minutes, LEAST <= self.check_minutes <= MOST, SPAN),
            ("--fix-minutes", self.fix_minutes, 0 <= self.fix_minutes <= MOST, f"0 to {MOST:,}"),
            ("--hours-a-day", self.hours_a_day, 0 < self.hours_a_day <= 24, "above 0, at most 24"),
            ("--days-a-week", self.days_a_week, 0 < self.days_a_week <= 7, "above 0, at most 7"),
            ("--reviewer-recall", self.recall, 0 <= self.recall <= 1, "in [0, 1]"),
            ("--wait-minutes", self.wait_minutes, LEAST <= (self.wait_minutes or 1) <= MOST, SPAN),
        )
        for name, value, ok, rule in checks:
            if not ok:
                raise BadInput(f"{name} must be {rule}, got {value:g}")

    @property
    def hours_per_day(self) -> float:
        """Reviewer-hours that there are in a day of the calendar."""
        return self.reviewers * self.hours_a_day * self.days_a_week / 7

    def team(self, fix_share: float) -> ReviewTeam:
        """Return the team as the closed form takes it, where a share of what is read needs a fix."""
        return ReviewTeam(
            reviewers=self.reviewers,
            check_hours=self.check_minutes / 60,
            fix_hours=self.fix_minutes / 60,
            available_share=self.hours_a_day * self.days_a_week / (7 * DAY_HOURS),
            utilization=self.utilization(fix_share),
        )

    def utilization(self, fix_share: float) -> float:
        """Return how busy they may be, by the mean wait that is asked for."""
        if self.wait_minutes is None:
            return USUAL_UTILIZATION
        if self.reviewers < 1:
            raise BadInput(
                f"--wait-minutes needs at least one whole reviewer, got {self.reviewers:g}"
            )
        # Steps of a thousandth: along a curve the same share comes again and again.
        return _utilization(self, math.ceil(1_000 * fix_share) / 1_000)


@lru_cache(maxsize=4096)
def _utilization(reviewers: Reviewers, fix_share: float) -> float:
    assert reviewers.wait_minutes is not None
    time = ServiceTime(reviewers.check_minutes / 60, VARIATION)
    if reviewers.fix_minutes > 0:
        fix = ServiceTime(reviewers.fix_minutes / 60, VARIATION)
        time = check_and_fix(time, fix, fix_share=min(1.0, fix_share))
    return utilization_for_wait(reviewers.wait_minutes / 60, math.floor(reviewers.reviewers), time)


@dataclass(frozen=True, slots=True)
class Router:
    """What says which outputs are read: a judge at some threshold, chance, or a rule.

    Parameters
    ----------
    name
        In words.
    kind
    points
        What it does at each threshold, where it was measured at some or given at one.
    point_at, ends
        What it does at any threshold between two ends, where it is a formula.
    """

    name: str
    kind: JudgeKind
    points: tuple[RocPoint, ...] = ()
    point_at: Callable[[float], RocPoint] | None = field(default=None, compare=False)
    ends: tuple[float, float] = (0.0, 1.0)

    def changed(self, *, misses: float = 1.0, false_alarms: float = 1.0) -> Router:
        """Return the same with its misses and its false alarms at every threshold times a factor."""

        def better(point: RocPoint) -> RocPoint:
            r, f = point.recall, point.false_alarm_rate
            return RocPoint(
                point.threshold,
                replace(r, **{end: 1 - misses * (1 - getattr(r, end)) for end in _ENDS}),
                replace(f, **{end: false_alarms * getattr(f, end) for end in _ENDS}),
            )

        at = self.point_at
        return replace(
            self,
            points=tuple(map(better, self.points)),
            point_at=None if at is None else lambda t: better(at(t)),
        )


_ENDS = ("value", "low", "high")


def _exactly(recall: float, false_alarms: float, threshold: float, method: str) -> RocPoint:
    return RocPoint(
        threshold,
        assumed(recall, "share of errors", method=method),
        assumed(false_alarms, "share of right outputs", method=method),
    )


EVERYTHING = Router("everything is read", "everything", (_exactly(1, 1, -math.inf, "by the rule"),))
NOTHING = Router("nothing is read", "nothing", (_exactly(0, 0, math.inf, "by the rule"),))
AT_RANDOM = Router(
    "a random part is read",
    "random",
    point_at=lambda share: _exactly(1 - share, 1 - share, share, "by the rule"),
)
"""The part that is let through is the threshold."""


def assumed_judge(
    *,
    auroc: float | None = None,
    recall: float | None = None,
    false_alarms: float | None = None,
) -> Router:
    """Return a judge on the user's word: a binormal one of an AUROC, or one that stays at one threshold.

    Raises
    ------
    BadInput
        If neither is given, or one is out of range.
    """
    if auroc is not None:
        if recall is not None or false_alarms is not None:
            raise BadInput("a judge is assumed by --auroc, or by --recall and --false-alarms")
        apart = binormal_distance(auroc)

        def at(threshold: float) -> RocPoint:
            from scipy import special

            r, f = float(special.ndtr(apart - threshold)), float(special.ndtr(-threshold))
            return _exactly(r, f, threshold, f"binormal judge, AUROC {auroc:g}")

        return Router(
            f"a judge of AUROC {auroc:g} (assumed)",
            "assumed",
            point_at=at,
            ends=(-_EDGE, apart + _EDGE),
        )
    if recall is None or false_alarms is None:
        raise BadInput("--recall and --false-alarms go together, as 0.9 and 0.04")
    for name, share in (("--recall", recall), ("--false-alarms", false_alarms)):
        if not 0 <= share <= 1:
            raise BadInput(f"{name} must be in [0, 1], got {share:g}")
    words = f"a judge that flags {recall:.3g} of the errors and {false_alarms:.3g} of the rest (assumed)"
    return Router(words, "assumed", (_exactly(recall, false_alarms, math.nan, "given"),))


def binormal_distance(auroc: float) -> float:
    """Return how far apart a binormal judge's two means are, in standard deviations.

    Raises
    ------
    EstimateError
        If the AUROC is not in [0.5, 1).
    """
    # Two points are the cheapest curve: it checks the range as the mathematics does.
    from scipy import special

    binormal_roc(auroc, points=2)
    return float(math.sqrt(2) * special.ndtri(auroc))


@dataclass(frozen=True, slots=True)
class Setting:
    """All that the closed form needs but the threshold.

    Parameters
    ----------
    error_rate
        Errors/output before any review.
    reviewers
    budget_per_day : >= 0
        Errors that may escape in a day.
    audit_share : in [0, 1]
        Share of what is not flagged that is read all the same.
    """

    error_rate: Estimate
    reviewers: Reviewers
    budget_per_day: float
    audit_share: float = 0.01

    def flow(self, point: RocPoint, *, audited: bool = True) -> ReviewFlow:
        """Return what becomes of an output at a threshold."""
        return ReviewFlow(
            error_rate=self.error_rate,
            recall=point.recall,
            false_alarm_rate=point.false_alarm_rate,
            reviewer_recall=assumed(
                self.reviewers.recall, "share of errors read", method="assumed: --reviewer-recall"
            ),
            audit_share=self.audit_share if audited else 0.0,
        )

    def pace(self, point: RocPoint, *, audited: bool = True) -> Pace:
        """Return the pace at a threshold, per hour by the clock."""
        flow = self.flow(point, audited=audited)
        rate = flow.error_rate
        team = min(
            (
                self.reviewers.team(fix_share(replace(flow, error_rate=replace(rate, value=x))))
                for x in dict.fromkeys((rate.low, rate.value, rate.high))
            ),
            key=lambda one: one.utilization,
        )
        return sustainable_pace(flow, team, budget_per_hour=self.budget_per_day / 24)

    def curve(self, router: Router) -> tuple[CurvePoint, ...]:
        """Return the pace along a router's thresholds; of a formula on a grid around the best."""
        audited = router.kind not in ("nothing", "everything")
        if router.point_at is None:
            return tuple(CurvePoint(p, self.pace(p, audited=audited)) for p in router.points)
        low, high = router.ends
        points: list[CurvePoint] = []
        for _ in range(_ZOOMS):
            cuts = np.linspace(low, high, _ZOOM)
            found = [CurvePoint(p, self.pace(p)) for p in map(router.point_at, cuts.tolist())]
            points += found
            middle, step = _best(found).point.threshold, float(cuts[1] - cuts[0])
            low, high = max(router.ends[0], middle - step), min(router.ends[1], middle + step)
        return tuple(sorted(points, key=lambda one: one.point.threshold))

    def best(self, router: Router) -> CurvePoint:
        """Return the threshold with the greatest pace to keep."""
        return _best(self.curve(router))


def _best(points: list[CurvePoint] | tuple[CurvePoint, ...]) -> CurvePoint:
    return max(points, key=lambda one: one.pace.affordable_per_hour)


def read_share(flow: ReviewFlow) -> float:
    """Return the share of the outputs that people read, at the point estimates."""
    q, r, f = flow.error_rate.value, flow.recall.value, flow.false_alarm_rate.value
    flagged = q * r + (1 - q) * f
    return flagged + flow.audit_share * (1 - flagged)


def wrong_share(flow: ReviewFlow) -> float:
    """Return the share of what people read that is wrong, at the point estimates."""
    read, r = read_share(flow), flow.recall.value
    wrong = flow.error_rate.value * (r + flow.audit_share * (1 - r))
    return min(1.0, wrong / read) if read > 0 else 0.0


def fix_share(flow: ReviewFlow) -> float:
    """Return the share of what people read that they find wrong and mend, at the point estimates."""
    return wrong_share(flow) * flow.reviewer_recall.value
