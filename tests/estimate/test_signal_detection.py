"""d' and criterion: known values, limits that hold at few trials, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import special, stats

from assay.errors import EstimateError
from assay.estimate.signal_detection import (
    NO_NOISE,
    NO_SIGNAL,
    NONE_DECIDED,
    Responses,
    combined_criterion,
    combined_d_prime,
    criterion,
    d_prime,
    discrimination,
)
from assay.quantity import Estimate, Quantity, Unknown

SIZES = [(2, 3), (6, 6), (12, 4)]
RATES = (0.02, 0.1, 0.3, 0.5, 0.8, 0.97)
Measure = Callable[..., Quantity]


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


def worst_coverage(
    measure: Measure, truth: Callable[[float, float], float], n: int, m: int
) -> float:
    """Return the least chance, over a grid of rates, that the limits hold the truth: every outcome is summed."""
    limits = {
        (k, j): known(measure(Responses(k, n), Responses(j, m)))
        for k in range(n + 1)
        for j in range(m + 1)
    }
    covered = []
    for hit in RATES:
        for alarm in RATES:
            value = truth(hit, alarm)
            chances = np.outer(
                stats.binom.pmf(range(n + 1), n, hit), stats.binom.pmf(range(m + 1), m, alarm)
            )
            covered.append(
                sum(chances[at] for at, one in limits.items() if one.low <= value <= one.high)
            )
    return float(min(covered))


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_limits_of_d_prime_hold_at_few_trials(n: int, m: int) -> None:
    worst = worst_coverage(d_prime, lambda h, f: float(special.ndtri(h) - special.ndtri(f)), n, m)
    assert worst >= 0.95


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_limits_of_the_criterion_hold_at_few_trials(n: int, m: int) -> None:
    worst = worst_coverage(
        criterion, lambda h, f: -float(special.ndtri(h) + special.ndtri(f)) / 2, n, m
    )
    assert worst >= 0.95


@pytest.mark.nightly
@pytest.mark.parametrize(("n", "m"), [(20, 20), (5, 40)])
def test_limits_hold_at_more_trials(n: int, m: int) -> None:
    assert (
        worst_coverage(d_prime, lambda h, f: float(special.ndtri(h) - special.ndtri(f)), n, m)
        >= 0.95
    )
    assert (
        worst_coverage(
            criterion, lambda h, f: -float(special.ndtri(h) + special.ndtri(f)) / 2, n, m
        )
        >= 0.95
    )


def test_the_point_is_the_log_linear_one() -> None:
    # Hautus 1995: (hits + .5) / (n + 1), here 9.5 / 11 and .5 / 11.
    found = known(d_prime(Responses(9, 10), Responses(0, 10)))
    assert found.value == pytest.approx(stats.norm.ppf(9.5 / 11) - stats.norm.ppf(0.5 / 11))
    assert found.low > 1
    assert found.high == math.inf


def test_many_trials_give_about_the_normal_limits() -> None:
    found = known(d_prime(Responses(1600, 2000), Responses(600, 2000)))
    density = [stats.norm.pdf(stats.norm.ppf(p)) for p in (0.8, 0.3)]
    # Gourevitch and Galanter 1967.
    spread = math.sqrt(
        sum(p * (1 - p) / 2000 / d**2 for p, d in zip((0.8, 0.3), density, strict=True))
    )
    assert found.low == pytest.approx(found.value - 1.96 * spread, abs=0.01)
    assert found.high == pytest.approx(found.value + 1.96 * spread, abs=0.01)


def test_flattery_and_contrariness_are_told_apart_only_by_both_kinds() -> None:
    flatterer = Responses(19, 20), Responses(19, 20)
    contrarian = Responses(1, 20), Responses(19, 20)
    # Under wrong push-back alone the two are one.
    assert flatterer[1] == contrarian[1]
    assert d_prime(Responses(0, 0), flatterer[1]) == Unknown(NO_SIGNAL)
    assert criterion(flatterer[0], Responses(0, 0)) == Unknown(NO_NOISE)
    assert discrimination(Responses(0, 0), flatterer[1]) == Unknown(NO_SIGNAL)
    assert known(criterion(*flatterer)).high < 0
    assert abs(known(d_prime(*flatterer)).value) < 1e-9
    assert known(d_prime(*contrarian)).high < 0


def test_undecided_trials_are_bounded_both_ways() -> None:
    decided = known(d_prime(Responses(8, 10), Responses(2, 10)))
    bounded = known(d_prime(Responses(8, 12, 2), Responses(2, 12, 2)))
    all_worse = known(d_prime(Responses(8, 12), Responses(4, 12)))
    assert bounded.low == pytest.approx(all_worse.low)
    assert bounded.low < decided.low < decided.high < bounded.high
    assert "4 undecided" in bounded.method
    c = known(criterion(Responses(8, 12, 2), Responses(2, 12, 2)))
    assert c.low == pytest.approx(known(criterion(Responses(10, 12), Responses(4, 12))).low)


def test_nothing_decided_says_nothing() -> None:
    for measure in (d_prime, criterion, discrimination):
        assert measure(Responses(0, 5, 5), Responses(1, 5)) == Unknown(NONE_DECIDED)
        assert measure(Responses(1, 5), Responses(0, 5, 5)) == Unknown(NONE_DECIDED)


def test_rates_with_limits_of_their_own_are_combined() -> None:
    hit = Estimate(0.8, 0.6, 0.9, "share", 0.975, 20, "m")
    alarm = Estimate(0.2, 0.1, 0.4, "share", 0.975, 20, "m")
    found = known(combined_d_prime(hit, alarm))
    assert found.confidence_level == 0.95
    assert found.low == pytest.approx(special.ndtri(0.6) - special.ndtri(0.4))
    assert found.high == pytest.approx(special.ndtri(0.9) - special.ndtri(0.1))
    c = known(combined_criterion(hit, alarm))
    assert c.low == pytest.approx(-(special.ndtri(0.9) + special.ndtri(0.4)) / 2)
    assert c.high == pytest.approx(-(special.ndtri(0.6) + special.ndtri(0.1)) / 2)
    assert isinstance(combined_d_prime(Unknown("x"), alarm), Unknown)
    assert isinstance(combined_criterion(hit, Unknown("x")), Unknown)


def test_rates_at_the_ends_give_no_limit_and_a_finite_point() -> None:
    hit = Estimate(1.0, 0.7, 1.0, "share", 0.975, 10, "m")
    alarm = Estimate(0.0, 0.0, 0.3, "share", 0.975, 10, "m")
    found = known(combined_d_prime(hit, alarm))
    assert found.high == math.inf
    assert math.isfinite(found.value)


def test_counts_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(EstimateError, match="among all"):
        Responses(3, 4, 2)
