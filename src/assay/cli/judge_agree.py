"""`assay judge agree`: whether the other epochs, or other systems, give the same answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli.judge_next import note_next
from assay.cli.output import emit, json_option, ledger_argument, note, progress

if TYPE_CHECKING:
    from assay.judge.agreement import AgreementReport


@click.command(
    epilog="Example: assay judge agree runs.ledger --between systems --system big --with small --parser last-number"
)
@ledger_argument
@click.option(
    "--between",
    type=click.Choice(["epochs", "systems"]),
    default=None,
    help="Compare with the same system's other answers to the task, or with other systems'.  "
    "[default: epochs; systems where --with is given]",
)
@click.option(
    "--with",
    "others",
    multiple=True,
    metavar="SYSTEM[@VERSION]",
    help="A system to compare with; repeat for several.  [default: all others]",
)
@click.option(
    "--parser",
    default="answer",
    show_default=True,
    help="What is taken out of an output: answer, last-number, boxed, last-match=PATTERN ...",
)
@click.option(
    "--same-as",
    type=click.Choice(["number", "text"]),
    default="number",
    show_default=True,
    help="number: 57.00 is 57, and what is no number is compared as text.",
)
@click.option("--system", default=None, help="Score only this system's answers.")
@click.option("--version", default=None, help="Score only this version's.")
@json_option
def command(
    ledger: Path,
    between: str | None,
    others: tuple[str, ...],
    parser: str,
    same_as: str,
    system: str | None,
    version: str | None,
    as_json: bool,
) -> None:
    """Score each answer by the share of the other answers to its task that differ from it.

    No model, reference or label is needed. Errors that all make alike are not seen: scores say where to look first.
    """
    from typing import cast

    from assay.judge.agreement import AgreementJudge, Between, SameAs, judge_by_agreement
    from assay.judge.rules import parser_named
    from assay.judge.run_check import Selection
    from assay.ledger.store import Ledger

    chosen = between or ("systems" if others else "epochs")
    judge = AgreementJudge(
        cast(Between, chosen), parser_named(parser), cast(SameAs, same_as), others
    )
    with progress("agreement", "traces") as advance:
        report = judge_by_agreement(
            Ledger.open(ledger), judge, window=Selection(system, version), progress=advance
        )
    if as_json:
        emit(_json(report))
        return
    _print(report, ledger)


def _json(report: AgreementReport) -> dict[str, object]:
    return {
        "judge": report.judge,
        "traces": report.traces,
        "compared": report.compared,
        "mostly_different": report.mostly_different,
        "disagreement": report.disagreement.to_json(),
        "alone": report.alone,
        "unreadable": report.unreadable,
        "written": report.written,
    }


def _print(report: AgreementReport, ledger: Path) -> None:
    from assay.figures import shown
    from assay.terminal import visible

    name = visible(report.judge)
    click.echo(f"{name}: {report.written:,} scores written now")
    click.echo(f"  at least half of the others differ: {shown(report.disagreement, percent=True)}")
    for count, why in (
        (report.alone, "traces have no other answer to their task: no score"),
        (report.unreadable, "traces can't be read by the parser: no score"),
    ):
        if count:
            note(f"{count:,} {why}")
    note("this is no error rate: errors that all make alike agree, and right answers may differ")
    note_next(ledger, report.judge)
