"""Anchors of a budget: from what is typed to errors per window, to an hour, to an output, and back."""

from __future__ import annotations

import pytest

from assay.errors import BadInput
from assay.ledger.store import Ledger
from assay.quantity import Estimate, exact
from assay.volume.budget_allowed import allowed_by, parse_anchor
from assay.volume.budget_question import BudgetQuestion

PACE = exact(24_000, "outputs/day", n=1, method="test")


@pytest.mark.parametrize(
    ("text", "per_window", "source"),
    [
        ("3sigma@1000/d", 30 * 1.3498980316, "normal tail area"),
        ("3 sigma@30000/30d", 30 * 1.3498980316, "normal tail area"),
        ("SIL2", 1e-6 * 720, "IEC 61508-1:2010, table 3"),
        ("sil4", 1e-8 * 720, "IEC 61508-1:2010, table 3"),
        ("SIL2@1/365d", 1e-2 * 30 / 365, "IEC 61508-1:2010, table 2"),
        ("PMHF-D", 1e-8 * 720, "ISO 26262-5:2018"),
        ("pmhfb", 1e-7 * 720, "ISO 26262-5:2018"),
        ("AC-catastrophic", 1e-9 * 720, "AC 25.1309-1B"),
        ("1e-7/h", 1e-7 * 720, "the user"),
        ("0.5/h", 360.0, "the user"),
        ("10FIT", 1e-8 * 720, "1 FIT is 1 failure in 1e9 hours"),
    ],
)
def test_an_anchor_comes_to_errors_per_window_with_its_source(
    text: str, per_window: float, source: str
) -> None:
    anchor = parse_anchor(text, window_hours=720)
    assert anchor.allowed == pytest.approx(per_window)
    assert source in anchor.source
    assert anchor.assumptions


@pytest.mark.parametrize(
    "text",
    [
        "SIL5",
        "SIL",
        "3sigma@0/d",
        "-1/h",
        "PMHF-A",
        "AC-minor",
        "1/d",
        "nan/h",
        "human2",
        "",
        "1e999/h",
    ],
)
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_anchor(text, window_hours=720)


def test_a_level_is_converted_to_an_output_and_back(ledger: Ledger) -> None:
    found = allowed_by(ledger, BudgetQuestion(anchor="SIL1", per_days=30), PACE)
    # control.md, II.2: SIL 1 at 1,000 outputs an hour is 1e-8 an output.
    assert isinstance(found.per_output, Estimate)
    assert found.per_output.value == pytest.approx(1e-8)
    assert found.fit == pytest.approx(1e4)
    assert found.sigma == pytest.approx(5.612, abs=1e-3)
    assert [one.level for one in found.levels] == ["SIL 1", "major"]
    back = allowed_by(ledger, BudgetQuestion(anchor="1e-5/h", per_days=30), PACE)
    assert back.anchor.allowed == found.anchor.allowed


def test_the_window_scales_a_rate_and_not_a_count(ledger: Ledger) -> None:
    week, month = (
        allowed_by(
            ledger, BudgetQuestion(anchor="3sigma@1000/d", per_days=days), PACE
        ).anchor.allowed
        for days in (7.0, 28.0)
    )
    assert month == pytest.approx(4 * week)
    count = allowed_by(ledger, BudgetQuestion(allow=30, per_days=7), PACE)
    assert count.anchor.allowed == 30
