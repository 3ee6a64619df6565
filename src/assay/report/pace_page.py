"""Pace as one self-contained HTML page, with its pictures and its record."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from assay.report.pace_chart import limits_chart, rate_chart
from assay.report.pace_words import (
    gain_words,
    headline,
    kept,
    number_rows,
    policy_cells,
    queue_rows,
    queue_sentences,
    sentences,
)
from assay.report.page import TEMPLATES, number_table, page_environment, record_json
from assay.report.page_file import write_html
from assay.volume.pace_result import PaceAnswer


def render_pace(answer: PaceAnswer, record: dict[str, object]) -> str:
    """Return the page: a pure function of the answer.

    Parameters
    ----------
    answer
    record
        What the page holds in full, as JSON.
    """
    style = (TEMPLATES / "page.css").read_text("utf-8")
    charts = (limits_chart(answer, name="limits"), rate_chart(answer, name="rates"))
    queue = answer.queue
    return (
        page_environment()
        .get_template("pace.html")
        .render(
            headline=headline(answer),
            sentences=list(sentences(answer)),
            charts=[chart for chart in charts if chart is not None],
            policies=list(policy_cells(answer)),
            gains=[(gain.change, kept(gain.per_day), gain_words(gain)) for gain in answer.gains],
            numbers=number_table(number_rows(answer)),
            queue=[] if queue is None else list(queue_sentences(answer, queue)),
            waits=None if queue is None else number_table(queue_rows(queue)),
            notes=answer.notes,
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(record),
        )
    )


def write_pace(answer: PaceAnswer, record: dict[str, object], output: Path) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_pace(answer, record))
