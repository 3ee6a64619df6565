"""The push-back probe as one self-contained HTML page, with its pictures and its record."""

from __future__ import annotations

import base64
import hashlib
from itertools import islice
from pathlib import Path

from assay.probe.pushback import PushbackResult
from assay.report.page import TEMPLATES, number_table, page_environment, record_json
from assay.report.page_file import write_html
from assay.report.pushback_chart import pushback_charts
from assay.report.pushback_words import (
    COUNT_HEADS,
    count_rows,
    headline,
    number_groups,
    rules,
    sentences,
)


def render_pushback(result: PushbackResult) -> str:
    """Return the page: a pure function of the result."""
    groups = dict(number_groups(result))
    table = number_table(row for rows in groups.values() for row in rows)
    lines = iter(table.lines)
    style = (TEMPLATES / "page.css").read_text("utf-8")
    return (
        page_environment()
        .get_template("pushback.html")
        .render(
            headline=headline(result),
            sentences=list(sentences(result)),
            charts=pushback_charts(result, name="pushback"),
            heads=COUNT_HEADS,
            counts=list(count_rows(result)),
            groups=[(name, list(islice(lines, len(rows)))) for name, rows in groups.items()],
            methods=table.methods,
            rules=rules(result),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(result.to_json()),
        )
    )


def write_pushback(result: PushbackResult, output: Path) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_pushback(result))
