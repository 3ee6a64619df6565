"""A selection as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.curate.select import Selection
from assay.curate.value_result import TRACK_RECORD
from assay.report.select_words import (
    CONTEST_COLUMNS,
    basis_words,
    contest_cells,
    headline,
    limit_sentences,
    selection_sentences,
    source_rows,
)
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console


def print_selection(found: Selection, console: Console) -> None:
    """Print what was selected, whether it is proved, and how far that goes."""
    console.print(Text(visible(headline(found)), style="bold"))
    if found.proof is not None:
        console.print(Text(TRACK_RECORD))
        console.print(Text(visible(basis_words(found.proof)), style="dim"))
        console.print()
        rows = [contest_cells(contest) for contest in found.proof.contests]
        console.print(Padding(_table(CONTEST_COLUMNS, rows, left=(0, 1, 5)), (0, 0, 1, 2)))
    else:
        console.print()
    _print_all(selection_sentences(found), console)
    columns, sources = source_rows(found)
    console.print(Padding(_table(columns, sources, left=(0,)), (0, 0, 1, 2)))
    _print_all(limit_sentences(found), console)


def _print_all(sentences: Iterator[str], console: Console) -> None:
    for sentence in sentences:
        console.print(Padding(Text(visible(sentence)), (0, 0, 0, 2)))


def _table(
    columns: tuple[str, ...], rows: list[tuple[str, ...]], *, left: tuple[int, ...]
) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place in left else "right")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    return table
