"""The arithmetic of error volume: how fast is still all right, and how good one has to be at a speed.

An error rate says nothing of how many errors go out of the door: 99 % right at 100 times the pace of people who are
90 % right is ten times their errors.
"""

from __future__ import annotations

import math

from assay.errors import EstimateError


def equal_volume_speed(human_error_rate: float, system_error_rate: float) -> float:
    """Return how many times as fast as people a system may be, for no more errors in all.

    Raises
    ------
    EstimateError
        If a rate is not in (0, 1].

    Examples
    --------
    >>> equal_volume_speed(0.10, 0.01)
    10.0
    """
    _check_rates(human_error_rate, system_error_rate)
    return human_error_rate / system_error_rate


def equal_volume_error_rate(human_error_rate: float, speed: float) -> float:
    """Return the error rate that a system needs at so many times the pace of people, for no more errors in all.

    Raises
    ------
    EstimateError
        If the rate is not in (0, 1] or the speed not positive.

    Examples
    --------
    >>> round(1 - equal_volume_error_rate(0.10, 100), 12)
    0.999
    """
    _check_rates(human_error_rate)
    if not 0 < speed < math.inf:
        raise EstimateError(f"a speed must be positive and finite, got {speed}")
    return min(1.0, human_error_rate / speed)


def _check_rates(*rates: float) -> None:
    for rate in rates:
        if not 0 < rate <= 1:
            raise EstimateError(f"an error rate must be in (0, 1], got {rate}")
