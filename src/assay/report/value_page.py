"""The value of data as one self-contained HTML page, with its curves and its record."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from assay.curate.value_question import ValueReport
from assay.curate.value_result import REGIMES, TRACK_RECORD
from assay.report.page import TEMPLATES, page_environment, record_json
from assay.report.page_file import write_html
from assay.report.svg import Chart
from assay.report.value_agreement_words import (
    COMPARISON_COLUMNS,
    agreement_sentences,
    comparison_cells,
)
from assay.report.value_chart import curve_chart, parts_chart
from assay.report.value_words import (
    FIRST,
    PART_COLUMNS,
    basis_words,
    curve_sentences,
    filter_sentences,
    headline,
    inflation_words,
    method_sentences,
    mixture_sentences,
    part_cells,
    part_sentences,
)


def render_value(report: ValueReport) -> str:
    """Return the page: a pure function of the report."""
    style = (TEMPLATES / "page.css").read_text("utf-8")
    answer, agreement = report.answer, report.agreement
    return (
        page_environment()
        .get_template("value.html")
        .render(
            headline=headline(report),
            track_record=TRACK_RECORD,
            basis=basis_words(report),
            charts=_charts(report),
            curve=[] if report.curve is None else list(curve_sentences(report.curve)),
            filters=[line for found in report.filters for line in filter_sentences(found)],
            mixture=[] if report.mixture is None else list(mixture_sentences(report.mixture)),
            columns=[PART_COLUMNS[place] for place in FIRST],
            rows=[]
            if answer is None
            else [[part_cells(part)[place] for place in FIRST] for part in answer.parts],
            reasons=[] if answer is None else list(part_sentences(answer)),
            agreement_columns=COMPARISON_COLUMNS,
            agreement_rows=[]
            if agreement is None
            else map(comparison_cells, agreement.comparisons),
            agreement=[] if agreement is None else list(agreement_sentences(agreement)),
            inflation="" if answer is None else inflation_words(answer.inflation),
            methods=list(method_sentences(report)),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(report.to_json()),
        )
    )


def _charts(report: ValueReport) -> list[Chart]:
    found: list[Chart] = []
    if report.curve is not None:
        regimes = (
            ("data-fixed", report.curve.data_fixed),
            ("compute-fixed", report.curve.compute_fixed),
        )
        found += [
            curve_chart(report.curve, one, regime, name=f"curve{place}")
            for place, (regime, one) in enumerate(regimes)
        ]
    if report.answer is not None:
        both = (
            parts_chart(report.answer, regime, name=f"parts{place}")
            for place, regime in enumerate(REGIMES)
        )
        found += [chart for chart in both if chart is not None]
    return found


def write_value(report: ValueReport, output: Path) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_value(report))
