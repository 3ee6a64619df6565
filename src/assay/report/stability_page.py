"""Stability as one self-contained HTML page, with its pictures and its record."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.probe.stability import StabilityReport
from assay.quantity import Quantity
from assay.report.page import TEMPLATES, NumberTable, number_table, page_environment, record_json
from assay.report.page_file import write_html
from assay.report.stability_chart import stability_chart
from assay.report.stability_words import (
    headline,
    number_rows,
    plan_words,
    sentences,
    spread_rows,
)
from assay.report.svg import Chart


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the page: a version, or what a system's verdicts vary with."""

    headline: str
    sentences: tuple[str, ...]
    numbers: NumberTable
    chart: Chart | None


def render_stability(
    report: StabilityReport,
    volumes: Mapping[tuple[str, str], Quantity],
    record: dict[str, object],
) -> str:
    """Return the page: a pure function of the report.

    Parameters
    ----------
    report
    volumes
        Of each system and version its errors a day.
    record
        What the page holds in full, as JSON.
    """
    style = (TEMPLATES / "page.css").read_text("utf-8")
    return (
        page_environment()
        .get_template("stability.html")
        .render(
            parts=list(_parts(report, volumes)),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(record),
        )
    )


def write_stability(
    report: StabilityReport,
    volumes: Mapping[tuple[str, str], Quantity],
    record: dict[str, object],
    output: Path,
) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_stability(report, volumes, record))


def _parts(report: StabilityReport, volumes: Mapping[tuple[str, str], Quantity]) -> Iterator[Part]:
    for place, one in enumerate(report.systems, start=1):
        volume = volumes[one.repeats.system, one.repeats.version]
        said = tuple(filter(None, sentences(one, volume)))
        rows = number_table(number_rows(one, volume))
        yield Part(headline(one, volume), said, rows, stability_chart(one, name=f"stable{place}"))
    for spread in report.spreads:
        plan = () if spread.plan is None else (plan_words(spread.plan),)
        title = f"{spread.system}: what right and wrong vary with"
        yield Part(title, plan, number_table(spread_rows(spread)), None)
