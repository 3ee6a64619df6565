"""pass^k and pass@k: unbiased, as published, and with tasks as the sampling unit."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import EstimateError
from assay.estimate.pass_k import (
    Tries,
    pass_at_k,
    pass_hat_k,
    right_when_asked_again,
    subset_chance,
)
from assay.quantity import Estimate, Quantity, Unknown

AIRLINE = Tries(np.repeat(np.arange(5), [14, 12, 10, 4, 10]), np.full(50, 4))
"""Tasks of tau-bench's airline file that gpt-4o solved 0, 1, 2, 3, 4 times of 4."""


def value(quantity: Quantity) -> float:
    assert isinstance(quantity, Estimate)
    return quantity.value


def test_tau_bench_to_three_decimals() -> None:
    assert [round(value(pass_hat_k(AIRLINE, k)), 3) for k in (1, 2, 3, 4)] == [
        0.42,
        0.273,
        0.22,
        0.2,
    ]


@given(
    st.integers(1, 7).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n)))
)
def test_it_is_the_share_of_subsets(case: tuple[int, int, int]) -> None:
    n, c, k = case
    outcomes = [1] * c + [0] * (n - c)
    subsets = list(combinations(outcomes, k))
    tries = Tries(np.array([c]), np.array([n]))
    assert value(pass_hat_k(tries, k)) == pytest.approx(np.mean([all(one) for one in subsets]))
    assert value(pass_at_k(tries, k)) == pytest.approx(np.mean([any(one) for one in subsets]))


def test_unbiased_where_the_power_of_the_rate_is_not() -> None:
    rng = np.random.default_rng(2)
    q = rng.beta(0.5, 0.5, 4_000)
    tries = Tries(rng.binomial(6, q), np.full(4_000, 6))
    assert value(pass_hat_k(tries, 3)) == pytest.approx(np.mean(q**3), abs=0.02)
    assert value(pass_hat_k(tries, 1)) ** 3 < 0.5 * np.mean(q**3)


def test_right_when_asked_again_is_the_share_of_errors_that_are_dice() -> None:
    rng = np.random.default_rng(3)
    q = rng.beta(2, 1, 4_000)
    tries = Tries(rng.binomial(3, q), np.full(4_000, 3))
    found = right_when_asked_again(tries)
    assert value(found) == pytest.approx(np.mean((1 - q) * q) / np.mean(1 - q), abs=0.02)
    further = right_when_asked_again(tries, 2)
    truth = np.mean((1 - q) * (1 - (1 - q) ** 2)) / np.mean(1 - q)
    assert value(further) == pytest.approx(truth, abs=0.02)


def test_a_task_that_is_always_wrong_is_no_dice_roll() -> None:
    found = right_when_asked_again(Tries(np.array([0, 0, 3, 3]), np.full(4, 3)))
    assert value(found) == 0.0


def test_one_try_says_nothing_of_further_ones() -> None:
    once = Tries(np.array([0, 1, 1]), np.ones(3, dtype=np.int64))
    assert isinstance(pass_hat_k(once, 1), Estimate)
    assert pass_hat_k(once, 2) == Unknown("no task has 2 tries")
    assert isinstance(right_when_asked_again(once), Unknown)


def test_without_an_error_there_is_nothing_to_divide() -> None:
    found = right_when_asked_again(Tries(np.array([2, 2]), np.full(2, 2)))
    assert isinstance(found, Unknown)


def test_families_of_tasks_are_the_sampling_unit() -> None:
    """Twelve wordings of one task are not twelve tasks: the interval must not shrink."""
    right, tries = np.array([4] * 12 + [0] * 12), np.full(24, 4)
    apart = pass_hat_k(Tries(right, tries), 2)
    family = pass_hat_k(Tries(right, tries, np.repeat([0, 1], 12)), 2)
    assert isinstance(apart, Estimate)
    assert isinstance(family, Estimate)
    assert family.n == 2
    assert family.value == apart.value
    assert family.high - family.low > 1.5 * (apart.high - apart.low)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(EstimateError, match="right must be"):
        pass_hat_k(Tries(np.array([5]), np.array([4])), 1)
    with pytest.raises(EstimateError, match="at least 1"):
        subset_chance(np.array([1]), np.array([4]), 0)
