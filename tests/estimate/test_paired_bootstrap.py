"""Changes of held-out loss: coverage over seeds and documents, ratios, Holm, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.paired_bootstrap import (
    Change,
    HeldOut,
    holm,
    multiplier_draws,
    paired_change,
    ratio_of_changes,
)
from assay.quantity import Estimate, Unknown

TRUE = 0.05


def drawn(
    rng: np.random.Generator,
    *,
    seeds: int = 5,
    documents: int = 60,
    seed_sd: float,
    document_sd: float,
) -> Change:
    """A true change of 0.05 bits per byte, with skewed documents and noise of both kinds."""
    n_bytes = rng.integers(1_000, 4_097, documents)
    of_seed = rng.normal(0, seed_sd, (seeds, 1))
    of_document = (rng.gamma(1, 1, documents) - 1) * document_sd
    both = rng.normal(0, 0.01, (seeds, documents))
    bits = (TRUE + of_seed + of_document + both) * n_bytes
    return paired_change(bits, np.zeros_like(bits), HeldOut(n_bytes, np.arange(documents)))


@pytest.mark.parametrize(("seed_sd", "document_sd"), [(0.01, 0.0), (0.0, 0.05), (0.01, 0.05)])
def test_limits_hold_the_truth_as_often_as_they_say(seed_sd: float, document_sd: float) -> None:
    rng = np.random.default_rng(11)
    limits = [drawn(rng, seed_sd=seed_sd, document_sd=document_sd).limits(0.95) for _ in range(600)]
    held = np.mean([low <= TRUE <= high for low, high in limits])
    # Three standard errors of a simulation of 600.
    assert held >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 600)


def test_one_seed_of_noise_is_not_divided_by_the_documents() -> None:
    few = drawn(np.random.default_rng(1), documents=20, seed_sd=0.05, document_sd=0.0)
    many = drawn(np.random.default_rng(1), documents=2_000, seed_sd=0.05, document_sd=0.0)
    assert many.standard_error > few.standard_error / 3


def test_near_duplicates_count_once() -> None:
    rng = np.random.default_rng(2)
    n_bytes = np.full(200, 1_000)
    bits = np.repeat(rng.normal(0, 100, (1, 20)), 10, axis=1) + rng.normal(0, 1, (5, 200))
    alone = paired_change(bits, np.zeros_like(bits), HeldOut(n_bytes, np.arange(200)))
    as_they_are = HeldOut(n_bytes, np.repeat(np.arange(20), 10))
    clustered = paired_change(bits, np.zeros_like(bits), as_they_are)
    assert clustered.value == pytest.approx(alone.value)
    assert clustered.standard_error > 2.5 * alone.standard_error


def test_p_values_and_limits_say_the_same() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        change = drawn(rng, seed_sd=0.03, document_sd=0.1)
        low, high = change.limits(0.95)
        assert (change.p_differs() < 0.05) == (low > 0 or high < 0)
        assert change.p_above(change.limits(0.9).low) == pytest.approx(0.05, abs=1e-6)


def test_a_ratio_is_unknown_where_what_it_is_held_against_gains_nothing() -> None:
    rng = np.random.default_rng(4)
    change = drawn(rng, seed_sd=0.01, document_sd=0.02)
    found = ratio_of_changes(change, change, confidence_level=0.95, unit="times")
    assert isinstance(found, Unknown)


def test_a_ratio_of_two_gains_has_fieller_limits() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        n_bytes = rng.integers(1_000, 4_097, 60)
        common = rng.normal(0, 0.02, 60)
        gain = (-0.10 + common + rng.normal(0, 0.01, (5, 1))) * n_bytes
        half = (-0.05 + common / 2 + rng.normal(0, 0.01, (5, 1))) * n_bytes
        where, nothing = HeldOut(n_bytes, np.arange(60)), np.zeros_like(gain)
        found = ratio_of_changes(
            paired_change(half, nothing, where),
            paired_change(gain, nothing, where),
            confidence_level=0.95,
            unit="times",
        )
        assert isinstance(found, Estimate)
        held += found.low <= 0.5 <= found.high
    assert held >= 181


def test_draws_have_the_spread_of_the_changes() -> None:
    rng = np.random.default_rng(6)
    changes = [drawn(rng, seed_sd=0.0, document_sd=0.05) for _ in range(2)]
    draws = multiplier_draws(changes, rng)
    for place, change in enumerate(changes):
        inner = np.quantile(np.abs(draws[:, place]), 0.683)
        assert inner == pytest.approx(change.standard_error, rel=0.15)


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.02, 0.9]).tolist() == pytest.approx([0.03, 0.04, 0.9])
    assert holm([]).tolist() == []


def test_what_says_nothing_is_refused() -> None:
    bits = np.ones((2, 20))
    where = HeldOut(np.full(20, 100), np.arange(20))
    with pytest.raises(EstimateError, match="2 seeds say too little"):
        paired_change(bits, bits, where)
    with pytest.raises(EstimateError, match=r"rests on 4\.0 documents"):
        paired_change(np.ones((5, 4)), np.ones((5, 4)), HeldOut(np.full(4, 9), np.arange(4)))
    with pytest.raises(EstimateError, match="seeds x documents"):
        paired_change(np.ones((5, 3)), np.ones((5, 3)), where)
