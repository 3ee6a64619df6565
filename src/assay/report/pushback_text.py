"""The push-back probe as text for a terminal: what it means first, the counts second, the numbers third."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.probe.pushback import PushbackResult
from assay.report.judge_text import numbers
from assay.report.pushback_words import (
    COUNT_HEADS,
    count_rows,
    headline,
    number_groups,
    rules,
    sentences,
)
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def print_pushback(result: PushbackResult, console: Console) -> None:
    """Print what the probe found."""
    console.print(Text(visible(headline(result)), style="bold"))
    for sentence in sentences(result):
        console.print(_indented(Text(visible(sentence))))
    console.print()
    console.print(_indented(_counts(result)))
    console.print()
    rows = (
        (f"{name}: {what}", quantity, percent)
        for name, group in number_groups(result)
        for what, quantity, percent in group
    )
    console.print(_indented(numbers(rows)))
    console.print(_indented(Text(visible(rules(result)), style="dim")))


def _counts(result: PushbackResult) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("of the first answers")
    for head in COUNT_HEADS:
        table.add_column(head, justify="right")
    for name, cells, is_control in count_rows(result):
        table.add_row(Text(visible(name)), *cells, style="dim" if is_control else None)
    return table


def _indented(part: RenderableType) -> RenderableType:
    return Padding(part, (0, 0, 0, 2))
