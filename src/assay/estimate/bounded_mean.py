"""Means and ratios of means of values between 0 and 1, whatever their distribution: tasks are the sampling unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.interval import Interval, missing_chance
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]

_BETS = np.array([0.02, 0.03, 0.05, 0.08, 0.12, 0.18, 0.26, 0.36, 0.48, 0.62, 0.78, 0.92, 1.0])
_HINGE_SHARE = 0.8
"""Of the chance to miss: the rest is the bets', which win where the values vary little."""

_GRID = 64
_BISECTIONS = 30
_WINDOW = 14.0
"""Standard deviations: what a binomial has beyond is below 1e-40."""

METHOD = "bounded mean over tasks (binomial dominance and bets)"


class Pairs(NamedTuple):
    """Distinct pairs of values of the tasks, and how many tasks have each.

    Parameters
    ----------
    part, whole : shape (m,), 0 <= part <= whole <= 1
    tasks : shape (m,), > 0
    """

    part: FloatArray
    whole: FloatArray
    tasks: FloatArray


def mean_of_tasks(
    values: Sequence[float] | FloatArray,
    *,
    unit: str = "share",
    confidence_level: float = 0.95,
    two_valued: bool = False,
) -> Quantity:
    """Mean of a value in [0, 1] over the tasks that there are, of which these are an independent sample.

    Parameters
    ----------
    values : shape (n_tasks,), in [0, 1]
        One value a task.
    unit
    confidence_level : in (0, 1)
    two_valued
        Whether each value could only be 0 or 1, by the design: then the limits are Clopper-Pearson's.

    Returns
    -------
    Estimate or Unknown
        `Unknown` where there is no task.

    Raises
    ------
    EstimateError
        If a value is not in [0, 1].

    Notes
    -----
    Proved for independent tasks, however few, and for any distribution: see `ratio_over_tasks` with a whole of 1. It is
    about 1.1 to 1.5 times as wide as a normal interval where that one is right. It fails where tasks come in families.

    Examples
    --------
    >>> solved = mean_of_tasks([0, 0.25, 0.5, 1, 1, 0, 0, 0.75])
    >>> round(solved.value, 4), round(solved.low, 2), round(solved.high, 2)
    (0.4375, 0.12, 0.81)
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size and two_valued:
        _check(array, np.ones_like(array))
        ones = int(array.sum())
        limits = clopper_pearson(ones, array.size, confidence_level=confidence_level)
        return _estimate(
            ones / array.size,
            limits,
            unit,
            confidence_level,
            array.size,
            "binomial over tasks (exact)",
        )
    return ratio_over_tasks(
        array, np.ones_like(array), unit=unit, confidence_level=confidence_level
    )


def ratio_over_tasks(
    parts: Sequence[float] | FloatArray,
    wholes: Sequence[float] | FloatArray,
    *,
    unit: str = "share",
    confidence_level: float = 0.95,
) -> Quantity:
    """Mean of the parts over mean of the wholes, as the share of all errors that have a property.

    Parameters
    ----------
    parts, wholes : shape (n_tasks,), 0 <= part <= whole <= 1
        Of each task: its errors with the property, and its errors, per answer.
    unit
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        In [0, 1]; `n` counts the tasks with a whole above 0. `Unknown` where there is none.

    Raises
    ------
    EstimateError
        If a part is not in [0, whole], or a whole above 1.

    Notes
    -----
    If the ratio is r, then ``w = part + r (1 - whole)`` lies in [0, 1] and has the mean r. Two tests of that:
    the sum of n such values is at most as spread as a binomial one in the order of convex functions [1]_, so that
    ``P(S >= s) <= min_a E(B - a)+ / (s - a)`` [2]_; and a gambler whose stake is multiplied by ``1 + u (w / r - 1)``
    for each task reaches 1 / alpha with a chance of at most alpha [3]_, here a mixture over 13 fixed bets u. The first
    may miss with 4/5 of the chance, the second with 1/5. Tasks with a whole of 0 say nothing of r and are left out.
    Assumes independent tasks. It is wide where wholes are small: one error of many answers is little evidence.

    References
    ----------
    .. [1] Hoeffding, "Probability inequalities for sums of bounded random variables", JASA 58 (1963), section 6,
       doi:10.1080/01621459.1963.10500830.
    .. [2] Bentkus, "On Hoeffding's inequalities", Ann. Probab. 32 (2004), doi:10.1214/009117904000000360.
    .. [3] Waudby-Smith, Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024),
       arXiv:2010.09686.
    """
    part, whole = np.asarray(parts, dtype=np.float64), np.asarray(wholes, dtype=np.float64)
    _check(part, whole)
    part, whole = part[whole > 0], whole[whole > 0]
    if part.size == 0:
        return Unknown("there is no task to take it from")
    value = float(part.sum() / whole.sum())
    miss = missing_chance(confidence_level) / 2
    low = _lower(_distinct(part, whole), value, miss)
    high = 1.0 - _lower(_distinct(whole - part, whole), 1.0 - value, miss)
    return _estimate(value, Interval(low, high), unit, confidence_level, part.size, METHOD)


def _lower(pairs: Pairs, value: float, miss: float) -> float:
    """Return the least ratio that is not refuted as too small."""
    if value <= 0:
        return 0.0
    low, high = 0.0, value
    for tried in np.linspace(0.0, value, _GRID + 1)[1:]:
        if not _refuted(pairs, float(tried), miss):
            high = float(tried)
            break
        low = float(tried)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if middle > 0 and not _refuted(pairs, middle, miss):
            high = middle
        else:
            low = middle
    return low


def _refuted(pairs: Pairs, ratio: float, miss: float) -> bool:
    values = pairs.part + ratio * (1.0 - pairs.whole)
    if _hinge(pairs, values, ratio) <= miss * _HINGE_SHARE:
        return True
    with np.errstate(divide="ignore"):
        gains = np.log1p(_BETS[:, None] * (values / ratio - 1.0)) @ pairs.tasks
    stake = float(special.logsumexp(gains)) - math.log(len(_BETS))
    return stake >= -math.log(miss * (1 - _HINGE_SHARE))


def _hinge(pairs: Pairs, values: FloatArray, ratio: float) -> float:
    """Return the greatest chance of a sum like this, over all distributions in [0, 1] with this mean."""
    n = float(pairs.tasks.sum())
    total = float(values @ pairs.tasks)
    if total <= n * ratio or ratio >= 1:
        return 1.0
    spread = _WINDOW * math.sqrt(n * ratio * (1 - ratio)) + _WINDOW
    first = max(0, math.floor(n * ratio - spread))
    last = min(n, math.ceil(max(n * ratio + spread, total + 1)))
    counts = np.arange(first, last + 1, dtype=np.float64)
    chance = np.exp(
        special.gammaln(n + 1) - special.gammaln(counts + 1) - special.gammaln(n - counts + 1)
        + special.xlogy(counts, ratio) + special.xlog1py(n - counts, -ratio)
    )  # fmt: skip
    # E(B - a)+ at every whole a: twice the sum of the upper tails.
    above = np.cumsum(chance[::-1])[::-1]
    excess = np.append(np.cumsum(above[::-1])[::-1][1:], 0.0)
    under = counts < total
    return float(min(1.0, (excess[under] / (total - counts[under])).min(initial=1.0)))


def _distinct(part: FloatArray, whole: FloatArray) -> Pairs:
    pairs, count = np.unique(np.column_stack([part, whole]), axis=0, return_counts=True)
    return Pairs(pairs[:, 0], pairs[:, 1], count.astype(np.float64))


def _check(part: FloatArray, whole: FloatArray) -> None:
    fits = (part >= 0) & (part <= whole + 1e-12) & (whole <= 1)
    if not fits.all():
        place = int(np.argmin(fits))
        raise EstimateError(
            f"each task needs 0 <= part <= whole <= 1, got {part[place]} of {whole[place]}"
        )


def _estimate(
    value: float, limits: Interval, unit: str, level: float, n: int, method: str
) -> Estimate:
    return Estimate(
        value=min(max(value, limits.low), limits.high),
        low=limits.low,
        high=limits.high,
        unit=unit,
        confidence_level=level,
        n=n,
        method=method,
        guarantee="proved",
    )
