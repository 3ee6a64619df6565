"""An upper limit of a quantile of waiting times: an order statistic, whatever their distribution is."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.exact import least_whole
from assay.quantity import Estimate, Quantity, Unknown


def fewest_for_a_limit(level: float, *, confidence_level: float = 0.95) -> int:
    """Return how many values the upper limit of a quantile needs: the largest of them must lie above it for sure.

    Examples
    --------
    >>> fewest_for_a_limit(0.95), fewest_for_a_limit(0.99)
    (59, 299)
    """
    return math.ceil(math.log(1 - confidence_level) / math.log(level))


def quantile_upper_limit(
    values: npt.ArrayLike, level: float, *, unit: str = "s", confidence_level: float = 0.95
) -> Quantity:
    """Return a quantile with its one-sided upper limit; Unknown where there are too few values for one.

    Parameters
    ----------
    values : shape (n,)
        Independent draws of one distribution. It fails where they come in spells, as in one overloaded hour.
    level : in (0, 1)
        0.99 for p99.

    Notes
    -----
    The number of values at or below the quantile is at least binomial, so the k-th smallest lies at or above it with
    probability ``P(Bin(n, level) <= k - 1)`` or more; k is the least that makes this the confidence level. MLPerf's
    early stopping rests on the same count.

    References
    ----------
    .. [1] David, Nagaraja, Order Statistics, 3rd ed. (2003), section 7.1, doi:10.1002/0471722162.
    """
    if not (0 < level < 1 and 0 < confidence_level < 1):
        raise EstimateError(f"levels must lie between 0 and 1, got {level} and {confidence_level}")
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    fewest = fewest_for_a_limit(level, confidence_level=confidence_level)
    if n < fewest:
        return Unknown(
            f"an upper limit of p{100 * level:g} needs {fewest:,} values, and there are {n:,}"
        )
    k = least_whole(1, n, lambda k: bool(special.bdtr(k - 1, n, level) >= confidence_level))
    value = float(ordered[min(math.ceil(level * n), n) - 1])
    high = float(ordered[k - 1])
    return Estimate(
        value, -math.inf, max(high, value), unit, confidence_level, n,
        f"p{100 * level:g}: order statistic {k:,} of {n:,}, one-sided upper limit", "proved",
    )  # fmt: skip
