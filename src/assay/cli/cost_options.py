"""Options of every command that ends in a ranking by cost, and the ranking itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assay.cli.finite_number import NOT_NEGATIVE as MONEY
from assay.cli.finite_number import POSITIVE as ABOVE_NOUGHT
from assay.cli.finite_number import SHARE, FiniteRange
from assay.cli.output import console, emit, note

if TYPE_CHECKING:
    from assay.capability.speed.run import PerfRun

Function = TypeVar("Function", bound=Callable[..., Any])

TENURES = ("own", "on-demand", "rented", "owned by a hyperscaler", "owned by a neocloud")
"""Those of `assay.capability.hour`, which is not imported for a page of help."""

PRICES = (
    click.option("--mend-cost", type=MONEY, help="USD to mend a wrong result that was caught."),
    click.option("--escape-cost", type=MONEY, help="USD that a wrong result costs that gets out."),
    click.option("--false-alarm-cost", type=MONEY, help="USD to clear a right result held back."),
    click.option("--wait-cost", type=MONEY, metavar="USD/H", help="USD that an hour of waiting costs."),
    click.option("--check-cost", type=MONEY, help="USD of checking one result; 0 is free."),
    click.option("--caught", type=SHARE, help="Share of wrong results that checking catches, as 1 of tests that "
                 "decide. Else as the tag says."),
    click.option("--flagged", type=SHARE, help="Share of right results that checking holds back. Else as the tag "
                 "says; with --caught, 0."),
    click.option("--caught-tag", default="caught", show_default=True, help="Tag: held back before delivery."),
    click.option("--standard", metavar="N/M or N/day", help="Most errors that may escape, of M delivered or a day. "
                 "Exits 3 where no system is shown to meet it."),
    click.option("--review-cost", type=MONEY, help="With --standard: USD of one more review, as what could be added."),
    click.option("--review-caught", type=SHARE, help="Share of errors that such a review catches."),
    click.option("--second-pass", metavar="JUDGE", help="With --standard: a judge of the ledger whose verdicts would "
                 "be a second pass over every result. What both miss is counted, never taken to be independent."),
    click.option("--pass-cost", type=MONEY, help="USD of that second pass, a result."),
    click.option("--throughput-per-day", type=ABOVE_NOUGHT, help="Results wanted a day: for a standard a day."),
    click.option("--machine", metavar="NAME", help="Price the time of answers that have no cost by an hour of this "
                 "machine of the catalogue."),
    click.option("--catalogue", type=click.Path(path_type=Path), help="A catalogue of your own, laid over Assay's."),
    click.option("--tenure", type=click.Choice(TENURES), help="How one comes by the machine. [default: own, where that "
                 "is known]"),
    click.option("--usd-per-hour", type=ABOVE_NOUGHT, help="An hour of the machine, instead of a catalogue's."),
    click.option("--watts", type=ABOVE_NOUGHT, help="Power of the machine, all-in: with --usd-per-kwh, beside "
                 "--usd-per-hour or alone."),
    click.option("--usd-per-kwh", type=MONEY, help="Price of that power."),
    click.option("--token-model", metavar="MODEL", help="Price answers without a cost by their tokens, as this model; "
                 "else as ask.model or the system's name says."),
    click.option("--lanes", type=click.IntRange(1), default=1, show_default=True, help="Requests that the machine "
                 "answers at a time."),
    click.option("--confidence", type=FiniteRange(0.5, 1, max_open=True), default=0.95, show_default=True,
                 help="Confidence level."),
    click.option("--simulation-seed", type=click.IntRange(0), default=7, show_default=True,
                 help="Seed of the draws behind probabilities."),
)  # fmt: skip
"""What the user alone knows, and how to price what no log says."""


def price_options(function: Function) -> Function:
    """Add the options that price errors and machines."""
    for option in reversed(PRICES):
        function = option(function)
    return function


def check_answerable(options: dict[str, Any]) -> None:
    """Refuse what could not be answered whatever a ledger held.

    Raises
    ------
    BadInput
        If options don't fit each other, a standard or a catalogue can't be read, or a machine is not in it.
    """
    from assay.capability.cost_answer import check_question
    from assay.capability.cost_question import question_of

    check_question(question_of(options))


def rank(
    ledger: Path,
    options: dict[str, Any],
    *,
    html: Path | None,
    as_json: bool,
    runs: Sequence[PerfRun] = (),
) -> None:
    """Rank a ledger's systems below the load tests of now, and end with status 3 where none meets the standard."""
    from assay.capability.cost_answer import answer_cost
    from assay.capability.cost_question import question_of
    from assay.ledger.store import Ledger

    answer = answer_cost(Ledger.open(ledger), question_of(options))
    if html is not None:
        from assay.report.cost_page import write_cost

        note(f"{html}: {write_cost(answer, html):,} bytes")
    if as_json:
        from assay.report.cost_import_text import runs_json

        load_tests = {"load_tests": runs_json(runs, None)["runs"]} if runs else {}
        emit({**answer.to_json(), **load_tests})
    else:
        from assay.report.cost_import_text import print_runs
        from assay.report.cost_text import print_cost

        if runs:
            print_runs(runs, None, console())
            console().print()
        print_cost(answer, console())
    if answer.none_meets:
        sys.exit(3)
