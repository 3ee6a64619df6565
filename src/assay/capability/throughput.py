"""From the speed of a machine and the price of its hour to results: dollars, errors an hour, and who mends them."""

from __future__ import annotations

import math

from scipy import special

from assay.errors import EstimateError

SECONDS_PER_HOUR = 3600.0
HOURS_PER_DAY = 24.0


def usd_per_million_tokens(usd_per_hour: float, tokens_per_second: float) -> float:
    """Return USD for a million tokens of a machine at work.

    Examples
    --------
    >>> round(usd_per_million_tokens(1.48, 582), 3)
    0.706
    """
    _above(tokens_per_second=tokens_per_second)
    return usd_per_hour / (tokens_per_second * SECONDS_PER_HOUR) * 1e6


def tokens_per_second_per_megawatt(tokens_per_second: float, power_kw: float) -> float:
    """Return the tokens a second that a megawatt carries, with power all-in.

    Examples
    --------
    >>> round(tokens_per_second_per_megawatt(582, 2.65) / 1000)
    220
    """
    _above(power_kw=power_kw)
    return tokens_per_second / power_kw * 1000


def answers_per_hour(tokens_per_second: float, tokens_per_answer: float) -> float:
    """Return the answers an hour at a speed and a length."""
    _above(tokens_per_answer=tokens_per_answer)
    return tokens_per_second / tokens_per_answer * SECONDS_PER_HOUR


def wrong_per_day(answers_per_second: float, right: float) -> float:
    """Return the wrong answers of a day at all hours.

    Examples
    --------
    >>> round(wrong_per_day(156.6, 0.8067) / 1e6, 2)
    2.62
    """
    _share(right=right)
    return answers_per_second * (1 - right) * SECONDS_PER_HOUR * HOURS_PER_DAY


def people_to_mend(
    wrong_a_day: float, mended_per_hour: float, *, hours_per_day: float = HOURS_PER_DAY
) -> float:
    """Return how many people must be at work for all wrong answers of a day to be mended.

    Parameters
    ----------
    wrong_a_day : >= 0
    mended_per_hour : > 0
        By one person.
    hours_per_day : > 0
        In which a place is filled: 24 counts places, not people who go home.
    """
    _above(mended_per_hour=mended_per_hour, hours_per_day=hours_per_day)
    return wrong_a_day / (mended_per_hour * hours_per_day)


def apart(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Return how many standard errors two shares lie apart.

    Parameters
    ----------
    first, second : (share, standard error)

    Examples
    --------
    >>> round(apart((0.9454, 0.0063), (0.9363, 0.0067)), 1)
    1.0
    """
    return abs(first[0] - second[0]) / math.hypot(first[1], second[1])


def items_to_see(
    first: float,
    second: float,
    *,
    difference: float | None = None,
    confidence_level: float = 0.95,
    power: float = 0.8,
) -> int:
    """Return how many items each of two systems must answer for a difference of their shares to be seen.

    Parameters
    ----------
    first, second : in (0, 1)
        About what share each has right; the spread comes from these.
    difference : in (0, 1)
        The least one worth seeing. None: as far apart as they are here, which a small run overstates.
    confidence_level, power : in (0, 1)

    Raises
    ------
    EstimateError
        If an argument is out of its range, or the shares are equal and no difference is given.

    Notes
    -----
    ``(z_{1-a/2} + z_{power})^2 (p1 q1 + p2 q2) / d^2``: different items for each, normal approximation. The same items
    for both need fewer. Fails for shares within about 10 / n of 0 or 1.

    References
    ----------
    .. [1] Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions", 3rd ed., Wiley 2003, section 4.2.

    Examples
    --------
    >>> items_to_see(0.9454, 0.9363, difference=0.005)
    34932
    """
    gap = abs(first - second) if difference is None else difference
    for share in (first, second, confidence_level, power, gap):
        if not 0 < share < 1:
            raise EstimateError(f"shares must lie between 0 and 1 and differ, got {share}")
    z = special.ndtri(1 - (1 - confidence_level) / 2) + special.ndtri(power)
    spread = first * (1 - first) + second * (1 - second)
    return math.ceil(float(z) ** 2 * spread / gap**2)


def _above(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise EstimateError(f"{name} must be positive and finite, got {value}")


def _share(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise EstimateError(f"{name} must be in [0, 1], got {value}")
