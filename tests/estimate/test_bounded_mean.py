"""Means over few tasks: 95 % is at least 95 %, whatever the values, and a normal interval is not."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.bounded_mean import mean_of_tasks, ratio_over_tasks
from assay.estimate.exact import clopper_pearson
from assay.quantity import Estimate, Unknown

RUNS = 100


def covered(estimate: object, truth: float) -> bool:
    assert isinstance(estimate, Estimate)
    return estimate.low - 1e-9 <= truth <= estimate.high + 1e-9


@pytest.mark.parametrize(("tasks", "a", "b"), [(8, 1, 9), (20, 0.1, 2), (30, 6, 2), (60, 0.05, 4)])
def test_coverage_is_at_least_what_is_said(tasks: int, a: float, b: float) -> None:
    rng = np.random.default_rng(tasks)
    values = rng.beta(a, b, (RUNS, tasks))
    hits = sum(covered(mean_of_tasks(row), a / (a + b)) for row in values)
    # 95 % of 100; exact limits may not fall short by more than chance does.
    assert hits >= 92


def test_a_normal_interval_fails_where_this_one_holds() -> None:
    """A control: the values are rare and skew, so the usual interval misses far too often."""
    rng = np.random.default_rng(4)
    values = rng.beta(0.05, 4, (RUNS, 30))
    truth = 0.05 / 4.05
    half = 1.96 * values.std(axis=1, ddof=1) / np.sqrt(30)
    normal = np.abs(values.mean(axis=1) - truth) <= half
    assert normal.mean() < 0.8
    assert sum(covered(mean_of_tasks(row), truth) for row in values) >= 92


def test_two_values_by_design_give_the_exact_binomial_limits() -> None:
    found = mean_of_tasks([1.0] * 10 + [0.0] * 40, two_valued=True)
    assert isinstance(found, Estimate)
    assert (found.low, found.high) == tuple(clopper_pearson(10, 50))


def test_bounded_limits_contain_those_that_know_the_law() -> None:
    """A control from outside: with 0-or-1 values the bound may not beat the exact binomial limits."""
    found = mean_of_tasks([1.0] * 10 + [0.0] * 40)
    exact = clopper_pearson(10, 50)
    assert isinstance(found, Estimate)
    assert found.low <= exact.low
    assert found.high >= exact.high
    assert found.high - found.low < 1.3 * (exact.high - exact.low)


def test_all_right_is_no_proof_of_all() -> None:
    found = mean_of_tasks([1.0] * 20)
    assert isinstance(found, Estimate)
    assert found.high == 1.0
    assert found.low <= 0.025 ** (1 / 20) + 1e-9


@pytest.mark.parametrize("ratio", [0.1, 0.5])
def test_coverage_of_a_ratio_with_rare_wholes(ratio: float) -> None:
    rng = np.random.default_rng(7)
    hits = 0
    for _ in range(RUNS):
        whole = rng.binomial(4, rng.beta(0.3, 3, 80)) / 4
        part = rng.binomial((4 * whole).astype(int), ratio) / 4
        found = ratio_over_tasks(part, whole)
        hits += isinstance(found, Unknown) or covered(found, ratio)
    assert hits >= 92


def test_a_hundred_thousand_tasks_are_narrow() -> None:
    rng = np.random.default_rng(1)
    found = mean_of_tasks(rng.binomial(4, 0.3, 100_000) / 4)
    assert isinstance(found, Estimate)
    assert covered(found, 0.3)
    assert found.high - found.low < 0.01


def test_no_task_is_unknown_and_bad_values_are_refused() -> None:
    assert isinstance(mean_of_tasks([]), Unknown)
    assert isinstance(ratio_over_tasks([0.0, 0.0], [0.0, 0.0]), Unknown)
    with pytest.raises(EstimateError, match="part <= whole"):
        ratio_over_tasks([0.5], [0.25])
    with pytest.raises(EstimateError, match="part <= whole"):
        mean_of_tasks([1.5])
    with pytest.raises(EstimateError, match="part <= whole"):
        mean_of_tasks([float("nan")])
