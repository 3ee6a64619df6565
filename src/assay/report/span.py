"""The stretch of an axis that a chart shows, and how numbers without a limit are cut to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assay.figures import is_exact
from assay.quantity import Estimate, Quantity

FAR_APART = 20.0
"""Numbers whose largest is more than that many times the smallest are not told apart on a linear axis."""


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of an axis, and how limits are cut to it."""

    low: float
    high: float
    log: bool
    factor: float

    @classmethod
    def of(cls, estimates: Sequence[Estimate], factor: float, *, may_be_log: bool = False) -> Span:
        """Return the stretch that holds all limits, in the unit of the estimates times a factor."""
        ends = [x * factor for e in estimates for x in (e.low, e.value, e.high) if math.isfinite(x)]
        below = min(0.0, *ends) if ends else 0.0
        most = max(0.0, *ends) if ends else 0.0
        if below < 0:
            room = 0.05 * (most - below)
            return cls(below - room, most + room, False, factor)
        most = most or 1.0
        centres = [e.value * factor for e in estimates if 0 < e.value < math.inf]
        log = may_be_log and len(centres) > 1 and max(centres) > FAR_APART * min(centres)
        least = min((x for x in ends if x > 0), default=1.0)
        return cls(
            max(least / 1.5, most / 1e6) if log else 0.0, most * (1.5 if log else 1.05), log, factor
        )

    def decades(self) -> list[float]:
        """Return 1, 2 and 5 times the powers of ten on the axis, or the powers alone where those would be many."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        steps = (1, 2, 5) if self.high < 1_000 * self.low else (1,)
        ticks = [step * 10.0**power for power in powers for step in steps]
        return [tick for tick in ticks if self.low <= tick <= self.high]

    def limits(self, estimate: Quantity) -> dict[str, Any]:
        """Return the limits as they are drawn: one beyond the axis goes to its end, a point there is left out."""
        assert isinstance(estimate, Estimate)
        low, value, high = (x * self.factor for x in (estimate.low, estimate.value, estimate.high))
        inside = self.low <= value <= self.high
        return {
            "low": min(max(low, self.low), self.high),
            "high": min(max(high, self.low), self.high),
            "value": value if inside else None,
            # Nothing found is not nothing there: the point is hollow, and the bar runs to the upper limit.
            "found": int(value != 0 or is_exact(estimate)),
        }
