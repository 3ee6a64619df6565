"""Where the cheapest changes: each system's cost as a line over the price of a mend, and the lower edge of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from assay.capability.cost_result import BreakEven, Curve
from assay.capability.difference import CostLine, break_even_mend, cost_line
from assay.capability.evidence import Prices, stated
from assay.capability.measure import Capability, measure
from assay.quantity import Unknown

CURVE_POINTS = 49
LEAST = 1e-9
"""A dollar amount that stands for a free one on a logarithmic axis."""

EVERYTHING_FOUND = (
    "The lines show each system as if every wrong result were found, at no cost, and mended: "
    "the price of a mend is then what an error costs."
)
AS_SAID = "The lines show each system with the prices given, over other prices of a mend."


@dataclass(frozen=True, slots=True)
class Turning:
    """The lines, where the lower edge of them turns, and what they show."""

    curves: tuple[Curve, ...]
    break_evens: tuple[BreakEven, ...]
    words: str


def turning(capabilities: Sequence[Capability], *, rng: np.random.Generator) -> Turning:
    """Return each system's line over the price of a mend, and where the cheapest changes.

    With the prices and the checking as they are, where something is caught and all else has a price; else as if every
    wrong result were found at no cost, which takes neither.
    """
    as_said = _mends_matter(capabilities)
    drawn = capabilities if as_said else [_all_found(one, rng) for one in capabilities]
    lines = {
        one.name: (one, line)
        for one in drawn
        if isinstance(line := cost_line(one), CostLine) and np.isfinite(line.at_nought + line.rise)
    }
    if not lines:
        return Turning((), (), "")
    said = capabilities[0].prices
    # Where nothing is checked, what an error costs is what the user says of one that escapes.
    errors = [price for price in (said.mend_usd, None if as_said else said.escape_usd) if price]
    mends = mend_prices([line for _, line in lines.values()], errors)
    curves = tuple(
        Curve(name, mends, tuple(line.at(mend) for mend in mends))
        for name, (_, line) in lines.items()
    )
    edges = []
    for below, above in pairwise(lower_edge(curves)):
        one, other = lines[below][0], lines[above][0]
        mend = break_even_mend(one, other, confidence_level=one.confidence_level)
        edges.append(BreakEven(below, above, mend))
    return Turning(curves, tuple(edges), AS_SAID if as_said else EVERYTHING_FOUND)


def lower_edge(curves: Sequence[Curve]) -> list[str]:
    """Return the names of the cheapest, in the order of the prices of a mend."""
    edge: list[str] = []
    for place in range(len(curves[0].mend_usd)):
        best = min(curves, key=lambda curve: (curve.cost_usd[place], curve.name))
        if not edge or edge[-1] != best.name:
            edge.append(best.name)
    return edge


def mend_prices(lines: Sequence[CostLine], said: Sequence[float]) -> tuple[float, ...]:
    """Return prices of a mend, evenly apart on a logarithmic axis: they hold every crossing, and what is said."""
    starts = [max(line.at_nought, LEAST) for line in lines]
    crossings = [
        (b.at_nought - a.at_nought) / (a.rise - b.rise)
        for a in lines
        for b in lines
        if a.rise != b.rise
    ]
    ends = [*starts, *(x for x in crossings if LEAST < x < 1 / LEAST), *said]
    low, high = np.log10(min(ends) / 3), np.log10(max(ends) * 3)
    return tuple(float(x) for x in np.logspace(low, high, CURVE_POINTS))


def _mends_matter(capabilities: Sequence[Capability]) -> bool:
    if all(one.evidence.caught == 0 for one in capabilities):
        return False
    return all(
        isinstance(cost_line(one), CostLine)
        or isinstance(one.right, Unknown)
        or isinstance(one.cost_of_pass, Unknown)
        for one in capabilities
    )


def _all_found(one: Capability, rng: np.random.Generator) -> Capability:
    free = stated(0.0, "as if checking were free")
    evidence = replace(one.evidence, caught=1.0, flagged=0.0, check_cost_usd=free)
    prices = Prices(mend_usd=one.prices.mend_usd, wait_usd_per_hour=one.prices.wait_usd_per_hour)
    return measure(
        evidence, prices, rng=rng, confidence_level=one.confidence_level, scores=one.parts.scores
    )
