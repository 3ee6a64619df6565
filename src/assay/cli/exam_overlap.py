"""`assay exam overlap`: which items of an exam stand in a corpus, word for word."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, progress


@click.command(
    epilog="Example: assay exam overlap exam.jsonl corpus-*.jsonl.gz notes.txt --text-field text"
)
@click.argument("exam", type=click.Path(path_type=Path))
@click.argument("corpus", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--text-field",
    default=None,
    metavar="COLUMN",
    help="Of JSON lines the column with the text.  [default: every text in the line]",
)
@click.option(
    "--sample",
    type=FiniteRange(0, 1, min_open=True),
    default=1.0,
    help="Share of the documents to read, drawn at random.  [default: all]",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the sample.")
@click.option("--confidence", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--skip-bad", is_flag=True, help="Leave out lines that are no tasks.")
@json_option
def command(
    exam: Path,
    corpus: tuple[Path, ...],
    text_field: str | None,
    sample: float,
    seed: int,
    confidence: float,
    skip_bad: bool,
    as_json: bool,
) -> None:
    """Find the questions of an exam in a corpus: windows of 13 words that stand in both, and where.

    The corpus is JSON Lines or plain text, packed (gzip, Zstandard) or not, and is read once in bounded memory. An
    overlap is no proof that a model learned the item, and none is no proof that it did not.
    """
    import numpy as np

    from assay.cli.exam import exam_tasks
    from assay.probe.overlap import find_overlap
    from assay.probe.overlap_corpus import Corpus

    tasks = exam_tasks(exam, skip_bad=skip_bad)
    with progress("corpus") as advance:
        report = find_overlap(
            tasks,
            Corpus(corpus, text_field, sample),
            rng=np.random.default_rng(seed),
            confidence_level=confidence,
            progress=advance,
        )
    if as_json:
        emit(report.to_json())
        return
    from assay.report.exam_overlap_text import print_overlap

    print_overlap(report, console())
