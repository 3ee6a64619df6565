"""A gate's measurement as one self-contained HTML page, with the phase diagram and its record."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from assay.curate.loop.gate import GateReport
from assay.report.loop_gate_chart import phase_chart
from assay.report.loop_gate_words import headline, law_words, number_rows, sentences
from assay.report.page import TEMPLATES, number_table, page_environment, record_json
from assay.report.page_file import write_html


def render_gate(report: GateReport) -> str:
    """Return the page: a pure function of the report."""
    style = (TEMPLATES / "page.css").read_text("utf-8")
    parts = [
        {
            "headline": headline(stand),
            "sentences": list(sentences(stand)),
            "numbers": number_table(number_rows(stand)),
        }
        for stand in report.stands
    ]
    return (
        page_environment()
        .get_template("loop_gate.html")
        .render(
            parts=parts,
            law=list(law_words(report)),
            chart=phase_chart(report, name="phase"),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(report.to_json()),
        )
    )


def write_gate(report: GateReport, output: Path) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_gate(report))
