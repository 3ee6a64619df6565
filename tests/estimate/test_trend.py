"""Trends: what was built in lies within the limits, and levelling off is one of the plausible things."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.trend import NONE_FOUND, Reading, fit_saturating_trend, fit_trend

LIMIT = -3.0


def readings(
    rng: np.random.Generator, months: list[float], slope: float, scatter: float
) -> list[Reading]:
    return [
        Reading(x, -1 + slope * x + rng.normal(0, scatter) + rng.normal(0, 0.1), 0.1)
        for x in months
    ]


@pytest.mark.parametrize(
    ("versions", "slope", "scatter"), [(3, -0.05, 0.3), (6, -0.1, 0.5), (10, 0.0, 0.2)]
)
def test_limits_of_the_slope_and_of_the_next_version_cover(
    versions: int, slope: float, scatter: float
) -> None:
    rng = np.random.default_rng(versions)
    slopes = nexts = 0
    runs = 80
    for _ in range(runs):
        months = np.sort(rng.uniform(0, 24, versions)).tolist()
        trend = fit_trend(readings(rng, months, slope, scatter), rng=rng, draws=800)
        low, high = np.quantile(trend.slope, [0.025, 0.975])
        slopes += low <= slope <= high
        later = months[-1] + 6
        low, high = np.quantile(trend.version(later, 0.1, rng), [0.025, 0.975])
        nexts += low <= readings(rng, [later], slope, scatter)[0].level <= high
    assert slopes >= 74
    assert nexts >= 73


def test_the_time_until_the_limit_is_that_of_the_line() -> None:
    rng = np.random.default_rng(1)
    exact = [Reading(float(x), -1 - 0.1 * x, 0.001) for x in range(12)]
    months = fit_trend(exact, rng=rng).months_until(LIMIT, 11.0)
    # -1 - 0.1 x = -3 at x = 20: nine months after the newest.
    assert np.median(months) == pytest.approx(9, abs=0.2)


def test_what_is_below_the_limit_now_takes_no_time_and_what_rises_for_ever() -> None:
    rng = np.random.default_rng(2)
    low = [Reading(float(x), -6.0, 0.01) for x in range(12)]
    assert np.median(fit_trend(low, rng=rng).months_until(LIMIT, 11.0)) == 0
    rising = [Reading(float(x), -1 + 0.2 * x, 0.01) for x in range(12)]
    assert np.isinf(fit_trend(rising, rng=rng).months_until(LIMIT, 11.0)).all()


def test_a_series_that_has_levelled_off_is_not_forecast_to_fall() -> None:
    rng = np.random.default_rng(3)
    levels = [np.logaddexp(-2.0, 1.0 - 0.5 * x) for x in range(24)]
    flat = [Reading(float(x), float(level), 0.05) for x, level in enumerate(levels)]
    saturating = fit_saturating_trend(flat, rng=rng)
    assert (saturating.months_until(LIMIT, 23.0) > 120).mean() > 0.9
    assert np.median(saturating.floor) == pytest.approx(-2.0, abs=0.2)


def test_a_falling_series_leaves_open_where_it_will_stop() -> None:
    rng = np.random.default_rng(4)
    falling = [Reading(float(x), -1 - 0.1 * x, 0.1) for x in range(8)]
    share = (fit_saturating_trend(falling, rng=rng).months_until(LIMIT, 7.0) <= 120).mean()
    assert 0.3 < share < 0.98


def test_two_versions_are_no_trend() -> None:
    rng = np.random.default_rng(5)
    with pytest.raises(EstimateError, match="3 dated versions"):
        fit_trend([Reading(0, -1, 0.1), Reading(1, -2, 0.1)], rng=rng)
    with pytest.raises(EstimateError, match="one date"):
        fit_trend([Reading(1, -1, 0.1)] * 3, rng=rng)


def nothing_found(month: float, labels: int) -> Reading:
    middle, spread = NONE_FOUND
    return Reading(month, middle - float(np.log(labels)), spread, 1)


def slopes(given: list[Reading]) -> tuple[float, float]:
    trend = fit_trend(given, rng=np.random.default_rng(6), draws=2_000)
    low, high = np.quantile(trend.slope, [0.025, 0.975])
    return float(low), float(high)


def test_more_labels_without_an_error_make_no_trend() -> None:
    """One and the same rate: only the number of labels grows. Taken for measurements they would show a fall."""
    measured = [Reading(3.0 * x, -6.0, 0.6) for x in range(3)]
    labels = [200 * 2**x for x in range(8)]
    sided = [nothing_found(9.0 + 3 * x, n) for x, n in enumerate(labels[:2])]
    low, high = slopes(measured + sided)
    assert low < 0 < high
    grown = [nothing_found(3.0 * x, n)._replace(side=0) for x, n in enumerate(labels)]
    assert slopes(grown)[1] < 0


def test_a_limit_far_above_says_nothing_and_one_far_below_says_much() -> None:
    measured = [Reading(3.0 * x, -1.0 + e, 0.1) for x, e in enumerate([0.1, -0.1, 0.05, -0.05])]
    alone = slopes(measured)
    # What is weighted agrees with what is exact where the limit excludes nothing.
    assert slopes([*measured, Reading(12.0, 40.0, 1.0, 1)]) == pytest.approx(alone, abs=0.03)
    assert slopes([*measured, Reading(12.0, -6.0, 1.0, 1)])[0] < alone[0] - 0.05
    assert slopes([*measured, Reading(12.0, 4.0, 1.0, -1)])[1] > alone[1] + 0.05


def test_a_limit_that_no_line_meets_says_that_versions_scatter() -> None:
    """Ten versions within 0.1 of a line, and one that is far below it: by chains, since no line drawn goes there."""
    rng = np.random.default_rng(8)
    measured = [Reading(3.0 * x, -1.0 + 0.1 * (-1) ** x, 0.1) for x in range(10)]
    alone = fit_trend(measured, rng=rng)
    far = fit_trend([*measured, Reading(30.0, -9.0, 0.5, 1)], rng=rng)
    assert len(far.slope) == len(alone.slope)
    assert np.median(far.scatter) > 5 * np.median(alone.scatter)
    assert np.median(far.slope) < np.quantile(alone.slope, 0.025)


def test_limits_alone_are_no_levels() -> None:
    with pytest.raises(EstimateError, match="with a level"):
        fit_trend([nothing_found(float(x), 100) for x in range(5)], rng=np.random.default_rng(7))
