"""Two configurations against each other: the price of a mend at which they change places, and what would part them.

CVC is a straight line in the price of a mend: what a result costs where mending is free, and what each dollar of a mend
adds, the share of items that are mended per verified-correct one. Two lines cross once or never.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.capability.evidence import Prices
from assay.capability.measure import Capability, per_item_and_verified
from assay.capability.parts import cost_per_item, unsaid
from assay.errors import EstimateError
from assay.estimate.confidence_distribution import limits_of, quantile
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]

GRID = 201
"""Prices at which it is looked whether two may cost the same, from 0 to without limit."""

AT_MOST = 2_000
"""Draws used: each price takes a pass over them."""

STEPS = 40
"""Halvings towards an end of the interval."""


@dataclass(frozen=True, slots=True, eq=False)
class CostLine:
    """CVC as a straight line in the price of a mend.

    Parameters
    ----------
    at_nought : USD/verified-correct
        As measured, where a mend is free.
    rise : mends/verified-correct
        As measured.
    sides : shape (draws,) each
        Both numbers at each choice of adverse sides of the parts.
    """

    at_nought: float
    rise: float
    sides: tuple[tuple[FloatArray, FloatArray], ...]

    def at(self, mend_usd: float) -> float:
        """Return CVC as measured, at a price of a mend."""
        return self.at_nought + self.rise * mend_usd

    def draws(self, mend_usd: float) -> tuple[FloatArray, FloatArray]:
        """Return draws of CVC at its least and most; at a price without limit, of what each dollar of it adds."""
        if mend_usd == math.inf:
            values = np.stack([rise for _, rise in self.sides])
        else:
            values = np.stack([start + rise * mend_usd for start, rise in self.sides])
        return values.min(axis=0), values.max(axis=0)


def cost_line(capability: Capability, prices: Prices | None = None) -> CostLine | Unknown:
    """Return the cost of a configuration as a line in the price of a mend; the other prices as said.

    Unknown where another price or a part isn't known.
    """
    prices = capability.prices if prices is None else prices
    free, one = replace(prices, mend_usd=0.0), replace(prices, mend_usd=1.0)
    names, at_nought = cost_per_item(free)
    _, at_one = cost_per_item(one)
    why = unsaid(capability.evidence, free) or capability.parts.why_not(names)
    if why:
        return Unknown(f"{capability.name}: {why}")
    start, next_ = per_item_and_verified(at_nought), per_item_and_verified(at_one)
    values = capability.parts.values(names)
    with np.errstate(invalid="ignore"):
        sides = tuple(
            (low := start(corner), next_(corner) - low)
            for corner in capability.parts.corners(names, at_most=AT_MOST)
        )
        at = float(start(values))
        return CostLine(at, float(next_(values)) - at, sides)


def break_even_mend(
    a: Capability, b: Capability, prices: Prices | None = None, *, confidence_level: float = 0.95
) -> Quantity:
    """Return the price of a mend at which two configurations cost the same, in USD; Unknown where there is none.

    Parameters
    ----------
    prices
        All others than that of a mend; None: those that they were measured at.

    Notes
    -----
    With ``s + m F`` the two lines, ``F = (s_b - s_a) / (m_a - m_b)``. Its limits are those of Fieller's kind: all
    prices at which the melded limits of the difference of the two costs hold 0. So they reach to 0 or without limit
    where the evidence doesn't exclude that the one is cheaper everywhere. Where no price turns them round as measured,
    the reason says which is the cheaper, and whether that is shown.
    """
    one, other = cost_line(a, prices), cost_line(b, prices)
    if isinstance(one, Unknown):
        return one
    if isinstance(other, Unknown):
        return other
    if not math.isfinite(one.at_nought + other.at_nought):
        return Unknown(
            f"{a.name if one.at_nought == math.inf else b.name}: no verified-correct result"
        )
    apart, steeper = other.at_nought - one.at_nought, one.rise - other.rise
    crossing = apart / steeper if abs(steeper) > 1e-12 else math.inf
    scale = max(one.at_nought, other.at_nought, 1e-9) / max(one.rise, other.rise, 1e-9)
    if math.isfinite(crossing) and crossing > 0:
        scale = crossing
    may_be = _may_be_equal(one, other, scale, confidence_level)
    if not (math.isfinite(crossing) and crossing > 0):
        first = _first_is_cheaper(one, other)
        return Unknown(_no_crossing(a if first else b, b if first else a, may_be))
    low, high = may_be or (crossing, crossing)
    below, above = (a.name, b.name) if steeper > 0 else (b.name, a.name)
    return Estimate(
        crossing, min(low, crossing), max(high, crossing), "USD/mend", confidence_level,
        min(a.parts.n, b.parts.n),
        f"where two lines cross: {below} is cheaper below, {above} above; limits of Fieller's kind, melded",
        "simulated",
    )  # fmt: skip


def cost_difference(
    a: Capability,
    b: Capability,
    prices: Prices | None = None,
    *,
    confidence_level: float = 0.95,
    chosen_from: int = 2,
) -> Quantity:
    """Return what a verified-correct result of one configuration costs more than one of another, in USD; it has a sign.

    Parameters
    ----------
    a, b
        The difference is CVC of `a` less that of `b`.
    prices
        None: those that they were measured at.
    chosen_from
        Of how many configurations the same data chose these two, as the first of an order; limits then hold for every
        pair of them at once (Bonferroni). Unknown where that takes rarer draws than were made, from 23 on by default.

    Notes
    -----
    Limits are melded: quantiles of the difference of draws in which every part of `a` stands at its least side and
    every part of `b` at its most, and the other way round; for configurations measured with `shared_scores` the draws
    go together as their answers to the same tasks do. Simulated in `tests/coverage/test_cost_difference.py`. They fail
    as those of CVC do: where a few rare and huge costs make the mean and none of them was seen.
    """
    if not 0 < confidence_level < 1:
        raise EstimateError(f"confidence_level must be in (0, 1), got {confidence_level}")
    if chosen_from < 2:
        raise EstimateError(f"chosen_from must be 2 or more, got {chosen_from}")
    try:
        sides = [one.cvc_sides(prices) for one in (a, b)]
    except EstimateError as missing:
        return Unknown(missing.message)
    value = a.cvc_at(prices or a.prices) - b.cvc_at(prices or b.prices)
    if not math.isfinite(value):
        return Unknown("one of the two has no verified-correct result")
    missed = (1 - confidence_level) / math.comb(chosen_from, 2)
    if missed / 2 * len(sides[0][0]) < 1:
        return Unknown(
            f"two that the same data chose from {chosen_from} look further apart, or nearer, than they are; name two "
            "(--system)"
        )
    low, high = _limits(sides[0], sides[1], 1 - missed)
    method = "limits of the difference, melded from both at their adverse sides"
    if chosen_from > 2:
        method += f", for every two of {chosen_from} at once (Bonferroni)"
    return Estimate(
        value, min(low, value), max(high, value), "USD/verified-correct", confidence_level,
        min(a.parts.n, b.parts.n), method, "simulated",
    )  # fmt: skip


def items_to_tell_apart(
    a: Capability,
    b: Capability,
    prices: Prices | None = None,
    *,
    power: float = 0.8,
    confidence_level: float = 0.95,
) -> Quantity:
    """Return how many items each of two configurations must be measured on to tell which is cheaper.

    Parameters
    ----------
    prices
        None: those that they were measured at.
    power : in (0, 1)
        With what probability the difference is then shown, were it as measured.
    confidence_level
        Of the test that shows it, two-sided, and of the interval.

    Notes
    -----
    ``n = (z_{1 - alpha/2} + z_power)^2 V / D^2``: D the difference of the two CVC as measured, ``V = n_a Var_a + n_b
    Var_b - 2 rho sqrt(n_a n_b Var_a Var_b)`` what an item of each adds to its variance, from the middle 95 % of
    posterior draws, rho their rank correlation (`shared_scores`; about 0 where they answered different items). The
    limits take D at its own melded limits, so the higher one is without limit where D may be 0. A forecast: it takes
    further items to be like those measured, and to be the same for both where those were.
    """
    if not (0 < power < 1 and 0 < confidence_level < 1):
        raise EstimateError(
            f"power and level must lie between 0 and 1, got {power}, {confidence_level}"
        )
    try:
        drawn = [one.cvc_draws(prices) for one in (a, b)]
        sides = [one.cvc_sides(prices) for one in (a, b)]
    except EstimateError as missing:
        return Unknown(missing.message)
    gap = a.cvc_at(prices or a.prices) - b.cvc_at(prices or b.prices)
    if not math.isfinite(gap):
        return Unknown("one of the two has no verified-correct result")
    if gap == 0:
        return Unknown("they cost the same as measured: no number of items parts them")
    spread = [(quantile(d, 0.975) - quantile(d, 0.025)) / (2 * special.ndtri(0.975)) for d in drawn]
    one, other = (math.sqrt(x.parts.n) * s for x, s in zip((a, b), spread, strict=True))
    an_item = one**2 + other**2 - 2 * _rank_correlation(drawn[0], drawn[1]) * one * other
    if an_item == 0:
        return Unknown(
            "neither of the two varies as far as is known: their difference is as stated"
        )
    least, most = _limits(sides[0], sides[1], confidence_level)
    nearest = 0.0 if least <= 0 <= most else min(abs(least), abs(most))
    farthest = max(abs(least), abs(most))
    factor = (special.ndtri((1 + confidence_level) / 2) + special.ndtri(power)) ** 2 * an_item
    if not math.isfinite(factor):
        return Unknown("one of the two may have no verified-correct result")
    value, low, high = (_items(factor, d) for d in (gap, farthest, nearest))
    return Estimate(
        value, min(low, value), max(high, value), "items/configuration", confidence_level,
        min(a.parts.n, b.parts.n),
        f"forecast: (z + z_power)^2 V / D^2, {100 * power:g} % power, D the difference as measured and at its limits",
        "assumed",
    )  # fmt: skip


def _rank_correlation(one: FloatArray, other: FloatArray) -> float:
    from scipy import stats

    # Of ranks: a draw may be without limit.
    if one.min() == one.max() or other.min() == other.max():
        return 0.0
    return float(stats.spearmanr(one, other).statistic)


def _items(factor: float, gap: float) -> float:
    return math.inf if gap == 0 else float(max(1, math.ceil(factor / gap**2)))


def _limits(
    one: tuple[FloatArray, FloatArray], other: tuple[FloatArray, FloatArray], level: float
) -> tuple[float, float]:
    with np.errstate(invalid="ignore"):
        least, most = one[0] - other[1], one[1] - other[0]
    # Without limit less without limit may be anything.
    least, most = np.where(np.isnan(least), -np.inf, least), np.where(np.isnan(most), np.inf, most)
    return limits_of((least, most), confidence_level=level)


def _may_be_equal(
    one: CostLine, other: CostLine, scale: float, level: float
) -> tuple[float, float] | None:
    """Return between which prices of a mend the two may cost the same; None where nowhere."""

    def may_be(mend: float) -> bool:
        least, most = _limits(one.draws(mend), other.draws(mend), level)
        return least <= 0 <= most

    share = np.linspace(0.0, 1.0, GRID)
    with np.errstate(divide="ignore"):
        prices = [float(x) for x in scale * share / (1 - share)]
    inside = [k for k, price in enumerate(prices) if may_be(price)]
    if not inside:
        return None
    first, last = inside[0], inside[-1]
    low = prices[first] if first == 0 else _edge(may_be, prices[first], prices[first - 1])
    high = prices[last] if last == GRID - 1 else _edge(may_be, prices[last], prices[last + 1])
    return low, high


def _edge(inside: Callable[[float], bool], held: float, outside: float) -> float:
    if math.isinf(outside):
        # Between the last price and none: doubled until it is outside.
        outside = held
        for _ in range(STEPS):
            outside *= 2
            if not inside(outside):
                break
            held = outside
        else:
            return math.inf
    for _ in range(STEPS):
        middle = (held + outside) / 2
        if inside(middle):
            held = middle
        else:
            outside = middle
    return outside


def _first_is_cheaper(one: CostLine, other: CostLine) -> bool:
    return (one.at_nought, one.rise) <= (other.at_nought, other.rise)


def _no_crossing(cheaper: Capability, other: Capability, may_be: tuple[float, float] | None) -> str:
    said = f"{cheaper.name} is cheaper than {other.name} at every price of a mend"
    if may_be is None:
        return f"{said}: none turns them round"
    low, high = may_be
    upper = "without limit" if math.isinf(high) else f"to ${high:.4g}"
    return f"{said} as measured, but the two may cost the same from ${low:.4g} {upper}"
