"""`assay probe pushback`: what right push-back corrects, and what wrong push-back talks out of the truth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.endpoint_options import EndpointOptions, endpoint_options
from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, ledger_argument, note, progress

if TYPE_CHECKING:
    import asyncio

    from assay.ask.pool import PoolProgress
    from assay.judge.rules import Rule
    from assay.ledger.store import Ledger
    from assay.probe.pushback import PushbackResult
    from assay.probe.pushback_plan import PushbackSettings
    from assay.probe.pushback_read import PushbackTrials
    from assay.probe.pushback_run import PushbackPlan, PushbackRun

SHOWN_FAILURES = 5


@click.command(
    epilog="Example: assay probe pushback probes.ledger --tasks tasks.jsonl --system small@1 --model local --check "
    "numeric --seed 7.  What was asked before is read with: assay probe pushback probes.ledger --system small@1 "
    "--check numeric"
)
@ledger_argument
@click.option(
    "--system", required=True, metavar="NAME[@VERSION]", help="What is pushed back on, or was."
)
@click.option(
    "--tasks",
    default=None,
    type=click.Path(path_type=Path),
    help="Ask these tasks, then push back; what is answered is not asked again.",
)
@click.option(
    "--from-system",
    is_flag=True,
    help="Push back on answers that the ledger holds of --system, to tasks with references.",
)
@endpoint_options
@click.option(
    "--check",
    default="by-task",
    show_default=True,
    metavar="CHECK[/PARSER]",
    help="Says which answers are right, as in assay judge.",
)
@click.option(
    "--tolerance", default=0.0, metavar="X", type=FiniteRange(0), help="numeric: absolute."
)
@click.option(
    "--rounds",
    default=2,
    show_default=True,
    type=click.IntRange(1),
    help="How often the user insists while nothing changes.",
)
@click.option(
    "--wordings",
    default="1",
    show_default=True,
    metavar="N|all",
    help="Wordings of each pressure a task; other tasks get others.",
)
@click.option(
    "--pressure",
    "pressures",
    multiple=True,
    help="Only this one, and its control; repeat for several.  [default: all]",
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Chooses wordings and wrong answers, and is sent along.",
)
@click.option(
    "--temperature", default=0.0, show_default=True, type=FiniteRange(0), help="Of each reply."
)
@click.option(
    "--max-tokens",
    default=100,
    show_default=True,
    type=click.IntRange(1),
    help="Most tokens of a reply.",
)
@click.option(
    "--prompt",
    default=None,
    type=click.Path(path_type=Path),
    help="A prompt variant: a file with {input}.",
)
@click.option("--limit", type=click.IntRange(1), help="Push back on only so many tasks.")
@click.option(
    "--volume-of",
    default=None,
    type=click.Path(path_type=Path),
    help="The ledger of the traffic whose errors are divided.",
)
@click.option(
    "--per-day",
    default=None,
    type=FiniteRange(0, min_open=True),
    help="Outputs per day, where that log does not tell.",
)
@click.option("--confidence", default=0.95, show_default=True, help="Confidence level.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write a page with the pictures (HTML)."
)
@json_option
def command(ledger: Path, endpoint: EndpointOptions, *, as_json: bool, **options: Any) -> None:
    """Push back in balanced fashion: wrongly on right answers, rightly on wrong ones, in several ways.

    Says what is corrected, what is talked out of the truth, d' and criterion for each pressure, beside a neutral "are
    you sure?". It is best kept in a ledger of its own: its conversations are not traffic.
    """
    from assay.judge.rules import CheckSettings, rule_named
    from assay.ledger.store import Ledger
    from assay.probe.pushback import pushback_result
    from assay.probe.pushback_plan import run_name
    from assay.probe.pushback_read import read_trials
    from assay.probe.pushback_run import write_verdicts

    _check_words(endpoint, options)
    tolerance = options["tolerance"]
    rule = rule_named(
        options["check"], settings=CheckSettings(tolerance=tolerance) if tolerance else None
    )
    pushing = _pushing(options)
    name, version = _named(options["system"])
    asks = options["tasks"] is not None or options["from_system"]
    run = None
    if asks:
        plan = _plan(rule, endpoint, (name, version or ""), pushing, options)
        store = Ledger.create(ledger) if options["tasks"] is not None else Ledger.open(ledger)
        status = _ask(store, endpoint, plan)
        if status:
            sys.exit(status)
        version, run = version or "", run_name(plan.settings, pushing)
    else:
        store = Ledger.open(ledger)
    read = read_trials(store, rule, name, version, run=run)
    if asks:
        note(f"{write_verdicts(store, read):,} verdicts written")
    read = read.under(one.name for one in pushing.chosen())
    _tell(read, pushback_result(read, confidence_level=options["confidence"]), options, as_json=as_json)  # fmt: skip


def _check_words(endpoint: EndpointOptions, options: dict[str, Any]) -> None:
    """Refuse what can't be meant, before minutes of asking."""
    from assay.errors import BadInput

    if options["tasks"] is not None and options["from_system"]:
        raise click.UsageError("--tasks asks anew and --from-system does not: give one of them")
    if options["tasks"] is None and not options["from_system"] and (endpoint.url or endpoint.model):
        raise click.UsageError("--url and --model ask: name --tasks FILE or --from-system")
    if options["per_day"] is not None and options["volume_of"] is None:
        raise click.UsageError("--per-day goes with --volume-of: the ledger of the traffic")
    if not 0.5 <= options["confidence"] < 1:
        raise click.BadParameter("must be at least 0.5 and below 1", param_hint="--confidence")
    output = options["output"]
    if output is not None and not output.parent.is_dir():
        raise BadInput(f"{output} can't be written: there is no folder {output.parent}")


def _named(system: str) -> tuple[str, str | None]:
    if "@" not in system:
        return system, None
    name, _, version = system.rpartition("@")
    return name, version


def _pushing(options: dict[str, Any]) -> PushbackSettings:
    from assay.probe.pushback_plan import PushbackSettings
    from assay.probe.pushback_words import PRESSURES

    given = options["wordings"]
    if given != "all" and not given.isdecimal():
        raise click.BadParameter("must be a number or all", param_hint="--wordings")
    return PushbackSettings(
        rounds=options["rounds"],
        wordings=None if given == "all" else int(given),
        seed=options["seed"],
        pressures=options["pressures"] or tuple(PRESSURES),
    )


def _plan(
    rule: Rule,
    endpoint: EndpointOptions,
    system: tuple[str, str],
    pushing: PushbackSettings,
    options: dict[str, Any],
) -> PushbackPlan:
    from assay.ask.place import AskSettings
    from assay.ask.prompt import read_prompt
    from assay.ask.tasks import read_tasks
    from assay.cli.ask_report import note_tasks
    from assay.probe.pushback_run import PushbackPlan

    settings = AskSettings(
        *system,
        model=endpoint.model or "",
        temperature=options["temperature"],
        max_tokens=options["max_tokens"],
        seed=options["seed"],
        prompt=read_prompt(options["prompt"]) if options["prompt"] else None,
    )
    tasks = None
    if options["tasks"] is not None:
        found = read_tasks(options["tasks"])
        note_tasks(found, settings.prompt)
        tasks = found.first(options["limit"])
    return PushbackPlan(tasks, rule, settings, pushing, options["limit"])


def _ask(store: Ledger, endpoint: EndpointOptions, plan: PushbackPlan) -> int:
    """Ask what is missing; return the exit status: 0 where nothing is left."""
    from assay.ask.interrupt import run_until_stopped
    from assay.probe.pushback_run import run_pushback

    answering = endpoint.open()

    async def work(stop: asyncio.Event) -> PushbackRun:
        with progress("push-back", "conversations") as advance:

            def on_progress(part: str, now: PoolProgress, wanted: int) -> None:
                # The bar fills with first answers, and then once more with conversations.
                advance(now.done if part == "push-back" else 0, now.done / wanted)

            try:
                return await run_pushback(
                    store, answering, plan, limits=endpoint.limits, on_progress=on_progress, stop=stop
                )  # fmt: skip
            finally:
                await answering.close()

    run = run_until_stopped(
        work, on_stop=lambda: note("stopping: waiting for answers on their way (again to stop at once)")
    )  # fmt: skip
    _tell_asked(run)
    if run.left == 0:
        return 0
    note("something is still wanted; the same command goes on where this one ended")
    return 3 if run.stopped == "money" else 1


def _tell_asked(run: PushbackRun) -> None:
    if run.first is not None:
        note(f"{run.first.asked:,} first answers asked now, {run.first.known:,} known already")
        for failure in run.first.failures[:SHOWN_FAILURES]:
            note(f"failed: task {failure.task_id}: {failure.reason}")
    if run.plan is not None:
        if run.plan.undecided:
            note(f"{run.plan.undecided:,} first answers can't be read by the check: left alone")
        for name, tasks in run.plan.unnamed.items():
            note(f"{name}: no answer could be named for {tasks:,} tasks")
    if run.pushed is not None:
        note(
            f"{run.pushed.asked:,} replies asked now, {run.pushed.known:,} known already, "
            f"{run.pushed.branches:,} conversations"
        )
        for key, reason in list(run.pushed.failures.items())[:SHOWN_FAILURES]:
            note(f"failed: {key}: {reason}")


def _tell(
    read: PushbackTrials, result: PushbackResult, options: dict[str, Any], *, as_json: bool
) -> None:
    from assay.estimate.product import each_level
    from assay.ledger.store import Ledger
    from assay.probe.pushback import with_volume

    if options["volume_of"] is not None:
        from assay.volume.errors_per_day import VolumeSource, errors_per_day

        source = VolumeSource(Ledger.open(options["volume_of"]), options["per_day"])
        level = each_level(result.confidence_level)
        volume = errors_per_day(source, read.system, None, confidence_level=level)
        result = with_volume(result, volume)
    if options["output"] is not None:
        from assay.report.pushback_page import write_pushback

        size = write_pushback(result, options["output"])
        note(f"page: {options['output']} ({size / 1000:.0f} kB)")
    if as_json:
        emit(result.to_json())
        return
    from assay.report.pushback_text import print_pushback

    print_pushback(result, console())
