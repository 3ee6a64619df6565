"""`assay judge calibrate`: how far a judge can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, ledger_argument, note


@click.command(
    epilog="Example: assay judge calibrate runs.ledger --judge my-judge --truth 'numeric@1 (last-number@1)' "
    "-o judge.html"
)
@ledger_argument
@click.option("--judge", required=True, help="The judge to measure, by its full name.")
@click.option(
    "--truth",
    default=None,
    help="A judge that has spoken on every output, taken as the truth: figures are counted.",
)
@click.option("--draw", "draw_id", default=None, help="The draw whose labels count; the newest.")
@click.option("--system", default=None, help="Whose outputs; all that the judge has spoken on.")
@click.option("--version", default=None, help="Which version of it.")
@click.option(
    "--threshold",
    type=FiniteRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="The judge flags an output from that probability of error on.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=None, help="A page to write (HTML)."
)
@json_option
def command(ledger: Path, output: Path | None, as_json: bool, **options: Any) -> None:
    """Measure how a judge errs: sensitivity, specificity, AUROC, reliability, drift, bias, and what it is worth.

    Against the labels of a draw, by how they were drawn; or, with --truth, against a judge that has spoken on every
    output.
    """
    from assay.judge.calibration import calibrate
    from assay.judge.calibration_evidence import CalibrationQuestion
    from assay.ledger.store import Ledger
    from assay.report.judge_words import next_commands

    opened = Ledger.open(ledger)
    calibration = calibrate(opened, CalibrationQuestion(**options))
    if output is not None:
        from assay.report.judge_page import write_calibration

        write_calibration(calibration, output, ledger=opened.typed)
        note(f"page: {output}")
    if as_json:
        emit({**calibration.to_json(), "page": None if output is None else str(output)})
        return
    from assay.report.judge_text import print_calibration

    print_calibration(calibration, console())
    for text in calibration.notes:
        note(f"note: {text}")
    for one in next_commands(calibration, opened.typed):
        note(f"next: {one}")
