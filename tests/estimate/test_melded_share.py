"""Shares of parts that were sampled one by one: the limits hold with many parts of few labels."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate import StratumCount

# The function hides the module of the same name.
melded = importlib.import_module("assay.estimate.melded_share")


def parts(size: int, hits: int, labels: int, rng: np.random.Generator) -> list[StratumCount]:
    """Return twelve parts, each with so many labels drawn from it."""
    found = rng.hypergeometric(hits, size - hits, labels, size=12)
    return [StratumCount(size, labels, int(k)) for k in found]


def test_the_limits_hold_with_few_labels_in_each_of_many_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(melded, "POINTS", 1_000)
    rng, runs, missed = np.random.default_rng(3), 300, 0
    for _ in range(runs):
        inside, outside = parts(100, 80, 5, rng), parts(100, 40, 5, rng)
        low, high = melded.melded_share(inside, outside)
        missed += not low <= 80 / 120 <= high
    # One run in a thousand would have more at just 95 %.
    assert missed <= 28


def test_parts_that_are_read_in_full_leave_nothing_open() -> None:
    low, high = melded.melded_share([StratumCount(10, 10, 4)], [StratumCount(20, 20, 12)])
    assert low == high == 0.25


def test_nothing_found_and_all_read_says_nothing() -> None:
    assert melded.melded_share([StratumCount(10, 10, 0)], [StratumCount(20, 20, 0)]) == (0.0, 1.0)


def test_unsure_labels_widen_both_ways() -> None:
    sure = melded.melded_share([StratumCount(100, 40, 30)], [StratumCount(900, 90, 3)])
    unsure = melded.melded_share([StratumCount(100, 40, 28, 5)], [StratumCount(900, 90, 3, 2)])
    assert unsure.low < sure.low < sure.high < unsure.high


def test_a_part_without_a_label_is_refused() -> None:
    with pytest.raises(EstimateError, match="needs a label"):
        melded.melded_share([StratumCount(10, 0, 0)], [StratumCount(20, 20, 0)])
