"""Exact coverage of intervals for strata of a finite population: every outcome is enumerated.

For a design (sizes, labels) each number of errors in each stratum is a population, and each number
of errors found is an outcome of known probability. So the least coverage is exact, without chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special

from assay.estimate.exact import hypergeometric_errors
from assay.estimate.gamma import SampledStratum, gamma_w
from assay.estimate.interval import Interval, Tails
from assay.estimate.ratio import rate_ratio
from assay.estimate.stratified import _whole

FloatArray = npt.NDArray[np.float64]
Limits = Callable[[Sequence[int], Sequence[int], Sequence[int], Tails], Interval]


class Coverage(NamedTuple):
    """Least coverage of each limit and of both, over all populations of a design."""

    upper: float
    lower: float
    both: float


def gamma_w_limits(
    sizes: Sequence[int], labeled: Sequence[int], errors: Sequence[int], tail: Tails
) -> Interval:
    """Return what `total_errors` gives for several sampled strata."""
    strata = [SampledStratum(a, b, c, c) for a, b, c in zip(sizes, labeled, errors, strict=True)]
    return _whole(gamma_w(strata, tail))


def wald_limits(
    sizes: Sequence[int], labeled: Sequence[int], errors: Sequence[int], tail: Tails
) -> Interval:
    """Return the textbook normal interval, as a negative control."""
    total = variance = 0.0
    for size, n, k in zip(sizes, labeled, errors, strict=True):
        total += size * k / n
        variance += size * (size - n) * (k / n) * (1 - k / n) / n
    half = -float(special.ndtri(tail.high)) * float(np.sqrt(variance))
    return Interval(total - half, total + half)


def hypergeometric_table(size: int, labeled: int) -> FloatArray:
    """Return P(k errors found | M errors), shape (size + 1, labeled + 1)."""
    m = np.arange(size + 1)[:, None]
    k = np.arange(labeled + 1)[None, :]
    possible = (k <= m) & (labeled - k <= size - m)
    right, missed = np.maximum(size - m, 0), np.clip(labeled - k, 0, size - m)
    log = _choose(m, np.minimum(k, m)) + _choose(right, missed) - _choose(size, labeled)
    table: FloatArray = np.where(possible, np.exp(log), 0.0)
    table /= table.sum(axis=1, keepdims=True)
    return table


def coverage(
    sizes: Sequence[int], labeled: Sequence[int], tail: Tails, limits: Limits = gamma_w_limits
) -> Coverage:
    """Return the least coverage over all numbers of errors in 2 or 3 strata."""
    low = np.empty(tuple(n + 1 for n in labeled))
    high = np.empty_like(low)
    for errors in np.ndindex(low.shape):
        low[errors], high[errors] = limits(sizes, labeled, errors, tail)
    if len(sizes) == 2:  # A third stratum without errors changes nothing.
        low, high = low[..., None], high[..., None]
        tables = [hypergeometric_table(a, b) for a, b in zip(sizes, labeled, strict=True)]
        tables.append(np.ones((1, 1)))
    else:
        tables = [hypergeometric_table(a, b) for a, b in zip(sizes, labeled, strict=True)]
    worst = np.full(3, 2.0)
    for total in range(sum(sizes) + 1):
        upper = _given_total(high >= total, tables, total)
        lower = _given_total(low <= total, tables, total)
        least = [upper.min(), lower.min(), (upper + lower - 1).min()]
        worst = np.minimum(worst, least)
    return Coverage(*(float(x) for x in worst))


def _given_total(held: npt.NDArray[np.bool_], tables: list[FloatArray], total: int) -> FloatArray:
    """Return P(held) for each way to share `total` errors out among the strata."""
    first, second, third = tables
    part = np.tensordot(first, held.astype(np.float64), (1, 0))  # (M1, k2, k3)
    m1 = np.arange(first.shape[0])[:, None]
    m2 = np.arange(second.shape[0])[None, :]
    m3 = total - m1 - m2
    a, b = np.nonzero((m3 >= 0) & (m3 < third.shape[0]))
    held_given: FloatArray = np.einsum(
        "ijk,ij,ik->i", part[a], second[b], third[m3[a, b]], optimize=True
    )
    return held_given


def _choose(n: npt.NDArray[np.int64] | int, k: npt.NDArray[np.int64] | int) -> FloatArray:
    log: FloatArray = special.gammaln(n + 1) - special.gammaln(k + 1)
    log -= special.gammaln(np.asarray(n) - k + 1)
    return log


# Float noise of sums over hypergeometric tables; a limit may lie exactly on its level.
NOISE = 1e-9
SMALL = [
    ((30, 30), (1, 1)),
    ((3, 200), (1, 1)),
    ((3, 200), (1, 5)),
    ((25, 400), (7, 20)),
    ((40, 260), (30, 20)),
    ((40, 260), (1, 7)),
    ((60, 60), (12, 5)),
    ((150, 150), (30, 30)),
    ((50, 1500), (1, 2)),
    ((8, 8), (3, 5)),
    ((10, 20, 30), (2, 5, 8)),
    ((5, 60, 60), (1, 8, 8)),
]
TAILS = [0.05, 0.025, 0.005]


def hold(found: Coverage, miss: float) -> bool:
    """Return whether each limit misses at most as often as it may."""
    return min(found.upper, found.lower) >= 1 - miss - NOISE and found.both >= 1 - 2 * miss - NOISE


@pytest.mark.parametrize("miss", TAILS)
@pytest.mark.parametrize(("sizes", "labeled"), SMALL)
def test_gamma_w_covers(sizes: tuple[int, ...], labeled: tuple[int, ...], miss: float) -> None:
    found = coverage(sizes, labeled, Tails(miss, miss))
    assert hold(found, miss), found


@pytest.mark.nightly
@pytest.mark.parametrize("miss", TAILS)
@pytest.mark.parametrize(
    "sizes",
    [(30, 30), (10, 60), (60, 60), (100, 20), (150, 150), (40, 260), (3, 200), (25, 400), (8, 8)],
)
def test_gamma_w_covers_on_the_full_grid(sizes: tuple[int, int], miss: float) -> None:
    labels = [1, 2, 3, 4, 5, 7, 10, 16, 20, 30, 50]
    for first in labels:
        for second in labels:
            if first < sizes[0] and second < sizes[1]:
                found = coverage(sizes, (first, second), Tails(miss, miss))
                assert hold(found, miss), (first, second, found)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(20))
def test_gamma_w_covers_in_three_strata(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = [int(x) for x in rng.choice([5, 10, 20, 30, 45, 60], 3)]
    labeled = [int(rng.integers(1, min(size, 12))) for size in sizes]
    for miss in TAILS:
        assert hold(coverage(sizes, labeled, Tails(miss, miss)), miss)


@pytest.mark.parametrize(("sizes", "labeled"), SMALL[:6])
def test_wald_fails_the_same_check(sizes: tuple[int, ...], labeled: tuple[int, ...]) -> None:
    # The negative control: a check that passes Wald checks nothing.
    assert not hold(coverage(sizes, labeled, Tails(0.025, 0.025), wald_limits), 0.025)


def test_gamma_w_before_mending_fails_the_same_check() -> None:
    # Gamma-W with the textbook correction (docs/METHODS.md): an upper limit that misses too often
    # where a small stratum is nearly all read and all wrong, a lower one at single labels.
    assert coverage((40, 260), (30, 30), Tails(0.025, 0.025), old_gamma_w).upper < 0.9705
    assert coverage((40, 260), (1, 1), Tails(0.025, 0.025), old_gamma_w).lower < 0.962


def old_gamma_w(
    sizes: Sequence[int], labeled: Sequence[int], errors: Sequence[int], tail: Tails
) -> Interval:
    """Return gamma-W as first proposed, to keep the finding that made us mend it."""
    total = variance = 0.0
    weights = [size / n for size, n in zip(sizes, labeled, strict=True)]
    for w, n, k in zip(weights, labeled, errors, strict=True):
        z = 2.58
        wilson = (k + z * z / 2 - z * np.sqrt(k * (n - k) / n + z * z / 4)) / (n + z * z)
        total += w * k
        variance += k * (1 - wilson) * w * (w - 1)
    assert tail.low is not None
    assert tail.high is not None
    most = max(weights)
    low = 0.0
    if total:
        low = special.gammaincinv(total**2 / variance, tail.low) * variance / total
    mean, variance = total + most, variance + most * (most - 1)
    high = special.gammainccinv(mean**2 / variance, tail.high) * variance / mean
    could = sum(a - n + k for a, n, k in zip(sizes, labeled, errors, strict=True))
    return _whole(Interval(max(low, sum(errors)), min(high, could)))


@pytest.mark.parametrize(
    ("size", "labeled"), [(1, 1), (12, 1), (30, 29), (60, 7), (200, 25), (200, 150)]
)
def test_hypergeometric_covers(size: int, labeled: int) -> None:
    limits = [hypergeometric_errors(k, labeled, size) for k in range(labeled + 1)]
    low = np.array([x.low for x in limits])
    high = np.array([x.high for x in limits])
    table = hypergeometric_table(size, labeled)
    for m in range(size + 1):
        assert table[m] @ (high >= m) >= 0.975 - NOISE
        assert table[m] @ (low <= m) >= 0.975 - NOISE


@pytest.mark.parametrize(("first", "second"), [(20, 20), (50, 80), (10, 60)])
def test_rate_ratio_covers_for_labels_at_all_rates(first: int, second: int) -> None:
    limits = [
        [rate_ratio(a, first, b, second) for b in range(second + 1)] for a in range(first + 1)
    ]
    low = np.array([[x.low for x in row] for row in limits])
    high = np.array([[x.high for x in row] for row in limits])
    rates = [0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9]
    for rate_a in rates:
        for rate_b in rates:
            ratio = rate_a / rate_b
            chance = np.outer(binomial(first, rate_a), binomial(second, rate_b))
            assert (chance * (high >= ratio * (1 - 1e-12))).sum() >= 0.975
            assert (chance * (low <= ratio * (1 + 1e-12))).sum() >= 0.975


def binomial(n: int, rate: float) -> FloatArray:
    """Return the probabilities of 0..n errors."""
    k = np.arange(n + 1)
    chances: FloatArray = np.exp(_choose(n, k) + k * np.log(rate) + (n - k) * np.log1p(-rate))
    return chances
