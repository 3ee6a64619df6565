"""Upper limits of a tail: by order statistics, against the binomial, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from assay.errors import EstimateError
from assay.estimate.tail_quantile import fewest_for_a_limit, quantile_upper_limit
from assay.quantity import Estimate, Unknown


def test_too_few_values_give_no_limit() -> None:
    assert fewest_for_a_limit(0.95) == 59
    found = quantile_upper_limit(np.arange(58.0), 0.95)
    assert found == Unknown("an upper limit of p95 needs 59 values, and there are 58")
    largest = quantile_upper_limit(np.arange(59.0), 0.95)
    assert isinstance(largest, Estimate)
    assert largest.high == 58.0


@pytest.mark.parametrize("n", [59, 100, 300, 1_000, 20_000])
def test_the_least_order_statistic_that_will_do(n: int) -> None:
    found = quantile_upper_limit(np.arange(1.0, n + 1), 0.95)
    assert isinstance(found, Estimate)
    k = round(found.high)
    assert special.bdtr(k - 1, n, 0.95) >= 0.95 > special.bdtr(k - 2, n, 0.95)
    assert found.value <= found.high


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_limits_hold_whatever_the_distribution(level: float) -> None:
    rng = np.random.default_rng(6)
    truth = np.exp(1.5 * special.ndtri(level))
    n = max(40, fewest_for_a_limit(level))
    held = [
        isinstance(found := quantile_upper_limit(rng.lognormal(0, 1.5, n), level), Estimate)
        and found.high >= truth
        for _ in range(800)
    ]
    assert np.mean(held) >= 0.93


def test_what_is_no_level_is_refused() -> None:
    with pytest.raises(EstimateError, match="between 0 and 1"):
        quantile_upper_limit([1.0], 1.0)
