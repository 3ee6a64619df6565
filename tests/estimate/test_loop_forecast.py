"""The forecast of the next turn's gain, and the rule that stops."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.loop_forecast import (
    GainForecast,
    MeasuredTurn,
    TurnCost,
    checked,
    forecast_gain,
    stop_rule,
)
from assay.quantity import Estimate, Quantity, Unknown

TASKS = 2_000


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


def turns(*accuracies: float, tasks: int = TASKS) -> list[MeasuredTurn]:
    return [MeasuredTurn(round(accuracy * tasks), tasks) for accuracy in accuracies]


def geometric(upper: float, ratio: float, start: float, points: int) -> list[float]:
    return [upper - ratio**turn * (upper - start) for turn in range(points)]


@pytest.mark.parametrize(("upper", "ratio"), [(0.98, 0.45), (0.9, 0.7), (0.3, 0.6)])
def test_the_law_is_found_where_it_holds(upper: float, ratio: float) -> None:
    path = geometric(upper, ratio, 0.6, 7)
    forecast = forecast_gain(turns(*path[:-1], tasks=100_000))
    assert known(forecast.upper).low < upper < known(forecast.upper).high
    assert known(forecast.ratio).value == pytest.approx(ratio, abs=0.1)
    assert known(forecast.next).value == pytest.approx(path[-1] - path[-2], abs=0.01)
    assert checked(forecast, *turns(*path[-2:], tasks=100_000)).inside is True


def test_more_turns_and_more_tasks_make_limits_narrower() -> None:
    path = geometric(0.95, 0.5, 0.4, 6)
    widths = [
        known(found.next).high - known(found.next).low
        for found in (forecast_gain(turns(*path[:points])) for points in range(2, 7))
    ]
    assert widths == sorted(widths, reverse=True)
    few = known(forecast_gain(turns(*path[:4], tasks=100)).next)
    assert few.high - few.low > widths[2]


def test_one_gain_says_little_and_none_nothing() -> None:
    one = forecast_gain(turns(0.4, 0.5))
    assert known(one.next).low < 0
    assert known(one.next).high > 0.1
    assert one.trend == "undecided"
    for none in (forecast_gain([]), forecast_gain(turns(0.4))):
        assert isinstance(none.next, Unknown)
        assert none.trend == "undecided"
        assert checked(none, *turns(0.4, 0.5)).inside is None
        assert isinstance(none.errors_removed_per_day(100.0), Unknown)


def test_loops_that_do_not_follow_the_law_are_not_taken_for_done() -> None:
    # Gains that grow: the ratio is above 1, and no upper accuracy but 1 is in sight.
    growing = forecast_gain(turns(0.4, 0.42, 0.46, 0.53))
    assert known(growing.ratio).value > 1
    assert known(growing.upper).high == 1
    assert known(growing.next).high > 0.1
    falling = forecast_gain(turns(0.8, 0.74, 0.68, 0.62, 0.56, 0.5))
    assert falling.trend == "rising"
    flat = forecast_gain(turns(0.7, 0.7, 0.7, 0.7, 0.7))
    assert flat.trend == "undecided"
    assert abs(known(flat.next).value) < 0.01


def test_limits_stay_within_what_is_possible() -> None:
    full, empty = forecast_gain(turns(0.5, 1.0, 1.0)), forecast_gain(turns(0.5, 0.0, 0.0))
    assert known(full.next).high == pytest.approx(0.0, abs=1e-9)
    assert known(empty.next).low == pytest.approx(0.0, abs=1e-9)
    tiny = known(forecast_gain(turns(0.0, 1.0, tasks=1)).next)
    assert -1 <= tiny.low <= tiny.high <= 1
    assert checked(full, *turns(1.0, 1.0)).inside is True


def test_tasks_that_stay_the_same_make_the_forecast_sharper() -> None:
    path = geometric(0.9, 0.6, 0.5, 4)
    right = [round(share * 500) for share in path]
    paired = [
        MeasuredTurn(right[0], 500),
        *(MeasuredTurn(b, 500, gained=b - a + 2, lost=2) for a, b in pairwise(right)),
    ]  # fmt: skip
    sharp, plain = (
        known(forecast_gain(paired).next),
        known(forecast_gain(turns(*path, tasks=500)).next),
    )
    assert sharp.high - sharp.low < plain.high - plain.low


def test_volume_is_the_gain_times_the_throughput() -> None:
    forecast = forecast_gain(turns(*geometric(0.95, 0.5, 0.4, 4)))
    removed = known(forecast.errors_removed_per_day(10_000.0))
    assert removed.value == pytest.approx(10_000 * known(forecast.next).value)
    assert removed.unit == "errors/day"
    with pytest.raises(EstimateError, match="throughput_per_day"):
        forecast.errors_removed_per_day(0.0)


def made(low: float, value: float, high: float) -> GainForecast:
    found = Estimate(value, low, high, "share right/turn", 0.95, 100, "made up", "simulated")
    return GainForecast(found, Unknown("made up"), Unknown("made up"), 4)


@pytest.mark.parametrize(
    ("gain", "advice", "fires"),
    [
        ((0.02, 0.03, 0.04), "go on", False),
        ((-0.01, 0.002, 0.004), "stop", True),
        ((0.001, 0.004, 0.02), "undecided", True),
        ((0.001, 0.02, 0.04), "undecided", False),
        ((-0.02, -0.01, -0.001), "stop", True),
    ],
)
def test_the_rule_fires_when_the_gain_costs_more_than_it_is_worth(
    gain: tuple[float, float, float], advice: str, fires: bool
) -> None:
    # 1,000 answers a day for 10 days at 0.10 USD an error: a gain of 0.01 is worth 10 USD, the cost of the turn.
    found = stop_rule(
        made(*gain), cost=TurnCost(usd=4.0, cpu_seconds=7_200, usd_per_cpu_hour=3.0),
        worth_usd_per_error=0.1, throughput_per_day=1_000.0, horizon_days=10.0,
    )  # fmt: skip
    assert found.cost_usd == pytest.approx(10.0)
    assert (found.advice, found.fires) == (advice, fires)
    assert known(found.worth_usd).value == pytest.approx(1_000 * gain[1])
    if gain[1] > 0:
        even = known(found.break_even_worth_usd)
        assert even.value == pytest.approx(10 / (10_000 * gain[1]))
        assert (even.high == math.inf) == (gain[0] <= 0)
    else:
        assert isinstance(found.break_even_worth_usd, Unknown)
    json.dumps(found.to_json(), allow_nan=False)


def test_no_forecast_gives_no_advice() -> None:
    found = stop_rule(
        forecast_gain(turns(0.5)), cost=TurnCost(usd=1.0), worth_usd_per_error=1.0,
        throughput_per_day=1.0, horizon_days=1.0,
    )  # fmt: skip
    assert (found.advice, found.fires) == ("undecided", None)
    json.dumps(found.to_json(), allow_nan=False)


def test_what_is_out_of_range_is_refused() -> None:
    for bad in ((5, 4), (-1, 4), (0, 0)):
        with pytest.raises(EstimateError, match="right of"):
            MeasuredTurn(*bad)
    with pytest.raises(EstimateError, match="both, or neither"):
        MeasuredTurn(3, 4, gained=1)
    with pytest.raises(EstimateError, match="don't fit"):
        MeasuredTurn(3, 4, gained=1, lost=2)
    with pytest.raises(EstimateError, match="same tasks"):
        forecast_gain([MeasuredTurn(3, 4), MeasuredTurn(3, 5)])
    with pytest.raises(EstimateError, match="same tasks"):
        checked(made(0, 0, 0), MeasuredTurn(3, 4), MeasuredTurn(3, 5))
    with pytest.raises(EstimateError, match="usd"):
        TurnCost(usd=-1.0)
    asked = {"throughput_per_day": 1.0, "horizon_days": 1.0, "worth_usd_per_error": 1.0}
    bad_values = {"horizon_days": 0.0, "throughput_per_day": math.nan, "worth_usd_per_error": -1.0}
    for name, value in bad_values.items():
        with pytest.raises(EstimateError, match=name):
            stop_rule(made(0, 0, 0), cost=TurnCost(), **{**asked, name: value})
    with pytest.raises(EstimateError, match="confidence_level"):
        forecast_gain(turns(0.4, 0.5), confidence_level=0.0)


def test_a_lower_level_is_inside_a_higher_one() -> None:
    path = turns(*geometric(0.95, 0.5, 0.4, 4))
    narrow, wide = (known(forecast_gain(path, confidence_level=c).next) for c in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high
    assert narrow.value == wide.value


def test_the_forecast_in_json() -> None:
    told = forecast_gain(turns(*np.linspace(0.4, 0.6, 4))).to_json()
    assert list(told) == ["next", "upper", "ratio", "turns", "trend"]
    json.dumps(told, allow_nan=False)
