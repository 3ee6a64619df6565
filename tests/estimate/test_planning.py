from __future__ import annotations

import pytest
from scipy import stats

from assay.errors import EstimateError, TooFewLabels
from assay.estimate import (
    StratumCount,
    acceptance_labels,
    evidence_ceiling,
    judge_gain,
    labels_to_halve,
    passing_probability,
    rate_to_sigma,
    total_errors,
    zero_failure_labels,
)
from assay.quantity import Estimate, Unknown

GOOD_JUDGE = [StratumCount(648, 112, 105), StratumCount(671, 88, 2)]
NOISE_JUDGE = [StratumCount(130, 20, 1), StratumCount(1189, 180, 9)]


def known(quantity: object) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


def test_passing_probability_is_binomial() -> None:
    for labels, allowed, rate in [(100, 0, 0.02), (473, 1, 0.01), (10, 9, 0.5), (10, 10, 0.5)]:
        expect = stats.binom.cdf(allowed, labels, rate)
        assert passing_probability(labels, allowed, rate) == pytest.approx(expect)
    assert passing_probability(10, 0, 1.0) == 0
    assert passing_probability(10, 3, 0.0) == 1


def test_impossible_plans_are_refused() -> None:
    for rate in (0.0, 1.0):
        with pytest.raises(EstimateError, match="error_rate"):
            zero_failure_labels(rate)
    with pytest.raises(EstimateError, match="allowed_errors"):
        acceptance_labels(0.1, -1)
    with pytest.raises(EstimateError, match="1e18"):
        acceptance_labels(1e-20, 0)
    with pytest.raises(EstimateError, match="true_rate"):
        passing_probability(10, 0, 1.5)


def test_the_ceiling_does_not_depend_on_what_was_found() -> None:
    found = [StratumCount(100_000, 300, 40, 5), StratumCount(1000, 100, 50)]
    clean = [StratumCount(100_000, 300, 0), StratumCount(1000, 100, 0)]
    assert evidence_ceiling(found) == evidence_ceiling(clean)
    assert evidence_ceiling(found).value < rate_to_sigma(3 / 400)


def test_the_ceiling_of_a_census_is_that_of_its_size() -> None:
    # Reading all of 2,218 traces supports 3 sigma of their source, not an infinite one.
    assert evidence_ceiling([StratumCount(2218, 2218, 7)]).value == pytest.approx(3, abs=1e-4)
    with pytest.raises(TooFewLabels):
        evidence_ceiling([StratumCount(10, 0, 0)])


def test_halving_is_a_forecast_that_comes_true() -> None:
    now = [StratumCount(100_000, 200, 20)]
    plan = labels_to_halve(now)
    labels = round(known(plan.with_judge).value)
    assert plan.with_judge == plan.without_judge
    then = [StratumCount(100_000, labels, labels // 10)]
    assert width(then) / width(now) == pytest.approx(0.5, abs=0.02)
    assert 3 * 200 < labels < 5 * 200


def width(strata: list[StratumCount]) -> float:
    total = total_errors(strata)
    return total.high - total.low


def test_a_good_judge_halves_with_fewer_labels() -> None:
    plan = labels_to_halve(GOOD_JUDGE)
    assert 200 < known(plan.with_judge).value < known(plan.without_judge).value <= 1319
    assert known(plan.with_judge).guarantee == "assumed"


def test_the_plan_is_at_most_the_log() -> None:
    plan = labels_to_halve([StratumCount(30, 20, 5), StratumCount(30, 20, 5)])
    assert known(plan.with_judge).high <= 60
    assert known(plan.without_judge).high <= 60


def test_zero_errors_can_be_planned_from() -> None:
    plan = labels_to_halve([StratumCount(10**6, 100, 0), StratumCount(10**6, 100, 0)])
    assert known(plan.with_judge).value == pytest.approx(400, rel=0.02)


def test_a_judge_that_adds_nothing_is_found_out() -> None:
    assert known(judge_gain(NOISE_JUDGE)).value < 1.05
    assert known(judge_gain(GOOD_JUDGE)).value > 1.5


@pytest.mark.parametrize(
    ("strata", "reason"),
    [
        ([StratumCount(10, 10, 2), StratumCount(5, 5, 0)], "every trace is labeled"),
        ([StratumCount(10, 0, 0), StratumCount(5, 0, 0)], "no label"),
        ([StratumCount(10, 5, 0), StratumCount(5, 0, 0)], "a stratum has no label"),
    ],
)
def test_what_cannot_be_planned_is_unknown(strata: list[StratumCount], reason: str) -> None:
    plan = labels_to_halve(strata)
    for quantity in (*plan, judge_gain(strata)):
        assert isinstance(quantity, Unknown)
        assert reason in quantity.reason


def test_one_stratum_has_no_judge() -> None:
    assert isinstance(judge_gain([StratumCount(100, 10, 1)]), Unknown)
