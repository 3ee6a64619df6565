"""AUROC: the Mann-Whitney statistic where all is known, and a function of two totals where labels were drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assay.errors import EstimateError
from assay.estimate import RankedStratum, auroc_of_tasks, counted_auroc, sampled_auroc
from assay.estimate.auroc import mid_places
from assay.quantity import Estimate, Quantity, Unknown

scores = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), min_size=1, max_size=40)


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


def of_all(wrong: list[float], right: list[float], parts: int = 1) -> list[RankedStratum]:
    every = np.array(wrong + right)
    labels = np.array([1] * len(wrong) + [0] * len(right))
    places = mid_places(every, np.sort(every))
    return [
        RankedStratum(places[h::parts].size, places[h::parts], labels[h::parts], 0.0, 1.0)
        for h in range(parts)
    ]


@given(scores, scores)
def test_counted_is_mann_whitney(wrong: list[float], right: list[float]) -> None:
    from scipy.stats import mannwhitneyu

    statistic = (
        mannwhitneyu(wrong, right, method="asymptotic").statistic
        if len(set(wrong + right)) > 1
        else None
    )
    found = known(counted_auroc(np.array(wrong), np.array(right))).value
    if statistic is None:
        assert found == 0.5
    else:
        assert found == pytest.approx(statistic / (len(wrong) * len(right)))


@given(scores, scores, st.integers(1, 3))
def test_labels_of_everything_give_the_count(
    wrong: list[float], right: list[float], parts: int
) -> None:
    assume(len(wrong) + len(right) >= parts)
    found = known(sampled_auroc(of_all(wrong, right, parts)))
    counted = known(counted_auroc(np.array(wrong), np.array(right)))
    assert found.value == pytest.approx(counted.value)
    assert (found.low, found.high, found.guarantee) == (found.value, found.value, "exact")


def test_one_kind_only_or_no_label_is_unknown() -> None:
    assert isinstance(counted_auroc(np.array([]), np.array([0.1])), Unknown)
    assert isinstance(auroc_of_tasks(np.array([0.1]), np.array([])), Unknown)
    places = np.array([0.2, 0.5])
    right = RankedStratum(100, places, np.array([0, 0]), 0.0, 1.0)
    found = sampled_auroc([right])
    assert isinstance(found, Unknown)
    assert "no error was found" in found.reason
    empty = RankedStratum(100, np.zeros(0), np.zeros(0, dtype=np.int64), 0.0, 1.0)
    assert isinstance(sampled_auroc([right, empty]), Unknown)
    assert isinstance(sampled_auroc([]), Unknown)
    with pytest.raises(EstimateError, match="can't come from"):
        RankedStratum(1, places, np.array([0, 0]), 0.0, 1.0)


def test_unsure_labels_widen_and_hold_both_ways() -> None:
    rng = np.random.default_rng(3)
    places, wrong = rng.random(120), np.zeros(120, dtype=np.int64)
    wrong[:12] = 1
    places[:12] = rng.uniform(0.5, 1.0, 12)

    def found(unsure: int) -> Estimate:
        said = wrong.copy()
        said[20:24] = unsure
        return known(sampled_auroc([RankedStratum(5_000, places, said, 0.0, 1.0)]))

    unsure = found(-1)
    assert unsure.low <= min(found(0).low, found(1).low) + 0.005
    assert unsure.high >= max(found(0).high, found(1).high) - 0.005


def test_of_a_flag_without_degrees_it_is_the_mean_of_sensitivity_and_specificity() -> None:
    found = known(counted_auroc(np.repeat([1.0, 0.0], [8, 2]), np.repeat([1.0, 0.0], [10, 90])))
    assert found.value == pytest.approx((0.8 + 0.9) / 2)


def test_the_same_labels_give_the_same_limits() -> None:
    rng = np.random.default_rng(3)
    wrong, right = rng.beta(4, 2, 15), rng.beta(2, 4, 200)
    first, second = (known(auroc_of_tasks(wrong, right)) for _ in range(2))
    assert (first.low, first.high) == (second.low, second.high)
    assert first.low < first.value < first.high
    other = known(auroc_of_tasks(wrong, right, rng=np.random.default_rng(9)))
    assert other.low == pytest.approx(first.low, abs=0.02)


def test_right_and_wrong_change_places_with_the_scores_turned_round() -> None:
    # Where most outputs are wrong, the few right ones are what the limits must leave room for.
    rng = np.random.default_rng(11)
    strata = [
        RankedStratum(500, rng.random(9), (rng.random(9) < 0.9).astype(np.int64), 0.0, 1.0)
        for _ in range(8)
    ]
    turned = [RankedStratum(500, 1 - s.places, 1 - s.wrong, 0.0, 1.0) for s in strata]
    one, other = known(sampled_auroc(strata)), known(sampled_auroc(turned))
    assert (one.low, one.value, one.high) == pytest.approx((other.low, other.value, other.high))
