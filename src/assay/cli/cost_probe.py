"""`assay cost probe`: set-ups asked the same checkable tasks, timed, judged and ranked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.cost_options import check_answerable, price_options, rank
from assay.cli.finite_number import POSITIVE as ABOVE_NOUGHT
from assay.cli.output import json_option, note
from assay.cli.refuse_early import check_page

if TYPE_CHECKING:
    from assay.ask.request import Endpoint
    from assay.ask.tasks import TaskFile
    from assay.capability.load import Load
    from assay.capability.probed import Probed
    from assay.capability.speed.run import PerfRun
    from assay.ledger.store import Ledger


@click.command(
    epilog="Example: assay cost probe --local --threads 1 --threads 2 examples/desk/tasks.jsonl.gz --limit 40 "
    "-o probe.ledger --escape-cost 2 --usd-per-hour 0.05 --watts 60 --usd-per-kwh 0.30"
)
@click.argument("where", nargs=-1, required=True, metavar="[URL] TASKS")
@click.option(
    "-o",
    "--output",
    "ledger",
    required=True,
    type=click.Path(path_type=Path),
    help="The ledger that answers go into; made if need be.",
)
@click.option("--local", is_flag=True, help="Probe the embedded model; leave the URL out.")
@click.option(
    "--threads",
    multiple=True,
    type=click.IntRange(1, 256),
    help="With --local: threads of the model. Each one given is a set-up.",
)
@click.option("--model", default=None, help="With a URL: the model to ask for.")
@click.option(
    "--system",
    default=None,
    metavar="NAME@VERSION",
    help="With a URL: the set-up, as the ledger names it. [default: the model's name]",
)
@click.option(
    "--rate",
    "per_second",
    type=ABOVE_NOUGHT,
    metavar="PER_SECOND",
    help="Let requests come at random times, so many a second, answered or not. [default: one after another]",
)
@click.option(
    "--check",
    default="by-task",
    show_default=True,
    help="What decides right from wrong; by-task: each task's own.",
)
@click.option(
    "--prompt", type=click.Path(path_type=Path), help="A prompt variant: a file with {input}."
)
@click.option(
    "--max-tokens",
    type=click.IntRange(1),
    default=48,
    show_default=True,
    help="Most tokens of an answer.",
)
@click.option("--limit", type=click.IntRange(1), help="Ask only so many tasks, the first ones.")
@click.option(
    "--timeout",
    default=120.0,
    show_default=True,
    type=ABOVE_NOUGHT,
    help="Seconds for each request.",
)
@click.option(
    "--api-key-env", default=None, metavar="NAME", help="With a URL: variable that holds the key."
)
@price_options
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="PAGE",
    help="Write a page with charts: -o is the ledger here.",
)
@json_option
def command(
    where: tuple[str, ...], ledger: Path, html: Path | None, as_json: bool, **options: Any
) -> None:
    """Ask set-ups the same checkable tasks, time and judge every answer, and rank them by what a right one costs.

    The same command goes on where the last one ended: what is answered is not asked again. Run it on a machine that has
    nothing else to do: latencies are those of the machine as busy as it was.
    """
    from assay.ask.tasks import read_tasks
    from assay.capability.load import Load
    from assay.judge.rules import rule_named
    from assay.ledger.store import Ledger

    asked = {name: options.pop(name) for name in _ASKED}
    url, file = _places(where, asked)
    # All that can be refused is, before a request is paid for.
    _check_apart(html, ledger)
    check_page(html)
    check_answerable({**options, "systems": ()})
    asked["rule"] = rule_named(asked["check"])
    tasks = read_tasks(Path(file)).first(asked["limit"])
    load = Load(asked["per_second"], options["simulation_seed"])
    store = Ledger.create(ledger)
    names, runs = [], []
    for endpoint, name, version in _setups(url, asked):
        found = _probe(store, endpoint, tasks, (name, version), load=load, asked=asked)
        names.append(name)
        if found.requests:
            runs.append(found)
    systems = {**options, "systems": tuple(dict.fromkeys(names))}
    rank(ledger, systems, html=html, as_json=as_json, runs=runs)


_LATE_SECONDS = 0.1
"""From here on it is said that the load was not what was asked for."""

_ASKED = (
    "local",
    "threads",
    "model",
    "system",
    "per_second",
    "check",
    "prompt",
    "max_tokens",
    "limit",
    "timeout",
    "api_key_env",
)


def _check_apart(page: Path | None, ledger: Path) -> None:
    if page is not None and ledger.resolve() in (page.resolve(), *page.resolve().parents):
        raise click.UsageError(f"--html {page} lies in the ledger -o {ledger}: name another file")


def _places(where: tuple[str, ...], asked: dict[str, Any]) -> tuple[str | None, str]:
    if asked["local"]:
        if len(where) != 1:
            raise click.UsageError("--local takes the tasks alone: probe --local TASKS -o LEDGER")
        if asked["model"] or asked["system"]:
            raise click.UsageError(
                "--local names model and set-up itself: leave out --model and --system"
            )
        return None, where[0]
    if len(where) != 2:
        raise click.UsageError("say where and what: probe URL TASKS -o LEDGER, or --local TASKS")
    if asked["threads"]:
        raise click.UsageError("--threads goes with --local: a server's threads are its own")
    if not asked["model"]:
        raise click.UsageError("--model is missing: say which model the server is to answer with")
    if asked["system"] is not None and not asked["system"].partition("@")[0].strip():
        raise click.UsageError(
            f"--system {asked['system']!r} names no system: NAME or NAME@VERSION"
        )
    return where[0], where[1]


def _setups(url: str | None, asked: dict[str, Any]) -> Any:
    """Yield each set-up: its endpoint, its name and version. One at a time is open."""
    rate = f", {asked['per_second']:g}/s" if asked["per_second"] else ""
    if url is not None:
        from assay.ask.open_endpoint import EndpointSettings, open_endpoint
        from assay.capability.probed import MOST_IN_FLIGHT

        name, _, version = (asked["system"] or asked["model"]).partition("@")
        settings = EndpointSettings(
            asked["api_key_env"],
            asked["timeout"],
            max_concurrency=1 if asked["per_second"] is None else MOST_IN_FLIGHT,
        )
        yield (
            open_endpoint(url, asked["model"], settings=settings),
            name,
            f"{version}{rate}".lstrip(", "),
        )
        return
    from assay.ask.local_model import LocalModel

    for threads in dict.fromkeys(asked["threads"] or (1,)):
        model = LocalModel(slots=1, threads=threads)
        words = "1 thread" if threads == 1 else f"{threads} threads"
        yield model, model.name, f"{words}{rate}"


def _probe(
    store: Ledger,
    endpoint: Endpoint,
    tasks: TaskFile,
    system: tuple[str, str],
    *,
    load: Load,
    asked: dict[str, Any],
) -> PerfRun:
    import asyncio

    from assay.ask.interrupt import run_until_stopped
    from assay.ask.place import AskSettings
    from assay.ask.prompt import read_prompt
    from assay.capability.probed import probe_setup
    from assay.cli.ask_report import exit_status, note_failures, progress_bar

    name, version = system
    prompt = read_prompt(asked["prompt"]) if asked["prompt"] else None
    settings = AskSettings(
        name,
        version,
        model=endpoint.name,
        temperature=0.0,
        max_tokens=asked["max_tokens"],
        seed=1,
        prompt=prompt,
    )

    async def work(stop: asyncio.Event) -> Probed:
        try:
            with progress_bar(len(tasks.tasks)) as advance:
                return await probe_setup(
                    store,
                    endpoint,
                    (tasks, settings),
                    load=load,
                    check=asked["rule"],
                    on_progress=advance,
                    stop=stop,
                )
        finally:
            await endpoint.close()

    found = run_until_stopped(
        work, on_stop=lambda: note("stopping: waiting for the answers on their way")
    )
    judged = found.judged
    verdicts = (
        f"{judged.judged:,} judged now, {judged.wrong:,} of them wrong" if judged else "none judged"
    )
    note(
        f"{name} {version}: {found.asked.asked:,} answers now, {found.asked.known:,} before; {verdicts}"
    )
    if found.latest_start_seconds > _LATE_SECONDS:
        note(
            f"the latest request went out {found.latest_start_seconds:.2g} s after it was due: "
            "the load was not quite what was asked for"
        )
    if exit_status(found.asked):
        note_failures(found.asked, "the same command asks them again")
        note("next: mend what failed and give the same command again: what is answered stays")
        sys.exit(1)
    return found.run
