"""Products: a share of a volume, where both were estimated."""

from __future__ import annotations

import math

from assay.errors import EstimateError
from assay.quantity import Estimate, Quantity, Unknown, weakest


def product_of_estimates(a: Estimate, b: Estimate, unit: str, *, method: str = "") -> Quantity:
    """Product of two quantities that are not negative, whatever made their intervals.

    Parameters
    ----------
    a, b
        To hold at 95 % together, make each at 97.5 % (exact and assumed numbers need nothing).
    unit
        Unit of the product: errors/day, for a share of the errors times errors/day.
    method
        In words; "product of (...) and (...)" where none is given.

    Returns
    -------
    Estimate or Unknown
        The confidence level is 1 less what both may miss. `high` is ``inf`` where one has no upper limit and the other
        may be above 0. `Unknown` where a limit is negative, or nothing times no limit would be the value.

    Raises
    ------
    EstimateError
        If the two confidence levels leave nothing to claim.

    Notes
    -----
    ``[a.low b.low, a.high b.high]``: holds the product whenever both intervals hold, so it misses at most as often as
    either (Bonferroni). Valid for dependent estimates also: a share and a volume that rest on the same verdicts. It is
    about 1.1 to 1.4 times as wide as an interval made for the product.

    Examples
    --------
    >>> share = Estimate(0.25, 0.2, 0.3, "share of errors", 0.975, 400, "repeats")
    >>> volume = Estimate(40.0, 30.0, 50.0, "errors/day", 0.975, 300, "labels")
    >>> part = product_of_estimates(share, volume, "errors/day")
    >>> part.value, part.low, part.high, part.confidence_level
    (10.0, 6.0, 15.0, 0.95)
    """
    if a.low < 0 or b.low < 0:
        return Unknown("a product of shares and volumes needs quantities that can't be negative")
    if 0 in (a.value, b.value) and math.inf in (a.value, b.value):
        return Unknown("nothing times a quantity without limit says nothing")
    level = round(a.confidence_level + b.confidence_level - 1, 12)
    if level <= 0:
        raise EstimateError(
            f"confidence levels {a.confidence_level} and {b.confidence_level} leave nothing "
            "to claim: make both at a higher level"
        )
    value = a.value * b.value
    return Estimate(
        # Rounding of the last binary digit must not put the value outside its own limits.
        value=min(max(value, _times(a.low, b.low)), _times(a.high, b.high)),
        low=_times(a.low, b.low),
        high=_times(a.high, b.high),
        unit=unit,
        confidence_level=level,
        n=a.n + b.n,
        method=method or f"product of ({a.method}) and ({b.method})",
        guarantee=weakest(a.guarantee, b.guarantee),
    )


def each_level(confidence_level: float) -> float:
    """Return the level at which each of two estimates is made, for their product or ratio to hold at this level.

    Examples
    --------
    >>> each_level(0.95)
    0.975
    """
    if not 0 < confidence_level < 1:
        raise EstimateError(f"confidence_level must be in (0, 1), got {confidence_level}")
    return round((1 + confidence_level) / 2, 12)


def _times(x: float, y: float) -> float:
    """Multiply limits; 0 times no limit is 0, since the limit 0 is reached."""
    return 0.0 if 0 in (x, y) else x * y
