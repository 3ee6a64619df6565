"""Arrivals and review times to put into a simulated queue."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.queue_simulation import WEEK_HOURS, FloatArray
from assay.estimate.queueing import ServiceTime

_HOURS = int(WEEK_HOURS)


def poisson_arrivals(
    per_hour: float | npt.ArrayLike, *, hours: float, rng: np.random.Generator
) -> FloatArray:
    """Return arrival times of independent items.

    Parameters
    ----------
    per_hour : >= 0, one number, or shape (168,) from Monday 0:00 on
    hours : > 0
        Length of the run.
    rng

    Raises
    ------
    EstimateError
        If a rate is negative or not finite, or there are not 1 or 168 of them.

    Notes
    -----
    Poisson in each hour of the week, uniform within it. Real traffic comes in bursts, which make the wait longer.

    Examples
    --------
    >>> poisson_arrivals(100.0, hours=10, rng=np.random.default_rng(1)).size
    988
    """
    rates = np.asarray(per_hour, np.float64).ravel()
    if rates.size not in (1, _HOURS) or not (np.isfinite(rates).all() and (rates >= 0).all()):
        raise EstimateError("per_hour must be one rate, or 168 of them, finite and not negative")
    if not 0 < hours < math.inf:
        raise EstimateError(f"hours must be positive and finite, got {hours}")
    slots = np.arange(math.ceil(hours))
    counts = rng.poisson(rates[slots % rates.size])
    times = np.repeat(slots, counts) + rng.random(int(counts.sum()))
    times.sort()
    return np.asarray(times[times < hours])


def review_times(
    n: int,
    check: ServiceTime,
    fix: ServiceTime,
    *,
    fix_share: float | npt.ArrayLike,
    rng: np.random.Generator,
) -> FloatArray:
    """Return how long each item takes: the check, and the fix where there is one.

    Parameters
    ----------
    n : >= 0
    check, fix
        Gamma distributed; always the same where the variation is 0.
    fix_share : in [0, 1], one number or shape (n,)
        Chance that an item needs a fix.
    rng

    Raises
    ------
    EstimateError
        If a share is not in [0, 1].
    """
    shares = np.broadcast_to(np.asarray(fix_share, np.float64), (n,))
    if not ((shares >= 0) & (shares <= 1)).all():
        raise EstimateError("the share of fixes must be in [0, 1]")
    fixed = rng.random(n) < shares
    return _times(check, n, rng) + np.where(fixed, _times(fix, n, rng), 0.0)


def _times(service: ServiceTime, n: int, rng: np.random.Generator) -> FloatArray:
    if service.variation == 0:
        return np.full(n, service.mean_hours)
    shape = service.variation**-2
    return rng.gamma(shape, service.mean_hours / shape, n)
