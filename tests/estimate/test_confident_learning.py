"""Confident learning: the formulas by hand, the authors' library where it is, and limits that hold what was flipped."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from assay.errors import EstimateError
from assay.estimate.confident_learning import (
    confident_joint,
    label_errors,
    most_wrong,
    noise_rate_suspects,
)
from assay.quantity import Estimate, Unknown

Flips = tuple[float, float]


def world(
    items: int,
    flips: Flips,
    skill: float,
    rng: np.random.Generator,
    *,
    in_group: int = 1,
    turned: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return labels, a model's probabilities, groups, and how many labels are wrong.

    The model knows a signal of the true class, `skill` standard deviations apart, and what share is of class 1. Items
    of a group have one class and one signal. A turned model says the opposite of what it knows.
    """
    groups = np.arange(items) // in_group
    truth = (rng.random(items) < 0.3)[groups]
    signal = (rng.normal(0, 1, items))[groups] + skill * truth
    chance = special.expit(skill * signal - skill**2 / 2 + np.log(0.3 / 0.7))
    chance = 1 - chance if turned else chance
    flip = rng.random(items) < np.where(truth, flips[0], flips[1])
    labels = (truth ^ flip).astype(np.int64)
    return labels, np.column_stack([1 - chance, chance]), groups, int(flip.sum())


def test_the_joint_is_the_formulas() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    chances = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.9, 0.1], [0.2, 0.8], [0.1, 0.9]])
    found = confident_joint(labels, chances)
    assert found.thresholds == pytest.approx([0.6, 0.6])
    assert found.probable.tolist() == [0, 0, 1, 0, 1, 1]
    assert found.suspect.tolist() == [False, False, True, True, False, False]
    assert found.joint == pytest.approx(np.array([[2.0, 1.0], [1.0, 2.0]]))
    assert found.errors == pytest.approx(2.0)
    assert found.self_confidence == pytest.approx([0.9, 0.8, 0.1, 0.1, 0.8, 0.9])


def test_the_authors_library_says_the_same() -> None:
    count = pytest.importorskip("cleanlab.count", reason="cleanlab is not installed")
    for seed in range(5):
        labels, chances, _, _ = world(600, (0.1, 0.05), 2.0, np.random.default_rng(seed))
        theirs = count.compute_confident_joint(labels, chances, calibrate=True)
        # Theirs is rounded to whole labels.
        found = confident_joint(labels, chances)
        assert np.abs(found.joint - theirs).max() <= 1.0
        # Of the suspects theirs leaves out those whose label is the model's own guess.
        filtering = pytest.importorskip("cleanlab.filter", reason="cleanlab is not installed")
        guess = chances.argmax(axis=1) != labels
        theirs = filtering.find_label_issues(labels, chances, filter_by="confident_learning")
        assert (found.suspect & guess).tolist() == theirs.tolist()
        theirs = filtering.find_label_issues(
            labels, chances, filter_by="prune_by_noise_rate", min_examples_per_class=0
        )
        ours = noise_rate_suspects(labels, chances, found.joint) & guess
        assert (ours != theirs).sum() <= 2  # counts are rounded


@given(st.integers(0, 2**32 - 1))
def test_rows_sum_to_the_given_labels(seed: int) -> None:
    labels, chances, _, _ = world(80, (0.1, 0.1), 1.0, np.random.default_rng(seed))
    if 0 < labels.sum() < len(labels):
        joint = confident_joint(labels, chances).joint
        assert joint.sum(axis=1) == pytest.approx(np.bincount(labels, minlength=2))


def covered(
    flips: Flips,
    skill: float,
    runs: int,
    *,
    in_group: int = 1,
    turned: bool = False,
) -> float:
    rng = np.random.default_rng([5, int(100 * skill)])
    held = 0
    for _ in range(runs):
        labels, chances, groups, wrong = world(
            600, flips, skill, rng, in_group=in_group, turned=turned
        )
        found = label_errors(labels, chances, group=groups)
        assert isinstance(found, Estimate)
        assert found.low <= found.value <= found.high
        held += found.low <= wrong <= found.high
    return held / runs


@pytest.mark.parametrize(
    ("flips", "turned"), [((0.1, 0.05), False), ((0.49, 0.49), True), ((0.0, 0.0), False)]
)
def test_the_limit_holds_what_was_flipped(flips: Flips, turned: bool) -> None:
    assert covered(flips, 2.0, 200, turned=turned) >= 0.92


@pytest.mark.nightly
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("in_group", [1, 4])
@pytest.mark.parametrize("skill", [0.5, 2.0, 4.0, 8.0])
@pytest.mark.parametrize(
    "flips", [(0.0, 0.0), (0.02, 0.02), (0.05, 0.05), (0.1, 0.1), (0.2, 0.2), (0.3, 0.02), (0.02, 0.2),
              (0.4, 0.4), (0.49, 0.49), (0.49, 0.1)]
)  # fmt: skip
def test_the_limit_holds_in_the_grid(
    flips: Flips, skill: float, in_group: int, turned: bool
) -> None:
    share = covered(flips, skill, 1_000, in_group=in_group, turned=turned)
    print(f"flips {flips}, skill {skill}, {in_group} a group, turned {turned}: {share:.3f}")
    # 1,000 runs at 95 % have at least 928 in all but one of 1,000 cells.
    assert share >= 0.928


@pytest.mark.parametrize("confidence_level", [0.8, 0.95, 0.99])
def test_the_limit_is_kept_whatever_number_of_guesses_is_wrong(confidence_level: float) -> None:
    most = np.array([most_wrong(d, confidence_level) for d in range(401)])
    for wrong_guesses in range(401):
        counts = np.arange(wrong_guesses + 1)
        allowed = counts <= most[wrong_guesses - counts]
        assert stats.binom.pmf(counts, wrong_guesses, 0.5)[allowed].sum() >= confidence_level - 1e-9
    # One disagreement more, where the model is right, is one wrong label more at most.
    assert (np.diff(most) >= 1).all()


def test_suspects_by_noise_rate_are_as_many_as_the_joint_counts() -> None:
    labels, chances, _, _ = world(600, (0.1, 0.1), 2.0, np.random.default_rng(4))
    found = confident_joint(labels, chances)
    suspect = noise_rate_suspects(labels, chances, found.joint)
    for given_class in (0, 1):
        count = round(float(found.joint[given_class, 1 - given_class]))
        assert int(suspect[labels == given_class].sum()) == count
    # They are the least likely labels of their class.
    own = found.self_confidence[labels == 1]
    chosen = suspect[labels == 1]
    assert own[chosen].max() <= own[~chosen].min()


def test_what_contradicts_itself_is_the_lower_limit() -> None:
    labels, chances, _, _ = world(400, (0.1, 0.1), 2.0, np.random.default_rng(1))
    found = label_errors(labels, chances, contradicted=7)
    assert isinstance(found, Estimate)
    assert found.low == 7
    assert found.guarantee == "simulated"


def test_answers_to_one_task_count_as_one() -> None:
    labels, chances, groups, _ = world(400, (0.1, 0.1), 2.0, np.random.default_rng(2), in_group=8)
    alone = label_errors(labels, chances)
    together = label_errors(labels, chances, group=groups)
    assert isinstance(alone, Estimate)
    assert isinstance(together, Estimate)
    assert together.high > alone.high


def test_too_few_say_nothing() -> None:
    labels, chances, groups, _ = world(90, (0.0, 0.0), 2.0, np.random.default_rng(3))
    assert isinstance(label_errors(labels[:60], chances[:60]), Unknown)
    labels, chances, groups, _ = world(400, (0.1, 0.1), 2.0, np.random.default_rng(3), in_group=25)
    few = label_errors(labels, chances, group=groups)
    assert isinstance(few, Unknown)
    assert "16 groups, and 20 are needed" in few.reason


@pytest.mark.parametrize(
    ("labels", "chances", "match"),
    [
        ([0, 1], [[0.5, 0.5]], "items x classes"),
        ([0, 1], [[0.5, 0.5], [0.5, 1.5]], r"lie in \[0, 1\]"),
        ([0, 1], [[0.5, 0.5], [0.5, np.nan]], r"lie in \[0, 1\]"),
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], "classes from 0 to 1"),
        ([0, 0], [[0.5, 0.5], [0.5, 0.5]], "every class needs a label"),
    ],
)
def test_what_does_not_fit_is_refused(
    labels: list[int], chances: list[list[float]], match: str
) -> None:
    with pytest.raises(EstimateError, match=match):
        confident_joint(np.array(labels), np.array(chances))
