"""The exact two-sided interval of one sampled stratum, shorter than with equal tails.

Equal tails pay for a side that can't miss: with no error found nothing lies below, and still half of the chance to miss
is kept for it. Here each number of errors is tested by how far its likeliest outcomes go, on both sides at once, so an
outcome without an error has its limit at 3 / n instead of 3.7 / n.
"""

from __future__ import annotations

import math

from assay.errors import EstimateError
from assay.estimate.exact import hypergeometric_errors, hypergeometric_tail, least_whole
from assay.estimate.interval import Interval, missing_chance

_NOISE = 1e-12  # Outcomes as far off as the one found, but for rounding, count as far off.


def ordered_errors(
    errors: int, labeled: int, population: int, *, confidence_level: float = 0.95
) -> Interval:
    """Errors in a finite log, from labels drawn at random without replacement: two-sided, ordered by likelihood.

    Parameters
    ----------
    errors : in [0, labeled]
        Labels that are wrong.
    labeled : in [1, population]
        Labels in all.
    population : >= 1
        Traces in the log.
    confidence_level : in (0, 1)

    Returns
    -------
    Interval
        Whole numbers. It is two-sided only: one limit alone may miss with more than half of the rest.

    Raises
    ------
    EstimateError
        If the counts contradict each other or the level is out of range.

    Notes
    -----
    M errors are kept while ``P(D(K) >= D(k) | M) > a``, with ``D(k) = n KL(k / n, M / N)`` the binomial deviance and K
    hypergeometric; the interval reaches from the first M kept to the last. Each M is tested at its exact level, so the
    coverage is at least the confidence level by construction. Where ``D(k) > log(2 / a)`` nothing is kept, by
    Hoeffding's bound on both tails, which ends the search. Assumes a simple random sample of a size fixed beforehand.

    References
    ----------
    .. [1] Feldman, Cousins, "Unified approach to the classical statistical analysis of small signals", Phys. Rev. D 57
       (1998), doi:10.1103/PhysRevD.57.3873: ordering by likelihood ratio.
    .. [2] Hoeffding, "Probability inequalities for sums of bounded random variables", JASA 58 (1963),
       doi:10.1080/01621459.1963.10500830: theorem 1, and section 6 for sampling without replacement.

    Examples
    --------
    >>> ordered_errors(0, 300, 2000), hypergeometric_errors(0, 300, 2000)
    (Interval(low=0.0, high=18.0), Interval(low=0.0, high=22.0))
    """
    if not 0 <= errors <= labeled or not 1 <= labeled <= population:
        raise EstimateError(
            f"0 <= errors <= labeled <= population is needed, got {errors}, {labeled}, {population}"
        )
    miss = missing_chance(confidence_level)
    if labeled == population:
        return Interval(float(errors), float(errors))
    high = _last_kept(errors, labeled, population, miss)
    # A right output is as random as a wrong one: the least errors are the most right ones.
    low = population - _last_kept(labeled - errors, labeled, population, miss)
    return Interval(float(low), float(high))


def _last_kept(k: int, n: int, population: int, miss: float) -> int:
    """Return the greatest number of errors that is kept."""
    most = population - n + k
    # Kept for certain: alone, the lower tail is likelier than the chance to miss.
    one_sided = hypergeometric_errors(
        k, n, population, confidence_level=1 - miss, alternative="less"
    )
    kept = int(one_sided.high)
    end = least_whole(
        kept, most + 1, lambda m: m > most or _deviance(k, n, m / population) > math.log(2 / miss)
    )
    first = kept + 1
    while first < end:
        # Segments with one and the same outcome as far off on the other side, the last one first.
        other = _other_side(k, n, (end - 1) / population)
        begin = _segment_begin(k, n, population, (first, end - 1))
        found = _last_in(k, other, n, population, (begin, end - 1), miss)
        if found is not None:
            return found
        end = begin
    return kept


def _segment_begin(k: int, n: int, population: int, among: tuple[int, int]) -> int:
    """Return the first number of errors with the same other side as the last one."""
    first, last = among
    other = _other_side(k, n, last / population)
    return least_whole(first, last, lambda m: _other_side(k, n, m / population) >= other)


def _last_in(
    k: int, other: int, n: int, population: int, segment: tuple[int, int], miss: float
) -> int | None:
    """Return the last number of errors in a segment that is kept: halved where the bound does not decide."""
    begin, end = segment
    below = hypergeometric_tail(k, n, population, begin)
    above = 1.0 - hypergeometric_tail(other - 1, n, population, end) if other <= n else 0.0
    if below + above <= miss:
        return None
    if begin == end:
        return begin
    middle = (begin + end) // 2
    later = _last_in(k, other, n, population, (middle + 1, end), miss)
    return later if later is not None else _last_in(k, other, n, population, (begin, middle), miss)


def _other_side(k: int, n: int, rate: float) -> int:
    """Return the least outcome above the expected one that is as far off as k; n + 1 where none is."""
    far = _deviance(k, n, rate)
    least = math.ceil(n * rate)
    return least_whole(
        least, n + 1, lambda c: c > n or _deviance(c, n, rate) >= far * (1 - _NOISE) - _NOISE
    )


def _deviance(k: int, n: int, rate: float) -> float:
    """Return n times the Kullback-Leibler divergence of the rate from k / n."""
    total = 0.0
    if k > 0:
        total += k * math.log(k / (n * rate)) if rate > 0 else math.inf
    if k < n:
        total += (n - k) * math.log((n - k) / (n * (1 - rate))) if rate < 1 else math.inf
    return total
