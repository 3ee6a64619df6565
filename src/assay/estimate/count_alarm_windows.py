"""The count alarm window after window: restarted at each, so that an old quiet month can't hide a new burst."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.count_alarm import (
    PRIOR,
    FloatArray,
    MixturePrior,
    count_log_e_value,
    log_alarm_level,
)


@dataclass(frozen=True, slots=True)
class WindowAlarm:
    """What one window came to.

    Parameters
    ----------
    start, end
        In days; `end` is now for a window that still runs.
    errors : >= 0
    allowed : >= 0
        By its end.
    log_e_value
        At its end.
    alarm_at
        In days: the first error at which it alarmed, None where it never did.
    """

    start: float
    end: float
    errors: int
    allowed: float
    log_e_value: float
    alarm_at: float | None


def allowed_so_far(
    days: npt.ArrayLike, *, budget: float, window_days: float, cycle_days: float = 0.0
) -> FloatArray:
    """Return the errors that a budget allows from a window's start on, for traffic that comes and goes.

    Parameters
    ----------
    days : >= 0, any shape
        Since the window's start.
    budget : > 0
        Errors of the window.
    window_days : > 0
    cycle_days : >= 0
        What the traffic repeats itself in: 1 where it has a day, 7 where it has a week. What a cycle allows is allowed
        from its beginning on. 0: errors may come evenly only.

    Raises
    ------
    EstimateError
        If an argument is out of its range.

    Notes
    -----
    An alarm keeps its level if at no moment more errors were to be expected than are allowed so far. Evenly spread,
    that is broken by every morning: with half of 900 a week used, from 9 to 17 o'clock on working days, errors are over
    the even pace by noon of the first day, and it rings in 99 % of such weeks at a level of 1 %. With the allowance of
    a whole cycle ahead it is enough that no whole cycle expects more than its part, however the errors lie in it:
    tests/coverage/test_count_alarm.py.

    The price is time: an excess is seen once it stands out against a whole cycle. At 4 times 900 a week that is after 8
    hours with a day ahead and two days with a week ahead, instead of 20 minutes; at 4 times 30 a month after 2.3 and
    4.4 days instead of 1.7 (medians of 150 runs).

    Examples
    --------
    >>> allowed_so_far([0.1, 0.9, 1.0, 6.5], budget=70, window_days=7).round(6).tolist()
    [1.0, 9.0, 10.0, 65.0]
    >>> allowed_so_far([0.1, 0.9, 1.0, 6.5], budget=70, window_days=7, cycle_days=1).tolist()
    [10.0, 10.0, 20.0, 70.0]
    """
    passed = np.asarray(days, np.float64)
    _check_positive(budget=budget, window_days=window_days)
    if not (np.isfinite(passed).all() and (passed >= 0).all()):
        raise EstimateError("days since a window's start must be finite and not negative")
    if not 0 <= cycle_days < math.inf:
        raise EstimateError(f"cycle_days must be finite and not negative, got {cycle_days}")
    if cycle_days:
        ahead = (np.floor(passed / cycle_days) + 1) * cycle_days
        # The window has no more than its budget, if it ends within a cycle.
        passed = np.maximum(passed, np.minimum(ahead, window_days))
    return np.asarray(budget * passed / window_days)


def window_alarms(
    error_days: npt.ArrayLike,
    *,
    budget: float,
    window_days: float,
    until_day: float,
    false_alarm: float = 0.01,
    prior: MixturePrior = PRIOR,
    cycle_days: float = 0.0,
) -> tuple[WindowAlarm, ...]:
    """Return what each window came to, looked at after every error.

    Parameters
    ----------
    error_days : shape (n,), in [0, until_day]
        When each error happened, days since the first window's start, in any order. Late labels are put where the error
        happened: a past window is computed anew with them.
    budget : > 0
        Errors allowed in a window.
    window_days : > 0
    until_day : > 0
        Now.
    false_alarm : in (0, 1)
        For each window: over 12 of them an alarm somewhere has up to 12 times that chance.
    prior
    cycle_days : >= 0
        As of `allowed_so_far`, from each window's start. With 0 the chance of a false alarm holds for errors that may
        come at any hour alike, and for no others.

    Raises
    ------
    EstimateError
        If an argument is out of its range.

    Notes
    -----
    The e-process of `assay.estimate.count_alarm.count_log_e_value`, from 1 at each window's start. Between errors it
    only falls, so looking at errors is looking always. Restart it after each accepted change of the system too: pass
    the days since the change.

    Examples
    --------
    >>> burst = np.linspace(31.0, 31.5, 8)
    >>> first, second = window_alarms(burst, budget=30, window_days=30, until_day=40)
    >>> first.alarm_at, second.errors, second.alarm_at is not None
    (None, 8, True)
    """
    days = _checked(error_days, budget, window_days, until_day)
    needed = log_alarm_level(false_alarm)
    found = []
    # A quotient a rounding error above a whole number is no further window.
    windows = max(1, math.ceil(until_day / window_days * (1 - 1e-12)))
    for place in range(windows):
        start = place * window_days
        end = until_day if place == windows - 1 else (place + 1) * window_days
        last = place == windows - 1
        inside = days[(days >= start) & ((days <= end) if last else (days < end))]
        allowed = allowed_so_far(
            inside - start, budget=budget, window_days=window_days, cycle_days=cycle_days
        )
        logs = count_log_e_value(np.arange(1, inside.size + 1), allowed, prior=prior)
        alarms = np.flatnonzero(logs >= needed)
        in_all = float(
            allowed_so_far(
                end - start, budget=budget, window_days=window_days, cycle_days=cycle_days
            )
        )
        at_end = float(count_log_e_value(inside.size, in_all, prior=prior))
        alarm_at = float(inside[alarms[0]]) if alarms.size else None
        found.append(WindowAlarm(start, end, int(inside.size), in_all, at_end, alarm_at))
    return tuple(found)


def _checked(
    error_days: npt.ArrayLike, budget: float, window_days: float, until_day: float
) -> FloatArray:
    days = np.sort(np.asarray(error_days, np.float64).ravel())
    _check_positive(budget=budget, window_days=window_days, until_day=until_day)
    if days.size and not (days[0] >= 0 and days[-1] <= until_day):
        raise EstimateError(f"errors must lie in [0, {until_day:g}] days")
    return days


def _check_positive(**arguments: float) -> None:
    for name, value in arguments.items():
        if not 0 < value < math.inf:
            raise EstimateError(f"{name} must be positive and finite, got {value}")
