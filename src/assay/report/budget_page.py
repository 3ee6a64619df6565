"""A budget as one self-contained HTML page, with its picture and its record."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from assay.report.budget_chart import budget_chart
from assay.report.budget_words import (
    cells,
    headline,
    number_rows,
    past_words,
    sentences,
    small,
    spent_words,
    window_words,
)
from assay.report.page import TEMPLATES, number_table, page_environment, record_json
from assay.report.page_file import write_html
from assay.volume.budget_result import Budget, Columns


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table of columns."""

    name: str
    allowed: str
    light: str
    spent: str
    confirmed: str
    estimated: str
    caught: str


def render_budget(budget: Budget) -> str:
    """Return the page: a pure function of the budget."""
    style = (TEMPLATES / "page.css").read_text("utf-8")
    lines = [_line("all", budget.limit, budget.light, budget.columns)]
    lines += [_line(one.name, one.allowed, one.light, one.columns) for one in budget.parts]
    return (
        page_environment()
        .get_template("budget.html")
        .render(
            headline=headline(budget),
            window=window_words(budget),
            sentences=list(sentences(budget)),
            chart=budget_chart(budget, name="budget"),
            lines=lines,
            unallocated=small(budget.unallocated) if budget.parts and budget.unallocated else "",
            history=[past_words(one, budget.limit) for one in budget.history],
            numbers=number_table(number_rows(budget)),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(budget.to_json()),
        )
    )


def write_budget(budget: Budget, output: Path) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_budget(budget))


def _line(name: str, allowed: float, light: str, columns: Columns) -> Line:
    return Line(name, small(allowed), light, spent_words(columns), *cells(columns))
