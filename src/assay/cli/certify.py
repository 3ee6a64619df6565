"""`assay certify`: a certificate of the volume of errors, and whether one holds."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from assay.cli.output import emit, json_option, ledger_argument, note
from assay.cli.volume import as_question, question_options
from assay.errors import BadInput

if TYPE_CHECKING:
    from assay.volume.certificate import Certificate
    from assay.volume.verify import Check, Verification

LONGEST = 60
"""Letters of a value that are shown: the JSON form has it in full."""


@click.command(
    epilog="Example: assay certify runs.ledger --standard 3sigma -o certificate.json --page certificate.html"
)
@ledger_argument
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
@click.option(
    "--verify",
    type=click.Path(path_type=Path),
    default=None,
    help="Compute this certificate again from the ledger, and say what differs.",
)
@question_options
@json_option
def command(
    ledger: Path,
    output: Path | None,
    page: Path | None,
    verify: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Certify the volume of errors of one system, from labels of a draw or a check of every output.

    A certificate is written whatever it says: exit status 3 where a standard is missed or not shown, or where a
    verified certificate differs.
    """
    if verify is not None:
        _refuse_options()
        _verify(ledger, verify, as_json=as_json)
        return
    if output is None:
        raise click.UsageError("say where to write it, as -o certificate.json; or --verify FILE")
    _issue(ledger, output, page, options, as_json=as_json)


# A certificate is of the whole window, and counts: a part picked out afterwards is no claim that was planned.
NOT_CERTIFIED = ("by", "severity_weights")
command.params = [one for one in command.params if one.name not in NOT_CERTIFIED]


def _refuse_options() -> None:
    context = click.get_current_context()
    given = [
        parameter.opts[-1]
        for parameter in context.command.params
        if parameter.name not in ("ledger", "verify", "as_json")
        and parameter.name is not None
        and context.get_parameter_source(parameter.name) is not ParameterSource.DEFAULT
    ]
    if given:
        raise click.UsageError(
            f"--verify takes its question from the certificate: leave out {', '.join(given)}"
        )


def _issue(
    ledger: Path, output: Path, page: Path | None, options: dict[str, Any], *, as_json: bool
) -> None:
    from assay.ledger.store import Ledger
    from assay.volume.certify import issue_certificate

    question = as_question(options)
    for file in filter(None, (output, page)):
        _refuse_taken(file)
    if page is not None and page.absolute() == output.absolute():
        raise click.UsageError(
            "-o and --page name the same file: the certificate is JSON, the page HTML"
        )
    certificate = issue_certificate(Ledger.open(ledger), question)
    files = {output: certificate.text}
    if page is not None:
        from assay.report.certificate_page import render_certificate

        files[page] = render_certificate(certificate)
    for file, text in files.items():
        _write(file, text)
    if as_json:
        emit(
            {
                "file": str(output),
                "page": None if page is None else str(page),
                "certificate": certificate.to_json(),
            }
        )
    else:
        _say(certificate, output, page)
        note(f"next: assay certify --verify {quote(str(output))} {quote(str(ledger))}")
    if certificate.decision is not None and certificate.decision.decision != "met":
        sys.exit(3)


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


def _say(certificate: Certificate, output: Path, page: Path | None) -> None:
    from assay.terminal import visible

    said = [certificate.claim, "", certificate.statement, "", "The conditions in full:"]
    said += [f"  ({place}) {one}" for place, one in enumerate(certificate.conditions, start=1)]
    said += ["", "It does not say:"]
    said += [f"  {one}" for one in certificate.does_not_say]
    said += ["", f"certificate: {output} (sha256 {certificate.sha256[:16]})"]
    if page is not None:
        said.append(f"page: {page}")
    for line in said:
        click.echo(visible(line))


def _verify(ledger: Path, file: Path, *, as_json: bool) -> None:
    from assay.ledger.store import Ledger
    from assay.terminal import visible
    from assay.volume.certificate_file import read_certificate
    from assay.volume.verify import verify_certificate

    certificate = read_certificate(file)
    verification = verify_certificate(Ledger.open(ledger), certificate)
    if as_json:
        emit({"file": str(file), **verification.to_json()})
    else:
        click.echo(visible(f"{file} claims: {certificate.claim}"))
        click.echo()
        for check in verification.checks:
            for line in _lines(check):
                click.echo(visible(line))
        click.echo()
        click.echo(_verdict(verification))
        for text in verification.notes:
            note(f"note: {text}")
    if not verification.holds:
        sys.exit(3)


def _lines(check: Check) -> list[str]:
    lines = [f"{check.status:<8}{check.name}"]
    if check.reason:
        lines.append(f"        {check.reason}")
    lines += [
        f"        {one.key} (claimed {_short(one.claimed)}, found {_short(one.found)})"
        for one in check.differences
    ]
    return lines


def _short(value: object) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _verdict(verification: Verification) -> str:
    total = len(verification.checks)
    bad = [check for check in verification.checks if check.status != "ok"]
    if not bad:
        return f"The certificate holds: all {total} checks are ok."
    differ = sum(check.status == "differs" for check in bad)
    unknown = len(bad) - differ
    parts = [f"{differ} of {total} checks differ"] if differ else []
    parts += [f"{unknown} of {total} can't be recomputed"] if unknown else []
    return f"The certificate is not shown to hold: {', '.join(parts)}."
