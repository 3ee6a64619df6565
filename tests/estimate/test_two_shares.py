"""Two shares: the difference's limits hold, the test is Fisher's, and what could have been seen is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import comb

from assay.errors import EstimateError
from assay.estimate import Share, fisher_p_value, holm, share_difference, smallest_visible_change
from assay.quantity import Estimate, Unknown


def binomial(n: int, p: float) -> np.ndarray:
    k = np.arange(n + 1)
    return np.asarray(comb(n, k) * p**k * (1 - p) ** (n - k))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 8), (5, 5), (4, 15), (12, 12)])
def test_limits_of_the_difference_hold_for_every_pair_of_shares(n: int, m: int) -> None:
    low, high = np.empty((n + 1, m + 1)), np.empty((n + 1, m + 1))
    for a in range(n + 1):
        for b in range(m + 1):
            found = share_difference(Share(a, n), Share(b, m))
            assert isinstance(found, Estimate)
            low[a, b], high[a, b] = found.low, found.high
    worst = 1.0
    for p in np.linspace(0.01, 0.99, 15):
        for q in np.linspace(0.01, 0.99, 15):
            held = (low <= p - q) & (p - q <= high)
            worst = min(worst, float(binomial(n, p) @ held @ binomial(m, q)))
    assert worst >= 0.95


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30), st.integers(1, 30))
def test_limits_agree_with_fisher_about_a_difference_of_none(
    a: int, n: int, b: int, m: int
) -> None:
    x, y = Share(min(a, n), n), Share(min(b, m), m)
    found = share_difference(x, y)
    p = fisher_p_value(x, y)
    assert isinstance(found, Estimate)
    mirrored = share_difference(y, x)
    assert isinstance(mirrored, Estimate)
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low), abs=1e-5)
    if abs(p - 0.05) > 0.005:
        assert (p <= 0.05) == (found.low > 0 or found.high < 0)


@given(st.integers(0, 20), st.integers(1, 20), st.integers(0, 20), st.integers(1, 20))
def test_p_values_are_those_of_scipy(a: int, n: int, b: int, m: int) -> None:
    from scipy.stats import fisher_exact

    x, y = Share(min(a, n), n), Share(min(b, m), m)
    table = [[x.hits, x.cases - x.hits], [y.hits, y.cases - y.hits]]
    tails = [fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert fisher_p_value(x, y) == pytest.approx(min(1.0, 2 * min(tails)))


def test_nothing_to_compare() -> None:
    assert isinstance(share_difference(Share(0, 0), Share(1, 2)), Unknown)
    with pytest.raises(EstimateError, match="hits"):
        share_difference(Share(3, 2), Share(1, 2))


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8))
def test_adjusted_p_values_keep_their_order_and_are_no_smaller(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(after >= before for before, after in zip(p_values, adjusted, strict=True))
    assert min(adjusted) == pytest.approx(min(1.0, len(p_values) * min(p_values)))
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(np.array(adjusted)[order]) >= 0).all()


@pytest.mark.parametrize(("share", "n", "m"), [(0.9, 40, 60), (0.2, 30, 30), (0.5, 100, 50)])
def test_the_smallest_visible_change_is_seen_in_four_cases_of_five(
    share: float, n: int, m: int
) -> None:
    found = smallest_visible_change(share, n, m, miss=0.02)
    assert isinstance(found, Estimate)
    other = share - found.value if share > 0.5 else share + found.value
    rng = np.random.default_rng(4)
    seen = sum(
        fisher_p_value(Share(int(a), n), Share(int(b), m)) <= 0.02
        for a, b in zip(rng.binomial(n, share, 800), rng.binomial(m, other, 800), strict=True)
    )
    assert 0.75 <= seen / 800 <= 0.86


def test_many_cases_go_by_the_normal_law() -> None:
    exact = smallest_visible_change(0.9, 400, 400, miss=0.05)
    normal = smallest_visible_change(0.9, 401, 401, miss=0.05)
    assert isinstance(exact, Estimate)
    assert isinstance(normal, Estimate)
    assert exact.value == pytest.approx(normal.value, rel=0.08)
    assert isinstance(smallest_visible_change(1.0, 0, 50, miss=0.05), Unknown)
