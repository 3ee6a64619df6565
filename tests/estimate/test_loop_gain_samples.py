from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.loop_gain_samples import (
    SampledAnswers,
    sampled_change,
    sampled_turn,
    source_of_gain,
)
from assay.quantity import Estimate, Quantity, Unknown

K = 8


def answers(right: np.ndarray, *, apart: float = 0.0, agreement: float = 0.5) -> SampledAnswers:
    n = len(right)
    return SampledAnswers(
        K,
        right.astype(np.int64),
        np.maximum(1, K - right).astype(np.int64),
        np.where(right > 1, apart, np.nan),
        np.full(n, agreement),
        (right > K / 2).astype(np.int64),
    )


def value(quantity: Quantity) -> float:
    assert isinstance(quantity, Estimate)
    return quantity.value


def test_pass_at_1_and_at_k_are_the_shares_of_answers_and_of_tasks() -> None:
    found = sampled_turn(answers(np.array([0] * 50 + [4] * 30 + [8] * 20)))
    assert value(found.pass_1) == pytest.approx(0.35)
    assert value(found.pass_k) == pytest.approx(0.5)


def test_the_gain_is_sharpening_where_the_same_tasks_are_right_more_often() -> None:
    change = sampled_change(
        answers(np.array([0] * 100 + [4] * 100)), answers(np.array([0] * 100 + [8] * 100))
    )
    assert value(change.pass_1) == value(change.sharpening) == pytest.approx(0.25)
    assert value(change.new_knowledge) == value(change.pass_k) == 0
    assert source_of_gain(change) == "sharpening"


def test_the_gain_is_new_knowledge_where_tasks_are_right_that_never_were() -> None:
    change = sampled_change(
        answers(np.array([0] * 100 + [8] * 100)), answers(np.array([8] * 40 + [0] * 60 + [8] * 100))
    )
    assert value(change.new_knowledge) == value(change.pass_k) == pytest.approx(0.2)
    assert (value(change.won), value(change.lost)) == pytest.approx((0.2, 0))
    assert source_of_gain(change) == "new knowledge"


def test_both_parts_add_up_to_the_gain() -> None:
    rng = np.random.default_rng(1)
    change = sampled_change(
        answers(rng.binomial(K, 0.2, 300)), answers(rng.binomial(K, rng.beta(0.5, 0.5, 300)))
    )
    assert value(change.sharpening) + value(change.new_knowledge) == pytest.approx(
        value(change.pass_1)
    )
    assert value(change.won) - value(change.lost) == pytest.approx(value(change.pass_k))


def test_the_same_version_asked_again_shows_no_new_knowledge() -> None:
    rng = np.random.default_rng(2)
    chances = rng.beta(0.3, 0.8, 200)
    shown = 0
    for _ in range(50):
        change = sampled_change(
            answers(rng.binomial(K, chances)), answers(rng.binomial(K, chances))
        )
        assert value(change.won) > 0
        shown += source_of_gain(change) != "neither shown"
    # Two one-sided claims at 0.025 each.
    assert shown <= 8


def test_variety_of_right_answers_is_compared_where_there_are_two_both_times() -> None:
    right = np.array([0] * 50 + [8] * 150)
    change = sampled_change(answers(right, apart=0.8), answers(right, apart=0.1))
    assert value(change.right_pairs_apart) == pytest.approx(-0.7)
    none = sampled_change(answers(np.zeros(5)), answers(np.zeros(5)))
    assert isinstance(none.right_pairs_apart, Unknown)


def test_agreement_on_what_is_wrong_is_overconfidence() -> None:
    right = np.array([0] * 100)
    change = sampled_change(answers(right, agreement=0.3), answers(right, agreement=0.9))
    assert value(change.overconfidence) == pytest.approx(0.6)
    assert value(sampled_turn(answers(right, agreement=0.9)).overconfidence) == pytest.approx(0.9)


def test_other_tasks_other_numbers_of_samples_and_no_task() -> None:
    with pytest.raises(EstimateError, match="same tasks"):
        sampled_change(answers(np.zeros(3)), answers(np.zeros(4)))
    with pytest.raises(EstimateError, match=r"in 0\.\.samples"):
        answers(np.array([9]))
    empty = sampled_change(answers(np.zeros(0)), answers(np.zeros(0)))
    assert source_of_gain(empty) == "unknown"
