"""A release threshold with a promise: its tests, its order, and its answer when nothing can be certified."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from assay.errors import EstimateError
from assay.estimate.acceptance import passing_probability
from assay.estimate.release_threshold import (
    release_threshold,
    risk_p_values,
    thresholds_of_traffic,
)
from assay.quantity import Estimate, Unknown

FloatArray = npt.NDArray[np.float64]
CUTS = np.linspace(0, 3, 31).tolist()


def world(labels: int, seed: int = 0) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Base 95 %, a judge of AUROC 0.96."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(labels) < 0.05
    return rng.normal(2.476 * wrong), wrong


@pytest.mark.parametrize(("errors", "released"), [(0, 10), (3, 700), (12, 900), (5, 5)])
def test_p_values_are_binomial_tails(errors: int, released: int) -> None:
    found = float(risk_p_values(errors, released, 0.02))
    assert found == pytest.approx(float(stats.binom.cdf(errors, released, 0.02)))


def test_nothing_released_proves_nothing() -> None:
    assert float(risk_p_values(0, 0, 0.01)) == 1


def test_it_counts_what_it_says() -> None:
    scores, wrong = world(3_000)
    scores[:50] = math.nan  # No score: never released, and an output all the same.
    found = release_threshold(scores, wrong, CUTS, target_risk=0.01)
    for test in found.tests:
        below = scores <= test.threshold
        assert (test.released, test.errors) == (below.sum(), wrong[below].sum())
    last = [test for test in found.tests if test.passed][-1]
    assert found.threshold == last.threshold
    assert isinstance(found.coverage, Estimate)
    assert found.coverage.value == pytest.approx((scores <= last.threshold).mean())
    assert isinstance(found.risk, Estimate)
    assert found.risk.high == 0.01
    assert found.risk.low == 0


def test_a_fixed_sequence_ends_at_the_first_failure() -> None:
    scores, wrong = world(3_000)
    found = release_threshold(scores, wrong, CUTS, target_risk=0.01)
    assert [test.passed for test in found.tests] == [True] * (len(found.tests) - 1) + [False]
    # Started where too few labels are released, it ends at once; it does not skip to where it would pass.
    early = release_threshold(scores, wrong, [-4.0, *CUTS], target_risk=0.01)
    assert early.threshold is None
    assert len(early.tests) == 1


def test_holm_needs_no_order_and_pays_for_it() -> None:
    scores, wrong = world(3_000)
    ordered = release_threshold(scores, wrong, CUTS, target_risk=0.01)
    holm = release_threshold(scores, wrong, [-4.0, *CUTS], target_risk=0.01, procedure="holm")
    assert holm.threshold is not None
    assert ordered.threshold is not None
    assert holm.threshold <= ordered.threshold
    assert len(holm.tests) == 32
    assert not holm.tests[0].passed


def test_300_labels_certify_nothing_and_say_how_many_would() -> None:
    scores, wrong = world(300)
    found = release_threshold(scores, wrong, CUTS, target_risk=0.01)
    assert found.threshold is None
    assert isinstance(found.risk, Unknown)
    assert isinstance(found.coverage, Unknown)
    assert "review all" in found.coverage.reason
    assert isinstance(found.labels_needed, Estimate)
    # No error in 299 released labels is the least that shows 1 %.
    first = found.tests[0]
    assert found.labels_needed.value >= 299 * 300 / first.released - 1


def test_the_labels_it_asks_for_are_enough_in_four_cases_of_five() -> None:
    scores, wrong = world(2_000, seed=5)
    found = release_threshold(scores, wrong, CUTS, target_risk=0.01)
    assert isinstance(found.labels_needed, Estimate)
    first = found.tests[0]
    released = math.floor(found.labels_needed.value * first.released / 2_000)
    allowed = max(k for k in range(50) if stats.binom.cdf(k, released, 0.01) <= 0.05)
    assert passing_probability(released, allowed, first.errors / first.released) >= 0.79


def test_a_judge_that_can_t_is_told_from_too_few_labels() -> None:
    rng = np.random.default_rng(3)
    found = release_threshold(
        rng.normal(size=2_000), rng.random(2_000) < 0.05, CUTS, target_risk=0.01
    )
    assert found.threshold is None
    assert isinstance(found.labels_needed, Unknown)
    assert "better judge" in found.labels_needed.reason


def test_a_start_below_every_score_says_so() -> None:
    scores, wrong = world(500)
    found = release_threshold(scores, wrong, [-50.0], target_risk=0.01)
    assert isinstance(found.labels_needed, Unknown)
    assert "looser" in found.labels_needed.reason


def test_thresholds_come_from_other_outputs() -> None:
    scores, _ = world(5_000, seed=9)
    cuts = thresholds_of_traffic(scores, start=0.5, steps=20)
    assert len(cuts) == 20
    assert np.mean(scores <= cuts[0]) == pytest.approx(0.5, abs=1e-3)
    assert cuts[-1] == scores.max()
    assert thresholds_of_traffic([0.0, 0.0, 1.0, 1.0], steps=9) == (0.0, 1.0)


def test_what_is_out_of_range_is_refused() -> None:
    scores, wrong = world(10)
    with pytest.raises(EstimateError, match="rise"):
        release_threshold(scores, wrong, [1.0, 0.0], target_risk=0.01)
    with pytest.raises(EstimateError, match="target_risk"):
        release_threshold(scores, wrong, [1.0], target_risk=0.0)
    with pytest.raises(EstimateError, match="one length"):
        release_threshold(scores, wrong[:3], [1.0], target_risk=0.1)
    with pytest.raises(EstimateError, match="0 or 1"):
        release_threshold(scores, np.full(10, 0.5), [1.0], target_risk=0.1)
    with pytest.raises(EstimateError, match="procedure"):
        release_threshold(scores, wrong, [1.0], target_risk=0.1, procedure="skip")  # type: ignore[arg-type]
    with pytest.raises(EstimateError, match="start"):
        thresholds_of_traffic([0.1], start=1.0)
    with pytest.raises(EstimateError, match="finite scores"):
        thresholds_of_traffic([])


@pytest.mark.parametrize("procedure", ["fixed_sequence", "bonferroni_holm"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_mapie_finds_the_same_threshold(procedure: str, seed: int) -> None:
    """MAPIE 1.6 where it is installed; its binary Hoeffding-Bentkus p-value is the exact one, or larger."""
    control = pytest.importorskip("mapie.risk_control")
    scores, wrong = world(3_000, seed)

    def right(x: FloatArray) -> FloatArray:
        chance = 1 / (1 + np.exp(x[:, 0]))
        return np.column_stack([1 - chance, chance])

    theirs = control.BinaryClassificationController(
        right, "precision", 0.99, confidence_level=0.95,
        list_predict_params=1 / (1 + np.exp(np.array(CUTS))), fwer_method=procedure,
    )  # fmt: skip
    theirs.calibrate(scores[:, None], (~wrong).astype(int))
    valid = np.log(1 / np.asarray(theirs.valid_predict_params) - 1)
    ours = release_threshold(
        scores, wrong, CUTS, target_risk=0.01,
        procedure="holm" if procedure == "bonferroni_holm" else "fixed-sequence",
    )  # fmt: skip
    assert ours.threshold is not None
    assert 0 <= ours.threshold - valid.max() < 0.1 + 1e-9
