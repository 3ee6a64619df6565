"""Throughput: what was said, what was counted, and never a guess."""

from __future__ import annotations

import pytest

from assay.quantity import Estimate, Unknown
from assay.volume.traffic import Traffic, throughput

DAY = 86_400_000_000


def per_day(traffic: Traffic, **options: object) -> Estimate:
    found = throughput(traffic, **options)  # type: ignore[arg-type]
    assert isinstance(found, Estimate)
    return found


def test_time_stamps_give_the_rate_of_arrivals() -> None:
    # 701 traces, one every seven hundredth of seven days: 100 a day.
    assert per_day(Traffic(701, 701, 0, 7 * DAY)).value == pytest.approx(100)


def test_traces_without_a_time_are_part_of_the_traffic() -> None:
    assert per_day(Traffic(1402, 701, 0, 7 * DAY)).value == pytest.approx(200)


def test_workers_are_busy_without_a_pause() -> None:
    traffic = Traffic(1000, latencies=1000, latency_sum_seconds=8020.0)
    assert per_day(traffic, workers=1).value / 24 == pytest.approx(448.9, abs=0.1)
    assert per_day(traffic, workers=3).value == pytest.approx(3 * per_day(traffic, workers=1).value)


def test_a_window_with_both_ends_is_divided_by_its_length() -> None:
    assert per_day(Traffic(50, 50, 10, DAY - 10), start=0, end=DAY).value == 50


def test_what_the_user_says_goes_first() -> None:
    found = per_day(Traffic(701, 701, 0, 7 * DAY, 701, 70.1), per_day=2000.0, workers=4)
    assert (found.value, found.guarantee) == (2000.0, "assumed")


@pytest.mark.parametrize(
    ("traffic", "options", "says"),
    [
        (Traffic(10), {}, "--per-day"),
        (Traffic(10, latencies=10, latency_sum_seconds=5.0), {}, "--workers"),
        (Traffic(10, 10, 5, 5), {}, "span"),
        (Traffic(1, 1, 5, 5), {}, "span"),
        (Traffic(10), {"workers": 2}, "latency"),
    ],
)
def test_what_is_missing_is_said(traffic: Traffic, options: dict[str, int], says: str) -> None:
    found = throughput(traffic, workers=options.get("workers"))
    assert isinstance(found, Unknown)
    assert says in found.reason
