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


def window_alarms(
    error_days: npt.ArrayLike,
    *,
    budget: float,
    window_days: float,
    until_day: float,
    false_alarm: float = 0.01,
    prior: MixturePrior = PRIOR,
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
    for place in range(max(1, math.ceil(until_day / window_days))):
        start, end = place * window_days, min((place + 1) * window_days, until_day)
        last = end == until_day
        inside = days[(days >= start) & ((days <= end) if last else (days < end))]
        allowed = budget * (inside - start) / window_days
        logs = count_log_e_value(np.arange(1, inside.size + 1), allowed, prior=prior)
        alarms = np.flatnonzero(logs >= needed)
        in_all = budget * (end - start) / window_days
        at_end = float(count_log_e_value(inside.size, in_all, prior=prior))
        alarm_at = float(inside[alarms[0]]) if alarms.size else None
        found.append(WindowAlarm(start, end, int(inside.size), in_all, at_end, alarm_at))
    return tuple(found)


def _checked(
    error_days: npt.ArrayLike, budget: float, window_days: float, until_day: float
) -> FloatArray:
    days = np.sort(np.asarray(error_days, np.float64).ravel())
    for name, value in (("budget", budget), ("window_days", window_days), ("until_day", until_day)):
        if not 0 < value < math.inf:
            raise EstimateError(f"{name} must be positive and finite, got {value}")
    if days.size and not (days[0] >= 0 and days[-1] <= until_day):
        raise EstimateError(f"errors must lie in [0, {until_day:g}] days")
    return days
