"""Dawid and Skene's model, against crowd-kit, against known worlds, and where it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import EstimateError
from assay.estimate.dawid_skene import ABSTAINED, assumed_rates, dawid_skene

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "dawid_skene.json").read_text("utf-8"))


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_crowd_kit_finds_the_same(case: dict[str, Any]) -> None:
    fit = dawid_skene(
        case["votes"], counts=case["counts"], truth=case["truth"], pseudo_count=0, tolerance=1e-12
    )
    assert fit.converged
    # crowd-kit ends where its bound moves by less than 1e-15, some 1e-6 of a parameter before the top.
    assert fit.prevalence == pytest.approx(case["prevalence"], abs=2e-5)
    assert fit.sensitivity == pytest.approx(case["sensitivity"], abs=2e-5)
    assert fit.specificity == pytest.approx(case["specificity"], abs=2e-5)
    unknown = np.array(case["truth"]) == ABSTAINED
    found = fit.posterior(case["votes"])[unknown]
    assert found == pytest.approx(np.array(case["posterior"])[unknown], abs=1e-4)


def votes_of(
    rng: np.random.Generator, items: int, prevalence: float, rates: list[tuple[float, float]]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    truth = rng.random(items) < prevalence
    columns = [
        np.where(truth, rng.random(items) < hit, rng.random(items) >= passed)
        for hit, passed in rates
    ]
    return np.stack(columns, axis=1).astype(int), truth


def test_a_world_of_independent_judges_is_found_again() -> None:
    rates = [(0.9, 0.95), (0.7, 0.9), (0.8, 0.85), (0.6, 0.99)]
    votes, _ = votes_of(np.random.default_rng(7), 60_000, 0.2, rates)
    fit = dawid_skene(votes)
    assert fit.prevalence == pytest.approx(0.2, abs=0.01)
    assert fit.sensitivity == pytest.approx([hit for hit, _ in rates], abs=0.02)
    assert fit.specificity == pytest.approx([passed for _, passed in rates], abs=0.01)


def test_judges_that_err_together_are_believed_too_much() -> None:
    # Where this model fails, kept as a test: all three copy one judge nine times in ten.
    rng = np.random.default_rng(3)
    shared, truth = votes_of(rng, 20_000, 0.3, [(0.6, 0.9)])
    own, _ = votes_of(rng, 20_000, 0.3, [(0.6, 0.9)] * 3)
    votes = np.where(rng.random(own.shape) < 0.9, shared, own)
    fit = dawid_skene(votes)
    true_sensitivity = votes[truth].mean()
    assert true_sensitivity < 0.65
    assert fit.sensitivity.min() > 0.9
    pattern, counts = np.unique(votes, axis=0, return_counts=True)
    limits = assumed_rates(fit, pattern, counts=counts, rng=rng, resamples=40)
    assert limits[0].sensitivity.guarantee == "assumed"
    assert limits[0].sensitivity.low > true_sensitivity


def test_patterns_with_counts_are_the_items_themselves() -> None:
    votes, _ = votes_of(np.random.default_rng(1), 500, 0.4, [(0.8, 0.7)] * 3)
    patterns, counts = np.unique(votes, axis=0, return_counts=True)
    one, other = dawid_skene(votes), dawid_skene(patterns, counts=counts)
    assert one.sensitivity == pytest.approx(other.sensitivity, abs=1e-7)
    assert one.log_likelihood == pytest.approx(other.log_likelihood)


def test_anchors_settle_which_is_wrong() -> None:
    # Judges worse than chance: unanchored they are taken to be good, anchored they are seen through.
    votes, truth = votes_of(np.random.default_rng(5), 4_000, 0.3, [(0.2, 0.2)] * 3)
    known = np.full(len(truth), ABSTAINED)
    known[:400] = truth[:400]
    assert dawid_skene(votes).sensitivity.mean() > 0.5
    assert dawid_skene(votes, truth=known).sensitivity.mean() < 0.35


def test_a_copy_takes_the_others_standing() -> None:
    # Half a copy of its neighbour: the fit holds both for better than they are, and the three others for worse.
    votes, _ = votes_of(np.random.default_rng(2), 20_000, 0.3, [(0.8, 0.8)] * 5)
    copied = np.random.default_rng(4).random(20_000) < 0.5
    votes[:, 1] = np.where(copied, votes[:, 0], votes[:, 1])
    found = dawid_skene(votes).sensitivity
    assert found[:2].min() > 0.85
    assert found[2:].max() < 0.75


@given(st.lists(st.tuples(*[st.integers(-1, 1)] * 3), min_size=1, max_size=30))
def test_any_votes_give_chances(rows: list[tuple[int, ...]]) -> None:
    fit = dawid_skene(rows, max_iterations=200)
    found = fit.posterior(rows)
    assert ((found >= 0) & (found <= 1)).all()
    assert 0 <= fit.prevalence <= 1


def test_every_step_climbs() -> None:
    votes, _ = votes_of(np.random.default_rng(11), 300, 0.4, [(0.7, 0.6)] * 4)
    climbs = [
        dawid_skene(votes, pseudo_count=0, max_iterations=steps).log_likelihood
        for steps in (1, 2, 5, 20, 100)
    ]
    assert climbs == sorted(climbs)


@pytest.mark.parametrize(
    ("votes", "given", "rule"),
    [
        ([[1, 0], [0, 1]], {}, "at least 3 judges"),
        ([[1, 0, 2]], {}, "must be 1"),
        ([[1, 0, 1]], {"counts": [0]}, "not all zero"),
        ([[1, 0, 1]], {"truth": [3]}, "truth must be"),
    ],
)
def test_what_cannot_be_fitted_is_refused(votes: Any, given: dict[str, Any], rule: str) -> None:
    with pytest.raises(EstimateError, match=rule):
        dawid_skene(votes, **given)
