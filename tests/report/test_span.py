"""The stretch of an axis: it holds what is drawn, on both sides of nought."""

from __future__ import annotations

import pytest

from assay.quantity import Estimate
from assay.report.span import Span


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, "points", 0.95, 9, "test", "assumed")


@pytest.mark.parametrize(
    "numbers",
    [
        [(3.0, 1.0, 4.0)],
        [(-3.0, -5.0, -1.0)],
        [(-3.0, -5.0, 2.0), (40.0, 30.0, 50.0)],
        [(0.0, 0.0, 0.0)],
        [(0.001, 0.0, 0.1), (50.0, 40.0, 60.0)],
    ],
)
@pytest.mark.parametrize("may_be_log", [False, True])
def test_every_limit_and_point_is_inside(
    numbers: list[tuple[float, float, float]], may_be_log: bool
) -> None:
    shown = [estimate(*one) for one in numbers]
    span = Span.of(shown, 100.0, may_be_log=may_be_log)
    assert span.low < span.high
    for one in shown:
        drawn = span.limits(one)
        assert drawn["value"] == one.value * 100 or (span.log and one.value <= 0)
        assert drawn["high"] == one.high * 100
        assert drawn["low"] == max(one.low * 100, span.low)
    assert span.low == 0 or span.log or min(low for _, low, _ in numbers) < 0


def test_a_negative_number_was_found_and_nothing_is_hollow() -> None:
    span = Span.of([estimate(-3.0, -5.0, 1.0)], 1.0)
    assert span.limits(estimate(-3.0, -5.0, 1.0))["found"]
    assert not span.limits(estimate(0.0, 0.0, 1.0))["found"]
