"""Limits of the errors in a log of several strata: profile likelihood, with a threshold that knows small counts.

A total of M errors is kept while the labels are not too unlikely under the likeliest way to spread M over the strata.
For many errors the threshold is that of the normal law. For few it is not: no error found in n labels leaves up to
3 / n at 95 %, where the normal threshold would stop at 1.9 / n. In between it depends on one number, the skewness that
the count would have, and that dependence is the same for all confidence levels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.hypergeometric_likelihood import (
    FloatArray,
    likeliest_errors,
    log_likelihood,
    steepest_slopes,
)
from assay.estimate.interval import Alternative

# The four constants were fitted to the thresholds that Poisson counts in two strata need, and then held by enumeration
# of finite populations: docs/METHODS.md.
_JOINT_SLOPE = 0.45
_LATTICE = 0.6
_SKEW = 0.2
_JOINT_POWER, _SINGLE_POWER = 4, 3
_STRATA_FITTED = 3
"""For so many strata the constants hold as they are, by enumeration; more of them need `_Design.unknown_strata`."""

_FIRST_GRID, _SECOND_GRID, _SEGMENT = 48, 24, 33
_FLATTEST = 1e-9  # Smallest slope tried, as a share of the steepest: 10^9 traces need no less.
_ROUNDING = 1e-7
_MOST_MISS = (
    0.1  # At 0.2 a limit misses with up to 0.2013 in the enumeration: that far it is not claimed.
)


class Limits(NamedTuple):
    """Least and greatest total of each outcome, each of shape (n_outcomes,)."""

    low: FloatArray
    high: FloatArray


def likelihood_limits(
    sizes: npt.ArrayLike,
    labeled: npt.ArrayLike,
    found: npt.ArrayLike,
    *,
    miss: float,
    alternative: Alternative = "two-sided",
) -> Limits:
    """Limits of the total errors of strata that were sampled at random, for one outcome or many.

    Parameters
    ----------
    sizes, labeled : shape (n_strata,), 1 <= labeled < sizes
        Traces of each stratum, and labels drawn from it.
    found : shape (n_strata,) or (n_outcomes, n_strata), in [0, labeled]
        Labels that are wrong. Fractions are allowed, for forecasts.
    miss : in (0, 1)
        How often the truth may lie outside the claimed limits.
    alternative
        Which limits are claimed, see `assay.estimate.interval.Alternative`. Two-sided limits share the chance
        to miss as the truth has it; each side alone may take more than half of it.

    Returns
    -------
    Limits
        Whole numbers of errors as floats; the trivial limit where a side is not claimed. Both rise, or stay, with each
        further error found, so unsure labels are bounded by counting them right and wrong. (With more than three
        strata a limit was seen to fall by 1 in 70,000, in 1 of 8,349 trials.)

    Raises
    ------
    EstimateError
        If a count contradicts the design.

    Notes
    -----
    With l_h the hypergeometric log-likelihood of stratum h,
    ``R(M) = sum max l_h - max { sum l_h(m_h) : sum m_h = M }``. M is kept while ``sqrt(2 R(M)) <= t``.
    At the spread that attains the maximum, with K_h the errors that would be found there, w = N / n, v = var K:
    ``g = sum w^3 v / (sum w^2 v)^1.5`` and s, the same with v (1 - 2 m / N) in the numerator, divided by g.
    With z the normal quantile and ``c = sqrt(2 log(1 / a))`` (two-sided: ``sqrt(2 log((2 - |s|) / a))``, s here with
    a factor 1 - 2 n / N):

    - two-sided: ``t = min(c, z + 0.45 g + b g^4)``,
    - one-sided: ``t = min(c, z + (0.6 + 0.2 s) g + b (1 + s) / 2 g^3)``, s with its sign turned for a lower limit,

    b such that t = c where no error would be found with chance a. So one stratum without an error found has its exact
    limit. With more than three strata t grows by ``z d / (2 (1 - d)) + max(0, +-e)``, since each further stratum's own
    rate is guessed too: with q = w^2 v / sum w^2 v, ``d = sum q (1 - q) (1 - n / N) / n`` is what the variance is
    underrated by on average, and ``e = sum (1 - q) (u(p) (1 - p) - u(1 - p) p) / sqrt(sum w^2 v)`` how far the
    likeliest total lies below the unbiased one, with p = m / N and
    ``u(p) = min(1/2, (w - 1) n p) (1 - exp(-n p))``. A chance to miss above 0.1 is taken as 0.1. Enumerated, not
    proved, for two and three strata; simulated for more. It assumes simple random samples of the strata, of sizes
    fixed beforehand, and labels that are true.

    References
    ----------
    .. [1] Wilks, "The large-sample distribution of the likelihood ratio", Ann. Math. Statist. 9 (1938),
       doi:10.1214/aoms/1177732360.
    .. [2] Barndorff-Nielsen, "Inference on full or partial parameters based on the standardized signed log
       likelihood ratio", Biometrika 73 (1986), doi:10.1093/biomet/73.2.307: why skewness is what shifts t.

    Examples
    --------
    >>> low, high = likelihood_limits([77, 1242], [38, 162], [10, 4], miss=0.05)
    >>> float(low[0]), float(high[0])
    (25.0, 92.0)
    """
    design, counts = _checked(sizes, labeled, found)
    if not 0 < miss < 1:
        raise EstimateError(f"miss must be in (0, 1), got {miss}")
    threshold = _Threshold(alternative, min(miss, _MOST_MISS))
    low = counts.sum(axis=-1)
    high = (design.sizes - design.labeled + counts).sum(axis=-1)
    if alternative != "less":
        low = np.ceil(_limit(design, counts, threshold, upper=False) - _ROUNDING)
    if alternative != "greater":
        high = np.floor(_limit(design, counts, threshold, upper=True) + _ROUNDING)
    return Limits(low, high)


@dataclass(frozen=True, slots=True)
class _Design:
    sizes: FloatArray
    labeled: FloatArray

    def skewness(self, errors: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return g, s, and s with the finite-population factor, for errors of shape (..., n_strata)."""
        rate, share = errors / self.sizes, self.labeled / self.sizes
        weight = 1.0 / share
        finite = (self.sizes - self.labeled) / np.maximum(self.sizes - 1.0, 1.0)
        square = self.labeled * rate * (1.0 - rate) * finite * weight * weight
        third = square * weight
        variance, cubes = square.sum(axis=-1), third.sum(axis=-1)
        spread = variance > 0
        g = np.where(spread, cubes / np.where(spread, variance, 1.0) ** 1.5, np.inf)
        safe = np.where(spread, cubes, 1.0)
        lean = (third * (1.0 - 2.0 * rate)).sum(axis=-1) / safe
        finite_lean = (third * (1.0 - 2.0 * rate) * (1.0 - 2.0 * share)).sum(axis=-1) / safe
        return g, lean, finite_lean

    def unknown_strata(self, errors: FloatArray, z: float, *, upper: bool) -> FloatArray | float:
        """Return what the threshold grows by where many strata share the errors out in a way that nobody knows."""
        if self.sizes.size <= _STRATA_FITTED:
            return 0.0
        rate = errors / self.sizes
        finite = (self.sizes - self.labeled) / np.maximum(self.sizes - 1.0, 1.0)
        square = finite * rate * (1.0 - rate) * self.sizes**2 / self.labeled
        variance = square.sum(axis=-1)
        safe = np.where(variance > 0, variance, 1.0)
        others = 1.0 - square / safe[..., None]
        underrated = ((1.0 - others) * others * finite / self.labeled).sum(axis=-1)
        bias = self._too_low(rate) * (1.0 - rate) - self._too_low(1.0 - rate) * rate
        below = (others * bias).sum(axis=-1) / np.sqrt(safe)
        shift = np.maximum(below if upper else -below, 0.0)
        grown = z * underrated / (2.0 * (1.0 - underrated)) + shift
        return np.where(variance > 0, grown, 0.0)

    def _too_low(self, rate: FloatArray) -> FloatArray:
        """Return how far the likeliest number lies below the unbiased one: half, but never below what was found."""
        expected = self.labeled * rate
        room = (self.sizes / self.labeled - 1.0) * expected
        return np.asarray(np.minimum(0.5, room) * -np.expm1(-expected))


@dataclass(frozen=True, slots=True)
class _Threshold:
    """Greatest root of twice the likelihood lost at which a total is kept."""

    alternative: Alternative
    miss: float

    @property
    def z(self) -> float:
        """The normal quantile."""
        return -float(special.ndtri(self.miss / (2 if self.alternative == "two-sided" else 1)))

    def at(self, skewness: tuple[FloatArray, FloatArray, FloatArray]) -> FloatArray:
        g, lean, finite_lean = skewness
        z = self.z
        if self.alternative == "two-sided":
            rare = np.log((2.0 - np.abs(finite_lean)) / self.miss)
            slope: FloatArray | float = _JOINT_SLOPE
            at_rare, share, power = _JOINT_SLOPE, 1.0, _JOINT_POWER
            return self._curve(g, z, rare, (slope, at_rare, share, power))
        lean = lean if self.alternative == "less" else -lean
        rare = np.full_like(g, -math.log(self.miss))
        terms = (_LATTICE + _SKEW * lean, _LATTICE + _SKEW, (1.0 + lean) / 2.0, _SINGLE_POWER)
        return self._curve(g, z, rare, terms)

    @staticmethod
    def _curve(
        g: FloatArray,
        z: float,
        rare: FloatArray,
        terms: tuple[FloatArray | float, float, FloatArray | float, int],
    ) -> FloatArray:
        slope, slope_at_rare, share, power = terms
        cap = np.sqrt(2.0 * rare)
        # A Poisson count of mean `rare` is zero with just the chance to miss; its skewness is rare^-1/2.
        bend = np.maximum((cap - z - slope_at_rare / np.sqrt(rare)) * rare ** (power / 2), 0.0)
        g = np.minimum(g, 1e3)
        return np.asarray(np.minimum(cap, z + slope * g + bend * share * g**power))


def _checked(
    sizes: npt.ArrayLike, labeled: npt.ArrayLike, found: npt.ArrayLike
) -> tuple[_Design, FloatArray]:
    n_all = np.asarray(sizes, dtype=np.float64)
    n = np.asarray(labeled, dtype=np.float64)
    k = np.atleast_2d(np.asarray(found, dtype=np.float64))
    if n_all.ndim != 1 or n.shape != n_all.shape or k.shape[1:] != n_all.shape or n_all.size == 0:
        raise EstimateError(
            f"sizes {n_all.shape}, labeled {n.shape} and found {k.shape} must have one column a stratum"
        )
    if not ((n > 0).all() and (n < n_all).all()):
        raise EstimateError(
            "labeled must be > 0 and less than the size; a stratum read in full is a count"
        )
    if not ((k >= 0).all() and (k <= n).all()):
        raise EstimateError("found must be in [0, labeled]")
    return _Design(n_all, n), k


def _limit(
    design: _Design, counts: FloatArray, threshold: _Threshold, *, upper: bool
) -> FloatArray:
    """Return the outermost total that is kept, for each outcome.

    The spreads that attain the maximum for some total form a path; the slope of the likelihood runs along it. Where a
    stratum has no error found the path may run straight at one slope, so the last step goes along the path's chord.
    """
    n_all, n, k = design.sizes, design.labeled, counts[:, None, :]
    best = log_likelihood(n_all, n, k, likeliest_errors(n_all, n, k, np.zeros(1))).sum(axis=-1)
    sign = -1.0 if upper else 1.0

    def on_path(slopes: FloatArray) -> FloatArray:
        return likeliest_errors(n_all, n, k, sign * slopes[..., None])

    def kept(errors: FloatArray) -> npt.NDArray[np.bool_]:
        lost = best - log_likelihood(n_all, n, k, errors).sum(axis=-1)
        most = threshold.at(design.skewness(errors))
        most = most + design.unknown_strata(errors, threshold.z, upper=upper)
        within: npt.NDArray[np.bool_] = np.sqrt(2.0 * np.maximum(lost, 0.0)) <= most
        return within

    at_fewest, at_most = steepest_slopes(n_all, n, k)
    steepest = (-at_most if upper else at_fewest).max(axis=-1, keepdims=False)
    steepest = np.maximum(steepest, _FLATTEST)
    grid = np.geomspace(_FLATTEST, 1.0, _FIRST_GRID)
    slopes = np.concatenate([np.zeros_like(steepest), steepest * grid], axis=1)
    inner, outer = _last_kept(kept(on_path(slopes)), slopes)
    slopes = inner + (outer - inner) * np.linspace(0.0, 1.0, _SECOND_GRID)
    inner, outer = _last_kept(kept(on_path(slopes)), slopes)
    start, step = on_path(inner), on_path(outer) - on_path(inner)
    near, far = np.zeros_like(inner), np.ones_like(inner)
    for _ in range(2):
        along = near + (far - near) * np.linspace(0.0, 1.0, _SEGMENT)
        near, far = _last_kept(kept(start + step * along[..., None]), along)
    return np.asarray((start + step * far[..., None]).sum(axis=-1)[:, 0])


def _last_kept(kept: npt.NDArray[np.bool_], values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the last value that is kept and the one after it, each of shape (n_outcomes, 1)."""
    count = kept.shape[1]
    last = np.where(kept.any(axis=1), count - 1 - np.argmax(kept[:, ::-1], axis=1), 0)
    after = np.minimum(last + 1, count - 1)
    return np.take_along_axis(values, last[:, None], 1), np.take_along_axis(
        values, after[:, None], 1
    )
