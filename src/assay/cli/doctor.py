"""`assay doctor`: what a file is."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.output import emit, json_option


@click.command(epilog="Example: assay doctor answers.csv")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map", "mapping", default="", help="Assay's column = the file's column, separated by commas."
)
@click.option("--system", default="", help="What answered, where the file does not say.")
@click.option("--filter", "filter_", default="", help="Which of lm-eval's filters to read.")
@json_option
def command(file: Path, mapping: str, system: str, filter_: str, as_json: bool) -> None:
    """Say what a file is, what can be answered from it, and what to type next; write nothing."""
    from assay.ledger.doctor import describe, diagnose
    from assay.ledger.ingest.mapping import parse_mapping
    from assay.ledger.ingest.source import ReadOptions

    diagnosis = diagnose(file, ReadOptions(parse_mapping(mapping), system, "", filter_))
    if as_json:
        emit(diagnosis.to_json())
    else:
        click.echo(describe(diagnosis))
