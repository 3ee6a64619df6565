from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assay.errors import EstimateError
from assay.estimate import Interval, clopper_pearson, hypergeometric_errors, poisson_rate
from assay.estimate.exact import _upper_tail, hypergeometric_tail


@pytest.mark.parametrize(("errors", "labeled"), [(0, 1), (1, 1), (3, 500), (250, 500), (499, 500)])
@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_clopper_pearson_is_that_of_scipy(errors: int, labeled: int, alternative: str) -> None:
    test = stats.binomtest(errors, labeled, alternative=alternative)
    theirs = test.proportion_ci(0.95, "exact")
    ours = clopper_pearson(errors, labeled, alternative=alternative)  # type: ignore[arg-type]
    assert list(ours) == pytest.approx([theirs.low, theirs.high], rel=1e-9)


@pytest.mark.parametrize(
    ("k", "n", "population", "wrong"),
    [
        (3, 100, 10**9, 3 * 10**7),
        (30_000, 10**6, 10**9, 3 * 10**7),
        (29_500, 10**6, 10**9, 3 * 10**7),
        (0, 10, 20, 5),
        (5, 10, 20, 9),
        (9, 10, 20, 19),
        (2, 1999, 2000, 3),
    ],
)
def test_tails_are_those_of_scipy(k: int, n: int, population: int, wrong: int) -> None:
    theirs = stats.hypergeom(population, wrong, n)
    # scipy's own sums lose digits at 1e9.
    rel = 1e-4 if population > 10**6 else 1e-11
    assert hypergeometric_tail(k, n, population, wrong) == pytest.approx(theirs.cdf(k), rel=rel)
    assert _upper_tail(k, n, population, wrong) == pytest.approx(theirs.sf(k - 1), rel=rel)


def test_hypergeometric_is_a_brute_force_inversion() -> None:
    for population in (1, 2, 7, 40):
        for labeled in range(population + 1):
            for errors in range(labeled + 1):
                kept = [
                    m
                    for m in range(errors, population - labeled + errors + 1)
                    if stats.hypergeom.cdf(errors, population, m, labeled) > 0.025 + 1e-12
                    and stats.hypergeom.sf(errors - 1, population, m, labeled) > 0.025 + 1e-12
                ]
                found = hypergeometric_errors(errors, labeled, population)
                assert found == Interval(min(kept), max(kept))


@pytest.mark.parametrize(
    ("errors", "labeled", "population", "expect"),
    [
        (0, 0, 0, (0, 0)),
        (0, 0, 10, (0, 10)),
        (3, 10, 10, (3, 3)),
        (10, 10, 10, (10, 10)),
        (0, 10, 10, (0, 0)),
        (0, 1, 2, (0, 1)),
        (1, 1, 2, (1, 2)),
    ],
)
def test_degenerate_populations(
    errors: int, labeled: int, population: int, expect: tuple[int, int]
) -> None:
    assert hypergeometric_errors(errors, labeled, population) == expect


def test_a_population_of_1e9_is_binomial() -> None:
    low, high = hypergeometric_errors(3, 1000, 10**9)
    assert low / 1e9 == pytest.approx(clopper_pearson(3, 1000).low, rel=1e-4)
    assert high / 1e9 == pytest.approx(clopper_pearson(3, 1000).high, rel=1e-4)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 2000), st.floats(0.5, 0.999))
def test_hypergeometric_limits_are_ordered_and_in_range(
    errors: int, right: int, rest: int, level: float
) -> None:
    labeled, population = errors + right, errors + right + rest
    low, high = hypergeometric_errors(errors, labeled, population, confidence_level=level)
    assert errors <= low <= high <= rest + errors
    if labeled:
        # Limits are whole numbers, the point need not be one.
        assert low - 1 < population * errors / labeled < high + 1
    mirrored = hypergeometric_errors(right, labeled, population, confidence_level=level)
    assert mirrored == (population - high, population - low)


def test_poisson_limits() -> None:
    assert poisson_rate(0, 2.0).low == 0
    assert poisson_rate(0, 2.0, alternative="greater") == (0, math.inf)
    low, high = poisson_rate(4, 1.0)
    assert stats.poisson.sf(3, low) == pytest.approx(0.025)
    assert stats.poisson.cdf(4, high) == pytest.approx(0.025)


def test_contradictions_are_refused() -> None:
    with pytest.raises(EstimateError, match="errors must be in"):
        clopper_pearson(5, 4)
    with pytest.raises(EstimateError, match="population of 3"):
        hypergeometric_errors(1, 4, 3)
    with pytest.raises(EstimateError, match="exposure > 0"):
        poisson_rate(1, 0.0)
    with pytest.raises(EstimateError, match="confidence_level"):
        clopper_pearson(1, 4, confidence_level=1.0)
    with pytest.raises(EstimateError, match="alternative"):
        clopper_pearson(1, 4, alternative="both")  # type: ignore[arg-type]
