"""Sigma levels: a name for a rate, which says nothing unless its convention is said with it."""

from __future__ import annotations

import math
from typing import Literal, get_args

from scipy import special

from assay.errors import EstimateError
from assay.quantity import Estimate

SigmaConvention = Literal["one-sided", "two-sided", "shifted-1.5"]
"""How a rate and a level belong together.

one-sided : the area of the normal curve beyond `level`; 3 sigma is 1.35e-3.
two-sided : beyond `level` on both sides, as in physics; 3 sigma is 2.7e-3.
shifted-1.5 : six-sigma practice, one-sided beyond ``level - 1.5``; 3 sigma is 66,807 per million.
"""

_SHIFT = 1.5  # Six-sigma practice grants the mean a long-term drift of 1.5 sigma.


def sigma_to_rate(level: float, *, convention: SigmaConvention = "one-sided") -> float:
    """Error rate that a sigma level stands for.

    Parameters
    ----------
    level
        Sigma level; ``inf`` is a rate of 0. At least 0 in the two-sided convention.
    convention
        See `SigmaConvention`.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    EstimateError
        If the level is NaN or negative two-sided, or the convention unknown.

    Notes
    -----
    ``Phi(-level)``, twice that, or ``Phi(1.5 - level)``. Right to 12 digits down to 1e-300.

    References
    ----------
    .. [1] Harry, "The nature of six sigma quality", Motorola University Press 1988 (the shift).

    Examples
    --------
    >>> f"{sigma_to_rate(3):.3e} {sigma_to_rate(6, convention='shifted-1.5'):.3e}"
    '1.350e-03 3.398e-06'
    """
    _check(convention)
    if math.isnan(level) or (convention == "two-sided" and level < 0):
        raise EstimateError(f"sigma level must be a number (two-sided: >= 0), got {level}")
    if convention == "two-sided":
        return 2 * float(special.ndtr(-level))
    return float(special.ndtr((_SHIFT if convention == "shifted-1.5" else 0.0) - level))


def rate_to_sigma(rate: float, *, convention: SigmaConvention = "one-sided") -> float:
    """Sigma level of an error rate.

    Parameters
    ----------
    rate : in [0, 1]
        Error rate. 0 gives ``inf``; 1 gives ``-inf`` (0 in the two-sided convention).
    convention
        See `SigmaConvention`.

    Returns
    -------
    float

    Raises
    ------
    EstimateError
        If the rate is not in [0, 1], or the convention unknown.

    Examples
    --------
    >>> round(rate_to_sigma(2.867e-7), 3)
    5.0
    """
    _check(convention)
    if not 0 <= rate <= 1:
        raise EstimateError(f"rate must be in [0, 1], got {rate}")
    # Adding 0.0 turns -0.0, which prints badly, into 0.0.
    if convention == "two-sided":
        return -float(special.ndtri(rate / 2)) + 0.0
    shift = _SHIFT if convention == "shifted-1.5" else 0.0
    return -float(special.ndtri(rate)) + shift + 0.0


def dpmo(rate: float) -> float:
    """Defects per million opportunities, where every trace is one opportunity.

    Raises
    ------
    EstimateError
        If the rate is not in [0, 1].

    Examples
    --------
    >>> dpmo(0.0625)
    62500.0
    """
    if not 0 <= rate <= 1:
        raise EstimateError(f"rate must be in [0, 1], got {rate}")
    return rate * 1e6


def sigma_level(rate: Estimate) -> Estimate:
    """Sigma level, one-sided, of an error rate with its interval.

    Parameters
    ----------
    rate
        Error rate in errors per trace, value and limits in [0, 1].

    Returns
    -------
    Estimate
        Unit: sigma (one-sided). The limits change places. `high` is ``inf`` where the rate's lower
        limit is 0; `value` is the low end where no error was found, since an infinite level is
        never claimed.

    Raises
    ------
    EstimateError
        If the limits are not in [0, 1].

    Examples
    --------
    >>> level = sigma_level(Estimate(0.0, 0.0, 0.00135, "errors/trace", 0.95, 2218, "counted"))
    >>> round(level.value, 2), level.high
    (3.0, inf)
    """
    low, high = rate_to_sigma(min(rate.high, 1.0)), rate_to_sigma(max(rate.low, 0.0))
    value = rate_to_sigma(rate.value)
    return Estimate(
        value=value if math.isfinite(value) else low,
        low=low,
        high=high,
        unit="sigma (one-sided)",
        confidence_level=rate.confidence_level,
        n=rate.n,
        method=rate.method,
        guarantee=rate.guarantee,
    )


def _check(convention: str) -> None:
    if convention not in get_args(SigmaConvention):
        raise EstimateError(
            f"convention must be one of {', '.join(get_args(SigmaConvention))}, got {convention!r}"
        )
