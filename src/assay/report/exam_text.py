"""Exam against use, and a time split, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from assay.probe.exam_result import ExamReport, PerDay
from assay.probe.time_split_result import SplitReport
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
from assay.report.judge_text import numbers
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Days = Mapping[tuple[str, str], PerDay]
"""Of each system and version its errors a day."""


def print_exam(report: ExamReport, days: Days, console: Console) -> None:
    """Print exam against use for every system, and what the exam is worth."""
    for one in report.results:
        day = days[one.system, one.version]
        console.print(Text(visible(headline(one, day, report.margin)), style="bold"))
        _say(sentences(one, report, day), console)
        console.print()
        console.print(_indented(numbers(number_rows(one, report, day))))
        console.print()
    console.print(Text("The exam itself", style="bold"))
    _say(exam_sentences(report), console)
    rows = list(baseline_rows(report))
    if rows:
        console.print(_indented(numbers(rows)))
    words = f"exam: {report.exam}; use: {report.use}; twin: {report.twin}"
    console.print(_indented(Text(visible(words), style="dim")))


def print_split(report: SplitReport, console: Console) -> None:
    """Print what every system loses at the cut."""
    for one in report.systems:
        for part in one.parts:
            console.print(Text(visible(split_headline(one, part, report)), style="bold"))
            _say(split_sentences(part, report), console)
            console.print()
            console.print(_indented(numbers(split_rows(one, part))))
            console.print()
        _say(system_sentences(one), console)
    if report.references:
        words = f"References, believed to know neither side: {', '.join(report.references)}."
        console.print(_indented(Text(visible(words), style="dim")))


def _say(lines: Iterable[str], console: Console) -> None:
    for line in lines:
        console.print(_indented(Text(visible(line))))


def _indented(part: RenderableType) -> RenderableType:
    return Padding(part, (0, 0, 0, 2))
