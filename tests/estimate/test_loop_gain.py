from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.loop_gain import (
    earliest_turn,
    errors_per_day,
    look_level,
    paired_gain,
    past_best,
    share_right,
    turn_gains,
    verdict_of,
)
from assay.quantity import Estimate, Unknown


def turns(*shares: float, n: int = 400) -> np.ndarray:
    return np.array([[int(task < share * n) for task in range(n)] for share in shares], np.int8)


def test_all_looks_together_miss_no_more_than_the_level() -> None:
    assert sum(1 - look_level(0.95, look) for look in range(1, 2000)) == pytest.approx(
        0.05, abs=1e-4
    )
    assert look_level(0.95, 1) > 0.95
    with pytest.raises(EstimateError):
        look_level(0.95, 0)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.2, "virtuous"),
        (-0.2, -0.01, "collapsing"),
        (-0.04, 0.04, "flat"),
        (-0.06, 0.04, "undecided"),
        (-0.01, 0.2, "undecided"),
    ],
)
def test_a_verdict_needs_its_interval(low: float, high: float, verdict: str) -> None:
    gain = Estimate((low + high) / 2, low, high, "gain", 0.95, 100, "given")
    assert verdict_of(gain, 0.05) == verdict


def test_what_is_unknown_is_undecided() -> None:
    assert verdict_of(Unknown("no task was judged")) == "undecided"
    with pytest.raises(EstimateError, match="margin"):
        verdict_of(Unknown(""), 0)


def test_a_rising_loop_is_virtuous_from_its_first_turn_and_a_falling_one_collapses() -> None:
    up, down = turn_gains(turns(0.3, 0.4, 0.5)), turn_gains(turns(0.5, 0.4, 0.3))
    assert [gain.verdict for gain in up] == ["virtuous", "virtuous"]
    assert [gain.verdict for gain in down] == ["collapsing", "collapsing"]
    assert earliest_turn(up) == earliest_turn(down) == 1
    last = up[-1]
    assert isinstance(last.at_look, Estimate)
    assert isinstance(last.from_start, Estimate)
    assert last.at_look.value == pytest.approx(0.2)
    # One who has looked before pays for it.
    assert last.at_look.low < last.from_start.low
    assert isinstance(last.from_last, Estimate)
    assert last.from_last.value == pytest.approx(0.1)


def test_no_change_of_many_tasks_is_flat_and_of_few_undecided() -> None:
    assert turn_gains(turns(0.5, 0.5))[0].verdict == "flat"
    assert turn_gains(turns(0.5, 0.5, n=20))[0].verdict == "undecided"


def test_the_earliest_turn_begins_anew_after_a_contrary_verdict() -> None:
    assert earliest_turn(turn_gains(turns(0.5, 0.7, 0.3, 0.7))) == 3
    assert earliest_turn(turn_gains(turns(0.5, 0.5, 0.7, 0.71))) == 2
    assert earliest_turn(turn_gains(turns(0.5, 0.5, n=10))) is None


def test_tasks_that_nobody_judged_widen_the_interval_and_are_counted() -> None:
    right = turns(0.3, 0.5)
    whole = turn_gains(right)[0]
    right[1, 300:] = -1
    part = turn_gains(right)[0]
    assert (part.pairs, part.unjudged) == (300, 100)
    assert isinstance(whole.from_start, Estimate)
    assert isinstance(part.from_start, Estimate)
    assert part.from_start.high > whole.from_start.high + 0.1
    right[1] = -1
    assert isinstance(turn_gains(right)[0].from_start, Unknown)


def test_a_loop_past_its_best_turn_is_told_since_when() -> None:
    found = past_best(turns(0.3, 0.6, 0.7, 0.5))
    assert found is not None
    assert found.turn == 2
    assert found.loss.high < 0
    assert past_best(turns(0.3, 0.4, 0.5)) is None
    assert past_best(turns(0.5, 0.3)) is None


def test_error_volume_is_the_share_wrong_at_the_throughput() -> None:
    right = turns(0.75)[0]
    volume = errors_per_day(right, 1000)
    low, high = clopper_pearson(100, 400)
    assert isinstance(volume, Estimate)
    assert (volume.value, volume.low, volume.high) == pytest.approx((250, 1000 * low, 1000 * high))
    right[:40] = -1
    unsure = errors_per_day(right, 1000)
    assert isinstance(unsure, Estimate)
    assert unsure.value == pytest.approx(1000 * 100 / 360)
    assert unsure.high > volume.high
    assert isinstance(share_right(np.full(5, -1, np.int8)), Unknown)
    with pytest.raises(EstimateError, match="throughput"):
        errors_per_day(right, 0)


def test_unequal_tasks_and_a_lone_turn_are_refused() -> None:
    with pytest.raises(EstimateError, match="same tasks"):
        paired_gain(np.zeros(3, np.int8), np.zeros(4, np.int8))
    with pytest.raises(EstimateError, match="two turns"):
        turn_gains(turns(0.5))


def test_a_loop_without_gain_is_called_virtuous_or_collapsing_in_one_of_twenty_at_most() -> None:
    rng = np.random.default_rng(3)
    chances = rng.beta(0.4, 0.4, 150)
    trials = wrong = 0
    for _ in range(120):
        right = (rng.random((5, 150)) < chances).astype(np.int8)
        looks = (
            paired_gain(right[0], right[turn], confidence_level=look_level(0.95, turn))
            for turn in range(1, 5)
        )
        said = {verdict_of(gain) for gain in looks}
        wrong += bool(said & {"virtuous", "collapsing"})
        trials += 1
    assert wrong / trials <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)
