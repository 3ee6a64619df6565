"""Plans are the least that protect, and pass whom they say; every figure against one that was made elsewhere."""

from __future__ import annotations

import math
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assay.errors import EstimateError
from assay.estimate import (
    StratumCount,
    acceptance_labels,
    acceptance_plan,
    hypergeometric_errors,
    passing_probability,
    passing_rate,
    poisson_rate,
    sigma_to_rate,
    total_errors,
)
from assay.estimate.window_errors import least_errors, most_errors


def exact_hypergeometric(k: int, n: int, population: int, wrong: int) -> Fraction:
    """P(X <= k), by whole numbers."""
    ways = sum(
        math.comb(wrong, x) * math.comb(population - wrong, n - x)
        for x in range(k + 1)
        if x <= wrong and 0 <= n - x <= population - wrong
    )
    return Fraction(ways, math.comb(population, n))


def test_a_finite_plan_is_the_least_by_whole_numbers() -> None:
    miss = Fraction(5, 100)
    for population in (1, 2, 7, 40, 150):
        for most in range(0, population, 1 + population // 9):
            for allowed in {0, most // 2, most}:
                n = acceptance_labels(most / population, allowed, population=population)
                assert exact_hypergeometric(allowed, n, population, most + 1) <= miss
                if n > allowed + 1:
                    # Where the chance is 5 % to the last digit, rounding takes one label more.
                    assert exact_hypergeometric(allowed, n - 1, population, most + 1) >= miss


@given(
    st.integers(10, 10**9), st.floats(1e-8, 0.3), st.integers(0, 20), st.sampled_from([0.9, 0.95])
)
def test_a_finite_plan_is_what_the_certificate_will_say(
    population: int, rate: float, allowed: int, level: float
) -> None:
    most = most_errors(rate, population)
    allowed = min(allowed, most)
    n = acceptance_labels(rate, allowed, confidence_level=level, population=population)
    found = total_errors(
        [StratumCount(population, n, allowed)], confidence_level=level, alternative="less"
    )
    assert found.high <= most
    if n > allowed + 1:
        fewer = hypergeometric_errors(
            allowed, n - 1, population, confidence_level=level, alternative="less"
        )
        assert fewer.high > most


@given(st.floats(1e-6, 0.3), st.integers(0, 5), st.integers(10**3, 10**8))
def test_a_window_never_takes_more_labels_than_a_source(
    rate: float, allowed: int, population: int
) -> None:
    allowed = min(allowed, most_errors(rate, population))
    source = acceptance_labels(rate, allowed)
    assert acceptance_labels(rate, allowed, population=population) <= min(source, population)


def test_a_large_window_is_a_source() -> None:
    assert acceptance_labels(1e-4, 3, population=10**12) == pytest.approx(
        acceptance_labels(1e-4, 3), rel=1e-6
    )


def test_a_window_that_may_hold_no_error_takes_nearly_all_of_it() -> None:
    assert acceptance_labels(0, 0, population=1000) == 950
    assert acceptance_labels(1e-9, 0, population=600_000) == 570_000 + 1


@pytest.mark.parametrize(
    ("ratio", "allowed", "labels_times_rate"),
    [(2, 12, 19.4), (3, 4, 9.15), (5, 2, 6.30), (10, 1, 4.74)],
)
def test_planned_acceptance(ratio: float, allowed: int, labels_times_rate: float) -> None:
    # Section 5 of the statistics notes: the errors to allow, for a system so many times better to pass with 80 %.
    rate = 1e-5
    plan = acceptance_plan(rate, rate / ratio)
    assert plan.allowed_errors == allowed
    assert plan.labels * rate == pytest.approx(labels_times_rate, abs=0.05)
    assert plan.passing_probability >= 0.8


@pytest.mark.parametrize(("count", "factor"), [(0, 3.00), (1, 4.74), (2, 6.30)])
def test_audit_confidence_factors(count: int, factor: float) -> None:
    # Monetary-unit sampling: labels times rate of rare errors is the auditor's factor.
    assert acceptance_labels(1e-6, count) * 1e-6 == pytest.approx(factor, abs=0.006)


def test_driving_to_safety() -> None:
    # Kalra, Paddock 2016: a fatality rate of 1.09 per 1e8 miles.
    rate = 1.09e-8
    assert acceptance_labels(rate, 0) == pytest.approx(275e6, rel=2e-3)
    within = (1.96 / 0.2) ** 2 / rate
    low, high = poisson_rate(round(rate * within), within)
    assert within == pytest.approx(8.8e9, rel=2e-3)
    assert (high - low) / 2 == pytest.approx(0.2 * rate, rel=0.03)


def test_risk_limiting_audit() -> None:
    # Ballot comparison without discrepancies, inflator 1.03905: -2 g ln(0.05) = 6.225 ballots over the margin.
    assert -2 * 1.03905 * math.log(0.05) == pytest.approx(6.225, abs=1e-3)
    # The same ballots as a plan: an error is an overstatement of half a margin, at a share of margin / (2 g).
    margin = 1e-5
    labels = acceptance_labels(margin / (2 * 1.03905), 0)
    assert labels * margin == pytest.approx(6.225, abs=1e-3)


def test_zero_errors_pass_only_a_thirteenth() -> None:
    for rate in (1e-3, 1e-6, 1e-9):
        labels = acceptance_labels(rate, 0)
        assert rate / passing_rate(labels, 0) == pytest.approx(13.4, abs=0.1)
        assert passing_probability(labels, 0, passing_rate(labels, 0)) == pytest.approx(0.8)


def test_the_passing_rate_of_a_window_is_its_last_whole_error() -> None:
    for population, labels, allowed in [(200, 60, 1), (1000, 300, 4), (50, 50, 3), (30, 10, 9)]:
        rate = passing_rate(labels, allowed, population=population)
        wrong = round(rate * population)
        assert exact_hypergeometric(allowed, labels, population, wrong) >= Fraction(8, 10)
        assert exact_hypergeometric(allowed, labels, population, wrong + 1) < Fraction(8, 10)


def test_passing_probability_is_binomial() -> None:
    for labels, allowed, rate in [(100, 0, 0.02), (473, 1, 0.01), (10, 9, 0.5), (10, 10, 0.5)]:
        expect = stats.binom.cdf(allowed, labels, rate)
        assert passing_probability(labels, allowed, rate) == pytest.approx(expect)
    assert passing_probability(10, 0, 1.0) == 0
    assert passing_probability(10, 3, 0.0) == 1


def test_passing_probability_of_a_window_is_hypergeometric() -> None:
    for population, labels, allowed, wrong in [(100, 30, 0, 4), (100, 60, 3, 5), (40, 39, 5, 6)]:
        found = passing_probability(labels, allowed, wrong / population, population=population)
        expect = float(exact_hypergeometric(allowed, labels, population, wrong))
        assert found == pytest.approx(expect, abs=1e-13)
        assert found != pytest.approx(passing_probability(labels, allowed, wrong / population))


def test_whole_errors_are_counted_on_the_safe_side() -> None:
    assert (most_errors(0.0012, 1000), least_errors(0.0012, 1000)) == (1, 2)
    for count in (1, 7, 29, 30, 31, 999):
        for population in (1000, 600_000, 999_999_999):
            assert most_errors(count / population, population) == count
            assert least_errors(count / population, population) == count


def seen_exactly(k: int, n: int, population: int, wrong: int, seen: Fraction) -> Fraction:
    """P(at most k seen), by whole numbers."""
    total = Fraction(0)
    for drawn in range(min(n, wrong) + 1):
        if n - drawn > population - wrong:
            continue
        chance = Fraction(
            math.comb(wrong, drawn) * math.comb(population - wrong, n - drawn),
            math.comb(population, n),
        )
        few = sum(
            math.comb(drawn, x) * seen**x * (1 - seen) ** (drawn - x)
            for x in range(min(k, drawn) + 1)
        )
        total += chance * few
    return total


@pytest.mark.parametrize("share", [Fraction(99, 100), Fraction(9, 10), Fraction(7, 10)])
def test_errors_that_people_miss_are_in_the_plan_of_a_window(share: Fraction) -> None:
    for population, most, allowed in [(40, 7, 0), (40, 7, 2), (90, 20, 5), (150, 30, 0)]:
        n = acceptance_labels(
            most / population, allowed, population=population, seen_share=float(share)
        )
        assert seen_exactly(allowed, n, population, most + 1, share) <= Fraction(5, 100)
        assert seen_exactly(allowed, n - 1, population, most + 1, share) > Fraction(5, 100)


def test_a_rarer_standard_would_not_do_for_missed_errors() -> None:
    # A plan for 80 % of the errors, as if a fifth of each window's were always missed, is wrong in 12 of 100.
    naive = acceptance_labels(0.8 * 5 / 200, 2, population=200)
    share = Fraction(8, 10)
    assert seen_exactly(2, naive, 200, 6, share) > Fraction(11, 100)
    planned = acceptance_labels(5 / 200, 2, population=200, seen_share=0.8)
    assert seen_exactly(2, planned, 200, 6, share) <= Fraction(5, 100)


def test_missed_errors_of_a_source_make_it_rarer() -> None:
    assert acceptance_labels(0.01, 2, seen_share=0.8) == acceptance_labels(0.008, 2)
    large = acceptance_labels(0.01, 2, population=10**9, seen_share=0.8)
    assert large == pytest.approx(acceptance_labels(0.008, 2), rel=1e-3)


def test_a_window_whose_one_error_may_be_missed_can_not_be_shown() -> None:
    assert acceptance_labels(0, 0, population=100, seen_share=0.99) > 95
    with pytest.raises(EstimateError, match="even if all are labeled"):
        acceptance_labels(0, 0, population=100, seen_share=0.9)
    for share in (0.0, 1.1):
        with pytest.raises(EstimateError, match="seen_share"):
            acceptance_labels(0.1, 0, seen_share=share)


def test_a_plan_is_the_fewest_that_passes() -> None:
    rate = 0.01
    for true_rate in (0.0, 0.0005, 0.002, 0.005, 0.007):
        plan = acceptance_plan(rate, true_rate)
        every = [
            passing_probability(acceptance_labels(rate, c), c, true_rate)
            for c in range(plan.allowed_errors)
        ]
        assert all(passes < 0.8 for passes in every)


def test_a_plan_for_a_system_near_the_rate_allows_many_errors() -> None:
    plan = acceptance_plan(1e-3, 0.9e-3)
    assert 400 < plan.allowed_errors < 700
    assert 0.8 <= plan.passing_probability < 0.81
    assert plan.labels == acceptance_labels(1e-3, plan.allowed_errors)


def test_a_window_can_always_be_read_in_full() -> None:
    plan = acceptance_plan(0.02, 0.02, population=100)
    assert (plan.allowed_errors, plan.passing_probability) == (2, 1.0)


@pytest.mark.parametrize("level", [3, 6, 7.5])
def test_a_plan_is_there_at_once(level: float) -> None:
    started = time.process_time()
    rate = sigma_to_rate(level)
    acceptance_plan(rate, rate / 5)
    acceptance_plan(rate, rate / 5, population=10**16 if level > 5 else 10**7)
    # A search that goes wrong takes minutes of the processor.
    assert time.process_time() - started < 10


def test_impossible_plans_are_refused() -> None:
    for rate in (0.0, 1.0):
        with pytest.raises(EstimateError, match="error_rate"):
            acceptance_labels(rate, 0)
    with pytest.raises(EstimateError, match="allowed_errors"):
        acceptance_labels(0.1, -1)
    with pytest.raises(EstimateError, match="1e18"):
        acceptance_labels(1e-20, 0)
    with pytest.raises(EstimateError, match="true_rate"):
        passing_probability(10, 0, 1.5)
    with pytest.raises(EstimateError, match="population of 5"):
        passing_probability(10, 0, 0.5, population=5)
    with pytest.raises(EstimateError, match="allowed_errors must be <= 1"):
        acceptance_labels(0.001, 2, population=1000)
    with pytest.raises(EstimateError, match="population must be > 0"):
        acceptance_labels(0.1, 0, population=0)
    with pytest.raises(EstimateError, match="confidence_level"):
        acceptance_labels(0.1, 0, confidence_level=1.0)
    for labels, allowed, probability in [(3, 3, 0.8), (3, 0, 0.0), (3, 0, 1.0)]:
        with pytest.raises(EstimateError, match="probability"):
            passing_rate(labels, allowed, probability=probability)
    with pytest.raises(EstimateError, match="population of 5"):
        passing_rate(10, 0, population=5)


@pytest.mark.parametrize("true_rate", [-0.1, 0.01, 0.5])
def test_no_plan_passes_a_system_that_breaks_the_standard(true_rate: float) -> None:
    with pytest.raises(EstimateError, match="true_rate"):
        acceptance_plan(0.01, true_rate)


def test_a_system_too_near_the_rate_has_no_plan() -> None:
    with pytest.raises(EstimateError, match="too near"):
        acceptance_plan(0.01, 0.00999)
    with pytest.raises(EstimateError, match="power"):
        acceptance_plan(0.01, 0.001, power=1.0)
