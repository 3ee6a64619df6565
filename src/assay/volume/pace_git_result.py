"""The pace of a repository: what is asked, and the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from assay.errors import BadInput
from assay.estimate.pace import Binding
from assay.quantity import Quantity
from assay.volume.git_history_changes import Change
from assay.volume.git_history_marks import AuthorRule
from assay.volume.pace_git_periods import Period
from assay.volume.pace_setting import Reviewers
from assay.volume.result import Decision

SHOWN = 20


@dataclass(frozen=True, slots=True)
class GitPaceQuestion:
    """What to ask of a repository.

    Parameters
    ----------
    reviewers
        Their recall plays no part: what escaped them is what was undone later.
    since_days : > 0
        Length of the window, which ends with the newest commit.
    rule
        What counts as written by an assistant.
    allow, per_days : >= 0 and > 0, or None
        The budget: so many of the assistant's changes may have to be undone in so many days.
    demand_per_day : >= 0, or None
        Changes a day that are wanted of the assistant.
    follow_days : > 0
        How long a change is followed: the share undone is of those that landed so long ago, and were undone so soon.
        At most a third of the window.
    check_today
        Whether what lands now is held against the pace, where no demand is named.
    confidence_level : in [0.5, 1)
    """

    reviewers: Reviewers
    since_days: float = 90.0
    rule: AuthorRule = AuthorRule()  # noqa: RUF009 - frozen, and nothing is read when it is made
    allow: float | None = None
    per_days: float | None = None
    demand_per_day: float | None = None
    follow_days: float = 30.0
    check_today: bool = False
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.since_days < math.inf:
            raise BadInput(f"--since must be above 0 days, got {self.since_days:g}")
        if (self.allow is None) != (self.per_days is None):
            raise BadInput("--allow and --per go together, as 30 and 30d")
        for name, given in (("--allow", self.allow), ("--demand", self.demand_per_day)):
            if given is not None and not 0 <= given < math.inf:
                raise BadInput(f"{name} must be 0 or more and finite, got {given:g}")
        if not 0 < self.follow_days < math.inf:
            raise BadInput(f"--follow must be above 0 days, got {self.follow_days:g}")
        if not 0.5 <= self.confidence_level < 1:
            raise BadInput(f"the confidence level must be in [0.5, 1), got {self.confidence_level}")


@dataclass(frozen=True, slots=True)
class WrittenBy:
    """The changes of assistants, or of all others.

    Parameters
    ----------
    changes, reverted, fixed : >= 0
        That landed in the window; and were reverted, or fixed, by its end.
    landed_per_day, undone_per_day
        Unit: changes/day.
    followed : >= 0
        Of the changes, those that landed long enough ago to be followed.
    undone_share
        Of those.
    """

    changes: int
    reverted: int
    fixed: int
    followed: int
    landed_per_day: Quantity
    undone_per_day: Quantity
    undone_share: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "changes": self.changes,
            "reverted": self.reverted,
            "fixed": self.fixed,
            "followed": self.followed,
            "landed_per_day": self.landed_per_day.to_json(),
            "undone_per_day": self.undone_per_day.to_json(),
            "undone_share": self.undone_share.to_json(),
        }


@dataclass(frozen=True, slots=True)
class GitPace:
    """The pace of a repository.

    Parameters
    ----------
    question, path
    start, end
        Of the window, in seconds since 1970 UTC.
    commits
        How many were read.
    assistants, others
    capacity_per_day
        Changes of assistants that the reviewers have hours for, beside all those of others.
    budget_per_day
        That the budget bears, at the rate at which they had to be undone; None without a budget.
    pace_per_day
        The lesser; its lower limit is the pace to keep. Unknown where no change of an assistant is in the window, and
        a budget or a time to fix makes its errors matter.
    binds
    decision
    undone
        Changes of assistants that were undone, the newest first.
    periods
        What landed by day or by week; empty where the history is too short for it.
    shallow
        Whether the clone lacks its older history.
    """

    question: GitPaceQuestion
    path: str
    start: int
    end: int
    commits: int
    assistants: WrittenBy
    others: WrittenBy
    capacity_per_day: Quantity
    budget_per_day: Quantity | None
    pace_per_day: Quantity
    binds: Binding | None
    decision: Decision | None
    undone: tuple[Change, ...]
    periods: tuple[Period, ...]
    shallow: bool
    notes: tuple[str, ...]

    @property
    def days(self) -> float:
        """Length of the window."""
        return (self.end - self.start) / 86_400

    @property
    def read_per_day(self) -> float:
        """Changes a day that the reviewers have hours to check, if nothing had to be fixed; of whomever."""
        team = self.question.reviewers
        return 60 * team.hours_per_day * team.utilization(0.0) / team.check_minutes

    @property
    def follow_days(self) -> float:
        """Days for which each change was followed."""
        return min(self.question.follow_days, self.days / 3)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        start, end = (
            datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
            for at in (self.start, self.end)
        )
        budget = self.budget_per_day
        return {
            "repository": self.path,
            "window": {"from": start, "to": end, "days": self.days},
            "follow_days": self.follow_days,
            "commits": self.commits,
            "shallow": self.shallow,
            "written_by_assistant": self.question.rule.words,
            "assistants": self.assistants.to_json(),
            "others": self.others.to_json(),
            "reviewer_hours_per_day": self.question.reviewers.hours_per_day,
            "check_minutes": self.question.reviewers.check_minutes,
            "fix_minutes": self.question.reviewers.fix_minutes,
            "capacity_per_day": self.capacity_per_day.to_json(),
            "budget_per_day": None if budget is None else budget.to_json(),
            "pace_per_day": self.pace_per_day.to_json(),
            "binds": self.binds,
            "demand_per_day": self.question.demand_per_day,
            "decision": self.decision,
            "undone": [
                {"sha": c.sha, "subject": c.subject, "how": c.undone_how, "by": c.undone_by}
                for c in self.undone[:SHOWN]
            ],
            "periods": [period.to_json() for period in self.periods],
            "notes": list(self.notes),
        }
