"""`assay exam split`: an exam split at a date, against clean reference systems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, ledger_argument, moment, note


@click.command(
    epilog="Example: assay exam split runs.ledger --cut 2023-09-01 --system coder --reference a --reference b "
    "--reference c --reference d --reference e --by platform --placebo atcoder"
)
@ledger_argument
@click.option(
    "--cut",
    required=True,
    callback=moment,
    metavar="DATE",
    help="Tasks of that day and later are new.",
)
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
    help="A system that knows neither side, by your word; five or more adjust for difficulty.",
)
@click.option(
    "--exam",
    multiple=True,
    metavar="TAG=VALUE",
    help="Which answers are of the exam.  [default: origin=exam, without twins]",
)
@click.option(
    "--date-tag",
    default="date",
    show_default=True,
    metavar="TAG",
    help="The tag with the date of the task.",
)
@click.option(
    "--by",
    default=None,
    metavar="TAG",
    help="A tag that parts the exam, as its source: split each.",
)
@click.option(
    "--placebo",
    "placebos",
    multiple=True,
    metavar="VALUE",
    help="A part of --by where nothing should happen at the cut.",
)
@click.option(
    "--judge", default=None, help="Whose verdicts count.  [default: people's, else checks']"
)
@click.option(
    "--margin",
    default=0.05,
    show_default=True,
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    help="A drop below it is not worth speaking of.",
)
@click.option(
    "--seed",
    default=7,
    show_default=True,
    type=click.IntRange(0),
    help="Of the bootstrap over problems.",
)
@click.option("--confidence", default=0.95, show_default=True, help="Confidence level.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write a page with the pictures (HTML)."
)
@json_option
def command(ledger: Path, *, output: Path | None, as_json: bool, **options: Any) -> None:
    """Split an exam at a date, and say what systems lose after it beyond what clean references lose.

    The date of a task is read from a tag. Two cuts where nothing happened are shown beside it, as placebos.
    """
    import numpy as np

    from assay.cli.exam_compare import named
    from assay.ledger.store import Ledger
    from assay.probe.exam_read import EXAM, selection_of
    from assay.probe.time_split import SplitQuestion, split_exam

    if options["cut"] is None:
        raise click.BadParameter("must be a date, as 2023-09-01", param_hint="--cut")
    question = SplitQuestion(
        cut=options["cut"],
        systems=tuple(map(named, options["systems"])),
        references=tuple(map(named, options["references"])),
        exam=selection_of(options["exam"], EXAM),
        date=options["date_tag"],
        by=options["by"],
        placebos=options["placebos"],
        judge=options["judge"],
        margin=options["margin"],
        confidence_level=options["confidence"],
    )
    report = split_exam(Ledger.open(ledger), question, rng=np.random.default_rng(options["seed"]))
    record = report.to_json()
    if output is not None:
        from assay.report.exam_page import write_split

        size = write_split(report, record, output)
        note(f"page: {output} ({size / 1000:.0f} kB)")
    if as_json:
        emit(record)
        return
    from assay.report.exam_text import print_split

    print_split(report, console())
