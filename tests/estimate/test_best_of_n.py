"""Best of N: the expected maximum is the enumerated one, and the picked try's interval holds however tries depend."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import comb

from assay.errors import EstimateError
from assay.estimate.best_of_n import Score, expected_maximum, maximum_reaches, true_score
from assay.estimate.best_of_n_lead import Explained, lead_of_best
from assay.estimate.best_of_n_mean import inflation_of_mean
from assay.estimate.exact import clopper_pearson
from assay.quantity import Estimate, Unknown


def binomial(n: int, p: float) -> np.ndarray:
    k = np.arange(n + 1)
    return np.asarray(comb(n, k) * p**k * (1 - p) ** (n - k))


@pytest.mark.parametrize(
    ("rate", "items", "tries"), [(0.3, 4, 3), (0.5, 6, 2), (0.9, 5, 4), (0.02, 7, 3)]
)
def test_the_expected_maximum_is_that_of_all_outcomes(rate: float, items: int, tries: int) -> None:
    chances = binomial(items, rate)
    total = sum(
        max(scores) * math.prod(chances[k] for k in scores)
        for scores in itertools.product(range(items + 1), repeat=tries)
    )
    assert expected_maximum(rate, items, tries) == pytest.approx(total / items, rel=1e-12)


@given(st.floats(0, 1), st.integers(1, 2_000), st.integers(1, 10**6))
def test_the_expected_maximum_grows_with_tries_and_stays_a_share(
    rate: float, items: int, tries: int
) -> None:
    one, more = expected_maximum(rate, items, tries), expected_maximum(rate, items, tries + 1)
    assert rate - 1e-9 <= one <= more + 1e-9 <= 1 + 2e-9


def test_it_is_normal_for_many_items_and_exact_for_few_errors() -> None:
    rate, items, tries = 0.7, 1_000_000, 20
    spread = math.sqrt(rate * (1 - rate) / items)
    above = expected_maximum(rate, items, tries) - rate
    assert above == pytest.approx(inflation_of_mean(spread, tries).value, rel=2e-3)
    # One item: the maximum is whether any try is right.
    assert expected_maximum(1e-6, 1, 1000) == pytest.approx(1 - (1 - 1e-6) ** 1000, rel=1e-9)


@pytest.mark.parametrize(("items", "tries"), [(8, 1), (8, 2), (12, 5), (20, 30)])
def test_the_interval_holds_the_picked_tries_score_when_all_are_equal(
    items: int, tries: int
) -> None:
    limits = [true_score(Score(k, items, tries)) for k in range(items + 1)]
    for rate in np.linspace(0.005, 0.995, 67):
        at_most = np.cumsum(binomial(items, float(rate))).clip(0, 1) ** tries
        chance = np.diff(at_most, prepend=0.0)
        held = np.array([one.low <= rate <= one.high for one in limits])
        assert float(chance @ held) >= 0.95 - 1e-9


@pytest.mark.parametrize("dependence", ["same", "antithetic", "different skills"])
def test_the_interval_holds_however_tries_depend(dependence: str) -> None:
    rng = np.random.default_rng(5)
    items, tries, worlds = 40, 6, 4_000
    limits = [true_score(Score(k, items, tries)) for k in range(items + 1)]
    rates = (
        np.linspace(0.5, 0.7, tries) if dependence == "different skills" else np.full(tries, 0.6)
    )
    draws = rng.random((worlds, 1, items))
    if dependence == "antithetic":
        # Each try has the luck that the others lack: one of them always does well.
        draws = (draws + np.arange(tries)[None, :, None] / tries) % 1
    elif dependence == "different skills":
        draws = rng.random((worlds, tries, items))
    right = (draws < rates[None, :, None]).sum(axis=2)
    picked = right.argmax(axis=1)
    best = right[np.arange(worlds), picked]
    held = sum(
        limits[k].low <= rates[i] <= limits[k].high for k, i in zip(best, picked, strict=True)
    )
    assert held / worlds >= 0.95


def test_one_try_is_clopper_and_pearson() -> None:
    one, limits = true_score(Score(31, 40)), clopper_pearson(31, 40)
    assert (one.value, one.low, one.high) == pytest.approx((31 / 40, limits.low, limits.high))


def test_the_value_undoes_the_picking() -> None:
    shown = Score(153, 200, tries=27)
    found = true_score(shown)
    assert expected_maximum(found.value, 200, 27) == pytest.approx(shown.share, abs=1e-9)
    assert found.value < shown.share
    for right in (0, 200):
        assert true_score(Score(right, 200, tries=27)).value == right / 200


def test_a_small_lead_of_many_tries_is_explained_and_a_large_one_is_not() -> None:
    small = lead_of_best(Score(153, 200, tries=27), Score(140, 200))
    assert small.explained is Explained.TRIES_ALONE
    assert small.inflation.low < small.lead < small.inflation.high
    assert isinstance(small.explained_share, Estimate)
    assert small.explained_share.high == 1
    assert small.chance.low < 0.5 < small.chance.high
    # At the rival's own score so many tries reach it every other time, and one less does not.
    assert small.enough_tries is not None
    for tries, reached in ((small.enough_tries, True), (small.enough_tries - 1, False)):
        assert (maximum_reaches(0.7, Score(153, 200, tries)) >= 0.5) is reached
    large = lead_of_best(Score(1900, 2000, tries=27), Score(1400, 2000))
    assert large.explained is Explained.MORE
    assert large.chance.high < 1e-6
    assert large.enough_tries is None
    assert large.corrected_lead.low > 0.2
    once = lead_of_best(Score(1900, 2000), Score(1400, 2000))
    assert once.inflation.value == pytest.approx(0, abs=1e-12)
    assert once.corrected_lead.value == pytest.approx(once.lead)


def test_without_a_lead_there_is_nothing_to_explain() -> None:
    found = lead_of_best(Score(70, 100, tries=9), Score(75, 100))
    assert found.explained is Explained.NO_LEAD
    assert isinstance(found.explained_share, Unknown)
    assert found.to_json()["explained"] == "there is no lead"


def test_the_inflation_interval_holds_every_rate_of_the_rivals_interval() -> None:
    # The rival's interval holds 1/2, where the inflation is greatest: no end of the interval gives the limit.
    score, rival = Score(40, 60, tries=12), Score(32, 60)
    found = lead_of_best(score, rival)
    limits = clopper_pearson(32, 60)
    for rate in np.linspace(limits.low, limits.high, 401):
        added = expected_maximum(float(rate), 60, 12) - rate
        assert found.inflation.low <= added <= found.inflation.high


def test_means_of_partial_scores_have_the_known_maxima_and_a_bound() -> None:
    # Expected maxima of 2, 3 and 10 normal values: 1/sqrt(pi), 3/(2 sqrt(pi)), 1.53875 (David, Nagaraja, table).
    known = {2: 1 / math.sqrt(math.pi), 3: 1.5 / math.sqrt(math.pi), 10: 1.538753}
    for tries, value in known.items():
        assert inflation_of_mean(0.02, tries).value == pytest.approx(0.02 * value, rel=1e-6)
    assert inflation_of_mean(0.02, 1).high == 0
    # A skewed score: an exponential one's maximum of 10 is the harmonic sum, above the normal's and under the bound.
    above = sum(1 / k for k in range(1, 11)) - 1
    found = inflation_of_mean(1.0, 10)
    assert found.value < above < found.high
    assert found.guarantee == "assumed"


@pytest.mark.parametrize("bad", [(1, 0, 1), (5, 4, 1), (-1, 4, 1), (1, 4, 0)])
def test_scores_that_contradict_themselves_are_refused(bad: tuple[int, int, int]) -> None:
    with pytest.raises(EstimateError):
        Score(*bad)
    with pytest.raises(EstimateError):
        expected_maximum(1.2, 4, 1)
    with pytest.raises(EstimateError):
        inflation_of_mean(math.nan, 4)
