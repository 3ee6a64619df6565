"""A judge's calibration as one self-contained HTML page, with its reliability diagram and its record."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from assay.judge.calibration import Calibration
from assay.judge.calibration_drift import moment
from assay.report.judge_charts import drift_chart, reliability_chart
from assay.report.judge_words import headline, next_commands, number_rows, sentences
from assay.report.page import TEMPLATES, number_table, page_environment, record_json
from assay.report.page_file import write_html


def render_calibration(calibration: Calibration, *, ledger: str) -> str:
    """Return the page of a judge: a pure function of its calibration.

    Parameters
    ----------
    calibration
    ledger
        Its path, as it would be typed.
    """
    style = (TEMPLATES / "page.css").read_text("utf-8")
    charts = [
        reliability_chart(
            calibration.bins,
            name="reliability",
            judge=calibration.question.judge,
            of_tasks=calibration.evidence == "census",
        ),
        drift_chart(calibration.drift, name="drift"),
    ]
    return (
        page_environment()
        .get_template("judge.html")
        .render(
            calibration=calibration,
            headline=headline(calibration),
            sentences=sentences(calibration),
            numbers=number_table(number_rows(calibration)),
            charts=[chart for chart in charts if chart is not None],
            periods=[
                (moment(period.start), moment(period.end), period)
                for period in calibration.drift.periods
            ],
            commands=next_commands(calibration, ledger),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(calibration.to_json()),
        )
    )


def write_calibration(calibration: Calibration, output: Path, *, ledger: str) -> int:
    """Write the page of a judge, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_calibration(calibration, ledger=ledger))
