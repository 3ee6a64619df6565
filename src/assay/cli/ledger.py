"""`assay ledger`: info, compact, migrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli.output import emit, json_option, ledger_argument, note

if TYPE_CHECKING:
    from assay.ledger.store import TableState


@click.group(epilog="Example: assay ledger info runs.ledger")
def command() -> None:
    """Look after a ledger."""


@command.command(epilog="Example: assay ledger info runs.ledger")
@ledger_argument
@json_option
def info(ledger: Path, as_json: bool) -> None:
    """Say what a ledger holds."""
    from assay.ledger.store import Ledger
    from assay.ledger.summary import describe, summarise

    summary = summarise(Ledger.open(ledger))
    if as_json:
        emit(summary.to_json())
    else:
        click.echo(describe(summary))


@command.command(epilog="Example: assay ledger compact runs.ledger")
@ledger_argument
@json_option
def compact(ledger: Path, as_json: bool) -> None:
    """Fold small files into large ones."""
    from assay.ledger.store import Ledger

    store = Ledger.open(ledger)
    before, after = store.state(), store.compact()
    if as_json:
        emit(
            {
                name: {"files_before": before[name].files, "files": after[name].files}
                for name in after
            }
        )
        return
    for name, state in after.items():
        click.echo(
            f"{name}: {state.rows:,} rows in {_files(state)} (before: {_files(before[name])})"
        )


@command.command(epilog="Example: assay ledger migrate runs.ledger")
@ledger_argument
@json_option
def migrate(ledger: Path, as_json: bool) -> None:
    """Bring a ledger that an older Assay made up to this one's schema."""
    from assay.ledger.migrate import migrate as bring_up

    steps = bring_up(ledger)
    if as_json:
        emit({"steps": steps})
        return
    for step in steps:
        click.echo(step)
    if not steps:
        note("nothing to do: the ledger has this Assay's schema")


def _files(state: TableState) -> str:
    return f"{state.files:,} file" + ("s" if state.files != 1 else "")
