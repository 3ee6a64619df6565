"""Where more hurts: how often the turn is found, how often one is made up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.backlash import Backlash, find_backlash
from assay.estimate.paired_bootstrap import HeldOut
from assay.quantity import Estimate, Unknown

X = np.round(np.linspace(0.1, 1.0, 10), 2)
Curve = Callable[[np.ndarray], np.ndarray]


def one(curve: Curve, rng: np.random.Generator, *, documents: int = 50, seeds: int = 5) -> Backlash:
    """Documents that differ in level and slope, seeds that wander along the curve."""
    n_bytes = rng.integers(1_000, 4_097, documents)
    level, slope = rng.normal(2, 0.3, documents), rng.normal(0, 0.05, documents)
    wander = np.cumsum(rng.normal(0, 0.003, (len(X), seeds)), axis=0)
    loss = curve(X)[:, None, None] + level + slope * (X - 0.5)[:, None, None] + wander[:, :, None]
    loss = loss + rng.normal(0, 0.01, loss.shape)
    return find_backlash(
        X.tolist(), loss * n_bytes, HeldOut(n_bytes, np.arange(documents)), rng=rng
    )


@pytest.mark.parametrize(
    "curve",
    [
        pytest.param(lambda x: -0.1 * np.log(x), id="falls", marks=pytest.mark.nightly),
        pytest.param(
            lambda x: 0.2 * np.maximum(0, 0.6 - x),
            id="falls, then level",
            marks=pytest.mark.nightly,
        ),
        pytest.param(lambda x: 0 * x, id="level"),
    ],
)
def test_a_curve_that_does_not_rise_has_none_in_95_of_100(curve: Curve) -> None:
    rng = np.random.default_rng(5)
    assert sum(one(curve, rng).seen for _ in range(100)) <= 5


@pytest.mark.parametrize("turn", [pytest.param(0.3, marks=pytest.mark.nightly), 0.63])
def test_the_turn_is_found_and_lies_within_the_limits(turn: float) -> None:
    rng = np.random.default_rng(6)
    points = [
        one(lambda x: 0.2 * np.maximum(0, turn - x) + 0.15 * np.maximum(0, x - turn), rng).point
        for _ in range(100)
    ]
    held = sum(isinstance(p, Estimate) and p.low <= turn <= p.high for p in points)
    assert held >= 95


def test_what_is_said_where_none_is_seen() -> None:
    falls = one(lambda x: -0.3 * np.log(x), np.random.default_rng(7))
    assert isinstance(falls.point, Unknown)
    assert falls.point.reason == "no backlash seen up to all of it: the last part of it still helps"
    assert isinstance(falls.cost, Unknown)
    assert falls.points[-1].against_all.value == 0


def test_amounts_that_do_not_rise_are_refused() -> None:
    where = HeldOut(np.full(20, 100), np.arange(20))
    with pytest.raises(EstimateError, match="at least 3 rising amounts"):
        find_backlash([1, 1, 2], np.ones((3, 5, 20)), where, rng=np.random.default_rng(1))
    with pytest.raises(EstimateError, match="amounts x seeds x documents"):
        find_backlash([1, 2, 3], np.ones((2, 5, 20)), where, rng=np.random.default_rng(1))
