"""`assay report`: the answer as one page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from assay.cli.output import emit, json_option, ledger_argument, note
from assay.cli.volume import as_question, question_options


@click.command(epilog="Example: assay report runs.ledger -o report.html")
@ledger_argument
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The page to write (HTML).",
)
@question_options
@json_option
def command(ledger: Path, output: Path, as_json: bool, **options: Any) -> None:
    """Write the answer as one self-contained HTML page, with the charts that matter."""
    from assay.ledger.store import Ledger
    from assay.report.page import write_report

    question = as_question(options)
    command_line = "assay " + " ".join(sys.argv[1:])
    written = write_report(Ledger.open(ledger), question, output, command=command_line)
    if as_json:
        emit({"report": str(output), "bytes": written})
    else:
        click.echo(f"report: {output} ({written / 1000:.0f} kB)")
        note("it is one file: open it in any browser, or print it")
