"""The page and the words of a budget: picture, columns, past, record; and nothing that a name in a ledger tells it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.estimate.budget_anchor import anchor_to_count
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.report.budget_chart import budget_chart
from assay.report.budget_page import render_budget, write_budget
from assay.report.budget_words import alarm_words, days_words, headline, sentences
from assay.volume.budget import BudgetQuestion, measure_budget
from assay.volume.budget_result import Budget
from volume.desk import count_all, fill

HOSTILE = "</script><script>alert(1)</script>\u202e\x1b[2J<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def budget(tmp_path_factory: pytest.TempPathFactory) -> Budget:
    desk = fill(
        Ledger.create(tmp_path_factory.mktemp("page") / "r"),
        traces=300,
        days=40,
        judge=False,
        system=HOSTILE,
    )
    count_all(desk)
    question = BudgetQuestion(
        allow=30,
        per_days=20,
        history=2,
        curve=True,
        by="topic",
        split=(("city", 10.0), ("price", 15.0)),
    )
    return measure_budget(desk.ledger, question)


def left(budget: Budget, low: float, value: float, high: float) -> str:
    days = Estimate(value, low, high, "days", 0.95, 9, "this pace")
    return days_words(replace(budget, days_left=days))


def test_the_page_holds_picture_columns_past_and_record(budget: Budget, tmp_path: Path) -> None:
    output = tmp_path / "budget.html"
    assert write_budget(budget, output) == output.stat().st_size
    page = output.read_text("utf-8")
    assert page.count("<svg") == 1
    for name in (
        "Three columns",
        "Past windows",
        "estimated escaped",
        "caught",
        "not given to any part",
        "city",
    ):
        assert name in page
    record = re.search(r'id="record">(.*?)</script>', page, re.DOTALL)
    assert record is not None
    assert json.loads(record[1]) == json.loads(json.dumps(budget.to_json()))
    with pytest.raises(BadInput, match="can't be written"):
        write_budget(budget, tmp_path / "nowhere" / "b.html")


def test_a_name_in_the_ledger_does_nothing_in_the_page(budget: Budget) -> None:
    page = render_budget(budget)
    assert page.count("<script") == 1
    assert "<img" not in page
    assert "onerror=alert(1)>" not in page
    assert "\x1b" not in page
    assert "default-src 'none'" in page


def test_days_left_are_plain_words(budget: Budget) -> None:
    kept = replace(
        budget, columns=replace(budget.columns, spent=Estimate(3.0, 1.0, 9.0, "e", 0.95, 9, "m"))
    )
    assert left(kept, 3.14, 12.7, 55.2) == (
        "At this pace the budget is used up in 12 days; by the limits of the errors, between 3.1 days and 56 days."
    )
    assert left(kept, 5.0, math.inf, math.inf) == (
        "At this pace the budget is never used up; by the upper limit of the errors, in 5.0 days."
    )
    assert left(kept, math.inf, math.inf, math.inf) == "At this pace the budget is never used up."
    unknown = replace(kept, days_left=Unknown("nobody knows"))
    assert days_words(unknown) == "How many days are left is unknown: nobody knows."
    spent = replace(
        kept, columns=replace(kept.columns, spent=Estimate(31.0, 31.0, 31.0, "e", 1.0, 9, "m"))
    )
    assert days_words(spent) == "The budget is used up."
    assert (
        headline(spent)
        .partition(": ")[2]
        .startswith("RED: above the budget. 31 of 30 escaped errors in 20 days.")
    )


def test_the_alarm_says_what_it_is_on_and_what_it_takes(budget: Budget) -> None:
    silent = replace(budget.alarm, rang_at=None)
    assert alarm_words(silent).startswith("The alarm is silent. On all errors, counted since ")
    assert "it takes 100 to 1" in alarm_words(silent)
    rung = replace(budget.alarm, rang_at=budget.end, kind="confirmed", errors=1)
    assert alarm_words(rung).startswith("The alarm has rung on ")
    assert "confirmed errors alone since" in alarm_words(rung)
    assert "in at most 1 % of windows" in alarm_words(rung)


def test_at_least_is_said_where_nobody_knows(budget: Budget) -> None:
    columns = replace(
        budget.columns,
        estimated=Unknown("no draw"),
        spent=Estimate(2.0, 2.0, math.inf, "escaped errors", 1.0, 2, "confirmed"),
        at_least=True,
    )
    unknown = replace(budget, columns=columns, curve=())
    assert "At least 2 of 30" in headline(unknown)
    assert any("may be used up without anybody knowing" in one for one in sentences(unknown))
    assert budget_chart(unknown, name="b") is None
    assert "<svg" not in render_budget(unknown)


def test_an_estimate_far_above_the_budget_is_in_the_picture(budget: Budget) -> None:
    """A line of confirmed errors alone would be taken for all that happened."""
    many = Estimate(350.0, 170.0, 570.0, "errors", 0.95, 300, "estimated")
    curve = tuple(replace(one, confirmed=12, estimated=many) for one in budget.curve)
    anchor = anchor_to_count(0.001, window_hours=480)
    far = replace(budget, curve=curve, allowed=replace(budget.allowed, anchor=anchor))
    chart = budget_chart(far, name="c")
    assert chart is not None
    assert ">600<" in chart.svg
    huge = replace(many, high=1e9)
    cut = budget_chart(
        replace(far, curve=tuple(replace(one, estimated=huge) for one in curve)), name="c"
    )
    assert cut is not None
    assert ">1,400<" in cut.svg
