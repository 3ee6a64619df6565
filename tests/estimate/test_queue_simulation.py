"""The simulated queue: against formulas where there are any, and by hand where there are none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import EstimateError
from assay.estimate.queue_simulation import (
    QueueRun,
    ReviewItems,
    Shift,
    always_open,
    simulate_queue,
)
from assay.estimate.queue_simulation_report import missed_escapes, report_queue
from assay.estimate.queue_simulation_traffic import poisson_arrivals, review_times
from assay.estimate.queueing import ServiceTime, check_and_fix, late_share, mean_wait
from assay.quantity import Estimate, Unknown

CHECK, FIX = ServiceTime(0.05, 0.5), ServiceTime(0.2, 0.5)
BOTH = check_and_fix(CHECK, FIX, fix_share=0.18)
OFFICE = Shift((0, 1, 2, 3, 4), 9.0, 17.0, 2)


def run_of(utilization: float, n: int, seed: int, reviewers: int = 5) -> QueueRun:
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(BOTH.mean_hours / (reviewers * utilization), n)
    times = review_times(n, CHECK, FIX, fix_share=0.18, rng=rng)
    return simulate_queue(ReviewItems(np.cumsum(gaps), times), always_open(reviewers))


def items(
    arrivals: list[float],
    times: list[float],
    priority: list[int] | None = None,
    patience: list[float] | None = None,
) -> ReviewItems:
    return ReviewItems(
        np.array(arrivals, np.float64),
        np.array(times, np.float64),
        None if priority is None else np.array(priority, np.int64),
        None if patience is None else np.array(patience, np.float64),
    )


@pytest.mark.parametrize(("utilization", "within"), [(0.7, 0.08), (0.85, 0.1), (0.9, 0.15)])
def test_the_mean_wait_is_that_of_the_formula(utilization: float, within: float) -> None:
    """Two runs of 60,000 items: chance moves their mean by about that much."""
    waits = [float(run_of(utilization, 60_000, seed).wait_hours.mean()) for seed in (1, 2)]
    formula = mean_wait(utilization * 5 / BOTH.mean_hours, 5, BOTH)
    assert np.mean(waits) == pytest.approx(formula, rel=within)


@pytest.mark.nightly
@pytest.mark.parametrize("utilization", [0.7, 0.85, 0.9, 0.95])
def test_the_formula_is_within_five_percent(utilization: float) -> None:
    waits = [float(run_of(utilization, 400_000, seed).wait_hours.mean()) for seed in range(8)]
    formula = mean_wait(utilization * 5 / BOTH.mean_hours, 5, BOTH)
    error = float(np.std(waits, ddof=1)) / math.sqrt(8)
    assert np.mean(waits) == pytest.approx(formula, abs=0.05 * formula + 2 * error)


def test_exponential_work_waits_as_erlang_says() -> None:
    rng = np.random.default_rng(3)
    n, service = 60_000, ServiceTime(0.1, 1.0)
    arrivals = np.cumsum(rng.exponential(0.1 / (3 * 0.8), n))
    run = simulate_queue(ReviewItems(arrivals, rng.exponential(0.1, n)), always_open(3))
    assert float((run.wait_hours > 0).mean()) == pytest.approx(
        late_share(0.0, 24.0, 3, service), abs=0.02
    )
    assert float((run.wait_hours > 0.2).mean()) == pytest.approx(
        late_share(0.2, 24.0, 3, service), abs=0.02
    )


def test_more_than_people_can_read_only_grows() -> None:
    waits = run_of(1.05, 60_000, 1).wait_hours
    assert waits[-1] > 1.5 * waits[30_000] > 3 * waits[10_000] > 0


def test_people_go_home_and_finish_what_they_began() -> None:
    """Friday 16:30: two are begun, one waits over the week-end."""
    friday = 4 * 24 + 16.5
    run = simulate_queue(items([friday] * 3, [1.0, 0.25, 2.0]), [OFFICE])
    assert run.start_hours.tolist() == [friday, friday, friday + 0.25]
    late = simulate_queue(items([friday] * 3, [1.0, 1.0, 2.0]), [OFFICE])
    assert late.start_hours.tolist() == [friday, friday, 7 * 24 + 9.0]
    assert late.overtime_hours == pytest.approx(1.0)


def test_shifts_that_overlap_add_up() -> None:
    shifts = [Shift((0,), 9, 17, 1), Shift((0,), 12, 13, 2)]
    run = simulate_queue(items([9.0] * 4, [10.0] * 4), shifts)
    assert run.start_hours.tolist() == [9.0, 12.0, 12.0, 7 * 24 + 9.0]
    assert run.staffed_hours == 0  # All had arrived when the week's first reviewer came.


def test_the_first_in_rank_goes_first_and_interrupts_nobody() -> None:
    run = simulate_queue(
        items([0.0, 0.1, 0.2, 0.3], [1.0] * 4, priority=[2, 2, 1, 2]), always_open(1)
    )
    assert run.start_hours.tolist() == [0.0, 2.0, 1.0, 3.0]


def test_an_item_that_waits_too_long_is_missed() -> None:
    run = simulate_queue(
        items([0.0, 0.1, 0.2], [1.0] * 3, patience=[math.inf, 0.5, 0.8]), always_open(1)
    )
    assert run.missed.tolist() == [False, True, False]  # The third begins at its last moment.
    assert run.wait_hours.tolist() == pytest.approx([0.0, 0.5, 0.8])
    assert missed_escapes(run, [0.9, 0.3, 0.9]) == pytest.approx(0.3)


def test_deadlines_turn_an_overload_into_escapes() -> None:
    rng = np.random.default_rng(1)
    n = 20_000
    arrivals = np.cumsum(rng.exponential(BOTH.mean_hours / (5 * 1.2), n))
    times = review_times(n, CHECK, FIX, fix_share=0.18, rng=rng)
    run = simulate_queue(
        ReviewItems(arrivals, times, patience_hours=np.full(n, 1.0)), always_open(5)
    )
    # A sixth of 1.2 is what five people can't do.
    assert float(run.missed.mean()) == pytest.approx(1 - 1 / 1.2, abs=0.02)
    report = report_queue(run, target_hours=1.0, warm_up_hours=24.0)
    assert isinstance(report.missed, Estimate)
    assert report.missed.low < 1 - 1 / 1.2 < report.missed.high + 0.02
    assert report.utilization == pytest.approx(1, abs=0.02)


@given(
    gaps=st.lists(st.floats(0, 5), min_size=1, max_size=30),
    times=st.lists(st.floats(0, 5), min_size=30, max_size=30),
    ranks=st.lists(st.integers(0, 2), min_size=30, max_size=30),
    reviewers=st.integers(1, 3),
)
def test_no_reviewer_does_two_things_and_none_idles(
    gaps: list[float], times: list[float], ranks: list[int], reviewers: int
) -> None:
    n = len(gaps)
    shifts = [Shift((0, 2, 3), 8.0, 12.0, reviewers), Shift((2,), 10.0, 24.0, 1)]
    arrivals = np.cumsum(gaps)
    run = simulate_queue(ReviewItems(arrivals, np.array(times[:n]), np.array(ranks[:n])), shifts)
    starts = run.start_hours
    assert (starts >= arrivals).all()

    def on_duty(hour: float) -> int:
        day, time = divmod(hour % 168, 24)
        return sum(s.reviewers for s in shifts if day in s.weekdays and s.opens <= time < s.closes)

    ends = starts + np.array(times[:n])

    def in_hand(hour: float) -> int:
        return int(((starts <= hour) & (ends > hour)).sum())

    assert all(in_hand(start) <= on_duty(start) for start in starts)
    edges = [24.0 * day + hour for day in range(28) for hour in (0.0, 8.0, 10.0, 12.0)]
    moments = np.concatenate([arrivals, starts, ends, edges])
    for arrival, start in zip(arrivals, starts, strict=True):
        for moment in moments[(moments >= arrival) & (moments < start)]:
            assert in_hand(moment) >= on_duty(moment)
    order = np.lexsort((np.arange(n), np.array(ranks[:n])))
    for place, first in enumerate(order):
        for second in order[place + 1 :]:
            if arrivals[first] <= arrivals[second]:
                assert starts[first] <= starts[second]


def test_hours_on_duty_are_those_of_the_shifts() -> None:
    day = 24.0
    run = simulate_queue(items([0.0, 3 * 7 * day], [0.1, 0.1]), [OFFICE])
    assert run.staffed_hours == pytest.approx(3 * 5 * 8 * 2)
    half = simulate_queue(items([0.0, 7 * day + 13.0], [0.1, 0.1]), [OFFICE])
    assert half.staffed_hours == pytest.approx((5 * 8 + 4) * 2)


def test_the_report_counts_after_the_warm_up_and_says_when_it_can_t() -> None:
    run = run_of(0.85, 20_000, 4)
    report = report_queue(run, target_hours=0.25, warm_up_hours=50.0)
    kept = run.items.arrival_hours >= 50
    for found, expected in (
        (report.mean_wait, run.wait_hours[kept].mean()),
        (report.p95_wait, np.quantile(run.wait_hours[kept], 0.95)),
        (report.late, (run.wait_hours[kept] > 0.25).mean()),
    ):
        assert isinstance(found, Estimate)
        assert found.value == pytest.approx(float(expected))
        assert found.low < found.value < found.high
    short = report_queue(run_of(0.5, 200, 1), target_hours=1.0)
    assert isinstance(short.mean_wait, Unknown)
    with pytest.raises(EstimateError, match="target"):
        report_queue(run, target_hours=-1.0)


def test_none_late_in_a_run_is_not_a_chance_of_none() -> None:
    """Two reviewers are busy 30 % of the time, and one of ten million items waits an hour: no short run shows that."""
    service = ServiceTime(0.1, 1.0)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        arrivals = poisson_arrivals(6.0, hours=800, rng=rng)
        times = review_times(arrivals.size, service, FIX, fix_share=0.0, rng=rng)
        run = simulate_queue(ReviewItems(arrivals, times), always_open(2))
        late = report_queue(run, target_hours=1.0, warm_up_hours=80).late
        assert isinstance(late, Estimate)
        assert late.value == late.low == 0
        # Rule of three at best, of as many independent items as there are.
        assert 3 / arrivals.size < late.high < 0.01
        assert late_share(1.0, 6.0, 2, service) < late.high


def test_all_late_in_a_run_is_not_a_chance_of_one() -> None:
    late = report_queue(run_of(0.9, 5_000, 2), target_hours=0.0).late
    everything = report_queue(run_of(1.5, 5_000, 2), target_hours=0.0, warm_up_hours=10.0).late
    assert isinstance(late, Estimate)
    assert isinstance(everything, Estimate)
    assert late.low < late.value < late.high
    assert everything.value == everything.high == 1
    assert 0 < everything.low < 1


def test_without_a_deadline_nothing_is_missed_for_sure() -> None:
    run = run_of(0.5, 2_000, 1)
    missed = report_queue(run, target_hours=1.0).missed
    assert isinstance(missed, Estimate)
    assert (missed.high, missed.guarantee) == (0.0, "exact")
    patient = ReviewItems(
        run.items.arrival_hours, run.items.review_hours, None, np.full(2_000, 100.0)
    )
    hardly = report_queue(simulate_queue(patient, always_open(5)), target_hours=1.0).missed
    assert isinstance(hardly, Estimate)
    assert hardly.value == 0
    assert 1e-3 < hardly.high < 0.05


def test_arrivals_follow_the_hours_of_the_week() -> None:
    rates = np.zeros(168)
    rates[9:17] = 50.0
    times = poisson_arrivals(rates, hours=336, rng=np.random.default_rng(1))
    assert set(np.floor(times % 168).astype(int).tolist()) == set(range(9, 17))
    assert times.size == pytest.approx(800, abs=4 * math.sqrt(800))
    assert (np.diff(times) >= 0).all()
    part = poisson_arrivals(100.0, hours=0.5, rng=np.random.default_rng(1))
    assert part.max() < 0.5


def test_review_times_have_the_moments_of_the_formula() -> None:
    times = review_times(200_000, CHECK, FIX, fix_share=0.18, rng=np.random.default_rng(1))
    assert times.mean() == pytest.approx(BOTH.mean_hours, rel=0.02)
    assert times.std() / times.mean() == pytest.approx(BOTH.variation, rel=0.02)
    same = review_times(3, ServiceTime(1, 0.0), FIX, fix_share=0.0, rng=np.random.default_rng(1))
    assert same.tolist() == [1, 1, 1]


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(EstimateError, match="nobody"):
        simulate_queue(items([0.0], [1.0]), [Shift((0,), 9, 17, 0)])
    with pytest.raises(EstimateError, match="weekdays"):
        Shift((7,), 9, 17, 1)
    with pytest.raises(EstimateError, match="opens before"):
        Shift((0,), 17, 9, 1)
    with pytest.raises(EstimateError, match="rise"):
        items([1.0, 0.0], [1.0, 1.0])
    with pytest.raises(EstimateError, match="number"):
        items([1.0], [1.0, 1.0])
    with pytest.raises(EstimateError, match="patience"):
        items([1.0], [1.0], patience=[math.nan])
    with pytest.raises(EstimateError, match="review times"):
        items([1.0], [math.inf])
    with pytest.raises(EstimateError, match="168"):
        poisson_arrivals([1.0, 2.0], hours=1, rng=np.random.default_rng(1))
    with pytest.raises(EstimateError, match="fixes"):
        review_times(2, CHECK, FIX, fix_share=1.5, rng=np.random.default_rng(1))
    run = simulate_queue(items([0.0], [1.0]), always_open(1))
    with pytest.raises(EstimateError, match="probabilities"):
        missed_escapes(run, [0.1, 0.2])
