"""The least gap that could have shown, and the difference of two estimates."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from assay.errors import EstimateError
from assay.estimate.smallest_gap import difference_of_estimates, smallest_gap
from assay.quantity import Estimate, Quantity, Unknown, exact


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


def test_a_normal_interval_needs_the_textbook_gap() -> None:
    s = 0.02
    gap = Estimate(0.0, -1.96 * s, 1.96 * s, "share", 0.95, 100, "normal")
    least = known(smallest_gap(gap))
    assert least.value == pytest.approx(s * (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)), rel=1e-4)
    assert least.guarantee == "assumed"
    few = known(smallest_gap(gap, standard_error=s, degrees=4))
    assert few.value == pytest.approx(1.96 * s + stats.t.ppf(0.8, 4) * s)
    assert few.value > least.value


def test_the_longer_arm_counts_and_what_has_no_limit_is_unknown() -> None:
    lopsided = Estimate(0.0, -0.01, 0.2, "share", 0.95, 5, "exact")
    assert known(smallest_gap(lopsided)).value > 0.2
    hopeless = Estimate(0.0, -0.9, 0.9, "share", 0.95, 5, "exact")
    assert isinstance(smallest_gap(hopeless), Unknown)
    assert known(smallest_gap(hopeless, largest=2.0)).value > 1
    endless = Estimate(0.0, -1.0, math.inf, "share", 0.95, 5, "exact")
    assert isinstance(smallest_gap(endless), Unknown)
    assert smallest_gap(Unknown("no twin")) == Unknown("no twin")
    assert isinstance(smallest_gap(exact(0.1, "share", n=4, method="count")), Unknown)
    with pytest.raises(EstimateError, match="standard_error"):
        smallest_gap(lopsided, standard_error=0.0)


def test_a_difference_holds_whenever_both_intervals_do() -> None:
    a = Estimate(0.9, 0.85, 0.94, "share right", 0.975, 300, "exam")
    b = Estimate(0.7, 0.62, 0.77, "share right", 0.975, 200, "use", "simulated")
    gap = known(difference_of_estimates(a, b))
    assert (gap.low, gap.high) == pytest.approx((0.08, 0.32))
    assert (gap.confidence_level, gap.n, gap.guarantee) == (0.95, 500, "simulated")
    counted = exact(0.7, "share right", n=1000, method="count of all")
    assert known(difference_of_estimates(a, counted)).confidence_level == 0.975
    assert difference_of_estimates(a, Unknown("nobody looked")) == Unknown("nobody looked")
    low = Estimate(0.5, 0.4, 0.6, "share right", 0.5, 9, "exam")
    with pytest.raises(EstimateError, match="nothing to claim"):
        difference_of_estimates(low, low)
