"""An alarm at 1 / alpha is false in at most a share alpha of the windows, looked at after every error; sampled too."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from assay.estimate.count_alarm import count_log_e_value
from assay.estimate.count_alarm_sampled import sampled_alarm
from assay.estimate.count_alarm_windows import window_alarms

FloatArray = npt.NDArray[np.float64]
LEVEL = 0.1
BUDGET = 60.0
Probabilities = Callable[[int, np.random.Generator], FloatArray]


def most(runs: int) -> float:
    return LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / runs)


def ever_alarms(times: FloatArray, budget: float) -> bool:
    logs = count_log_e_value(np.arange(1, times.size + 1), budget * times)
    return bool((logs >= math.log(1 / LEVEL)).any())


@pytest.mark.parametrize("budget", [0.1, 3.0, 30.0, 1_000.0])
def test_a_budget_just_kept(budget: float) -> None:
    rng, runs = np.random.default_rng(1), 1_500
    windows = (np.sort(rng.random(n)) for n in rng.poisson(budget, runs))
    assert sum(ever_alarms(times, budget) for times in windows) / runs <= most(runs)


def test_errors_whose_pace_hangs_on_the_past_but_is_never_over_the_allowance() -> None:
    """After each error the system is idle for a while: no Poisson process, and no false alarm."""
    rng, runs, alarms = np.random.default_rng(2), 1_500, 0
    for _ in range(runs):
        gaps = rng.exponential(1 / BUDGET, 200) + rng.choice([0.0, 0.05], 200)
        times = np.cumsum(gaps)
        alarms += ever_alarms(times[times <= 1], BUDGET)
    assert alarms / runs <= most(runs)


def mixed(n: int, rng: np.random.Generator) -> FloatArray:
    """Half the errors are where every output is read, the others where one in fifty is."""
    return rng.choice([1.0, 0.02], n)


def spread(n: int, rng: np.random.Generator) -> FloatArray:
    return rng.uniform(0.02, 0.5, n)


def tenth(n: int, rng: np.random.Generator) -> FloatArray:
    return np.full(n, 0.1)


WORLDS: list[Probabilities] = [mixed, spread, tenth]


def audited(
    probabilities: Probabilities, rng: np.random.Generator, pace: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Return times and weights of the errors that the audit found in a window."""
    n = int(rng.poisson(pace * BUDGET))
    times, chances = np.sort(rng.random(n)), probabilities(n, rng)
    seen = rng.random(n) < chances
    return times[seen], 1 / chances[seen]


def sampled_alarms(times: FloatArray, weights: FloatArray) -> bool:
    state, before = sampled_alarm(audit_probability=0.1), 0.0
    for time, weight in zip(times, weights, strict=True):
        state = state.after([weight], allowed=BUDGET * (time - before))
        before = float(time)
        if state.log_e_value >= math.log(1 / LEVEL):
            return True
    return False


@pytest.mark.parametrize("probabilities", WORLDS)
def test_sampled_errors_of_a_budget_just_kept(probabilities: Probabilities) -> None:
    rng, runs = np.random.default_rng(3), 300
    alarms = sum(sampled_alarms(*audited(probabilities, rng)) for _ in range(runs))
    assert alarms / runs <= most(runs)


@pytest.mark.parametrize("probabilities", WORLDS)
def test_sampled_errors_of_a_budget_passed_five_times_are_seen(
    probabilities: Probabilities,
) -> None:
    rng, runs = np.random.default_rng(4), 100
    alarms = sum(sampled_alarms(*audited(probabilities, rng, pace=5.0)) for _ in range(runs))
    assert alarms / runs > 0.9


def test_a_weighted_count_taken_for_a_count_rings_falsely() -> None:
    """The fault that the bets are for: 1 / pi added up, rounded, and put into the alarm of a count."""
    rng, runs, alarms = np.random.default_rng(5), 300, 0
    for _ in range(runs):
        times, weights = audited(mixed, rng)
        total = np.round(np.cumsum(weights))
        logs = count_log_e_value(total, BUDGET * times)
        alarms += bool((logs >= math.log(1 / LEVEL)).any())
    assert alarms / runs > 3 * LEVEL


def test_severities_are_points() -> None:
    """Points allowed, errors of 1, 10 and 100 points, a fifth audited: the budget in points is just kept."""
    rng, runs, alarms = np.random.default_rng(6), 250, 0
    points, shares = np.array([1.0, 10.0, 100.0]), np.array([0.9, 0.09, 0.01])
    allowed = BUDGET * float(points @ shares)
    for _ in range(runs):
        n = int(rng.poisson(BUDGET))
        times, severity = np.sort(rng.random(n)), rng.choice(points, n, p=shares)
        seen = rng.random(n) < 0.2
        state, before = sampled_alarm(audit_probability=0.1), 0.0
        for time, weight in zip(times[seen], severity[seen] / 0.2, strict=True):
            state = state.after([weight], allowed=allowed * (time - before))
            before = float(time)
            if state.log_e_value >= math.log(1 / LEVEL):
                alarms += 1
                break
    assert alarms / runs <= most(runs)


def working_week(budget: float, pace: float, rng: np.random.Generator) -> FloatArray:
    """Return the errors of a week, from 9 to 17 o'clock on five days; it begins on Monday at 9."""
    n = int(rng.poisson(pace * budget))
    return np.asarray(np.sort(rng.integers(0, 5, n) + rng.random(n) * 8 / 24))


@pytest.mark.parametrize(
    ("pace", "cycle_days", "least", "at_most"),
    [
        # Half the budget, and the even alarm rings nearly always, for it takes the morning for an excess.
        (0.5, 0.0, 0.9, 1.0),
        (0.5, 1.0, 0.0, LEVEL),
        (1.0, 7.0, 0.0, LEVEL),
        # A day ahead does not pay for a weekend.
        (1.0, 1.0, 0.9, 1.0),
        (2.0, 7.0, 0.9, 1.0),
    ],
)
def test_traffic_with_a_day_and_a_week(
    pace: float, cycle_days: float, least: float, at_most: float
) -> None:
    rng, runs, budget = np.random.default_rng(9), 200, 900.0
    rings = 0
    for _ in range(runs):
        (week,) = window_alarms(
            working_week(budget, pace, rng),
            budget=budget,
            window_days=7,
            until_day=7,
            false_alarm=LEVEL,
            cycle_days=cycle_days,
        )
        rings += week.alarm_at is not None
    assert least <= rings / runs <= at_most
