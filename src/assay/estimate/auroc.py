"""AUROC of a judge: the chance that a wrong output scores higher than a right one, ties counting half.

A handful of errors is what one has, and a judge may see most of them well and some not at all. So no shape of the
scores is assumed: the limits leave room for one error more, where the judge would look worst (or best).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from assay.estimate.interval import missing_chance
from assay.quantity import Estimate, Quantity, Unknown, exact

FloatArray = npt.NDArray[np.float64]

AUROC_UNIT = "P(wrong scores higher than right)"
POINTS = 4_000
"""Draws of the confidence distribution: the share beyond a limit is then right to 0.25 points of 100."""

_GROUPS = 40
"""Errors of a stratum are put together into so many groups, each at its worst end."""


def mid_places(scores: FloatArray, among: FloatArray) -> FloatArray:
    """Return the place of each score among all: the share that is lower, plus half of the share that is equal.

    Parameters
    ----------
    scores : shape (n,)
    among : shape (n_all,), sorted

    Examples
    --------
    >>> mid_places(np.array([0.0, 1.0]), np.array([0.0, 0.0, 0.0, 1.0])).tolist()
    [0.375, 0.875]
    """
    lower = np.searchsorted(among, scores, side="left")
    upto = np.searchsorted(among, scores, side="right")
    places: FloatArray = (lower + upto) / (2.0 * max(among.size, 1))
    return places


def counted_auroc(wrong_scores: FloatArray, right_scores: FloatArray) -> Quantity:
    """Return the AUROC of outputs that are all labeled: a count, the Mann-Whitney statistic over the pairs.

    Parameters
    ----------
    wrong_scores, right_scores : shape (n,)
        Scores of the wrong outputs and of the right ones.

    Returns
    -------
    Estimate or Unknown
        Without sampling error. `Unknown` where there is no wrong, or no right, output.

    References
    ----------
    .. [1] Mann, Whitney, "On a test of whether one of two random variables is stochastically larger than the other",
       Ann. Math. Statist. 18 (1947), doi:10.1214/aoms/1177730491.

    Examples
    --------
    >>> counted_auroc(np.array([0.9, 0.2]), np.array([0.1, 0.2, 0.3])).value
    0.75
    """
    reason = one_kind_only(wrong_scores.size, right_scores.size)
    if reason:
        return Unknown(reason)
    value = float(mid_places(wrong_scores, np.sort(right_scores)).mean())
    n = wrong_scores.size + right_scores.size
    return exact(value, AUROC_UNIT, n=n, method="count of pairs (Mann-Whitney)")


def auroc_of_tasks(
    wrong_scores: FloatArray,
    right_scores: FloatArray,
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Quantity:
    """Return the AUROC with the labeled outputs read as a random sample of tasks to come.

    Parameters
    ----------
    wrong_scores, right_scores : shape (n,), in [0, 1]
    confidence_level : in (0, 1)
    rng
        For the limits' quantiles. The same scores give the same limits without it.

    Returns
    -------
    Estimate or Unknown
        `Unknown` where there is no wrong, or no right, output.

    Notes
    -----
    Given scores of the right ones, the AUROC is the mean over the wrong ones of a number in [0, 1]. Gaffke's limit of
    such a mean gives the n numbers found, and one more at the end of the range, shares that are uniform on the
    simplex; the limit is a quantile of the mean under them. For numbers 0 and 1 it is Clopper and Pearson's. Here both
    samples get such shares at once, the one wrong (right) score more lying below (above) all others for the lower
    limit. Coverage is simulated, not proved: docs/METHODS.md. It assumes independent tasks.

    References
    ----------
    .. [1] Gaffke, "Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative
       variable", Mathematical Methods of Statistics 14 (2005).
    .. [2] Learned-Miller, Thomas, "A new confidence interval for the mean of a bounded random variable" (2019),
       arXiv:1905.06208.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> found = auroc_of_tasks(rng.beta(5, 2, 40), rng.beta(2, 5, 400))
    >>> found.low > 0.8, found.high < 0.99
    (True, True)
    """
    point = counted_auroc(wrong_scores, right_scores)
    if isinstance(point, Unknown):
        return point
    miss = missing_chance(confidence_level) / 2
    rng = rng or np.random.default_rng(0)
    low, high = (
        float(np.quantile(_pairs(wrong_scores, right_scores, rng, lower=lower), tail))
        for lower, tail in ((True, miss), (False, 1 - miss))
    )
    method = "Gaffke's limits of both samples (melded), these outputs read as a sample of tasks"
    return auroc_estimate(point.value, low, high, (confidence_level, point.n, method))


def auroc_estimate(value: float, low: float, high: float, made: tuple[float, int, str]) -> Estimate:
    """Return an AUROC with limits in [0, 1]; `made`: confidence level, n and method."""
    level, n, method = made
    low, high = max(0.0, min(low, value)), min(1.0, max(high, value))
    return Estimate(value, low, high, AUROC_UNIT, level, n, method, "simulated")


def one_kind_only(wrong: int, right: int) -> str:
    """Return why there is no AUROC; empty where there is one."""
    if wrong == 0:
        return f"no error was found among {right:,} labels: there is nothing to tell apart"
    if right == 0:
        return f"no right output was found among {wrong:,} labels: there is nothing to tell apart"
    return ""


class Group(NamedTuple):
    """Numbers that lie together: how many, and where."""

    weights: FloatArray
    places: FloatArray


def grouped(places: FloatArray, *, lower: bool) -> Group:
    """Put sorted numbers that lie together into groups, each at its lower (or upper) end."""
    if places.size == 0:
        return Group(np.zeros(0), np.zeros(0))
    values, counts = np.unique(places, return_counts=True)
    if values.size <= _GROUPS:
        return Group(counts.astype(np.float64), values)
    parts = np.array_split(places, _GROUPS)
    ends = [part[0] if lower else part[-1] for part in parts]
    return Group(np.array([float(part.size) for part in parts]), np.array(ends))


def _pairs(
    wrong: FloatArray, right: FloatArray, rng: np.random.Generator, *, lower: bool
) -> FloatArray:
    """Draw the AUROC of two samples, each with one score more at its worst end."""
    w = grouped(np.sort(wrong), lower=lower)
    r = grouped(np.sort(right), lower=not lower)
    end, other = (-np.inf, np.inf) if lower else (np.inf, -np.inf)
    first, second = np.append(w.places, end), np.append(r.places, other)
    higher = (first[:, None] > second[None, :]) + 0.5 * (first[:, None] == second[None, :])
    of_wrong, of_right = (simplex(np.append(group.weights, 1.0), rng) for group in (w, r))
    drawn: FloatArray = ((of_wrong @ higher) * of_right).sum(axis=1)
    return drawn


def simplex(weights: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw shares that are uniform on the simplex, those put together added up; shape (POINTS, n_weights)."""
    gammas = rng.standard_gamma(weights, (POINTS, weights.size))
    shares: FloatArray = gammas / gammas.sum(axis=1, keepdims=True)
    return shares
