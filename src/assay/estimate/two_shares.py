"""Two shares from independent counts: their difference, whether they differ at all, and what could have been seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.interval import missing_chance
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]

_NODES = 2_000
_MOST_EXACT = 400
"""Counts up to that many have their power summed over every outcome; beyond, the normal law is as good."""
_POWER = 0.8


class Share(NamedTuple):
    """So many of so many: hits in [0, cases]."""

    hits: int
    cases: int


def share_difference(a: Share, b: Share, *, confidence_level: float = 0.95) -> Quantity:
    """Return the share of a less that of b, from two independent counts.

    Parameters
    ----------
    a, b : hits in [0, cases]
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Unit: share, in [-1, 1]. `Unknown` where one of them counts nothing.

    Raises
    ------
    EstimateError
        If hits are not in [0, cases].

    Notes
    -----
    Melded: with L_a a draw from the confidence distribution of a's exact lower limits, Beta(k, n - k + 1), and U_b one
    of b's exact upper limits, Beta(k + 1, n - k), the lower limit is the ``miss / 2`` quantile of L_a - U_b; the upper
    one is the same with the parts exchanged. It agrees with Fisher's exact test about a difference of 0. Enumerated,
    not proved: no coverage below the level over the grid of tests/estimate/test_two_shares.py.

    References
    ----------
    .. [1] Fay, Proschan, Brittain, "Combining one-sample confidence procedures for inference in the two-sample case",
       Biometrics 71 (2015), doi:10.1111/biom.12231.

    Examples
    --------
    >>> apart = share_difference(Share(8, 10), Share(2, 10))
    >>> round(apart.value, 2), round(apart.low, 2), round(apart.high, 2)
    (0.6, 0.07, 0.89)
    """
    miss = missing_chance(confidence_level)
    for share in (a, b):
        if not 0 <= share.hits <= share.cases:
            raise EstimateError(f"hits must be in [0, cases], got {share.hits} of {share.cases}")
    if a.cases == 0 or b.cases == 0:
        return Unknown("one of the two has no case: there is nothing to compare")
    low = _melded(a, b, miss / 2)
    high = -_melded(b, a, miss / 2)
    value = a.hits / a.cases - b.hits / b.cases
    return Estimate(
        value=min(max(value, low), high),
        low=low,
        high=high,
        unit="share",
        confidence_level=confidence_level,
        n=a.cases + b.cases,
        method="melded exact binomial limits",
        guarantee="enumerated",
    )


def _melded(a: Share, b: Share, miss: float) -> float:
    """Return the lower limit of a's share less b's."""
    from scipy import optimize

    if a.hits == 0 and b.hits == b.cases:
        return -1.0
    middle = (np.arange(_NODES) + 0.5) / _NODES
    if b.hits == b.cases:
        return float(special.betaincinv(a.hits, a.cases - a.hits + 1, miss)) - 1.0
    upper = special.betaincinv(b.hits + 1, b.cases - b.hits, middle)
    if a.hits == 0:
        return -float(special.betaincinv(b.hits + 1, b.cases - b.hits, 1 - miss))

    def excess(t: float) -> float:
        below = special.betainc(a.hits, a.cases - a.hits + 1, np.clip(t + upper, 0.0, 1.0))
        return float(below.mean()) - miss

    return float(optimize.brentq(excess, -1.0, 1.0, xtol=1e-6)) - 1e-6


def fisher_p_value(a: Share, b: Share) -> float:
    """Return the chance of two shares as far apart, or farther, if they were one: twice the lesser exact tail.

    Parameters
    ----------
    a, b : hits in [0, cases]

    Returns
    -------
    float : in (0, 1]
        1 where nothing is counted.

    Notes
    -----
    Given the sum of the counts, a's is hypergeometric. Exact: it holds its level for every share. [1]_

    References
    ----------
    .. [1] Fisher, "The logic of inductive inference", JRSS 98 (1935), doi:10.2307/2342435.

    Examples
    --------
    >>> round(fisher_p_value(Share(8, 10), Share(2, 10)), 4)
    0.023
    """
    total = a.hits + b.hits
    least, most = max(0, total - b.cases), min(a.cases, total)
    chances = _hypergeometric(np.arange(least, most + 1), total, a.cases, b.cases)
    place = a.hits - least
    return float(min(1.0, 2 * min(chances[: place + 1].sum(), chances[place:].sum())))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number: each may be held against the level as if it were the only one.

    References
    ----------
    .. [1] Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    worst = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = worst
    return adjusted


def smallest_visible_change(share: float, before: int, after: int, *, miss: float) -> Quantity:
    """Return the least change of a share that Fisher's test would show in four cases of five.

    Parameters
    ----------
    share : in [0, 1]
        The share over both; the change goes towards 1/2, where there is room for it.
    before, after : >= 0
        Cases on either side.
    miss : in (0, 1)
        Level of the test.

    Returns
    -------
    Estimate or Unknown
        Unit: share. Computed from the design, an assumption and no measurement. `Unknown` where not even a change
        across the whole range would be seen.

    Examples
    --------
    >>> round(smallest_visible_change(0.9, 50, 50, miss=0.05).value, 2)
    0.24
    >>> smallest_visible_change(0.9, 3, 3, miss=0.05)
    Unknown(reason='3 and 3 cases are too few to see any change')
    """
    sign = -1.0 if share > 0.5 else 1.0
    room = share if sign < 0 else 1.0 - share

    def power(change: float) -> float:
        return _power(share, share + sign * change, before, after, miss)

    if min(before, after) == 0 or power(room) < _POWER:
        return Unknown(f"{before:,} and {after:,} cases are too few to see any change")
    low, high = 0.0, room
    while high - low > 5e-4:
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle) >= _POWER else (middle, high)
    return Estimate(
        high, high, high, "share", 1.0, 0,
        f"Fisher's exact test of {before:,} against {after:,} cases, seen in 80 %", "assumed",
    )  # fmt: skip


def _power(p: float, q: float, n: int, m: int, miss: float) -> float:
    if max(n, m) > _MOST_EXACT:
        spread = math.sqrt(p * (1 - p) / n + q * (1 - q) / m)
        z = -float(special.ndtri(miss / 2))
        return 1.0 if spread == 0 else float(special.ndtr(abs(p - q) / spread - z))
    first, second = _binomial(n, p), _binomial(m, q)
    return float(first @ _rejected(n, m, miss) @ second)


def _rejected(n: int, m: int, miss: float) -> FloatArray:
    """Return, for each pair of counts, whether the test says that they differ."""
    said = np.zeros((n + 1, m + 1))
    for total in range(n + m + 1):
        least, most = max(0, total - m), min(n, total)
        count = np.arange(least, most + 1)
        chances = _hypergeometric(count, total, n, m)
        below, above = np.cumsum(chances), np.cumsum(chances[::-1])[::-1]
        said[count, total - count] = 2 * np.minimum(below, above) <= miss
    return said


def _hypergeometric(count: npt.NDArray[np.int64], total: int, n: int, m: int) -> FloatArray:
    log = _log_choose(n, count) + _log_choose(m, total - count)
    chances: FloatArray = np.exp(log - _log_choose(n + m, np.array([total])))
    return chances


def _binomial(n: int, p: float) -> FloatArray:
    count = np.arange(n + 1)
    chances: FloatArray = np.exp(
        _log_choose(n, count) + special.xlogy(count, p) + special.xlog1py(n - count, -p)
    )
    return chances


def _log_choose(n: int, k: npt.NDArray[np.int64]) -> FloatArray:
    log: FloatArray = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return log
