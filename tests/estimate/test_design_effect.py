"""What whole conversations cost."""

from __future__ import annotations

from assay.estimate.design_effect import design_effect
from assay.estimate.sized import ReadUnits, SizedPopulation
from assay.quantity import Estimate, Unknown


def read(taints: list[float]) -> ReadUnits:
    sizes = [10.0] * len(taints)
    return ReadUnits(sizes, sizes, taints, taints)


def test_whole_conversations_cost_more_where_errors_come_together() -> None:
    together = read([1.0, 0.0, 0.0, 0.0] * 10)
    apart = read([0.2, 0.3, 0.2, 0.3] * 10)
    population = SizedPopulation(500, 5_000, 5_000, 1.0, 10.0)
    costly, cheap = design_effect(together, population), design_effect(apart, population)
    assert isinstance(costly, Estimate)
    assert isinstance(cheap, Estimate)
    assert costly.value > 9
    assert cheap.value < 1
    nothing = design_effect(read([0.0] * 40), population)
    assert isinstance(nothing, Unknown)


def test_one_unit_says_nothing() -> None:
    assert isinstance(design_effect(read([0.5]), SizedPopulation(9, 90, 90, 1, 10)), Unknown)
