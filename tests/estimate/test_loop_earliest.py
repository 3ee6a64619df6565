"""The earliest turn at which the sign of a loop's change is known."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.loop_earliest import earliest_turn, looks
from assay.estimate.mcnemar import mcnemar_p_value


def test_each_look_spends_its_share() -> None:
    found = looks([(10, 5, 100)] * 3)
    assert [look.allowed for look in found] == pytest.approx([0.05 / 2, 0.05 / 6, 0.05 / 12])
    assert [look.allowed for look in looks([(10, 5, 100)] * 3, planned=4)] == [0.0125] * 3
    assert {look.p_value for look in found} == {mcnemar_p_value(5, 10)}
    assert found[0].change == pytest.approx(0.05)


def test_gains_and_losses_are_known_at_the_same_turn() -> None:
    gains = [(12, 8, 200), (30, 10, 200), (60, 10, 200)]
    losses = [(b, a, n) for a, b, n in gains]
    assert earliest_turn(gains, planned=3) == earliest_turn(losses, planned=3) == 2
    assert earliest_turn(gains[:1]) is None
    assert earliest_turn([]) is None
    assert earliest_turn([(0, 0, 50)] * 5) is None


def test_a_loop_that_does_nothing_is_seldom_known() -> None:
    rng = np.random.default_rng(5)
    false = 0
    for _ in range(300):
        steps = rng.integers(0, 2, (8, 40))
        # What changed in one turn stays: looks depend on each other.
        gained = np.cumsum(steps.sum(axis=1))
        paired = [(int(g), 40 * turn - int(g), 1_000) for turn, g in enumerate(gained, start=1)]
        false += earliest_turn(paired) is not None
    assert false / 300 <= 0.05


def test_counts_that_can_not_be_are_refused() -> None:
    with pytest.raises(EstimateError, match="turn 1"):
        looks([(60, 50, 100)])
    with pytest.raises(EstimateError, match="turn 2"):
        looks([(6, 5, 100), (-1, 5, 100)])
    with pytest.raises(EstimateError, match="planned"):
        looks([(6, 5, 100)] * 3, planned=2)
    with pytest.raises(EstimateError, match="confidence_level"):
        looks([], confidence_level=0.0)
