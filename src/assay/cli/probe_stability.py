"""`assay probe stability`: repeats of the same task, and how many of the errors are dice rolls."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from assay.cli.endpoint_options import EndpointOptions, endpoint_options
from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, ledger_argument, note, progress

if TYPE_CHECKING:
    from assay.judge.check import Parser
    from assay.ledger.store import Ledger
    from assay.probe.stability import StabilityReport
    from assay.quantity import Quantity


@click.command(
    epilog="Example: assay probe stability runs.ledger --check numeric.  Asking first: assay probe stability "
    "runs.ledger --tasks tasks.jsonl --system small@1 --model local --temperature 0.8 --seed 1 --check any-of"
)
@ledger_argument
@click.option(
    "--system", default=None, metavar="NAME[@VERSION]", help="Only this system, or what is asked."
)
@click.option(
    "--judge",
    "judges",
    multiple=True,
    help="Who says right or wrong; more of them: how judges differ.",
)
@click.option(
    "--check",
    default=None,
    metavar="CHECK[/PARSER]",
    help="A mechanical check; run first where it has not spoken.",
)
@click.option(
    "--parser",
    default=None,
    help="What is compared as the answer.  [default: the check's, else answer]",
)
@click.option(
    "--tasks",
    default=None,
    type=click.Path(path_type=Path),
    help="Ask these tasks first; what is answered is not asked again.",
)
@click.option(
    "--epochs",
    default=5,
    show_default=True,
    type=click.IntRange(2),
    help="--tasks: how often each is asked.",
)
@click.option(
    "--temperature",
    default=None,
    type=FiniteRange(0),
    help="--tasks: the server's own, where not given.",
)
@click.option(
    "--max-tokens",
    default=200,
    show_default=True,
    type=click.IntRange(1),
    help="--tasks: most tokens of an answer.",
)
@click.option(
    "--seed",
    default=None,
    type=click.IntRange(0),
    help="--tasks: seed of the first epoch; epoch e gets seed + e - 1.",
)
@click.option(
    "--prompt",
    "prompts",
    multiple=True,
    type=click.Path(path_type=Path),
    help="--tasks: a wording, a file with {input}; repeat for several.",
)
@endpoint_options
@click.option(
    "--task-price",
    default=0.0,
    show_default=True,
    type=FiniteRange(0),
    help="What a new task costs, in answers.",
)
@click.option(
    "--wording-price",
    default=0.0,
    show_default=True,
    type=FiniteRange(0),
    help="What a new wording costs, in answers.",
)
@click.option(
    "--volume-of",
    default=None,
    type=click.Path(path_type=Path),
    help="The ledger of the traffic whose errors are divided.  [default: LEDGER]",
)
@click.option(
    "--per-day",
    default=None,
    type=FiniteRange(0, min_open=True),
    help="Outputs per day, where the log does not tell.",
)
@click.option("--confidence", default=0.95, show_default=True, help="Confidence level.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write a page with the pictures (HTML)."
)
@json_option
def command(
    ledger: Path,
    endpoint: EndpointOptions,
    system: str | None,
    judges: tuple[str, ...],
    *,
    output: Path | None,
    as_json: bool,
    **options: object,
) -> None:
    """Say what changes when the same task is asked again, and how many errors are right at another try.

    Tasks are asked again by `assay ask --epochs`, or here with --tasks. One trial a task reads "stability unknown".
    """
    from assay.probe.stability import StabilityQuestion, measure_stability

    store, parser = _opened(ledger, endpoint, system, options)
    name, version = _named(system)
    judge, own_parser = _judged(store, options["check"], system)
    question = StabilityQuestion(
        name,
        version,
        (*((judge,) if judge else ()), *judges),
        options["confidence"],  # type: ignore[arg-type]
        options["task_price"],  # type: ignore[arg-type]
        options["wording_price"],  # type: ignore[arg-type]
    )
    with progress("stability", "answers"):
        report = measure_stability(store, question, parser=parser or own_parser)
    volumes = _volumes(report, store, options)
    record = _json(report, volumes)
    if output is not None:
        from assay.report.stability_page import write_stability

        size = write_stability(report, volumes, record, output)
        note(f"page: {output} ({size / 1000:.0f} kB)")
    if as_json:
        emit(record)
        return
    from assay.report.stability_text import print_stability

    print_stability(report, volumes, console())
    if not any(one.is_known for one in report.systems):
        note(
            f"next: assay ask TASKS --epochs 5 --system NAME@VERSION --model MODEL --into {quote(str(ledger))}"
        )


def _opened(
    ledger: Path, endpoint: EndpointOptions, system: str | None, options: dict[str, object]
) -> tuple[Ledger, Parser | None]:
    """Return the ledger, after what is to be asked has been asked, and the parser that was named."""
    from assay.judge.rules import parser_named
    from assay.ledger.store import Ledger

    given = options["parser"]
    parser = parser_named(str(given)) if given is not None else None
    if options["tasks"] is None:
        if endpoint.url or endpoint.model:
            raise click.UsageError("--url and --model ask tasks: name them with --tasks FILE")
        return Ledger.open(ledger), parser
    if system is None:
        raise click.UsageError("--tasks needs --system NAME@VERSION: what is asked")
    from assay.cli.probe_asking import ask_first

    status = ask_first(ledger, endpoint, system, options)
    if status:
        sys.exit(status)
    return Ledger.open(ledger), parser


def _named(system: str | None) -> tuple[str | None, str | None]:
    if system is None or "@" not in system:
        return system, None
    name, _, version = system.rpartition("@")
    return name, version


def _judged(store: Ledger, check: object, system: str | None) -> tuple[str | None, Parser]:
    """Return the judge's name, after the check has spoken where it had not, and the parser that goes with it."""
    from assay.judge.rules import check_named, parser_named
    from assay.judge.run_check import Selection, judge_by_check

    if check is None:
        return None, parser_named("answer")
    rule = check_named(str(check))
    with progress(rule.judge, "answers") as advance:
        done = judge_by_check(store, rule, window=Selection(*_named(system)), progress=advance)
    if done.judged:
        note(f"{rule.judge}: {done.judged:,} answers judged now, {done.wrong:,} wrong")
    return rule.judge, rule.parser


def _volumes(
    report: StabilityReport, store: Ledger, options: dict[str, object]
) -> dict[tuple[str, str], Quantity]:
    from assay.estimate.product import each_level
    from assay.ledger.store import Ledger
    from assay.quantity import Unknown
    from assay.volume.errors_per_day import VolumeSource, errors_per_day

    other = options["volume_of"]
    source = VolumeSource(
        store if other is None else Ledger.open(str(other)),
        options["per_day"],  # type: ignore[arg-type]
    )
    found: dict[tuple[str, str], Quantity] = {}
    for one in report.systems:
        key = one.repeats.system, one.repeats.version
        # Only a check of everything counts errors; what a model or a person says does not.
        counts = other is None and one.repeats.judge_kinds == ("check",)
        judge = one.repeats.judges[0] if counts else None
        level = each_level(report.confidence_level)
        found[key] = (
            errors_per_day(
                VolumeSource(source.ledger, source.per_day, judge=judge),
                key[0],
                key[1] if other is None else None,
                confidence_level=level,
            )
            if one.is_known
            else Unknown("stability is unknown: there is nothing to divide")
        )
    return found


def _json(report: StabilityReport, volumes: dict[tuple[str, str], Quantity]) -> dict[str, object]:
    result = report.to_json()
    systems = []
    for one in report.systems:
        volume = volumes[one.repeats.system, one.repeats.version]
        systems.append(
            one.to_json()
            | {
                "errors_per_day": volume.to_json(),
                "errors_per_day_right_when_asked_again": one.dice_per_day(volume).to_json(),
            }
        )
    return result | {"systems": systems}
