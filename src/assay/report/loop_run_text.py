"""What `assay loop run` prints: each arm's turns, and where the rest stands."""

from __future__ import annotations

from typing import Any

from assay.curate.loop.loop_run import ArmRun, LoopRun
from assay.curate.loop.turn import Measured, TurnRecord
from assay.estimate.exact import clopper_pearson
from assay.terminal import visible

CONFIDENCE_LEVEL = 0.95


def print_loop(found: LoopRun, screen: Any) -> None:
    """Print a table for each arm and seed.

    Parameters
    ----------
    found
    screen
        A rich console.
    """
    for run in found.runs:
        _print_run(run, screen)
    count = sum(len(run.turns) for run in found.runs)
    said = f"{len(found.runs)} loops, {count} versions, {found.seconds:,.0f} seconds of this run: {found.out}"
    screen.print(visible(said), markup=False)
    screen.print(
        "Intervals: 95 %, Clopper-Pearson. Whether it gains: assay loop verdict", markup=False
    )


def _print_run(run: ArmRun, screen: Any) -> None:
    from rich.table import Table
    from rich.text import Text

    name = f"{run.arm or 'loop'}, seed {run.seed}: verify {run.verify}, {run.mix}"
    table = Table(title=Text(visible(name)), title_justify="left", box=None, pad_edge=False)
    for head in (
        "turn",
        "generated",
        "kept",
        "kept: right of labeled",
        "held-out wrong",
        "harder wrong",
    ):
        table.add_column(head, justify="right", no_wrap=True)
    volume = any(record.held_out.throughput_per_day for record in run.turns)
    if volume:
        table.add_column("errors a day", justify="right", no_wrap=True)
    for record in run.turns:
        cells = [str(record.turn), f"{record.generated:,}", f"{record.kept:,}", _audited(record)]
        cells += [_wrong(record.held_out), _wrong(record.harder)]
        table.add_row(*map(Text, cells), *([Text(_volume(record.held_out))] if volume else []))
    screen.print(table)
    screen.print()


def _audited(record: TurnRecord) -> str:
    kept = record.audit.kept
    return f"{kept.right} of {kept.labeled}" if kept.labeled else "-"


def _wrong(measured: Measured | None) -> str:
    if measured is None or not measured.n:
        return "-"
    value, low, high = _error_rate(measured)
    return f"{value * 100:.1f} [{low * 100:.1f}, {high * 100:.1f}] %"


def _volume(measured: Measured) -> str:
    if not measured.throughput_per_day or not measured.n:
        return "-"
    value, low, high = (measured.throughput_per_day * rate for rate in _error_rate(measured))
    return f"{value:,.0f} [{low:,.0f}, {high:,.0f}]"


def _error_rate(measured: Measured) -> tuple[float, float, float]:
    """Return the share that is wrong, and its interval."""
    wrong = measured.n - measured.right
    found = clopper_pearson(wrong, measured.n, confidence_level=CONFIDENCE_LEVEL)
    return wrong / measured.n, found.low, found.high
