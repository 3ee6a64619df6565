"""`assay ingest`: files into a ledger."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from assay.cli.output import emit, json_option, note, progress
from assay.errors import BadInput

if TYPE_CHECKING:
    from assay.ledger.ingest.pipeline import IngestReport


@click.command(
    epilog="Example: assay ingest runs.csv --into runs.ledger --map output=answer,system=model,right=correct"
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option(
    "--into",
    "ledger",
    required=True,
    type=click.Path(path_type=Path),
    help="The ledger; made if need be.",
)
@click.option(
    "--map", "mapping", default="", help="Assay's column = the file's column, separated by commas."
)
@click.option("--system", default="", help="What answered, where the file does not say.")
@click.option("--version", default="", help="Its version, where the file does not say.")
@click.option("--filter", "filter_", default="", help="Which of lm-eval's filters to read.")
@click.option(
    "--origin",
    default=None,
    type=click.Choice(["field", "exam", "probe"]),
    help="Where the file does not say.",
)
@json_option
def command(
    files: tuple[Path, ...],
    ledger: Path,
    mapping: str,
    system: str,
    version: str,
    filter_: str,
    origin: str | None,
    as_json: bool,
) -> None:
    """Read files into a ledger: each row once, bad lines kept apart with their reasons."""
    from assay.ledger.ingest.mapping import parse_mapping
    from assay.ledger.ingest.pipeline import ingest_file
    from assay.ledger.ingest.source import ReadOptions
    from assay.ledger.store import Ledger

    options = ReadOptions(parse_mapping(mapping), system, version, filter_, origin or "")
    store = Ledger.create(ledger)
    reports = []
    failures: list[BadInput] = []
    for file in files:
        try:
            with progress(file.name) as advance:
                reports.append(ingest_file(store, file, options, progress=advance))
        except BadInput as error:
            failures.append(error)
            for line in f"assay: {error}".split("\n"):
                note(line)
    _tell(reports, failures, as_json=as_json, ledger=ledger)
    if failures or any(report.nothing_good for report in reports):
        sys.exit(1)


def _tell(
    reports: list[IngestReport], failures: list[BadInput], *, as_json: bool, ledger: Path
) -> None:
    for report in reports:
        for said in _notes(report):
            note(f"{report.file}{said}")
    if as_json:
        emit({"ledger": str(ledger), "files": [report.to_json() for report in reports],
              "failed": [str(error) for error in failures]})  # fmt: skip
        return
    for report in reports:
        tally = report.tally
        click.echo(
            f"{report.file}: {report.format}, {tally.lines:,} lines = {tally.accepted:,} accepted "
            f"+ {tally.rejected:,} rejected + {tally.blank:,} blank; "
            f"{report.traces_added:,} traces and {report.verdicts_added:,} verdicts added, "
            f"{report.traces_known + report.verdicts_known:,} already there"
        )
    if any(report.tally.accepted for report in reports):
        note(f"next: assay volume {quote(str(ledger))}")


def _notes(report: IngestReport) -> Iterator[str]:
    if report.mapping:
        yield f": columns taken as --map {report.mapping}"
    yield from (f": {said}" for said in report.notes)
    for rejected in report.first_rejects:
        part = f"{rejected.part}, " if rejected.part else ""
        yield f":{part}{rejected.line}: {rejected.reason}"
    more = report.tally.rejected - len(report.first_rejects)
    if report.rejects_file:
        yield f": {f'{more:,} more and ' if more else ''}all refused lines are kept in {report.rejects_file}"
    if report.nothing_good and not report.tally.rejected:
        yield ": there is no row in it"
    if report.broke_off:
        yield f": reading broke off: {report.broke_off}; what came before is kept"
    if report.verdicts_without_trace:
        yield f": {report.verdicts_without_trace:,} verdicts name a trace that the ledger does not hold (yet)"
