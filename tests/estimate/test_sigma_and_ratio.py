from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import EstimateError
from assay.estimate import (
    SigmaConvention,
    StratumCount,
    dpmo,
    error_rate,
    rate_ratio,
    rate_to_sigma,
    ratio_of_estimates,
    sigma_level,
    sigma_to_rate,
)
from assay.quantity import Estimate, Unknown, assumed

CONVENTIONS: list[SigmaConvention] = ["one-sided", "two-sided", "shifted-1.5"]


@given(st.floats(0.1, 36), st.sampled_from(CONVENTIONS))
def test_sigma_there_and_back(level: float, convention: SigmaConvention) -> None:
    rate = sigma_to_rate(level, convention=convention)
    assert rate_to_sigma(rate, convention=convention) == pytest.approx(level, rel=1e-9)


def test_extreme_tails() -> None:
    # 37.0471: Mills' ratio at 1e-300.
    assert rate_to_sigma(1e-300) == pytest.approx(37.0471, abs=1e-4)
    assert sigma_to_rate(37.0471) == pytest.approx(1e-300, rel=0.01)
    assert rate_to_sigma(0.0) == math.inf
    assert rate_to_sigma(1.0) == -math.inf
    assert rate_to_sigma(0.0, convention="shifted-1.5") == math.inf
    assert rate_to_sigma(1.0, convention="two-sided") == 0
    assert sigma_to_rate(math.inf) == 0
    assert dpmo(3.4e-6) == pytest.approx(3.4)


def test_levels_out_of_range_are_refused() -> None:
    with pytest.raises(EstimateError, match="convention"):
        sigma_to_rate(3, convention="six")  # type: ignore[arg-type]
    with pytest.raises(EstimateError, match="two-sided"):
        sigma_to_rate(-1, convention="two-sided")
    for rate in (-0.1, 1.1, math.nan):
        with pytest.raises(EstimateError, match="rate must be"):
            rate_to_sigma(rate)
        with pytest.raises(EstimateError, match="rate must be"):
            dpmo(rate)


def test_the_level_of_an_estimate_turns_round() -> None:
    rate = error_rate([StratumCount(2000, 300, 12)])
    level = sigma_level(rate)
    assert level.low == rate_to_sigma(rate.high)
    assert level.high == rate_to_sigma(rate.low)
    assert level.low < level.value < level.high
    clean = sigma_level(error_rate([StratumCount(2000, 300, 0)]))
    assert (clean.value, clean.high) == (clean.low, math.inf)


def test_ratio_limits() -> None:
    ratio = rate_ratio(10, 1.0, 10, 1.0)
    assert ratio.low == pytest.approx(1 / ratio.high)
    assert rate_ratio(0, 1.0, 5, 1.0).low == 0
    assert rate_ratio(5, 1.0, 0, 1.0).high == math.inf
    nothing = rate_ratio(0, 10.0, 0, 20.0)
    assert (nothing.low, nothing.high) == (0, math.inf)
    with pytest.raises(EstimateError, match="exposures"):
        rate_ratio(1, 0.0, 1, 1.0)


@given(st.integers(0, 50), st.integers(0, 50), st.floats(0.1, 100), st.floats(0.1, 100))
def test_the_ratio_is_scale_free_and_turns_over(a: int, b: int, ea: float, eb: float) -> None:
    one, other = rate_ratio(a, ea, b, eb), rate_ratio(b, eb, a, ea)
    assert one.low <= one.value <= one.high
    if one.low > 0:
        assert one.low == pytest.approx(1 / other.high, rel=1e-6)
    assert rate_ratio(a, 7 * ea, b, 7 * eb).low == pytest.approx(one.low)


def test_bonferroni_ratio() -> None:
    a = Estimate(40.0, 20.0, 60.0, "errors/day", 0.975, 300, "labels")
    b = Estimate(10.0, 5.0, 15.0, "errors/day", 0.975, 100, "labels", "enumerated")
    ratio = ratio_of_estimates(a, b)
    assert isinstance(ratio, Estimate)
    assert (ratio.low, ratio.value, ratio.high) == (20 / 15, 4.0, 12.0)
    assert (ratio.confidence_level, ratio.unit, ratio.guarantee) == (0.95, "times", "enumerated")
    per_dollar = ratio_of_estimates(a, assumed(2.0, "usd/day", method="the bill"))
    assert isinstance(per_dollar, Estimate)
    assert (per_dollar.low, per_dollar.high) == (10, 30)
    assert (per_dollar.unit, per_dollar.guarantee) == ("errors/day per usd/day", "assumed")


def test_ratios_to_nothing() -> None:
    a = Estimate(40.0, 20.0, 60.0, "errors/day", 0.975, 300, "labels")
    none_found = Estimate(0.0, 0.0, 8.0, "errors/day", 0.975, 300, "labels")
    ratio = ratio_of_estimates(a, none_found)
    assert isinstance(ratio, Estimate)
    assert (ratio.low, ratio.value, ratio.high) == (2.5, 5.0, math.inf)
    assert isinstance(ratio_of_estimates(a, assumed(0.0, "errors/day", method="")), Unknown)
    gain = Estimate(0.0, -1.0, 8.0, "points", 0.975, 300, "labels")
    assert isinstance(ratio_of_estimates(gain, a), Unknown)
    with pytest.raises(EstimateError, match="nothing to claim"):
        ratio_of_estimates(
            Estimate(1.0, 1.0, 1.0, "x", 0.4, 1, ""), Estimate(1.0, 1.0, 1.0, "x", 0.4, 1, "")
        )


def test_importing_estimate_does_not_import_scipy_stats() -> None:
    code = "import sys, assay.estimate; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
