"""`assay volume`: how many errors a day."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, ledger_argument, moment
from assay.ledger.schema import ORIGINS

if TYPE_CHECKING:
    from assay.volume.question import VolumeQuestion

Function = TypeVar("Function", bound=Callable[..., Any])


def question_options(function: Function) -> Function:
    """Add the options that say what is asked of a ledger; `assay report` takes the same."""
    options = [
        click.option("--system", default=None, help="Only this system."),
        click.option("--version", default=None, help="Only this version."),
        click.option("--origin", type=click.Choice(ORIGINS), default=None,
                     help="Only outputs of this origin; else field, and exam or probe where there is nothing else."),
        click.option("--from", "start", default=None, callback=moment, help="First moment of the window."),
        click.option("--to", "end", default=None, callback=moment, help="End of the window, not included."),
        click.option("--per-day", type=float, default=None, help="Outputs per day, where the log does not tell."),
        click.option("--workers", type=int, default=None, help="Throughput of that many workers, back to back."),
        click.option("--human-error-rate", type=FiniteRange(0, 1), default=None, help="Assumed of the people."),
        click.option("--human-per-day", type=float, default=None, help="Results per day of the people, together."),
        click.option("--human-system", default=None, help="The people's traces, by their name as a system."),
        click.option("--standard", default=None, help="3sigma, 30/30d or human: decides, and exits 0 or 3."),
        click.option("--by", multiple=True, metavar="TAG", help="Split by a tag's values."),
        click.option("--draw", "draw_id", default=None, help="Use the labels of this draw."),
        click.option("--judge", default=None, help="Which complete check is the truth, where there are several."),
        click.option("--evidence", type=click.Choice(["auto", "labels", "census"]), default="auto", show_default=True,
                     help="Labels of a draw, or a check of everything."),
        click.option("--caught-tag", default="caught", show_default=True, help="Tag: caught before delivery."),
        click.option("--confidence", type=float, default=0.95, show_default=True, help="Confidence level."),
        click.option("--severity-weights", default=None, metavar="1=10,2=3,3=1",
                     help="Weigh errors by the severity that labels say, 1 worst."),
    ]  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def as_question(options: dict[str, Any]) -> VolumeQuestion:
    """Return the question that the options ask.

    Raises
    ------
    click.UsageError
        Where one half of the human baseline is missing.
    """
    from assay.volume.question import HumanBaseline, VolumeQuestion

    rate, per_day, system = (
        options.pop(f"human_{name}") for name in ("error_rate", "per_day", "system")
    )
    if system is None and (rate is None) != (per_day is None):
        raise click.UsageError("--human-error-rate and --human-per-day go together, as 0.10 and 40")
    if system is not None and rate is not None:
        raise click.UsageError(
            "--human-system measures what --human-error-rate assumes: give one of them"
        )
    human = HumanBaseline(rate, per_day, system) if system is not None or rate is not None else None
    options["confidence_level"] = options.pop("confidence")
    return VolumeQuestion(human=human, **options)


@click.command(
    epilog="Example: assay volume runs.ledger --standard 30/30d --human-error-rate 0.10 --human-per-day 40"
)
@ledger_argument
@question_options
@json_option
def command(ledger: Path, as_json: bool, **options: Any) -> None:
    """Say how many errors a day a system makes, with what certainty, and what to do about it."""
    from assay.ledger.store import Ledger
    from assay.volume.measure import measure_volume

    question = as_question(options)
    answer = measure_volume(Ledger.open(ledger), question)
    if as_json:
        emit(answer.to_json())
    else:
        from assay.report.text import print_volume

        print_volume(answer, console())
    if answer.decision in ("missed", "not shown"):
        sys.exit(3)
