from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.day_drift import DriftCheck, day_drift
from assay.estimate.future import DayCounts, DayForecast, forecast_days
from assay.quantity import Estimate, Unknown

QUIET = DayCounts((500,) * 14, ((2, 1, 3, 2, 0, 4, 2, 1, 2, 3, 2, 1, 4, 1),), (10.0,))


def forecast(days: DayCounts, *, seed: int = 1, **options: float) -> DayForecast:
    made = forecast_days(days, rng=np.random.default_rng(seed), **options)  # type: ignore[arg-type]
    assert isinstance(made, DayForecast)
    return made


def drift(days: DayCounts, *, seed: int = 1) -> DriftCheck:
    check = day_drift(days, rng=np.random.default_rng(seed))
    assert isinstance(check, DriftCheck)
    return check


def width(estimate: Estimate) -> float:
    return estimate.high - estimate.low


def test_a_day_is_forecast_about_the_mean_day() -> None:
    made = forecast(QUIET)
    day, likely, total = made.on_a_day(0.95), made.on_a_day(0.8), made.in_all(0.95)
    assert day.value == pytest.approx(20.0)
    assert total.value == pytest.approx(140.0)
    assert day.low <= likely.low < 20 < likely.high < day.high
    assert total.high < 7 * day.high
    assert (day.unit, total.unit, day.n) == ("errors/day", "errors in 7 days", 14)
    assert (day.confidence_level, likely.confidence_level, day.guarantee) == (
        0.95,
        0.8,
        "simulated",
    )


def test_counting_everything_is_sharper_than_a_sample() -> None:
    counted = replace(QUIET, wrong=((15.0, 24, 21, 22, 18) * 2 + (20, 25, 14, 21),), weights=(1.0,))
    assert width(forecast(counted).on_a_day(0.95)) < 0.8 * width(forecast(QUIET).on_a_day(0.95))


def test_days_that_differ_make_it_wider() -> None:
    even = DayCounts((500,) * 14, ((20.0,) * 14,), (1.0,))
    uneven = DayCounts((500,) * 14, ((5.0, 35.0) * 7,), (1.0,))
    assert width(forecast(uneven).on_a_day(0.95)) > 1.7 * width(forecast(even).on_a_day(0.95))


def test_traffic_that_differs_makes_it_wider() -> None:
    # The same rate every day: what differs is how many outputs there are.
    even = DayCounts((500,) * 14, ((20.0,) * 14,), (1.0,))
    busy = DayCounts((125, 875) * 7, ((5.0, 35.0) * 7,), (1.0,))
    assert width(forecast(busy).on_a_day(0.95)) > 1.7 * width(forecast(even).on_a_day(0.95))


def test_more_labels_make_it_narrower() -> None:
    many = replace(QUIET, wrong=(tuple(10 * count for count in (2,) * 14),), weights=(1.0,))
    few = replace(QUIET, wrong=((2.0,) * 14,), weights=(10.0,))
    assert width(forecast(many).on_a_day(0.95)) < width(forecast(few).on_a_day(0.95))


def test_no_error_found_is_not_none_to_come() -> None:
    none = replace(QUIET, wrong=((0.0,) * 14,))
    day = forecast(none).on_a_day(0.95)
    assert (day.value, day.low) == (0, 0)
    # One error in the window would have been 10 / 14 a day: the limit can't lie below what a sample would overlook.
    assert day.high > 10 * 3 / 14


def test_unsure_labels_raise_the_upper_limit_only() -> None:
    unsure = replace(QUIET, unsure=((1.0,) * 14,))
    doubtful, sure = forecast(unsure).on_a_day(0.95), forecast(QUIET).on_a_day(0.95)
    assert doubtful.high > sure.high * 1.1
    assert doubtful.low == sure.low
    assert doubtful.value == sure.value


def test_one_heavy_stratum_without_an_error_raises_the_upper_limit() -> None:
    beside = replace(QUIET, wrong=(*QUIET.wrong, (0.0,) * 14), weights=(10.0, 200.0))
    assert forecast(beside).on_a_day(0.95).high > forecast(QUIET).on_a_day(0.95).high


def test_a_day_that_was_cut_off_is_left_out() -> None:
    cut = DayCounts(
        (*QUIET.outputs, 1), ((*QUIET.wrong[0], 0),), (10.0,), whole=(True,) * 14 + (False,)
    )
    assert forecast(cut).on_a_day(0.95) == forecast(QUIET).on_a_day(0.95)


def test_days_without_outputs_lower_the_sum_and_not_the_day() -> None:
    office = replace(QUIET, empty=6)
    assert forecast(office).on_a_day(0.95).value == forecast(QUIET).on_a_day(0.95).value
    assert forecast(office).in_all(0.95).value == pytest.approx(140 * 14 / 20)
    assert forecast(office).in_all(0.95).low < forecast(QUIET).in_all(0.95).low


def test_scale_and_horizon() -> None:
    half, one = forecast(QUIET, scale=0.5), forecast(QUIET, horizon=1)
    assert half.on_a_day(0.95).high == pytest.approx(forecast(QUIET).on_a_day(0.95).high / 2)
    assert one.in_all(0.95).value == one.on_a_day(0.95).value


def test_no_more_errors_than_outputs() -> None:
    bad = DayCounts((100,) * 10, ((95.0, 100, 60, 20, 99, 98, 100, 30, 97, 99),), (1.0,))
    assert forecast(bad).on_a_day(0.95).high < 140


def test_the_seed_hardly_matters() -> None:
    highs = [forecast(QUIET, seed=seed).on_a_day(0.95).high for seed in range(5)]
    assert max(highs) / min(highs) < 1.08
    assert forecast(QUIET).on_a_day(0.95) == forecast(QUIET).on_a_day(0.95)


def test_six_days_are_too_few() -> None:
    six = DayCounts((500,) * 6, ((20.0,) * 6,), (1.0,))
    for said in (
        forecast_days(six, rng=np.random.default_rng(1)),
        day_drift(six, rng=np.random.default_rng(1)),
    ):
        assert isinstance(said, Unknown)
        assert "6 whole days" in said.reason


@pytest.mark.parametrize("options", [{"horizon": 0}, {"scale": 0.0}, {"scale": float("inf")}])
def test_options_out_of_range(options: dict[str, float]) -> None:
    with pytest.raises(EstimateError, match="horizon"):
        forecast_days(QUIET, rng=np.random.default_rng(1), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"wrong": ((1.0,),)}, "14 days"),
        ({"weights": (1.0, 2.0)}, "1 strata"),
        ({"weights": (0.5,)}, "at least 1"),
        ({"outputs": (0,) * 14}, "at least 1"),
        ({"empty": -1}, "negative"),
        ({"whole": (True,)}, "14 days"),
    ],
)
def test_counts_that_contradict(change: dict[str, object], said: str) -> None:
    with pytest.raises(EstimateError, match=said):
        replace(QUIET, **change)  # type: ignore[arg-type]


def test_a_rise_is_found_and_dated() -> None:
    risen = DayCounts((100,) * 12, ((2.0, 1, 3, 2, 2, 1, 9, 8, 9, 10, 8, 7),), (1.0,))
    check = drift(risen)
    assert check.seen
    assert (check.change, check.rose, check.days) == (6, True, 12)
    fallen = replace(risen, wrong=(risen.wrong[0][::-1],))
    assert (drift(fallen).change, drift(fallen).rose, drift(fallen).seen) == (6, False, True)


def test_more_traffic_is_no_drift() -> None:
    # Ten times as many outputs and errors in the second half: the rate stays.
    grown = DayCounts((100,) * 6 + (1000,) * 6, ((5.0,) * 6 + (50.0,) * 6,), (1.0,))
    assert drift(grown).p_value == 1.0


def test_a_change_that_the_judge_saw_too_is_found() -> None:
    # All new errors fall into the stratum that the judge suspects; within it the rate stays. A test conditional on
    # strata would see nothing.
    suspected = (1.0, 2, 1, 2, 1, 2, 8, 9, 8, 9, 8, 9)
    check = drift(DayCounts((100,) * 12, (suspected, (0.0,) * 12), (2.0, 20.0)))
    assert check.seen
    assert check.rose


def test_alternating_days_are_no_drift() -> None:
    assert not drift(DayCounts((100,) * 14, ((2.0, 12) * 7,), (1.0,))).seen


def test_no_error_no_drift_and_no_power() -> None:
    check = drift(DayCounts((100,) * 12, ((0.0,) * 12,), (5.0,)))
    assert (check.p_value, check.doubling_power) == (1.0, None)


def test_seven_days_could_not_have_seen_a_doubling() -> None:
    # Two of the 35 ways to part seven days into three and four are as extreme as any: p is never below 2 / 35.
    risen = DayCounts((1000,) * 7, ((10.0, 11, 12, 90, 91, 92, 93),), (1.0,))
    check = drift(risen)
    assert check.p_value > 0.03
    assert check.doubling_power is not None
    assert check.doubling_power < 0.2


def test_power_grows_with_labels() -> None:
    few = drift(replace(QUIET, wrong=((1.0, 0, 1, 2, 0, 1, 0, 1, 1, 0, 2, 1, 0, 1),)))
    many = drift(
        DayCounts((500,) * 14, ((20.0, 19, 21, 22, 18, 20, 21, 19) + (20.0,) * 6,), (1.0,))
    )
    assert few.doubling_power is not None
    assert many.doubling_power is not None
    assert few.doubling_power < 0.3 < 0.9 < many.doubling_power
