"""What a catalogue may say of a machine or a model: each field, its unit, and its range."""

from __future__ import annotations

import math
from dataclasses import dataclass

MOST = 1e12
"""No price, power or count of a machine is above: what is was typed wrong."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a catalogue.

    Parameters
    ----------
    unit
        The one unit that it is given in.
    words
        What it is, for a person.
    least, most
        Range of its value.
    above : bool
        The value must be above `least`, not equal to it.
    """

    unit: str
    words: str
    least: float = 0.0
    most: float = MOST
    above: bool = False

    def fault(self, value: float) -> str:
        """Return what is wrong with a value, or nothing."""
        if not math.isfinite(value):
            return "must be a finite number"
        if self.above and value <= self.least:
            return f"must be above {self.least:g}"
        if value < self.least:
            return "must not be negative" if self.least == 0 else f"must be at least {self.least:g}"
        if value > self.most:
            return f"must be at most {self.most:g}"
        return ""


MACHINE_FIELDS: dict[str, Field] = {
    "capex": Field("USD/machine", "purchase price, with its share of server and network"),
    "residual": Field(
        "share", "share of the purchase price that is left at the end of its life", most=1
    ),
    "life": Field("years", "years until it is replaced", above=True),
    "cost_of_capital": Field("1/year", "weighted average cost of capital", most=1),
    "power": Field("kW", "power all-in: cooling and losses included"),
    "electricity_price": Field("USD/kWh", "price of electricity"),
    "colocation": Field("USD/kW/month", "space, cooling plant and hands, without electricity"),
    "network": Field("USD/machine/month", "connection to the world"),
    "licence": Field("USD/machine/year", "software that is paid by the machine"),
    "staff": Field("FTE/machine", "people who keep it running"),
    "wage": Field("USD/FTE/year", "what such a person costs, all in"),
    "failure_rate": Field("failures/hour", "failures of the machine in an hour"),
    "repair_time": Field("hours", "hours from a failure until it serves again"),
    "utilization": Field(
        "share", "share of the available hours that is sold or used", most=1, above=True
    ),
    "rented_price": Field(
        "USD/hour", "price of an hour, rented, paid whether it is used or not", above=True
    ),
    "on_demand_price": Field(
        "USD/hour", "price of an hour, rented, paid only while it is held", above=True
    ),
    "owned_hyperscaler_price": Field(
        "USD/hour", "total cost of an hour, as published, for a hyperscaler who owns it", above=True
    ),
    "owned_neocloud_price": Field(
        "USD/hour", "total cost of an hour, as published, for a neocloud who owns it", above=True
    ),
    "scarce_price_factor": Field(
        "ratio", "scenario of short supply: prices times this", above=True
    ),
    "scarce_lead_time": Field("weeks", "scenario of short supply: weeks until it is delivered"),
    "fp8_dense": Field("TFLOPS", "peak of dense FP8, as the maker states it"),
    "fp4_dense": Field("TFLOPS", "peak of dense FP4, as the maker states it"),
    "cpu_threads": Field("count", "virtual CPUs"),
}

MODEL_FIELDS: dict[str, Field] = {
    "input_price": Field("USD/Mtok", "a million tokens read"),
    "output_price": Field("USD/Mtok", "a million tokens written, reasoning counted"),
}

FACT_FIELD = Field(
    "", "a cited fact that no formula takes on its own", least=-math.inf, most=math.inf
)

VALUE_KEYS = ("value", "low", "high", "unit", "source", "date")
