"""The exchange rate: its limits hold the truth as often as they say, and it is unknown where nothing is taught."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.dose_curve import exchange_rate, gain_at
from assay.estimate.paired_bootstrap import Change, HeldOut, paired_change
from assay.quantity import Estimate, Unknown

SEEDS, DOCUMENTS = 5, 60
DOSES = (0.125, 0.25, 0.5, 1.0, 2.0)
HELD_OUT = HeldOut(np.full(DOCUMENTS, 1000), np.arange(DOCUMENTS))


def truth(dose: float) -> float:
    """Bits per byte that a dose of the other brings: more brings ever less."""
    return float(-np.interp(dose, (0, *DOSES), (0.0, 0.10, 0.16, 0.24, 0.34, 0.46)))


def noisy(value: float, noise: float, rng: np.random.Generator) -> Change:
    seeds = rng.normal(0, noise * np.sqrt(SEEDS / 2), (SEEDS, 1))
    documents = rng.normal(0, noise * np.sqrt(DOCUMENTS / 2), (1, DOCUMENTS))
    bits = 1000 * (value + seeds + documents)
    return paired_change(bits, np.zeros_like(bits), HELD_OUT)


def misses(worth: float, noise: float, runs: int, seed: int) -> tuple[int, int]:
    """Return how many limits don't hold the rate, and how many there are; one dose is worth so much of the other."""
    rng = np.random.default_rng([seed, int(100 * worth), int(1000 * noise)])
    missed = known = 0
    for _ in range(runs):
        curve = [noisy(truth(dose), noise, rng) for dose in DOSES]
        found = exchange_rate(
            noisy(truth(worth), noise, rng), 1.0, DOSES, curve, confidence_level=0.95
        )
        if isinstance(found, Estimate):
            known += 1
            missed += not found.low <= 1 / worth <= found.high
    return missed, known


def test_limits_hold_the_rate() -> None:
    missed, known = misses(0.5, 0.02, 60, 5)
    assert known == 60
    assert missed <= 8


@pytest.mark.nightly
@pytest.mark.parametrize("noise", [0.005, 0.02, 0.05, 0.1])
@pytest.mark.parametrize("worth", [0.1, 0.3, 0.5, 1.0, 1.7])
def test_limits_miss_the_rate_at_most_once_in_twenty(worth: float, noise: float) -> None:
    missed, _ = misses(worth, noise, 1_000, 6)
    # 1,000 runs at 5 % have at most 72 in all but one of 1,000 cells.
    assert missed <= 72


def test_a_text_that_teaches_nothing_has_no_rate() -> None:
    rng = np.random.default_rng(2)
    curve = [noisy(truth(dose), 0.01, rng) for dose in DOSES]
    found = exchange_rate(noisy(0.1, 0.01, rng), 1.0, DOSES, curve, confidence_level=0.95)
    assert isinstance(found, Unknown)
    assert "teaches nothing" in found.reason


def test_a_text_that_teaches_more_than_the_whole_curve_says_so() -> None:
    rng = np.random.default_rng(2)
    curve = [noisy(truth(dose), 0.01, rng) for dose in DOSES]
    found = exchange_rate(noisy(-0.9, 0.01, rng), 1.0, DOSES, curve, confidence_level=0.95)
    assert isinstance(found, Unknown)
    assert "more than 2 times as many" in found.reason


def test_between_two_amounts_the_curve_is_straight() -> None:
    rng = np.random.default_rng(2)
    curve = [noisy(truth(dose), 0.0, rng) for dose in DOSES]
    assert [gain_at(dose, DOSES, curve).value for dose in (0.0625, 0.375, 2.0)] == pytest.approx(
        [truth(0.0625), truth(0.375), truth(2.0)]
    )
    with pytest.raises(EstimateError, match="beyond the curve's last"):
        gain_at(2.1, DOSES, curve)
