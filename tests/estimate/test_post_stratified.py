"""A score at another mix."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.post_stratified import MixCell, score_at_mix
from assay.quantity import Estimate, Quantity, Unknown


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


def cell(name: str, weight: float, right: int, n: int) -> MixCell:
    return MixCell(name, weight, np.repeat([1.0, 0.0], [right, n - right]))


def test_weights_are_those_of_the_work() -> None:
    cells = [cell("easy", 100, 95, 100), cell("hard", 900, 50, 100), cell("not asked", 0, 0, 50)]
    found = known(score_at_mix(cells, two_valued=True))
    assert found.value == pytest.approx(0.1 * 0.95 + 0.9 * 0.5)
    assert found.low < found.value < found.high
    assert (found.n, found.guarantee) == (200, "enumerated")
    # Partial scores take the bounded means, which are wider.
    wide = known(score_at_mix(cells))
    assert wide.low < found.low
    assert wide.high > found.high
    assert wide.guarantee == "proved"


def test_one_kind_of_two_valued_tasks_is_clopper_pearson() -> None:
    found = known(score_at_mix([cell("all", 7, 30, 40)], two_valued=True))
    assert (found.low, found.high) == pytest.approx(tuple(clopper_pearson(30, 40)))


def test_a_rare_kind_with_many_tasks_keeps_its_weight() -> None:
    cells = [cell("rare", 1, 0, 5_000), cell("usual", 99_999, 40, 50)]
    found = known(score_at_mix(cells, two_valued=True))
    usual = known(score_at_mix([cell("usual", 1, 40, 50)], two_valued=True))
    assert found.value == pytest.approx(0.8, abs=1e-4)
    assert found.low == pytest.approx(usual.low, abs=0.02)
    assert found.high == pytest.approx(usual.high, abs=0.02)


def test_work_of_a_kind_without_a_task_is_bounded_both_ways() -> None:
    half = known(score_at_mix([cell("a", 1, 50, 50), cell("b", 1, 0, 0)], two_valued=True))
    assert half.value == 1.0
    assert half.low < 0.5
    assert half.high == 1.0
    assert "50.0% of the work is of kinds without a task" in half.method
    assert isinstance(score_at_mix([cell("a", 0, 5, 9), cell("b", 1, 0, 0)]), Unknown)


def test_what_is_no_mix_is_refused() -> None:
    with pytest.raises(EstimateError, match="one weight above 0"):
        score_at_mix([cell("a", 0, 5, 9)])
    with pytest.raises(EstimateError, match="negative"):
        cell("a", -1, 5, 9)
    with pytest.raises(EstimateError, match=r"in \[0, 1\]"):
        MixCell("a", 1, np.array([0.5, np.nan]))


@pytest.mark.parametrize(("two_valued", "runs", "most"), [(True, 300, 26), (False, 60, 8)])
def test_95_percent_means_at_least_95_percent(two_valued: bool, runs: int, most: int) -> None:
    rng = np.random.default_rng(5)
    rates, weights, sizes = (0.02, 0.9, 0.5, 0.99), (1, 5, 2, 2), (25, 60, 10, 200)
    truth = float(np.dot(rates, weights)) / sum(weights)
    missed = 0
    for _ in range(runs):
        cells = [
            MixCell(str(p), w, (rng.random(n) < p).astype(float))
            for p, w, n in zip(rates, weights, sizes, strict=True)
        ]
        found = known(score_at_mix(cells, two_valued=two_valued))
        missed += not found.low <= truth <= found.high
    # A twentieth expected at most; `most` is three standard deviations more.
    assert missed <= most
