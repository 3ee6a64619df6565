"""Likelihood of a stratum's errors given the labels drawn from it, as a smooth function of the errors.

Errors are whole, but the likelihood of ``m`` errors extends to real ``m`` through the gamma function, and then the most
likely errors under a given slope are the root of a quadratic. All functions take arrays that broadcast.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]

_HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)
_LEAST = 1e-300


def log_likelihood(
    size: FloatArray, labeled: FloatArray, found: FloatArray, errors: FloatArray
) -> FloatArray:
    """Log probability of the errors found, up to a constant that does not depend on the errors there are.

    Parameters
    ----------
    size, labeled : >= 1, labeled < size
        Traces of the stratum, and labels drawn from it without replacement.
    found : in [0, labeled]
        Labels that are wrong; fractions are allowed, for forecasts.
    errors : in [found, size - labeled + found]
        Errors in the stratum.

    Notes
    -----
    Hypergeometric, as the ratio of Loader's binomials: ``lgamma`` alone cancels to nothing at 10^9 traces.

    References
    ----------
    .. [1] Loader, "Fast and accurate computation of binomial probabilities" (2000).

    Examples
    --------
    >>> size, labeled, found = np.array(10.0), np.array(4.0), np.array(1.0)
    >>> two, one = (log_likelihood(size, labeled, found, np.array(m)) for m in (2.0, 1.0))
    >>> round(float(np.exp(two - one)), 4)  # (2 * 8! / 5!) / (9! / 6! * 1) by counting
    1.3333
    """
    share = labeled / size
    return _log_binomial(found, errors, share) + _log_binomial(
        labeled - found, size - errors, share
    )


def likeliest_errors(
    size: FloatArray, labeled: FloatArray, found: FloatArray, slope: FloatArray
) -> FloatArray:
    """Errors at which the log-likelihood has the given slope; at slope 0 the likeliest ones.

    Parameters
    ----------
    size, labeled, found
        As in `log_likelihood`.
    slope
        Derivative of the log-likelihood by the errors. Negative slopes lie above the likeliest errors.

    Notes
    -----
    The derivative is ``digamma(m + 1) - digamma(m - k + 1) - digamma(N - m + 1) + digamma(N - m - n + k + 1)``. With
    ``digamma(x + 1) = log(x + 1/2)``, which errs by less than 0.04 at x = 0 and by 1 / (24 x^2) from there on, its
    inverse is the root of a quadratic.

    Examples
    --------
    >>> float(likeliest_errors(np.array(1000.0), np.array(100.0), np.array(10.0), np.array(0.0)))
    99.6
    """
    above = np.expm1(slope)
    whole = size + 1.0
    minus_b = labeled + above * (whole + found)
    c = (above + 1.0) * found * whole
    root = np.sqrt(np.maximum(minus_b * minus_b - 4.0 * above * c, 0.0))
    # The textbook's two forms of one root: each cancels where the other does not.
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.where(minus_b >= 0, 2.0 * c / (minus_b + root), (minus_b - root) / (2.0 * above))
    x = np.where(np.isfinite(x), x, 0.0)
    return np.asarray(np.clip(x - 0.5, found, size - labeled + found))


def steepest_slopes(
    size: FloatArray, labeled: FloatArray, found: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Slopes at the fewest errors that are possible, and at the most; in between it falls."""

    def at(m: FloatArray) -> FloatArray:
        logs = np.log((m + 0.5) / (m - found + 0.5))
        return np.asarray(logs - np.log((size - m + 0.5) / (size - m - labeled + found + 0.5)))

    return at(found + 0.0), at(size - labeled + found)


def _log_binomial(x: FloatArray, n: FloatArray, p: FloatArray) -> FloatArray:
    """Log of the binomial probability at real x and n, by Loader's saddle point form."""
    rest = n - x
    none, all_ = x <= 0, rest <= 0
    inner_x = np.where(none | all_, 0.5 * np.maximum(n, _LEAST), x)
    inner_n = np.maximum(n, _LEAST)
    inner_rest = np.maximum(inner_n - inner_x, _LEAST)
    value = (
        _stirling_error(inner_n)
        - _stirling_error(inner_x)
        - _stirling_error(inner_rest)
        - _deviance(inner_x, inner_n * p)
        - _deviance(inner_rest, inner_n * (1.0 - p))
        - _HALF_LOG_TWO_PI
        - 0.5 * (np.log(inner_x) + np.log(inner_rest) - np.log(inner_n))
    )
    value = np.where(all_, n * np.log(p), value)
    return np.asarray(np.where(none, n * np.log1p(-p), value))


def _stirling_error(n: FloatArray) -> FloatArray:
    """Return log(gamma(n + 1)) less Stirling's formula."""
    large = n > 15
    i = 1.0 / np.where(large, n, 16.0)
    square = i * i
    series = i * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    m = np.where(large, 1.0, n)
    direct = special.gammaln(m + 1) - (m + 0.5) * np.log(m) + m - _HALF_LOG_TWO_PI
    return np.asarray(np.where(large, series, direct))


def _deviance(x: FloatArray, mean: FloatArray) -> FloatArray:
    """Return x log(x / mean) + mean - x without cancellation where x is near the mean."""
    mean = np.maximum(mean, _LEAST)
    d = (x - mean) / mean
    near = np.abs(d) < 1e-3
    e = np.where(near, d, 0.0)
    series = mean * e * e * (1 / 2 - e * (1 / 6 - e * (1 / 12 - e / 20)))
    return np.asarray(np.where(near, series, x * np.log(x / mean) + mean - x))
