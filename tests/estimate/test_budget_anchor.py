"""Budgets as counts: what they are anchored to, and failures per hour in both directions."""

from __future__ import annotations

import pytest

from assay.errors import EstimateError
from assay.estimate.budget_anchor import (
    anchor_to_count,
    anchor_to_demand,
    anchor_to_hourly,
    anchor_to_human_volume,
    anchor_to_sigma,
)
from assay.estimate.budget_anchor_standards import (
    BANDS,
    FIT,
    Band,
    band,
    from_fit,
    in_fit,
    levels_kept,
    per_hour,
    per_output,
)
from assay.quantity import Estimate, assumed


def test_a_count_stays_whatever_the_traffic() -> None:
    budget = anchor_to_count(30, window_hours=720)
    assert budget.allowed == 30
    assert budget.per_output(100) / budget.per_output(10_000) == pytest.approx(100)
    assert budget.per_output(1e-9) == 1


def test_doubt_about_people_s_errors_buys_no_errors() -> None:
    rate = Estimate(0.10, 0.06, 0.15, "errors/output", 0.975, 200, "second reading")
    pace = Estimate(2.0, 1.5, 2.5, "outputs/hour", 0.975, 50, "time sheets")
    budget = anchor_to_human_volume(rate, pace, window_hours=168, people=3)
    assert budget.errors.value == pytest.approx(0.10 * 2 * 168 * 3)
    assert budget.allowed == pytest.approx(0.06 * 1.5 * 168 * 3)
    assert budget.errors.confidence_level == pytest.approx(0.95)
    assert any("lower limit" in sentence for sentence in budget.assumptions)


def test_sigma_names_its_convention_and_volume() -> None:
    one = anchor_to_sigma(3, outputs=1e6, window_hours=720)
    two = anchor_to_sigma(3, outputs=1e6, window_hours=720, convention="two-sided")
    assert two.allowed == pytest.approx(2 * one.allowed)
    assert "1e+06 outputs" in one.errors.method or "1,000,000" in one.errors.method
    assert any("one-sided" in sentence for sentence in one.assumptions)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_safety_integrity_levels(level: int) -> None:
    hourly = band("IEC 61508", f"SIL {level}")
    assert (hourly.least, hourly.most) == pytest.approx(
        (10.0 ** -(5 + level), 10.0 ** -(4 + level))
    )
    rare = band("iec 61508", f"sil {level}", exposure="per demand")
    assert (rare.least, rare.most) == pytest.approx((10.0 ** -(1 + level), 10.0**-level))


@pytest.mark.parametrize("known", [row for row in BANDS if row.exposure == "per hour"])
def test_per_output_and_back_is_where_one_began(known: Band) -> None:
    there = per_output(known, 1_000.0)
    assert per_hour(there.value, 1_000.0).value == pytest.approx(known.most)
    assert there.assumptions
    assert there.source == known.source
    assert from_fit(in_fit(known.most).value).value == pytest.approx(known.most)


def test_sil_1_at_a_thousand_outputs_an_hour() -> None:
    """1e-8 to 1e-9 per output: what no test of outputs can show."""
    level = band("IEC 61508", "SIL 1")
    assert per_output(level, 1_000).value == pytest.approx(1e-8)
    assert level.least / 1_000 == pytest.approx(1e-9)


def test_levels_are_kept_by_number_below_their_limit_only() -> None:
    assert not [kept for kept in levels_kept(1e-5) if kept.standard in ("IEC 61508", "ISO 26262")]
    assert {kept.level for kept in levels_kept(9 * FIT)} >= {"SIL 4", "ASIL D", "hazardous"}
    assert len(levels_kept(0.0)) == sum(row.exposure == "per hour" for row in BANDS)


def test_hours_in_operation_count() -> None:
    day = anchor_to_hourly(1e-5, window_hours=24, source="IEC 61508, SIL 1", duty_share=1 / 3)
    assert day.allowed == pytest.approx(8e-5)
    assert day.errors.unit == "errors/day"


def test_many_demands_are_not_the_low_demand_mode() -> None:
    often = anchor_to_demand(1e-2, demands=100, window_hours=720, source="SIL 2")
    rare = anchor_to_demand(1e-2, demands=0.5, window_hours=8760, source="SIL 2")
    assert any("high demand" in sentence for sentence in often.assumptions)
    assert not any("high demand" in sentence for sentence in rare.assumptions)


def test_what_is_out_of_range_is_refused() -> None:
    rate = assumed(1.2, "errors/output", method="said")
    with pytest.raises(EstimateError, match="error rate"):
        anchor_to_human_volume(rate, rate, window_hours=1)
    with pytest.raises(EstimateError, match="budget"):
        anchor_to_count(-1, window_hours=1)
    with pytest.raises(EstimateError, match="window_hours"):
        anchor_to_sigma(3, outputs=1, window_hours=0)
    with pytest.raises(EstimateError, match=r"known:.*SIL 4"):
        band("IEC 61508", "SIL 5")
    with pytest.raises(EstimateError, match="outputs_per_hour"):
        per_output(BANDS[0], 0)
    with pytest.raises(EstimateError, match="duty_share"):
        anchor_to_hourly(1e-5, window_hours=1, source="x", duty_share=2)
