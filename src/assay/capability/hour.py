"""Total cost of an hour of a machine: owned or rented, with the range of what it may be, and in short supply.

The ranges are scenarios, not confidence intervals: each value of the catalogue is drawn on its own from a triangle
between its low and its high with the value as its peak, and the range holds the middle 95 % of the sums. Values that
move together (all prices rise at once) make it too narrow; `HourCost.lowest` and `highest` take each value at its worst
and are never passed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assay.capability.catalogue import CatalogueValue, Machine
from assay.capability.hour_formula import (
    AVAILABILITY_FIELDS,
    PART_FIELDS,
    FloatArray,
    own_hour,
    own_parts,
)
from assay.errors import EstimateError
from assay.quantity import Estimate, Quantity, Unknown

OWN_FIELDS = tuple(
    dict.fromkeys(
        [*(name for names in PART_FIELDS.values() for name in names), *AVAILABILITY_FIELDS]
    )
)
"""All that the cost of an owned hour is made of."""

Tenure = Literal["own", "on-demand", "rented", "owned by a hyperscaler", "owned by a neocloud"]
"""How one comes by the hour. `own` is summed up from its parts; the others are prices of the catalogue."""

PRICES: dict[Tenure, str] = {
    "on-demand": "on_demand_price",
    "rented": "rented_price",
    "owned by a hyperscaler": "owned_hyperscaler_price",
    "owned by a neocloud": "owned_neocloud_price",
}

_RANGE_SHARE = 0.95
_SCENARIO = "scenario range, not a confidence interval: middle 95 % of draws, triangular between low and high"


@dataclass(frozen=True, slots=True)
class HourOption:
    """An hour, by one way of coming by it.

    Parameters
    ----------
    tenure
    per_hour
        USD for an hour in which the machine can serve.
    per_useful_hour
        USD for an hour in which it does: idle hours are paid by the busy ones, but not of what is rented on demand.
    scarce_per_useful_hour
        The same in short supply: purchase price and rents times the catalogue's factor.
    """

    tenure: Tenure
    per_hour: Quantity
    per_useful_hour: Quantity
    scarce_per_useful_hour: Quantity


@dataclass(frozen=True, slots=True)
class HourPart:
    """A part of an owned hour: USD in an hour of the clock, and its share of the sum."""

    name: str
    usd_per_hour: Estimate
    share: float


@dataclass(frozen=True, slots=True)
class Swing:
    """What a useful hour costs with one value at its low and at its high, all others as they are."""

    name: str
    value: CatalogueValue
    usd_at_low: float
    usd_at_high: float

    @property
    def width(self) -> float:
        """How far the cost moves."""
        return abs(self.usd_at_high - self.usd_at_low)


@dataclass(frozen=True, slots=True)
class HourCost:
    """What an hour of a machine costs.

    Parameters
    ----------
    machine
    options
        Each way of coming by it, `own` first.
    parts
        Of an owned hour; none where that is unknown.
    swings
        Which value matters most, widest first: the tornado. Of the owned hour; else of the first price known.
    lowest, highest
        USD for an owned useful hour with every value at its best and at its worst.
    break_even_utilization
        Owned is cheaper than rented on demand where the machine is busy a greater share of the time than this. Above 1:
        renting is always cheaper.
    own_to_rented
        Owned hour by rented hour (both paid whether used or not). Below 1: owning is cheaper.
    lead_time_weeks
        Scenario of short supply: so long it takes to come.
    assumed
        Fields that nobody measured or published.
    """

    machine: Machine
    options: tuple[HourOption, ...]
    parts: tuple[HourPart, ...]
    swings: tuple[Swing, ...]
    lowest: float | None
    highest: float | None
    break_even_utilization: Quantity
    own_to_rented: Quantity
    lead_time_weeks: Quantity
    assumed: tuple[str, ...]

    def option(self, tenure: Tenure | None = None) -> HourOption:
        """Return the hour by one way of coming by it; None: the first that is known, `own` before rents.

        An option whose figures are all unknown says why.
        """
        if tenure is not None:
            return next(option for option in self.options if option.tenure == tenure)
        known = [o for o in self.options if isinstance(o.per_hour, Estimate)]
        return known[0] if known else self.options[0]


def hour_cost(machine: Machine, *, rng: np.random.Generator, draws: int = 10_000) -> HourCost:
    """Return what an hour of a machine costs.

    Parameters
    ----------
    machine
        Of a catalogue; what it doesn't say makes the sums that need it unknown, never smaller.
    rng
    draws : >= 100

    Raises
    ------
    EstimateError
        If there are fewer draws than 100.

    Notes
    -----
    Formulas in `assay.capability.hour_formula`. The value is the sum of the values; the range is of the draws, and is
    widened to hold the value where the ranges are so lopsided that it would not.
    """
    if draws < 100:
        raise EstimateError(f"a scenario range needs at least 100 draws, got {draws}")
    drawn = {name: _triangular(machine.values[name], draws, rng) for name in sorted(machine.values)}
    plain = {name: value.value for name, value in machine.values.items()}
    sums = _Sums(machine, plain, drawn)
    own = sums.option("own", own_hour, OWN_FIELDS, idle_paid=True)
    rents = [
        sums.option(tenure, _price(name), (name,), idle_paid=tenure != "on-demand")
        for tenure, name in PRICES.items()
        if name in machine.values
    ]
    known = [o for o in (own, *rents) if isinstance(o.per_useful_hour, Estimate)]
    swings = sums.swings(known[0].tenure) if known else ()
    edges = sums.edges() if isinstance(own.per_useful_hour, Estimate) else None
    lead = machine.get("scarce_lead_time")
    return HourCost(
        machine,
        (own, *rents),
        sums.parts() if isinstance(own.per_hour, Estimate) else (),
        swings,
        edges[0] if edges else None,
        edges[1] if edges else None,
        sums.ratio("share", own_hour, _price("on_demand_price"), "on_demand_price"),
        sums.ratio("ratio", own_hour, _price("rented_price"), "rented_price"),
        _of_value(lead),
        tuple(name for name, value in machine.values.items() if value.assumed),
    )


def _price(name: str) -> Callable[[Mapping[str, object]], FloatArray]:
    def price(values: Mapping[str, object]) -> FloatArray:
        return np.asarray(values[name], float)

    return price


@dataclass(frozen=True, slots=True)
class _Sums:
    machine: Machine
    plain: Mapping[str, float]
    drawn: Mapping[str, FloatArray]

    def of(
        self,
        formula: Callable[[Mapping[str, object]], FloatArray],
        fields: Sequence[str],
        unit: str,
    ) -> Quantity:
        if missing := [name for name in fields if name not in self.plain]:
            names = ", ".join(missing)
            return Unknown(f"the catalogue has no {names} for {self.machine.name}")
        value, draws = float(formula(self.plain)), formula(self.drawn)
        return _range(value, draws, unit, self.method(fields))

    def method(self, fields: Sequence[str]) -> str:
        dates = [self.machine.values[name].date for name in fields]
        guessed = [name for name in fields if self.machine.values[name].assumed]
        told = f"; assumed: {', '.join(guessed)}" if guessed else ""
        return f"{_SCENARIO}; values of {min(dates)} to {max(dates)}{told}"

    def option(
        self,
        tenure: Tenure,
        formula: Callable[[Mapping[str, object]], FloatArray],
        fields: Sequence[str],
        *,
        idle_paid: bool,
    ) -> HourOption:
        useful = _useful(formula) if idle_paid else formula
        used = (*fields, "utilization") if idle_paid else tuple(fields)
        return HourOption(
            tenure,
            self.of(formula, fields, "USD/hour"),
            self.of(useful, used, "USD/useful hour"),
            self.of(_scarce(useful), (*used, "scarce_price_factor"), "USD/useful hour"),
        )

    def ratio(
        self,
        unit: str,
        above: Callable[[Mapping[str, object]], FloatArray],
        below: Callable[[Mapping[str, object]], FloatArray],
        name: str,
    ) -> Quantity:
        if not self.plain.get(name, 1.0) > 0:
            return Unknown(f"the catalogue's {name} is 0")
        return self.of(lambda v: above(v) / below(v), (*OWN_FIELDS, name), unit)

    def parts(self) -> tuple[HourPart, ...]:
        plain, drawn = own_parts(self.plain), own_parts(self.drawn)
        total = sum(float(x) for x in plain.values())
        return tuple(
            HourPart(
                name,
                _range(float(plain[name]), drawn[name], "USD/hour", self.method(fields)),
                float(plain[name]) / total if total else 0.0,
            )
            for name, fields in PART_FIELDS.items()
        )

    def swings(self, tenure: Tenure) -> tuple[Swing, ...]:
        formula, fields = self._useful_of(tenure)
        found = []
        for name in fields:
            value = self.machine.values[name]
            low, high = (float(formula({**self.plain, name: at})) for at in (value.low, value.high))
            found.append(Swing(name, value, low, high))
        return tuple(sorted(found, key=lambda swing: -swing.width))

    def edges(self) -> tuple[float, float]:
        # The sum is monotone in each value, so that the corners of the box are its ends.
        best, worst = dict(self.plain), dict(self.plain)
        for swing in self.swings("own"):
            rising = swing.usd_at_low <= swing.usd_at_high
            low, high = swing.value.low, swing.value.high
            best[swing.name], worst[swing.name] = (low, high) if rising else (high, low)
        formula, _ = self._useful_of("own")
        return float(formula(best)), float(formula(worst))

    def _useful_of(
        self, tenure: Tenure
    ) -> tuple[Callable[[Mapping[str, object]], FloatArray], tuple[str, ...]]:
        if tenure == "own":
            return _useful(own_hour), (*OWN_FIELDS, "utilization")
        name = PRICES[tenure]
        if tenure == "on-demand":
            return _price(name), (name,)
        return _useful(_price(name)), (name, "utilization")


def _useful(
    formula: Callable[[Mapping[str, object]], FloatArray],
) -> Callable[[Mapping[str, object]], FloatArray]:
    return lambda values: formula(values) / np.asarray(values["utilization"], float)


def _scarce(
    formula: Callable[[Mapping[str, object]], FloatArray],
) -> Callable[[Mapping[str, object]], FloatArray]:
    def scarce(values: Mapping[str, object]) -> FloatArray:
        factor = np.asarray(values["scarce_price_factor"], float)
        dearer = {
            name: np.asarray(values[name], float) * factor
            for name in ("capex", *PRICES.values())
            if name in values
        }
        return formula({**values, **dearer})

    return scarce


def _triangular(value: CatalogueValue, draws: int, rng: np.random.Generator) -> FloatArray:
    if value.low == value.high:
        return np.full(draws, value.value)
    return rng.triangular(value.low, value.value, value.high, draws)


def _range(value: float, draws: FloatArray, unit: str, method: str) -> Estimate:
    tail = (1 - _RANGE_SHARE) / 2
    low, high = (float(x) for x in np.quantile(draws, [tail, 1 - tail]))
    return Estimate(
        value, min(low, value), max(high, value), unit, _RANGE_SHARE, 0, method, "assumed"
    )


def _of_value(value: CatalogueValue | Unknown) -> Quantity:
    if isinstance(value, Unknown):
        return value
    method = f"catalogue's low and high, not a confidence interval: {value.source} ({value.date})"
    return Estimate(
        value.value, value.low, value.high, value.unit, _RANGE_SHARE, 0, method, "assumed"
    )
