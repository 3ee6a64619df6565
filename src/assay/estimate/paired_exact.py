"""Exact tests and limits for the difference of two error rates on the same tasks, with a margin.

The score statistic orders the tables; its chance is summed exactly, at the share of changed tasks that favors the claim
most. McNemar's test is this one at margin 0, given the number of changed tasks; with a margin that number is no longer
ancillary, so it has to be gone through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.interval import missing_chance
from assay.estimate.paired import PairedTable
from assay.estimate.tango import score_statistic, tango_interval
from assay.quantity import Estimate

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Side = Literal["less", "greater"]

_NUISANCE_MISS = 1e-4
"""Chance that the share of changed tasks lies outside of what is searched; it is added to the p-value."""

_GRID = 65
_REACH = (
    6.5  # Standard deviations of the number of changed tasks that are summed: beyond lies < 1e-9.
)
_STEPS = 2e-3  # To which a limit is found, as a share of the interval.


def margin_p_value(table: PairedTable, margin: float, *, alternative: Side) -> float:
    """Return the exact p-value of a claim on the difference of error rates, new less old.

    Parameters
    ----------
    table
        Independent tasks.
    margin : in (-1, 1)
    alternative
        ``less``: tests "the difference is at least the margin" against less. ``greater``: "at most" against more.

    Returns
    -------
    float
        In [0.0001, 1]: smaller ones are not told apart.

    Notes
    -----
    Exact unconditional test with Tango's score statistic: the greatest chance, over the share of changed tasks in
    its own 99.99 % interval, of a table as far out, plus the 0.0001 that this interval may miss [1]_. The greatest is
    looked for on a grid of 65 shares; between its points the chance moves by less than what 0.0001 pays for in the
    cases enumerated (docs/METHODS.md). Assumes independent tasks.

    References
    ----------
    .. [1] Berger, Boos, "P values maximized over a confidence set for the nuisance parameter", JASA 89 (1994),
       doi:10.1080/01621459.1994.10476836.
    .. [2] Tango, Statistics in Medicine 17 (1998), see `assay.estimate.tango`.

    Examples
    --------
    >>> round(margin_p_value(PairedTable(1247, 11, 22, 39), 0.005, alternative="less"), 3)
    0.002
    """
    if not -1 < margin < 1:
        raise EstimateError(f"a margin must be in (-1, 1), got {margin}")
    if table.n == 0:
        return 1.0
    if alternative == "greater":
        # The same with the versions exchanged.
        table = PairedTable(table.both_right, table.fixed, table.broke, table.both_wrong)
        margin = -margin
    low, high = clopper_pearson(table.discordant, table.n, confidence_level=1 - _NUISANCE_MISS)
    shares = np.linspace(max(low, abs(margin)), max(high, abs(margin)), _GRID)
    counts = _counts(table.n, shares)
    most = _most_broken(table, margin, counts)
    chance = max(_chance(table.n, float(share), margin, counts, most) for share in shares)
    return min(1.0, chance + _NUISANCE_MISS)


def paired_difference(table: PairedTable, *, confidence_level: float = 0.95) -> Estimate:
    """Return the difference of error rates, new less old, with exact limits.

    Parameters
    ----------
    table
        At least one task; tasks are independent.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate
        Unit: errors/task, in [-1, 1].

    Raises
    ------
    EstimateError
        If the table is empty, or the level above 0.9998.

    Notes
    -----
    The differences that `margin_p_value` doesn't reject on either side: never shorter than its level needs, about as
    long as Tango's where many tasks changed.

    Examples
    --------
    >>> estimate = paired_difference(PairedTable(364, 476, 147, 13))
    >>> round(estimate.low, 3), round(estimate.high, 3)
    (0.284, 0.373)
    """
    miss = missing_chance(confidence_level) / 2
    if miss <= _NUISANCE_MISS:
        raise EstimateError(f"the confidence level must be below 0.9998, got {confidence_level}")
    around = tango_interval(table, confidence_level=confidence_level)

    def less(margin: float) -> float:
        return margin_p_value(table, margin, alternative="less") - miss

    def greater(margin: float) -> float:
        return margin_p_value(table, margin, alternative="greater") - miss

    high = _outwards(less, table.difference, around.high, 1.0)
    low = _outwards(greater, table.difference, around.low, -1.0)
    return Estimate(
        value=table.difference,
        low=low,
        high=high,
        unit="errors/task",
        confidence_level=confidence_level,
        n=table.n,
        method="exact unconditional, Tango's score statistic, paired tasks",
        guarantee="enumerated",
    )


def _outwards(excess: Callable[[float], float], value: float, near: float, end: float) -> float:
    """Return the margin beyond which everything is rejected; `near` is where it should be about."""
    width = max(abs(near - value), 1e-3)
    step = np.sign(end) * width / 32
    inner = outer = near
    while excess(_inside(outer)) > 0:
        if outer == end:
            return end
        inner, outer = outer, float(np.clip(outer + step, -1, 1))
        step *= 2
    while inner == outer or excess(_inside(inner)) <= 0:
        if inner == value:
            return value
        # Not past the value itself, which no side rejects.
        outer, inner = inner, float(inner - step)
        inner = max(inner, value) if end > 0 else min(inner, value)
        step *= 2
    found = optimize.brentq(excess, _inside(inner), _inside(outer), xtol=width * _STEPS)
    # The root is found to that much: outwards by it, so that the limit is never short.
    return float(np.clip(found + np.sign(end) * width * _STEPS, -1, 1))


def _inside(margin: float) -> float:
    return float(np.clip(margin, -1 + 1e-9, 1 - 1e-9))


def _counts(n: int, shares: FloatArray) -> IntArray:
    """Return the numbers of changed tasks that have any chance worth summing."""
    spread = _REACH * np.sqrt(n * shares * (1 - shares)) + _REACH
    low = int(max(0, np.floor((n * shares - spread).min())))
    high = int(min(n, np.ceil((n * shares + spread).max())))
    return np.arange(low, high + 1)


def _most_broken(table: PairedTable, margin: float, counts: IntArray) -> IntArray:
    """Return, for each number of changed tasks, the most that may have broken for a table as far out; -1: none."""
    b, c = np.array([table.broke]), np.array([table.fixed])
    seen = float(score_statistic(b, c, table.n, margin)[0])
    # What is as far out but for rounding is as far out.
    limit = seen + 1e-9 * max(1.0, abs(seen)) if np.isfinite(seen) else seen
    low, high = np.full(counts.shape, -1), counts.copy()
    while np.any(low < high):
        middle = (low + high + 1) // 2
        far = score_statistic(middle, counts - middle, table.n, margin) <= limit
        low, high = np.where(far, middle, low), np.where(far, high, middle - 1)
    return low


def _chance(n: int, share: float, margin: float, counts: IntArray, most: IntArray) -> float:
    """Return the chance of a table as far out, where `share` of the tasks change."""
    if share <= 0:
        return float(np.sum((counts == 0) & (most >= 0)))
    broke = min(1.0, max(0.0, (share + margin) / (2 * share)))
    return float(binomial_chances(counts, n, share) @ binomial_tails(most, counts, broke))


def binomial_chances(counts: IntArray, n: int, p: float) -> FloatArray:
    """Return P(X = k) of binomial(n, p) at each count."""
    k = counts.astype(np.float64)
    choose = special.gammaln(n + 1.0) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.asarray(np.exp(choose + special.xlogy(k, p) + special.xlog1py(n - k, -p)))


def binomial_tails(most: IntArray, n: IntArray, p: float) -> FloatArray:
    """Return P(X <= most) of binomial(n, p), for most in [-1, n]."""
    inside = np.clip(most, 0, np.maximum(n - 1, 0))
    below = special.betaincc(inside + 1.0, np.maximum(n - inside, 1).astype(np.float64), p)
    return np.where(most < 0, 0.0, np.where(most >= n, 1.0, below))
