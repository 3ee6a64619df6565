"""Taking the best up to a budget, against a plain rewriting."""

from __future__ import annotations

import numpy as np
import pytest

from assay.curate.diversity import BELOW, KEPT, TOO_LARGE, Quota, take_best
from assay.errors import BadInput


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def sizes(*each: int) -> np.ndarray:
    return np.array(each, dtype=np.int64)


def test_the_best_are_taken_up_to_the_budget() -> None:
    found = take_best(np.array([1.0, 3.0, 2.0, 0.0]), sizes(5, 5, 5, 5), 10, rng=rng())
    assert found == (BELOW, KEPT, KEPT, BELOW)


def test_one_long_text_does_not_end_the_selection() -> None:
    found = take_best(np.array([5.0, 4.0, 3.0, 2.0]), sizes(40, 90, 55, 5), 100, rng=rng())
    assert found == (KEPT, TOO_LARGE, KEPT, KEPT)


def test_of_a_group_no_more_than_its_quota_is_taken_whatever_counts_it() -> None:
    scores = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    near = Quota("near", sizes(0, 0, -1, -1, 0), 1)
    assert take_best(scores, sizes(1, 1, 1, 1, 1), 5, [near], rng=rng()) == (
        KEPT,
        "near",
        KEPT,
        KEPT,
        "near",
    )
    source = Quota("source", sizes(0, 0, 0, 1, 1), 10, of_size=True)
    found = take_best(scores, sizes(6, 6, 4, 6, 6), 100, [source], rng=rng())
    assert found == (KEPT, "source", KEPT, KEPT, "source")


def test_minus_infinity_is_never_taken_and_ties_are_broken_by_lot() -> None:
    scores = np.array([-np.inf, *[1.0] * 200])
    found = [
        take_best(scores, np.ones(201, np.int64), 100, rng=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    ]
    assert found[0] == found[1] != found[2]
    assert found[0][0] == BELOW
    # 99 of 100: from there on nothing more is looked for.
    assert sum(reason == KEPT for reason in found[0]) == 99
    assert 30 < sum(reason == KEPT for reason in found[0][:101]) < 70


def test_no_budget_is_passed() -> None:
    dice = np.random.default_rng(4)
    for _ in range(200):
        count = int(dice.integers(1, 30))
        cost = dice.integers(0, 40, count)
        group = dice.integers(-1, 4, count)
        budget = int(dice.integers(1, 200))
        found = take_best(dice.random(count), cost, budget, [Quota("near", group, 2)], rng=dice)
        kept = np.array([reason == KEPT for reason in found])
        assert cost[kept].sum() <= budget
        assert all((kept & (group == number)).sum() <= 2 for number in range(4))
        # What is left out as too large does not fit into what is left in the end, either.
        left = budget - cost[kept].sum()
        large = np.array([reason == TOO_LARGE for reason in found])
        assert not (large & (cost <= left)).any()


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(BadInput, match="at least 1, got 0"):
        take_best(np.ones(1), sizes(1), 0, rng=rng())
    with pytest.raises(BadInput, match="of one length"):
        take_best(np.ones(2), sizes(1), 1, rng=rng())
