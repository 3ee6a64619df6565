"""Gamma intervals for weighted counts: Fay and Feuer's, and gamma-W for strata of a finite log."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.interval import Alternative, Interval, Tails, tails

# The three constants of gamma-W were chosen by enumeration (docs/METHODS.md): with the full
# correction and the textbook variance a limit misses with up to 3.8 % instead of 2.5 %.
_CORRECTION_LOW = 0.5  # Share of the finite-population correction that the lower limit may use.
_CAUTION_LOW = 20.0  # The rate behind the lower variance is a limit at a 20th of the tail.
_MOST_MISS = 0.05  # At 0.1 the lower limit misses with up to 10.7 %: that far it is not claimed.
_SKEWS_TRIED = 25
_PHANTOM_SKEW = 2.0  # Third moment of the phantom error, as in an exact Poisson limit.


class SampledStratum(NamedTuple):
    """A stratum of which a part was labeled at random.

    Parameters
    ----------
    size : > labeled
        Traces in it.
    labeled : >= 1
        Labels drawn from it.
    fewest, most : 0 <= fewest <= most <= labeled
        Errors among the labels, with the unsure ones counted right, and counted wrong. May be
        fractions in a forecast, where they are equal.
    """

    size: int
    labeled: float
    fewest: float
    most: float


class _Moments(NamedTuple):
    """Weight of one trace, and the spread: for the upper limit the least and the greatest of any completion."""

    weight: float
    variance_low: float
    variance_high: tuple[float, float]
    third_high: tuple[float, float]


def fay_feuer(
    counts: Sequence[float],
    weights: Sequence[float],
    *,
    confidence_level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Interval:
    """Weighted sum of Poisson means, from one count each: the gamma interval.

    Parameters
    ----------
    counts : shape (n_strata,), >= 0
        Events counted in each stratum.
    weights : shape (n_strata,), > 0
        What one event of each stratum adds to the sum.
    confidence_level : in (0, 1)
    alternative
        Which limits are claimed, see `assay.estimate.interval.Alternative`.

    Returns
    -------
    Interval
        Limits of ``sum(weights * means)``.

    Raises
    ------
    EstimateError
        If the shapes differ, a count is negative or a weight not positive.

    Notes
    -----
    With ``y = sum(w k)``, ``v = sum(w^2 k)`` and the greatest weight W: low is the ``a`` quantile
    of the gamma distribution of mean y and variance v, high the ``1 - a`` quantile of the one of
    mean y + W and variance v + W^2. Enumerated, not proved: least coverage 95.0 % for two strata
    and weights 1:1 to 1:1000. It is wide where one weight is far above the others.

    References
    ----------
    .. [1] Fay, Feuer, "Confidence intervals for directly standardized rates", Statistics in
       Medicine 16 (1997), doi:10.1002/(SICI)1097-0258(19970415)16:7<791::AID-SIM500>3.0.CO;2-#.

    Examples
    --------
    >>> low, high = fay_feuer([0], [1.0])
    >>> low, round(high, 3)
    (0.0, 3.689)
    """
    k = np.asarray(counts, dtype=np.float64)
    w = np.asarray(weights, dtype=np.float64)
    if k.shape != w.shape or k.ndim != 1 or k.size == 0:
        raise EstimateError(f"counts {k.shape} and weights {w.shape} must be of one shape (n,)")
    if (k < 0).any() or (w <= 0).any():
        raise EstimateError("counts must be >= 0 and weights > 0")
    tail = tails(confidence_level, alternative)
    total, variance, most = float(w @ k), float((w * w) @ k), float(w.max())
    low, high = 0.0, math.inf
    if tail.low is not None:
        low = _gamma_low(total, variance, tail.low)
    if tail.high is not None:
        shape = (total + most) ** 2 / (variance + most**2)
        high = float(special.gammainccinv(shape, tail.high)) * (total + most) / shape
    return Interval(low, high)


def gamma_w(strata: Sequence[SampledStratum], tail: Tails) -> Interval:
    """Errors in the sampled strata of a finite log: the gamma-W interval, unrounded.

    Parameters
    ----------
    strata
        At least one, each sampled in part.
    tail
        How often each limit may miss. Above 0.05, where no enumeration holds, 0.05 is used.

    Returns
    -------
    Interval
        Number of errors, labeled and unlabeled, in these strata.

    Notes
    -----
    Weights ``w = size / labeled``, their greatest W, found errors K = sum(k), y = sum(w k).

    Low: the ``1 - exp(-a)`` quantile of the gamma distribution of mean y and variance
    ``sum(k (1 - p_low) w (w - 1/2))``, where p_low is the Clopper-Pearson lower limit of k / n at
    ``a / 20``; at least K.

    High: K plus the ``1 - a`` quantile of the shifted gamma distribution (Pearson III) of mean
    ``m = sum((w - 1) k) + W``, variance ``V = sum(k (1 - p_mid) w (w - 1)) + W^2`` and third
    central moment ``max(2 V^2 / m, sum(k (1 - p_mid) w^2 (w - 1) (1 - 2k/n)_+) + 2 W^3)``, where
    p_mid is the median-unbiased rate; at most all that is not labeled right. W is the phantom
    error: what the next label could have found in the worst stratum.

    With unsure labels the lower limit takes the fewest errors, the upper the most, and both the
    greatest spread of any completion, the upper at whichever of their skewnesses is worst.

    Assumes simple random samples, nothing else. Fails as docs/METHODS.md says under gamma-W.

    References
    ----------
    .. [1] Fay, Feuer (1997), see `fay_feuer`.
    .. [2] Wendell, Schmee, "Exact inference for proportions from a stratified finite
       population", JASA 91 (1996), doi:10.1080/01621459.1996.10476950 (oracle of the tests).

    Examples
    --------
    >>> strata = [SampledStratum(5000, 100, 2, 2), SampledStratum(5000, 50, 1, 1)]
    >>> low, high = gamma_w(strata, Tails(0.025, 0.025))
    >>> round(low), round(high)
    (36, 677)
    """
    tail = Tails(*(None if miss is None else min(miss, _MOST_MISS) for miss in tail))
    moments = [_moments(stratum, tail) for stratum in strata]
    found = sum(s.fewest for s in strata)
    could = sum(s.size - s.labeled + s.most for s in strata)
    low, high = found, could
    if tail.low is not None:
        total = sum(m.weight * s.fewest for m, s in zip(moments, strata, strict=True))
        variance = sum(m.variance_low for m in moments)
        # One label in a stratum finds an error with M / N, not with the Poisson 1 - exp(-M / N).
        low = max(found, _gamma_low(total, variance, -math.expm1(-tail.low)))
    if tail.high is not None:
        high = min(could, _high(strata, moments, tail.high))
    # A fully known forecast can put the two a rounding error apart.
    return Interval(min(low, high), high)


def _high(strata: Sequence[SampledStratum], moments: Sequence[_Moments], miss: float) -> float:
    phantom = max(m.weight for m in moments)
    pairs = list(zip(moments, strata, strict=True))
    most = sum(s.most for s in strata)
    mean = sum((m.weight - 1) * s.most for m, s in pairs) + phantom
    least_mean = sum((m.weight - 1) * s.fewest for m, s in pairs) + phantom
    least, variance = (sum(m.variance_high[i] for m in moments) + phantom**2 for i in (0, 1))
    thirds = [sum(m.third_high[i] for m in moments) + _PHANTOM_SKEW * phantom**3 for i in (0, 1)]
    # Never less skewed than Fay and Feuer's gamma, which ends at zero.
    least_third = max(thirds[0], 2 * least**2 / mean)
    most_third = max(thirds[1], 2 * variance**2 / least_mean)
    skews = [most_third / variance**1.5]
    if least_mean < mean:
        # Unsure labels: a quantile is not monotone in the skewness, so all that a completion could have is tried.
        skews = list(
            np.geomspace(least_third / variance**1.5, most_third / least**1.5, _SKEWS_TRIED)
        )
    return most + mean + math.sqrt(variance) * max(_pearson_quantile(skew, miss) for skew in skews)


def _pearson_quantile(skewness: float, miss: float) -> float:
    """Upper quantile of the Pearson III distribution of mean 0, variance 1 and a skewness above 0."""
    shape = 4 / skewness**2
    return (float(special.gammainccinv(shape, miss)) - shape) * skewness / 2


def _gamma_low(mean: float, variance: float, miss: float) -> float:
    if mean <= 0:
        return 0.0
    shape = mean**2 / variance
    return float(special.gammaincinv(shape, miss)) * mean / shape


def _moments(stratum: SampledStratum, tail: Tails) -> _Moments:
    size, labeled, fewest, most = stratum
    weight = size / labeled
    # A fraction in a forecast has no completions to run through.
    k = np.arange(fewest, most + 1) if most > fewest else np.array([fewest], dtype=np.float64)
    low = 0.0
    variance = third = (0.0, 0.0)
    if tail.low is not None:
        spread = k * (1 - _rate_limit(k, labeled, tail.low / _CAUTION_LOW))
        low = float(spread.max()) * weight * (weight - _CORRECTION_LOW)
    if tail.high is not None:
        spread = k * (1 - _rate_limit(k, labeled, 0.5)) * weight * (weight - 1)
        variance = float(spread.min()), float(spread.max())
        skew = spread * np.maximum(1 - 2 * k / labeled, 0) * weight
        third = float(skew.min()), float(skew.max())
    return _Moments(weight, low, variance, third)


def _rate_limit(
    errors: npt.NDArray[np.float64], labeled: float, miss: float
) -> npt.NDArray[np.float64]:
    """Clopper-Pearson lower limits of the rate; 0 where no error was found."""
    seen = np.maximum(errors, 1e-12)
    limit = special.betaincinv(seen, labeled - errors + 1, miss)
    return np.where(errors > 0, limit, 0.0)
