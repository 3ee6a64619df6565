"""The parts of the benchmark of labels that have no luck in them: limits, designs, counts, alarms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.estimate import Alternative, StratumCount, total_errors
from designs import Draw, Plan, product_designer, shared_out
from earlier import AUCS, RATES, earlier
from label_search import Simulation, assay_interval, label_grid, one_by_one
from labels import Figure, is_short
from limits import GOALS, Goal, limits
from populations import Binormal, FloatArray, IntArray
from ppi import ppi_plus

SMALL = Binormal(0.02, 0.9, 5_000)


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize(
    ("rate", "auc"),
    [(0.1, 0.75), (0.001, 0.98), *(pytest.param(p, a, marks=pytest.mark.nightly) for p in RATES for a in AUCS)],
)  # fmt: skip
def test_limits_are_those_of_the_earlier_study(goal: Goal, rate: float, auc: float) -> None:
    before, now = earlier(goal, rate, auc), limits(Binormal(rate, auc), goal)
    assert before is not None
    assert now.hidden == pytest.approx(before.hidden, abs=0.5)
    assert now.normal == pytest.approx(before.normal, rel=5e-4, abs=0.5)


def test_the_best_valid_figure_is_one_that_holds_whatever_the_judge_misses() -> None:
    before = earlier("b", 0.001, 0.98)
    assert before is not None
    assert (before.best(valid=True).method, before.best(valid=True).labels) == ("S-gammaW", 5168)
    # 204 and 615 labels were fewer, and covered 68 and 80 %.
    assert before.best(valid=False).labels == 3942


def test_errors_rank_as_if_each_output_were_drawn() -> None:
    rng = np.random.default_rng(1)
    ranks = SMALL.error_ranks(rng, 400)
    assert ranks.shape == (400, SMALL.errors)
    assert (np.diff(ranks, axis=1) > 0).all()
    assert ranks.min() >= 0
    assert ranks.max() < SMALL.size
    wrong = np.arange(SMALL.size) < SMALL.errors
    among_top = []
    for _ in range(400):
        scores = rng.normal(size=SMALL.size) + SMALL.shift * wrong
        among_top.append(int(wrong[np.argsort(-scores)[:200]].sum()))
    # Two means of 400, each with a standard error of about 0.2.
    assert (ranks < 200).sum(axis=1).mean() == pytest.approx(np.mean(among_top), abs=1.2)
    assert SMALL.expected_posteriors()[:200].sum() == pytest.approx(np.mean(among_top), abs=1.2)


def test_a_blind_judge_puts_errors_anywhere() -> None:
    ranks = SMALL.error_ranks(np.random.default_rng(2), 200, hidden=1.0)
    assert ranks.mean() == pytest.approx(SMALL.size / 2, rel=0.02)


@pytest.mark.parametrize("labels", [4, 37, 900, 4_999])
def test_labels_are_shared_out_in_full_and_within_the_strata(labels: int) -> None:
    sizes = np.array([20, 380, 1_600, 3_000])
    drawn = shared_out(sizes, np.array([0.6, 0.1, 0.01, 0.001]), labels, uniform=0.3)
    assert drawn is not None
    assert drawn.sum() == labels
    assert (drawn >= 1).all()
    assert (drawn <= sizes).all()


@pytest.mark.parametrize("plan", [Plan(1), Plan(1, census=0.5), Plan(4), Plan(6, 1.0, 0.25, 0.2)])
def test_a_plan_parts_the_log(plan: Plan) -> None:
    draw = plan.designer(SMALL)(600)
    assert draw is not None
    assert sum(draw.sizes) == SMALL.size
    assert sum(draw.labels) == 600
    assert all(0 < n <= size for size, n in zip(draw.sizes, draw.labels, strict=True))


def test_the_product_draws_most_where_the_judge_sees_most() -> None:
    draw = product_designer(SMALL)(500)
    assert draw is not None
    assert sum(draw.labels) == 500
    shares = [n / size for size, n in zip(draw.sizes, draw.labels, strict=True)]
    assert shares[0] == max(shares)


def test_a_census_only_shifts_the_interval() -> None:
    top, rest = StratumCount(50, 50, 31), [StratumCount(900, 90, 4), StratumCount(4_000, 200, 1)]
    whole, part = total_errors([top, *rest]), total_errors(rest)
    assert (whole.low, whole.high) == (part.low + 31, part.high + 31)


def test_many_outcomes_at_once_are_those_of_one_by_one() -> None:
    draw = Draw((50, 900, 4_000), (20, 90, 200))
    found = np.array([[11, 4, 1], [0, 0, 0], [20, 2, 0], [3, 9, 9]])
    for alternative, first in (("two-sided", 0), ("less", 1)):
        many = assay_interval(draw, found, alternative)[:, first:]  # type: ignore[arg-type]
        single = one_by_one(draw, found, alternative)[:, first:]  # type: ignore[arg-type]
        assert many.tolist() == single.tolist()


def test_a_sample_holds_the_errors_of_its_strata() -> None:
    seen: list[int] = []

    def interval(draw: Draw, found: IntArray, alternative: Alternative) -> FloatArray:
        assert alternative == "two-sided"
        assert (found <= np.array(draw.labels)).all()
        seen.extend(found.sum(axis=1).tolist())
        return np.tile([0.0, float(SMALL.errors)], (len(found), 1))

    simulation = Simulation(SMALL, "a", interval=interval)
    share = simulation.share(Draw((500, 4_500), (499, 450)), 200)
    assert share.held == 1.0
    assert share.met == 0.0
    # 499 of the top 500 and a tenth of the rest: most of the errors, and never more than there are.
    assert SMALL.errors * 0.4 < np.mean(seen) < SMALL.errors


@pytest.mark.parametrize(("high", "first"), [(0.0, True), (1e9, False)])
def test_the_least_labels_are_found(high: float, first: bool) -> None:
    def interval(_: Draw, found: IntArray, __: Alternative) -> FloatArray:
        return np.tile([0.0, high], (len(found), 1))

    simulation = Simulation(SMALL, "a", interval=interval, seed=4)
    needed = simulation.least_labels(Plan(1).designer(SMALL), fresh=50)
    assert needed.labels == (label_grid(SMALL.size, 1.03)[0] if first else SMALL.size)


def test_ppi_without_a_judge_is_the_plain_normal_interval() -> None:
    y = np.array([1.0, 0, 0, 0, 1, 0, 0, 0])
    low, high = ppi_plus(y, np.full(8, 0.3), np.full(100, 0.3), z=2.0)
    assert (low + high) / 2 == pytest.approx(0.25)
    assert high - low == pytest.approx(4 * np.sqrt(0.25 * 0.75 / 8))


def test_what_cannot_be_raises_an_alarm() -> None:
    fair = Figure("a", 0.01, 0.9, "assay", "", 6_000, 0.8, 0.96, 0.95, 2_000, 1, 1.0)
    assert fair.alarms() == []
    assert "above the limit" in replace(fair, labels=4_000).alarms()[0]
    assert "short of 95%" in replace(fair, coverage=0.93).alarms()[0]
    assert "blind" in replace(fair, blind_coverage=0.90).alarms()[0]


def test_chance_alone_is_not_short_of_the_promise() -> None:
    assert not is_short(0.945, 2_000)
    assert is_short(0.935, 2_000)
