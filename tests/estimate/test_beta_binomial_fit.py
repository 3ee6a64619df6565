"""The beta-binomial fit: the likelihood's own maximum, limits that cover, and honest refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.estimate.beta_binomial_fit import BetaBinomialFit, fit_beta_binomial
from assay.estimate.pass_k import Tries
from assay.quantity import Estimate, Unknown

AIRLINE = Tries(np.repeat(np.arange(5), [14, 12, 10, 4, 10]), np.full(50, 4))


def fitted(tries: Tries) -> tuple[BetaBinomialFit, Estimate]:
    fit = fit_beta_binomial(tries)
    assert isinstance(fit, BetaBinomialFit)
    assert isinstance(fit.concentration, Estimate)
    return fit, fit.concentration


def test_no_other_distribution_near_by_is_likelier() -> None:
    fit, rho = fitted(AIRLINE)

    def log_likelihood(mean: float, at: float) -> float:
        size = (1 - at) / at
        law = stats.betabinom(4, mean * size, (1 - mean) * size)
        return float(law.logpmf(AIRLINE.right).sum())

    top = log_likelihood(fit.mean, rho.value)
    for mean in (fit.mean - 0.02, fit.mean, fit.mean + 0.02):
        for at in (rho.value - 0.02, rho.value, rho.value + 0.02):
            assert log_likelihood(mean, at) <= top + 1e-6


def test_failures_gather_in_tau_bench() -> None:
    fit, rho = fitted(AIRLINE)
    assert fit.independent_p_value < 1e-6
    assert rho.low > 0.1
    assert fit.pass_hat_k(4) == pytest.approx(0.172, abs=0.005)
    assert fit.mean**4 < 0.05


def test_dice_rolls_of_one_chance_show_no_concentration() -> None:
    rng = np.random.default_rng(9)
    fit, rho = fitted(Tries(rng.binomial(5, 0.6, 200), np.full(200, 5)))
    assert rho.low == 0.0
    assert rho.high < 0.1
    assert fit.independent_p_value > 0.01
    assert fit.pass_hat_k(3) == pytest.approx(fit.mean**3, abs=0.03)


@pytest.mark.parametrize(("tasks", "asks", "a", "b"), [(20, 4, 1, 1), (50, 3, 0.5, 3)])
def test_limits_cover(tasks: int, asks: int, a: float, b: float) -> None:
    rng = np.random.default_rng(tasks)
    truth, hits, runs = 1 / (a + b + 1), 0, 60
    for _ in range(runs):
        fit = fit_beta_binomial(
            Tries(rng.binomial(asks, rng.beta(a, b, tasks)), np.full(tasks, asks))
        )
        assert isinstance(fit, BetaBinomialFit)
        assert isinstance(fit.concentration, Estimate)
        hits += fit.concentration.low <= truth <= fit.concentration.high
    assert hits >= 54


def test_what_can_not_be_fitted_is_unknown() -> None:
    once = Tries(np.array([0, 1] * 10), np.ones(20, dtype=np.int64))
    always = Tries(np.full(20, 3), np.full(20, 3))
    few = Tries(np.array([0, 1, 2]), np.full(3, 2))
    for tries, why in ((once, "asked twice"), (always, "one outcome"), (few, "too few")):
        found = fit_beta_binomial(tries)
        assert isinstance(found, Unknown)
        assert why in found.reason


def test_wordings_of_one_task_are_one_row() -> None:
    """Twelve wordings of each of fifteen tasks are fifteen tasks: the limits must not shrink."""
    rng = np.random.default_rng(10)
    right = np.repeat(rng.binomial(4, rng.beta(1, 1, 15)), 12)
    family = np.repeat(np.arange(15), 12)
    _, apart = fitted(Tries(right, np.full(180, 4)))
    _, one_each = fitted(Tries(right, np.full(180, 4), family))
    assert one_each.n == 15
    assert one_each.high - one_each.low > 2 * (apart.high - apart.low)
    few = fit_beta_binomial(Tries(right[:108], np.full(108, 4), family[:108]))
    assert isinstance(few, Unknown)
    assert "9 repeated tasks" in few.reason


def test_of_a_family_a_row_with_most_tries_counts_each_in_its_turn() -> None:
    right = np.array([0, 3, 2] * 12)
    tries = Tries(right, np.array([1, 3, 3] * 12), np.repeat(np.arange(12), 3))
    alike = Tries(np.array([3, 2] * 6), np.full(12, 3))
    assert fitted(tries) == fitted(alike)
