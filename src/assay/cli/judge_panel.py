"""`assay judge panel`: several judges as one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.judge_next import note_next
from assay.cli.output import emit, json_option, ledger_argument, note, progress

if TYPE_CHECKING:
    from assay.judge.panel import PanelReport


@click.command(
    epilog="Example: assay judge panel runs.ledger --of 'judge A' --of 'judge B' --of 'judge C'; "
    "`assay ledger info runs.ledger` lists the judges."
)
@ledger_argument
@click.option(
    "--of",
    "judges",
    multiple=True,
    required=True,
    metavar="JUDGE",
    help="A judge with scores here.",
)
@click.option("--name", default="panel", show_default=True, help="First word of the panel's name.")
@click.option(
    "--cut",
    default=0.5,
    show_default=True,
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    help="A judge votes wrong above this probability of error.",
)
@click.option("--anchors", metavar="DRAW", default=None, help="A draw whose labels help to fit.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of the limits.")
@json_option
def command(
    ledger: Path,
    judges: tuple[str, ...],
    name: str,
    cut: float,
    anchors: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Weigh several judges by how each seems to err (Dawid-Skene), and score every answer by all of them."""
    import numpy as np

    from assay.judge.panel import Panel, judge_by_panel
    from assay.ledger.store import Ledger

    panel = Panel(judges, name, cut, anchors)
    with progress(name, "answers") as advance:
        report = judge_by_panel(
            Ledger.open(ledger), panel, rng=np.random.default_rng(seed), progress=advance
        )
    if as_json:
        emit(report.to_json())
        return
    _print(report, ledger)


def _print(report: PanelReport, ledger: Path) -> None:
    from assay.figures import confidence, shown
    from assay.quantity import Estimate, Quantity, Unknown
    from assay.terminal import visible

    def said(found: Quantity) -> str:
        if isinstance(found, Unknown):
            return shown(found)
        return f"{shown(found)} ({confidence(found)}, n {found.n}; {found.method})"

    click.echo(visible(f"{report.judge}: {report.scored:,} answers scored now"))
    for member in report.members:
        click.echo(
            visible(f"  {member.judge}: {member.called_wrong:,} of {member.votes:,} called wrong")
        )
        if isinstance(member.sensitivity, Estimate):
            click.echo(
                f"    assumed, not measured: sensitivity {shown(member.sensitivity, percent=True)}, "
                f"specificity {shown(member.specificity, percent=True)} "
                f"({confidence(member.sensitivity)} if it holds, n {member.sensitivity.n}; {member.sensitivity.method})"
            )
    for one, other, found in report.correlations:
        if isinstance(found, Estimate):
            click.echo(visible(f"  errors of {one} and {other} correlate: {said(found)}"))
    click.echo(f"  independent judges they are worth: {said(report.effective_judges)}")
    if report.converged is None and isinstance(report.members[0].sensitivity, Unknown):
        note(f"{report.members[0].sensitivity.reason}: the score is the mean of theirs")
    elif report.converged is False:
        note("the fit did not come to rest: its figures may still move")
    note(
        "judges that learned alike err alike, and the model takes them to be independent witnesses"
    )
    note_next(ledger, report.judge)
