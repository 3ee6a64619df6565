"""Exchange rates, orders that agree, and mixtures."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from assay.errors import EstimateError
from assay.estimate.dose_curve import exchange_rate, gain_at
from assay.estimate.mixture import best_shares, fit_mixture, random_shares
from assay.estimate.paired_bootstrap import Change, HeldOut, paired_change
from assay.estimate.rank_agreement import rank_agreement
from assay.quantity import Estimate, Unknown

DOSES = (100.0, 200.0, 400.0)


def changes(values: list[float], *, noise: float = 0.002, seed: int = 1) -> list[Change]:
    rng = np.random.default_rng(seed)
    n_bytes = rng.integers(1_000, 4_097, 60)
    where = HeldOut(n_bytes, np.arange(60))
    common = rng.normal(0, noise, 60)
    return [
        paired_change(
            (value + common * (1 if value else 0) + rng.normal(0, noise, (5, 60))) * n_bytes,
            np.zeros((5, 60)),
            where,
        )
        for value in values
    ]


def test_an_exchange_rate_is_read_off_the_curve() -> None:
    *curve, reached = changes([-0.1, -0.2, -0.3, -0.15])
    found = exchange_rate(reached, 600, DOSES, curve, confidence_level=0.95)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(4, rel=0.05)
    assert found.low <= 4 <= found.high


def test_what_may_teach_nothing_has_no_upper_limit() -> None:
    *curve, reached = changes([-0.1, -0.2, -0.3, -0.001], noise=0.02)
    found = exchange_rate(reached, 600, DOSES, curve, confidence_level=0.95)
    assert isinstance(found, Unknown) or np.isinf(found.high)


def test_what_teaches_nothing_or_more_than_the_curve_is_unknown() -> None:
    *curve, better, worse = changes([-0.1, -0.2, -0.3, -0.9, 0.1])
    more = exchange_rate(better, 100, DOSES, curve, confidence_level=0.95)
    nothing = exchange_rate(worse, 100, DOSES, curve, confidence_level=0.95)
    assert isinstance(more, Unknown)
    assert "more than 4 times" in more.reason
    assert isinstance(nothing, Unknown)
    assert "teaches nothing" in nothing.reason


def test_between_doses_runs_a_straight_line() -> None:
    curve = changes([-0.1, -0.2, -0.3], noise=1e-9)
    assert gain_at(50, DOSES, curve).value == pytest.approx(-0.05)
    assert gain_at(300, DOSES, curve).value == pytest.approx(-0.25)
    assert gain_at(400, DOSES, curve).value == pytest.approx(-0.3)
    with pytest.raises(EstimateError, match="beyond the curve"):
        gain_at(401, DOSES, curve)


def test_tau_is_that_of_scipy_where_nothing_is_tied() -> None:
    rng = np.random.default_rng(1)
    for count in (2, 5, 12):
        a, b = rng.permutation(count), rng.permutation(count)
        found = rank_agreement(a, b)
        assert found.tau.value == pytest.approx(stats.kendalltau(a, b).statistic)
        assert found.pairs == count * (count - 1) // 2


def test_limits_of_agreement_hold_over_things_drawn_anew() -> None:
    rng = np.random.default_rng(2)
    truth = 0.5 + np.arcsin(0.7) / np.pi  # of a bivariate normal with correlation 0.7
    held = 0
    for _ in range(300):
        a = rng.normal(size=12)
        b = 0.7 * a + np.sqrt(1 - 0.49) * rng.normal(size=12)
        share = rank_agreement(a, b).share
        held += share.low <= truth <= share.high
    assert held >= 285


def test_a_perfect_order_of_a_few_is_not_certain() -> None:
    found = rank_agreement(range(6), range(6))
    assert found.share.value == 1
    assert found.share.low < 0.5


def test_an_order_of_one_is_refused() -> None:
    with pytest.raises(EstimateError, match="at least 2 things"):
        rank_agreement([1], [1])


def test_the_best_of_a_known_surface_is_found() -> None:
    rng = np.random.default_rng(3)
    shares = random_shares([1, 1, 1], count=40, rng=rng)
    losses = 2 - 0.2 * np.log1p(shares[:, 0] / 0.02) - 0.1 * np.log1p(shares[:, 1] / 0.02)
    model = fit_mixture(shares, losses + rng.normal(0, 0.001, 40))
    best = best_shares(model, [1, 1, 1], rng=rng)
    grid = [
        (a, b, 1 - a - b)
        for a, b in itertools.product(np.linspace(0, 1, 51), repeat=2)
        if a + b <= 1
    ]
    true = min(grid, key=lambda g: -0.2 * np.log1p(g[0] / 0.02) - 0.1 * np.log1p(g[1] / 0.02))
    assert best == pytest.approx(np.array(true), abs=0.1)
    assert np.corrcoef(model.left_out, losses)[0, 1] > 0.99


def test_no_share_is_above_its_limit() -> None:
    shares = random_shares([0.1, 0.5, 1.0, 0.0], count=200, rng=np.random.default_rng(4))
    assert shares.sum(axis=1) == pytest.approx(np.ones(200))
    assert (shares <= np.array([0.1, 0.5, 1.0, 0.0]) + 1e-9).all()
    with pytest.raises(EstimateError, match="30% of the budget"):
        random_shares([0.1, 0.2], count=1, rng=np.random.default_rng(4))


def test_too_few_mixtures_are_refused() -> None:
    with pytest.raises(EstimateError, match="at least 6 mixtures"):
        fit_mixture(np.full((4, 3), 1 / 3), np.ones(4))
    with pytest.raises(EstimateError, match="sum to 1"):
        fit_mixture(np.full((9, 3), 1.0), np.ones(9))
