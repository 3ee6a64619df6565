"""`assay judge`: a mechanical check over every trace."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click

from assay.cli.output import emit, json_option, ledger_argument, note, progress


@click.command(epilog=r"Example: assay judge runs.ledger --check exact --extract '\[(yes|no)\]'")
@ledger_argument
@click.option(
    "--check",
    required=True,
    type=click.Choice(["exact", "numeric"]),
    help="The rule that compares.",
)
@click.option(
    "--extract",
    default=None,
    help="Regular expression: the answer is its last match in the output.",
)
@json_option
def command(ledger: Path, check: str, extract: str | None, as_json: bool) -> None:
    """Compare every answer with its reference, by a rule that becomes the judge's name."""
    from assay.judge.check import Check, judge_by_check
    from assay.ledger.store import Ledger

    rule = Check(check, extract)
    with progress(check, "traces") as advance:
        judged, missing, found = judge_by_check(Ledger.open(ledger), rule, progress=advance)
    if as_json:
        emit({"judge": rule.judge, "judged": judged, "without_reference": missing, "found": found})
        return
    click.echo(f"{rule.judge}: {judged:,} traces judged now")
    if extract is not None:
        note(
            f"the pattern was found in {found:,} of {judged:,} outputs; where it is not, nothing was answered: wrong"
        )
    if missing:
        note(f"{missing:,} traces have no reference and stay unjudged: a count needs them all")
    note(f"next: assay volume {quote(str(ledger))}")
