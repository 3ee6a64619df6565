"""Pace as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.report.judge_text import numbers
from assay.report.pace_words import (
    gain_words,
    headline,
    kept,
    number_rows,
    policy_cells,
    queue_rows,
    queue_sentences,
    sentences,
)
from assay.terminal import visible
from assay.volume.pace_result import PaceAnswer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def print_pace(answer: PaceAnswer, console: Console) -> None:
    """Print how fast one may run, why not faster, and what would help."""
    console.print(Text(visible(headline(answer)), style="bold"))
    _say(sentences(answer), console)
    console.print()
    console.print(_indented(_policies(answer)))
    console.print()
    console.print(_indented(_gains(answer)))
    console.print()
    console.print(_indented(numbers(number_rows(answer))))
    if answer.queue is not None:
        console.print()
        _say(queue_sentences(answer, answer.queue), console)
        console.print(_indented(numbers(queue_rows(answer.queue))))
    console.print()
    for note in answer.notes:
        console.print(_indented(Text(visible(f"note: {note}"), style="dim")))


def _policies(answer: PaceAnswer) -> Table:
    table = _table("who says what is read")
    headings = ["flagged", "minutes/output", "outputs a day", "times people", "binds"]
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "binds" else "right")
    for cells in policy_cells(answer):
        table.add_row(*(Text(visible(cell)) for cell in cells))
    return table


def _gains(answer: PaceAnswer) -> Table:
    table = _table("one thing better")
    for heading in ("outputs a day then", "gain"):
        table.add_column(heading, justify="right")
    for gain in answer.gains:
        table.add_row(gain.change, kept(gain.per_day), gain_words(gain))
    return table


def _table(first: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(first, overflow="fold")
    return table


def _say(lines: Iterable[str], console: Console) -> None:
    for line in lines:
        console.print(_indented(Text(visible(line))))


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, 2))
