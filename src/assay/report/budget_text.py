"""A budget as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

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
from assay.report.judge_text import numbers
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console

    from assay.volume.budget_result import Budget


def print_budget(budget: Budget, console: Console) -> None:
    """Print where a budget stands: words first, then the columns, the parts and the past."""
    console.print(Text(visible(headline(budget)), style="bold"))
    console.print(Padding(Text(visible(window_words(budget))), (0, 0, 0, 2)))
    for sentence in sentences(budget):
        console.print(Padding(Text(visible(sentence)), (0, 0, 0, 2)))
    console.print()
    console.print(Padding(_columns(budget), (0, 0, 0, 2)))
    if budget.history:
        console.print()
        console.print(Padding(_past(budget), (0, 0, 0, 2)))
    console.print()
    console.print(Padding(numbers(number_rows(budget)), (0, 0, 0, 2)))


def _columns(budget: Budget) -> Table:
    table = _table(("", "budget", "stands", "spent", "confirmed", "estimated escaped", "caught"))
    rows = [("all", budget.limit, budget.light, budget.columns)]
    rows += [(one.name, one.allowed, one.light, one.columns) for one in budget.parts]
    for name, allowed, light, columns in rows:
        table.add_row(
            Text(visible(name)), small(allowed), light, spent_words(columns), *cells(columns)
        )
    if budget.parts and budget.unallocated:
        table.add_row("not given to any part", small(budget.unallocated))
    return table


def _past(budget: Budget) -> Table:
    table = _table(("past window", "at its end", "as known now"))
    for one in budget.history:
        table.add_row(*past_words(one, budget.limit))
    return table


def _table(names: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in names:
        table.add_column(name, justify="left", overflow="fold")
    return table
