"""How fast a budget of errors is used up, how many days are left, and the classic burn-rate windows beside it.

The classic windows were made for flows of thousands of errors. On a budget of 30 a month each single error is a burn
rate of 24 over an hour: they page about once an error. They are here to be exported for such flows, and to be compared
with; the alarm for a count is `assay.estimate.count_alarm`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.exact import poisson_rate
from assay.quantity import Estimate

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Light = Literal["green", "amber", "red"]


def budget_light(spent: Estimate, budget: float) -> Light:
    """Return where a window stands: red if the point is over the budget, amber if the upper limit is, else green.

    Parameters
    ----------
    spent
        Escaped errors of the window so far: confirmed ones, and the estimate of the rest with its upper limit.
    budget : >= 0
        Errors of the window.

    Raises
    ------
    EstimateError
        If the budget is negative.

    Examples
    --------
    >>> budget_light(Estimate(12.0, 5.0, 31.0, "errors", 0.95, 200, "audit"), 30)
    'amber'
    """
    if not budget >= 0:
        raise EstimateError(f"a budget must not be negative, got {budget}")
    if spent.value > budget:
        return "red"
    return "amber" if spent.high > budget else "green"


def burn_rate(
    errors: int,
    *,
    elapsed_days: float,
    budget: float,
    window_days: float,
    confidence_level: float = 0.95,
) -> Estimate:
    """Return how many times as fast as allowed errors came.

    Parameters
    ----------
    errors : >= 0
        Counted, not sampled: for an audit scale `assay.estimate.total_errors` instead.
    elapsed_days : > 0
    budget : > 0
        Errors of a window.
    window_days : > 0
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate
        Unit: times the allowed pace. 1 uses the budget up just at the window's end.

    Raises
    ------
    EstimateError
        If an argument is out of its range.

    Notes
    -----
    ``(errors / elapsed) / (budget / window)``, with Garwood's limits of a Poisson count: for one look. Errors that come
    in bursts have wider ones. To look again and again is for `assay.estimate.count_alarm`.

    Examples
    --------
    >>> rate = burn_rate(6, elapsed_days=3, budget=30, window_days=30)
    >>> round(rate.value, 2), round(rate.low, 2), round(rate.high, 2)
    (2.0, 0.73, 4.35)
    """
    for name, value in (
        ("elapsed_days", elapsed_days), ("budget", budget), ("window_days", window_days),
    ):  # fmt: skip
        if not 0 < value < math.inf:
            raise EstimateError(f"{name} must be positive and finite, got {value}")
    allowed = budget * elapsed_days / window_days
    low, high = poisson_rate(errors, allowed, confidence_level=confidence_level)
    return Estimate(
        min(max(errors / allowed, low), high), low, high, "times the allowed pace",
        confidence_level, errors, "count against the budget, Garwood's limits",
    )  # fmt: skip


def days_left(
    errors_per_day: Estimate,
    *,
    budget: float,
    window_days: float,
    error_ages_days: npt.ArrayLike = (),
    spent: float | None = None,
) -> Estimate:
    """Return in how many days a rolling budget is used up if errors go on at this pace.

    Parameters
    ----------
    errors_per_day : >= 0
        The pace.
    budget : >= 0
        Errors of a window.
    window_days : > 0
        It rolls: an error leaves it when it is that old.
    error_ages_days : shape (n,), >= 0
        Age of each error that is counted; older ones than the window don't count.
    spent : >= 0, or None
        Used so far where no ages are known: these errors then never leave, as in a window that does not roll. None: the
        errors whose ages are given.

    Returns
    -------
    Estimate
        Unit: days; 0 where it is used up; ``inf`` where, at this pace, it never is. The limits are those of the
        pace: `low` is the days to count on.

    Raises
    ------
    EstimateError
        If an argument is negative, or both ages and what is spent are given.

    Notes
    -----
    At day d the window holds the old errors of age at most ``window - d`` and ``pace * min(d, window)`` new ones; the
    answer is the first d at which that is more than the budget. A statement on this pace, not a forecast.

    Examples
    --------
    >>> pace = Estimate(2.0, 1.0, 4.0, "errors/day", 0.95, 30, "counted")
    >>> left = days_left(pace, budget=30, window_days=30, spent=10)
    >>> left.low, left.value, left.high
    (5.0, 10.0, 20.0)
    """
    ages = np.sort(np.asarray(error_ages_days, np.float64).ravel())
    if not (0 < window_days < math.inf and 0 <= budget < math.inf):
        raise EstimateError(f"budget >= 0 and window_days > 0, got {budget} and {window_days}")
    if ages.size and (spent is not None or not (np.isfinite(ages).all() and ages[0] >= 0)):
        raise EstimateError("give ages that are not negative, or what is spent, not both")
    if errors_per_day.low < 0 or not 0 <= (spent or 0.0) < math.inf:
        raise EstimateError("errors can't be negative")
    low, value, high = (
        _until_used_up(rate, budget - (spent or 0.0), window_days, ages, rolls=spent is None)
        for rate in (errors_per_day.high, errors_per_day.value, errors_per_day.low)
    )
    return Estimate(
        value, low, high, "days", errors_per_day.confidence_level, errors_per_day.n,
        f"at the pace of ({errors_per_day.method})", errors_per_day.guarantee,
    )  # fmt: skip


def _until_used_up(
    rate: float, budget: float, window: float, ages: FloatArray, *, rolls: bool
) -> float:
    ages = ages[ages < window]
    if ages.size > budget or budget < 0:
        return 0.0
    if rate == 0:
        return math.inf
    if math.isinf(rate):
        return 0.0
    if not rolls:
        return budget / rate
    # Between two departures the sum rises steadily: it can pass the budget just before one, or at the end.
    leaves = np.append(window - ages[::-1], window)
    held = ages.size - np.arange(leaves.size)
    reached = (budget - held) / rate
    passed = np.flatnonzero(reached < leaves)
    if not passed.size:
        return math.inf
    first = int(passed[0])
    return float(max(reached[first], leaves[first - 1] if first else 0.0))


@dataclass(frozen=True, slots=True)
class BurnWindows:
    """One classic rule: alarm while the burn rate is reached over a long and a short window at once.

    Parameters
    ----------
    factor : > 0
        Burn rate.
    long_hours, short_hours : > 0
    pages
        Wakes somebody up; else a ticket.
    """

    factor: float
    long_hours: float
    short_hours: float
    pages: bool = True


CLASSIC_WINDOWS = (
    BurnWindows(14.4, 1.0, 5 / 60),
    BurnWindows(6.0, 6.0, 0.5),
    BurnWindows(1.0, 72.0, 6.0, pages=False),
)
"""Beyer et al. (eds.), "The Site Reliability Workbook", O'Reilly 2018, chapter 5: multiwindow, multi-burn-rate."""


def classic_alarms(
    errors: npt.ArrayLike,
    *,
    bin_hours: float,
    allowed_per_hour: float,
    windows: Sequence[BurnWindows] = CLASSIC_WINDOWS,
    pages: bool = True,
) -> BoolArray:
    """Return in which bins of time the classic windows alarm.

    Parameters
    ----------
    errors : shape (n_bins,) or (n_series, n_bins), >= 0
        Errors in each bin.
    bin_hours : > 0
        At most the shortest window.
    allowed_per_hour : > 0
        Budget / window.
    windows
    pages
        Those that page; else those that make tickets.

    Returns
    -------
    BoolArray
        Of the shape of `errors`.

    Raises
    ------
    EstimateError
        If an argument is out of its range.
    """
    counts = np.asarray(errors, np.float64)
    shortest = min((rule.short_hours for rule in windows), default=math.inf)
    if not (0 < bin_hours <= shortest * (1 + 1e-9) and 0 < allowed_per_hour < math.inf):
        raise EstimateError(
            f"bin_hours must be in (0, {shortest:g}] and allowed_per_hour > 0, got {bin_hours} and {allowed_per_hour}"
        )
    alarm = np.zeros(counts.shape, np.bool_)
    for rule in windows:
        if rule.pages == pages:
            both = [
                _burned(counts, max(1, round(hours / bin_hours))) / (hours * allowed_per_hour)
                >= rule.factor
                for hours in (rule.long_hours, rule.short_hours)
            ]
            alarm |= both[0] & both[1]
    return alarm


def count_episodes(alarm: BoolArray) -> npt.NDArray[np.int64]:
    """Return how often an alarm begins, over the last axis.

    Examples
    --------
    >>> int(count_episodes(np.array([True, True, False, True])))
    2
    """
    begins = alarm.copy()
    begins[..., 1:] &= ~alarm[..., :-1]
    return np.asarray(begins.sum(axis=-1, dtype=np.int64))


def _burned(counts: FloatArray, bins: int) -> FloatArray:
    """Errors of the last so many bins at each bin; fewer at the start."""
    total = np.cumsum(counts, axis=-1)
    burned = total.copy()
    burned[..., bins:] -= total[..., :-bins]
    return burned
