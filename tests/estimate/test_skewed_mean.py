"""Limits of a mean of costs or times."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.skewed_mean import FEWEST, SkewedMean

LIMITS = np.array([0.025, 0.975])


def test_the_limits_hold_the_mean_and_lean_to_where_the_tail_is() -> None:
    sample = SkewedMean.of(np.random.default_rng(3).lognormal(0, 1, 200))
    low, high = sample.at(LIMITS)
    assert low < sample.mean < high
    assert high - sample.mean > sample.mean - low


def test_quantiles_go_up_with_the_level_and_are_never_negative() -> None:
    sample = SkewedMean.of(np.array([0.0] * 9 + [50.0]))
    found = sample.at(np.linspace(0.001, 0.999, 50))
    assert (np.diff(found) >= 0).all()
    assert found.min() >= 0


def test_numbers_that_are_all_alike_have_no_width() -> None:
    assert SkewedMean.of(np.full(20, 3.0)).at(LIMITS).tolist() == [3.0, 3.0]


def test_in_another_currency_the_limits_are_those_of_the_other_currency() -> None:
    values = np.random.default_rng(1).exponential(2.0, 60)
    scaled = SkewedMean.of(values * 7).at(LIMITS)
    assert scaled.tolist() == pytest.approx((7 * SkewedMean.of(values).at(LIMITS)).tolist())


def test_too_few_numbers_have_no_limits_and_others_are_refused() -> None:
    with pytest.raises(EstimateError, match=f"need {FEWEST} numbers"):
        SkewedMean.of(np.ones(FEWEST - 1)).at(0.5)
    for values in ([], [-1.0], [float("nan")], [float("inf")]):
        with pytest.raises(EstimateError):
            SkewedMean.of(np.array(values))


@pytest.mark.nightly
@pytest.mark.parametrize("n", [10, 30, 100, 1_000])
@pytest.mark.parametrize("kind", ["lognormal", "exponential", "normal"])
def test_ninety_five_in_a_hundred_means_at_least_ninety_four(n: int, kind: str) -> None:
    rng = np.random.default_rng(11)
    samples = {
        "lognormal": rng.lognormal(0, 1, (2_000, n)),
        "exponential": rng.exponential(1, (2_000, n)),
        "normal": np.maximum(rng.normal(10, 1, (2_000, n)), 0),
    }[kind]
    truth = {"lognormal": np.exp(0.5), "exponential": 1.0, "normal": 10.0}[kind]
    held = 0
    for sample in samples:
        low, high = SkewedMean.of(sample).at(LIMITS)
        held += low <= truth <= high
    # Less three standard errors of the simulation.
    assert held / 2_000 >= 0.94 - 3 * (0.94 * 0.06 / 2_000) ** 0.5
