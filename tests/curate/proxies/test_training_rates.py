from __future__ import annotations

import numpy as np
import pytest

from assay.curate.proxies.training_rates import rank_flips
from assay.errors import BadInput
from assay.estimate.paired_bootstrap import HeldOut

N_BYTES = np.full(60, 1_000)
HELD_OUT = HeldOut(N_BYTES, np.arange(60))


def bits(
    levels: list[float], noise: float = 5.0, seed: int = 1
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 100, 60)
    return np.array(
        [
            [level * N_BYTES + common + rng.normal(0, noise, 60) for _ in range(4)]
            for level in levels
        ]
    )


def test_orders_that_are_the_same_show_no_flip() -> None:
    found = rank_flips(["a", "b", "c"], bits([1.0, 1.5, 2.0]), bits([2.0, 2.2, 2.4]), HELD_OUT)
    assert (found.pairs, found.flips) == (3, ())
    assert "all 3 pairs" in found.sentence


def test_a_pair_that_turns_over_beyond_chance_is_named() -> None:
    found = rank_flips(["a", "b", "c"], bits([1.0, 1.5, 2.0]), bits([2.0, 1.8, 2.4]), HELD_OUT)
    assert [(flip.first, flip.second, flip.shown) for flip in found.flips] == [("a", "b", True)]
    assert "1 of 3 pairs" in found.sentence
    assert "1 beyond chance" in found.sentence


def test_a_flip_within_noise_is_not_shown() -> None:
    plain, small = bits([1.0, 1.0001], 200.0, 3), bits([1.0001, 1.0], 200.0, 4)
    found = rank_flips(["a", "b"], plain, small, HELD_OUT)
    assert not any(flip.shown for flip in found.flips)


def test_shapes_must_fit() -> None:
    with pytest.raises(BadInput, match="data sets x seeds x documents"):
        rank_flips(["a", "b"], bits([1.0]), bits([1.0, 2.0]), HELD_OUT)
