"""The answer on pace: the limits, the policies, what would help, and whether a demand can be borne."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assay.estimate.pace import Binding, Pace
from assay.estimate.pace_curve import CurvePoint
from assay.quantity import Estimate, Quantity
from assay.volume.pace_queue import QueueAnswer
from assay.volume.pace_setting import Router, Setting
from assay.volume.result import Decision

PER_DAY = "outputs/day"
NEAR = 1.05
"""Limits that are within 5 % of each other meet, as they do at the best threshold."""


def daily(estimate: Estimate, level: float | None = None) -> Estimate:
    """Return outputs/hour by the clock as outputs/day."""
    return replace(
        estimate.scaled(24.0, PER_DAY),
        confidence_level=estimate.confidence_level if level is None else level,
    )


@dataclass(frozen=True, slots=True)
class PolicyPace:
    """One way to choose what is read, at its best threshold.

    Parameters
    ----------
    router
    best
        The threshold and the pace there, per hour by the clock.
    curve
        All thresholds that were looked at.
    """

    router: Router
    best: CurvePoint
    curve: tuple[CurvePoint, ...]

    @property
    def pace(self) -> Pace:
        """The pace at the best threshold."""
        return self.best.pace

    @property
    def per_day(self) -> float:
        """Outputs/day to keep."""
        return 24 * self.pace.affordable_per_hour

    @property
    def limits_meet(self) -> bool:
        """Whether people and budget run out at about the same pace."""
        low, high = sorted((self.pace.capacity_limit.low, self.pace.budget_limit.low))
        return low > 0 and high <= NEAR * low

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        pace, point = self.pace, self.best.point
        finite = abs(point.threshold) < float("inf")
        return {
            "policy": self.router.name,
            "kind": self.router.kind,
            "threshold": point.threshold if finite else None,
            "recall": point.recall.to_json(),
            "false_alarm_rate": point.false_alarm_rate.to_json(),
            "flagged_share": pace.flagged_share.to_json(),
            "review_hours_per_output": pace.review_hours.to_json(),
            "escapes_per_output": pace.escapes.to_json(),
            "capacity_limit_per_day": daily(pace.capacity_limit).to_json(),
            "budget_limit_per_day": daily(pace.budget_limit).to_json(),
            "pace_per_day": daily(pace.pace).to_json(),
            "binds": pace.binds,
        }


@dataclass(frozen=True, slots=True)
class PaceGain:
    """One thing better, and the pace to keep that comes of it."""

    change: str
    per_day: float
    gained: float
    """Times the pace to keep now."""

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        finite = self.gained != float("inf")
        return {
            "change": self.change,
            "pace_to_keep_per_day": self.per_day,
            "times": self.gained if finite else None,
        }


@dataclass(frozen=True, slots=True)
class PaceAnswer:
    """How fast one system may run.

    Parameters
    ----------
    name
        System and version; empty where nothing of it is in a ledger.
    setting
        Error rate, reviewers, budget.
    budget_words
        Where the budget comes from.
    policies
        Ways to choose what is read, the best first.
    gains
        What would help, the greatest gain first.
    today
        Outputs/day now.
    human_per_day
        Outputs/day of the people that it replaced; None where nobody is to be compared with.
    demand_per_day
        What is wanted; None where nothing is.
    decision
        Whether the demand, or with a check today's pace, is within the pace to keep; None where nothing was asked.
    confidence_level
        Of the pace, all that it is made of together.
    """

    name: str
    setting: Setting
    budget_words: str
    policies: tuple[PolicyPace, ...]
    gains: tuple[PaceGain, ...]
    today: Quantity
    human_per_day: Quantity | None
    demand_per_day: float | None
    decision: Decision | None
    confidence_level: float
    notes: tuple[str, ...]
    queue: QueueAnswer | None = None

    @property
    def best(self) -> PolicyPace:
        """The policy with the greatest pace to keep."""
        return self.policies[0]

    @property
    def pace_per_day(self) -> Estimate:
        """Outputs/day; its lower limit is the pace to keep."""
        return daily(self.best.pace.pace, self.confidence_level)

    @property
    def binds(self) -> Binding:
        """What sets the pace to keep."""
        return self.best.pace.binds

    def times(self, per_day: float) -> float | None:
        """Return a pace as a multiple of the people's; None where theirs is unknown or none."""
        people = self.human_per_day
        if not isinstance(people, Estimate) or people.value <= 0:
            return None
        return per_day / people.value

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        today = self.today
        return {
            "system": self.name,
            "pace_per_day": self.pace_per_day.to_json(),
            "pace_to_keep_per_day": self.best.per_day,
            "pace_to_keep_times_human": self.times(self.best.per_day),
            "binds": self.binds,
            "limits_meet": self.best.limits_meet,
            "today_per_day": today.to_json(),
            "today_times_human": self.times(today.value) if isinstance(today, Estimate) else None,
            "human_per_day": None if self.human_per_day is None else self.human_per_day.to_json(),
            "demand_per_day": self.demand_per_day,
            "decision": self.decision,
            "error_rate": self.setting.error_rate.to_json(),
            "budget": {"per_day": self.setting.budget_per_day, "from": self.budget_words},
            "reviewers": {
                "reviewers": self.setting.reviewers.reviewers,
                "hours_per_day": self.setting.reviewers.hours_per_day,
                "check_minutes": self.setting.reviewers.check_minutes,
                "fix_minutes": self.setting.reviewers.fix_minutes,
                "recall": self.setting.reviewers.recall,
                "wait_minutes": self.setting.reviewers.wait_minutes,
            },
            "audit_share": self.setting.audit_share,
            "policies": [policy.to_json() for policy in self.policies],
            "gains": [gain.to_json() for gain in self.gains],
            "queue": self.queue.to_json() if self.queue else None,
            "confidence_level": self.confidence_level,
            "notes": list(self.notes),
        }
