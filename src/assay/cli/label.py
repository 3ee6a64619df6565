"""`assay label`: labels back into the ledger."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote

import click

from assay.cli.output import emit, json_option, ledger_argument, note

REFUSALS_SHOWN = 10
"""A wrong draw or a misspelt verdict refuses every row: the first few say it."""


@click.command(epilog="Example: assay label runs.ledger to-label.csv --person ada")
@ledger_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--person", default="person", show_default=True, help="Who labeled.")
@json_option
def command(ledger: Path, file: Path, person: str, as_json: bool) -> None:
    """Take a filled list back, whole or in part; what doesn't fit is refused by line."""
    from assay.ledger.store import Ledger
    from assay.volume.labels import take_labels

    report = take_labels(Ledger.open(ledger), file, person=person)
    for line, reason in report.refused[:REFUSALS_SHOWN]:
        note(f"{file}:{line}: {reason}")
    if len(report.refused) > REFUSALS_SHOWN:
        more = len(report.refused) - REFUSALS_SHOWN
        note(f"{file}: {more:,} rows more are refused; --json lists all of them")
    if report.replaced:
        note(
            f"{report.replaced:,} of the labels taken stand in place of another verdict, or of another person's label: "
            "the newest counts"
        )
    if as_json:
        emit(report.to_json())
    else:
        click.echo(
            f"{report.taken:,} labels taken, {report.unchanged:,} known already, {report.empty:,} rows still empty, "
            f"{len(report.refused):,} refused"
        )
        for draw, (done, planned) in report.draws.items():
            click.echo(f"{draw}: {done:,} of {planned:,} labels are in")
        note(f"next: {report.next_command(quote(str(ledger)))}")
    if report.refused and not report.taken and not report.unchanged:
        sys.exit(1)
