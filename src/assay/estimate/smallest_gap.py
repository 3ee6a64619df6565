"""The smallest gap that data could have shown: what "no gap was seen" leaves open."""

from __future__ import annotations

import math

from scipy import special

from assay.errors import EstimateError
from assay.quantity import Estimate, Quantity, Unknown, weakest

POWER = 0.8
"""How often the smallest gap would be seen."""


def smallest_gap(
    gap: Quantity,
    *,
    standard_error: float | None = None,
    degrees: float = math.inf,
    largest: float = 1.0,
) -> Quantity:
    """Return the least true gap whose interval would leave out 0 in four cases of five.

    Parameters
    ----------
    gap
        What was found, with the interval that decides.
    standard_error : > 0 or None
        Of the gap, in its unit. None: as if the interval were a normal one.
    degrees : > 0
        Degrees of freedom of the standard error.
    largest : > 0
        The largest gap that there can be.

    Returns
    -------
    Estimate or Unknown
        In the gap's unit. Computed from the width, an assumption and no measurement. `Unknown` where the gap is,
        or where not even the largest would have shown.

    Raises
    ------
    EstimateError
        If the standard error is not above 0.

    Notes
    -----
    ``h + t(0.8) s``, with h the longer arm of the interval: the interval leaves out 0 where the point lies farther from
    it than h, and the point lies within ``t(0.8) s`` of the truth on that side in four cases of five. It takes the
    width for what it was this time: a gap that is large changes it a little.

    Examples
    --------
    >>> found = Estimate(0.01, -0.04, 0.06, "share", 0.95, 400, "two shares")
    >>> round(smallest_gap(found).value, 3)
    0.071
    """
    if isinstance(gap, Unknown):
        return gap
    arm = max(gap.high - gap.value, gap.value - gap.low)
    if not math.isfinite(arm):
        return Unknown("the interval of the gap has no limit")
    if standard_error is None:
        if gap.confidence_level == 1:
            return Unknown("both scores were counted: any gap would have been shown")
        standard_error = arm / float(special.ndtri((1 + gap.confidence_level) / 2))
    elif not standard_error > 0:
        raise EstimateError(f"standard_error must be above 0, got {standard_error}")
    once_more = (
        float(special.ndtri(POWER))
        if math.isinf(degrees)
        else float(special.stdtrit(degrees, POWER))
    )
    least = arm + once_more * standard_error
    if least >= largest:
        return Unknown("this data could have shown no gap at all, however large")
    return Estimate(
        least, least, least, gap.unit, 1.0, 0,
        f"seen in {POWER:.0%} at {gap.confidence_level:g} by an interval as wide as this one", "assumed",
    )  # fmt: skip


def difference_of_estimates(a: Quantity, b: Quantity, *, method: str = "") -> Quantity:
    """Return a less b, whatever made their intervals.

    Parameters
    ----------
    a, b
        To hold at 95 % together, make each at 97.5 % (`assay.estimate.product.each_level`); exact numbers need nothing.
    method
        In words; the methods of both where none is given.

    Returns
    -------
    Estimate or Unknown
        The confidence level is 1 less what both may miss.

    Notes
    -----
    ``[a.low - b.high, a.high - b.low]``: holds the difference whenever both intervals hold (Bonferroni), for dependent
    estimates also, as two scores on the same tasks. Up to 1.6 times as wide as an interval made for the difference of
    two independent scores.

    Examples
    --------
    >>> a = Estimate(0.9, 0.85, 0.94, "share right", 0.975, 300, "exact")
    >>> b = Estimate(0.7, 0.62, 0.77, "share right", 0.975, 200, "exact")
    >>> gap = difference_of_estimates(a, b)
    >>> round(gap.value, 2), round(gap.low, 2), round(gap.high, 2), gap.confidence_level
    (0.2, 0.08, 0.32, 0.95)
    """
    for one in (a, b):
        if isinstance(one, Unknown):
            return one
    assert isinstance(a, Estimate)
    assert isinstance(b, Estimate)
    level = round(a.confidence_level + b.confidence_level - 1, 12)
    if level <= 0:
        raise EstimateError(
            f"confidence levels {a.confidence_level} and {b.confidence_level} leave nothing to claim"
        )
    low, high = a.low - b.high, a.high - b.low
    return Estimate(
        min(max(a.value - b.value, low), high),
        low,
        high,
        a.unit,
        level,
        a.n + b.n,
        method or f"({a.method}) less ({b.method})",
        weakest(a.guarantee, b.guarantee),
    )
