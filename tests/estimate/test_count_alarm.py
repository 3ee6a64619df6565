"""The e-process of a count: its closed form, its extremes, and what it does with sampled errors and windows."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special

from assay.errors import EstimateError
from assay.estimate.count_alarm import (
    MixturePrior,
    alarm_count,
    count_log_e_value,
    log_alarm_level,
)
from assay.estimate.count_alarm_sampled import sampled_alarm
from assay.estimate.count_alarm_windows import allowed_so_far, window_alarms

COUNTS = st.integers(0, 1_000_000)
ALLOWED = st.floats(1e-6, 1e6)


@pytest.mark.parametrize("errors", [0, 1, 4, 12])
@pytest.mark.parametrize("allowed", [1e-6, 0.1, 1.0, 9.0])
@pytest.mark.parametrize("prior", [MixturePrior(), MixturePrior(2.5, 0.7), MixturePrior(0.5, 3.0)])
def test_it_is_the_mixture_over_faster_paces(
    errors: int, allowed: float, prior: MixturePrior
) -> None:
    a, b = prior.shape, prior.rate

    def weighted(pace: float) -> float:
        density = math.exp(a * math.log(b) + (a - 1) * math.log(pace) - b * pace) / math.gamma(a)
        return float(pace**errors * math.exp(-(pace - 1) * allowed) * density)

    ends = (1.0, 4.0, 20.0, 100.0, 400.0)
    parts = itertools.pairwise(ends)
    mixed = sum(integrate.quad(weighted, *part, epsabs=0, epsrel=1e-10)[0] for part in parts)
    expected = math.log(mixed / float(special.gammaincc(a, b)))
    assert float(count_log_e_value(errors, allowed, prior=prior)) == pytest.approx(
        expected, abs=1e-7
    )


def finite_sum(errors: int, allowed: float) -> float:
    """h(s, x) for whole s: the logs of (s-1)!/(s-1-k)! x^(-k-1), k from 0, added up."""
    x, s = 0.25 + allowed, errors + 1
    k = np.arange(s)
    logs = special.gammaln(s) - special.gammaln(s - k) - (k + 1) * math.log(x)
    return float(special.logsumexp(logs)) + math.log(0.25)


@pytest.mark.parametrize("errors", [0, 1, 30, 1_000, 20_000])
@pytest.mark.parametrize("allowed", [1e-6, 1.0, 29.0, 5_000.0, 30_000.0, 1e6])
def test_it_is_right_far_from_the_allowance_on_both_sides(errors: int, allowed: float) -> None:
    found = float(count_log_e_value(errors, allowed))
    assert found == pytest.approx(finite_sum(errors, allowed), rel=1e-9, abs=1e-7)


@given(errors=COUNTS, allowed=ALLOWED)
def test_more_errors_are_more_evidence_and_more_allowed_is_less(
    errors: int, allowed: float
) -> None:
    here, worse, later = count_log_e_value(
        [errors, errors + 1, errors], [allowed, allowed, allowed * 1.1 + 1e-3]
    )
    assert np.isfinite([here, worse, later]).all()
    assert worse > here - 1e-6
    assert later < here + 1e-6


def test_without_errors_it_only_falls() -> None:
    allowed = np.array([0.0, 0.5, 30.0, 1e6])
    assert np.exp(count_log_e_value(0, allowed)) == pytest.approx(0.25 / (0.25 + allowed))


def test_the_alarm_count_is_the_least_that_alarms() -> None:
    allowed = np.array([0.0, 1e-6, 1.0, 30.0, 5_000.0])
    least = alarm_count(allowed)
    assert (count_log_e_value(least, allowed) >= math.log(100)).all()
    assert (count_log_e_value(least - 1, allowed) < math.log(100)).all()
    assert least[0] >= 1


@pytest.mark.parametrize(
    ("errors", "allowed"), [(-1, 1.0), (1.5, 1.0), (1, -1.0), (1, math.nan), (math.inf, 1.0)]
)
def test_what_is_no_count_is_refused(errors: float, allowed: float) -> None:
    with pytest.raises(EstimateError, match="errors"):
        count_log_e_value(errors, allowed)


def test_a_prior_and_a_level_out_of_range_are_refused() -> None:
    with pytest.raises(EstimateError, match="positive"):
        MixturePrior(0.0, 1.0)
    with pytest.raises(EstimateError, match="false alarm"):
        alarm_count(1.0, false_alarm=1.0)


@pytest.mark.parametrize(("errors", "allowed"), [(0, 3.0), (3, 1.0), (40, 30.0), (90, 30.0)])
def test_bets_on_errors_that_are_all_seen_are_the_same_mixture(errors: int, allowed: float) -> None:
    found = sampled_alarm().after(np.ones(errors), allowed=allowed).log_e_value
    assert found == pytest.approx(float(count_log_e_value(errors, allowed)), abs=0.02)


@pytest.mark.parametrize("share", [0.5, 0.01])
def test_one_audit_probability_is_the_thinned_count(share: float) -> None:
    state = sampled_alarm(audit_probability=share)
    found = state.after(np.full(5, 1 / share), allowed=2 / share).log_e_value
    assert found == pytest.approx(float(count_log_e_value(5, 2.0)), abs=0.02)


def test_bets_don_t_depend_on_how_time_is_cut() -> None:
    whole = sampled_alarm().after([1.0, 5.0, 20.0], allowed=3.0)
    cut = sampled_alarm().after([5.0], allowed=1.0).after(allowed=0.5)
    cut = cut.after([20.0, 1.0], allowed=1.5)
    assert cut.log_e_value == pytest.approx(whole.log_e_value)
    assert cut.allowed == whole.allowed == 3.0


@pytest.mark.parametrize("weights", [[-1.0], [math.inf], [math.nan]])
def test_a_weight_that_is_none_is_refused(weights: list[float]) -> None:
    with pytest.raises(EstimateError, match="weights"):
        sampled_alarm().after(weights)


def test_an_allowance_or_probability_out_of_range_is_refused() -> None:
    with pytest.raises(EstimateError, match="allowed"):
        sampled_alarm().after(allowed=-1.0)
    with pytest.raises(EstimateError, match="audit_probability"):
        sampled_alarm(audit_probability=0.0)


def test_each_window_starts_anew() -> None:
    quiet = np.linspace(1, 29, 10)
    burst = np.linspace(31.0, 31.5, 12)
    first, second, third = window_alarms(
        np.concatenate([burst, quiet]), budget=30, window_days=30, until_day=65
    )
    assert (first.errors, first.alarm_at, first.allowed) == (10, None, 30.0)
    assert second.alarm_at is not None
    assert 31.0 <= second.alarm_at <= 31.5
    assert (third.errors, third.end, third.allowed) == (0, 65.0, 5.0)
    # One long window would have let the quiet month pay for part of the burst.
    (long,) = window_alarms(np.concatenate([burst, quiet]), budget=65, window_days=65, until_day=65)
    assert long.log_e_value < second.log_e_value


def test_a_late_label_reopens_a_past_window() -> None:
    known = np.linspace(0.1, 0.3, 3)
    late = np.linspace(0.11, 0.31, 6)
    before, _ = window_alarms(known, budget=30, window_days=30, until_day=40)
    after, _ = window_alarms(np.append(known, late), budget=30, window_days=30, until_day=40)
    assert before.alarm_at is None
    assert after.alarm_at is not None


def test_windows_out_of_range_are_refused() -> None:
    with pytest.raises(EstimateError, match="budget"):
        window_alarms([1.0], budget=0, window_days=30, until_day=40)
    with pytest.raises(EstimateError, match="lie in"):
        window_alarms([41.0], budget=30, window_days=30, until_day=40)


@given(
    days=st.lists(st.floats(0, 40), min_size=1, max_size=20),
    window=st.floats(0.5, 40),
    cycle=st.sampled_from([0.0, 1.0, 7.0]),
)
def test_a_cycle_is_allowed_ahead_and_no_more_than_the_window(
    days: list[float], window: float, cycle: float
) -> None:
    even = allowed_so_far(days, budget=30, window_days=window)
    ahead = allowed_so_far(days, budget=30, window_days=window, cycle_days=cycle)
    assert (ahead >= even * (1 - 1e-12)).all()
    assert (ahead <= np.maximum(even, 30) * (1 + 1e-12)).all()
    assert (ahead - even <= 30 * cycle / window * (1 + 1e-9) + 1e-9).all()
    order = np.argsort(days)
    assert (np.diff(ahead[order]) >= 0).all()


def test_a_morning_is_no_excess_where_the_day_is_allowed_ahead() -> None:
    """130 errors of 900 a week by five o'clock: on the budget, and an excess for an even pace."""
    morning = np.linspace(0.0, 8 / 24, 128)
    (even,) = window_alarms(morning, budget=900, window_days=7, until_day=1)
    (daily,) = window_alarms(morning, budget=900, window_days=7, until_day=1, cycle_days=1)
    assert even.alarm_at is not None
    assert daily.alarm_at is None
    # Four times as many are found all the same.
    (burst,) = window_alarms(
        np.linspace(0.0, 8 / 24, 512), budget=900, window_days=7, until_day=1, cycle_days=1
    )
    assert burst.alarm_at is not None
    assert burst.alarm_at < 4 / 24
    for wrong in (-1.0, math.inf):
        with pytest.raises(EstimateError, match="cycle_days"):
            allowed_so_far([1.0], budget=9, window_days=7, cycle_days=wrong)
    with pytest.raises(EstimateError, match="window's start"):
        allowed_so_far([-1.0], budget=9, window_days=7)


def test_rounding_makes_no_window_of_no_length() -> None:
    """3 * 0.1 / 0.1 is a little above 3."""
    found = window_alarms([3 * 0.1], budget=1, window_days=0.1, until_day=3 * 0.1)
    assert [one.errors for one in found] == [0, 0, 1]
    assert found[-1].end == 3 * 0.1


def test_a_report_of_what_was_not_drawn_counts_an_error_almost_twice() -> None:
    """Drawn with chance pi and else reported: weight 1 for a report makes 2 - pi of each error; weight 0 makes 1."""
    chance, errors = 0.1, 100
    rng = np.random.default_rng(6)
    drawn = rng.random((2_000, errors)) < chance
    for report, mean, least, most in ((0.0, 1.0, 0.0, 0.01), (1.0, 2 - chance, 0.5, 1.0)):
        weights = np.where(drawn, 1 / chance, report)
        assert weights.mean() == pytest.approx(mean, rel=0.02)
        start = sampled_alarm(audit_probability=chance)
        level = log_alarm_level(0.01)
        rang = [
            start.after(row, allowed=float(errors)).log_e_value >= level for row in weights[:400]
        ]
        assert least <= np.mean(rang) <= most
