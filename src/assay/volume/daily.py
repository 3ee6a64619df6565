"""From a total over the window to the same a day."""

from __future__ import annotations

from dataclasses import replace

from assay.quantity import Quantity, Unknown


def daily(total: Quantity, throughput_per_day: Quantity, population: int, unit: str) -> Quantity:
    """Return a total over `population` outputs as what comes up a day at a throughput."""
    if isinstance(total, Unknown):
        return total
    if isinstance(throughput_per_day, Unknown):
        return throughput_per_day
    method = f"{total.method}; throughput: {throughput_per_day.method}"
    scaled = total.scaled(throughput_per_day.value / population, unit, method=method)
    # A product stands on no firmer ground than its weaker part.
    assumed = throughput_per_day.guarantee == "assumed"
    return replace(scaled, guarantee="assumed") if assumed else scaled
