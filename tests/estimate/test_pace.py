"""Sustainable pace: which limit binds, limits carried through, what would help, and the best threshold."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from assay.errors import EstimateError
from assay.estimate.pace import ReviewFlow, ReviewTeam, assumed_flow, sustainable_pace
from assay.estimate.pace_curve import (
    best_binormal_threshold,
    best_threshold,
    binormal_roc,
    roc_points,
)
from assay.estimate.pace_gains import pace_gains
from assay.quantity import Estimate

TEAM = ReviewTeam(reviewers=1, check_hours=0.2, fix_hours=1.0)
SHARE = st.floats(0, 1)


def share(value: float, low: float, high: float, unit: str = "share") -> Estimate:
    return Estimate(value, low, high, unit, 0.9875, 500, "labels")


def exactly_share(value: float) -> Estimate:
    return share(value, value, value)


MEASURED = ReviewFlow(
    error_rate=share(0.01, 0.006, 0.016),
    recall=share(0.9, 0.8, 0.96),
    false_alarm_rate=share(0.04, 0.03, 0.05),
    reviewer_recall=share(0.95, 0.9, 0.98),
    audit_share=0.01,
)


def test_people_are_counted_once() -> None:
    """Everything in hours: what is read is read once, what is found wrong is mended once."""
    rng = np.random.default_rng(1)
    n, flow = (
        400_000,
        assumed_flow(0.1, recall=0.7, false_alarm_rate=0.2, reviewer_recall=0.8, audit_share=0.3),
    )
    wrong = rng.random(n) < 0.1
    flagged = rng.random(n) < np.where(wrong, 0.7, 0.2)
    read = flagged | (rng.random(n) < 0.3)
    mended = wrong & read & (rng.random(n) < 0.8)
    found = sustainable_pace(flow, TEAM, budget_per_hour=1.0)
    assert found.flagged_share.value == pytest.approx(flagged.mean(), rel=0.01)
    assert found.review_hours.value == pytest.approx((0.2 * read + mended).mean(), rel=0.01)
    assert found.escapes.value == pytest.approx((wrong & ~mended).mean(), rel=0.02)


def test_a_fix_that_errs_lets_an_error_out() -> None:
    flow = assumed_flow(0.01, recall=1, false_alarm_rate=1)
    none = sustainable_pace(flow, TEAM, budget_per_hour=0.1)
    some = sustainable_pace(replace(flow, fix_error_share=0.1), TEAM, budget_per_hour=0.1)
    assert none.escapes.value == 0
    assert some.escapes.value == pytest.approx(0.001)


@given(st.lists(st.tuples(SHARE, SHARE, SHARE), min_size=4, max_size=4), SHARE, SHARE)
def test_limits_hold_everything_inside_the_box(
    triples: list[tuple[float, float, float]], audit: float, place: float
) -> None:
    ordered = [sorted(x) for x in triples]
    parts = [share(middle, low, high) for low, middle, high in ordered]
    flow = ReviewFlow(parts[0], parts[1], parts[2], parts[3], audit_share=audit)
    made = sustainable_pace(flow, TEAM, budget_per_hour=0.1, demand_per_hour=1e6)
    inside = [x.low + place * (x.high - x.low) for x in parts]
    exact_flow = assumed_flow(
        inside[0],
        recall=inside[1],
        false_alarm_rate=inside[2],
        reviewer_recall=inside[3],
        audit_share=audit,
    )
    there = sustainable_pace(exact_flow, TEAM, budget_per_hour=0.1, demand_per_hour=1e6)
    for name in ("flagged_share", "review_hours", "escapes", "pace"):
        box, point = getattr(made, name), getattr(there, name).value
        assert box.low * (1 - 1e-9) - 1e-12 <= point <= box.high * (1 + 1e-9) + 1e-12


def test_the_pace_to_keep_uses_the_upper_limit_of_escapes() -> None:
    found = sustainable_pace(MEASURED, TEAM, budget_per_hour=0.002)
    assert found.binds == "budget"
    assert found.affordable_per_hour == pytest.approx(0.002 / found.escapes.high)
    assert found.pace.confidence_level == pytest.approx(0.95)
    assert found.pace.guarantee == "proved"


def test_what_binds() -> None:
    small = sustainable_pace(MEASURED, TEAM, budget_per_hour=1e-3)
    large = sustainable_pace(MEASURED, TEAM, budget_per_hour=10.0)
    little = sustainable_pace(MEASURED, TEAM, budget_per_hour=10.0, demand_per_hour=1.0)
    assert (small.binds, large.binds, little.binds) == ("budget", "capacity", "demand")
    assert little.affordable_per_hour == 1.0


def test_traffic_times_a_hundred_leaves_the_limits_as_they_are() -> None:
    one, many = (
        sustainable_pace(MEASURED, TEAM, budget_per_hour=0.01, demand_per_hour=demand)
        for demand in (1e3, 1e5)
    )
    assert one.pace == many.pace


def test_no_budget_of_errors_is_no_pace() -> None:
    none = sustainable_pace(MEASURED, TEAM, budget_per_hour=0.0)
    assert (none.affordable_per_hour, none.binds) == (0.0, "budget")


def test_what_can_t_be_is_refused() -> None:
    with pytest.raises(EstimateError, match="nothing limits"):
        sustainable_pace(assumed_flow(0.0, recall=0, false_alarm_rate=0), TEAM)
    with pytest.raises(EstimateError, match="recall"):
        assumed_flow(0.1, recall=1.1, false_alarm_rate=0)
    with pytest.raises(EstimateError, match="audit_share"):
        assumed_flow(0.1, recall=1, false_alarm_rate=0, audit_share=-0.1)
    with pytest.raises(EstimateError, match="utilization"):
        ReviewTeam(1, 0.1, 0.1, utilization=1.0)
    with pytest.raises(EstimateError, match="budget_per_hour"):
        sustainable_pace(MEASURED, TEAM, budget_per_hour=-1)
    doubtful = replace(MEASURED, recall=replace(MEASURED.recall, confidence_level=0.01))
    with pytest.raises(EstimateError, match="nothing to claim"):
        sustainable_pace(doubtful, TEAM, budget_per_hour=1)


def test_gains_are_those_of_computing_again() -> None:
    """Capacity binds: a reviewer helps, a judge that misses less only costs."""
    gains = {gain.change: gain for gain in pace_gains(MEASURED, TEAM, budget_per_hour=10.0)}
    assert gains["one reviewer more"].gained == pytest.approx(2)
    assert gains["half the misses of the judge"].gained < 1
    assert gains["half the false alarms of the judge"].gained > 1.15
    better = replace(MEASURED, error_rate=MEASURED.error_rate.scaled(0.5, "share"))
    again = sustainable_pace(better, TEAM, budget_per_hour=10.0)
    before = sustainable_pace(MEASURED, TEAM, budget_per_hour=10.0)
    assert gains["half the errors of the model"].gained == pytest.approx(
        again.affordable_per_hour / before.affordable_per_hour
    )


def test_where_the_budget_binds_people_do_not_help() -> None:
    gains = {gain.change: gain.gained for gain in pace_gains(MEASURED, TEAM, budget_per_hour=1e-3)}
    assert gains["one reviewer more"] == 1
    assert gains["half the errors of the model"] == pytest.approx(2)
    assert gains["half the misses of the judge"] > 1.3
    assert list(gains.values()) == sorted(gains.values(), reverse=True)


def test_from_no_pace_to_none_nothing_is_gained() -> None:
    nobody = replace(TEAM, reviewers=0)
    gains = {gain.change: gain.gained for gain in pace_gains(MEASURED, nobody, budget_per_hour=1)}
    assert gains["half the time to check"] == 1
    assert gains["one reviewer more"] == math.inf


def test_a_grid_and_the_zoom_agree() -> None:
    flow = assumed_flow(0.01, recall=1, false_alarm_rate=1, audit_share=0.01)
    grid = best_threshold(binormal_roc(0.9, points=2_001), flow, TEAM, budget_per_hour=0.1)
    zoom = best_binormal_threshold(0.9, flow, TEAM, budget_per_hour=0.1)
    assert zoom.pace.affordable_per_hour >= grid.best.pace.affordable_per_hour
    assert zoom.pace.affordable_per_hour == pytest.approx(
        grid.best.pace.affordable_per_hour, rel=1e-2
    )
    # Both limits meet there.
    assert zoom.pace.capacity_limit.value == pytest.approx(zoom.pace.budget_limit.value, rel=1e-3)


def test_a_measured_roc_finds_about_the_binormal_threshold() -> None:
    rng = np.random.default_rng(1)
    apart = 1.812  # AUROC 0.9.
    wrong, right = rng.normal(apart, 1, 20_000), rng.normal(0, 1, 200_000)
    cuts = np.linspace(-1, 4, 26).tolist()
    flow = assumed_flow(0.01, recall=1, false_alarm_rate=1, audit_share=0.01)
    curve = best_threshold(roc_points(wrong, right, cuts), flow, TEAM, budget_per_hour=0.1)
    assert 25 < curve.best.pace.affordable_per_hour < 31.2
    assert curve.best.point.threshold == pytest.approx(1.36, abs=0.25)
    assert len(curve.points) == 26


def test_all_and_none_need_no_evidence() -> None:
    points = roc_points([0.9], [0.1, 0.2], [-math.inf, 0.5, math.inf])
    assert (points[0].recall.low, points[0].false_alarm_rate.low) == (1, 1)
    assert (points[2].recall.high, points[2].false_alarm_rate.high) == (0, 0)
    # One threshold costs evidence: the two others don't widen it. One error of one: 0.025 at the least.
    assert points[1].recall.low == pytest.approx(0.025)


def test_the_lucky_threshold_is_optimistic_and_its_limits_are_not() -> None:
    """Chosen on 20 errors: the point says more than is true on average, the limits hold."""
    rng = np.random.default_rng(2)
    flow = assumed_flow(0.01, recall=1, false_alarm_rate=1, audit_share=0.01)
    cuts = np.linspace(0.5, 2.5, 9)
    runs, points_said, held, true_paces = 150, [], 0, []
    for _ in range(runs):
        points = roc_points(rng.normal(1.812, 1, 20), rng.normal(0, 1, 400), cuts.tolist())
        exactly = [
            replace(
                p,
                recall=exactly_share(p.recall.value),
                false_alarm_rate=exactly_share(p.false_alarm_rate.value),
            )
            for p in points
        ]
        lucky = best_threshold(exactly, flow, TEAM, budget_per_hour=0.1).best
        careful = best_threshold(points, flow, TEAM, budget_per_hour=0.1).best
        points_said.append(lucky.pace.affordable_per_hour)
        true_paces.append(true_pace(lucky.point.threshold))
        held += careful.pace.affordable_per_hour <= true_pace(careful.point.threshold)
    assert np.mean(points_said) > np.mean(true_paces)
    assert held / runs >= 0.9


def true_pace(threshold: float) -> float:
    flow = assumed_flow(
        0.01,
        recall=float(special.ndtr(1.812 - threshold)),
        false_alarm_rate=float(special.ndtr(-threshold)),
        audit_share=0.01,
    )
    return sustainable_pace(flow, TEAM, budget_per_hour=0.1).affordable_per_hour


def test_curves_out_of_range_are_refused() -> None:
    with pytest.raises(EstimateError, match="AUROC"):
        binormal_roc(1.0)
    with pytest.raises(EstimateError, match="two points"):
        binormal_roc(0.9, points=1)
    with pytest.raises(EstimateError, match="at least one"):
        best_threshold([], MEASURED, TEAM, budget_per_hour=1)
    with pytest.raises(EstimateError, match="wrong outputs"):
        roc_points([], [0.1], [0.5])
    with pytest.raises(EstimateError, match="number"):
        roc_points([0.2], [0.1], [math.nan])
