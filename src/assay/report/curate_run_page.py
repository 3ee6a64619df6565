"""A run of `assay curate run` as one self-contained HTML page, with its pictures, its examples and its record."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from assay.curate.checkpoint import told_when_full, write_whole
from assay.report.curate_run_chart import feature_chart
from assay.report.curate_run_sankey import sankey
from assay.report.curate_run_words import (
    Record,
    flows,
    headline,
    megabytes,
    reason_rows,
    sentences,
    source_rows,
)
from assay.report.page import TEMPLATES, page_environment, record_json
from assay.terminal import visible

MOST_SOURCES = 60


def render_curate_run(record: Record) -> str:
    """Return the page: a pure function of the record.

    Parameters
    ----------
    record
        What `assay.curate.run.run` returned.
    """
    style = (TEMPLATES / "page.css").read_text("utf-8")
    style += (TEMPLATES / "curate_run.css").read_text("utf-8")
    charts = [
        feature_chart(feature, counted, name=f"feature{place}")
        for place, (feature, counted) in enumerate(record["features"].items())
    ]
    sources = source_rows(record)
    environment = page_environment()
    environment.filters["lines"] = _lines
    return environment.get_template("curate_run.html").render(
        headline=headline(record),
        sentences=list(sentences(record)),
        sankey=sankey(flows(record), record["records"], record["kept"], name="flow"),
        sources=sources[:MOST_SOURCES],
        more_sources=max(0, len(sources) - MOST_SOURCES),
        reasons=reason_rows(record),
        charts=[chart for chart in charts if chart is not None],
        examples=record["examples"],
        rejected=record["rejected"],
        rejected_examples=record["rejected_examples"],
        inputs=[(f["path"], megabytes(f["bytes"]), f["sha256"]) for f in record["inputs"]],
        made=list(_made(record)),
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
        record=record_json(dict(record)),
    )


def write_curate_run(record: Record, output: Path) -> int:
    """Write the page, whole, and return how many bytes it has.

    Raises
    ------
    DiskFull, BadInput
        Where the file can't be written.
    """
    page = render_curate_run(record).encode("utf-8")
    with told_when_full(output.parent):
        write_whole(output, page)
    return len(page)


def _lines(text: str) -> Any:
    """Return text of others with its line breaks, and nothing else of it that acts on the page."""
    from markupsafe import Markup, escape

    return Markup("\n").join(escape(visible(line)) for line in text.split("\n"))


def _made(record: Record) -> list[tuple[str, str]]:
    recipe = record["recipe"]
    rows = [("step " + step["use"], _keys(step)) for step in recipe["steps"]]
    rows += [
        (name, _keys(recipe[name]))
        for name in ("read", "exact_duplicates", "near_duplicates", "output")
    ]
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    return [*rows, ("versions", versions)]


def _keys(table: Record) -> str:
    return "; ".join(f"{key} {value}" for key, value in table.items() if key != "use")
