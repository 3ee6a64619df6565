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
from assay.estimate.interval import Alternative
from assay.estimate.likelihood import Limits, likelihood_limits
from assay.estimate.ratio import rate_ratio

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Claim(NamedTuple):
    """Which limits are claimed, and how often they may miss."""

    alternative: Alternative
    miss: float

    def __str__(self) -> str:
        return f"{self.alternative}-{self.miss:g}"


Method = Callable[[Sequence[int], Sequence[int], IntArray, Claim], Limits]


def likelihood(
    sizes: Sequence[int], labeled: Sequence[int], found: IntArray, claim: Claim
) -> Limits:
    """Return what `total_errors` gives for several sampled strata."""
    return likelihood_limits(sizes, labeled, found, miss=claim.miss, alternative=claim.alternative)


def wald(sizes: Sequence[int], labeled: Sequence[int], found: IntArray, claim: Claim) -> Limits:
    """Return the textbook normal interval, as a negative control."""
    size, n = np.array(sizes), np.array(labeled)
    rate = found / n
    total = (size * rate).sum(axis=1)
    half = -float(special.ndtri(claim.miss / 2)) * np.sqrt(
        (size * (size - n) * rate * (1 - rate) / n).sum(axis=1)
    )
    return Limits(total - half, total + half)


def plain_likelihood(
    sizes: Sequence[int], labeled: Sequence[int], found: IntArray, claim: Claim
) -> Limits:
    """Return profile likelihood with the normal law's threshold, by trying every population of two strata."""
    threshold = float(special.ndtri(claim.miss / 2)) ** 2 / 2
    with np.errstate(divide="ignore"):
        first, second = (
            np.log(hypergeometric_table(a, b)) for a, b in zip(sizes, labeled, strict=True)
        )
    best = first.max(axis=0)[found[:, 0]] + second.max(axis=0)[found[:, 1]]
    low, high = np.full(len(found), np.inf), np.full(len(found), -np.inf)
    for total in range(sum(sizes) + 1):
        m = np.arange(max(0, total - sizes[1]), min(sizes[0], total) + 1)
        most = (first[m][:, found[:, 0]] + second[total - m][:, found[:, 1]]).max(axis=0)
        kept = best - most <= threshold
        low, high = np.where(kept, np.minimum(low, total), low), np.where(kept, total, high)
    return Limits(low, high)


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
    sizes: Sequence[int], labeled: Sequence[int], claim: Claim, limits: Method = likelihood
) -> float:
    """Return the least coverage over all numbers of errors in 2 or 3 strata."""
    shape = tuple(n + 1 for n in labeled)
    found = np.stack([x.ravel() for x in np.indices(shape)], axis=1)
    low, high = (x.reshape(shape) for x in limits(sizes, labeled, found, claim))
    tables = [hypergeometric_table(a, b) for a, b in zip(sizes, labeled, strict=True)]
    if len(sizes) == 2:  # A third stratum without errors changes nothing.
        low, high = low[..., None], high[..., None]
        tables.append(np.ones((1, 1)))
    return min(
        float(_given_total((low <= total) & (total <= high), tables, total).min())
        for total in range(sum(sizes) + 1)
    )


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
    ((77, 300), (30, 60)),
    ((25, 400), (2, 60)),
]
CLAIMS = [
    Claim(alternative, miss)
    for alternative in ("two-sided", "less", "greater")
    for miss in (0.1, 0.05, 0.01, 0.002)
]


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
@pytest.mark.parametrize(("sizes", "labeled"), SMALL)
def test_likelihood_covers(sizes: tuple[int, ...], labeled: tuple[int, ...], claim: Claim) -> None:
    assert coverage(sizes, labeled, claim) >= 1 - claim.miss - NOISE


@pytest.mark.nightly
@pytest.mark.parametrize("claim", CLAIMS, ids=str)
@pytest.mark.parametrize("sizes", [(30, 30), (10, 60), (150, 150), (40, 260), (3, 200), (25, 400)])
def test_likelihood_covers_on_the_full_grid(sizes: tuple[int, int], claim: Claim) -> None:
    labels = [1, 2, 3, 5, 7, 10, 20, 30, 50]
    for first in labels:
        for second in labels:
            if first < sizes[0] and second < sizes[1]:
                least = coverage(sizes, (first, second), claim)
                assert least >= 1 - claim.miss - NOISE, (first, second)


@pytest.mark.nightly
@pytest.mark.parametrize("strata", [2, 3])
@pytest.mark.parametrize("seed", range(40))
def test_likelihood_covers_in_random_designs(seed: int, strata: int) -> None:
    rng = np.random.default_rng([strata, seed])
    most_size, most_labels = (600, 90) if strata == 2 else (90, 16)
    sizes = [int(x) for x in np.exp(rng.uniform(np.log(3), np.log(most_size), strata))]
    labeled = [int(min(size - 1, np.exp(rng.uniform(0, np.log(most_labels))))) for size in sizes]
    for claim in CLAIMS:
        assert coverage(sizes, labeled, claim) >= 1 - claim.miss - NOISE, (sizes, labeled, claim)


@pytest.mark.parametrize(("sizes", "labeled"), SMALL[:6])
def test_wald_fails_the_same_check(sizes: tuple[int, ...], labeled: tuple[int, ...]) -> None:
    # The negative control: a check that passes Wald checks nothing.
    assert coverage(sizes, labeled, CLAIMS[1], wald) < 0.9


@pytest.mark.parametrize(("sizes", "labeled"), [((3, 200), (1, 5)), ((40, 260), (30, 20))])
def test_the_normal_threshold_fails_the_same_check(
    sizes: tuple[int, int], labeled: tuple[int, int]
) -> None:
    # Nor does likelihood alone: few errors need the threshold that knows them.
    assert coverage(sizes, labeled, CLAIMS[1], plain_likelihood) < 0.93


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
