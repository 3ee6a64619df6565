"""The forecast of a standard as one value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from assay.quantity import Estimate, Quantity
from assay.volume.forecast_readings import DatedVersion, ForecastQuestion

HORIZON_MONTHS = 120.0
"""Ten years: what lies beyond is said to lie beyond."""

Answer = Literal[
    "kept", "if the trend holds", "not within ten years", "no trend", "worse", "unknown"
]
"""What the trend says of the standard.

kept : the trend's present level keeps it, at the confidence level.
if the trend holds : it comes down to the standard; the interval says when.
not within ten years : it comes down, but not within ten years.
no trend : the versions show neither better nor worse.
worse : the versions get worse.
unknown : too few dated versions.
"""


class BacktestLine(NamedTuple):
    """A version that was left out: what was measured, and what the versions before it led to expect."""

    version: str
    date: str
    measured: float
    forecast: float
    low: float
    high: float

    @property
    def inside(self) -> bool:
        """Whether the measured value lies in the interval."""
        return self.low <= self.measured <= self.high


@dataclass(frozen=True, slots=True)
class Backtest:
    """The last versions, forecast from those before them; and why there are none."""

    lines: tuple[BacktestLine, ...]
    reason: str


class Path(NamedTuple):
    """The trend on a day (since 1970): its middle and limits, in the unit of the standard."""

    day: float
    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a standard would be met if the trend holds.

    Parameters
    ----------
    question, demand
    limit
        What the standard allows, in `unit`.
    versions
        By date.
    left_out
        Versions without a date or a known error rate, and why.
    answer
    months
        Months after the newest version until the trend's line is at the limit; no upper limit where it may never be.
    factor
        What the errors are multiplied by each month.
    within_horizon, saturating_within_horizon : in [0, 1]
        Share of the plausible trends that come down to the limit within ten years: of straight ones, of those that
        level off. None where unknown.
    backtest
    path
        For the picture.
    """

    question: ForecastQuestion
    demand: str
    limit: float
    unit: str
    versions: tuple[DatedVersion, ...]
    left_out: tuple[str, ...]
    answer: Answer
    months: Quantity
    factor: Quantity
    within_horizon: float | None
    saturating_within_horizon: float | None
    backtest: Backtest
    path: tuple[Path, ...]

    def date_after(self, months: float) -> str:
        """Return the month that lies so many months after the newest version, as 2027-03; never: "never"."""
        if not math.isfinite(months):
            return "never"
        days = self.versions[-1].day + months * 365.25 / 12
        if days > 900_000:
            return "beyond all counting"
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)).strftime("%Y-%m")

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        dates = None
        if isinstance(self.months, Estimate):
            dates = {
                name: self.date_after(getattr(self.months, name))
                for name in ("low", "value", "high")
            }
        return {
            "standard": self.question.standard,
            "demand": self.demand,
            "limit": self.limit,
            "unit": self.unit,
            "answer": self.answer,
            "months": self.months.to_json(),
            "dates": dates,
            "factor_a_month": self.factor.to_json(),
            "within_ten_years": self.within_horizon,
            "within_ten_years_if_it_levels_off": self.saturating_within_horizon,
            "versions": [one.to_json() for one in self.versions],
            "left_out": list(self.left_out),
            "backtest": [one._asdict() | {"inside": one.inside} for one in self.backtest.lines],
            "backtest_reason": self.backtest.reason or None,
        }
