"""Exam against use, or a time split, as one self-contained HTML page with its pictures and its record."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.probe.exam_result import ExamReport, PerDay
from assay.probe.time_split_result import SplitReport
from assay.report.exam_chart import score_chart, split_chart
from assay.report.exam_split_words import (
    split_headline,
    split_rows,
    split_sentences,
    system_sentences,
)
from assay.report.exam_words import (
    baseline_rows,
    exam_sentences,
    headline,
    number_rows,
    sentences,
)
from assay.report.page import TEMPLATES, NumberTable, number_table, page_environment, record_json
from assay.report.page_file import write_html
from assay.report.svg import Chart


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the page: a system, or the exam itself."""

    headline: str
    sentences: tuple[str, ...]
    numbers: NumberTable
    chart: Chart | None


def write_exam(
    report: ExamReport,
    days: Mapping[tuple[str, str], PerDay],
    record: dict[str, object],
    output: Path,
) -> int:
    """Write exam against use as a page, and return how many bytes it has.

    Parameters
    ----------
    report
    days
        Of each system and version its errors a day.
    record
        What the page holds in full, as JSON.
    output

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return _write(render("Exam against use", _exam_parts(report, days), record), output)


def write_split(report: SplitReport, record: dict[str, object], output: Path) -> int:
    """Write a time split as a page, see `write_exam`."""
    return _write(render("An exam over time", _split_parts(report), record), output)


def render(title: str, parts: Iterable[Part], record: dict[str, object]) -> str:
    """Return the page: a pure function of what is shown."""
    style = (TEMPLATES / "page.css").read_text("utf-8")
    return (
        page_environment()
        .get_template("exam.html")
        .render(
            title=title,
            parts=list(parts),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(record),
        )
    )


def _write(page: str, output: Path) -> int:
    return write_html(output, page)


def _exam_parts(report: ExamReport, days: Mapping[tuple[str, str], PerDay]) -> Iterator[Part]:
    for place, one in enumerate(report.results, start=1):
        day = days[one.system, one.version]
        yield Part(
            headline(one, day, report.margin),
            tuple(sentences(one, report, day)),
            number_table(number_rows(one, report, day)),
            score_chart(one, name=f"exam{place}"),
        )
    yield Part(
        "The exam itself", tuple(exam_sentences(report)), number_table(baseline_rows(report)), None
    )


def _split_parts(report: SplitReport) -> Iterator[Part]:
    count = 0
    for one in report.systems:
        said = tuple(system_sentences(one))
        for part in one.parts:
            count += 1
            yield Part(
                split_headline(one, part, report),
                (*split_sentences(part, report), *said),
                number_table(split_rows(one, part)),
                split_chart(part, name=f"split{count}"),
            )
