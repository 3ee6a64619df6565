"""Best of N where a score is no count of right items: a mean of partial scores with a standard error."""

from __future__ import annotations

import math

from scipy import integrate, special

from assay.errors import EstimateError
from assay.quantity import Estimate

_RANGE = 12.0
"""Standard deviations: the maximum of 10^30 normal values lies within."""


def inflation_of_mean(standard_error: float, tries: int) -> Estimate:
    """Return what the best of N tries adds to a score that is no count, as a mean of partial scores.

    Parameters
    ----------
    standard_error : >= 0, finite
        Of one try, in the unit of the score.
    tries : >= 1

    Returns
    -------
    Estimate
        Above the true score. The value assumes normal scores; `high` is the most that any distribution of independent
        tries can have, `low` is 0: tries that err alike add nothing.

    Notes
    -----
    Normal: ``E max = s N int x phi(x) Phi(x)^(N-1) dx``. Whatever the distribution:
    ``E max <= s (N - 1) / sqrt(2 N - 1)`` [1]_. Marked as assumed: the standard error is taken on the user's word.

    References
    ----------
    .. [1] Hartley, David, "Universal bounds for mean range and extreme observation", Ann. Math. Statist. 25 (1954),
       doi:10.1214/aoms/1177728848.

    Examples
    --------
    >>> most = inflation_of_mean(1.0, 10)
    >>> round(most.value, 4), round(most.high, 4)
    (1.5388, 2.0647)
    """
    if not (math.isfinite(standard_error) and standard_error >= 0) or tries < 1:
        raise EstimateError(
            f"standard_error must be >= 0 and tries >= 1, got {standard_error} and {tries}"
        )
    most = standard_error * (tries - 1) / math.sqrt(2 * tries - 1)
    value = min(standard_error * _normal_maximum(tries), most)
    return Estimate(
        value, 0.0, most, "score", 1.0, 0, f"best of {tries:,}: normal scores assumed", "assumed"
    )


def _normal_maximum(tries: int) -> float:
    """Return the expected maximum of standard normal values."""

    def density(x: float) -> float:
        return float(
            x
            * tries
            * math.exp((tries - 1) * special.log_ndtr(x) - x * x / 2)
            / math.sqrt(2 * math.pi)
        )

    peak = math.sqrt(2 * math.log(tries)) if tries > 1 else 0.0
    found = integrate.quad(density, -_RANGE, _RANGE, points=[peak], limit=200)
    return max(0.0, float(found[0]))
