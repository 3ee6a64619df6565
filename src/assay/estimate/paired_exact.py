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
from scipy import special

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.interval import missing_chance
from assay.estimate.paired import PairedTable
from assay.estimate.tango import score_statistic, tango_interval
from assay.quantity import Estimate

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Side = Literal["less", "greater"]

NUISANCE_MISS = 1e-4
"""Chance that the share of changed tasks lies outside of what is searched; it is added to the p-value."""

LEAST_NUISANCE_MISS = 1e-8
"""Below that the sums are not exact enough."""

_GRID = 65
_FINE = 17  # Shares between the neighbours of each of the two highest points of the grid.
_REACH = (
    6.5  # Standard deviations of the number of changed tasks that are summed: beyond lies < 1e-9.
)
_STEPS = 2e-3  # To which a limit is found, as a share of the interval.


def margin_p_value(
    table: PairedTable, margin: float, *, alternative: Side, nuisance_miss: float = NUISANCE_MISS
) -> float:
    """Return the exact p-value of a claim on the difference of error rates, new less old.

    Parameters
    ----------
    table
        Independent tasks.
    margin : in (-1, 1)
    alternative
        ``less``: tests "the difference is at least the margin" against less. ``greater``: "at most" against more.
    nuisance_miss : in [1e-8, 0.1]
        Chance that the share of changed tasks lies outside of what is searched. To be fixed before the data are seen,
        well below the level, and the further below the more tests the level is shared among.

    Returns
    -------
    float
        In [nuisance_miss, 1]: smaller ones are not told apart.

    Raises
    ------
    EstimateError
        If the margin or the chance is out of range.

    Notes
    -----
    Exact unconditional test with Tango's score statistic: the greatest chance, over the share of changed tasks in
    its own interval, of a table as far out, plus the chance that this interval may miss [1]_. The greatest is looked
    for on a grid of 65 shares and on a finer one around its two highest points; a grid twenty times as fine finds
    less than 0.00001 more in the cases tried (docs/METHODS.md). Assumes independent tasks.

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
    if not LEAST_NUISANCE_MISS <= nuisance_miss <= 0.1:
        raise EstimateError(f"nuisance_miss must be in [1e-8, 0.1], got {nuisance_miss}")
    if table.n == 0:
        return 1.0
    if alternative == "greater":
        # The same with the versions exchanged.
        table = PairedTable(table.both_right, table.fixed, table.broke, table.both_wrong)
        margin = -margin
    low, high = clopper_pearson(table.discordant, table.n, confidence_level=1 - nuisance_miss)
    shares = np.linspace(max(low, abs(margin)), max(high, abs(margin)), _GRID)
    counts = _counts(table.n, shares)
    most = _most_broken(table, margin, counts)
    chance = _greatest(lambda share: _chance(table.n, share, margin, counts, most), shares)
    return min(1.0, chance + nuisance_miss)


def _greatest(chance: Callable[[float], float], shares: FloatArray) -> float:
    """Return the greatest chance: on a grid, and on a finer one around its two highest peaks."""
    rough = np.array([chance(float(share)) for share in shares])
    around = np.concatenate([[-1.0], rough, [-1.0]])
    peaks = np.flatnonzero((rough >= around[:-2]) & (rough >= around[2:]))
    greatest = float(rough.max())
    for peak in peaks[np.argsort(-rough[peaks])][:2]:
        left, right = shares[max(peak - 1, 0)], shares[min(peak + 1, len(shares) - 1)]
        fine = np.linspace(left, right, _FINE + 2)[1:-1]
        greatest = max(greatest, *(chance(float(share)) for share in fine))
    return greatest


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
    if miss <= NUISANCE_MISS:
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
    from scipy import optimize

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
