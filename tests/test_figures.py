"""Shown numbers never claim more than is known."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.figures import confidence, interval, number, plain, shown
from assay.quantity import Estimate, Unknown, assumed, exact


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, "errors/day", 0.95, 300, "profile likelihood")


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((86.31, 60.2, 121.4), "86 [60, 122]"),
        ((1726.2, 1500.1, 1990.7), "1,730 [1,500, 2,000]"),
        ((0.0412, 0.0391, 0.0433), "0.0412 [0.0391, 0.0433]"),
        ((0.0, 0.0, 12.34), "0; at most 13"),
        ((2.5, 2.5, math.inf), "2.50 [2.50, no limit]"),
    ],
)
def test_digits_follow_the_width(numbers: tuple[float, float, float], text: str) -> None:
    assert interval(estimate(*numbers)) == text


@given(*[st.just(0.0) | st.floats(1e-6, 1e6)] * 3)
def test_what_is_shown_is_never_narrower_than_what_was_found(
    value: float, below: float, above: float
) -> None:
    shown = interval(estimate(value + below, value, value + below + above)).replace(",", "")
    if "[" in shown:
        low, high = shown.partition("[")[2].rstrip("]").split(" ")
        slack = 1e-6 * max(1.0, value + below + above)
        assert float(low) <= value + slack
        assert float(high) >= value + below + above - slack


def test_an_error_that_was_found_is_not_shown_as_none() -> None:
    assert interval(estimate(4.6, 0.2, 131.0)).startswith("5 [")


def test_a_difference_that_may_be_none_has_the_digits_of_its_width() -> None:
    assert interval(estimate(0.00006, -44.79777, 44.27146)) == "0 [-45, 45]"


def test_zero_errors_are_at_most_something() -> None:
    rate = Estimate(0.0, 0.0, 1 - 0.025 ** (1 / 500), "errors/trace", 0.95, 500, "Clopper-Pearson")
    assert interval(rate, percent=True) == "0; at most 0.74 %"


@given(st.floats(1e-9, 1e9))
def test_an_upper_limit_is_never_rounded_down_below_itself_at_zero(high: float) -> None:
    text = interval(estimate(0.0, 0.0, high)).removeprefix("0; at most ").replace(",", "")
    assert float(text) >= high * (1 - 1e-9)


@given(st.floats(-1e15, 1e15))
def test_any_number_can_be_shown(value: float) -> None:
    assert number(value, 2)
    assert plain(value)


def test_counted_and_assumed_numbers_have_no_interval_and_say_so() -> None:
    assert interval(exact(72.0, "errors", n=449, method="census")) == "72"
    assert confidence(exact(72.0, "errors", n=449, method="census")) == "counted"
    assert confidence(assumed(4.0, "errors/day", method="given")) == "assumed"


def test_unknown_is_said_with_its_reason() -> None:
    assert shown(Unknown("no trace has a time")) == "unknown: no trace has a time"
