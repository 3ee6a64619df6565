"""A verdict on a loop as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console  # noqa: TC002
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.curate.loop.verdict_result import LoopResult, VerdictReport
from assay.report.loop_verdict_words import (
    ARM_COLUMNS,
    PRICE_COLUMNS,
    SAMPLE_COLUMNS,
    TURN_COLUMNS,
    arm_rows,
    fault_rows,
    headline,
    limit_sentences,
    loop_headline,
    loop_sentences,
    price_rows,
    sample_rows,
    turn_rows,
)
from assay.terminal import visible

COLORS = {
    "virtuous": "bold green",
    "flat": "bold yellow",
    "collapsing": "bold red",
    "undecided": "bold yellow",
}


def print_verdict(report: VerdictReport, console: Console) -> None:
    """Print the verdict first, then what it rests on; of several loops only what was caught in each."""
    if len(report.loops) == 1:
        _print_loop(report.loops[0], report, console)
    else:
        _line(headline(report), console, style="bold")
        _table(ARM_COLUMNS, arm_rows(report), console)
        for loop in report.loops:
            _line(loop_headline(loop), console, style=COLORS[loop.verdict])
        console.print()
        _line("One of them in full: --arm NAME --seed N. All, with charts: -o FILE.", console)
    console.print()
    for sentence in limit_sentences(report):
        _line(f"note: {sentence}", console, style="dim", indent=2)


def _print_loop(loop: LoopResult, report: VerdictReport, console: Console) -> None:
    _line(loop_headline(loop), console, style=COLORS[loop.verdict])
    console.print()
    for sentence in loop_sentences(loop, report.question.margin):
        _line(sentence, console, indent=2)
    console.print()
    _table(TURN_COLUMNS, turn_rows(loop), console)
    if rows := sample_rows(loop):
        _table(SAMPLE_COLUMNS, rows, console)
    _table(PRICE_COLUMNS, price_rows(loop), console)
    for name, state, found, advice in fault_rows(loop):
        style = "bold red" if state == "caught" else "dim"
        _line(f"{state}: {name}", console, style=style)
        _line(found, console, indent=2)
        if advice:
            _line(f"next: {advice}", console, indent=2)


def _line(text: str, console: Console, *, style: str = "", indent: int = 0) -> None:
    console.print(Padding(Text(visible(text), style=style), (0, 0, 0, indent)))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    console.print(Padding(table, (0, 0, 0, 2)))
    console.print()
