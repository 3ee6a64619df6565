"""`assay ask`: tasks to a system, every answer kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli.endpoint_options import EndpointOptions, endpoint_options
from assay.cli.finite_number import FiniteRange
from assay.cli.output import emit, json_option

if TYPE_CHECKING:
    from assay.ask.place import AskSettings
    from assay.ask.request import Endpoint
    from assay.ask.run import AskPlan, AskReport


@click.command(
    epilog="Example: assay ask tasks.jsonl --system helper@2 --url http://127.0.0.1:8080/v1 --model helper-2 "
    "--epochs 3 --into runs.ledger"
)
@click.argument("tasks", type=click.Path(path_type=Path))
@click.option(
    "--system", required=True, metavar="NAME@VERSION", help="What answers, as the ledger names it."
)
@click.option(
    "--into",
    "ledger",
    required=True,
    type=click.Path(path_type=Path),
    help="The ledger; made if need be.",
)
@endpoint_options
@click.option(
    "--replay",
    type=click.Path(path_type=Path),
    help="Answer with what this file recorded, and send nothing.",
)
@click.option(
    "--epochs",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="How often each is asked.",
)
@click.option("--temperature", type=FiniteRange(0), help="The server's own, where not given.")
@click.option("--max-tokens", type=click.IntRange(1), help="Most tokens of an answer.")
@click.option("--seed", type=int, help="Seed from which each task of each epoch gets its own.")
@click.option(
    "--prompt",
    type=click.Path(path_type=Path),
    help="A prompt variant: a file with {input}, and {context} if need be.",
)
@click.option("--limit", type=click.IntRange(1), help="Ask only so many tasks, the first ones.")
@click.option("--skip-bad", is_flag=True, help="Leave out lines that are no tasks.")
@click.option("--dry-run", is_flag=True, help="Show what would be asked and its greatest cost.")
@json_option
def command(
    tasks: Path,
    system: str,
    ledger: Path,
    endpoint: EndpointOptions,
    replay: Path | None,
    epochs: int,
    temperature: float | None,
    max_tokens: int | None,
    seed: int | None,
    prompt: Path | None,
    limit: int | None,
    skip_bad: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Put tasks to a system, several times each, and keep every answer in a ledger.

    The same command goes on where the last one ended: what is answered is not asked again.
    """
    from assay.ask.place import AskSettings
    from assay.ask.prompt import read_prompt
    from assay.ask.run import AskPlan
    from assay.ask.tasks import read_tasks
    from assay.cli.ask_report import note_tasks, show_preview

    name, version = _system(system)
    answers, settings = _answers(
        endpoint,
        replay,
        AskSettings(
            name,
            version,
            model=endpoint.model or "",
            temperature=temperature,
            max_tokens=max_tokens,
            seed=seed,
            prompt=read_prompt(prompt) if prompt else None,
        ),
    )
    found = read_tasks(tasks, skip_bad=skip_bad)
    note_tasks(found, settings.prompt)
    plan = AskPlan(found.first(limit), settings, epochs)
    if dry_run:
        show_preview(plan, ledger, endpoint.prices, as_json=as_json)
        return
    _ask(answers, plan, ledger, endpoint, as_json=as_json)


def _system(text: str) -> tuple[str, str]:
    name, _, version = text.rpartition("@") if "@" in text else (text, "", "")
    if not name:
        raise click.BadParameter("must be NAME@VERSION, as helper@2", param_hint="--system")
    return name, version


def _answers(
    options: EndpointOptions, replay: Path | None, settings: AskSettings
) -> tuple[Endpoint, AskSettings]:
    """Return what answers, and the settings with the recording in them where there is one."""
    from dataclasses import replace

    if replay is None:
        return options.open(), settings
    if options.url or options.model:
        raise click.UsageError("--replay answers itself: leave out --url and --model")
    from assay.ask.replay import Replay, read_recording

    recording = read_recording(replay)
    return Replay(recording), replace(settings, replay=recording.content_hash)


def _ask(
    answers: Endpoint, plan: AskPlan, ledger: Path, options: EndpointOptions, *, as_json: bool
) -> None:
    import asyncio

    from assay.ask.interrupt import run_until_stopped
    from assay.ask.run import ask_tasks
    from assay.cli.ask_report import exit_status, progress_bar, report_json, tell
    from assay.cli.output import note
    from assay.ledger.store import Ledger

    store = Ledger.create(ledger)

    async def work(stop: asyncio.Event) -> AskReport:
        try:
            with progress_bar(plan.answers) as advance:
                return await ask_tasks(
                    store, answers, plan, limits=options.limits, on_progress=advance, stop=stop
                )
        finally:
            await answers.close()

    report = run_until_stopped(
        work,
        on_stop=lambda: note(
            "stopping: waiting for the answers that are on their way (again to stop at once)"
        ),
    )
    if as_json:
        emit(report_json(report, plan, ledger))
    tell(report, plan, ledger, as_json=as_json)
    sys.exit(exit_status(report))
