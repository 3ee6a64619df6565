"""Bins of like score: about equal, never thin, and never cut by what was found in them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import EstimateError
from assay.estimate import (
    ReliabilityBin,
    bin_edges,
    calibration_error,
    clopper_pearson,
    design_gain,
)
from assay.quantity import Estimate, Unknown

score = st.sampled_from([0.0, 0.01, 0.2, 0.21, 0.5, 0.7, 0.8, 0.93, 0.99, 1.0, 0.3, 0.4])


@given(st.lists(score, min_size=1, max_size=200), st.integers(0, 200), st.integers(1, 12))
def test_bins_are_few_whole_and_not_thin(scores: list[float], labels: int, most: int) -> None:
    every = np.array(scores)
    labeled = every[:labels]
    edges = bin_edges(every, labeled, most=most, least_labels=7)
    assert edges.size < most
    assert (np.diff(edges) > 0).all()
    which = np.searchsorted(edges, every, side="right")
    assert (np.bincount(which, minlength=edges.size + 1) > 0).all()
    if edges.size:
        counts = np.bincount(
            np.searchsorted(edges, labeled, side="right"), minlength=edges.size + 1
        )
        assert (counts >= 7).all()


def test_bins_are_of_about_equal_size() -> None:
    every = np.random.default_rng(2).random(10_000) ** 3
    edges = bin_edges(every, every)
    counts = np.bincount(np.searchsorted(edges, every, side="right"))
    assert counts.size == 10
    assert counts.min() > 990
    with pytest.raises(EstimateError, match="bins need"):
        bin_edges(np.zeros(0), np.zeros(0))


def made(mean: float, errors: int, labels: int, level: float) -> ReliabilityBin:
    limits = clopper_pearson(errors, labels, confidence_level=level)
    rate = Estimate(
        errors / labels, limits.low, limits.high, "errors/output", level, labels, "exact"
    )
    return ReliabilityBin(0, 1, mean, 100, labels, rate)


def test_calibration_error_holds_where_scores_mean_what_they_say() -> None:
    rng = np.random.default_rng(6)
    means, misses = (0.1, 0.3, 0.6), 0
    for _ in range(300):
        bins = [made(m, int(rng.binomial(25, m)), 25, 1 - 0.05 / 3) for m in means]
        found = calibration_error(bins)
        assert isinstance(found, Estimate)
        misses += found.low > 0
        assert found.confidence_level == 0.95
    # The truth is 0: the point alone would never say so.
    assert misses <= 27


def test_calibration_error_of_what_is_unknown_is_unknown() -> None:
    one = made(0.1, 1, 10, 0.95)._replace(error_rate=Unknown("no label"))
    assert isinstance(calibration_error([one]), Unknown)
    assert isinstance(calibration_error([]), Unknown)


def test_a_judge_of_noise_is_worth_nothing_and_one_that_knows_much() -> None:
    rng = np.random.default_rng(1)
    wrong = (np.arange(5_000) < 250).astype(np.int64)
    noise = design_gain(rng.random(5_000), wrong)
    knows = design_gain(np.where(wrong == 1, 0.8, 0.05) + 0.1 * rng.random(5_000), wrong)
    assert isinstance(noise, Estimate)
    assert isinstance(knows, Estimate)
    assert noise.value < 1.02
    assert knows.value > 1.5
    assert isinstance(design_gain(rng.random(100), wrong[:100]), Unknown)
    with pytest.raises(EstimateError, match="one label a score"):
        design_gain(rng.random(3), wrong)


def test_the_gain_of_a_design_is_that_of_drawing_again_and_again() -> None:
    from assay.estimate import allocate, anticipated_error_rates, assign_strata, cut_scores

    rng = np.random.default_rng(8)
    wrong = (np.arange(4_000) < 200).astype(np.int64)
    scores = np.clip(0.35 * wrong + 0.6 * rng.random(4_000), 0, 1)
    found = design_gain(scores, wrong)
    assert isinstance(found, Estimate)
    cuts = cut_scores(scores, max_strata=4)
    which = assign_strata(scores, cuts)
    sizes = np.bincount(which)
    means = np.bincount(which, weights=scores) / sizes
    labeled = allocate(sizes, anticipated_error_rates(sizes, means), 200)
    errors = np.bincount(which, weights=wrong).astype(np.int64)
    drawn = rng.hypergeometric(errors, sizes - errors, labeled, size=(20_000, sizes.size))
    stratified = (drawn / labeled * sizes).sum(axis=1).var()
    uniform = (rng.hypergeometric(200, 3_800, 200, size=20_000) * 20.0).var()
    assert found.value == pytest.approx(uniform / stratified, rel=0.06)
