"""The value of data as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.curate.value_question import ValueReport
from assay.curate.value_result import TRACK_RECORD, ValueAnswer
from assay.report.value_agreement_words import agreement_sentences
from assay.report.value_words import (
    basis_words,
    curve_sentences,
    filter_sentences,
    headline,
    inflation_words,
    method_sentences,
    mixture_sentences,
    part_cells,
    part_sentences,
)
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console

COLUMNS = ("part", "tokens", "instead", "on top", "worth", "for one", "verdict", "held")
UNDER = (
    "instead, on top: change of bits/byte per million tokens in the place of the rest, and on top of it (less "
    "is better). "
    "worth: of a token, where the rest's is 1. for one: tokens that teach as much as one of the rest. "
    "held: pairs of data sets of which such a decision was the same at a larger scale."
)


def print_value(report: ValueReport, console: Console) -> None:
    """Print the verdicts, the numbers they rest on, and how far they go."""
    console.print(Text(visible(headline(report)), style="bold"))
    console.print(Text(TRACK_RECORD))
    console.print(Text(visible(basis_words(report)), style="dim"))
    console.print()
    if report.answer is not None:
        console.print(Padding(_table(report.answer), (0, 0, 0, 2)))
        console.print(Padding(Text(UNDER, style="dim"), (0, 0, 1, 2)))
    for sentence in _sentences(report):
        console.print(Padding(Text(visible(sentence)), (0, 0, 0, 2)))


def _table(answer: ValueAnswer) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in COLUMNS:
        table.add_column(
            column, justify="left" if column in ("part", "verdict", "held") else "right"
        )
    for part in answer.parts:
        table.add_row(*(Text(visible(cell)) for cell in part_cells(part)))
    return table


def _sentences(report: ValueReport) -> Iterator[str]:
    if report.curve is not None:
        yield from curve_sentences(report.curve)
    for found in report.filters:
        yield from filter_sentences(found)
    if report.mixture is not None:
        yield from mixture_sentences(report.mixture)
    if report.agreement is not None:
        yield from agreement_sentences(report.agreement)
    if report.answer is not None:
        yield from part_sentences(report.answer)
        yield inflation_words(report.answer.inflation)
    yield from method_sentences(report)
