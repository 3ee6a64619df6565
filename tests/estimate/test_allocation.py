from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assay.errors import EstimateError
from assay.estimate import allocate, assign_strata, cut_scores

scores = arrays(np.float64, st.integers(0, 80), elements=st.floats(0, 1) | st.just(float("nan")))


@given(scores, st.integers(1, 8))
def test_every_trace_has_a_stratum_and_none_is_empty(given_scores, max_strata) -> None:  # type: ignore[no-untyped-def]
    cuts = cut_scores(given_scores, max_strata=max_strata)
    assert len(cuts) < max_strata or len(cuts) == 0
    assert (np.diff(cuts) > 0).all()
    strata = assign_strata(given_scores, cuts)
    known = ~np.isnan(given_scores)
    assert (strata[~known] == len(cuts) + 1).all()
    if known.any():
        assert set(strata[known]) == set(range(len(cuts) + 1))


def test_constant_and_missing_scores_make_one_stratum() -> None:
    assert cut_scores(np.full(10, 0.3)).size == 0
    assert cut_scores(np.full(10, np.nan)).size == 0
    assert cut_scores(np.array([])).size == 0
    assert (assign_strata(np.full(3, np.nan), np.array([])) == 1).all()


def test_two_scores_make_two_strata_however_rare_the_one() -> None:
    flags = np.zeros(100_000)
    flags[0] = 1
    strata = assign_strata(flags, cut_scores(flags))
    assert np.bincount(strata).tolist() == [99_999, 1]


def test_strata_hold_equal_shares_of_the_root() -> None:
    given_scores = np.random.default_rng(0).beta(0.3, 8, 20_000)
    strata = assign_strata(given_scores, cut_scores(given_scores))
    shares = np.bincount(strata, weights=np.sqrt(np.clip(given_scores, 1e-3, 1)))
    assert len(shares) == 6
    assert shares / shares.sum() == pytest.approx(np.full(6, 1 / 6), abs=0.01)
    assert (np.diff(np.bincount(strata)) < 0).all()


def test_scores_out_of_range_are_refused() -> None:
    with pytest.raises(EstimateError, match="scores must be in"):
        cut_scores(np.array([0.5, 1.2]))
    with pytest.raises(EstimateError, match="shape"):
        cut_scores(np.zeros((2, 2)))


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.floats(0, 1)), min_size=1, max_size=7),
    st.integers(0, 10**6),
    st.floats(0, 1),
)
def test_allocations_fit(strata: list[tuple[int, float]], labels: int, share: float) -> None:
    sizes = np.array([size for size, _ in strata])
    rates = np.array([rate for _, rate in strata])
    if min(labels, sizes.sum()) < np.minimum(sizes, 2).sum():
        with pytest.raises(EstimateError, match="too few"):
            allocate(sizes, rates, labels, uniform_share=share)
        return
    drawn = allocate(sizes, rates, labels, uniform_share=share)
    assert drawn.sum() == min(labels, sizes.sum())
    assert (drawn <= sizes).all()
    assert (drawn >= np.minimum(sizes, 2)).all()


def test_uniform_and_neyman_allocation() -> None:
    sizes = np.array([900, 100])
    rates = np.array([0.1, 0.5])
    assert allocate(sizes, rates, 100, uniform_share=1).tolist() == [90, 10]
    # 900 x 0.3 to 100 x 0.5
    assert allocate(sizes, rates, 320, uniform_share=0).tolist() == [270, 50]


def test_a_full_stratum_passes_its_labels_on() -> None:
    drawn = allocate(np.array([1000, 100]), np.array([0.001, 0.5]), 500, uniform_share=0)
    assert drawn.tolist() == [400, 100]


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(EstimateError, match="one shape"):
        allocate(np.array([1, 2]), np.array([0.5]), 1)
    with pytest.raises(EstimateError, match="in \\[0, 1\\]"):
        allocate(np.array([10]), np.array([1.5]), 5)
    with pytest.raises(EstimateError, match="must be >= 0"):
        allocate(np.array([10]), np.array([0.5]), -5)
