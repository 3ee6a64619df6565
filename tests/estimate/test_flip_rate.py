"""Flips and agreement: unbiased, and owning up that few repeats miss rare flips."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.flip_rate import (
    ONE_TRY,
    Said,
    answer_flip_rate,
    sometimes_seen,
    sometimes_share,
    total_agreement,
    usual_repeats,
    verdict_flip_rate,
)
from assay.estimate.pass_k import Tries
from assay.quantity import Estimate, Quantity, Unknown


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


def test_flips_are_unbiased() -> None:
    rng = np.random.default_rng(5)
    q = rng.beta(1, 1, 5_000)
    tries = Tries(rng.binomial(3, q), np.full(5_000, 3))
    assert known(verdict_flip_rate(tries)).value == pytest.approx(
        np.mean(2 * q * (1 - q)), abs=0.02
    )


def test_agreement_counts_tasks_whose_answers_are_all_the_same() -> None:
    said = Said(np.repeat(np.arange(4), 3), np.array([1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6]))
    assert known(total_agreement(said, 3)).value == 0.5
    assert known(answer_flip_rate(said)).value == pytest.approx((0 + 2 / 3 + 1 + 0) / 4)


def test_more_asks_than_needed_count_by_their_subsets() -> None:
    said = Said(np.zeros(4, dtype=np.int64), np.array([1, 1, 1, 2]))
    assert known(total_agreement(said, 2)).value == pytest.approx(0.5)


def test_few_asks_miss_rare_flips_and_the_limit_says_so() -> None:
    """Every task flips once in ten asks: seen in few, and the limit still allows all of them."""
    rng = np.random.default_rng(6)
    tries = Tries(rng.binomial(3, 0.9, 200), np.full(200, 3))
    seen = known(sometimes_seen(tries, 3))
    assert seen.high < 0.4
    assert known(sometimes_share(tries, 3, rarest=0.1)).high == 1.0


def test_coverage_of_the_share_of_sometimes_tasks() -> None:
    rng = np.random.default_rng(7)
    truth, hits, runs = 0.4, 0, 150
    for _ in range(runs):
        flips = rng.random(80) < truth
        q = np.where(flips, rng.uniform(0.1, 0.9, 80), rng.integers(0, 2, 80))
        found = known(sometimes_share(Tries(rng.binomial(6, q), np.full(80, 6)), 6, rarest=0.1))
        hits += found.low <= truth <= found.high
    assert hits >= 143


def test_rare_flips_elsewhere_do_not_count_as_sometimes() -> None:
    """No task flips as often as once in five asks, yet all flip now and then: the lower limit stays down."""
    rng = np.random.default_rng(8)
    tries = Tries(rng.binomial(5, 0.97, 300), np.full(300, 5))
    assert known(sometimes_seen(tries, 5)).low > 0.05
    assert known(sometimes_share(tries, 5, rarest=0.2)).low == 0.0


def test_one_trial_is_unknown_never_stable() -> None:
    once = Tries(np.array([0, 1]), np.ones(2, dtype=np.int64))
    assert verdict_flip_rate(once) == Unknown(ONE_TRY)
    assert answer_flip_rate(Said(np.arange(2), np.arange(2))) == Unknown(ONE_TRY)
    assert isinstance(total_agreement(Said(np.arange(2), np.arange(2)), 2), Unknown)
    with pytest.raises(EstimateError, match="one trial"):
        sometimes_seen(once, 1)
    assert usual_repeats(np.array([1, 1])) == 1
    empty = np.zeros(0, dtype=np.int64)
    assert answer_flip_rate(Said(empty, empty)) == Unknown(ONE_TRY)
