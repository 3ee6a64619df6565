"""One change in a row of days: found where it is, and seldom where it is not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.errors import EstimateError
from assay.estimate.change_point import ChangePoint, change_days, change_point
from assay.quantity import Unknown


def test_a_step_is_found_on_its_day() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0.1, 0.01, 30)
    values[19:] += 0.08
    found = change_point(values, np.full(30, 200.0), rng=rng, orders=999)
    assert isinstance(found, ChangePoint)
    assert found.day == 19
    assert found.p_value == pytest.approx(1 / 1_000)
    assert found.after - found.before == pytest.approx(0.08, abs=0.01)


def test_false_alarms_are_as_rare_as_said() -> None:
    rng = np.random.default_rng(2)
    alarms = 0
    for _ in range(300):
        weights = rng.integers(5, 200, 14).astype(float)
        values = rng.binomial(weights.astype(int), 0.08) / weights
        found = change_point(values, weights, rng=rng, orders=99)
        alarms += isinstance(found, ChangePoint) and found.p_value <= 0.05
    assert alarms <= stats.binom.ppf(0.999, 300, 0.05)


def test_the_smallest_visible_change_is_seen_four_times_of_five() -> None:
    rng = np.random.default_rng(3)
    days, seen, tries = 24, 0, 60
    weights = np.full(days, 100.0)
    quiet = change_point(rng.normal(0, 1, days), weights, rng=rng, orders=999)
    assert isinstance(quiet, ChangePoint)
    sizes = []
    for _ in range(tries):
        noise = rng.normal(0, 1, days)
        still = change_point(noise, weights, rng=rng, orders=199)
        assert isinstance(still, ChangePoint)
        sizes.append(still.visible)
    step = float(np.mean(sizes))
    for _ in range(tries):
        values = rng.normal(0, 1, days) + np.where(np.arange(days) >= days // 2, step, 0.0)
        found = change_point(values, weights, rng=rng, orders=199)
        seen += isinstance(found, ChangePoint) and found.p_value <= 0.05
    assert seen >= stats.binom.ppf(0.001, tries, 0.8)


def test_what_cannot_be_said_is_unknown() -> None:
    rng = np.random.default_rng(4)
    few = change_point(np.arange(9.0), np.ones(9), rng=rng)
    alike = change_point(np.full(20, 0.3), np.ones(20), rng=rng)
    assert isinstance(few, Unknown)
    assert isinstance(alike, Unknown)
    assert "10 at least" in few.reason
    with pytest.raises(EstimateError):
        change_point(np.arange(12.0), np.zeros(12), rng=rng)


@pytest.mark.parametrize(("days", "swap", "step"), [(16, 7, 3.0), (24, 18, 2.0)])
def test_the_day_lies_in_its_interval(days: int, swap: int, step: float) -> None:
    rng = np.random.default_rng(6)
    tries = 100
    held = 0
    widths = []
    for _ in range(tries):
        weights = rng.integers(50, 150, days).astype(float)
        noise = rng.standard_t(4, days) / np.sqrt(weights / 100)
        values = noise + np.where(np.arange(days) >= swap, step, 0.0)
        first, last = change_days(values, weights, rng=rng, orders=199)
        held += first <= swap <= last
        widths.append(last - first)
    assert held >= stats.binom.ppf(0.001, tries, 0.95)
    # It says something: not all days are kept.
    assert np.mean(widths) < 0.75 * (days - 4)


def test_a_sharp_change_is_known_to_a_day_or_two() -> None:
    # One odd day at the place of the cut stays there in one order of five: it can't be told from the change.
    values = np.array([0.1, 0.11, 0.09, 0.1, 0.1, 0.12, 0.1, 0.9, 0.91, 0.89, 0.9, 0.9])
    rng = np.random.default_rng(7)
    assert change_days(values, np.full(12, 50.0), rng=rng) == (6, 8)
    with pytest.raises(EstimateError):
        change_days(values[:9], np.full(9, 50.0), rng=rng)
