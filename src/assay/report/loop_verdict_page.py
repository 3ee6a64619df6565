"""A verdict on loops as one self-contained HTML page: no script, no request."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from assay.curate.loop.verdict_result import VerdictReport
from assay.report.loop_verdict_chart import verdict_charts
from assay.report.loop_verdict_words import (
    ARM_COLUMNS,
    PRICE_COLUMNS,
    SAMPLE_COLUMNS,
    TURN_COLUMNS,
    arm_rows,
    fault_rows,
    headline,
    limit_sentences,
    loop_headline,
    loop_sentences,
    price_rows,
    sample_rows,
    turn_rows,
)
from assay.report.page import TEMPLATES, page_environment, record_json
from assay.report.page_file import write_html


def render_verdict(report: VerdictReport) -> str:
    """Return the page: a pure function of the verdict."""
    style = (TEMPLATES / "page.css").read_text("utf-8")
    loops = [
        {
            "headline": loop_headline(loop),
            "sentences": list(loop_sentences(loop, report.question.margin)),
            "faults": fault_rows(loop),
            "turns": turn_rows(loop),
            "samples": sample_rows(loop),
            "prices": price_rows(loop),
        }
        for loop in report.loops
    ]
    return (
        page_environment()
        .get_template("loop_verdict.html")
        .render(
            headline=headline(report),
            charts=verdict_charts(report.loops),
            arm_columns=ARM_COLUMNS,
            arms=arm_rows(report),
            loops=loops,
            turn_columns=TURN_COLUMNS,
            sample_columns=SAMPLE_COLUMNS,
            price_columns=PRICE_COLUMNS,
            limits=limit_sentences(report),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(report.to_json()),
        )
    )


def write_verdict_page(report: VerdictReport, output: Path) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_verdict(report))
