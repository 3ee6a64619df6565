"""Answers that repeat tasks: what they are worth, and limits that hold all the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from assay.estimate.repeated import RepeatedAnswers, residuals
from assay.estimate.skewed_mean import SkewedMean


def answers(hits: Sequence[int], asked: Sequence[int]) -> RepeatedAnswers:
    y, m = np.array(hits, float), np.array(asked, float)
    return RepeatedAnswers(
        len(y), int(m.sum()), float(y.sum()), float(y @ y), float(m @ m), float(y @ m)
    )


def test_where_each_task_is_asked_once_each_answer_counts_as_one() -> None:
    assert answers([0, 1, 1, 0], [1, 1, 1, 1]).worth_of_an_answer == 1


def test_answers_that_agree_wholly_are_worth_one_a_task() -> None:
    assert answers([5, 0] * 20, [5] * 40).worth_of_an_answer * 200 == pytest.approx(40)


def test_where_all_are_right_nothing_shows_that_answers_differ() -> None:
    # One task that is all wrong may have been missed, so it is taken to be one answer a task.
    assert answers([0] * 50, [4] * 50).worth_of_an_answer == pytest.approx(50 / 200, rel=0.05)


def test_answers_as_of_a_coin_are_worth_nearly_one_each() -> None:
    hits = np.random.default_rng(1).binomial(4, 0.5, 2_000)
    assert answers(hits.tolist(), [4] * 2_000).worth_of_an_answer > 0.9


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=30))
def test_worth_lies_between_one_answer_a_task_and_one_each(rows: list[tuple[int, int]]) -> None:
    hits, asked = [min(y, m) for y, m in rows], [m for _, m in rows]
    worth = answers(hits, asked).worth_of_an_answer
    assert len(rows) / sum(asked) <= worth <= 1
    wrong = [m - y for y, m in zip(hits, asked, strict=True)]
    if 2 * sum(hits) != sum(asked):
        assert answers(wrong, asked).worth_of_an_answer == pytest.approx(worth)


@pytest.mark.parametrize(
    ("p", "alike", "tasks", "times"), [(0.95, 0.5, 30, 20), (0.8, 0.5, 5, 20), (0.99, 0.5, 100, 20)]
)
def test_limits_hold_where_taking_answers_for_tasks_does_not(
    p: float, alike: float, tasks: int, times: int
) -> None:
    rng = np.random.default_rng(2)
    shape = (1 - alike) / alike
    held = naive = 0
    for _ in range(400):
        hits = rng.binomial(times, rng.beta(p * shape, (1 - p) * shape, tasks))
        n = tasks * times
        worth = answers(hits.tolist(), [times] * tasks).worth_of_an_answer
        held += clopper_pearson(hits.sum() * worth, n * worth, p)
        naive += clopper_pearson(hits.sum(), n, p)
    # Three standard errors are 3.3 %.
    assert held / 400 >= 0.95 - 0.033
    assert naive / 400 < 0.7


def clopper_pearson(hits: float, n: float, truth: float) -> bool:
    low = special.betaincinv(hits, n - hits + 1, 0.025) if hits > 0 else 0.0
    high = special.betaincinv(hits + 1, n - hits, 0.975) if hits < n else 1.0
    return bool(low <= truth <= high)


def test_residuals_leave_out_what_is_not_known() -> None:
    values = np.array([1.0, np.nan, 2.0, 6.0])
    assert residuals(values, np.array([0, 0, 1, 1]), 3).tolist() == [-2.0, 2.0, 0.0]
    assert residuals(np.full(2, np.nan), np.array([0, 1]), 2).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("times", [1, 2, 9])
def test_a_mean_of_tasks_whose_answers_are_all_alike_is_known_as_by_one_of_each(times: int) -> None:
    costs = np.random.default_rng(3).lognormal(0, 1, 40)
    tasks = np.arange(40)
    once = SkewedMean.of(costs)
    again = SkewedMean.of_tasks(np.repeat(costs, times), np.repeat(tasks, times))
    assert again.n == 40
    assert again.mean == pytest.approx(once.mean)
    assert again.standard_deviation == pytest.approx(once.standard_deviation)
    assert again.skewness == pytest.approx(once.skewness)


def test_limits_of_a_mean_hold_where_taking_answers_for_tasks_does_not() -> None:
    rng = np.random.default_rng(4)
    held = naive = 0
    limits, truth = np.array([0.025, 0.975]), np.exp(0.5 + 0.02)
    for _ in range(400):
        tasks = np.repeat(np.arange(30), 1 + rng.poisson(4, 30))
        costs = np.exp(rng.normal(0, 1, 30)[tasks] + rng.normal(0, 0.2, len(tasks)))
        low, high = SkewedMean.of_tasks(costs, tasks).at(limits)
        held += low <= truth <= high
        low, high = SkewedMean.of(costs).at(limits)
        naive += low <= truth <= high
    assert held / 400 >= 0.94 - 0.033
    assert naive / 400 < 0.8
