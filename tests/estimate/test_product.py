"""Products of estimates hold whenever both do."""

from __future__ import annotations

import math

import pytest

from assay.errors import EstimateError
from assay.estimate.product import each_level, product_of_estimates
from assay.quantity import Estimate, Unknown, exact


def estimate(value: float, low: float, high: float, level: float = 0.975) -> Estimate:
    return Estimate(value, low, high, "share", level, 10, "made up")


def test_limits_are_multiplied_and_the_chances_to_miss_added() -> None:
    product = product_of_estimates(estimate(0.5, 0.25, 1.0), estimate(8, 4, 16), "errors/day")
    assert isinstance(product, Estimate)
    assert (product.low, product.value, product.high) == (1.0, 4.0, 16.0)
    assert (product.confidence_level, product.unit, product.n) == (0.95, "errors/day", 20)


def test_what_was_counted_costs_no_level() -> None:
    counted = exact(40.0, "errors/day", n=400, method="census")
    product = product_of_estimates(estimate(0.5, 0.25, 1.0, 0.95), counted, "errors/day")
    assert isinstance(product, Estimate)
    assert product.confidence_level == 0.95


def test_a_limit_of_nought_stays_nought_against_no_limit() -> None:
    product = product_of_estimates(estimate(0.5, 0.0, 1.0), estimate(8, 4, math.inf), "errors/day")
    assert isinstance(product, Estimate)
    assert (product.low, product.high) == (0.0, math.inf)


def test_what_can_be_negative_or_says_nothing_is_unknown() -> None:
    assert isinstance(product_of_estimates(estimate(0, -1, 1), estimate(1, 0, 2), "x"), Unknown)
    endless = estimate(math.inf, 0, math.inf)
    assert isinstance(product_of_estimates(estimate(0, 0, 1), endless, "x"), Unknown)


def test_levels_that_leave_nothing_to_claim_are_refused() -> None:
    with pytest.raises(EstimateError, match="leave nothing"):
        product_of_estimates(estimate(1, 0, 2, 0.5), estimate(1, 0, 2, 0.4), "x")
    with pytest.raises(EstimateError, match="confidence_level"):
        each_level(1.0)
