"""`assay gate`: take a new version, refuse it, or say that there is not enough data; and watch for a silent swap."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from assay.cli.output import console, emit, json_option, ledger_argument, moment

if TYPE_CHECKING:
    from assay.ledger.store import Ledger
    from assay.volume.gate import GateQuestion

WATCH_ONLY = ("system", "start", "end", "looks", "seed")
COMPARE_ONLY = (
    "old", "new", "by", "no_strata", "margin", "most_broken", "each_stratum", "any_time", "noise", "no_noise_floor",
    "per_day", "workers", "against", "junit", "markdown",
)  # fmt: skip


@click.command(
    epilog="Example: assay gate runs.ledger --old desk@1 --new desk@2 --by topic --margin 0.01.  "
    "Silent swap: assay gate runs.ledger --watch --system desk"
)
@ledger_argument
@click.option("--old", default=None, metavar="NAME[@VERSION]", help="The version in use.")
@click.option(
    "--new", default=None, metavar="NAME[@VERSION]", help="The version that is to replace it."
)
@click.option("--judge", default=None, help="Whose verdicts, by full name or its beginning.")
@click.option(
    "--by",
    multiple=True,
    metavar="TAG",
    help="Look at each value of a tag too; reference: the right answer, which is looked at unasked where it is one "
    "of a few classes.",
)
@click.option("--no-strata", is_flag=True, help="Look at all tasks only: an average can hide much.")
@click.option(
    "--margin",
    type=float,
    default=0.0,
    show_default=True,
    help="Errors per task more that you accept.",
)
@click.option(
    "--most-broken",
    type=float,
    default=None,
    metavar="SHARE",
    help="At most this share newly wrong.",
)
@click.option(
    "--each-stratum", is_flag=True, help="The margin must be shown to hold in each stratum."
)
@click.option("--any-time", is_flag=True, help="You look again and again while it runs.")
@click.option(
    "--noise", nargs=2, default=None, metavar="A B", help="The same version, run under two names."
)
@click.option(
    "--no-noise-floor", is_flag=True, help="Take a version though the same one was never run twice."
)
@click.option("--per-day", type=float, default=None, help="Outputs a day of either version.")
@click.option(
    "--workers",
    type=int,
    default=None,
    help="That many workers, each version at its own latency. [default: 1]",
)
@click.option("--confidence", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    default=None,
    help="An earlier --json result: must be graded alike.",
)
@click.option(
    "--junit", type=click.Path(path_type=Path), default=None, help="Write JUnit XML here."
)
@click.option(
    "--markdown", type=click.Path(path_type=Path), default=None, help="Write Markdown here."
)
@click.option(
    "--watch", is_flag=True, help="Find the day on which what answers under one name changed."
)
@click.option("--system", default=None, help="--watch: the name.")
@click.option("--from", "start", default=None, callback=moment, help="--watch: first moment.")
@click.option("--to", "end", default=None, callback=moment, help="--watch: end, not included.")
@click.option(
    "--looks", type=int, default=1, show_default=True, help="--watch: how often you mean to look."
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=7,
    show_default=True,
    help="--watch: of the random orders.",
)
@json_option
def command(ledger: Path, watch: bool, as_json: bool, **options: Any) -> None:  # fmt: skip
    """Say whether to take a new version, on the same tasks as the old one, each task once.

    Three answers: take it (exit status 0); refuse it, or not enough data (both 3: neither is a pass, and --json tells
    them apart). With --watch: 3 a change seen, else 0.
    """
    from assay.ledger.store import Ledger

    _refuse_options(WATCH_ONLY if not watch else COMPARE_ONLY, watch=watch)
    store = Ledger.open(ledger)
    if watch:
        _watch(store, options, as_json=as_json)
    else:
        _compare(store, options, as_json=as_json)


def _refuse_options(names: tuple[str, ...], *, watch: bool) -> None:
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in names and context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            rule = "does not go with" if watch else "goes with"
            raise click.UsageError(f"{parameter.opts[-1]} {rule} --watch")


def _question(options: dict[str, Any]) -> GateQuestion:
    from assay.volume.gate import GateQuestion
    from assay.volume.gate_decision import Demand
    from assay.volume.gate_volume import Pace

    if options["old"] is None or options["new"] is None:
        raise click.UsageError("name both versions: --old NAME@VERSION --new NAME@VERSION")
    if options["no_strata"] and options["by"]:
        raise click.UsageError("--by and --no-strata are two answers to one question: give one")
    return GateQuestion(
        old=options["old"],
        new=options["new"],
        judge=options["judge"],
        by=() if options["no_strata"] else options["by"] or None,
        demand=Demand(
            margin=options["margin"],
            most_broken=options["most_broken"],
            each_stratum=options["each_stratum"],
            confidence_level=options["confidence"],
            any_time=options["any_time"],
        ),
        noise=options["noise"] or None,
        without_noise_floor=options["no_noise_floor"],
        pace=Pace(options["per_day"], options["workers"]),
        against=options["against"],
    )


def _compare(store: Ledger, options: dict[str, Any], *, as_json: bool) -> None:
    from assay.volume.gate import run_gate

    files = [options[name].resolve() for name in ("junit", "markdown", "against") if options[name]]
    if len(set(files)) < len(files):
        raise click.UsageError("--junit, --markdown and --against must name different files")
    result = run_gate(store, _question(options))
    if options["junit"] is not None:
        from assay.report.gate_junit import gate_junit

        _write(options["junit"], gate_junit(result))
    if options["markdown"] is not None:
        from assay.report.gate_markdown import gate_markdown

        _write(options["markdown"], gate_markdown(result))
    if as_json:
        emit(result.to_json())
    else:
        from assay.report.gate_text import print_gate

        print_gate(result, console())
    if result.answer != "take":
        sys.exit(3)


def _watch(store: Ledger, options: dict[str, Any], *, as_json: bool) -> None:
    from assay.volume.gate_watch import WatchQuestion, watch

    if options["system"] is None:
        raise click.UsageError("--watch needs the name that is watched: --system NAME")
    if None not in (options["start"], options["end"]) and options["start"] >= options["end"]:
        raise click.UsageError("--from must be before --to: nothing lies between them")
    result = watch(
        store,
        WatchQuestion(
            system=options["system"],
            judge=options["judge"],
            start=options["start"],
            end=options["end"],
            confidence_level=options["confidence"],
            looks=options["looks"],
            seed=options["seed"],
        ),
    )
    if as_json:
        emit(result.to_json())
    else:
        from assay.report.gate_watch_text import print_watch

        print_watch(result, console())
    if result.changed:
        sys.exit(3)


def _write(file: Path, text: str) -> None:
    from assay.errors import BadInput

    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise BadInput(f"{file} can't be written: {error.strerror or error}") from None
