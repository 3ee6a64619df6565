"""Control of error volume against the tables it was designed by: sigma levels, paces, queues, alarms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special

from assay.errors import EstimateError
from assay.estimate.budget_anchor import anchor_to_sigma
from assay.estimate.burn import classic_alarms, count_episodes
from assay.estimate.count_alarm import count_log_e_value
from assay.estimate.pace import (
    ReviewTeam,
    assumed_flow,
    sustainable_pace,
)
from assay.estimate.pace_curve import best_binormal_threshold
from assay.estimate.pace_speed import equal_volume_error_rate, equal_volume_speed
from assay.estimate.planning import zero_failure_labels
from assay.estimate.queueing import ServiceTime, check_and_fix, mean_wait
from assay.estimate.sigma import rate_to_sigma, sigma_to_rate

TABLES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "golden" / "control.json").read_text(encoding="utf-8")
)
TEAM = ReviewTeam(reviewers=1, check_hours=0.2, fix_hours=1.0)
"""One reviewer, in units of the time in which a person makes one output."""
HUMAN_ERRORS_PER_HOUR = 0.1
BUDGET, WINDOW_HOURS, BIN_HOURS = 30.0, 720.0, 5 / 60


def test_the_essays_arithmetic() -> None:
    """99 % right at 100 times the pace against 90 % right: ten times the errors."""
    system, person = (
        anchor_to_sigma(rate_to_sigma(0.01), outputs=100, window_hours=1),
        anchor_to_sigma(rate_to_sigma(0.10), outputs=1, window_hours=1),
    )
    assert system.per_hour / person.per_hour == pytest.approx(10)
    assert equal_volume_speed(0.10, 0.01) == pytest.approx(10)
    assert 1 - equal_volume_error_rate(0.10, 100) == pytest.approx(0.999)
    assert equal_volume_error_rate(0.10, 0.05) == 1
    with pytest.raises(EstimateError, match="must be"):
        equal_volume_speed(0.0, 0.1)
    with pytest.raises(EstimateError, match="must be"):
        equal_volume_error_rate(0.1, 0.0)


@pytest.mark.parametrize("row", TABLES["sigma"], ids=lambda row: f"{row['level']:.3g} sigma")
def test_what_a_sigma_level_means(row: dict[str, Any]) -> None:
    rate = sigma_to_rate(row["level"])
    assert rate == pytest.approx(row["rate"], rel=5e-3)
    assert equal_volume_speed(0.10, rate) == pytest.approx(row["speed"], rel=0.06)
    for outputs, key in ((1e3, "per_1k"), (1e6, "per_1m")):
        if row[key] is not None:
            anchor = anchor_to_sigma(row["level"], outputs=outputs, window_hours=24)
            assert anchor.allowed == pytest.approx(row[key], rel=0.06)
    if row["labels"] is not None:
        assert zero_failure_labels(rate) == pytest.approx(row["labels"], rel=0.015)


@pytest.mark.parametrize("row", TABLES["policies"], ids=lambda row: str(row["name"]))
def test_pace_of_a_policy(row: dict[str, Any]) -> None:
    wrong = 0.01
    alarms = (row["flagged"] - wrong * row["recall"]) / (1 - wrong)
    flow = assumed_flow(
        wrong,
        recall=row["recall"],
        false_alarm_rate=min(1.0, alarms),
        reviewer_recall=row["found"],
        audit_share=row["audit"],
    )
    found = sustainable_pace(flow, TEAM, budget_per_hour=HUMAN_ERRORS_PER_HOUR)
    assert found.review_hours.value == pytest.approx(row["hours"], abs=6e-4)
    assert found.affordable_per_hour == pytest.approx(row["pace"], abs=0.06)
    assert found.binds == row["binds"]
    if row["found"] == 0.8:
        assert found.budget_limit.value == pytest.approx(50)


@pytest.mark.parametrize("accuracy", TABLES["best_pace"])
def test_best_threshold_by_accuracy_and_auroc(accuracy: str) -> None:
    flow = assumed_flow(1 - float(accuracy), recall=1, false_alarm_rate=1, audit_share=0.01)
    paces = [
        best_binormal_threshold(
            auroc, flow, TEAM, budget_per_hour=HUMAN_ERRORS_PER_HOUR
        ).pace.affordable_per_hour
        for auroc in TABLES["auroc"]
    ]
    assert paces == pytest.approx(TABLES["best_pace"][accuracy], rel=0.01)


@pytest.mark.parametrize("row", TABLES["queue"], ids=lambda row: str(row["utilization"]))
def test_wait_of_five_reviewers(row: dict[str, Any]) -> None:
    time = check_and_fix(ServiceTime(0.05, 0.5), ServiceTime(0.2, 0.5), fix_share=0.18)
    found = 60 * mean_wait(row["utilization"] * 5 / time.mean_hours, 5, time)
    assert found == pytest.approx(row["allen_cunneen"], rel=0.02)


class Months(NamedTuple):
    """Simulated months: errors in bins of five minutes."""

    counts: npt.NDArray[np.int64]

    @property
    def classic_pages(self) -> float:
        pages = classic_alarms(
            self.counts, bin_hours=BIN_HOURS, allowed_per_hour=BUDGET / WINDOW_HOURS
        )
        return float(count_episodes(pages).mean())

    def first_alarms(self, level: float = 0.01, *, one_sided: bool = True) -> list[float]:
        """Hours to the alarm in each month; inf where there was none."""
        found = []
        for month in self.counts:
            bins = np.flatnonzero(month)
            total = np.cumsum(month[bins]).astype(np.float64)
            allowed = (bins + 1) * BIN_HOURS * BUDGET / WINDOW_HOURS
            logs = (count_log_e_value if one_sided else two_sided)(total, allowed)
            # The two-sided one speaks between errors also: the end of the month is looked at too.
            if not one_sided:
                bins = np.append(bins, month.size - 1)
                logs = np.append(logs, two_sided(np.array([month.sum()]), np.array([BUDGET])))
            alarms = np.flatnonzero(logs >= np.log(1 / level))
            found.append((bins[alarms[0]] + 1) * BIN_HOURS if alarms.size else np.inf)
        return found


def two_sided(errors: npt.NDArray[Any], allowed: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The mixture over all lambda > 0, with the same prior: evidence that the pace is another, faster or slower."""
    a, b = 1.0, 0.25
    return np.asarray(
        allowed
        + a * np.log(b)
        - special.gammaln(a)
        + special.gammaln(a + errors)
        - (a + errors) * np.log(b + allowed)
    )


def simulated(times: float, months: int) -> Months:
    rng = np.random.default_rng(round(100 * times))
    bins = round(WINDOW_HOURS / BIN_HOURS)
    return Months(rng.poisson(times * BUDGET / bins, (months, bins)))


def check_alarm_row(row: dict[str, Any], months: int) -> None:
    world = simulated(row["times"], months)
    # Pages are about as many as errors, so they scatter like them; more so by months that happen to be bad.
    scatter = 4 * np.sqrt(row["classic"] / months)
    assert world.classic_pages == pytest.approx(row["classic"], abs=scatter + 0.02 * row["classic"])
    first = np.array(world.first_alarms())
    share = np.isfinite(first).mean()
    assert share == pytest.approx(row["alarmed"], abs=4 * np.sqrt(0.83 * 0.17 / months))
    if row["times"] <= 1:
        assert np.isfinite(first).sum() < 1.2 + 4 * np.sqrt(months * 0.01)
    if row["first_hours"] is not None:
        alarmed = np.median(first[np.isfinite(first)])
        assert alarmed == pytest.approx(row["first_hours"], rel=0.15 + 2 / np.sqrt(months))


@pytest.mark.parametrize("row", TABLES["alarm"], ids=lambda row: f"{row['times']} times")
def test_alarms_of_120_months(row: dict[str, Any]) -> None:
    check_alarm_row(row, 120)


def test_less_than_one_false_alarm_in_120_months() -> None:
    """On budget: none in 120 months at 0.01, where the classic windows page about 30 times a month."""
    world = simulated(1.0, 120)
    assert sum(np.isfinite(world.first_alarms())) < 1
    assert 28 < world.classic_pages < 31


def test_a_two_sided_mixture_alarms_on_months_that_are_too_good() -> None:
    world = simulated(0.5, 60)
    share = np.isfinite(world.first_alarms(one_sided=False)).mean()
    assert 0.15 < share < 0.5
    assert not np.isfinite(world.first_alarms()).any()
