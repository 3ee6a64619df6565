from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from assay.capability.binding import CONSTRAINTS, Capacity, Station, what_binds
from assay.capability.binding_evidence import Counted, Line, MeasuredTime, measured_time
from assay.errors import EstimateError
from assay.estimate.queue_simulation import ReviewItems, always_open, simulate_queue
from assay.estimate.queue_simulation_report import report_queue
from assay.estimate.queue_simulation_traffic import poisson_arrivals, review_times
from assay.estimate.queueing import ServiceTime
from assay.quantity import Estimate, Quantity, Unknown

# A machine answers 10 an hour, a person checks 20 an hour and mends 2 an hour; 1 of 10 is wrong, and all are found.
LINE = Line(
    arrivals=Counted(3000, 100.0),
    machines=5,
    machine_time=MeasuredTime(0.1, 1.0, 1000),
    reviewers=4,
    review_share=1.0,
    check_time=MeasuredTime(0.05, 0.5, 1000),
    mend_time=MeasuredTime(0.5, 1.0, 400),
    right=(900, 1000),
    caught=(100, 100),
)


def answer(line: Line, **more: float) -> Capacity:
    return what_binds(line, rng=np.random.default_rng(3), draws=2000)


def number(quantity: Quantity) -> float:
    assert isinstance(quantity, Estimate)
    return quantity.value


def gain(capacity: Capacity, words: str) -> float:
    return number(next(m for m in capacity.one_more if m.change == words).correct_per_hour)


def test_too_little_work_is_a_shortage_of_demand() -> None:
    found = answer(LINE)
    assert found.binds == "too little work"
    assert found.side == "demand"
    assert number(found.delivered_per_hour) == 30
    # All that is wrong is caught and mended, but for the little that the 100 of 100 leave open.
    assert number(found.correct_per_hour) == pytest.approx(30)
    assert number(found.machines.utilization) == pytest.approx(0.6)
    assert gain(found, "a tenth more work") == pytest.approx(3.0)
    assert gain(found, "one more machine") == 0
    assert found.one_more[0].change == "a tenth more work"


def test_too_few_machines() -> None:
    found = answer(replace(LINE, machines=2))
    assert found.binds == "too few machines"
    assert found.side == "supply"
    assert number(found.delivered_per_hour) == pytest.approx(20)
    assert number(found.machines.utilization) == pytest.approx(1.5)
    assert gain(found, "one more machine") == pytest.approx(10)
    assert gain(found, "one more reviewer") == 0
    assert isinstance(found.machines.mean_wait_hours, Unknown)
    # What the machines can't do never comes to the people.
    assert isinstance(found.reviewers, Station)
    assert number(found.reviewers.utilization) == pytest.approx(20 * 0.1 / 4)


def test_machines_that_would_be_enough_if_they_ran_are_a_repair_that_is_too_long() -> None:
    failing = replace(
        LINE, failures=Counted(500, 10_000.0), repair_time=MeasuredTime(20.0, 0.5, 400)
    )
    found = answer(failing)
    # 5 machines for 50 an hour, half the time down: 25 of the 30 that come.
    assert found.binds == "too long a repair of machines"
    assert number(found.delivered_per_hour) == pytest.approx(25)
    assert gain(found, "repairs of machines in half the time") == pytest.approx(5.0)


def test_too_few_reviewers() -> None:
    found = answer(replace(LINE, reviewers=1, mend_time=None, arrivals=Counted(9000, 200.0)))
    assert found.binds == "too few reviewers"
    assert number(found.delivered_per_hour) == pytest.approx(20)
    # Nobody mends: what is wrong stays wrong.
    assert number(found.correct_per_hour) == pytest.approx(18)
    assert gain(found, "one more reviewer") == pytest.approx(18)


def test_reviewers_who_would_be_enough_if_nothing_were_wrong_mend_too_long() -> None:
    found = answer(replace(LINE, reviewers=2))
    assert found.binds == "too long a mending of answers"
    assert number(found.delivered_per_hour) == pytest.approx(20)
    assert gain(found, "mending in half the time") == pytest.approx(2 / 0.075 - 20)


def test_where_the_evidence_is_thin_it_can_not_be_told() -> None:
    found = answer(
        replace(LINE, machine_time=MeasuredTime(1 / 6.1, 1.0, 12), arrivals=Counted(30, 1.0))
    )
    assert found.binds is None
    assert found.side == "cannot tell"
    assert sum(found.probability.values()) == pytest.approx(1.0)
    assert set(found.probability) == set(CONSTRAINTS)


def test_without_labels_nothing_is_correct_but_the_bottleneck_is_known() -> None:
    found = answer(replace(LINE, right=None, caught=None, mend_time=None, machines=2))
    assert found.binds == "too few machines"
    assert isinstance(found.correct_per_hour, Unknown)
    assert all(isinstance(more.correct_per_hour, Unknown) for more in found.one_more)
    assert found.one_more[0].change == "one more machine"
    assert number(found.one_more[0].delivered_per_hour) == pytest.approx(10)


def test_a_queue_takes_its_time_or_grows() -> None:
    assert number(answer(replace(LINE, waiting=100)).queue_hours) == pytest.approx(10)
    assert isinstance(answer(replace(LINE, waiting=100, machines=2)).queue_hours, Unknown)


def test_nobody_checks() -> None:
    found = answer(replace(LINE, review_share=0.0, reviewers=0, check_time=None, mend_time=None))
    assert isinstance(found.reviewers, Unknown)
    assert number(found.correct_per_hour) == pytest.approx(27)
    assert [more.change for more in found.one_more] == ["a tenth more work", "one more machine"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"machines": 0}, "machines >= 1"),
        ({"reviewers": 0}, "needs reviewers"),
        ({"review_share": 1.2}, "review_share must be in"),
        ({"right": None}, "a mend_time needs right"),
        ({"right": (5, 4)}, "right must be"),
        ({"failures": Counted(1, 10.0)}, "go together"),
    ],
)
def test_a_line_that_can_not_be_is_refused(changed: dict[str, object], told: str) -> None:
    with pytest.raises(EstimateError, match=told):
        replace(LINE, **changed)  # type: ignore[arg-type]


def test_times_are_measured() -> None:
    time = measured_time([0.1] * 5 + [0.3] * 5)
    assert time.mean_hours == pytest.approx(0.2)
    assert time.variation == pytest.approx(0.527, abs=1e-3)
    for bad in ([0.1] * 9, [0.0] * 10, [0.1] * 9 + [math.nan], [0.1] * 9 + [-0.1]):
        with pytest.raises(EstimateError):
            measured_time(bad)
    with pytest.raises(EstimateError, match="exposure > 0"):
        Counted(3, 0.0)


def test_both_queues_are_those_of_the_simulation() -> None:
    rng = np.random.default_rng(11)
    hours = 4000.0
    arrivals = poisson_arrivals(40.0, hours=hours, rng=rng)
    machine = rng.exponential(0.1, len(arrivals))
    run = simulate_queue(ReviewItems(arrivals, machine), always_open(5))
    seen = report_queue(run, target_hours=1.0, warm_up_hours=100.0)
    # Even mending: where times vary by 2.2 of their mean, the formula's wait lies 5 to 10 % above the simulation's.
    line = replace(
        LINE,
        arrivals=Counted(len(arrivals), hours),
        reviewers=5,
        mend_time=MeasuredTime(0.5, 0.5, 400),
    )
    found = answer(line)
    assert number(found.machines.utilization) == pytest.approx(seen.utilization, rel=0.02)
    assert number(found.machines.mean_wait_hours) == pytest.approx(number(seen.mean_wait), rel=0.1)
    assert found.binds == "too little work"

    done = np.sort(run.start_hours + machine)
    times = review_times(
        len(done), ServiceTime(0.05, 0.5), ServiceTime(0.5, 0.5), fix_share=0.1, rng=rng
    )
    checked = report_queue(
        simulate_queue(ReviewItems(done, times), always_open(5)),
        target_hours=1.0,
        warm_up_hours=100.0,
    )
    assert isinstance(found.reviewers, Station)
    assert number(found.reviewers.utilization) == pytest.approx(checked.utilization, rel=0.03)
    wait = number(found.reviewers.mean_wait_hours)
    assert wait == pytest.approx(number(checked.mean_wait), rel=0.15)


def coverage(variation: float, n: int, repeats: int, seed: int) -> float:
    """Return how often the interval of the machines' utilization holds the truth, .75."""
    rng = np.random.default_rng(seed)
    held = 0
    sigma = math.sqrt(math.log1p(variation**2))
    for _ in range(repeats):
        if variation == 1.0:
            times = rng.exponential(0.1, n)
        else:
            times = 0.1 * rng.lognormal(-(sigma**2) / 2, sigma, n)
        line = Line(Counted(int(rng.poisson(30 * 10)), 10.0), 4, measured_time(times))
        busy = what_binds(line, rng=rng, draws=400).machines.utilization
        assert isinstance(busy, Estimate)
        held += busy.low <= 0.75 <= busy.high
    return held / repeats


def test_intervals_of_the_utilization_cover() -> None:
    # 200 repeats: two standard errors below .95 is .919.
    assert coverage(1.0, 30, 200, 5) >= 0.919


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("variation", "n", "least"),
    [
        (0.3, 20, 0.94),
        (1.0, 10, 0.94),
        (1.0, 30, 0.94),
        (1.0, 200, 0.94),
        (1.5, 30, 0.94),
        (1.5, 200, 0.94),
        (3.0, 200, 0.93),
    ],
)
def test_intervals_of_the_utilization_cover_at_length(
    variation: float, n: int, least: float
) -> None:
    # 3,000 repeats: one standard error is .004.
    assert coverage(variation, n, 3000, 6) >= least


def delivered_coverage(arrivals: float, repeats: int, seed: int) -> tuple[float, float]:
    """Return how often the intervals of tasks delivered and of correct results hold the truth; 40 an hour can be."""
    rng = np.random.default_rng(seed)
    delivered = min(arrivals, 40.0)
    truths = (delivered, delivered * (0.9 + 0.1 * 0.5 * 0.8))
    held = [0, 0]
    for _ in range(repeats):
        line = Line(
            Counted(int(rng.poisson(arrivals * 10)), 10.0),
            4,
            measured_time(rng.exponential(0.1, 40)),
            reviewers=2,
            review_share=0.5,
            # Half of 40 for two people: .02 h of checking and .08 h of mending each, 40 an hour in all.
            check_time=measured_time(rng.exponential(0.02, 40)),
            mend_time=measured_time(rng.exponential(1.0, 40)),
            right=(int(rng.binomial(200, 0.9)), 200),
            caught=(int(rng.binomial(50, 0.8)), 50),
        )
        found = what_binds(line, rng=rng, draws=400)
        for i, quantity in enumerate((found.delivered_per_hour, found.correct_per_hour)):
            assert isinstance(quantity, Estimate)
            held[i] += quantity.low <= truths[i] <= quantity.high
    return held[0] / repeats, held[1] / repeats


@pytest.mark.nightly
@pytest.mark.parametrize("arrivals", [30.0, 40.0, 60.0])
def test_intervals_of_what_is_delivered_cover_where_all_is_near(arrivals: float) -> None:
    assert min(delivered_coverage(arrivals, 2000, 8)) >= 0.94
