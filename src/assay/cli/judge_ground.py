"""`assay judge ground`: whether the words and numbers of an answer stand in the context given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.judge_next import note_next
from assay.cli.output import emit, json_option, note, progress

if TYPE_CHECKING:
    from assay.judge.grounding import GroundingReport


@click.command(epilog="Example: assay judge ground runs.ledger --method lexical-1")
@click.argument("ledger", type=click.Path(path_type=Path), required=False)
@click.option(
    "--method",
    type=click.Choice(["lexical-1", "lexical", "numbers"]),
    default="lexical-1",
    show_default=True,
    help="29 features weighed; the mean of four shares; or the numbers that the source does not hold.",
)
@click.option(
    "--source",
    type=click.Choice(["context", "input"]),
    default="context",
    show_default=True,
    help="What answers are held against; input: where the request itself holds the text.",
)
@click.option("--system", default=None, help="Score only this system's answers.")
@click.option("--version", default=None, help="Score only this version's.")
@click.option(
    "--card", is_flag=True, help="Print what was measured of these judges; no ledger is needed."
)
@json_option
def command(
    ledger: Path | None,
    method: str,
    source: str,
    system: str | None,
    version: str | None,
    card: bool,
    as_json: bool,
) -> None:
    """Score each answer by what of it is not in the context that it was given.

    Words are read, not meaning: no model, no network. Scores say where to look first; labels say what they are worth.
    """
    if card:
        _card(as_json=as_json)
        return
    if ledger is None:
        raise click.UsageError("Missing argument 'LEDGER'.")
    from typing import cast

    from assay.judge.grounding import GroundingJudge, Method, SourceColumn, judge_by_grounding
    from assay.judge.run_check import Selection
    from assay.ledger.store import Ledger

    judge = GroundingJudge(cast(Method, method), cast(SourceColumn, source))
    with progress(method, "answers") as advance:
        report = judge_by_grounding(
            Ledger.open(ledger), judge, window=Selection(system, version), progress=advance
        )
    if as_json:
        emit(_json(report))
        return
    _print(report, ledger, source)


def _json(report: GroundingReport) -> dict[str, object]:
    return {
        "judge": report.judge,
        "traces": report.traces,
        "scored": report.scored,
        "unscored": report.unscored,
        "without_source": report.without_source,
        "already": report.already,
        "cut": report.cut,
    }


def _print(report: GroundingReport, ledger: Path, source: str) -> None:
    click.echo(f"{report.judge}: {report.scored:,} answers scored now")
    other = " (--source input reads the request instead)" if source == "context" else ""
    for count, why in (
        (report.already, "were judged by this judge before"),
        (report.unscored, "hold nothing to look for, and get no score"),
        (report.without_source, f"have no {source}, and stay unjudged{other}"),
        (report.cut, "were read in part: the text is longer than the judge reads"),
    ):
        if count:
            note(f"{count:,} answers {why}")
    if report.scored or report.already:
        note("a score orders answers; it is no probability, and no error rate")
        note_next(ledger, report.judge)


def _card(*, as_json: bool) -> None:
    from assay.judge.lexical_model import lexical_1

    model = lexical_1()
    if as_json:
        emit({"card": model.card, "weights": model.weights()})
        return
    measured: list[dict[str, Any]] = list(model.card["measured"])
    _table(measured)
    told: dict[str, list[str]] = {}
    for row in measured:
        about = f"{row['origin']}. Group: {row['within']}. Caution: {row['caution']}."
        told.setdefault(about, []).append(
            f"{row['data']}: {row['wrong']:,} of {row['n']:,} wrong; the group alone gets "
            f"{row['group_alone_in_sample']:.3f} in sample; "
            f"{row['cpu_ms_per_answer']:g} ms of CPU an answer."
        )
    for about, lines in told.items():
        click.echo("\n".join([*lines, f"  {about}"]))
    click.echo(f"Limits: {model.card['limits']}. Weights: {model.card['weights']}.")
    click.echo("Not measured: " + "; ".join(model.card["not_measured"]) + ".")
    click.echo(f"Use: {model.card['use']}.")


def _table(measured: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from assay.cli.output import console

    table = Table(title="AUROC with 95 % limits", title_justify="left", box=None, pad_edge=False)
    for name in ("data", "judge", "n", "AUROC", "within group", "length alone", "rho²"):
        table.add_column(name, justify="left" if name in ("data", "judge") else "right")
    for row in measured:
        for judge in ("lexical-1", "words-grounded@1", "numbers-grounded@1"):
            found = row[judge]
            first = judge == "lexical-1"
            table.add_row(
                row["data"] if first else "",
                judge.partition("-grounded")[0],
                f"{found['n']:,}",
                _span(found["auroc"]),
                _span(found["auroc_within"]),
                _span(row["length_alone"]) if first else "",
                f"{found['rho_squared']:.3f}"[1:],
            )
    console().print(table)


def _span(found: dict[str, float]) -> str:
    value, low, high = (f"{found[name]:.3f}".removeprefix("0") for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"
