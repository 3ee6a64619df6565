"""How fast a budget burns, when it is gone, and what the classic windows do with few errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import EstimateError
from assay.estimate.burn import (
    CLASSIC_WINDOWS,
    budget_light,
    burn_rate,
    classic_alarms,
    count_episodes,
    days_left,
)
from assay.quantity import Estimate, assumed


def pace(per_day: float) -> Estimate:
    return assumed(per_day, "errors/day", method="said")


@pytest.mark.parametrize(
    ("value", "high", "light"),
    [(31, 40, "red"), (30, 31, "amber"), (10, 30, "green"), (0, 0, "green")],
)
def test_the_point_makes_it_red_and_the_upper_limit_amber(
    value: float, high: float, light: str
) -> None:
    assert budget_light(Estimate(value, 0, high, "errors", 0.95, 100, "audit"), 30) == light


def test_a_burn_rate_of_none_is_not_zero_for_sure() -> None:
    none = burn_rate(0, elapsed_days=1, budget=30, window_days=30)
    assert none.value == none.low == 0
    assert none.high == pytest.approx(3.689, abs=1e-3)


def test_days_left_in_a_window_that_does_not_roll() -> None:
    assert days_left(pace(2.0), budget=30, window_days=30, spent=20).value == 5
    assert days_left(pace(2.0), budget=30, window_days=30, spent=31).value == 0
    assert days_left(pace(0.0), budget=30, window_days=30, spent=29).value == math.inf


def test_old_errors_leave_a_rolling_window() -> None:
    """25 errors that leave tomorrow: one a day is for ever, two a day is not."""
    ages = np.full(25, 29.0)
    assert days_left(pace(1.0), budget=30, window_days=30, error_ages_days=ages).value == math.inf
    assert days_left(pace(2.0), budget=30, window_days=30, error_ages_days=ages).value == 15
    assert days_left(pace(6.0), budget=30, window_days=30, error_ages_days=ages).value == 5 / 6
    assert days_left(pace(0.1), budget=20, window_days=30, error_ages_days=ages).value == 0
    # Errors older than the window count no longer.
    assert days_left(pace(6.0), budget=30, window_days=30, error_ages_days=ages + 1).value == 5


@given(
    ages=st.lists(st.floats(0, 40), max_size=30),
    rate=st.floats(0.01, 20),
    budget=st.integers(0, 60),
)
def test_days_left_are_the_first_at_which_the_window_holds_more(
    ages: list[float], rate: float, budget: int
) -> None:
    left = days_left(pace(rate), budget=budget, window_days=30, error_ages_days=ages).value

    def held(day: float) -> float:
        old = sum(1 for age in ages if age + day < 30)
        return old + rate * min(day, 30.0)

    days = np.linspace(0, 60, 601)
    before = [held(day) for day in days if day < left - 1e-9]
    assert all(count <= budget + 1e-6 for count in before)
    if math.isfinite(left):
        assert held(left + 1e-7) > budget - 1e-4


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(EstimateError, match="not both"):
        days_left(pace(1.0), budget=30, window_days=30, error_ages_days=[1.0], spent=3)
    with pytest.raises(EstimateError, match="elapsed_days"):
        burn_rate(1, elapsed_days=0, budget=30, window_days=30)
    with pytest.raises(EstimateError, match="bin_hours"):
        classic_alarms([1.0], bin_hours=1.0, allowed_per_hour=1.0)


def test_one_error_is_a_page_on_a_small_budget_and_none_on_a_great_one() -> None:
    errors = np.zeros(2_000)
    errors[1_000] = 1
    small = classic_alarms(errors, bin_hours=5 / 60, allowed_per_hour=30 / 720)
    assert int(count_episodes(small)) == 1
    assert np.flatnonzero(small).tolist() == [1_000]
    great = classic_alarms(errors, bin_hours=5 / 60, allowed_per_hour=100.0)
    assert not great.any()


def test_tickets_are_the_slow_rule() -> None:
    slow = np.full(1_500, 12.0)
    kinds = [
        classic_alarms(slow, bin_hours=5 / 60, allowed_per_hour=100.0, pages=pages)[-1]
        for pages in (True, False)
    ]
    assert kinds == [False, True]
    assert [rule.factor for rule in CLASSIC_WINDOWS] == [14.4, 6.0, 1.0]
