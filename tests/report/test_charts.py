"""Charts hold what they should, the same every time, and nothing that a name smuggled in."""

from __future__ import annotations

import importlib.util
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TypedDict

import pytest

from assay.quantity import Estimate, Unknown, exact
from assay.report.charts import (
    Day,
    PlanPoint,
    Ranked,
    Row,
    day_chart,
    interval_chart,
    order_chart,
    plan_chart,
)
from assay.report.svg import ATTRIBUTES, COLOURS, SHAPES, drawn_text


class Words(TypedDict):
    name: str
    title: str
    caption: str


WORDS: Words = {"name": "c", "title": "Title", "caption": "Caption"}


def daily(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, "errors/day", 0.95, 300, "profile likelihood")


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter("text")]


def fills(svg: str) -> list[tuple[str, ET.Element]]:
    """Return the points of a chart with the paint that they have, or inherit from their group."""
    found = []

    def look(element: ET.Element, inherited: str) -> None:
        fill = element.get("fill", inherited)
        if element.tag == "path":
            found.append((fill, element))
        for child in element:
            look(child, fill)

    look(ET.fromstring(svg), "black")
    return found


def test_a_chart_shows_names_and_figures_as_text() -> None:
    chart = interval_chart(
        [Row("low", daily(86.31, 60.2, 121.4)), Row("high", daily(10, 5, 22))],
        axis="errors",
        **WORDS,
    )
    assert chart is not None
    assert {"low", "high", "86 [60, 122]", "errors"} <= set(texts(chart.svg))


def test_unknown_is_said_and_not_drawn() -> None:
    chart = interval_chart(
        [Row("known", daily(86, 60, 121)), Row("dark", Unknown("no label"))], axis="errors", **WORDS
    )
    assert chart is not None
    assert "unknown" in texts(chart.svg)
    points = list(ET.fromstring(chart.svg).iter("path"))
    assert len(points) == 1
    assert interval_chart([Row("dark", Unknown("no label"))], axis="errors", **WORDS) is None


def test_nothing_found_is_a_hollow_point_with_its_upper_limit() -> None:
    chart = interval_chart(
        [Row("clean", daily(0, 0, 12)), Row("other", daily(8, 4, 16))], axis="errors", **WORDS
    )
    assert chart is not None
    assert "0; at most 12" in texts(chart.svg)
    assert sorted(fill for fill, _ in fills(chart.svg)) == ["none", "var(--accent)"]


def test_numbers_far_apart_get_a_logarithmic_axis_that_says_so() -> None:
    rows = [
        Row("system", daily(4000, 3000, 5200)),
        Row("people", exact(4, "errors/day", n=0, method="m")),
    ]
    chart = interval_chart(rows, axis="errors per day", may_be_log=True, **WORDS)
    assert chart is not None
    assert "errors per day (logarithmic axis)" in texts(chart.svg)


def test_a_limit_that_the_evidence_does_not_set_ends_at_the_edge() -> None:
    chart = interval_chart(
        [Row("ratio", daily(3, 1, float("inf"))), Row("b", daily(2, 1, 4))], axis="x", **WORDS
    )
    assert chart is not None
    assert "nan" not in chart.svg.lower()
    assert "inf" not in chart.svg.lower()


@pytest.mark.parametrize(
    "names",
    [["a" * 60, "a" * 61, "a" * 62], ["x", "x", "x"], ["x (2)", "x", "x", "x"], ["", " ", "\x00"]],
)
def test_names_alike_keep_lines_of_their_own(names: list[str]) -> None:
    rows = [Row(name, daily(10.0 + place, 5, 22)) for place, name in enumerate(names)]
    chart = interval_chart(rows, axis="errors", **WORDS)
    assert chart is not None
    heights = {
        e.get("transform", "").rpartition(",")[2] for e in ET.fromstring(chart.svg).iter("path")
    }
    assert len(heights) == len(names)


def test_days_stand_where_they_belong_and_a_gap_stays_one() -> None:
    days = [Day(f"2026-10-{d:02d}", daily(5, 2, 11)) for d in (1, 2, 9)]
    chart = day_chart(
        [*days, Day("2026-10-20", Unknown("no label")), Day("not a day", daily(1, 0, 2))], **WORDS
    )
    assert chart is not None
    across = sorted(
        float(e.get("transform", "").removeprefix("translate(").partition(",")[0])
        for fill, e in fills(chart.svg)
        if fill == "var(--accent)"
    )
    assert len(across) == 3
    assert across[2] - across[1] > 5 * (across[1] - across[0])
    assert day_chart([], **WORDS) is None


def test_the_plan_marks_now_and_the_two_ends() -> None:
    labels = [
        exact(300, "labels", n=300, method="counted"),
        Estimate(900, 700, 1200, "labels", 0.95, 300, "forecast", "assumed"),
        Estimate(1500, 1100, 2100, "labels", 0.95, 300, "forecast", "assumed"),
    ]
    points = [
        PlanPoint(plan, n, 30) for plan, n in zip(("now", "with", "without"), labels, strict=True)
    ]
    chart = plan_chart(points, unit="errors/day", **WORDS)
    assert chart is not None
    assert {"now: 300", "with: 900 [700, 1,200]"} <= set(texts(chart.svg))
    assert plan_chart(points[:1], unit="errors/day", **WORDS) is None


def test_the_order_by_rate_stands_beside_the_order_by_volume() -> None:
    rate = Estimate(0.01, 0.005, 0.02, "errors/trace", 0.95, 300, "m")
    worse = Estimate(0.1, 0.08, 0.13, "errors/trace", 0.95, 300, "m")
    systems = [Ranked("fast", rate, daily(1000, 500, 2000)), Ranked("slow", worse, daily(4, 3, 5))]
    chart = order_chart(systems, **WORDS)
    assert chart is not None
    shown = texts(chart.svg)
    assert any(text.startswith("fast: 1.0 [0.5, 2.0] %") for text in shown)
    assert any(text.startswith("fast: 1,000 [") for text in shown)
    assert order_chart(systems[:1], **WORDS) is None


def test_the_same_numbers_give_the_same_bytes() -> None:
    rows = [Row(name, daily(86, 60, 121)) for name in ("a", "b")]
    first, second = (interval_chart(rows, axis="errors", **WORDS) for _ in range(2))
    assert first == second


HOSTILE = [
    "</text></svg><script>alert(1)</script>",
    "<image href='http://evil.example/x.png'/>",
    "'\"><a xlink:href='javascript:alert(1)'>",
    "datum.x; alert(1)",
    "{signal: 'alert(1)'}",
    "&lt;script&gt;",
    "&#60;b&#62;",
    "]]>",
    "<!--",
    "\x1b[2J\x07",
    "\u202egnp.exe",
    "\ufffe\uffff\ud800",
    "a\nb\rc\td",
    "[1,2,3]",
    "null",
    "__proto__",
    "constructor",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_only_ever_text(name: str) -> None:
    rate = Estimate(0.01, 0.005, 0.02, "errors/trace", 0.95, 300, "m")
    charts = [
        interval_chart([Row(name, daily(8, 4, 16)), Row(name, daily(9, 4, 16))], axis="x", **WORDS),
        order_chart(
            [Ranked(name, rate, daily(8, 4, 16)), Ranked(name + "2", rate, daily(9, 4, 16))],
            **WORDS,
        ),
    ]
    for chart in charts:
        assert chart is not None
        root = ET.fromstring(chart.svg)
        for element in root.iter():
            assert element is root or element.tag in SHAPES | {"title", "desc"}
            known = {"role", "aria-labelledby", "viewBox"} if element is root else {"id"}
            assert set(element.attrib) <= ATTRIBUTES | known
            assert {element.get("fill", "none"), element.get("stroke", "none")} <= COLOURS


def test_drawn_text_is_one_short_visible_line() -> None:
    assert drawn_text("a\x1b[2J\u202e\nb", 40) == "a\\x1b[2J\\u202e\\nb"
    assert drawn_text("\ufffe", 5) == "\ufffd"
    assert len(drawn_text("x" * 500, 22)) == 22


def test_importing_the_page_does_not_import_altair() -> None:
    import subprocess

    code = "import sys, assay.report.page; sys.exit(bool({'altair', 'vl_convert', 'jinja2'} & set(sys.modules)))"
    assert importlib.util.find_spec("altair") is not None
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path.cwd()).returncode == 0
