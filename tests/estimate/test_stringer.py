"""The auditor's bound."""

from __future__ import annotations

import pytest

from assay.errors import EstimateError, TooFewLabels
from assay.estimate.exact import clopper_pearson
from assay.estimate.sized import ReadUnits, SizedPopulation
from assay.estimate.stringer import hits_until, stringer_bound

BOOK = SizedPopulation(5_000, 1_000_000.0, 1_000_000.0, 1.0, 4_000.0)


def audit(taints: list[float]) -> ReadUnits:
    sizes = [200.0] * len(taints)
    return ReadUnits(sizes, sizes, taints, taints)


def test_full_taints_give_the_binomial_limit() -> None:
    units = audit([1.0, 1.0] + [0.0] * 98)
    bound = stringer_bound(units, BOOK, [1] * 100)
    exact = clopper_pearson(2, 100, alternative="less").high
    assert bound.high == pytest.approx(1e6 * exact)
    assert (bound.low, bound.guarantee) == (400.0, "simulated")
    assert "not proved" in bound.method


def test_taints_count_by_their_share_the_largest_first() -> None:
    p = [clopper_pearson(k, 60, alternative="less").high for k in range(3)]
    bound = stringer_bound(audit([0.2, 0.9] + [0.0] * 58), BOOK, [1] * 60)
    assert bound.high == pytest.approx(1e6 * (p[0] + 0.9 * (p[1] - p[0]) + 0.2 * (p[2] - p[1])))


def test_a_unit_that_was_hit_twice_counts_twice() -> None:
    units = audit([1.0] + [0.0] * 59)
    bound = stringer_bound(units, BOOK, [2] + [1] * 59)
    assert bound.high == pytest.approx(1e6 * clopper_pearson(2, 61, alternative="less").high)


def test_it_never_says_more_than_there_is() -> None:
    small = SizedPopulation(5, 1_000.0, 1_000.0, 1.0, 200.0)
    assert stringer_bound(audit([1.0, 1.0]), small, [1, 1]).high == 1_000
    counted = stringer_bound(audit([1.0, 0.0, 0.0, 0.0, 0.0]), small, [1] * 5)
    assert (counted.low, counted.high, counted.guarantee) == (200.0, 200.0, "exact")


def test_hits_are_the_arrivals_up_to_the_horizon() -> None:
    assert hits_until(1.0, 0.69, [0.5]) == 0
    assert hits_until(1.0, 0.7, [0.5, 0.5, 0.5]) == 1
    assert hits_until(10.0, 0.7, [0.5] * 100) == 10


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(EstimateError, match="one number a unit"):
        stringer_bound(audit([0.0, 0.0]), BOOK, [1])
    with pytest.raises(EstimateError, match="at least once"):
        stringer_bound(audit([0.0, 0.0]), BOOK, [1, 0])
    with pytest.raises(TooFewLabels):
        stringer_bound(audit([]), BOOK, [])
