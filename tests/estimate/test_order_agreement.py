"""Agreement of two noisy orders: tau-b, its limits in simulation, and what percentiles would have claimed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.errors import EstimateError
from assay.estimate.order_agreement import OrderAgreement, kendall_tau_b, order_agreement
from assay.estimate.paired_bootstrap import HeldOut

SEEDS, DOCUMENTS = 5, 60
FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def measured(
    truth: FloatArray, rng: np.random.Generator, *, seed_sd: float = 0.03, shared: float = 0.1
) -> FloatArray:
    """Bits of things of known bits per byte, on documents of 1,000 bytes, with noise of seeds and documents."""
    things = len(truth)
    seeds = rng.normal(0, seed_sd, (things, SEEDS, 1))
    documents = rng.normal(0, shared, (things, 1, DOCUMENTS)) * rng.gamma(2, 0.5, DOCUMENTS)
    both = rng.normal(0, 0.02, (things, SEEDS, DOCUMENTS))
    bits: FloatArray = 1000 * (truth[:, None, None] + seeds + documents + both)
    return bits


def held_out() -> HeldOut:
    return HeldOut(np.full(DOCUMENTS, 1000), np.arange(DOCUMENTS))


def found(first: FloatArray, second: FloatArray, seed: int = 0) -> OrderAgreement:
    return order_agreement(first, second, held_out(), rng=np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(20))
def test_tau_b_is_that_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 6, 9), rng.integers(0, 6, 9)
    assert kendall_tau_b(first, second) == pytest.approx(stats.kendalltau(first, second).statistic)


def test_orders_far_apart_from_noise_are_told() -> None:
    rng = np.random.default_rng(1)
    truth = np.arange(6.0)
    first = measured(truth, rng)
    same, opposite = found(first, measured(truth, rng)), found(first, measured(-truth, rng))
    assert (same.agreed, same.opposed, same.finding) == (15, 0, "agree")
    assert (same.tau.low, same.tau.value, same.tau.high) == (1, 1, 1)
    assert (opposite.agreed, opposite.opposed, opposite.finding) == (0, 15, "oppose")


def test_what_no_side_separates_cannot_be_told() -> None:
    rng = np.random.default_rng(2)
    truth = np.zeros(6)
    nothing = found(measured(truth, rng), measured(truth, rng))
    assert nothing.finding == "cannot tell"
    assert nothing.agreed + nothing.opposed == 0
    assert (nothing.tau.low, nothing.tau.high) == (-1, 1)


def test_a_pair_that_one_side_separates_is_neither_agreed_nor_opposed() -> None:
    rng = np.random.default_rng(3)
    clear = measured(np.arange(4.0), rng)
    half = found(clear, measured(np.zeros(4), rng))
    assert (half.separated_first, half.separated_second) == (6, 0)
    assert half.finding == "cannot tell"


def test_a_measurement_agrees_with_itself() -> None:
    bits = measured(np.arange(5.0), np.random.default_rng(4))
    itself = found(bits, bits)
    assert itself.same == itself.pairs == 10
    assert itself.tau.value == 1


@pytest.mark.parametrize("shape", [(1, 5, 60), (4, 2, 60), (4, 5, 59)])
def test_too_little_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(EstimateError):
        found(np.ones(shape), np.ones(shape))


def test_two_shapes_are_refused() -> None:
    with pytest.raises(EstimateError, match="same seeds and documents"):
        found(np.ones((4, 5, 60)), np.ones((5, 5, 60)))


def covered(worlds: range) -> tuple[int, int, int]:
    """Count the worlds whose limits hold tau of the true orders, those whose every shown pair is right, and those in
    which percentiles of a bootstrap of tau hold it."""
    limits = pairs_right = percentiles = 0
    for world in worlds:
        rng = np.random.default_rng([world, 77])
        # Close and far pairs: steps of nought to six standard errors.
        first = np.cumsum(rng.choice([0.005, 0.02, 0.12], 6))
        second = first if world % 3 else rng.permutation(first)
        bits = measured(first, rng), measured(second, rng)
        truth = kendall_tau_b(first, second)
        answer = order_agreement(bits[0], bits[1], held_out(), rng=rng)
        limits += answer.tau.low - 1e-9 <= truth <= answer.tau.high + 1e-9
        pairs_right += answer.opposed == 0 or world % 3 == 0
        drawn = []
        for _ in range(100):
            at = rng.integers(0, SEEDS, SEEDS)[:, None], rng.integers(0, DOCUMENTS, DOCUMENTS)
            drawn.append(kendall_tau_b(*(b[:, *at].sum(axis=(1, 2)) for b in bits)))
        low, high = np.quantile(drawn, [0.025, 0.975])
        percentiles += bool(low - 1e-9 <= truth <= high + 1e-9)
    return limits, pairs_right, percentiles


def test_limits_hold_the_true_tau() -> None:
    limits, right, _ = covered(range(40))
    assert limits >= 37
    assert right >= 37


@pytest.mark.nightly
def test_limits_hold_in_95_of_100_worlds_and_percentiles_do_not() -> None:
    limits, _, percentiles = covered(range(1000, 1600))
    assert limits >= 0.95 * 600
    assert percentiles < 0.95 * 600
