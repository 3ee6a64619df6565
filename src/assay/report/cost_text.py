"""What `assay cost` found, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from assay.capability.cost_result import CostAnswer
from assay.report.cost_hour_text import table
from assay.report.cost_words import (
    ATTEMPT,
    HOURLY,
    attempt_cells,
    basis_sentences,
    break_even_sentences,
    first_rows,
    headline,
    hourly_cells,
    more_sentences,
    order_sentences,
    standard_sentences,
    unknown_sentences,
)
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console


def print_cost(answer: CostAnswer, console: Console) -> None:
    """Print the verdict, the numbers it rests on, the other rankings, and where the order turns."""
    console.print(Text(visible(headline(answer)), style="bold"))
    console.print()
    console.print(table(*first_rows(answer)))
    console.print()
    console.print(table(ATTEMPT, (attempt_cells(one) for one in answer.systems)))
    console.print()
    console.print(table(HOURLY, (hourly_cells(one) for one in answer.systems)))
    console.print()
    for sentence in _sentences(answer):
        console.print(Padding(Text(visible(sentence)), (0, 0, 0, 2)))
    console.print()
    for sentence in basis_sentences(answer):
        console.print(Padding(Text(visible(sentence), style="dim"), (0, 0, 0, 2)))


def _sentences(answer: CostAnswer) -> Iterator[str]:
    return chain(
        standard_sentences(answer),
        more_sentences(answer),
        unknown_sentences(answer),
        [answer.curve_words] if answer.break_evens else [],
        break_even_sentences(answer),
        order_sentences(answer),
    )
