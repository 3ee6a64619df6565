"""How much of a corpus adds something, as one self-contained HTML page with its pictures and its record."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from assay.curate.measure import Measured
from assay.report.effective_chart import growth_chart, waterfall
from assay.report.effective_words import (
    REPEAT_COLUMNS,
    growth_columns,
    growth_rows,
    growth_sentences,
    headline,
    raw_sentence,
    repeat_rows,
    repeat_sentences,
    step_columns,
    step_rows,
    step_sentences,
)
from assay.report.page import TEMPLATES, page_environment, record_json
from assay.report.page_file import write_html


def render_effective(measured: Measured) -> str:
    """Return the page: a pure function of what was measured."""
    style = (TEMPLATES / "page.css").read_text("utf-8")
    charts = [
        growth_chart(measured, words, name=f"growth{words}")
        for words in measured.question.growth.sizes
    ]
    return (
        page_environment()
        .get_template("effective.html")
        .render(
            headline=headline(measured),
            raw=raw_sentence(measured),
            waterfall=waterfall(measured, name="waterfall"),
            step_columns=step_columns(measured),
            step_rows=step_rows(measured),
            steps=list(step_sentences(measured)),
            charts=[chart for chart in charts if chart is not None],
            growth_columns=growth_columns(measured),
            growth_rows=growth_rows(measured),
            growth=list(growth_sentences(measured)),
            repeat_columns=REPEAT_COLUMNS,
            repeat_rows=repeat_rows(measured),
            repeats=repeat_sentences(),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(measured.to_json()),
        )
    )


def write_effective(measured: Measured, output: Path) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_effective(measured))
