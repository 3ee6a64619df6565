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
    from assay.report.data import collect
    from assay.report.page import write_page

    question = as_question(options)
    command_line = "assay " + " ".join(sys.argv[1:])
    report = collect(Ledger.open(ledger), question, command=command_line)
    written = write_page(report, output)
    decision = report.answer.decision
    if as_json:
        emit({"report": str(output), "bytes": written, "decision": decision})
    else:
        click.echo(f"report: {output} ({written / 1000:.0f} kB)")
        if decision is not None:
            click.echo(f"standard {question.standard}: {decision}")
        note("it is one file: open it in any browser, or print it")
    if decision in ("missed", "not shown"):
        sys.exit(3)
