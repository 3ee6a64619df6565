"""Limits of a function of two shares: they cover, wherever both shares lie, and are narrower than a box."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.melded_pair import FloatArray, Melded, Pair, melded_limits

SHARES = np.r_[0.005, 0.02, np.arange(0.05, 1, 0.05), 0.98, 0.995]


def log_ratio(kept: float) -> Melded:
    return lambda one, other: special.logit(one) - special.logit(kept * one + (1 - kept) * other)


def total(kept: float) -> Melded:
    return lambda one, other: kept * one + (1 - kept) * other


def missed(function: Melded, n: tuple[int, int], *, falls: bool) -> tuple[float, float]:
    """Return the largest chance of a miss on either side, over a grid of both shares; all outcomes are enumerated."""
    lows, highs = np.empty((n[0] + 1, n[1] + 1)), np.empty((n[0] + 1, n[1] + 1))
    for one in range(n[0] + 1):
        for other in range(n[1] + 1):
            pair = Pair((one, n[0]), (other, n[1]))
            lows[one, other], highs[one, other] = melded_limits(pair, function, falls=falls)
    worst = [0.0, 0.0]
    for first in SHARES:
        for second in SHARES:
            chance = np.outer(
                stats.binom.pmf(np.arange(n[0] + 1), n[0], first),
                stats.binom.pmf(np.arange(n[1] + 1), n[1], second),
            )
            truth = float(function(np.array(first), np.array(second)))
            worst[0] = max(worst[0], chance[lows > truth + 1e-12].sum())
            worst[1] = max(worst[1], chance[highs < truth - 1e-12].sum())
    return worst[0], worst[1]


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_each_side_misses_at_most_half_of_the_chance(kept: float) -> None:
    assert max(missed(log_ratio(kept), (5, 5), falls=True)) <= 0.025
    assert max(missed(total(kept), (5, 4), falls=False)) <= 0.025


@pytest.mark.nightly
@pytest.mark.parametrize("n", [(10, 10), (20, 20), (10, 40)])
@pytest.mark.parametrize("kept", [0.05, 0.3, 0.6, 0.9])
def test_each_side_misses_at_most_half_of_the_chance_of_more(
    kept: float, n: tuple[int, int]
) -> None:
    assert max(missed(log_ratio(kept), n, falls=True)) <= 0.025
    assert max(missed(total(kept), n, falls=False)) <= 0.025


def test_one_share_alone_has_its_exact_limits() -> None:
    def first(one: FloatArray, other: FloatArray) -> FloatArray:
        return one + 0 * other

    low, high = melded_limits(Pair((7, 30), (3, 9)), first)
    exact = clopper_pearson(7, 30)
    assert (low, high) == pytest.approx((exact.low, exact.high), abs=0.01)
    assert low <= exact.low
    assert high >= exact.high


@given(st.integers(0, 30), st.integers(0, 30))
@settings(max_examples=30, deadline=None)
def test_they_hold_the_point_and_lie_in_the_box(one: int, other: int) -> None:
    low, high = melded_limits(Pair((one, 30), (other, 30)), lambda a, b: a - b)
    assert low <= (one - other) / 30 <= high
    wide = [clopper_pearson(hits, 30, confidence_level=math.sqrt(0.95)) for hits in (one, other)]
    assert low >= wide[0].low - wide[1].high - 0.01
    assert high <= wide[0].high - wide[1].low + 0.01


def test_nothing_known_is_no_limit() -> None:
    assert melded_limits(Pair((0, 0), (0, 0)), lambda a, b: a - b) == (-1.0, 1.0)
    with np.errstate(all="ignore"):
        low, high = melded_limits(Pair((10, 10), (0, 10)), log_ratio(0.5))
    assert low > 0
    assert high == math.inf


def test_counts_out_of_range_are_refused() -> None:
    with pytest.raises(EstimateError, match="hits must be in"):
        Pair((3, 2), (0, 1))
