"""The pace to keep, at the threshold that the labels chose, is one that can be kept: in 95 of 100 draws at least."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.estimate.pace_curve import RocPoint
from assay.ledger.store import Ledger
from assay.quantity import assumed
from assay.volume.pace import PaceQuestion, Reviewers, measure_pace
from assay.volume.pace_result import PaceAnswer
from volume.desk import Desk, answer, draw, fill

ASKED = PaceQuestion(
    Reviewers(1, check_minutes=3, fix_minutes=12), allow=6, per_days=1, judge="second reading"
)


def true_pace(desk: Desk, found: PaceAnswer) -> float:
    """The pace at the chosen threshold, with what is true of every output put in."""
    rows = desk.ledger.rows(
        "SELECT trace_id, error_probability AS score FROM verdicts WHERE draw_id IS NULL"
    )
    wrong = np.array([desk.wrong[row["trace_id"]] for row in rows])
    point = found.best.best.point
    recall, alarms = point.recall.value, point.false_alarm_rate.value
    if found.best.router.kind == "measured":
        flagged = np.array([row["score"] for row in rows]) >= point.threshold
        recall, alarms = float(flagged[wrong].mean()), float(flagged[~wrong].mean())
    exact = RocPoint(
        point.threshold,
        assumed(recall, "share of errors", method="truth"),
        assumed(alarms, "share of right outputs", method="truth"),
    )
    truth = assumed(float(wrong.mean()), "errors/output", method="truth")
    return 24 * replace(found.setting, error_rate=truth).pace(exact).affordable_per_hour


@pytest.mark.nightly
def test_the_chosen_threshold_is_not_optimistic(tmp_path: Path) -> None:
    runs, broken, judged, ratios = 120, 0, 0, []
    desk = fill(Ledger.create(tmp_path / "runs.ledger"), traces=3_000, error_rate=0.04, seed=3)
    for seed in range(runs):
        drawn = draw(desk, 600, seed=seed)
        answer(desk, drawn, tmp_path / "f.csv")
        volume = replace(ASKED.volume, draw_id=drawn.draw_id)
        found = measure_pace(desk.ledger, replace(ASKED, volume=volume))
        truth = true_pace(desk, found)
        broken += found.best.per_day > truth
        judged += found.best.router.kind == "measured"
        ratios.append(found.best.per_day / truth)
    # Not by saying little: half of the limits are at three quarters of the truth or above.
    assert float(np.median(ratios)) > 0.6
    assert judged > runs / 2
    # Six of 120 on average at worst; 12 of them have a chance of one in a hundred.
    assert broken <= 12
