"""`assay probe knows`: answers that the reasoning before them contradicts, and what share of the errors they make."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.endpoint_options import EndpointOptions, endpoint_options
from assay.cli.finite_number import FiniteRange
from assay.cli.output import (
    console,
    emit,
    json_option,
    ledger_argument,
    moment,
    note,
    progress,
)

if TYPE_CHECKING:
    from assay.judge.run_check import Selection
    from assay.ledger.store import Ledger
    from assay.probe.knows import Detector
    from assay.probe.knows_read import KnowsColumns
    from assay.probe.knows_result import KnowsResult
    from assay.quantity import Quantity


@click.command(
    epilog="Example: assay probe knows runs.ledger --check numeric.  Then: assay probe knows runs.ledger --check "
    "numeric --sample 60 --seed 7 -o flagged.csv, fill in the column `reading`, and --readings flagged.csv.  "
    "To ask first: assay probe knows runs.ledger --tasks tasks.jsonl --system small@1 --model local --check numeric"
)
@ledger_argument
@click.option(
    "--check",
    default="numeric",
    show_default=True,
    help="How answers are compared, as in assay judge.",
)
@click.option(
    "--answer",
    default=None,
    metavar="PARSER",
    help="What is taken as the answer; the check's own if not given.",
)
@click.option(
    "--conclusion",
    default=None,
    metavar="PARSER",
    help="What is taken as the reasoning's conclusion: concluding-number, concluding-claim, claim, "
    "concluding-yes-no, or any parser of assay judge.",
)
@click.option(
    "--tolerance", default=0.0, metavar="X", help="numeric: absolute, in the reference's unit."
)
@click.option(
    "--system", default=None, help="Only this system; with --tasks NAME@VERSION, which answers."
)
@click.option("--version", default=None, help="Only this version.")
@click.option("--from", "start", default=None, callback=moment, help="First moment of the window.")
@click.option("--to", "end", default=None, callback=moment, help="End of the window, not included.")
@click.option(
    "--mostly-right",
    default=0.9,
    show_default=True,
    type=FiniteRange(0.5, 1),
    help="Right share of the systems that may dispute a reference.",
)
@click.option("--two-turns", is_flag=True, help="Read what this probe has asked, and only that.")
@click.option(
    "--tasks",
    default=None,
    type=click.Path(path_type=Path),
    help="Ask these tasks first, in two turns: step by step, then the answer only.",
)
@click.option("--max-tokens", type=click.IntRange(1), help="--tasks: most tokens of an answer.")
@click.option(
    "--temperature", type=FiniteRange(0), help="--tasks: the server's own, where not given."
)
@click.option(
    "--epochs",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="--tasks: how often each is asked.",
)
@endpoint_options
@click.option(
    "--production",
    default=None,
    metavar="PROMPT",
    help="Compare this prompt variant with --plain: right there, wrong here.",
)
@click.option(
    "--plain",
    default="",
    metavar="PROMPT",
    help="The prompt to compare with.  [default: the input as it is]",
)
@click.option(
    "--sample", default=None, type=click.IntRange(1), help="Draw so many flagged answers to read."
)
@click.option(
    "--class",
    "kind",
    default=None,
    type=click.Choice(["slip", "format", "disputed"]),
    help="--sample: draw from this class.  [default: slip]",
)
@click.option(
    "--seed",
    default=None,
    type=click.IntRange(0),
    help="--sample: sets the random order; choose it before you look. "
    "--tasks: seed of the first epoch.",
)
@click.option(
    "-o",
    "--output",
    default=None,
    type=click.Path(path_type=Path),
    help="--sample: the list to fill in.",
)
@click.option(
    "--readings",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A list that was filled in; one a class.",
)
@click.option(
    "--mark", is_flag=True, help="Write what is flagged as verdicts, for assay draw --judge."
)
@click.option(
    "--per-day", type=float, default=None, help="Outputs per day, where the log does not tell."
)
@click.option(
    "--workers", type=int, default=None, help="Throughput of that many workers, back to back."
)
@click.option(
    "--judge",
    default=None,
    help="The check that the volume of errors is counted by, where there are several.",
)
@json_option
def command(ledger: Path, endpoint: EndpointOptions, *, as_json: bool, **options: Any) -> None:
    """Find answers whose reasoning had reached the right one: knows, but wrong."""  # fmt: skip
    from assay.judge.rules import CheckSettings
    from assay.ledger.store import Ledger
    from assay.probe.knows import detector_named

    _check_options(endpoint, options)
    detector = detector_named(
        options["check"],
        answer=options["answer"],
        conclusion=options["conclusion"],
        settings=CheckSettings(tolerance=options["tolerance"]),
    )
    if options["tasks"] is not None:
        from assay.cli.probe_knows_asking import ask_two_turns

        store = Ledger.create(ledger)
        if status := ask_two_turns(store, endpoint, options):
            note("the same command goes on where this one ended")
            sys.exit(status)
    else:
        store = Ledger.open(ledger)
    _probe(store, detector, options, as_json=as_json)


def _check_options(endpoint: EndpointOptions, options: dict[str, Any]) -> None:
    if options["sample"] is not None and (options["seed"] is None or options["output"] is None):
        raise click.UsageError(
            "--sample goes with --seed and -o: the order, and the list to fill in"
        )
    if options["sample"] is not None and options["readings"]:
        raise click.UsageError("--sample draws and --readings reads back: give one of them")
    for name in ("kind", "output"):
        if options["sample"] is None and options[name] is not None:
            raise click.UsageError("--class and -o go with --sample: what is drawn, and its list")
    if options["plain"] and options["production"] is None:
        raise click.UsageError("--plain is compared with --production: name that prompt too")
    _check_numbers(options)
    _check_asking(endpoint, options)


def _check_asking(endpoint: EndpointOptions, options: dict[str, Any]) -> None:
    asking = options["epochs"] != 1 or options["max_tokens"] or options["temperature"] is not None
    if options["tasks"] is None and asking:
        raise click.UsageError(
            "--epochs, --max-tokens and --temperature ask tasks: name them with --tasks FILE"
        )
    if options["tasks"] is None and options["sample"] is None and options["seed"] is not None:
        raise click.UsageError("--seed goes with --sample, or with --tasks")
    if options["tasks"] is None and (endpoint.url or endpoint.model):
        raise click.UsageError("--url and --model ask tasks: name them with --tasks FILE")
    if options["tasks"] is not None:
        if options["system"] is None:
            raise click.UsageError("--tasks needs --system NAME@VERSION: what answers")
        if options["sample"] is not None:
            raise click.UsageError(
                "--tasks asks: draw with --sample --two-turns in a command of its own"
            )
        if options["version"] is None and "@" in options["system"]:
            name, _, version = options["system"].rpartition("@")
            options["system"], options["version"] = name, version
        options["version"] = options["version"] or ""
        options["two_turns"] = True


def _check_numbers(options: dict[str, Any]) -> None:
    # Said here, for what the volume refuses is told as unknown, and a slip of the pen is no missing evidence.
    per_day, workers = options["per_day"], options["workers"]
    if per_day is not None and not 0 < per_day < float("inf"):
        raise click.UsageError(f"--per-day must be a number above 0, got {per_day}")
    if workers is not None and workers < 1:
        raise click.UsageError(f"--workers must be at least 1, got {workers}")
    if per_day is not None and workers is not None:
        raise click.UsageError("--per-day and --workers both say the throughput: give one of them")
    start, end = options["start"], options["end"]
    if start is not None and end is not None and start >= end:
        raise click.UsageError("--from must be before --to")


def _probe(store: Ledger, detector: Detector, options: dict[str, Any], *, as_json: bool) -> None:
    from assay.judge.run_check import Selection
    from assay.probe.knows_disputed import DisputeRule
    from assay.probe.knows_read import read_columns
    from assay.probe.knows_result import knows_result
    from assay.probe.knows_sample import read_lists

    chosen = Selection(*(options[name] for name in ("system", "version", "start", "end")))
    rule = DisputeRule(options["mostly_right"])
    with progress("knows", "answers") as advance:
        columns = read_columns(
            store,
            detector,
            chosen=chosen,
            rule=rule,
            two_turns=options["two_turns"],
            progress=advance,
        )
    if options["sample"] is not None:
        from assay.cli.probe_knows_sampling import draw_list

        draw_list(store, detector, columns, options, as_json=as_json)
        return
    samples = read_lists(options["readings"], columns, detector.name)
    result = knows_result(columns, detector.name, samples=samples, rule=rule)
    if result.sample.read:
        result = _with_volume(store, result, options)
    if options["mark"]:
        _mark(store, detector, columns)
    _tell(store, result, columns, (chosen, options), as_json=as_json)


def _with_volume(store: Ledger, result: KnowsResult, options: dict[str, Any]) -> KnowsResult:
    from assay.probe.knows_result import with_volume

    return with_volume(result, _volume(store, result, options))


def _volume(store: Ledger, result: KnowsResult, options: dict[str, Any]) -> Quantity:
    from assay.errors import AssayError
    from assay.estimate.product import each_level
    from assay.quantity import Unknown
    from assay.volume.measure import measure_volume
    from assay.volume.question import VolumeQuestion

    if len(result.systems) != 1:
        return Unknown("errors per day are of one system: name it with --system")
    names = ("system", "version", "start", "end", "per_day", "workers", "judge")
    question = VolumeQuestion(
        **{name: options[name] for name in names}, confidence_level=each_level(0.95)
    )
    try:
        systems = measure_volume(store, question).systems
    except AssayError as error:
        return Unknown(error.message)
    return systems[0].errors_per_day if len(systems) == 1 else Unknown("there are several versions")


def _mark(store: Ledger, detector: Detector, columns: KnowsColumns) -> None:
    """Write what is flagged as scores: slips as wrong, the other kinds with no probability."""
    from assay.judge.score_rows import ScoreWriter, score_row
    from assay.probe.knows_kinds import FLAGGED, Kind
    from assay.probe.knows_read import KINDS

    writer = ScoreWriter(store, detector.name)
    for place, trace_id in columns.wrong_ids.items():
        kind = KINDS[columns.kind[place]]
        if kind in FLAGGED:
            score = 1.0 if kind is Kind.SLIP else None
            row = score_row(detector.name, trace_id, score, columns.rules.get(place, ""))
            writer.add(row | {"kind": kind.value, "source": "assay probe knows"})
    writer.flush()
    note(f"{writer.written:,} verdicts written as {detector.name}")


def _tell(
    store: Ledger,
    result: KnowsResult,
    columns: KnowsColumns,
    asked: tuple[Selection, dict[str, Any]],
    *,
    as_json: bool,
) -> None:
    from assay.probe.knows_again import asked_again, prompt_variants
    from assay.probe.knows_pairs import mirrored_pairs

    chosen, options = asked
    production = options["production"]
    variants = prompt_variants(columns, production, plain=options["plain"]) if production else []
    again, pairs = asked_again(columns), mirrored_pairs(store, chosen=chosen)
    if as_json:
        emit(
            result.to_json()
            | {
                "asked_again": [one.to_json() for one in again],
                "prompt_variants": [one.to_json() for one in variants],
                "mirrored_pairs": [one.to_json() for one in pairs],
            }
        )
        return
    from assay.report.knows_text import print_again, print_knows, print_pairs, print_variants

    screen = console()
    if result.systems:
        print_knows(result, screen)
    elif not pairs:
        note("no answer in this window has a reference, and there are no mirrored pairs")
    if again:
        print_again(again, screen)
    if variants:
        print_variants(variants, screen)
    if pairs:
        print_pairs(pairs, screen)
    note(
        "what is flagged and real is a lower bound: a conclusion that no parser reads is not counted"
    )
