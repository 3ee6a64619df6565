from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.loop_gain_length import LabeledLengths, length_growth, length_preference
from assay.quantity import Estimate, Unknown


def drawn(rng: np.random.Generator, *, prefers: float) -> LabeledLengths:
    """Right answers are longer and kept more often; of equally right ones, the longer by as much as `prefers`."""
    right = np.repeat([1, 0], 100)
    length = rng.integers(1, 50, 200) + 40 * right
    chance = 0.2 + 0.5 * right + prefers * (length - 40 * right > 25)
    kept = rng.random(200) < np.clip(chance, 0, 1)
    return LabeledLengths(length, kept, 1 - right)


def test_a_preference_among_equally_right_answers_is_seen() -> None:
    found = length_preference(drawn(np.random.default_rng(0), prefers=0.3))
    assert found.p_value is not None
    assert found.p_value < 0.01
    assert found.compared == 200
    assert isinstance(found.size, Estimate)
    assert found.size.value > 0.5


def test_right_answers_that_are_longer_are_no_preference_for_length() -> None:
    rng = np.random.default_rng(1)
    p_values = [
        length_preference(drawn(rng, prefers=0.0), permutations=199).p_value for _ in range(60)
    ]
    assert all(p is not None for p in p_values)
    # 5 % and three standard errors.
    assert np.mean([p is not None and p <= 0.05 for p in p_values]) <= 0.05 + 3 * 0.028


def test_a_preference_for_short_answers_is_none_for_long_ones() -> None:
    found = length_preference(drawn(np.random.default_rng(2), prefers=-0.3))
    assert found.p_value is not None
    assert found.p_value > 0.5


def test_nothing_to_compare_is_unknown() -> None:
    same = LabeledLengths(np.full(20, 5), np.arange(20) < 10, np.zeros(20, np.int64))
    assert length_preference(same).p_value is None
    all_kept = LabeledLengths(np.arange(20), np.ones(20, bool), np.zeros(20, np.int64))
    found = length_preference(all_kept)
    assert found.p_value is None
    assert isinstance(found.size, Unknown)
    with pytest.raises(EstimateError, match="one shape"):
        LabeledLengths(np.arange(3), np.ones(2, bool), np.zeros(3, np.int64))


def test_growth_counts_longer_and_shorter_outputs() -> None:
    old = np.full(100, 10)
    new = np.concatenate([np.full(60, 20), np.full(30, 10), np.full(10, 5)])
    found = length_growth(old, new)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(0.5)
    assert found.low > 0.3
