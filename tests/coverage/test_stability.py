"""95 % means at least 95 %: shares of variance, concentration and trends over many simulated worlds."""

from __future__ import annotations

import numpy as np
import pytest

from assay.estimate.beta_binomial_fit import BetaBinomialFit, fit_beta_binomial
from assay.estimate.pass_k import Tries, pass_hat_k, right_when_asked_again
from assay.estimate.trend import LEAST_VERSIONS, Reading, fit_trend
from assay.estimate.variance_components import Outcomes, variance_components
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.forecast import reading_of
from assay.volume.forecast_readings import DatedVersion

RUNS = 1_000
LEAST = 0.94
"""0.95 less what chance takes from 1,000 runs."""

WORLDS = [
    (20, 4, 1, 1),
    (60, 3, 0.5, 4),
    (200, 3, 0.3, 6),
    (400, 2, 0.2, 12),
    (300, 5, 0.1, 3),
    (50, 8, 2, 2),
]

pytestmark = pytest.mark.nightly


def holds(quantity: Quantity, truth: float) -> bool:
    return isinstance(quantity, Unknown) or quantity.low - 1e-9 <= truth <= quantity.high + 1e-9


@pytest.mark.parametrize(("tasks", "asks", "a", "b"), WORLDS)
def test_repeats(tasks: int, asks: int, a: float, b: float) -> None:
    """Wrong with a chance that is Beta(a, b) over tasks, down to errors of 2 %."""
    rng = np.random.default_rng(tasks)
    runs = RUNS // 4
    right_mean = b / (a + b)
    again = b / (a + b + 1)  # E[p (1 - p)] / E[p] of Beta(a, b).
    square = b * (b + 1) / ((a + b) * (a + b + 1))
    kept = np.zeros(4)
    for _ in range(runs):
        wrong = rng.random((tasks, asks)) < rng.beta(a, b, (tasks, 1))
        tries = Tries(asks - wrong.sum(axis=1), np.full(tasks, asks))
        kept[0] += holds(pass_hat_k(tries, 1), right_mean)
        kept[1] += holds(pass_hat_k(tries, 2), square)
        kept[2] += holds(right_when_asked_again(tries), again)
        places = np.indices(wrong.shape)
        table = Outcomes(
            wrong.ravel().astype(np.float64), {"task": places[0].ravel(), "run": places[1].ravel()}
        )
        found = variance_components(table)
        share = found if isinstance(found, Unknown) else found.shares["task"]
        kept[3] += holds(share, 1 / (a + b + 1))
    assert (kept / runs >= LEAST).all(), kept / runs


@pytest.mark.parametrize(("tasks", "asks", "a", "b"), WORLDS)
def test_concentration(tasks: int, asks: int, a: float, b: float) -> None:
    rng = np.random.default_rng(asks)
    runs, kept = RUNS // 4, 0
    for _ in range(runs):
        tries = Tries(rng.binomial(asks, rng.beta(b, a, tasks)), np.full(tasks, asks))
        fit = fit_beta_binomial(tries)
        kept += not isinstance(fit, BetaBinomialFit) or holds(fit.concentration, 1 / (a + b + 1))
    assert kept / runs >= LEAST, kept / runs


@pytest.mark.parametrize("scatter", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("versions", [3, 5, 8])
def test_trends(versions: int, scatter: float) -> None:
    rng = np.random.default_rng(versions)
    runs, slope, kept = RUNS // 2, -0.08, 0
    for _ in range(runs):
        months = np.sort(rng.uniform(0, 24, versions))
        noise = rng.normal(0, scatter, versions) + rng.normal(0, 0.1, versions)
        readings = [
            Reading(float(x), -1 + slope * x + e, 0.1) for x, e in zip(months, noise, strict=True)
        ]
        trend = fit_trend(readings, rng=rng, draws=800)
        low, high = np.quantile(trend.slope, [0.025, 0.975])
        kept += low <= slope <= high
    assert kept / runs >= LEAST, kept / runs


def test_the_shares_are_estimates_at_all() -> None:
    """A control: the worlds above are not all "unknown"."""
    rng = np.random.default_rng(1)
    tries = Tries(rng.binomial(3, rng.beta(4, 0.5, 60)), np.full(60, 3))
    assert isinstance(right_when_asked_again(tries), Estimate)


@pytest.mark.parametrize(("tasks", "asks"), [(40, 20), (100, 10), (400, 5), (12, 100)])
@pytest.mark.parametrize("bad", [0.02, 0.1])
def test_few_bad_tasks(tasks: int, asks: int, bad: float) -> None:
    """Most tasks are wrong once in ten asks, few nine times: these bring the variance, and often none is there."""
    rng = np.random.default_rng(tasks)
    chances, weights = np.array([0.1, 0.9]), np.array([1 - bad, bad])
    mean = chances @ weights
    truth = ((chances - mean) ** 2 @ weights) / (mean * (1 - mean))
    runs, kept = RUNS // 5, 0
    for _ in range(runs):
        wrong = rng.random((tasks, asks)) < rng.choice(chances, (tasks, 1), p=weights)
        places = np.indices(wrong.shape)
        found = variance_components(
            Outcomes(
                wrong.ravel().astype(np.float64),
                {"task": places[0].ravel(), "run": places[1].ravel()},
            )
        )
        kept += isinstance(found, Unknown) or holds(found.shares["task"], truth)
    assert kept / runs >= LEAST, kept / runs


@pytest.mark.parametrize(
    "labels",
    [
        (3000, 2000, 1500, 1000, 500, 100, 100, 100),
        (100, 100, 500, 1000, 2000, 4000),
        (2000, 1000, 500, 250, 120, 60),
    ],
)
def test_numbers_of_labels_make_no_trend(labels: tuple[int, ...]) -> None:
    """One rate of 1 in 1,000 throughout: versions with few labels show no error, and that is no trend."""
    rng = np.random.default_rng(len(labels))
    runs, shown = RUNS // 10, 0
    for _ in range(runs):
        versions = [
            DatedVersion(f"{place}", 90.0 * place, rng.binomial(n, 0.001) / n, n, None)
            for place, n in enumerate(labels)
        ]
        readings = [reading_of(one, volume=False) for one in versions]
        if sum(not one.side for one in readings) < LEAST_VERSIONS:
            continue
        trend = fit_trend(readings, rng=rng, draws=1_000)
        low, high = np.quantile(trend.slope, [0.025, 0.975])
        shown += not low <= 0 <= high
    # 5 % of 100 runs, and what chance adds.
    assert shown / runs <= 0.09, shown / runs
