"""How many tasks: the plan against enumeration, published sizes, and its own margins."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from assay.errors import EstimateError
from assay.estimate.gate_power import (
    FlipRates,
    decision_power,
    tasks_needed,
    tasks_needed_any_time,
)
from assay.estimate.mcnemar import mcnemar_p_value
from assay.quantity import Estimate, Unknown


def value(quantity: Estimate | Unknown) -> float:
    assert isinstance(quantity, Estimate), quantity
    return quantity.value


def test_power_is_the_sum_over_all_tables() -> None:
    rates, n = FlipRates(0.2, 0.05), 40
    shown = sum(
        float(stats.multinomial.pmf([b, c, n - b - c], n, [0.2, 0.05, 0.75]))
        for b in range(n + 1)
        for c in range(n + 1 - b)
        if mcnemar_p_value(b, c, alternative="greater") <= 0.025
    )
    assert decision_power(rates, n, margin=0.0, miss=0.025) == pytest.approx(shown, rel=1e-6)


@pytest.mark.parametrize(
    ("broke", "fixed", "level", "published"),
    [(0.05, 0.07, 0.025, 2_353), (0.06, 0.10, 0.025, 783), (0.05, 0.07, 0.00135, 4_425)],
)
def test_close_to_the_normal_plans_of_the_notes(
    broke: float, fixed: float, level: float, published: int
) -> None:
    # Theirs is the normal approximation; the exact test asks for a little more.
    needed = value(tasks_needed(FlipRates(broke, fixed), miss=level))
    assert published <= needed <= 1.06 * published


def test_the_least_number_is_enough_and_fewer_are_not() -> None:
    rates = FlipRates(0.02, 0.06)
    needed = int(value(tasks_needed(rates)))
    assert decision_power(rates, needed, margin=0.0, miss=0.025) >= 0.8
    assert decision_power(rates, int(0.98 * needed), margin=0.0, miss=0.025) < 0.8


def test_a_margin_is_cheaper_than_none() -> None:
    rates = FlipRates(0.02, 0.02)
    assert isinstance(tasks_needed(rates), Unknown)
    assert value(tasks_needed(rates, margin=0.02)) < value(tasks_needed(rates, margin=0.01))


def test_looking_always_costs_more() -> None:
    rates = FlipRates(0.05, 0.07)
    always = value(tasks_needed_any_time(rates))
    assert value(tasks_needed(rates, power=0.5)) < always < 4 * value(tasks_needed(rates))
    assert isinstance(tasks_needed_any_time(FlipRates(0.1, 0.1)), Unknown)


def test_what_never_changes_takes_as_many_as_show_the_margin() -> None:
    needed = value(tasks_needed(FlipRates(0.0, 0.0), margin=0.01))
    # The score test of no change: n m / (1 - m) >= z ** 2.
    assert needed == pytest.approx(1.96**2 * 0.99 / 0.01, rel=0.02)


def test_too_close_to_tell_is_unknown() -> None:
    assert isinstance(tasks_needed(FlipRates(0.2, 0.2 + 1e-5)), Unknown)
    assert math.isclose(decision_power(FlipRates(0.1, 0.1), 100, margin=0.0, miss=0.025), 0.0)
    with pytest.raises(EstimateError):
        FlipRates(0.7, 0.4)
