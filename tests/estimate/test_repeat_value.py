"""What repeats are worth: the published law, its ends and its range."""

from __future__ import annotations

import pytest

from assay.errors import EstimateError
from assay.estimate.repeat_value import DECAY, repeat_value


def test_one_epoch_is_worth_itself_and_many_no_more_than_the_law_allows() -> None:
    once = repeat_value(1e6, 1)
    found = [once.effective, once.low, once.high, once.last_epoch]
    assert found == pytest.approx([1e6, 1e6, 1e6, 1.0])
    assert repeat_value(1.0, 1e6).effective == pytest.approx(1 + DECAY)


def test_at_the_decay_constant_repeats_are_worth_63_of_100_on_average() -> None:
    # The paper's own reading: after R* repeats a repeated token is worth 1 - 1/e of a fresh one on average.
    found = repeat_value(1.0, 1 + DECAY)
    assert (found.effective - 1) / DECAY == pytest.approx(1 - 1 / 2.718281828459045)


@pytest.mark.parametrize("epochs", [2, 4, 16, 100])
def test_the_range_holds_the_value_and_no_more_than_all_of_it(epochs: float) -> None:
    found = repeat_value(10.0, epochs)
    assert found.low < found.effective < found.high < 10 * epochs
    assert found.to_json()["guarantee"] == "assumed"


@pytest.mark.parametrize(("unique", "epochs"), [(-1, 2), (1, 0.5), (1, float("inf"))])
def test_nonsense_is_refused(unique: float, epochs: float) -> None:
    with pytest.raises(EstimateError, match="epochs must be at least 1"):
        repeat_value(unique, epochs)
