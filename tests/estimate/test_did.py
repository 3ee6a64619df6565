"""Difference in differences over problems."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.did import (
    SplitScores,
    difference_in_differences,
    reference_differences,
    smallest_difference,
)
from assay.quantity import Estimate, Quantity, Unknown


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


def made(
    rng: np.random.Generator, before: int, after: int, *, drop: float = 0.0, tries: int = 10
) -> SplitScores:
    """Six clean systems and a tested one, on problems that are harder after the cut; it loses `drop` beyond that."""
    new = np.arange(before + after) >= before
    easy = np.clip(rng.beta(2, 2, new.size) - 0.15 * new, 0, 1)
    clean = np.array([rng.binomial(tries, easy) for _ in range(6)]) / tries
    own = rng.binomial(tries, np.clip(easy + drop * ~new, 0, 1)) / tries
    return SplitScores(own, clean, new)


def test_what_everybody_loses_is_taken_out() -> None:
    rng = np.random.default_rng(2)
    scores = made(rng, 150, 150)
    plain = SplitScores(scores.tested, np.zeros((0, 300)), scores.after)
    lost = known(difference_in_differences(plain, rng=rng))
    assert lost.low > 0
    beyond = known(difference_in_differences(scores, rng=rng))
    assert beyond.low < 0 < beyond.high
    own, clean, new = scores.tested, scores.references.mean(axis=0), scores.after
    by_hand = (own[~new].mean() - own[new].mean()) - (clean[~new].mean() - clean[new].mean())
    assert beyond.value == pytest.approx(by_hand)
    assert beyond.n == 300


def test_the_same_seed_gives_the_same_limits() -> None:
    scores = made(np.random.default_rng(3), 60, 60, drop=0.3)
    first, second = (
        known(difference_in_differences(scores, rng=np.random.default_rng(9))) for _ in range(2)
    )
    assert first == second
    assert first.low > 0.1


def test_few_problems_take_the_proved_limits() -> None:
    rng = np.random.default_rng(4)
    few = known(difference_in_differences(made(rng, 12, 40), rng=rng))
    assert few.guarantee == "proved"
    assert "bounded means" in few.method
    # Rare events are no certainty: nobody has lost anything yet.
    still = SplitScores(np.ones(80), np.ones((6, 80)), np.arange(80) >= 40)
    quiet = known(difference_in_differences(still, rng=rng))
    assert quiet.value == 0
    assert quiet.low < -0.05
    assert quiet.high > 0.05


def test_an_empty_side_is_unknown_and_bad_scores_are_refused() -> None:
    rng = np.random.default_rng(5)
    scores = made(rng, 40, 0)
    found = difference_in_differences(scores, rng=rng)
    assert isinstance(found, Unknown)
    assert "after" in found.reason
    assert reference_differences(scores).size == 0
    assert smallest_difference(found, scores) is found
    with pytest.raises(EstimateError, match=r"\[0, 1\]"):
        SplitScores(np.array([np.nan]), np.zeros((0, 1)), np.array([True]))
    with pytest.raises(EstimateError, match="one score a problem"):
        SplitScores(np.zeros(2), np.zeros((6, 3)), np.array([True, False]))


def test_each_reference_is_held_against_the_others() -> None:
    scores = made(np.random.default_rng(6), 100, 100)
    apart = reference_differences(scores)
    first = scores.as_tested(0)
    assert apart.shape == (6,)
    rng = np.random.default_rng(1)
    assert apart[0] == pytest.approx(known(difference_in_differences(first, rng=rng)).value)
    # What each lies above the mean of the others sums to nothing.
    assert apart.sum() == pytest.approx(0, abs=1e-12)


def test_the_smallest_difference_is_seen_in_four_cases_of_five() -> None:
    rng = np.random.default_rng(7)
    scores = made(rng, 80, 80)
    found = difference_in_differences(scores, rng=rng, repeats=1_000)
    least = known(smallest_difference(found, scores)).value
    seen = 0
    for _ in range(120):
        # The drop is cut off at 1 for easy problems: a little more is needed to get it.
        again = made(rng, 80, 80, drop=1.1 * least)
        seen += known(difference_in_differences(again, rng=rng, repeats=300)).low > 0
    assert 0.65 < seen / 120 < 0.97


def coverage(rng: np.random.Generator, before: int, after: int, tries: int, runs: int) -> int:
    missed = 0
    for _ in range(runs):
        scores = made(rng, before, after, tries=tries)
        found = known(difference_in_differences(scores, rng=rng, repeats=500))
        missed += not found.low <= 0 <= found.high
    return missed


def test_95_percent_means_at_least_95_percent() -> None:
    # 20 of 400 expected at most; 33 would be three standard deviations more.
    assert coverage(np.random.default_rng(8), 40, 60, 10, 400) <= 33


@pytest.mark.nightly
@pytest.mark.parametrize(("before", "after"), [(30, 30), (30, 300), (79, 102)])
@pytest.mark.parametrize("tries", [1, 10])
def test_95_percent_over_many_designs(before: int, after: int, tries: int) -> None:
    # 100 of 2,000 expected at most; 130 would be three standard deviations more.
    assert coverage(np.random.default_rng(9), before, after, tries, 2_000) <= 130
