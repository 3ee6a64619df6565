"""One change in a row of days: found where it is, and seldom where it is not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.errors import EstimateError
from assay.estimate.change_point import ChangePoint, change_point
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
