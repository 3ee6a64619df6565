"""A gate's answer as text for a terminal."""

from __future__ import annotations

from rich.console import Console  # noqa: TC002
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.report.gate_words import HEADER, headline, notes, sentences, table_rows
from assay.terminal import visible
from assay.volume.gate_result import GateResult

COLORS = {"take": "bold green", "refuse": "bold red", "not enough data": "bold yellow"}


def print_gate(result: GateResult, console: Console) -> None:
    """Print an answer: the verdict first, the tables second, then what it means and what limits it."""
    console.print(Text(visible(headline(result)), style=COLORS[result.answer]))
    console.print()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, name in enumerate(HEADER):
        table.add_column(name, justify="right" if place else "left", overflow="fold")
    for row in table_rows(result):
        table.add_row(*(Text(visible(cell)) for cell in row))
    console.print(Padding(table, (0, 0, 0, 2)))
    console.print()
    for sentence in sentences(result):
        console.print(Padding(Text(visible(sentence)), (0, 0, 0, 2)))
    console.print()
    for note in notes(result):
        console.print(Padding(Text(visible(f"note: {note}"), style="dim"), (0, 0, 0, 2)))
