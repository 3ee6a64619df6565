"""The shorter exact interval against trying out every population, and its coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.errors import EstimateError
from assay.estimate.exact import hypergeometric_errors
from assay.estimate.ordered import ordered_errors

TIE = 1e-12


def tried_out(k: int, n: int, size: int, miss: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the interval where ties at the level are kept, and where they are not."""
    found = np.arange(n + 1)
    kept: list[tuple[int, float]] = []
    for errors in range(k, size - n + k + 1):
        rate = errors / size
        with np.errstate(divide="ignore", invalid="ignore"):
            far = np.where(found > 0, found * np.log(found / (n * rate)), 0.0)
            far = far + np.where(
                found < n, (n - found) * np.log((n - found) / (n * (1 - rate))), 0.0
            )
        chance = stats.hypergeom.pmf(found, size, errors, n)
        kept.append((errors, chance[far >= far[k] - TIE].sum()))
    loose = [m for m, p in kept if p > miss - TIE]
    tight = [m for m, p in kept if p > miss + TIE]
    return (loose[0], loose[-1]), (tight[0], tight[-1])


@pytest.mark.parametrize("size", [2, 5, 12, 33, 60, 150])
@pytest.mark.parametrize("miss", [0.2, 0.05, 0.01])
def test_the_same_as_trying_out_every_population(size: int, miss: float) -> None:
    for n in {n for n in (1, 2, 3, size // 3, size // 2, size - 1) if 0 < n < size}:
        for k in range(n + 1):
            low, high = ordered_errors(k, n, size, confidence_level=1 - miss)
            loose, tight = tried_out(k, n, size, miss)
            assert loose[0] <= low <= tight[0], (n, k)
            assert tight[1] <= high <= loose[1], (n, k)


@pytest.mark.parametrize(("size", "n"), [(40, 7), (90, 30), (200, 12), (150, 149)])
@pytest.mark.parametrize("miss", [0.1, 0.05, 0.01])
def test_it_covers_and_both_limits_rise(size: int, n: int, miss: float) -> None:
    limits = [ordered_errors(k, n, size, confidence_level=1 - miss) for k in range(n + 1)]
    low = np.array([x.low for x in limits])
    high = np.array([x.high for x in limits])
    for errors in range(size + 1):
        chance = stats.hypergeom.pmf(np.arange(n + 1), size, errors, n)
        assert chance @ ((low <= errors) & (errors <= high)) >= 1 - miss - 1e-9
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) >= 0).all()


@pytest.mark.parametrize(
    ("k", "n", "size"), [(0, 500, 10**6), (8, 200, 1319), (100, 1_000, 10**9), (500, 1_000, 10**9)]
)
def test_shorter_than_with_equal_tails(k: int, n: int, size: int) -> None:
    ordered, equal = ordered_errors(k, n, size), hypergeometric_errors(k, n, size)
    assert ordered.high - ordered.low < equal.high - equal.low


def test_no_error_is_the_rule_of_three() -> None:
    assert ordered_errors(0, 3_000, 10**9).high == pytest.approx(3.07 * 10**9 / 3_000, rel=0.02)


def test_bad_counts_are_refused() -> None:
    for counts in ((3, 2, 10), (0, 0, 10), (0, 11, 10), (-1, 2, 10)):
        with pytest.raises(EstimateError, match="errors <= labeled <= population"):
            ordered_errors(*counts)
