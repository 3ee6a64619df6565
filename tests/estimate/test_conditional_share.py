"""Shares among those that count: limits hold, and what is open is bounded both ways."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.errors import EstimateError
from assay.estimate.conditional_share import (
    NOTHING,
    StratumAnswers,
    conditional_share,
    difference_of_shares,
)
from assay.quantity import Estimate, Quantity, Unknown


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


def test_one_stratum_is_binomial_among_those_that_count() -> None:
    share = known(conditional_share([StratumAnswers(1000, 200, 12, 8)], unit="u"))
    exact = stats.binomtest(12, 20).proportion_ci(method="exact")
    assert (share.low, share.high) == pytest.approx((exact.low, exact.high))
    assert share.n == 20


def test_what_is_open_is_a_no_for_one_limit_and_a_yes_for_the_other() -> None:
    share = known(conditional_share([StratumAnswers(500, 100, 10, 5, 20, 3, 2, 4)], unit="u"))
    low = stats.binomtest(10, 10 + 5 + 20 + 2 + 4).proportion_ci(method="exact").low
    high = stats.binomtest(10 + 20 + 3 + 4, 37 + 5).proportion_ci(method="exact").high
    assert (share.low, share.high) == pytest.approx((low, high))
    assert share.value == 10 / 15
    assert "bounded both ways" in share.method


def test_labels_of_uneven_strata_are_weighted() -> None:
    strata = [StratumAnswers(100, 50, 5, 15), StratumAnswers(900, 50, 30, 10)]
    share = known(conditional_share(strata, unit="u"))
    yes, no = 5 * 2 + 30 * 18, 15 * 2 + 10 * 18
    assert share.value == pytest.approx(yes / (yes + no))
    assert share.low < share.value < share.high


def test_strata_read_in_full_are_counted() -> None:
    share = known(
        conditional_share([StratumAnswers(30, 30, 6, 4), StratumAnswers(20, 20, 1, 9)], unit="u")
    )
    assert share.low == share.value == share.high == 7 / 20


@pytest.mark.parametrize("seed", [1, 2])
def test_limits_of_several_strata_hold(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes, labels = (300, 1200), (60, 60)
    truth = [
        rng.choice(3, size=size, p=p)
        for size, p in zip(sizes, ([0.1, 0.3, 0.6], [0.05, 0.02, 0.93]), strict=True)
    ]
    yes, no = (sum(int((one == kind).sum()) for one in truth) for kind in (0, 1))
    held = 0
    for _ in range(60):
        strata = []
        for size, n, one in zip(sizes, labels, truth, strict=True):
            drawn = rng.choice(one, n, replace=False)
            strata.append(StratumAnswers(size, n, int((drawn == 0).sum()), int((drawn == 1).sum())))
        share = conditional_share(strata, unit="u")
        held += isinstance(share, Unknown) or share.low <= yes / (yes + no) <= share.high
    assert held >= 58


def test_a_stratum_without_a_label_leaves_all_of_it_open() -> None:
    share = known(
        conditional_share([StratumAnswers(50, 50, 10, 40), StratumAnswers(50, 0, 0, 0)], unit="u")
    )
    assert share.low <= 10 / 100
    assert share.high >= 60 / 100


def test_nothing_that_counts_says_nothing() -> None:
    assert conditional_share([StratumAnswers(10, 5, 0, 0, 3)], unit="u") == Unknown(NOTHING)
    assert conditional_share([], unit="u") == Unknown(NOTHING)


def test_counts_beyond_the_labels_are_refused() -> None:
    with pytest.raises(EstimateError, match="among the labels"):
        StratumAnswers(10, 5, 4, 2)


def test_differences_hold_whenever_both_do_and_pass_on_what_is_unknown() -> None:
    half = Estimate(0.5, 0.4, 0.6, "s", 0.975, 10, "m")
    assert difference_of_shares(Unknown("x"), half, unit="u") == Unknown("x")
    assert difference_of_shares(half, Unknown("y"), unit="u") == Unknown("y")
    less = known(difference_of_shares(half, half, unit="u"))
    assert (less.low, less.value, less.high) == pytest.approx((-0.2, 0, 0.2))
    weak = Estimate(0.5, 0.4, 0.6, "s", 0.5, 10, "m")
    with pytest.raises(EstimateError, match="nothing"):
        difference_of_shares(weak, weak, unit="u")
