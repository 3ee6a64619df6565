"""Intervals that are exact: binomial, hypergeometric and Poisson, by inversion of equal tails.

An exact interval holds every value that the test of size ``alpha / 2`` on each side does not
reject, so its coverage is at least the confidence level by construction.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import special

from assay.errors import EstimateError
from assay.estimate.interval import Alternative, Interval, tails


def clopper_pearson(
    errors: int,
    labeled: int,
    *,
    confidence_level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Interval:
    """Error rate of an endless source, from independent labels.

    Parameters
    ----------
    errors : in [0, labeled]
        Labels that are wrong.
    labeled : >= 0
        Labels in all. With none the interval is (0, 1).
    confidence_level : in (0, 1)
    alternative
        Which limits are claimed, see `assay.estimate.interval.Alternative`.

    Returns
    -------
    Interval
        Limits of the rate, in [0, 1].

    Raises
    ------
    EstimateError
        If the counts contradict each other.

    Notes
    -----
    Low is the ``a`` quantile of Beta(k, n - k + 1), high the ``1 - a`` quantile of
    Beta(k + 1, n - k). Assumes independent labels with one rate. It is wider than need be when
    drawn from a small population (use `hypergeometric_errors`), and fails where labels come in
    clusters, as the turns of one conversation.

    References
    ----------
    .. [1] Clopper, Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934),
       doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> round(clopper_pearson(0, 500).high, 5)
    0.00735
    """
    _check_counts(errors, labeled)
    tail = tails(confidence_level, alternative)
    low, high = 0.0, 1.0
    if tail.low is not None and errors > 0:
        low = float(special.betaincinv(errors, labeled - errors + 1, tail.low))
    if tail.high is not None and errors < labeled:
        high = float(special.betainccinv(errors + 1, labeled - errors, tail.high))
    return Interval(low, high)


def hypergeometric_errors(
    errors: int,
    labeled: int,
    population: int,
    *,
    confidence_level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Interval:
    """Errors in a finite population, from a simple random sample of it.

    Parameters
    ----------
    errors : in [0, labeled]
        Labels that are wrong.
    labeled : in [0, population]
        Labels in all, drawn without replacement. With none the interval is (0, population).
    population : >= 0
        Traces in all, up to 1e9 and beyond.
    confidence_level : in (0, 1)
    alternative
        Which limits are claimed, see `assay.estimate.interval.Alternative`.

    Returns
    -------
    Interval
        Limits of the number of errors: whole numbers in [errors, population - labeled + errors].

    Raises
    ------
    EstimateError
        If the counts contradict each other.

    Notes
    -----
    Low is the least M with P(X >= errors | M) > a, high the greatest M with
    P(X <= errors | M) > a, found by bisection on whole numbers. Assumes only that the sample was
    drawn at random: no model of the errors, no independence between them. It fails if the labels
    were picked by hand.

    References
    ----------
    .. [1] Wright, "Exact confidence bounds when sampling from small finite universes",
       Springer 1991, doi:10.1007/978-1-4612-3140-0.
    .. [2] Loader, "Fast and accurate computation of binomial probabilities" (2000): the
       probabilities stay right to 12 digits at N = 1e9.

    Examples
    --------
    >>> hypergeometric_errors(0, 300, 2000)
    Interval(low=0.0, high=22.0)
    """
    _check_counts(errors, labeled)
    if population < labeled:
        raise EstimateError(f"{labeled} labels can't come from a population of {population}")
    tail = tails(confidence_level, alternative)
    # What was found is certain; so is that a label found right is not an error.
    least, most = errors, population - labeled + errors
    low, high = least, most
    if (miss_low := tail.low) is not None:
        low = least_whole(
            least, most, lambda m: _upper_tail(errors, labeled, population, m) > miss_low
        )
    if (miss_high := tail.high) is not None:
        # The greatest that is not rejected is one less than the least that is.
        beyond = least_whole(
            least,
            most + 1,
            lambda m: hypergeometric_tail(errors, labeled, population, m) <= miss_high,
        )
        high = beyond - 1
    return Interval(float(low), float(high))


def poisson_rate(
    count: int,
    exposure: float,
    *,
    confidence_level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Interval:
    """Rate of events per unit of exposure (hours, miles, dollars), from a Poisson count.

    Parameters
    ----------
    count : >= 0
        Events seen.
    exposure : > 0
        How much was watched.
    confidence_level : in (0, 1)
    alternative
        Which limits are claimed, see `assay.estimate.interval.Alternative`.

    Returns
    -------
    Interval
        Events per unit of exposure.

    Raises
    ------
    EstimateError
        If the count is negative or the exposure not positive.

    Notes
    -----
    Quantiles of Gamma(count) and Gamma(count + 1). Assumes that events come independently at a
    constant rate; fails where they come in bursts.

    References
    ----------
    .. [1] Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936),
       doi:10.1093/biomet/28.3-4.437.

    Examples
    --------
    >>> round(poisson_rate(0, 1.0, alternative="less").high, 3)
    2.996
    """
    if count < 0 or not exposure > 0:
        raise EstimateError(f"count must be >= 0 and exposure > 0, got {count} in {exposure}")
    tail = tails(confidence_level, alternative)
    low, high = 0.0, math.inf
    if tail.low is not None and count > 0:
        low = float(special.gammaincinv(count, tail.low)) / exposure
    if tail.high is not None:
        high = float(special.gammainccinv(count + 1, tail.high)) / exposure
    return Interval(low, high)


def _check_counts(errors: int, labeled: int) -> None:
    if not 0 <= errors <= labeled:
        raise EstimateError(f"errors must be in [0, labeled], got {errors} of {labeled}")


def least_whole(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the least whole number in [low, high] where `holds`, which stays true once true."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def hypergeometric_tail(k: int, n: int, population: int, wrong: int) -> float:
    """P(X <= k) for n drawn out of a population that holds this many wrong ones."""
    if k * population < n * wrong:
        return _sum_down(k, n, population, wrong)
    # Above the middle the other tail is the short one, and every sum runs over falling terms.
    return 1.0 - _upper_tail_sum(k + 1, n, population, wrong)


def _upper_tail(k: int, n: int, population: int, wrong: int) -> float:
    """P(X >= k)."""
    if k * population > n * wrong:
        return _upper_tail_sum(k, n, population, wrong)
    return 1.0 - _sum_down(k - 1, n, population, wrong)


def _upper_tail_sum(k: int, n: int, population: int, wrong: int) -> float:
    # X right ones among n are n - X wrong ones of the mirrored population.
    return _sum_down(n - k, n, population, population - wrong)


def _sum_down(k: int, n: int, population: int, wrong: int) -> float:
    """P(X <= k) as the sum of falling terms from k downwards."""
    least = max(0, n - (population - wrong))
    if k < least:
        return 0.0
    if k >= min(n, wrong):
        return 1.0
    term = math.exp(log_hypergeometric(k, n, population, wrong))
    total = term
    right = population - wrong
    for x in range(k, least, -1):
        term *= x * (right - n + x) / ((wrong - x + 1) * (n - x + 1))
        total += term
        if term < 1e-17 * total:
            break
    return min(total, 1.0)


def log_hypergeometric(k: int, n: int, population: int, wrong: int) -> float:
    """Log probability of k wrong ones; by Loader's three binomials, since lgamma cancels at 1e9."""
    if n == population:
        return 0.0 if k == wrong else -math.inf
    share = n / population
    return (
        _log_binomial(k, wrong, share)
        + _log_binomial(n - k, population - wrong, share)
        - _log_binomial(n, population, share)
    )


def _log_binomial(x: int, n: int, p: float) -> float:
    if n == 0:
        return 0.0
    if x == 0:
        return n * math.log1p(-p)
    if x == n:
        return n * math.log(p)
    return (
        _stirling_error(n)
        - _stirling_error(x)
        - _stirling_error(n - x)
        - _deviance(x, n * p)
        - _deviance(n - x, n * (1 - p))
        + 0.5 * math.log(n / (2 * math.pi * x * (n - x)))
    )


def _stirling_error(n: int) -> float:
    """Return log(n!) less Stirling's formula."""
    if n <= 15:
        return math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2 * math.pi)
    square = float(n) * n
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680) / square) / square) / square) / n


def _deviance(x: float, mean: float) -> float:
    """Return x log(x / mean) + mean - x without cancellation where x is near the mean."""
    if abs(x - mean) >= 0.1 * (x + mean):
        return x * math.log(x / mean) + mean - x
    v = (x - mean) / (x + mean)
    total, term, step = (x - mean) * v, 2 * x * v, 1
    while True:
        term *= v * v
        following = total + term / (2 * step + 1)
        if following == total:
            return total
        total, step = following, step + 1
