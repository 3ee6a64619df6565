"""A forecast as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.figures import plain
from assay.report.forecast_words import headline, sentences
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console

    from assay.volume.forecast_result import Forecast


def print_forecast(forecast: Forecast, console: Console) -> None:
    """Print when the standard would be met, from what, and how the forecast did on the last versions."""
    console.print(Text(visible(headline(forecast)), style="bold"))
    for sentence in sentences(forecast):
        console.print(Padding(Text(visible(sentence)), (0, 0, 0, 2)))
    if not forecast.versions:
        return
    console.print()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("date", "version", forecast.unit, "as certain as so many labels"):
        table.add_column(column, justify="left" if column in ("date", "version") else "right")
    for one in forecast.versions:
        table.add_row(
            one.date, Text(visible(one.name)), plain(one.value), f"{one.effective_n:,.0f}"
        )
    console.print(Padding(table, (0, 0, 0, 2)))
