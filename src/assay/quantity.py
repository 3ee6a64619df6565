"""Numbers that carry their uncertainty: `Estimate`, and `Unknown` where evidence is missing.

No number leaves Assay without an interval, a unit, the count it rests on and the method that made it. Evidence
that is missing is `Unknown` with a reason; it is never zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from assay.errors import EstimateError

Guarantee = Literal["exact", "proved", "enumerated", "simulated", "assumed"]
"""What stands behind an interval.

exact : counted, or computed from what was counted; there is no sampling error in it.
proved : coverage is at least the confidence level by a theorem.
enumerated : coverage was found to be at least the confidence level by enumeration over a grid, see docs/METHODS.md.
simulated : the same by simulation, where there is too much to enumerate.
assumed : taken from the user's word; nothing was measured.
"""

_FIRMEST_FIRST: tuple[Guarantee, ...] = ("exact", "proved", "enumerated", "simulated", "assumed")


def weakest(*guarantees: Guarantee) -> Guarantee:
    """Return the weakest of some guarantees: what is made of several stands on no firmer ground.

    Examples
    --------
    >>> weakest("proved", "simulated", "enumerated")
    'simulated'
    """
    return max(guarantees, key=_FIRMEST_FIRST.index)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval, unit, confidence level, n and method.

    Parameters
    ----------
    value : in [low, high]
        The point estimate.
    low, high
        Limits of the interval. ``-inf`` or ``inf`` where the evidence sets none.
    unit
        What is counted per what, as ``errors/trace`` or ``errors/day``.
    confidence_level : in (0, 1]
        1 where the number is exact: counted, not sampled.
    n : >= 0
        How many observations it rests on (labels, or traces where all were counted). 0 for an assumption.
    method
        The estimator, the judge and the parser it came through, in words.
    guarantee
        What stands behind the interval.

    Raises
    ------
    EstimateError
        If a limit is not a number, or the value lies outside the limits.

    Examples
    --------
    >>> rate = Estimate(0.04, 0.02, 0.07, "errors/trace", 0.95, 300, "Clopper-Pearson", "proved")
    >>> rate.scaled(2000, "errors/day").value
    80.0
    """

    value: float
    low: float
    high: float
    unit: str
    confidence_level: float
    n: int
    method: str
    guarantee: Guarantee = "proved"

    def __post_init__(self) -> None:
        if any(math.isnan(x) for x in (self.value, self.low, self.high)):
            raise EstimateError(
                f"an estimate can't hold NaN: {self.low}, {self.value}, {self.high}"
            )
        if not self.low <= self.value <= self.high:
            raise EstimateError(
                f"value {self.value} lies outside [{self.low}, {self.high}] {self.unit}"
            )
        if not 0 < self.confidence_level <= 1:
            raise EstimateError(f"confidence_level must be in (0, 1], got {self.confidence_level}")
        if self.n < 0:
            raise EstimateError(f"n must not be negative, got {self.n}")

    def scaled(self, factor: float, unit: str, *, method: str | None = None) -> Estimate:
        """Return the same evidence in another unit: value and limits times a known factor >= 0."""
        if not (math.isfinite(factor) and factor >= 0):
            raise EstimateError(f"the factor must be finite and not negative, got {factor}")
        return replace(
            self,
            value=self.value * factor,
            low=self.low * factor,
            high=self.high * factor,
            unit=unit,
            method=method or self.method,
        )

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form; a limit that the evidence doesn't set is null."""
        return {
            "value": _finite(self.value),
            "low": _finite(self.low),
            "high": _finite(self.high),
            "unit": self.unit,
            "confidence_level": self.confidence_level,
            "n": self.n,
            "method": self.method,
            "guarantee": self.guarantee,
        }


@dataclass(frozen=True, slots=True)
class Unknown:
    """A number that the evidence doesn't give, and why.

    Examples
    --------
    >>> Unknown("no trace has a cost").to_json()
    {'value': None, 'reason': 'no trace has a cost'}
    """

    reason: str

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form: a null value and the reason."""
        return {"value": None, "reason": self.reason}


Quantity = Estimate | Unknown


def exact(value: float, unit: str, *, n: int, method: str) -> Estimate:
    """Return an estimate of something that was counted, not sampled."""
    return Estimate(value, value, value, unit, 1.0, n, method, "exact")


def assumed(value: float, unit: str, *, method: str) -> Estimate:
    """Return a number taken on the user's word, marked as such."""
    return Estimate(value, value, value, unit, 1.0, 0, method, "assumed")


def to_json(quantities: Mapping[str, Quantity]) -> dict[str, object]:
    """Return a JSON object of several quantities."""
    return {name: quantity.to_json() for name, quantity in quantities.items()}


def _finite(x: float) -> float | None:
    return x if math.isfinite(x) else None
