"""A judge's calibration as text for a terminal: words first, the table second, what to type third."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.estimate import ReliabilityBin
from assay.figures import plain, shown
from assay.judge.calibration import Calibration
from assay.judge.calibration_drift import Drift, moment
from assay.quantity import Quantity
from assay.report.judge_words import headline, number_rows, sentences
from assay.report.page import number_table
from assay.terminal import visible


def print_calibration(calibration: Calibration, console: Console) -> None:
    """Print how a judge errs."""
    console.print(Text(visible(headline(calibration)), style="bold"))
    console.print()
    for sentence in sentences(calibration):
        console.print(Padding(Text(visible(sentence)), (0, 0, 0, 2)))
    console.print()
    console.print(_indented(numbers(number_rows(calibration))))
    if len(calibration.bins) > 1:
        console.print()
        console.print(_indented(reliability(calibration.bins)))
    if len(calibration.drift.periods) > 1:
        console.print()
        console.print(_indented(periods(calibration.drift)))
    if calibration.by_system:
        console.print()
        console.print(_indented(by_system(calibration)))


def numbers(rows: Iterable[tuple[str, Quantity, bool]]) -> RenderableType:
    """Return the numbers with interval, confidence, n and method; a method that is said twice is said once."""
    table = number_table(rows)
    shown_rows = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("what", "number", "confidence", "n", "method"):
        shown_rows.add_column(column, justify="right" if column == "n" else "left", overflow="fold")
    for line in table.lines:
        if line.unknown:
            cells = (line.what, f"unknown: {line.unknown}", "", "", "")
        else:
            n = f"n {line.n}" if line.n else ""
            cells = (line.what, line.number, line.confidence, n, f"[{line.mark}]")
        shown_rows.add_row(*(Text(visible(cell)) for cell in cells))
    methods = [
        Text(visible(f"[{mark}] {method}"), style="dim")
        for mark, method in enumerate(table.methods, start=1)
    ]
    return Group(shown_rows, *methods)


def reliability(bins: Iterable[ReliabilityBin]) -> Table:
    """Return the bins of like score, and the error rate in each."""
    table = _table(("score", "judge says", "wrong are", "outputs", "labels"), ("outputs", "labels"))
    for one in bins:
        ends = plain(one.least)
        if one.most > one.least:
            ends += f" to {plain(one.most)}"
        table.add_row(
            ends,
            f"{plain(100 * round(one.mean_score, 3))} %",
            Text(visible(shown(one.error_rate, percent=True))),
            f"{one.outputs:,}",
            f"{one.labels:,}",
        )
    return table


def periods(drift: Drift) -> Table:
    """Return how the judge erred in each period."""
    table = _table(("from", "to", "labels", "sensitivity", "specificity"), ("labels",))
    for period in drift.periods:
        table.add_row(
            moment(period.start),
            moment(period.end),
            f"{period.labels:,}",
            Text(visible(shown(period.errors.sensitivity, percent=True))),
            Text(visible(shown(period.errors.specificity, percent=True))),
        )
    return table


def by_system(calibration: Calibration) -> Table:
    """Return how the judge errs on each system."""
    table = _table(("system", "outputs", "sensitivity", "specificity", "error rate"), ("outputs",))
    for one in calibration.by_system:
        rates = (one.errors.sensitivity, one.errors.specificity, one.errors.error_rate)
        table.add_row(
            Text(visible(one.system)),
            f"{one.outputs:,}",
            *(Text(visible(shown(rate, percent=True))) for rate in rates),
        )
    return table


def _table(columns: tuple[str, ...], right: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def _indented(part: RenderableType) -> RenderableType:
    return Padding(part, (0, 0, 0, 2))
