"""Variance components: what was built in comes out, whatever is missing, and rare errors don't fool the limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from assay.errors import EstimateError
from assay.estimate.variance_components import (
    Outcomes,
    VarianceComponents,
    variance_components,
)
from assay.quantity import Estimate, Unknown


def outcomes(wrong: npt.NDArray[Any], *names: str) -> Outcomes:
    places = np.indices(wrong.shape)
    return Outcomes(
        wrong.ravel().astype(np.float64),
        {name: place.ravel() for name, place in zip(names, places, strict=True)},
    )


def split(table: Outcomes) -> VarianceComponents:
    found = variance_components(table)
    assert isinstance(found, VarianceComponents)
    return found


def shares(found: VarianceComponents) -> dict[str, float]:
    return {name: one.value for name, one in found.shares.items() if isinstance(one, Estimate)}


def test_task_and_dice() -> None:
    rng = np.random.default_rng(1)
    q = rng.beta(1, 2, 2_000)
    found = shares(split(outcomes(rng.random((2_000, 3)) < q[:, None], "task", "run")))
    assert found["task"] == pytest.approx(1 / 4, abs=0.03)  # 1 / (a + b + 1)
    assert found["task"] + found["run"] == pytest.approx(1)


def test_wording_run_and_judge_come_apart() -> None:
    """Chances by task and wording; a judge who turns one verdict in ten at random."""
    rng = np.random.default_rng(2)
    chance = np.clip(
        0.5 + rng.normal(0, 0.15, (600, 1, 1)) + rng.normal(0, 0.15, (600, 4, 1)), 0, 1
    )
    truth = rng.random((600, 4, 3)) < chance
    turned = rng.random((2, 600, 4, 3)) < 0.1
    seen = np.moveaxis(truth[None] ^ turned, 0, -1)
    found = shares(split(outcomes(seen, "task", "wording", "run", "judge")))
    # The variance of a verdict is 1/4; turning one in ten leaves 0.8 of every deviation.
    kept = 0.8**2 / 0.25
    task, wording = (
        chance.mean(axis=1).var() - chance.var(axis=1).mean() / 3,
        chance.var(axis=1, ddof=1).mean(),
    )
    assert found["task"] == pytest.approx(kept * task, abs=0.03)
    assert found["wording"] == pytest.approx(kept * wording, abs=0.03)
    assert found["judge"] == pytest.approx(1 - 0.8**2, abs=0.03)


def test_wordings_that_differ_everywhere_are_no_tasks() -> None:
    rng = np.random.default_rng(3)
    chance = np.array([0.2, 0.8, 0.5, 0.6])[None, :, None] * np.ones((300, 1, 3))
    found = split(outcomes(rng.random(chance.shape) < chance, "task", "wording", "run"))
    assert shares(found)["task"] < 0.03
    assert found.wording_alone == pytest.approx(np.var([0.2, 0.8, 0.5, 0.6], ddof=1), abs=0.02)


def test_missing_cells_do_not_bias() -> None:
    rng = np.random.default_rng(4)
    q = rng.beta(1, 1, 3_000)
    full = outcomes(rng.random((3_000, 4)) < q[:, None], "task", "run")
    kept = rng.random(12_000) < 0.6
    part = Outcomes(full.wrong[kept], {name: one[kept] for name, one in full.levels.items()})
    assert shares(split(part))["task"] == pytest.approx(1 / 3, abs=0.03)


@pytest.mark.parametrize(
    ("tasks", "asks", "a", "b"), [(60, 4, 4, 1), (100, 2, 0.3, 12), (200, 3, 0.3, 6)]
)
def test_limits_cover_also_where_errors_are_rare(tasks: int, asks: int, a: float, b: float) -> None:
    """With two asks and 2 % errors the usual limits, by leaving out a task, cover in a fifth of all cases."""
    rng = np.random.default_rng(tasks)
    truth, hits, runs = 1 / (a + b + 1), 0, 40
    for _ in range(runs):
        wrong = rng.random((tasks, asks)) < rng.beta(a, b, (tasks, 1))
        found = variance_components(outcomes(wrong, "task", "run"))
        if isinstance(found, Unknown):
            hits += 1
            continue
        share = found.shares["task"]
        hits += isinstance(share, Unknown) or share.low <= truth <= share.high
    assert hits >= 37


@pytest.mark.parametrize("asks", [5, 20])
def test_limits_cover_where_few_tasks_bring_most_of_the_variance(asks: int) -> None:
    """Two tasks in 100 are mostly wrong: in 40 tasks there is often none, and nothing shows what it would bring."""
    rng = np.random.default_rng(asks)
    chances, shares_of = np.array([0.1, 0.9]), np.array([0.98, 0.02])
    mean = chances @ shares_of
    truth, hits, runs = ((chances - mean) ** 2 @ shares_of) / (mean * (1 - mean)), 0, 25
    for _ in range(runs):
        wrong = rng.random((40, asks)) < rng.choice(chances, (40, 1), p=shares_of)
        share = split(outcomes(wrong, "task", "run")).shares["task"]
        assert isinstance(share, Estimate)
        assert share.guarantee == "proved"
        hits += share.low <= truth <= share.high
    assert hits >= 24


def test_hard_tasks_that_are_asked_oftener_weigh_no_more() -> None:
    rng = np.random.default_rng(6)
    q = rng.beta(1, 1, 4_000)
    task = np.repeat(np.arange(4_000), np.where(q > 0.5, 8, 2))
    run = np.concatenate([np.arange(count) for count in np.bincount(task)])
    wrong = (rng.random(task.size) < q[task]).astype(np.float64)
    found = split(Outcomes(wrong, {"task": task, "run": run}))
    assert shares(found)["task"] == pytest.approx(1 / 3, abs=0.03)


def test_versions_that_differ_on_a_tenth_of_the_tasks_lie_within_their_limits() -> None:
    rng = np.random.default_rng(7)
    weights, chances = np.array([0.9, 0.1]), np.array([[0.05, 0.9], [0.1, 0.3]])
    means = chances @ weights
    stranger = 1 - means.prod() / means.mean()
    of_task = 1 - (chances.prod(axis=0) @ weights) / means.mean()
    of_both = 1 - ((chances**2).mean(axis=0) @ weights) / means.mean()
    truth, hits, runs = (of_task - of_both) / stranger, 0, 20
    for _ in range(runs):
        kind = rng.choice(2, 60, p=weights)
        wrong = rng.random((60, 2, 4)) < chances[:, kind].T[:, :, None]
        share = split(outcomes(wrong, "task", "version", "run")).shares["version"]
        assert isinstance(share, Estimate)
        hits += share.low <= truth <= share.high
    assert hits >= 19


def test_one_trial_a_task_can_not_be_split() -> None:
    once = outcomes(np.array([[1], [0], [1]]), "task", "run")
    found = variance_components(once)
    assert isinstance(found, Unknown)
    assert "asked twice" in found.reason


def test_verdicts_that_are_all_alike_are_unknown() -> None:
    found = variance_components(outcomes(np.zeros((20, 3)), "task", "run"))
    assert isinstance(found, Unknown)


def test_the_same_verdict_twice_is_refused() -> None:
    twice = Outcomes(
        np.array([1.0, 0.0, 1.0]), {"task": np.array([0, 0, 1]), "run": np.array([0, 0, 1])}
    )
    with pytest.raises(EstimateError, match="same levels"):
        variance_components(twice)
    with pytest.raises(EstimateError, match="every factor"):
        variance_components(Outcomes(np.ones(3), {"task": np.zeros(2, dtype=np.int64)}))
