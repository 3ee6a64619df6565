"""Asking in two turns, as the first part of `assay probe knows`: step by step, then the answer only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.cli.output import note

if TYPE_CHECKING:
    from assay.cli.endpoint_options import EndpointOptions
    from assay.ledger.store import Ledger


def ask_two_turns(store: Ledger, endpoint: EndpointOptions, options: dict[str, Any]) -> int:
    """Put tasks in two turns; what is answered is not asked again.

    Parameters
    ----------
    store
        Where answers go.
    endpoint
    options
        tasks, system, version, temperature, max_tokens, seed and epochs, as `assay probe knows` has them.

    Returns
    -------
    The exit status: 0 where all is answered.
    """
    import asyncio

    from assay.ask.interrupt import run_until_stopped
    from assay.ask.place import AskSettings
    from assay.ask.run import AskPlan, AskReport, ask_tasks
    from assay.ask.tasks import read_tasks
    from assay.cli.ask_report import exit_status, progress_bar
    from assay.probe.knows_ask import two_turn_tasks

    made = two_turn_tasks(read_tasks(options["tasks"]))
    if made.several_turns or made.without_reference:
        note(
            f"left out: {made.several_turns:,} tasks of several turns, {made.without_reference:,} without a reference"
        )
    settings = AskSettings(
        options["system"],
        options["version"],
        model=endpoint.model or "",
        temperature=options["temperature"],
        max_tokens=options["max_tokens"],
        seed=options["seed"],
    )
    plan = AskPlan(made.tasks, settings, options["epochs"])
    answering = endpoint.open()

    async def work(stop: asyncio.Event) -> AskReport:
        try:
            with progress_bar(plan.answers) as advance:
                return await ask_tasks(
                    store, answering, plan, limits=endpoint.limits, on_progress=advance, stop=stop
                )
        finally:
            await answering.close()

    report = run_until_stopped(
        work, on_stop=lambda: note("stopping: waiting for answers on their way")
    )
    note(f"{report.asked:,} answers given now, {report.known:,} there before, {report.left:,} left")
    for failure in report.failures[:5]:
        note(f"failed: task {failure.task_id}, epoch {failure.epoch}: {failure.reason}")
    return exit_status(report)
