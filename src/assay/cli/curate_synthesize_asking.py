"""What `assay curate synthesize` asks: the system for answers, and a model judge for verdicts."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from assay.cli.endpoint_options import EndpointOptions
from assay.cli.output import note

if TYPE_CHECKING:
    import asyncio

    from assay.ask.run import AskReport
    from assay.curate.synthesize import SynthesisFolder
    from assay.curate.synthesize_gate import VerifierSpec


@dataclass(frozen=True, slots=True)
class Judging:
    """Which model judges, where one does."""

    url: str | None
    model: str | None


def asked(folder: SynthesisFolder, answers: Any, options: EndpointOptions) -> AskReport:
    """Ask for the answers that are missing."""
    from assay.ask.interrupt import run_until_stopped
    from assay.ask.run import ask_tasks
    from assay.cli.ask_report import progress_bar
    from assay.ledger.store import Ledger

    store = Ledger.create(folder.ledger_path)

    async def work(stop: asyncio.Event) -> AskReport:
        try:
            with progress_bar(folder.plan.answers) as advance:
                return await ask_tasks(
                    store,
                    answers,
                    folder.plan,
                    limits=options.limits,
                    on_progress=advance,
                    stop=stop,
                )
        finally:
            await answers.close()

    return run_until_stopped(work, on_stop=_stopping)


def _stopping() -> None:
    note("stopping: waiting for the answers that are on their way (again to stop at once)")


def judged(
    ledger: Any, spec: VerifierSpec, endpoint: EndpointOptions, judging: Judging, spent: float
) -> str:
    """Run a model judge, and return its name; end where answers stay unjudged."""
    from dataclasses import replace

    from assay.ask.interrupt import run_until_stopped
    from assay.judge.judge_report import ModelJudgeReport
    from assay.judge.model_judge import JudgeRun, ModelJudge, judge_by_model
    from assay.judge.rubric import load_rubric
    from assay.judge.scope import Scope

    if judging.url or judging.model:
        if endpoint.max_usd is not None:
            raise click.UsageError(
                "--max-usd holds for one price: with another judge, verify in a second command on the folder"
            )
        url = judging.url or (endpoint.url if judging.model != "local" else None)
        endpoint = replace(
            endpoint, url=url, model=judging.model or endpoint.model,
            usd_per_million_input=None, usd_per_million_output=None,
        )  # fmt: skip
    elif endpoint.max_usd is not None:
        left = endpoint.max_usd - spent
        if left <= 0:
            note("the limit on money is reached: nothing is left for the judge")
            sys.exit(3)
        endpoint = replace(endpoint, max_usd=left)
    answering = endpoint.open()
    judge = ModelJudge(answering.name, load_rubric(spec.rubric))

    async def work(stop: asyncio.Event) -> ModelJudgeReport:
        try:
            run = JudgeRun(endpoint.limits, canary_share=0.0, stop=stop)
            return await judge_by_model(ledger, answering, judge, scope=Scope(), run=run)
        finally:
            await answering.close()

    report = run_until_stopped(work, on_stop=_stopping)
    if report.failed or report.left:
        why = f": {report.first_failure}" if report.first_failure else ""
        note(
            f"{report.failed + report.left:,} answers are not judged yet{why}; the same command goes on"
        )
        sys.exit(3 if report.pool.stopped == "money" else 1)
    return report.judge
