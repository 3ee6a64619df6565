"""Asking the tasks of a probe before it is read: what `assay ask` does, as the first part of another command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.cli.endpoint_options import EndpointOptions
from assay.cli.output import note

if TYPE_CHECKING:
    import asyncio

    from assay.ask.prompt import Prompt
    from assay.ask.request import Endpoint
    from assay.ask.run import AskPlan, AskReport
    from assay.ledger.store import Ledger


def ask_first(ledger: Path, endpoint: EndpointOptions, system: str, options: dict[str, Any]) -> int:
    """Ask what is missing, and return the exit status of it: 0 where all is answered.

    Parameters
    ----------
    ledger
        Made if need be.
    endpoint
    system
        NAME@VERSION.
    options
        tasks, epochs, temperature, max_tokens, seed and prompts, as `assay probe stability` has them.
    """
    from assay.ask.place import AskSettings
    from assay.ask.prompt import read_prompt
    from assay.ask.run import AskPlan
    from assay.ask.tasks import read_tasks
    from assay.cli.ask_report import exit_status, note_tasks
    from assay.ledger.store import Ledger

    name, _, version = system.rpartition("@") if "@" in system else (system, "", "")
    tasks = read_tasks(options["tasks"])
    store = Ledger.create(ledger)
    wordings: list[Prompt | None] = [read_prompt(path) for path in options["prompts"]]
    worst = 0
    for wording in wordings or [None]:
        note_tasks(tasks, wording)
        settings = AskSettings(
            name,
            version,
            model=endpoint.model or "",
            temperature=options["temperature"],
            max_tokens=options["max_tokens"],
            seed=options["seed"],
            prompt=wording,
        )
        report = _asked(
            store, endpoint.open(), AskPlan(tasks, settings, options["epochs"]), endpoint
        )
        _tell(report, wording.variant if wording else "")
        worst = max(worst, exit_status(report))
    return worst


def _asked(store: Ledger, answers: Endpoint, plan: AskPlan, endpoint: EndpointOptions) -> AskReport:
    from assay.ask.interrupt import run_until_stopped
    from assay.ask.run import ask_tasks
    from assay.cli.ask_report import progress_bar

    async def work(stop: asyncio.Event) -> AskReport:
        try:
            with progress_bar(plan.answers) as advance:
                return await ask_tasks(
                    store, answers, plan, limits=endpoint.limits, on_progress=advance, stop=stop
                )
        finally:
            await answers.close()

    return run_until_stopped(
        work,
        on_stop=lambda: note(
            "stopping: waiting for the answers that are on their way (again to stop at once)"
        ),
    )


def _tell(report: AskReport, wording: str) -> None:
    under = f" under {wording}" if wording else ""
    note(
        f"{report.asked:,} answers asked now{under}, {report.known:,} known already, {report.wanted:,} wanted"
    )
    for failure in report.failures[:5]:
        note(f"failed: task {failure.task_id}, epoch {failure.epoch}: {failure.reason}")
    if report.left:
        note(f"{report.left:,} answers are still wanted; the same command goes on")
