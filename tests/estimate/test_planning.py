from __future__ import annotations

import math
from fractions import Fraction

import pytest
from scipy import optimize

from assay.errors import EstimateError, TooFewLabels
from assay.estimate import (
    LiveLabel,
    StratumCount,
    acceptance_labels,
    acceptance_labels_any_time,
    evidence_ceiling,
    labels_to_halve,
    live_total_errors,
    rate_to_sigma,
    total_errors,
    zero_failure_labels,
    zero_failure_labels_any_time,
)
from assay.quantity import Estimate, Unknown

GOOD_JUDGE = [StratumCount(648, 112, 105), StratumCount(671, 88, 2)]


def known(quantity: object) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


def log_wealth(rights: int, wrongs: int, rate: Fraction, prior_right: Fraction) -> float:
    """Log of the beta-binomial likelihood of a sequence over that at the rate, label by label."""
    wealth = Fraction(1)
    a, b = Fraction(1, 10), prior_right
    for step in range(rights + wrongs):
        wrong = step < wrongs  # The order does not matter.
        mine = (a if wrong else b) / (a + b)
        wealth *= mine / (rate if wrong else 1 - rate)
        a, b = a + wrong, b + (not wrong)
    return math.log(wealth)


@pytest.mark.parametrize(
    ("found", "rate"), [(0, Fraction(1, 50)), (0, Fraction(1, 9)), (2, Fraction(1, 40))]
)
def test_labels_at_any_time_are_the_least_by_fractions(found: int, rate: Fraction) -> None:
    n = acceptance_labels_any_time(float(rate), found)
    bar = math.log(20)
    assert log_wealth(n - found, found, rate, 1 / rate) >= bar
    assert log_wealth(n - 1 - found, found, rate, 1 / rate) < bar


def test_looking_after_every_label_costs_little_without_an_error() -> None:
    # 3.12 / q is the figure at q = 2 %; the limit of rare errors is 3.138 / q, 1.047 times one look.
    assert zero_failure_labels_any_time(0.02) * 0.02 == pytest.approx(3.12, abs=0.005)
    for rate in (1e-4, 1e-6, 1e-9):
        assert zero_failure_labels_any_time(rate) * rate == pytest.approx(3.1377, abs=1e-3)
        ratio = zero_failure_labels_any_time(rate) / zero_failure_labels(rate)
        assert ratio == pytest.approx(1.0474, abs=1e-3)


def test_the_rare_limit_solves_its_equation() -> None:
    # x labels times rate: exp(x) (1 + x)^-0.1 = 20.
    root = optimize.brentq(lambda x: x - 0.1 * math.log1p(x) - math.log(20), 1, 5)
    assert zero_failure_labels_any_time(1e-9) * 1e-9 == pytest.approx(root, rel=1e-7)


def test_a_bound_for_any_time_is_never_cheaper() -> None:
    for population in (None, 1000, 10**6):
        for found in (0, 1, 4):
            once = acceptance_labels(0.01, found, population=population)
            always = acceptance_labels_any_time(0.01, found, population=population)
            assert once <= always <= (population or math.inf)


def test_a_large_window_is_a_source_at_any_time() -> None:
    for found in (0, 3):
        assert acceptance_labels_any_time(1e-4, found, population=10**11) == pytest.approx(
            acceptance_labels_any_time(1e-4, found), rel=1e-6
        )


def chance_to_certify(needed: dict[int, int], wrong: int, population: int | None) -> float:
    """Exact chance that a look after some label certifies a rate of 5 %, or a window with `wrong` errors."""
    going, certified = {0: 1.0}, 0.0
    for n in range(1, (population or 1200) + 1):
        following: dict[int, float] = {}
        for found, chance in going.items():
            seen = n - 1
            worse = (wrong - found) / (population - seen) if population else 0.05
            for more, share in ((1, worse), (0, 1 - worse)):
                following[found + more] = following.get(found + more, 0.0) + chance * share
        going = {}
        for found, chance in following.items():
            if n >= needed.get(found, math.inf):
                certified += chance
            elif chance > 0:
                going[found] = chance
    return certified


@pytest.mark.parametrize("population", [None, 400])
def test_whoever_looks_after_every_label_is_rarely_wrong(population: int | None) -> None:
    allowed = range(21)
    always = {k: acceptance_labels_any_time(0.05, k, population=population) for k in allowed}
    once = {k: acceptance_labels(0.05, k, population=population) for k in allowed}
    assert 0.03 < chance_to_certify(always, 21, population) <= 0.05
    # The same looks at plans that were made for one look.
    assert chance_to_certify(once, 21, population) > 0.1


@pytest.mark.parametrize(("population", "rate"), [(1000, 0.02), (5000, 0.01), (20_000, 0.002)])
def test_the_live_limits_certify_when_the_plan_says(population: int, rate: float) -> None:
    n = zero_failure_labels_any_time(rate, population=population)
    for labels, shown in ((n + 1, True), (n - 3, False)):
        live = live_total_errors(
            [population],
            [LiveLabel(stratum=0, wrong=0)] * labels,
            anticipated_rate=rate,
            confidence_level=0.95,
            alternative="less",
        )
        assert (live.high <= rate * population) == shown


def test_impossible_plans_at_any_time_are_refused() -> None:
    with pytest.raises(EstimateError, match="error_rate"):
        zero_failure_labels_any_time(0.0)
    with pytest.raises(EstimateError, match="allowed_errors"):
        acceptance_labels_any_time(0.01, 11, population=1000)
    with pytest.raises(EstimateError, match="confidence_level"):
        zero_failure_labels_any_time(0.1, confidence_level=0.0)


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
    for quantity in plan:
        assert isinstance(quantity, Unknown)
        assert reason in quantity.reason
