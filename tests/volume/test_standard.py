"""A standard is met by evidence, not by a point estimate."""

from __future__ import annotations

import pytest

from assay.errors import BadInput
from assay.estimate import Alternative
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.standard import decide, parse_standard


@pytest.mark.parametrize(
    ("text", "kind", "limit", "days"),
    [
        ("3sigma", "rate", 1.349898e-3, 1),
        ("4.5 sigma", "rate", 3.397673e-6, 1),
        ("5σ", "rate", 2.866516e-7, 1),
        ("30/30d", "count", 30, 30),
        ("2.5/d", "count", 2.5, 1),
        ("0/7d", "count", 0, 7),
        ("human", "human", 1, 1),
    ],
)
def test_standards_are_read(text: str, kind: str, limit: float, days: float) -> None:
    standard = parse_standard(text)
    assert (standard.kind, standard.days) == (kind, days)
    assert standard.limit == pytest.approx(limit, rel=1e-6)


@pytest.mark.parametrize(
    "text", ["", "sigma", "3", "30/0d", "-1sigma", "99%", "30 per month", "nan sigma"]
)
def test_what_is_no_standard_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="a standard is"):
        parse_standard(text)


def measured(low: float, high: float, unit: str = "errors/day") -> dict[str, Quantity]:
    value = (low + high) / 2
    return {
        "less": Estimate(value, 0.0, high, unit, 0.95, 300, "m"),
        "greater": Estimate(value, low, float("inf"), unit, 0.95, 300, "m"),
    }


@pytest.mark.parametrize(
    ("low", "high", "decision"),
    [
        (0.1, 0.9, "met"),
        (0.1, 1.0, "met"),
        (0.5, 1.5, "not shown"),
        (1.1, 2.0, "missed"),
        (1.0, 2.0, "not shown"),
    ],
)
def test_only_a_limit_decides(low: float, high: float, decision: str) -> None:
    sides = measured(low, high)

    def one_sided(alternative: Alternative) -> Quantity:
        return sides[alternative]

    found = decide(parse_standard("30/30d"), one_sided)
    assert found.decision == decision
    assert isinstance(found.measured, Estimate)
    assert (found.measured.low, found.measured.high) == pytest.approx((30 * low, 30 * high))
    assert found.measured.unit == "errors/30 days"


def test_missing_evidence_shows_nothing() -> None:
    found = decide(parse_standard("3sigma"), lambda _: Unknown("no labels"))
    assert (found.decision, found.measured) == ("not shown", Unknown("no labels"))
