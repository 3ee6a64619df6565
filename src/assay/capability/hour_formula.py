"""What an hour of a machine costs: the sum itself, on numbers or on arrays of draws.

    own hour = (capex (1 - residual) CRF(life, cost of capital) / 8760 + kW USD/kWh + colocation + network + licence
                + FTE wage) / availability ;  useful hour = own hour / utilization
    availability = 1 / (1 + failures/h x hours of repair)

References
----------
.. [1] Barroso, Hoelzle and Ranganathan, "The Datacenter as a Computer", 3rd ed., Morgan & Claypool 2018, chapter 6: the
   parts of the sum.
.. [2] ISO 15663:2021 and any text on engineering economy: the capital recovery factor ``i / (1 - (1 + i)^-n)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

HOURS_PER_YEAR = 8760.0
MONTHS_PER_YEAR = 12.0

PART_FIELDS: dict[str, tuple[str, ...]] = {
    "capital": ("capex", "residual", "life", "cost_of_capital"),
    "electricity": ("power", "electricity_price"),
    "colocation": ("power", "colocation"),
    "network": ("network",),
    "licence": ("licence",),
    "staff": ("staff", "wage"),
}
"""The parts of the sum, and what each is made of."""

AVAILABILITY_FIELDS = ("failure_rate", "repair_time")


def capital_recovery_factor(life_years: npt.ArrayLike, rate: npt.ArrayLike) -> FloatArray:
    """Return the share of a price that is to be paid each year of a life, interest and repayment together.

    Parameters
    ----------
    life_years : > 0
    rate : >= 0
        Cost of capital in a year.

    Examples
    --------
    >>> round(float(capital_recovery_factor(4, 0.1)), 5), float(capital_recovery_factor(4, 0.0))
    (0.31547, 0.25)
    """
    life, interest = np.asarray(life_years, float), np.asarray(rate, float)
    # expm1 and log1p: a rate near zero loses no digits.
    discounted = -np.expm1(-life * np.log1p(interest))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(interest > 0, interest / discounted, 1 / life), float)


def own_parts(values: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Return USD in an hour, of each part of the sum: of an hour of the clock, whether the machine serves or not.

    Parameters
    ----------
    values
        By field of the catalogue, in its units: numbers, or arrays of one shape. All fields of `PART_FIELDS`.
    """
    v = {name: np.asarray(values[name], float) for part in PART_FIELDS.values() for name in part}
    yearly = v["capex"] * (1 - v["residual"])
    recovery = capital_recovery_factor(v["life"], v["cost_of_capital"])
    month = MONTHS_PER_YEAR / HOURS_PER_YEAR
    return {
        "capital": yearly * recovery / HOURS_PER_YEAR,
        "electricity": v["power"] * v["electricity_price"],
        "colocation": v["power"] * v["colocation"] * month,
        "network": v["network"] * month,
        "licence": v["licence"] / HOURS_PER_YEAR,
        "staff": v["staff"] * v["wage"] / HOURS_PER_YEAR,
    }


def availability(values: Mapping[str, Any]) -> FloatArray:
    """Return the share of the hours in which the machine can serve.

    Notes
    -----
    ``1 / (1 + failures x repair)``, the renewal theorem's share for failures that come while it runs; for rare failures
    that is 1 - failures x repair, and it can't fall below 0.
    """
    down = np.asarray(values["failure_rate"], float) * np.asarray(values["repair_time"], float)
    return np.asarray(1 / (1 + down), float)


def own_hour(values: Mapping[str, Any]) -> FloatArray:
    """Return USD for an hour in which an owned machine can serve."""
    total = np.sum(np.broadcast_arrays(*own_parts(values).values()), axis=0)
    return np.asarray(total / availability(values), float)
