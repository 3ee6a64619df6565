"""What an interval is, and which side of it is claimed."""

from __future__ import annotations

from typing import Literal, NamedTuple

from assay.errors import EstimateError

Alternative = Literal["two-sided", "less", "greater"]
"""Which limits are claimed at the confidence level.

two-sided : both; each side may miss with half of ``1 - confidence_level``.
less : the truth is less than the upper limit; the lower limit is the trivial one.
greater : the truth is greater than the lower limit; the upper limit is the trivial one.
"""


class Interval(NamedTuple):
    """The limits of an interval, in the unit of what was estimated.

    Parameters
    ----------
    low, high
        ``low <= high``. Trivial limits (0, the population's size, inf) where a side is not claimed.
    """

    low: float
    high: float


class Tails(NamedTuple):
    """How often each limit may miss; ``None`` where that side is not claimed."""

    low: float | None
    high: float | None


def tails(confidence_level: float, alternative: Alternative) -> Tails:
    """Return how often each limit may miss.

    Raises
    ------
    EstimateError
        If the confidence level is not in (0, 1), or the alternative is not a known one.

    Examples
    --------
    >>> tails(0.9, "less")
    Tails(low=None, high=0.1)
    """
    miss = missing_chance(confidence_level)
    if alternative == "two-sided":
        return Tails(miss / 2, miss / 2)
    if alternative == "less":
        return Tails(None, miss)
    if alternative == "greater":
        return Tails(miss, None)
    raise EstimateError(
        f"alternative must be 'two-sided', 'less' or 'greater', got {alternative!r}"
    )


def missing_chance(confidence_level: float) -> float:
    """Return how often an interval of this level may miss.

    Raises
    ------
    EstimateError
        If the confidence level is not in (0, 1).

    Examples
    --------
    >>> missing_chance(0.95)
    0.05
    """
    if not 0 < confidence_level < 1:
        raise EstimateError(f"confidence_level must be in (0, 1), got {confidence_level}")
    # 1 - 0.95 is 0.050000000000000044 in binary: rounding keeps the limits those of the tables.
    return round(1 - confidence_level, 15)
