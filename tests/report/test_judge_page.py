"""The page of a judge: one file, nothing of others done in it, and its own record."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from assay.judge.calibration import Calibration, calibrate
from assay.judge.calibration_evidence import CalibrationQuestion
from assay.ledger.store import Ledger
from assay.report.judge_charts import drift_chart, reliability_chart
from assay.report.judge_page import render_calibration
from assay.report.judge_words import headline, next_commands, sentences
from volume.desk import Desk, count_all, draw, fill

HOSTILE = "</script><script>alert(1)</script>\u202e\x1b[2J<img src=x onerror=alert(1)>"


def calibrated(ledger: Ledger, judge: str = "second reading") -> Calibration:
    desk = fill(ledger, traces=500, error_rate=0.15)
    count_all(desk, "truth")
    if judge != "second reading":
        rows = [
            {"trace_id": trace_id, "judge": judge, "judge_kind": "model", "error_probability": 0.8 * bad + 0.1,
             "source": "test"}
            for trace_id, bad in desk.wrong.items()
        ]  # fmt: skip
        ledger.append("verdicts", rows)
    return calibrate(ledger, CalibrationQuestion(judge, truth="truth"))


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def test_the_page_holds_words_diagram_numbers_and_record(ledger: Ledger) -> None:
    calibration = calibrated(ledger)
    page = render_calibration(calibration, ledger="runs.ledger")
    elements = Elements(page)
    assert elements.tags.count("svg") == 2
    assert elements.tags.count("script") == 1
    assert "http://" not in page
    assert "Reliability of the scores of second reading" in page
    assert "as a judge of desk" in page
    record = re.search(r'<script type="application/json" id="assay">(.*)</script>', page)
    assert record is not None
    assert json.loads(record[1]) == json.loads(json.dumps(calibration.to_json()))
    assert page == render_calibration(calibration, ledger="runs.ledger")


def test_a_hostile_name_is_text(ledger: Ledger) -> None:
    page = render_calibration(calibrated(ledger, HOSTILE), ledger="runs.ledger")
    elements = Elements(page)
    assert elements.tags.count("script") == 1
    assert "img" not in elements.tags
    assert not {name for name in elements.attributes if name.startswith("on")}
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_a_chart_needs_something_known(ledger: Ledger) -> None:
    calibration = calibrated(ledger)
    assert reliability_chart([], name="a", judge="j", of_tasks=True) is None
    chart = reliability_chart(calibration.bins, name="a", judge="j", of_tasks=True)
    assert chart is not None
    for one in calibration.bins:
        assert f">{one.labels:,}<" in chart.svg
    assert drift_chart(calibration.drift, name="d") is not None


@pytest.mark.parametrize("error_rate", [0.0, 0.1])
def test_what_is_unknown_is_said_in_words(ledger: Ledger, error_rate: float) -> None:
    desk: Desk = fill(ledger, traces=300, error_rate=error_rate)
    drawn = draw(desk, 60)
    ledger.append("verdicts", [
        {"trace_id": t, "judge": "ada", "judge_kind": "person", "draw_id": drawn.draw_id,
         "error_probability": float(desk.wrong[t]), "source": "test"}
        for stratum in drawn.strata for t in stratum.trace_ids
    ])  # fmt: skip
    calibration = calibrate(ledger, CalibrationQuestion("second reading"))
    said = headline(calibration) + " ".join(sentences(calibration))
    assert ("its share of errors found is unknown" in said) == (error_rate == 0)
    assert ("not enough labels to see any" in said) or "mostly not have been seen" in said
    assert all(one.startswith("assay ") for one in next_commands(calibration, "runs.ledger"))
    page = render_calibration(calibration, ledger="runs.ledger")
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)
