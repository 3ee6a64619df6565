"""Confidence distributions: exact limits on the grid, ranges, sums, correlations; and melded limits."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate import confidence_distribution as cd
from assay.estimate.exact import clopper_pearson
from assay.estimate.skewed_mean import SkewedMean

Z = 1.959963984540054


@pytest.mark.parametrize(("hits", "trials"), [(0, 5), (5, 5), (3, 20), (198, 225), (1, 100_000)])
def test_a_share_has_clopper_pearsons_limits(hits: int, trials: int) -> None:
    part = cd.share(hits, trials)
    exact = clopper_pearson(hits, trials)
    low, high = part.sides(np.array([-Z, Z]))
    assert low[0] == pytest.approx(exact.low, abs=1e-9, rel=1e-5)
    assert high[1] == pytest.approx(exact.high, abs=1e-9, rel=1e-5)
    middle = part.draws(np.array([-Z, 0.0, Z]))
    assert (low[[0]] <= middle[[0]]).all()
    assert (middle[[2]] <= high[[1]]).all()


def test_a_share_without_a_trial_may_be_anything() -> None:
    low, high = cd.share(0, 0).sides(np.zeros(1))
    assert (low[0], high[0]) == (0.0, 1.0)
    with pytest.raises(EstimateError, match="between 0 and the trials"):
        cd.share(2, 1)


def test_known_and_between() -> None:
    assert cd.known(3.0).is_exact
    assert cd.between(3.0, 3.0, 3.0).is_exact
    part = cd.between(3.0, 1.0, 4.0)
    assert part.is_fixed
    assert not part.is_exact
    drawn = part.draws(np.random.default_rng(1).standard_normal(20_000))
    # A triangle's mean and quartile.
    assert drawn.mean() == pytest.approx((1 + 3 + 4) / 3, abs=0.02)
    assert np.quantile(drawn, 0.25) == pytest.approx(1 + np.sqrt(0.25 * 3 * 2), abs=0.03)
    assert [side[0] for side in part.sides(np.zeros(1))] == [1.0, 4.0]


def test_a_weighted_sum_of_strata() -> None:
    rng = np.random.default_rng(2)
    parts = [cd.share(90, 100), cd.share(10, 100)]
    whole = cd.weighted_sum([0.9, 0.1], parts, rng)
    assert whole.value == pytest.approx(0.82)
    low, high = whole.sides(np.array([-Z, Z]))
    error = np.sqrt(0.81 * 0.09 / 100 + 0.01 * 0.09 / 100)
    # Wider than the normal limits, and by little.
    assert 0.82 - 1.4 * Z * error < low[0] < 0.82 - Z * error
    assert 0.82 + 0.8 * Z * error < high[1] < 0.82 + 1.2 * Z * error
    assert cd.weighted_sum([1.0], parts[:1], rng) is parts[0]


def test_a_mean_times_a_factor_known_between_limits() -> None:
    sample = SkewedMean.of(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]))
    plain = cd.mean(sample)
    scaled = cd.mean(sample, (0.5, 1.0, 2.0))
    ends = np.array([-Z, Z])
    assert scaled.sides(ends)[0][0] == pytest.approx(plain.sides(ends)[0][0] / 2)
    assert scaled.sides(ends)[1][1] == pytest.approx(plain.sides(ends)[0][1] * 2)
    assert scaled.value == plain.value == 4.5


@pytest.mark.parametrize("wanted", [-1.0, -0.4, 0.0, 0.8, 1.0])
def test_scores_are_correlated_as_asked(wanted: float) -> None:
    scores = cd.correlated_scores([[1, wanted], [wanted, 1]], 20_000, np.random.default_rng(3))
    assert np.asarray(np.corrcoef(scores))[0, 1] == pytest.approx(wanted, abs=0.02)
    assert list(scores.std(axis=1)) == pytest.approx([1, 1], abs=0.03)


def test_an_impossible_table_of_correlations_is_taken_to_a_near_one() -> None:
    table = [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]
    scores = cd.correlated_scores(table, 20_000, np.random.default_rng(3))
    assert list(scores.std(axis=1)) == pytest.approx([1, 1, 1], abs=0.03)


def test_melded_limits_take_the_adverse_side_of_each() -> None:
    rng = np.random.default_rng(4)
    parts = [cd.share(8, 10), cd.share(3, 10)]
    scores = rng.standard_normal((2, 4_000))
    least, most = cd.adverse_draws(parts, scores, lambda a, b: a - b)
    assert (least <= most).all()
    low, high = cd.limits_of((least, most))
    # Wider than Jeffreys', and than Newcombe's for the same counts (.05 to .75).
    drawn = parts[0].draws(scores[0]) - parts[1].draws(scores[1])
    assert low < np.quantile(drawn, 0.025)
    assert high > np.quantile(drawn, 0.975)
    # A single part has its own limits.
    alone = cd.limits_of(cd.adverse_draws(parts[:1], scores[:1], lambda a: 1 - a))
    exact = clopper_pearson(2, 10)
    assert alone == pytest.approx((exact.low, exact.high), abs=0.02)


def test_quantiles_are_the_outer_of_two() -> None:
    values = np.array([3.0, 1.0, 2.0, 4.0])
    assert (cd.quantile(values, 0.4), cd.quantile(values, 0.6)) == (2.0, 3.0)
    assert cd.quantile(np.array([1.0, np.inf, 2.0]), 0.9) == np.inf
