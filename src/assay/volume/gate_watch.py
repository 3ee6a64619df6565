"""The silent swap: whether what answers under one name changed, and on which day."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assay.errors import BadInput
from assay.estimate.change_point import ChangePoint, change_days, change_point
from assay.estimate.two_shares import holm
from assay.ledger.answers import as_it_stands
from assay.ledger.population import moment_text, time_conditions
from assay.ledger.store import Ledger, literal
from assay.quantity import Unknown
from assay.volume.gate_series import DailySeries, daily_series
from assay.volume.gate_versions import COUNTING_KINDS

MOST_LOOKS = 365
"""A look a day for a year: the more looks, the more orders of the days must be tried."""

LEAST_MISS = 1e-5
"""A smaller risk at one look takes millions of orders."""


@dataclass(frozen=True, slots=True)
class WatchQuestion:
    """What is watched.

    Parameters
    ----------
    system
        The name under which something answers.
    judge
        Whose verdicts are the errors; None: the only check or person there is, or none.
    start, end
        Microseconds since 1970 UTC.
    confidence_level : in (0, 1)
        Chance of no false alarm in all of the looks together.
    looks : >= 1
        How often one means to look, this time included: the risk is shared out among them.
    seed
        Of the random orders.

    Raises
    ------
    BadInput
        Where a number is out of range.
    """

    system: str
    judge: str | None = None
    start: int | None = None
    end: int | None = None
    confidence_level: float = 0.95
    looks: int = 1
    seed: int = 7

    def __post_init__(self) -> None:
        if not 0.5 <= self.confidence_level < 1:
            raise BadInput(f"confidence level must be in [0.5, 1), got {self.confidence_level}")
        if not 1 <= self.looks <= MOST_LOOKS:
            raise BadInput(f"looks must be in [1, {MOST_LOOKS}], got {self.looks}")
        if self.miss < LEAST_MISS:
            raise BadInput(
                f"{self.looks} looks at a confidence level of {self.confidence_level} leave a risk of {self.miss:.1g} "
                f"at each: at least {LEAST_MISS:.0e} is needed"
            )
        if self.seed < 0:
            raise BadInput(f"seed must be >= 0, got {self.seed}")

    @property
    def miss(self) -> float:
        """False alarms allowed at this look."""
        return round(1 - self.confidence_level, 15) / self.looks


@dataclass(frozen=True, slots=True)
class Watched:
    """One series.

    Parameters
    ----------
    name, unit
    found
        The likeliest change; Unknown: it can't be said.
    p_adjusted : in [0, 1] or None
        Its p-value, corrected for all series (Holm).
    day
        First day after the change, ISO 8601.
    between
        First and last day on which the change may have come; None where none was seen.
    """

    name: str
    unit: str
    found: ChangePoint | Unknown
    p_adjusted: float | None = None
    day: str | None = None
    between: tuple[str, str] | None = None

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        shared: dict[str, object] = {"name": self.name, "unit": self.unit}
        if isinstance(self.found, Unknown):
            return shared | {"day": None, "reason": self.found.reason}
        return shared | {
            "day": self.day,
            "day_interval": None if self.between is None else list(self.between),
            "before": self.found.before,
            "after": self.found.after,
            "p_value": self.found.p_value,
            "p_value_adjusted": self.p_adjusted,
            "smallest_visible_change": self.found.visible,
        }


@dataclass(frozen=True, slots=True)
class WatchResult:
    """Whether what answers under a name changed.

    Parameters
    ----------
    system, judge
        What was watched, and who judged; None: nobody.
    answers, days
        How many.
    first_day, last_day
    miss
        False alarms allowed at this look.
    confidence_level
        Of the interval of the day.
    series
    changed
        Names of the series that changed, the surest first.
    """

    system: str
    judge: str | None
    answers: int
    days: int
    first_day: str
    last_day: str
    miss: float
    confidence_level: float
    series: tuple[Watched, ...]
    changed: tuple[str, ...]

    @property
    def surest(self) -> Watched | None:
        """The series that changed most surely; None where none did."""
        return next((one for one in self.series if one.name in self.changed[:1]), None)

    @property
    def day(self) -> str | None:
        """The day of the surest change; None where none was seen."""
        return None if self.surest is None else self.surest.day

    @property
    def between(self) -> tuple[str, str] | None:
        """First and last day on which the surest change may have come; None where none was seen."""
        return None if self.surest is None else self.surest.between

    @property
    def decided(self) -> bool:
        """Whether any series could be looked at."""
        return any(isinstance(one.found, ChangePoint) for one in self.series)

    @property
    def answer(self) -> str:
        """``changed``, ``no change seen`` or ``not enough data``."""
        if self.changed:
            return "changed"
        return "no change seen" if self.decided else "not enough data"

    def to_json(self) -> dict[str, Any]:
        """Return the stable JSON form."""
        return {
            "answer": self.answer,
            "system": self.system,
            "judge": self.judge,
            "answers": self.answers,
            "days": self.days,
            "first_day": self.first_day,
            "last_day": self.last_day,
            "false_alarms_allowed": self.miss,
            "changed": list(self.changed),
            "day": self.day,
            "day_interval": None if self.between is None else list(self.between),
            "confidence_level": self.confidence_level,
            "series": [one.to_json() for one in self.series],
        }


def watch(ledger: Ledger, question: WatchQuestion) -> WatchResult:
    """Return whether the answers under one name changed, and on which day.

    Parameters
    ----------
    ledger
        Dated traces.
    question

    Returns
    -------
    WatchResult

    Raises
    ------
    BadInput
        Where the system has no dated trace, or several judges could be meant.

    Notes
    -----
    Each day's share of errors, its answers' length and format, and how many answers to a repeated task agree with the
    first day's answer to it: each series is scanned for one step (`assay.estimate.change_point.change_point`), and
    all of them together raise a false alarm at most as often as allowed (Holm). A change of what is asked moves them
    as well as a change of what answers; only agreement on repeated tasks is of the same requests. Of each series that
    changed, the days on which the change may have come are those of `assay.estimate.change_point.change_days`.
    """
    where = " AND ".join(
        [
            f"traces.system = {literal(question.system)}",
            "traces.at IS NOT NULL",
            as_it_stands(),
            *time_conditions(question.start, question.end),
        ]
    )
    judge = _judge(ledger, question, where)
    series = list(daily_series(ledger, where, judge))
    if not series:
        raise _nothing(ledger, question.system)
    rng = np.random.default_rng(question.seed)
    # Enough orders that the smallest p-value, corrected for all series, is half of what alarms.
    orders = max(1_999, math.ceil(2 * len(series) / question.miss))
    found = [
        (one, change_point(one.values, one.weights, rng=rng, miss=question.miss, orders=orders))
        for one in series
    ]
    scanned = [(one, change) for one, change in found if isinstance(change, ChangePoint)]
    adjusted = holm([change.p_value for _, change in scanned])
    watched = [
        Watched(one.name, one.unit, change) for one, change in found if isinstance(change, Unknown)
    ]
    sure = sorted(zip(scanned, adjusted, strict=True), key=lambda pair: (pair[1], -_size(pair[0])))
    watched = [
        Watched(one.name, one.unit, change, p, _day(one.days[change.day]))
        for (one, change), p in sure
    ] + watched
    changed = [
        one.name
        for one in watched
        if one.p_adjusted is not None and one.p_adjusted <= question.miss
    ]
    whole = series[0]
    return WatchResult(
        system=question.system,
        judge=judge,
        answers=int(whole.weights.sum()),
        days=len(whole.days),
        first_day=_day(whole.days[0]),
        last_day=_day(whole.days[-1]),
        miss=question.miss,
        confidence_level=question.confidence_level,
        series=tuple(
            _dated(one, {row.name: row for row in series}, rng, question)
            if one.name in changed
            else one
            for one in watched
        ),
        changed=tuple(changed),
    )


def _dated(
    one: Watched,
    series: Mapping[str, DailySeries],
    rng: np.random.Generator,
    question: WatchQuestion,
) -> Watched:
    """Return a series that changed with the days on which the change may have come."""
    row = series[one.name]
    first, last = change_days(
        row.values, row.weights, rng=rng, confidence_level=question.confidence_level
    )
    return replace(one, between=(_day(row.days[first]), _day(row.days[last])))


def _nothing(ledger: Ledger, system: str) -> BadInput:
    rows = ledger.rows("SELECT DISTINCT system FROM traces ORDER BY system LIMIT 9")
    known = [row["system"] for row in rows]
    next_command = f"assay ledger info {ledger.typed}"
    if system in known or len(known) > 8:
        return BadInput(
            f"{system!r} has no trace with a time and an output in this window: there is nothing to watch",
            next_command=next_command,
        )
    names = ", ".join(known) or "no system at all"
    return BadInput(
        f"the ledger has no system {system!r}; it has {names} (versions are not named here: all that answers under "
        "one name is watched)",
        next_command=next_command,
    )


def _judge(ledger: Ledger, question: WatchQuestion, where: str) -> str | None:
    kinds = ",".join(map(literal, COUNTING_KINDS))
    rows = ledger.rows(
        "SELECT DISTINCT verdicts.judge FROM verdicts JOIN traces ON traces.trace_id = verdicts.trace_id "
        f"WHERE verdicts.judge_kind IN ({kinds}) AND {where} ORDER BY verdicts.judge"
    )
    judges = [row["judge"] for row in rows]
    if question.judge is not None:
        exact = [name for name in judges if name == question.judge]
        judges = exact or [name for name in judges if name.startswith(question.judge)]
        if not judges:
            raise BadInput(f"no check or person {question.judge!r} has judged {question.system!r}")
    if len(judges) > 1:
        raise BadInput(
            f"several judges have spoken on {question.system!r}: name one with --judge: {'; '.join(judges)}"
        )
    return judges[0] if judges else None


def _day(microseconds: int) -> str:
    return (moment_text(int(microseconds)) or "")[:10]


def _size(pair: tuple[DailySeries, ChangePoint]) -> float:
    _, change = pair
    return abs(change.after - change.before) / change.visible if change.visible > 0 else 0.0
