"""How numbers are shown: digits follow the width of the interval, and a zero is never shown as certainty."""

from __future__ import annotations

import math

from assay.quantity import Estimate, Quantity, Unknown

SIGNIFICANT = 2
"""Digits of the interval's width that are shown: more would claim to know the width itself."""

EXACT_SIGNIFICANT = 4

ROUNDING = 1e-12
"""Limits that differ by less, as a part of themselves, differ by a computer's rounding alone."""


def number(value: float, decimals: int) -> str:
    """Return a number with that many decimals (negative: rounded to tens, hundreds), and thousands apart.

    Examples
    --------
    >>> number(1234.567, 1), number(1234.567, -2)
    ('1,234.6', '1,200')
    """
    if math.isinf(value):
        return "no limit" if value > 0 else "no lower limit"
    rounded = round(value, decimals)
    return f"{rounded + 0.0:,.{max(decimals, 0)}f}"


def plain(value: float) -> str:
    """Return a number that is known, with four significant digits at most.

    Examples
    --------
    >>> plain(1726.4), plain(0.031234), plain(12)
    ('1,726', '0.03123', '12')
    """
    if math.isinf(value) or value == 0:
        return number(value, 0)
    decimals = EXACT_SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))
    text = number(value, max(decimals, 0))
    return text.rstrip("0").rstrip(".") if "." in text else text


def decimals_of(estimate: Estimate, factor: float = 1.0) -> int:
    """Return the decimals that the interval's width justifies."""
    low, high = estimate.low, estimate.high
    if math.isinf(low) or math.isinf(high):
        width = abs(estimate.value if math.isfinite(estimate.value) else 1.0) / 10
    else:
        width = high - low
    width *= factor
    if width <= 0:
        return 0
    decimals = SIGNIFICANT - 1 - math.floor(math.log10(width))
    value = estimate.value * factor
    if low >= 0 and 0 < value < math.inf and round(value, decimals) == 0:
        # Something was found: it is not shown as nothing, however wide the interval. (A difference may well be none.)
        decimals = -math.floor(math.log10(value))
    return decimals


def interval(estimate: Estimate, *, percent: bool = False) -> str:
    """Return value and limits, as `86 [60, 122]`, or `at most 12` where nothing was found.

    Examples
    --------
    >>> interval(Estimate(86.31, 60.2, 121.4, "errors/day", 0.95, 300, "profile likelihood"))
    '86 [60, 122]'
    >>> interval(Estimate(0.0, 0.0, 0.00735, "errors/trace", 0.95, 500, "exact"), percent=True)
    '0; at most 0.74 %'
    """
    factor, sign = (100.0, " %") if percent else (1.0, "")
    if math.isclose(estimate.low, estimate.high, rel_tol=ROUNDING):
        return plain(estimate.value * factor) + sign
    decimals = decimals_of(estimate, factor)
    high = rounded_up(estimate.high * factor, decimals)
    if estimate.value == 0 and estimate.low == 0:
        return f"0; at most {high}{sign}"
    low = rounded_down(estimate.low * factor, decimals)
    return f"{number(estimate.value * factor, decimals)} [{low}, {high}]{sign}"


def rounded_up(value: float, decimals: int) -> str:
    """Return a limit with that many decimals, never below what it is.

    Examples
    --------
    >>> rounded_up(37.21, 0), number(37.21, 0)
    ('38', '37')
    """
    if math.isinf(value):
        return number(value, decimals)
    scale = 10.0**decimals
    return number(math.ceil(value * scale - 1e-9) / scale, decimals)


def rounded_down(value: float, decimals: int) -> str:
    """Return a limit with that many decimals, never above what it is.

    Examples
    --------
    >>> rounded_down(37.91, 0), number(37.91, 0)
    ('37', '38')
    """
    if math.isinf(value):
        return number(value, decimals)
    scale = 10.0**decimals
    return number(math.floor(value * scale + 1e-9) / scale, decimals)


def is_exact(estimate: Estimate) -> bool:
    """Return whether an estimate has no width because it was counted or assumed."""
    return estimate.guarantee in ("exact", "assumed") and estimate.low == estimate.high


def confidence(estimate: Estimate) -> str:
    """Return the confidence level, as `95 %`; `counted` or `assumed` where there is no sampling."""
    if estimate.method.startswith("plug-in forecast"):
        return "forecast"
    if is_exact(estimate):
        return "assumed" if estimate.guarantee == "assumed" else "counted"
    return f"{plain(100 * estimate.confidence_level)} %"


def shown(quantity: Quantity, *, percent: bool = False, unit: bool = False) -> str:
    """Return a quantity in one line: the number with its interval, or why it is unknown."""
    if isinstance(quantity, Unknown):
        return f"unknown: {quantity.reason}"
    text = interval(quantity, percent=percent)
    return f"{text} {quantity.unit}" if unit else text
