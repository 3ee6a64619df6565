"""`assay exam compare`: exam scores against scores in use and in a twin exam."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, ledger_argument, note

if TYPE_CHECKING:
    from assay.ledger.store import Ledger
    from assay.probe.exam import ExamQuestion
    from assay.probe.exam_result import ExamReport, PerDay


@click.command(
    epilog="Example: assay exam runs.ledger --system desk@2 --by topic.  Adjusted for difficulty: assay exam "
    "runs.ledger --system desk@2 --reference a --reference b --reference c --reference d --reference e"
)
@ledger_argument
@click.option(
    "--system",
    "systems",
    multiple=True,
    metavar="NAME[@VERSION]",
    help="What is tested.  [default: all that took the exam and are no reference]",
)
@click.option(
    "--reference",
    "references",
    multiple=True,
    metavar="NAME[@VERSION]",
    help="A system that does not know the exam, by your word; five or more adjust for difficulty.",
)
@click.option(
    "--exam",
    multiple=True,
    metavar="TAG=VALUE",
    help="Which answers are of the exam.  [default: origin=exam, without twins]",
)
@click.option(
    "--use",
    multiple=True,
    metavar="TAG=VALUE",
    help="Which answers are work.  [default: origin=field]",
)
@click.option(
    "--twin",
    multiple=True,
    metavar="TAG=VALUE",
    help="Which answers are of the twin exam.  [default: those with the tag twin.of]",
)
@click.option(
    "--by",
    multiple=True,
    metavar="TAG",
    help="A tag that makes kinds of task: weigh to the use mix.",
)
@click.option(
    "--judge",
    default=None,
    help="Whose verdicts on exam and twin.  [default: people's, else checks']",
)
@click.option(
    "--use-judge",
    default=None,
    metavar="JUDGE",
    help="A check of the work, or a person who read all.  [default: labels of a draw, else the only check]",
)
@click.option("--draw", default=None, help="Labels of this draw.  [default: the newest]")
@click.option(
    "--tries",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Submissions of which the one shown is the best.",
)
@click.option(
    "--group", default=None, metavar="TAG", help="A tag that a rule without skill may read: author."
)
@click.option(
    "--margin",
    default=0.05,
    show_default=True,
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    help="A gap below it is not worth speaking of.",
)
@click.option(
    "--per-day",
    default=None,
    type=FiniteRange(0, min_open=True),
    help="Outputs per day, where the log does not tell.",
)
@click.option(
    "--seed",
    default=7,
    show_default=True,
    type=click.IntRange(0),
    help="Halves the tasks for the trivial rules.",
)
@click.option("--confidence", default=0.95, show_default=True, help="Confidence level.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write a page with the pictures (HTML)."
)
@json_option
def command(ledger: Path, *, output: Path | None, as_json: bool, **options: Any) -> None:
    """Hold exam scores against scores in use, which were verified, and against a twin of the exam.

    Without five clean references a gap is not adjusted for difficulty: work may be harder for everybody.
    """
    import numpy as np

    from assay.ledger.store import Ledger
    from assay.probe.exam import compare_exam

    store = Ledger.open(ledger)
    question = _question(options)
    report = compare_exam(store, question, rng=np.random.default_rng(options["seed"]))
    days = _days(report, store, options)
    record = _json(report, days)
    if output is not None:
        from assay.report.exam_page import write_exam

        size = write_exam(report, days, record, output)
        note(f"page: {output} ({size / 1000:.0f} kB)")
    if as_json:
        emit(record)
        return
    from assay.report.exam_text import print_exam

    print_exam(report, days, console())


def _question(options: dict[str, Any]) -> ExamQuestion:
    from assay.probe.exam import ExamQuestion
    from assay.probe.exam_read import EXAM, TWIN, USE, selection_of
    from assay.probe.exam_use import UseQuestion

    if options["use_judge"] is not None and options["draw"] is not None:
        raise click.UsageError("--use-judge and --draw are two kinds of evidence: give one of them")
    use = UseQuestion(
        selection_of(options["use"], USE), options["use_judge"], options["draw"], options["by"]
    )
    return ExamQuestion(
        systems=tuple(map(named, options["systems"])),
        references=tuple(map(named, options["references"])),
        exam=selection_of(options["exam"], EXAM),
        twin=selection_of(options["twin"], TWIN),
        use=use,
        judge=options["judge"],
        group=options["group"],
        tries=options["tries"],
        margin=options["margin"],
        confidence_level=options["confidence"],
    )


def named(system: str) -> tuple[str, str | None]:
    """Return name and version of a system as it is typed; None where no version is."""
    if "@" not in system:
        return system, None
    name, _, version = system.rpartition("@")
    return name, version


def _days(
    report: ExamReport, store: Ledger, options: dict[str, Any]
) -> dict[tuple[str, str], PerDay]:
    """Return of each system its errors a day, by the exam and in use."""
    from assay.errors import BadInput, LedgerError
    from assay.quantity import Quantity, Unknown, assumed
    from assay.volume.measure import measure_volume
    from assay.volume.question import VolumeQuestion

    found = {}
    for one in report.results:
        per_day: Quantity
        if options["per_day"] is not None:
            given = options["per_day"]
            if not math.isfinite(given):
                raise BadInput(f"--per-day must be above 0 and finite, got {given}")
            per_day = assumed(given, "traces/day", method="given by the user")
        elif not one.outputs:
            per_day = Unknown("there is no work of it in the ledger")
        else:
            try:
                answer = measure_volume(
                    store, VolumeQuestion(system=one.system, version=one.version)
                )
                per_day = answer.systems[0].throughput_per_day
            except LedgerError as error:
                per_day = Unknown(error.message)
        found[one.system, one.version] = one.per_day(per_day)
    return found


def _json(report: ExamReport, days: dict[tuple[str, str], PerDay]) -> dict[str, object]:
    systems = [
        one.to_json(report.margin) | days[one.system, one.version].to_json()
        for one in report.results
    ]
    return report.to_json() | {"systems": systems}
