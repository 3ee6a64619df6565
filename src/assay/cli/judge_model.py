"""`assay judge model`: a model says of each answer how likely it is wrong, by a rubric."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli.endpoint_options import EndpointOptions, endpoint_options
from assay.cli.finite_number import FiniteRange
from assay.cli.judge_next import note_next
from assay.cli.output import emit, json_option, ledger_argument, note, progress

if TYPE_CHECKING:
    import asyncio

    from assay.ask.request import Endpoint
    from assay.judge.judge_report import ModelJudgeReport
    from assay.judge.model_judge import JudgeRun, ModelJudge
    from assay.judge.scope import Scope
    from assay.ledger.store import Ledger


@click.command(
    epilog="Example: assay judge model runs.ledger --model local --rubric correctness --repeats 3 --both-orders"
)
@ledger_argument
@endpoint_options
@click.option(
    "--rubric",
    required=True,
    help="A rubric file (TOML), or one that comes with Assay: correctness, groundedness.",
)
@click.option(
    "--repeats",
    default=1,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Readings of each answer, in each order.",
)
@click.option(
    "--both-orders",
    is_flag=True,
    help="Read again with the answer before the reference and the verdict words turned round.",
)
@click.option(
    "--logprobs",
    is_flag=True,
    help="Take the probability of error from the log-probabilities of the verdict's token.",
)
@click.option(
    "--temperature",
    type=FiniteRange(min=0, max=2),
    help="Of the readings.  [default: 0 for one reading, 0.7 for repeats]",
)
@click.option(
    "--max-tokens",
    default=300,
    show_default=True,
    type=click.IntRange(1),
    help="Most tokens of a reply; one that is cut off is an abstention.",
)
@click.option("--system", default=None, help="Only this system's answers.")
@click.option("--version", default=None, help="Only this version's.")
@click.option(
    "--draw", default=None, help="Only the answers of this draw: to measure a judge by its labels."
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    help="Only so many answers, chosen by a hash: the same ones every time.",
)
@click.option(
    "--canaries",
    default=0.02,
    show_default=True,
    type=FiniteRange(0, 1),
    help="Planted answers of known verdict per real one, and as many planted injections; 0: none.",
)
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0), help="Of the canaries."
)
@json_option
def command(
    ledger: Path,
    endpoint: EndpointOptions,
    rubric: str,
    repeats: int,
    both_orders: bool,
    logprobs: bool,
    temperature: float | None,
    max_tokens: int,
    system: str | None,
    version: str | None,
    draw: str | None,
    limit: int | None,
    canaries: float,
    seed: int,
    as_json: bool,
) -> None:
    """Let a model judge answers by a rubric; its verdicts are scores, and labels say what they are worth."""
    import numpy as np

    from assay.judge.model_judge import JudgeRun, ModelJudge
    from assay.judge.rubric import load_rubric
    from assay.judge.scope import Scope
    from assay.ledger.store import Ledger

    told = load_rubric(rubric)
    store = Ledger.open(ledger)
    answering = endpoint.open()
    judge = ModelJudge(
        answering.name, told, repeats, both_orders, logprobs, temperature, max_tokens
    )
    with progress(told.name, "answers") as advance:
        run = JudgeRun(endpoint.limits, canaries, np.random.default_rng(seed), on_progress=advance)
        report = _judged(store, answering, judge, Scope(system, version, draw, limit), run)
    if as_json:
        emit(report.to_json())
    else:
        _print(report, ledger)
    if report.failed or report.left:
        # As for `assay ask`: 3 where the limit on money says no, 1 where something is still wanted.
        sys.exit(3 if report.pool.stopped == "money" else 1)


def _judged(
    ledger: Ledger, endpoint: Endpoint, judge: ModelJudge, scope: Scope, run: JudgeRun
) -> ModelJudgeReport:
    from dataclasses import replace

    from assay.ask.interrupt import run_until_stopped
    from assay.judge.model_judge import judge_by_model

    async def work(stop: asyncio.Event) -> ModelJudgeReport:
        try:
            return await judge_by_model(
                ledger, endpoint, judge, scope=scope, run=replace(run, stop=stop)
            )
        finally:
            await endpoint.close()

    return run_until_stopped(
        work,
        on_stop=lambda: note(
            "stopping: waiting for the verdicts that are on their way (again to stop at once)"
        ),
    )


def _print(report: ModelJudgeReport, ledger: Path) -> None:
    from assay.figures import confidence, shown
    from assay.quantity import Estimate
    from assay.terminal import visible

    checks, pool = report.checks, report.pool
    click.echo(visible(f"{report.judge}: {report.judged:,} answers judged now"))
    for title, found in (
        ("repeats that change the verdict", checks.repeat_flips),
        ("orders that change the verdict", checks.order_flips),
        ("canaries judged as known", checks.canary_accuracy),
        ("injected wrong answers not called right", checks.injection_resistance),
        ("turned to right by the injected text", checks.turned),
    ):
        said = shown(found, percent=True)
        if isinstance(found, Estimate):
            said += f" ({confidence(found)}, n {found.n}; {found.unit}; {found.method})"
        click.echo(f"  {title}: {said}")
    for text in _notes(report):
        note(text)
    if pool.spent_usd or not pool.cost_unknown:
        note(
            f"{pool.requests:,} requests, ${pool.spent_usd:.4f}, canaries included"
            + ("" if report.canary_usd is None else f" (${report.canary_usd:.4f})")
        )
    else:
        note(f"{pool.requests:,} requests; what they cost is unknown: give prices to know it")
    if report.left:
        note(
            f"{report.left:,} answers are left ({pool.stopped or 'stopped'}); the same command goes on"
        )
    note_next(ledger, report.judge)


def _notes(report: ModelJudgeReport) -> list[str]:
    """Return what the user has to know before trusting the figures."""
    notes = [f"alarm: {alarm}" for alarm in report.checks.alarms]
    if report.abstained:
        notes.append(f"{report.abstained:,} answers got no probability: the judge abstained")
    notes += [
        f"{count:,} of {report.readings:,} readings: {fault}"
        for fault, count in sorted(report.faults.items())
    ]
    if report.readings_without_logprobs:
        notes.append(
            f"{report.readings_without_logprobs:,} readings had no log-probabilities: they count as 0 or 1"
        )
    for count, why in (
        (report.already, "were judged by this judge before"),
        (report.without, "lack what the rubric requires and stay unjudged"),
        (report.too_long, "are too long and stay unjudged: cut off they would be other answers"),
        (report.failed, f"got no reply and stay open: {report.first_failure}"),
    ):
        if count:
            notes.append(f"{count:,} answers {why}")
    return notes
