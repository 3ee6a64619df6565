"""Stability as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.probe.stability import Stability, StabilityReport
from assay.quantity import Quantity
from assay.report.judge_text import numbers
from assay.report.stability_words import (
    headline,
    number_rows,
    plan_words,
    sentences,
    spread_rows,
)
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console

BAR = 40


def print_stability(
    report: StabilityReport, volumes: Mapping[tuple[str, str], Quantity], console: Console
) -> None:
    """Print the stability of every system and version.

    Parameters
    ----------
    report
    volumes
        Of each system and version its errors a day.
    console
    """
    for one in report.systems:
        volume = volumes[one.repeats.system, one.repeats.version]
        console.print(Text(visible(headline(one, volume)), style="bold"))
        for sentence in filter(None, sentences(one, volume)):
            console.print(Padding(Text(visible(sentence)), (0, 0, 0, 2)))
        if one.is_known:
            console.print()
            console.print(Padding(numbers(number_rows(one, volume)), (0, 0, 0, 2)))
            if one.solved:
                console.print()
                console.print(Padding(_solved(one), (0, 0, 0, 2)))
        console.print()
    for spread in report.spreads:
        console.print(
            Text(visible(f"{spread.system}: what right and wrong vary with"), style="bold")
        )
        console.print(Padding(numbers(spread_rows(spread)), (0, 0, 0, 2)))
        if spread.plan is not None:
            console.print(Padding(Text(plan_words(spread.plan)), (0, 0, 0, 2)))
        console.print()


def _solved(one: Stability) -> Table:
    """Return a picture of how many tasks were right how often: humps at both ends are stable, the middle is dice."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(f"right of {len(one.solved) - 1}", justify="right")
    table.add_column("tasks", justify="right")
    table.add_column("")
    most = max(one.solved)
    for times, tasks in enumerate(one.solved):
        length = -(-tasks * BAR // most) if most else 0
        table.add_row(f"{times}", f"{tasks:,}", "#" * length)
    return table
