"""Trends: what was built in lies within the limits, and levelling off is one of the plausible things."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.trend import Reading, fit_saturating_trend, fit_trend

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
