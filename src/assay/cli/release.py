"""`assay release`: what may go out unread by a judge's score, with a guarantee; and whether a certificate holds."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, ledger_argument, note
from assay.errors import BadInput
from assay.quantity import Estimate

if TYPE_CHECKING:
    from assay.volume.release_certificate import ReleaseCertificate
    from assay.volume.verify import Verification

DEFAULT = "certify"
KINDS = {
    DEFAULT: "Find the loosest threshold on a judge's score that keeps a promise, and certify it.",
    "verify": "Compute a certificate again from the ledger, and say whether it is still valid.",
}


class Releases(click.Group):
    """`assay release LEDGER ...` is short for `assay release certify LEDGER ...`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what names no subcommand as the arguments of `certify`."""
        if args and args[0] not in KINDS and not set(args) & {"-h", "--help"}:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=Releases,
    epilog="`assay release LEDGER ...` is short for `assay release certify LEDGER ...`.  "
    "Example: assay release runs.ledger --judge 'second reading' --at-most 0.01 -o release.json "
    "--page release.html",
)
def command() -> None:
    """Certify what may be released unread, by a judge's score, with a promise on the errors among it."""


@command.command(
    DEFAULT,
    short_help=KINDS[DEFAULT],
    epilog="Example: assay release runs.ledger --judge 'second reading' --at-most 0.01 -o release.json "
    "--page release.html",
)
@ledger_argument
@click.option("--judge", required=True, help="Whose score; the full name, with its version.")
@click.option(
    "--at-most",
    required=True,
    type=FiniteRange(1e-9, 0.999),
    metavar="RATE",
    help="Errors per released output that are promised not to be passed, as 0.01.",
)
@click.option(
    "--confidence",
    type=FiniteRange(0.5, 0.9999),
    default=0.95,
    show_default=True,
    help="Chance that the promise is kept.",
)
@click.option(
    "--sequence",
    type=click.Choice(["fixed", "holm"]),
    default="fixed",
    show_default=True,
    help="fixed: thresholds from the strictest on, until one fails. holm: all, in no order.",
)
@click.option(
    "--start",
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help="Share of the traffic that the first threshold releases.",
)
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    type=FiniteRange(0, 1),
    help="Instead of --start: thresholds fixed by hand, before a label was seen.",
)
@click.option(
    "--valid",
    default="30d",
    show_default=True,
    metavar="TIME",
    help="How long it is valid, as 12h, 30d or 4w; a new version ends it sooner.",
)
@click.option("--draw", "draw_id", default=None, help="Whose labels; the newest complete draw.")
@click.option("--system", default=None, help="Of which system, where there are several.")
@click.option("--version", default=None, help="Of which version of it.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    help="The certificate to write (JSON).",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path),
    default=None,
    help="The same as a page to read and print (HTML).",
)
@json_option
def certify(
    ledger: Path, output: Path | None, page: Path | None, as_json: bool, **options: Any
) -> None:
    """Find the loosest threshold on a judge's score below which at most so many outputs are wrong, and certify it.

    It is written whatever it says: exit status 3 where nothing can be certified. Then everything is reviewed.
    """
    from assay.ledger.store import Ledger
    from assay.volume.release import ReleaseQuestion
    from assay.volume.release_issue import issue_release, validity

    _refuse_options(options)
    for file in filter(None, (output, page)):
        _refuse_taken(file)
    if output is not None and page is not None and page.absolute() == output.absolute():
        raise click.UsageError(
            "-o and --page name the same file: the certificate is JSON, the page HTML"
        )
    valid = validity(options["valid"])
    question = ReleaseQuestion(
        judge=options["judge"],
        at_most=options["at_most"],
        confidence_level=options["confidence"],
        procedure="holm" if options["sequence"] == "holm" else "fixed-sequence",
        start=options["start"],
        thresholds=tuple(sorted(set(options["thresholds"]))),
        draw_id=options["draw_id"],
        system=options["system"],
        version=options["version"],
    )
    certificate, _ = issue_release(Ledger.open(ledger), question, valid=valid)
    if output is not None:
        _write(output, certificate.text)
    if page is not None:
        from assay.report.release_page import render_release

        _write(page, render_release(certificate))
    if as_json:
        emit(
            {
                "file": None if output is None else str(output),
                "page": None if page is None else str(page),
                "certificate": certificate.to_json(),
            }
        )
    else:
        from assay.report.release_text import print_release

        print_release(certificate, console())
        _say_next(certificate, ledger, output, page)
    if certificate.threshold is None:
        sys.exit(3)


@command.command(
    "verify",
    short_help=KINDS["verify"],
    epilog="Example: assay release verify release.json --ledger runs.ledger",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--ledger", required=True, type=click.Path(path_type=Path), help="The ledger it is of."
)
@click.option("--version", default=None, help="The version that would be released now.")
@click.option("--judge", default=None, help="The judge that would score now.")
@json_option
def verify(file: Path, ledger: Path, version: str | None, judge: str | None, as_json: bool) -> None:
    """Compute a certificate again, and say whether it is valid now.

    Exit status 3 where it is not: then everything is reviewed.
    """
    from assay.ledger.store import Ledger
    from assay.terminal import visible
    from assay.volume.release_file import read_release
    from assay.volume.release_verify import verify_release

    certificate = read_release(file, check_hash=False)
    found = verify_release(Ledger.open(ledger), certificate, system_version=version, judge=judge)
    if as_json:
        emit({"file": str(file), "threshold": certificate.threshold, **found.to_json()})
    else:
        click.echo(visible(f"{file} claims: {certificate.claim}"))
        click.echo()
        for line in _check_lines(found):
            click.echo(visible(line))
        click.echo()
        click.echo(_verdict(found, certified=certificate.threshold is not None))
        for text in found.notes:
            note(f"note: {text}")
    if not found.holds:
        sys.exit(3)


def _refuse_options(options: dict[str, Any]) -> None:
    if not options["thresholds"]:
        return
    given = click.get_current_context().get_parameter_source("start")
    if given is not ParameterSource.DEFAULT:
        raise click.UsageError("--threshold is instead of --start: give one of them")


def _say_next(
    certificate: ReleaseCertificate, ledger: Path, output: Path | None, page: Path | None
) -> None:
    if page is not None:
        note(f"page: {page}")
    if output is None:
        note("the certificate was not written: -o release.json keeps it")
    else:
        note(f"certificate: {output} (sha256 {certificate.sha256[:16]})")
        note(f"next: assay release verify {quote(str(output))} --ledger {quote(str(ledger))}")
    needed = certificate.labels_needed.quantity
    if certificate.threshold is None and isinstance(needed, Estimate):
        system = quote(certificate.system.name)
        version = certificate.system.version
        of = f"--system {system}" + (f" --version {quote(version)}" if version else "")
        labels = math.ceil(needed.value)
        if labels <= certificate.window.outputs:
            note(
                "fresh labels may be tried, once: each further try may certify wrongly by its own chance"
            )
            note(
                f"next: assay draw {quote(str(ledger))} --labels {labels} --seed 8 --no-judge {of}"
            )
        else:
            note(
                f"that is more labels than the {certificate.window.outputs:,} outputs of the window"
            )


def _check_lines(found: Verification) -> list[str]:
    lines = []
    for check in found.checks:
        lines.append(f"{check.status:<8}{check.name}")
        if check.reason:
            lines.append(f"        {check.reason}")
        lines += [
            f"        {one.key} (claimed {_short(one.claimed)}, found {_short(one.found)})"
            for one in check.differences
        ]
    return lines


def _short(value: object) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _verdict(found: Verification, *, certified: bool) -> str:
    if not found.holds:
        return "The certificate does not hold: review all."
    return (
        "The certificate holds." if certified else "The certificate holds: it says to review all."
    )


def _refuse_taken(file: Path) -> None:
    if file.exists():
        raise BadInput(
            f"{file} is there already, and a certificate replaces nothing; give another name"
        )
    if not file.absolute().parent.is_dir():
        raise BadInput(f"{file} can't be written: there is no folder {file.absolute().parent}")


def _write(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
    except OSError as error:
        raise BadInput(f"{file} can't be written: {error.strerror or error}") from None
