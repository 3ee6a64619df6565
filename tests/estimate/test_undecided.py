"""Shares with undecided trials: counted both ways, with tasks as the unit."""

from __future__ import annotations

import pytest
from scipy import stats

from assay.errors import EstimateError
from assay.estimate.signal_detection import NONE_DECIDED
from assay.estimate.undecided import (
    NO_TRIAL,
    TaskTrials,
    one_each,
    paired_share_difference,
    share_of_trials,
)
from assay.quantity import Estimate, Quantity, Unknown

YES, NO, OPEN = TaskTrials(1, 0, 1), TaskTrials(0, 0, 1), TaskTrials(0, 1, 1)


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


def test_one_trial_a_task_is_binomial_and_undecided_counts_both_ways() -> None:
    share = known(share_of_trials([YES] * 6 + [NO] * 10 + [OPEN] * 4, unit="u"))
    low = stats.binomtest(6, 20).proportion_ci(method="exact").low
    high = stats.binomtest(10, 20).proportion_ci(method="exact").high
    assert (share.low, share.high) == pytest.approx((low, high))
    assert share.value == 6 / 16
    assert share.n == 20


def test_several_trials_of_a_task_are_not_several_tasks() -> None:
    # Ten tasks, each of one mind in its five trials: no more evidence than ten trials.
    several = known(
        share_of_trials([TaskTrials(5, 0, 5)] * 5 + [TaskTrials(0, 0, 5)] * 5, unit="u")
    )
    fifty = stats.binomtest(25, 50).proportion_ci(method="exact")
    assert several.n == 10
    assert several.high - several.low > 1.5 * (fifty.high - fifty.low)
    assert one_each([TaskTrials(5, 0, 5)]) is None


def test_a_difference_rests_on_the_same_tasks() -> None:
    more = known(paired_share_difference([(YES, NO)] * 10 + [(NO, NO)] * 10, unit="u"))
    assert more.value == 0.5
    assert 0.2 < more.low < 0.5 < more.high < 0.8
    flipped = known(paired_share_difference([(NO, YES)] * 10 + [(NO, NO)] * 10, unit="u"))
    assert flipped.low == pytest.approx(-more.high, abs=2e-3)


def test_undecided_trials_widen_a_difference_on_both_sides() -> None:
    plain = known(paired_share_difference([(YES, NO)] * 10 + [(NO, NO)] * 6, unit="u"))
    bounded = known(
        paired_share_difference([(YES, NO)] * 10 + [(NO, NO)] * 6 + [(OPEN, OPEN)] * 4, unit="u")
    )
    assert bounded.low < plain.low
    assert bounded.value == plain.value
    assert "8 undecided" in bounded.method


def test_a_difference_over_several_trials_is_bounded_over_tasks() -> None:
    pairs = [(TaskTrials(2, 0, 2), TaskTrials(0, 0, 2))] * 20 + [
        (TaskTrials(1, 0, 2), TaskTrials(1, 0, 2))
    ] * 20
    found = known(paired_share_difference(pairs, unit="u"))
    assert found.value == 0.5
    assert 0 < found.low < 0.5 < found.high <= 1
    assert "over tasks" in found.method


def test_nothing_says_nothing_and_bad_counts_are_refused() -> None:
    assert share_of_trials([], unit="u") == Unknown(NO_TRIAL)
    assert paired_share_difference([], unit="u") == Unknown(NO_TRIAL)
    with pytest.raises(EstimateError, match="among all"):
        TaskTrials(1, 1, 1)
    assert share_of_trials([OPEN] * 3, unit="u") == Unknown(NONE_DECIDED)
    assert paired_share_difference([(OPEN, YES)] * 3, unit="u") == Unknown(NONE_DECIDED)
