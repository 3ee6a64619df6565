"""Numbers keep their uncertainty, and unknown is never zero."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import EstimateError
from assay.quantity import Estimate, Unknown, assumed, exact, to_json

finite = st.floats(-1e12, 1e12)


def estimate(value: float = 0.04, low: float = 0.02, high: float = 0.07) -> Estimate:
    return Estimate(value, low, high, "errors/trace", 0.95, 300, "Clopper-Pearson")


@pytest.mark.parametrize(
    "limits", [(0.04, 0.05, 0.07), (0.08, 0.02, 0.07), (math.nan, 0, 1), (0.5, math.nan, 1)]
)
def test_a_value_outside_its_limits_is_refused(limits: tuple[float, float, float]) -> None:
    with pytest.raises(EstimateError):
        estimate(*limits)


@pytest.mark.parametrize("level", [0.0, -0.5, 1.01])
def test_a_confidence_level_is_a_probability(level: float) -> None:
    with pytest.raises(EstimateError, match="confidence_level"):
        Estimate(1, 0, 2, "errors", level, 3, "m")


@given(st.tuples(finite, finite, finite), st.floats(0, 1e6))
def test_scaling_keeps_the_value_between_its_limits(
    numbers: tuple[float, float, float], factor: float
) -> None:
    low, value, high = sorted(numbers)
    scaled = estimate(value, low, high).scaled(factor, "errors/day")
    assert scaled.low <= scaled.value <= scaled.high
    assert scaled.unit == "errors/day"


@pytest.mark.parametrize("factor", [-1.0, math.inf, math.nan])
def test_only_a_known_factor_scales(factor: float) -> None:
    with pytest.raises(EstimateError, match="factor"):
        estimate().scaled(factor, "errors/day")


def test_json_has_the_stable_keys_and_no_infinity() -> None:
    unbounded = Estimate(3.0, 2.5, math.inf, "sigma (one-sided)", 0.95, 300, "m")
    said = json.loads(
        json.dumps(
            to_json({"sigma": unbounded, "cost": Unknown("no trace has a cost")}), allow_nan=False
        )
    )
    assert said == {
        "sigma": {
            "value": 3.0,
            "low": 2.5,
            "high": None,
            "unit": "sigma (one-sided)",
            "confidence_level": 0.95,
            "n": 300,
            "method": "m",
            "guarantee": "proved",
        },
        "cost": {"value": None, "reason": "no trace has a cost"},
    }


def test_counted_and_assumed_are_told_apart() -> None:
    assert exact(72, "errors", n=449, method="census").guarantee == "exact"
    assert assumed(0.1, "errors/trace", method="given").n == 0
