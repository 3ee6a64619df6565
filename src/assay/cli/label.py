"""`assay label`: labels back into the ledger, from a list or from a page of this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote
from typing import Any

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, ledger_argument, note

REFUSALS_SHOWN = 10
"""A wrong draw or a misspelt verdict refuses every row: the first few say it."""


@click.command(
    epilog="Examples: assay label runs.ledger to-label.csv --person ada; assay label runs.ledger --web"
)
@ledger_argument
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--person", default=None, help="Who labeled the list.  [default: person]")
@click.option("--web", is_flag=True, help="Label on a page of this machine, alone or with others.")
@click.option(
    "--draw",
    "draw_id",
    default=None,
    help="With --web: which draw.  [default: the newest with something to label]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=None,
    help="With --web: the port.  [default: one that is free]",
)
@click.option(
    "--seeded",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FILE",
    help="With --web: mix in items whose truth is known (JSONL), to measure who reads.",
)
@click.option(
    "--seeded-share",
    type=FiniteRange(0, 0.5),
    default=None,
    help="Share of all items that are seeded.  [default: 0.05]",
)
@click.option("--readers", is_flag=True, help="Say how well people read, by the seeded items.")
@json_option
def command(ledger: Path, file: Path | None, as_json: bool, **options: Any) -> None:
    """Take a filled list back, whole or in part; or label on a page, one output at a time."""
    _check(file, options)
    if options["web"]:
        _serve(ledger, as_json, options)
    elif options["readers"]:
        _readers(ledger, as_json)
    else:
        assert file is not None
        _take(ledger, file, options["person"] or "person", as_json)


def _check(file: Path | None, options: dict[str, Any]) -> None:
    ways = [file is not None, options["web"], options["readers"]]
    if sum(ways) != 1:
        raise click.UsageError(
            "give one of: a FILE of labels to take back, --web to label on a page, --readers to measure who reads"
        )
    for name, option in (
        ("draw_id", "--draw"),
        ("port", "--port"),
        ("seeded", "--seeded"),
        ("seeded_share", "--seeded-share"),
    ):
        if options[name] is not None and not options["web"]:
            raise click.UsageError(f"{option} goes with --web")
    if options["seeded_share"] is not None and options["seeded"] is None:
        raise click.UsageError("--seeded-share goes with --seeded FILE")
    if options["person"] is not None and file is None:
        raise click.UsageError("--person goes with a FILE; on the page everybody says who they are")


def _take(ledger: Path, file: Path, person: str, as_json: bool) -> None:
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


def _serve(ledger: Path, as_json: bool, options: dict[str, Any]) -> None:
    from assay.ledger.store import Ledger
    from assay.web.serve import PageRequest, Served, serve

    given = {name: options[name] for name in ("draw_id", "port", "seeded", "seeded_share")}
    request = PageRequest(**{name: value for name, value in given.items() if value is not None})

    def announce(served: Served) -> None:
        if served.taken_up.added:
            note(f"{served.taken_up.added:,} answers that a page had left are in the ledger now")
        if served.taken_up.damaged:
            note(
                f"{served.taken_up.damaged:,} lines of the journal it had left can't be read; they are kept beside it"
            )
        if as_json:
            emit(served.to_json())
        else:
            click.echo(f"{served.draw.draw_id}: {served.to_go:,} labels to go")
            click.echo(served.url)
            note("open that address; Ctrl-C ends it, and every answer is kept")
        sys.stdout.flush()

    left = serve(Ledger.open(ledger), request, announce=announce)
    if left.added:
        note(f"{left.added:,} answers more are in the ledger")
    note(f"next: assay volume {quote(str(ledger))}")


def _readers(ledger: Path, as_json: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from assay.figures import shown
    from assay.ledger.store import Ledger
    from assay.terminal import visible
    from assay.web.readers import measure_readers

    readers = measure_readers(Ledger.open(ledger))
    if as_json:
        emit({"readers": [reader.to_json() for reader in readers]})
        return
    if not readers:
        click.echo("unknown: nobody has read a seeded item")
        note(f"next: assay label {quote(str(ledger))} --web --seeded FILE.jsonl")
        return
    table = Table("person", "errors read", "found", "right ones read", "called right", "unsure")
    for reader in readers:
        found, confirmed = (
            shown(quantity, percent=True) for quantity in (reader.sensitivity, reader.specificity)
        )
        counts = (f"{n:,}" for n in (reader.errors, reader.right, reader.unsure))
        errors, right, unsure = counts
        table.add_row(Text(visible(reader.person)), errors, found, right, confirmed, unsure)
    console().print(table)
    click.echo(
        "95 %, Clopper-Pearson; n: the items read; it holds for natural errors as far as they are no harder to see "
        "than the seeded ones"
    )
