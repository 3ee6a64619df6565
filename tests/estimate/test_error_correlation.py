"""Whether judges err together: the correlation, its limits, and what it leaves of many judges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from assay.estimate.error_correlation import (
    _least,
    _phi,
    effective_judges,
    error_correlation,
    pair_level,
)
from assay.quantity import Estimate, Unknown


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [(0.3, 0.1, 0.1, 0.9), (0.1, 0.6, 0.05, 0.5), (0.5, 0.5, 0.2, 0.3), (1.0, 0.2, 0.4, 0.9)],
)
def test_the_least_phi_is_the_least_over_a_fine_grid(
    a: float, b: float, low: float, high: float
) -> None:
    grid = min(_phi(a, b, rate) for rate in np.linspace(low, high, 20_001))
    assert _least(a, b, low, high) == pytest.approx(grid, abs=1e-7)


def test_phi_rises_with_a_and_falls_with_b() -> None:
    steps = np.linspace(0.01, 0.99, 25)
    for b, rate in itertools.product(steps, steps):
        row = [_phi(a, b, rate) for a in steps]
        assert row == sorted(row)
        column = [_phi(b, other, rate) for other in steps]
        assert column == sorted(column, reverse=True)


@pytest.mark.parametrize(("p", "a", "b"), [(0.1, 0.5, 0.05), (0.3, 0.4, 0.4), (0.05, 0.2, 0.02)])
def test_the_limits_hold_95_times_in_100(p: float, a: float, b: float) -> None:
    rng = np.random.default_rng(42)
    truth = _phi(a, b, p)
    cells = rng.multinomial(
        200, [p * a, p * (1 - a), (1 - p) * b, (1 - p) * (1 - b)], size=800
    ).tolist()
    found = [error_correlation(*counts) for counts in cells]
    held = [q.low <= truth <= q.high for q in found if isinstance(q, Estimate)]
    assert len(held) > 700
    assert sum(held) / len(held) >= 0.95


def test_six_alike_are_hardly_more_than_one() -> None:
    level = pair_level(6)
    pairs = [error_correlation(90, 5, 5, 100, confidence_level=level)] * 15
    found = effective_judges(pairs, 6)
    assert isinstance(found, Estimate)
    assert found.value < 1.2
    assert found.low >= 1
    assert found.confidence_level == pytest.approx(0.95)


def test_a_judge_that_never_errs_gives_no_correlation() -> None:
    nothing = error_correlation(0, 0, 5, 20)
    assert isinstance(nothing, Unknown)
    assert isinstance(effective_judges([nothing], 2), Unknown)
