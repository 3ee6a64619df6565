"""A selection as one self-contained HTML page: the verdict, the contests with their limits, and the record."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from assay.curate.select import Selection
from assay.curate.select_verdict import Proof
from assay.curate.value_result import TRACK_RECORD
from assay.figures import interval
from assay.quantity import Estimate
from assay.report.charts import (
    ACCENT,
    BAR,
    FONT_SIZE,
    INK,
    MUTED,
    NAME_WIDTH,
    PLOT_WIDTH,
    ROW_HEIGHT,
    finished,
)
from assay.report.page import TEMPLATES, page_environment, record_json
from assay.report.page_file import write_html
from assay.report.select_words import (
    CONTEST_COLUMNS,
    basis_words,
    contest_cells,
    headline,
    limit_sentences,
    selection_sentences,
    source_rows,
)
from assay.report.svg import Chart, drawn


def render_selection(found: Selection) -> str:
    """Return the page: a pure function of the selection."""
    style = (TEMPLATES / "page.css").read_text("utf-8")
    proof = found.proof
    chart = None if proof is None else contests_chart(proof, name="contests")
    columns, rows = source_rows(found)
    return (
        page_environment()
        .get_template("select.html")
        .render(
            headline=headline(found),
            track_record="" if proof is None else TRACK_RECORD,
            basis="" if proof is None else basis_words(proof),
            charts=[] if chart is None else [chart],
            contest_columns=CONTEST_COLUMNS,
            contests=[] if proof is None else [contest_cells(one) for one in proof.contests],
            selected=list(selection_sentences(found)),
            columns=columns,
            rows=rows,
            limits=list(limit_sentences(found)),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(found.to_json()),
        )
    )


def contests_chart(proof: Proof, *, name: str) -> Chart | None:
    """Return the change against each rival with its limits; None where nothing could be trained."""
    import altair as alt

    rows = [
        {"name": found.rival, "text": interval(found.change), "verdict": found.verdict}
        | {"value": found.change.value, "low": found.change.low, "high": found.change.high}
        for found in proof.contests
        if isinstance(found.change, Estimate)
    ]
    if not rows:
        return None
    data = alt.Chart(alt.InlineData(values=rows))
    # As wide as the longest name is on a page: the picture is measured with another font.
    axis = alt.Axis(grid=False, labelLimit=0, minExtent=NAME_WIDTH, maxExtent=NAME_WIDTH)
    y = alt.Y("name:N", sort=None, title=None, axis=axis)
    x = alt.X(
        "low:Q",
        title="held-out bits per byte more than with the rival: less is better",
        scale=alt.Scale(zero=True),
    )
    nought = alt.Chart(alt.InlineData(values=[{"low": 0.0}]))
    picture = alt.layer(
        nought.mark_rule(color=INK, strokeDash=[2, 3]).encode(x="low:Q"),
        data.mark_rule(color=MUTED, strokeWidth=5, opacity=BAR).encode(y=y, x=x, x2="high:Q"),
        data.mark_point(filled=True, color=ACCENT, size=50, opacity=1).encode(y=y, x="value:Q"),
        data.mark_text(align="left", color=INK, fontSize=FONT_SIZE).encode(
            y=y, x=alt.value(PLOT_WIDTH + 12), text="text:N"
        ),
    ).properties(width=PLOT_WIDTH, height=ROW_HEIGHT * len(rows))
    return drawn(
        finished(picture),
        name=name,
        title="The selection against its rivals",
        caption="Left of nought the selection is better, right of it worse. Bars: limits over seeds and documents, "
        "before the correction for several contests.",
    )


def write_selection_page(found: Selection, output: Path) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_selection(found))
