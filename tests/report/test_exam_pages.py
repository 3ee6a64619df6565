"""Exam against use, and a time split, as pages and text: nothing foreign in them, hostile names shown as text."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from assay.ledger.store import Ledger
from assay.probe.exam import ExamQuestion, compare_exam
from assay.probe.exam_result import ExamReport, PerDay
from assay.probe.time_split import SplitQuestion, split_exam
from assay.quantity import Unknown, assumed
from assay.report.exam_page import write_exam, write_split
from assay.report.exam_text import print_exam, print_split
from probe.exam_ledgers import add_answers, spread

HOSTILE = "<script>alert(1)</script>\x1b[2J"


def days(report: ExamReport) -> dict[tuple[str, str], PerDay]:
    outputs = assumed(1_000, "traces/day", method="given by the user")
    return {(one.system, one.version): one.per_day(outputs) for one in report.results}


def text_of(report: ExamReport) -> str:
    stream = StringIO()
    print_exam(report, days(report), Console(file=stream, width=200))
    return stream.getvalue()


def compared(ledger: Ledger, question: ExamQuestion) -> ExamReport:
    return compare_exam(ledger, question, rng=np.random.default_rng(1))


def test_a_page_of_exam_against_use(ledger: Ledger, tmp_path: Path) -> None:
    for name in (HOSTILE, "plain"):
        add_answers(ledger, name, spread(0.9, 100))
        add_answers(ledger, name, spread(0.6, 100), kind="field")
        add_answers(ledger, name, spread(0.7, 100), kind="twin")
    report = compared(ledger, ExamQuestion(tries=5))
    record = report.to_json()
    first, second = tmp_path / "1.html", tmp_path / "2.html"
    assert write_exam(report, days(report), record, first) == first.stat().st_size
    write_exam(report, days(report), record, second)
    page = first.read_text("utf-8")
    assert page == second.read_text("utf-8")
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert page.count("<svg") == 2
    assert "Exam against use" in page
    assert json.loads(page.split('id="record">')[1].split("</script>")[0]) == record
    text = text_of(report)
    assert "\x1b" not in text
    assert "by its exam it makes 100" in text
    assert "the exam shows more" in text
    assert "not adjusted for difficulty" in text
    assert "Stability unknown: each task of the exam was asked once." in text
    assert "As the best of 5 tries" in text
    assert "rules tried" in text or "without the skill" in text


def test_the_words_after_adjustment_never_say_what_scores_cannot(ledger: Ledger) -> None:
    for n in range(6):
        add_answers(ledger, f"clean-{n}", spread(0.3 + 0.1 * n, 200))
        add_answers(ledger, f"clean-{n}", spread(0.2 + 0.1 * n, 200), kind="field")
    add_answers(ledger, "star", spread(0.95, 200))
    add_answers(ledger, "star", spread(0.4, 200), kind="field")
    clean = tuple((f"clean-{n}", None) for n in range(6))
    text = text_of(compared(ledger, ExamQuestion((("star", None),), clean)))
    assert "Adjusted for difficulty:" in text
    assert "by rank p = 0.1429, the least that so many references can give" in text
    assert "which of them, scores can't say" in " ".join(text.split())
    assert "contaminat" not in text.lower()
    assert "0.0000" not in text


def test_a_page_of_a_time_split(ledger: Ledger, tmp_path: Path) -> None:
    tags = [{"date": "2023-01-01", "part": HOSTILE}] * 60
    tags += [{"date": "2023-12-01", "part": HOSTILE}] * 60
    add_answers(ledger, "desk", [*spread(0.9, 60), *spread(0.4, 60)], tags=tags)
    for n in range(5):
        add_answers(ledger, f"clean-{n}", [*spread(0.5, 60), *spread(0.45, 60)], tags=tags)
    cut = int(datetime(2023, 9, 1, tzinfo=UTC).timestamp() * 1e6)
    clean = tuple((f"clean-{n}", None) for n in range(5))
    question = SplitQuestion(cut, (("desk", None),), clean, by="part")
    report = split_exam(ledger, question, rng=np.random.default_rng(1))
    page_file = tmp_path / "split.html"
    write_split(report, report.to_json(), page_file)
    page = page_file.read_text("utf-8")
    assert "<svg" in page
    assert "<script>alert" not in page
    stream = StringIO()
    print_split(report, Console(file=stream, width=250))
    text = stream.getvalue()
    assert "90.0 % right before 2023-09-01, 40.0 % after: 45 [" in text
    assert "it loses more after the cut than clean references do" in text
    assert "desk@1: stability unknown: each task was asked once." in text
    assert "contaminat" not in text.lower()
    few = SplitQuestion(cut, (("desk", None),), clean[:2], by="part")
    stream = StringIO()
    print_split(
        split_exam(ledger, few, rng=np.random.default_rng(1)), Console(file=stream, width=250)
    )
    assert "Not adjusted for difficulty: 2 clean references, 5 are needed." in stream.getvalue()


def test_what_is_unknown_is_said_in_words(ledger: Ledger) -> None:
    add_answers(ledger, "desk", spread(0.9, 20))
    report = compared(ledger, ExamQuestion())
    assert "what its exam is worth in use is unknown: no answer of desk@1" in text_of(report)
    add_answers(ledger, "desk", spread(0.3, 20), kind="twin")
    report = compared(ledger, ExamQuestion())
    text = text_of(report)
    assert "right in the exam" in text.split("\n")[0]
    assert "in its twin: the exam shows more" in text.split("\n")[0]
    nothing = report.results[0].per_day(Unknown("no time stamps"))
    assert isinstance(nothing.hidden, Unknown)


@pytest.mark.browser
def test_on_a_phone_the_words_of_a_picture_can_be_read(ledger: Ledger, tmp_path: Path) -> None:
    api = pytest.importorskip("playwright.sync_api")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no Chromium on the PATH")
    add_answers(ledger, "desk", spread(0.9, 100))
    add_answers(ledger, "desk", spread(0.6, 100), kind="field")
    report = compared(ledger, ExamQuestion())
    write_exam(report, days(report), report.to_json(), tmp_path / "page.html")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto((tmp_path / "page.html").as_uri())
        drawn = page.evaluate("document.querySelector('svg').getBoundingClientRect().width")
        sideways = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        browser.close()
    # 11 units high of 609 wide: at 390 pixels they would be 6 pixels high. The picture moves, the page does not.
    assert drawn >= 500
    assert sideways <= 0
