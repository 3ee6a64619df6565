"""`assay curate noise`: which labels of a ledger are probably wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.output import console, emit, json_option, ledger_argument, note

if TYPE_CHECKING:
    from assay.curate.label_errors import LabelNoise
    from assay.curate.label_rereading import Rereading


@click.command(
    epilog="Example: assay curate noise runs.ledger --judge my-judge --read-again todo.jsonl"
)
@ledger_argument
@click.option(
    "--judge", default=None, help="Whose probabilities; else a classifier of the answers' text."
)
@click.option(
    "--labels-by",
    default=None,
    help="Whose labels; else persons', else checks', the newest of each.",
)
@click.option(
    "--choose",
    type=click.Choice(["threshold", "noise-rate"]),
    default="threshold",
    show_default=True,
    help="Suspects: labels that are confidently of another class, or as many as the joint counts.",
)
@click.option(
    "--read-again",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write a random sample of suspects and of the rest, to be read blind: fill in each verdict.",
)
@click.option(
    "--suspects-drawn",
    default=50,
    show_default=True,
    type=click.IntRange(1),
    help="How many of them; --read-again.",
)
@click.option(
    "--rest-drawn",
    default=100,
    show_default=True,
    type=click.IntRange(1),
    help="How many others; --read-again.",
)
@click.option(
    "--reread",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The list with its verdicts filled in: how many labels are wrong.",
)
@click.option(
    "--find", default=0.9, show_default=True, help="Share of wrong labels to find; --reread."
)
@click.option("--show", default=10, show_default=True, type=click.IntRange(0), help="Suspects.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of all lots.")
@click.option("--confidence", default=0.95, show_default=True, help="Confidence level.")
@json_option
def command(
    ledger: Path,
    *,
    read_again: Path | None,
    reread: Path | None,
    show: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Find labels that are probably wrong by confident learning, and say how many a person must read again.

    A suspect is no error. Of how many labels are wrong only an upper limit is given at first. A random sample of them,
    read again by a person who does not see the label, says more: --read-again FILE, then --reread FILE.
    """
    from assay.curate.label_errors import find_label_errors
    from assay.curate.label_rereading import RereadDraw, estimate_reread, read_reread, write_reread
    from assay.errors import BadInput
    from assay.ledger.store import Ledger

    level = options["confidence"]
    if not 0.5 <= level < 1:
        raise BadInput(f"the confidence level must be in [0.5, 1), got {level}")
    if read_again is not None and reread is not None:
        raise BadInput("--read-again draws a list and --reread reads one: give one of them")
    said = None if reread is None else read_reread(reread)
    opened = Ledger.open(ledger)
    found = find_label_errors(
        opened,
        judge=options["judge"],
        labels_by=options["labels_by"],
        choose=options["choose"],
        seed=options["seed"],
        confidence_level=level,
    )
    if read_again is not None:
        draw = RereadDraw(options["suspects_drawn"], options["rest_drawn"], options["seed"])
        count = write_reread(opened, found, draw, read_again)
        note(f"{read_again}: {count:,} answers to be read; then --reread {read_again}")
    again = None
    if said is not None:
        again = estimate_reread(found, *said, find=options["find"], confidence_level=level)
    if as_json:
        emit(found.to_json() | ({"reread": again.to_json()} if again else {}))
        return
    _print(found, again, show)


def _print(found: LabelNoise, again: Rereading | None, show: int) -> None:
    from rich.text import Text

    from assay.quantity import Estimate
    from assay.terminal import visible

    out = console()
    total = sum(found.labels.values())
    errors, told = found.errors, found.told_apart
    if isinstance(errors, Estimate):
        head = (
            f"{len(found.suspects):,} of {total:,} labels are to be read again; at most {errors.high:,.0f} labels are "
            f"wrong, at least {errors.low:,.0f} ({errors.confidence_level:.0%})"
        )
    else:
        head = f"Cannot tell how many of {total:,} labels are wrong: {errors.reason}"
    out.print(Text(visible(head), style="bold"))
    lines = _reread_lines(found, again) if again else []
    lines += [
        f"Labels: {found.labels['right']:,} right, {found.labels['wrong']:,} wrong; by {found.by}."
    ]
    if isinstance(told, Estimate):
        lines.append(f"Told apart: AUROC {told.value:.3f} [{told.low:.3f}, {told.high:.3f}].")
    if isinstance(errors, Estimate):
        lines.append(f"Confident learning counts {errors.value:,.0f}. {errors.method}.")
        lines.append(
            f"To be sure that at most 1 % of the rest is wrong: draw {found.verify:,} of it at random and read them; "
            "none may be wrong."
        )
    lines += [
        f"{one.trace_id}  {one.label} (p {one.self_confidence:.2f}, by {one.judge}): {one.text[:80]}"
        for one in found.suspects[:show]
    ]
    for line in lines:
        out.print(Text("  " + visible(line)))


def _reread_lines(found: LabelNoise, again: Rereading) -> list[str]:
    from assay.quantity import Estimate

    errors, share = again.errors, again.found_by_suspects
    lines = []
    if isinstance(errors, Estimate):
        lines.append(
            f"Read again: {errors.value:,.0f} labels are wrong [{errors.low:,.0f}, {errors.high:,.0f}] "
            f"({errors.confidence_level:.0%}; {errors.n:,} read; {errors.method})."
        )
    if isinstance(share, Estimate):
        lines.append(
            f"The {len(found.suspects):,} suspects hold {share.value:.0%} of the wrong labels [{share.low:.0%}, "
            f"{share.high:.0%}]."
        )
    else:
        lines.append(
            f"What share of the wrong labels the suspects hold is unknown: {share.reason}."
        )
    if isinstance(again.to_read_at_most, int):
        likely = f"{again.to_read:,}" if isinstance(again.to_read, int) else "an unknown number"
        lines.append(
            f"To find {again.find:.0%} of the wrong labels: read all suspects and {likely} of the {len(found.rest):,} "
            f"others; {again.to_read_at_most:,} to find as many even at the limits."
        )
    return lines
