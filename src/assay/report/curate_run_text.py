"""A run of `assay curate run`, and the plan of one, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.report.curate_run_words import Record, headline, reason_rows, sentences, source_rows
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console

    from assay.curate.run_plan import Plan

MOST_SOURCES = 30


def print_run(record: Record, console: Console, *, out: Path | None) -> None:
    """Print what was kept, what went and why, source by source.

    Parameters
    ----------
    record, console
    out
        Where it was written; None where nothing was.
    """
    console.print(Text(visible(headline(record)), style="bold"))
    _say(sentences(record), console)
    sources = source_rows(record)
    if sources:
        console.print()
        console.print(
            _table(
                ("source", "documents", "kept", "share", "MB kept", "main reasons"),
                [
                    (
                        r.source,
                        f"{r.documents:,}",
                        f"{r.kept:,}",
                        r.kept_share,
                        r.kept_megabytes,
                        r.reasons,
                    )
                    for r in sources[:MOST_SOURCES]
                ],
            )
        )
        if len(sources) > MOST_SOURCES:
            _say([f"{len(sources) - MOST_SOURCES:,} more sources are in run.json."], console)
    reasons = reason_rows(record)
    if reasons:
        console.print()
        console.print(
            _table(
                ("stage", "reason", "documents", "share", "MB"),
                [
                    (r.stage, r.reason, f"{r.documents:,}", r.documents_share, r.text)
                    for r in reasons
                ],
                right=("documents", "share", "MB"),
            )
        )
    if record["rejected"]:
        console.print()
        rows = [(reason, f"{count:,}") for reason, count in record["rejected"].items()]
        console.print(_table(("not readable", "records"), rows, right=("records",)))
    console.print()
    if out is None:
        _say(["Nothing was written: this shows what would go."], console)
    else:
        _say(
            [f"{out}: {', '.join(file['file'] for file in record['outputs'])}, report.html"],
            console,
        )


def print_plan(plan: Plan, console: Console) -> None:
    """Print what a run will take."""
    console.print(
        Text(
            f"{plan.files:,} files, {_size(plan.input_bytes)}, unpacked about {_size(plan.text_bytes)}: about "
            f"{plan.documents:,} records in {plan.blocks:,} blocks.",
            style="bold",
        )
    )
    _say(
        [
            f"time of the steps: about {_time(plan.seconds)} with {plan.workers} processes; the rest comes on top",
            f"memory: about {_size(plan.memory_bytes)}",
            f"disk: about {_size(plan.disk_bytes)} at most, {_size(plan.free_bytes)} are free",
            "These are estimates from the first block of the largest file, done once.",
        ],
        console,
    )


def _size(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7_200 else f"{seconds / 3_600:.1f} hours"


def _table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Sequence[str] = ("documents", "kept", "share", "MB kept"),
) -> Padding:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    return Padding(table, (0, 0, 0, 2))


def _say(lines: Iterable[str], console: Console) -> None:
    for line in lines:
        console.print(Padding(Text(visible(line)), (0, 0, 0, 2)))
