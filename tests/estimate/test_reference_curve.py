"""The curve through references, and what lies above it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from assay.errors import EstimateError
from assay.estimate.reference_curve import AdjustedGap, adjusted_gap, fit_curve


def scores(
    rng: np.random.Generator, systems: int, tasks: int, *, apart: float = 0.2
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]:
    """Scores of systems of many abilities on two exams that are not equally hard, and not quite of the same thing."""
    ability = rng.uniform(-2, 2, systems)
    exam = special.expit(1.2 * ability - 0.5 + rng.normal(0, apart, systems))
    return (
        rng.binomial(tasks, special.expit(ability)) / tasks,
        rng.binomial(tasks, exam) / tasks,
    )


def test_a_curve_of_another_difficulty_is_found() -> None:
    known = np.linspace(0.1, 0.95, 12)
    exam = special.expit(1.5 * special.logit(known) - 1)
    curve = fit_curve(known, exam)
    assert curve.expected(np.array([0.3, 0.8])) == pytest.approx(
        special.expit(1.5 * special.logit(np.array([0.3, 0.8])) - 1), abs=1e-3
    )
    assert curve.spread < 1e-3
    honest = adjusted_gap(curve, 0.6, float(curve.expected(0.6)[0]))
    assert honest.gap.low <= 0 <= honest.gap.high
    flattered = adjusted_gap(curve, 0.6, 0.9)
    assert flattered.gap.low > 0.2
    assert flattered.within


def test_five_references_are_the_least() -> None:
    known = np.linspace(0.2, 0.8, 5)
    assert fit_curve(known, known).misses.shape == (5,)
    with pytest.raises(EstimateError, match="5 references"):
        fit_curve(known[:4], known[:4])
    with pytest.raises(EstimateError, match=r"\[0, 1\]"):
        fit_curve(known, known + 0.5)


def test_scores_of_0_and_1_and_equal_scores_are_taken() -> None:
    known = np.array([0.0, 0.0, 0.5, 0.5, 1.0, 1.0, 0.5, 0.25])
    curve = fit_curve(known, known)
    assert np.isfinite(curve.misses).all()
    same = fit_curve(np.full(6, 0.5), np.full(6, 0.7))
    found = adjusted_gap(same, 0.5, 0.7)
    assert found.expected == pytest.approx(0.7)
    assert found.gap.low <= 0 <= found.gap.high


def test_a_rank_is_never_below_one_of_all() -> None:
    rng = np.random.default_rng(1)
    curve = fit_curve(*scores(rng, 20, 300))
    found = adjusted_gap(curve, 0.3, 1.0)
    assert found.rank_p_value == pytest.approx(1 / 21)
    assert adjusted_gap(curve, 0.3, 0.0).rank_p_value == 1.0
    assert found.to_json()["least_rank_p_value"] == pytest.approx(1 / 21)


def test_beyond_the_references_nothing_was_measured() -> None:
    rng = np.random.default_rng(2)
    curve = fit_curve(*scores(rng, 12, 300))
    beyond = adjusted_gap(curve, float(curve.known.max()) + 0.01, 0.9)
    assert not beyond.within
    assert beyond.gap.guarantee == "assumed"
    assert "beyond their scores" in beyond.gap.method


def test_exams_that_have_little_in_common_show_little() -> None:
    rng = np.random.default_rng(3)
    alike, unlike = (
        fit_curve(*scores(np.random.default_rng(4), 20, 500, apart=apart)) for apart in (0.1, 2.0)
    )
    assert unlike.spread > 3 * alike.spread
    smallest = [adjusted_gap(curve, 0.5, 0.5).smallest for curve in (alike, unlike)]
    assert smallest[1].value > 3 * smallest[0].value  # type: ignore[union-attr]
    known = rng.random(20)
    # ConStat's curve pairs ranks: it claims to know what nothing can tell.
    ranked = fit_curve(known, rng.random(20), shape="ranks")
    assert float(np.diff(ranked.expected(np.array([0.1, 0.9])))[0]) > 0.5


def clean(rng: np.random.Generator, references: int, tasks: int) -> AdjustedGap:
    known, exam = scores(rng, references + 1, tasks)
    return adjusted_gap(fit_curve(known[1:], exam[1:]), float(known[0]), float(exam[0]))


def test_95_percent_means_at_least_95_percent() -> None:
    rng = np.random.default_rng(5)
    found = [clean(rng, 6, 200) for _ in range(300)]
    # 15 of 300 expected at most; 26 would be three standard deviations more.
    assert sum(not one.gap.low <= 0 <= one.gap.high for one in found) <= 26
    # A rank holds its level without any law: at most 1/7 have the least p-value.
    assert np.mean([one.rank_p_value <= 1 / 7 for one in found]) < 1 / 7 + 0.06


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("references", "runs", "most"),
    [(5, 2_000, 130), (7, 1_000, 71), (10, 1_000, 71), (20, 400, 33)],
)
def test_95_percent_over_many_designs(references: int, runs: int, most: int) -> None:
    rng = np.random.default_rng(6)
    missed = 0
    for _ in range(runs):
        one = clean(rng, references, 200)
        missed += not one.gap.low <= 0 <= one.gap.high
    # A twentieth expected at most; `most` is three standard deviations more.
    assert missed <= most
