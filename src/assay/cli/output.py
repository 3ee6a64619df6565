"""How commands speak: results on stdout, notes and progress on stderr, JSON where it is asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import click

PLAIN_WIDTH = 110
"""Width of tables where stdout is no terminal: the same on every machine."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
ledger_argument = click.argument("ledger", type=click.Path(path_type=Path))


def emit(result: object) -> None:
    """Print a result as JSON on stdout; text of others in it can neither act on a terminal nor fail to be printed."""
    from assay.terminal import visible_json

    click.echo(visible_json(json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False)))


def note(text: str) -> None:
    """Print a note on stderr, with control characters made visible."""
    from assay.terminal import visible

    click.echo(visible(text), err=True)


def console(*, err: bool = False) -> Any:
    """Return a rich console for stdout (or stderr); plain and of one width where that is no terminal."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else PLAIN_WIDTH
    return Console(file=stream, width=width, highlight=False, soft_wrap=False)


@contextmanager
def progress(
    title: str, unit: str = "lines", *, pace: bool = False
) -> Iterator[Callable[[int, float | None], None]]:
    """Show a progress bar on stderr, where that is a terminal; yield what to call with the count and the share done.

    With `pace`, how many of the unit there are a second, and the time to go.
    """
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    screen = console(err=True)
    columns = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()]
    columns += [TextColumn("to go"), TimeRemainingColumn()] if pace else []
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(title, total=None)
        began, before = monotonic(), -1

        def advance(count: int, share: float | None) -> None:
            nonlocal before
            before = count if before < 0 else before
            total = 1.0 if share is not None else None
            said = f"{title}: {count:,} {unit}"
            seconds = monotonic() - began
            if pace and seconds > 1 and count > before:
                # What a run that goes on found done already was not done in this time.
                said += f", {(count - before) / seconds:,.0f}/s"
            bar.update(task, completed=share or 0.0, total=total, description=said)

        yield advance


def moment(_context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Return a time option as microseconds since 1970 UTC."""
    if value is None:
        return None
    from assay.ledger.ingest.record import RowError, microseconds

    try:
        return microseconds(parameter.name or "time", value)
    except RowError as error:
        raise click.BadParameter(f"{error}; as 2026-10-05 or 2026-10-05T12:00:00Z") from None
