"""What a user asks of a pace, in one value."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from assay.errors import BadInput
from assay.volume.pace_queue import QueueQuestion
from assay.volume.pace_setting import Reviewers
from assay.volume.question import VolumeQuestion


@dataclass(frozen=True, slots=True)
class PaceQuestion:
    """What to ask.

    Parameters
    ----------
    reviewers
    allow, per_days : >= 0 and > 0, or None
        The budget: so many errors may escape in so many days. None: the volume of the people in `volume.human`.
    volume
        Which system, which evidence, which people, at which confidence level.
    judge
        The judge in the ledger whose score says what is read; its ROC is measured there.
    error_rate, auroc, recall, false_alarms : in [0, 1], or None
        Assumed in place of what a ledger would tell.
    audit_share : in [0, 1]
        Share of what is not flagged that is read all the same.
    demand_per_day : >= 0, or None
        Outputs a day that are wanted.
    check_today
        Whether today's throughput is held against the pace, where no demand is named.
    queue
        Simulate the queue, too.
    """

    reviewers: Reviewers
    allow: float | None = None
    per_days: float | None = None
    volume: VolumeQuestion = field(default_factory=VolumeQuestion)
    judge: str | None = None
    error_rate: float | None = None
    auroc: float | None = None
    recall: float | None = None
    false_alarms: float | None = None
    audit_share: float = 0.01
    demand_per_day: float | None = None
    check_today: bool = False
    queue: QueueQuestion | None = None

    def __post_init__(self) -> None:
        if (self.allow is None) != (self.per_days is None):
            raise BadInput("--allow and --per go together, as 30 and 30d")
        if self.allow is None and self.volume.human is None:
            raise BadInput(
                "a pace needs a budget of errors: a count (--allow 30 --per 30d), or the volume of the people that the "
                "system replaced (--human-error-rate 0.10 --human-per-day 40)"
            )
        for name, value in (("--allow", self.allow), ("--demand", self.demand_per_day)):
            if value is not None and not 0 <= value < math.inf:
                raise BadInput(f"{name} must be 0 or more and finite, got {value:g}")
        if not 0 <= self.audit_share <= 1:
            raise BadInput(f"--audit-share must be in [0, 1], got {self.audit_share:g}")
        if self.error_rate is not None and not 0 < self.error_rate <= 1:
            raise BadInput(f"--error-rate must be above 0 and at most 1, got {self.error_rate:g}")
        if not 0.5 <= self.volume.confidence_level < 1:
            level = self.volume.confidence_level
            raise BadInput(f"the confidence level must be in [0.5, 1), got {level}")
        if self.judge is not None and self.assumes_judge:
            raise BadInput("the judge is either measured (--judge) or assumed (--auroc, --recall)")

    @property
    def assumes_judge(self) -> bool:
        """Whether the judge is taken on the user's word."""
        return any(x is not None for x in (self.auroc, self.recall, self.false_alarms))
