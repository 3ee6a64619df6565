"""How much of a corpus adds something, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.curate.measure import Measured
from assay.report.effective_words import (
    REPEAT_COLUMNS,
    growth_columns,
    growth_rows,
    growth_sentences,
    headline,
    raw_sentence,
    repeat_rows,
    repeat_sentences,
    step_columns,
    step_rows,
    step_sentences,
)
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console

NAME_LETTERS = 32


def print_effective(measured: Measured, console: Console) -> None:
    """Print what is left step by step, how the n-grams grow, and what repeating is worth."""
    console.print(Text(visible(headline(measured)), style="bold"))
    console.print(Text(visible(raw_sentence(measured))))
    _part(
        console,
        "Left after each step (raw: words; then % of the raw words)",
        (step_columns(measured), step_rows(measured)),
        step_sentences(measured),
    )
    _part(
        console,
        "New n-grams",
        (growth_columns(measured), growth_rows(measured)),
        growth_sentences(measured),
    )
    if measured.repeats:
        _part(
            console,
            "What repeating is worth",
            (REPEAT_COLUMNS, repeat_rows(measured)),
            repeat_sentences(),
        )


def _part(
    console: Console,
    title: str,
    table: tuple[Sequence[str], Sequence[Sequence[str]]],
    sentences: Iterable[str],
) -> None:
    console.print()
    console.print(Text(title, style="bold"))
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, column in enumerate(table[0]):
        shown.add_column(column, justify="left" if place == 0 else "right")
    for row in table[1]:
        name = visible(row[0])
        short = name if len(name) <= NAME_LETTERS else name[: NAME_LETTERS - 1] + "…"
        shown.add_row(Text(short), *(Text(visible(cell)) for cell in row[1:]))
    console.print(Padding(shown, (0, 0, 0, 2)))
    for sentence in sentences:
        console.print(Padding(Text(visible(sentence), style="dim"), (0, 0, 0, 2)))
