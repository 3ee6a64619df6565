"""The review queue of a pace, simulated: shifts, priorities, deadlines, and what escapes by them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assay.errors import BadInput
from assay.estimate.queue_simulation import (
    WEEK_HOURS,
    QueueRun,
    ReviewItems,
    Shift,
    simulate_queue,
)
from assay.estimate.queue_simulation_report import QueueReport, report_queue
from assay.estimate.queue_simulation_traffic import poisson_arrivals, review_times
from assay.estimate.queueing import ServiceTime
from assay.quantity import Estimate, Quantity, Unknown, exact
from assay.volume.pace_setting import VARIATION, Reviewers
from assay.volume.pace_shifts import shift_hours, usual_shifts

Missed = Literal["released", "withheld"]

ITEMS = 20_000
MOST_ITEMS = 300_000
MOST_WEEKS = 520


@dataclass(frozen=True, slots=True)
class QueueQuestion:
    """How the queue is worked.

    Parameters
    ----------
    shifts
        When how many review; empty: the reviewers' hours, from 9:00 on, the first days of the week.
    deadline_minutes : > 0, or None
        An item whose review has not begun by then is released unread, or withheld.
    missed
        Which of the two.
    late_minutes : > 0
        A wait that is longer counts as late.
    severity_shares
        Share of the items of each severity, 1 first: reviewed in that order. Empty: all are equal.
    seed
    """

    shifts: tuple[Shift, ...] = ()
    deadline_minutes: float | None = None
    missed: Missed = "withheld"
    late_minutes: float = 60.0
    severity_shares: tuple[tuple[int, float], ...] = ()
    seed: int = 1

    def __post_init__(self) -> None:
        for name, value in (("--deadline", self.deadline_minutes), ("--late", self.late_minutes)):
            if value is not None and not 0 < value < math.inf:
                raise BadInput(f"{name} must be above 0 minutes, got {value:g}")
        shares = [share for _, share in self.severity_shares]
        if shares and not (min(shares) >= 0 and math.isclose(sum(shares), 1, abs_tol=1e-6)):
            raise BadInput(f"--severity-shares must add up to 1, got {sum(shares):g}")


@dataclass(frozen=True, slots=True)
class Load:
    """What comes to the reviewers.

    Parameters
    ----------
    outputs_per_day, read_per_day : >= 0
        Outputs, and those of them that people are to read.
    wrong_share, fix_share : in [0, 1]
        Of what is read: is wrong, and is found wrong and mended.
    words
        Which pace that is.
    """

    outputs_per_day: float
    read_per_day: float
    wrong_share: float
    fix_share: float
    words: str


@dataclass(frozen=True, slots=True)
class SeverityWaits:
    """Waits of the items of one severity, 1 worst; 0 where all are alike."""

    severity: int
    items: int
    report: QueueReport

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {"severity": self.severity or None, "items": self.items, **_waits_json(self.report)}


@dataclass(frozen=True, slots=True)
class QueueAnswer:
    """What a simulated queue comes to; waits in minutes by the clock, closed hours included."""

    question: QueueQuestion
    load: Load
    weeks: float
    items: int
    offered_hours_per_day: float
    staffed_hours_per_day: float
    report: QueueReport
    by_severity: tuple[SeverityWaits, ...]
    escapes_per_day: Quantity
    """Errors a day that are released unread since their deadline was missed."""
    withheld_per_day: Quantity

    @property
    def is_overloaded(self) -> bool:
        """Whether more work comes than there are hours: the queue then grows without end."""
        return self.offered_hours_per_day >= self.staffed_hours_per_day

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "outputs_per_day": self.load.outputs_per_day,
            "read_per_day": self.load.read_per_day,
            "pace": self.load.words,
            "weeks": self.weeks,
            "items": self.items,
            "seed": self.question.seed,
            "deadline_minutes": self.question.deadline_minutes,
            "missed_items_are": self.question.missed,
            "late_minutes": self.question.late_minutes,
            "offered_hours_per_day": self.offered_hours_per_day,
            "staffed_hours_per_day": self.staffed_hours_per_day,
            "overloaded": self.is_overloaded,
            **_waits_json(self.report),
            "escapes_by_deadline_per_day": self.escapes_per_day.to_json(),
            "withheld_per_day": self.withheld_per_day.to_json(),
            "by_severity": [one.to_json() for one in self.by_severity],
        }


def minutes(hours: Quantity) -> Quantity:
    """Return hours as minutes."""
    return hours.scaled(60, "minutes") if isinstance(hours, Estimate) else hours


def _waits_json(report: QueueReport) -> dict[str, object]:
    return {
        "mean_wait_minutes": minutes(report.mean_wait).to_json(),
        "median_wait_minutes": minutes(report.median_wait).to_json(),
        "p95_wait_minutes": minutes(report.p95_wait).to_json(),
        "p99_wait_minutes": minutes(report.p99_wait).to_json(),
        "late_share": report.late.to_json(),
        "missed_share": report.missed.to_json(),
        "utilization": report.utilization,
    }


def simulate_pace(
    reviewers: Reviewers,
    question: QueueQuestion,
    load: Load,
    *,
    progress: Callable[[int, float | None], None] | None = None,
) -> QueueAnswer:
    """Simulate the review queue at a pace.

    Parameters
    ----------
    reviewers
        Their times; and their hours, where the question has no shifts.
    question, load
    progress
        Called with the number of items, and the share that is done.

    Raises
    ------
    BadInput
        If nothing comes to be read, or nobody is ever at work.

    Notes
    -----
    Arrivals are Poisson, evenly over the week: traffic that has a day of its own waits longer or shorter. Times to
    check and to fix are Gamma distributed with a coefficient of variation of 0.5: assumed, as is that severity has
    nothing to do with being wrong. The first week is left out, since the queue begins empty. The limits are for the
    chance of the run, by batch means; they say nothing on the inputs.
    """
    if not load.read_per_day > 0:
        raise BadInput("nothing comes to be read at this pace: there is no queue")
    rng = np.random.default_rng(question.seed)
    shifts = question.shifts or usual_shifts(reviewers)
    rate = load.read_per_day / 24
    warm_up = WEEK_HOURS
    hours = min(max(ITEMS / rate, 4 * WEEK_HOURS), MOST_WEEKS * WEEK_HOURS) + warm_up
    if rate * hours > MOST_ITEMS:
        hours = MOST_ITEMS / rate
        warm_up = min(warm_up, hours / 5)
    arrivals = poisson_arrivals(rate, hours=hours, rng=rng)
    n = arrivals.size
    if progress is not None:
        progress(n, 0.1)
    # Severity and patience are drawn after the times: to ask for them leaves the traffic as it is.
    times = review_times(
        n,
        ServiceTime(reviewers.check_minutes / 60, VARIATION),
        ServiceTime(max(reviewers.fix_minutes, 1e-9) / 60, VARIATION),
        fix_share=load.fix_share,
        rng=rng,
    )
    severities = np.zeros(n, np.int64)
    if question.severity_shares:
        classes, shares = zip(*question.severity_shares, strict=True)
        severities = rng.choice(np.array(classes, np.int64), size=n, p=np.array(shares))
    deadline = question.deadline_minutes
    patience = None if deadline is None else np.full(n, deadline / 60)
    run = simulate_queue(ReviewItems(arrivals, times, severities, patience), shifts)
    if progress is not None:
        progress(n, 1.0)
    report = _report(run, question, warm_up)
    escapes, withheld = _by_deadline(report.missed, question, load)
    return QueueAnswer(
        question=question,
        load=load,
        weeks=hours / WEEK_HOURS,
        items=n,
        offered_hours_per_day=load.read_per_day * _minutes_each(reviewers, load) / 60,
        staffed_hours_per_day=shift_hours(shifts) / 7,
        report=report,
        by_severity=tuple(
            _of_severity(run, severities == one, one, question, warm_up)
            for one in sorted({one for one, share in question.severity_shares if share > 0})
        ),
        escapes_per_day=escapes,
        withheld_per_day=withheld,
    )


def _minutes_each(reviewers: Reviewers, load: Load) -> float:
    return reviewers.check_minutes + load.fix_share * reviewers.fix_minutes


def _report(run: QueueRun, question: QueueQuestion, warm_up: float) -> QueueReport:
    return report_queue(run, target_hours=question.late_minutes / 60, warm_up_hours=warm_up)


def _of_severity(
    run: QueueRun, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]], severity: int,
    question: QueueQuestion, warm_up: float,
) -> SeverityWaits:  # fmt: skip
    items = run.items
    part = ReviewItems(
        items.arrival_hours[chosen],
        items.review_hours[chosen],
        None,
        None if items.patience_hours is None else items.patience_hours[chosen],
    )
    own = QueueRun(part, run.start_hours[chosen], run.staffed_hours, run.overtime_hours)
    return SeverityWaits(severity, int(chosen.sum()), _report(own, question, warm_up))


def _by_deadline(
    missed: Quantity, question: QueueQuestion, load: Load
) -> tuple[Quantity, Quantity]:
    def none(unit: str) -> Estimate:
        return exact(0.0, unit, n=0, method="by the policy")

    errors, outputs = "errors/day", "outputs/day"
    if question.deadline_minutes is None:
        return none(errors), none(outputs)
    if isinstance(missed, Unknown):
        return missed, missed
    if question.missed == "withheld":
        return none(errors), missed.scaled(load.read_per_day, outputs)
    escapes = missed.scaled(
        load.read_per_day * load.wrong_share,
        errors,
        method=f"{missed.method}; items that miss the deadline are as often wrong as all that is read",
    )
    return escapes, none(outputs)
