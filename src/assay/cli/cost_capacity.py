"""`assay cost --capacity`: what binds a line of machines and reviewers now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from assay.cli.finite_number import NOT_NEGATIVE as RATE
from assay.cli.finite_number import POSITIVE as ABOVE_NOUGHT
from assay.cli.finite_number import SHARE, FiniteRange
from assay.cli.output import console, emit, json_option

if TYPE_CHECKING:
    from assay.capability.binding_evidence import Line


MOST_SERVERS = 1_000_000_000


def of(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    """Return a count of a number, as 950/1000; of hours, where the option counts in them."""
    if value is None:
        return None
    count, _, number = value.partition("/")
    hours = "HOURS" in str(parameter.metavar)
    fits = count.isdecimal() and number.isdecimal() and len(value) < 40 and int(number) > 0
    if not fits or not (hours or int(count) <= int(number)):
        raise click.BadParameter(
            f"{value!r} must be as {'480/24' if hours else '950/1000'}", context, parameter
        )
    return int(count), int(number)


@click.command(
    epilog="Example: assay cost --capacity --arrivals 480/24 --machines 2 --machine-minutes 5 --reviewers 1 "
    "--review-share 0.5 --check-minutes 4 --mend-minutes 20 --right 950/1000"
)
@click.option(
    "--arrivals",
    callback=of,
    required=True,
    metavar="TASKS/HOURS",
    help="Tasks that came in so many hours, as 480/24.",
)
@click.option(
    "--machines",
    type=click.IntRange(1, MOST_SERVERS),
    required=True,
    help="Answers that are worked at at a time.",
)
@click.option(
    "--machine-minutes",
    type=ABOVE_NOUGHT,
    required=True,
    help="Minutes that an answer takes one machine.",
)
@click.option(
    "--failures", callback=of, metavar="FAILURES/HOURS", help="Failures in so many machine-hours."
)
@click.option(
    "--repair-hours", type=ABOVE_NOUGHT, help="Hours until a machine that failed serves again."
)
@click.option(
    "--reviewers",
    type=click.IntRange(0, MOST_SERVERS),
    default=0,
    show_default=True,
    help="People who check, at all hours.",
)
@click.option(
    "--review-share",
    type=SHARE,
    default=0.0,
    show_default=True,
    help="Share of answers that is checked.",
)
@click.option("--check-minutes", type=ABOVE_NOUGHT, help="Minutes of checking one answer.")
@click.option("--mend-minutes", type=ABOVE_NOUGHT, help="Minutes of mending one found wrong.")
@click.option(
    "--right",
    callback=of,
    metavar="RIGHT/LABELED",
    help="Answers that were right of those labeled.",
)
@click.option(
    "--caught-of",
    "caught",
    callback=of,
    metavar="CAUGHT/WRONG",
    help="Wrong answers that a check caught, of those checked. [default: all]",
)
@click.option(
    "--variation",
    type=RATE,
    default=1.0,
    show_default=True,
    help="Coefficient of variation of all these times.",
)
@click.option(
    "--waiting",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Tasks in the queue now.",
)
@click.option(
    "--confidence",
    type=FiniteRange(0.5, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Confidence level.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=7, show_default=True, help="Seed of the simulation."
)
@json_option
def command(*, confidence: float, seed: int, as_json: bool, **options: Any) -> None:
    """Say what binds: too little work, too few machines or reviewers, too long a repair; and what one more would bring.

    Counts carry their own uncertainty; times are taken on your word.
    """
    import numpy as np

    from assay.capability.binding import what_binds
    from assay.report.cost_capacity_text import capacity_json, print_capacity

    _check(options)
    found = what_binds(_line(options), rng=np.random.default_rng(seed), confidence_level=confidence)
    if as_json:
        emit(capacity_json(found))
    else:
        print_capacity(found, console())


def _check(options: dict[str, Any]) -> None:
    checked = options["review_share"] > 0
    if checked and not (options["reviewers"] and options["check_minutes"]):
        raise click.UsageError(
            "--review-share needs --reviewers and --check-minutes: who checks, and how long"
        )
    if options["reviewers"] and not checked:
        raise click.UsageError("--reviewers have a use only with --review-share: what they check")
    if (options["failures"] is None) != (options["repair_hours"] is None):
        raise click.UsageError(
            "--failures and --repair-hours go together: how often, and for how long"
        )


def _line(options: dict[str, Any]) -> Line:
    from assay.capability.binding_evidence import Counted, Line, MeasuredTime

    def time(value: float | None, per_hour: float) -> MeasuredTime | None:
        return None if value is None else MeasuredTime(value / per_hour, options["variation"], 0)

    def counted(pair: tuple[int, int] | None) -> Counted | None:
        return None if pair is None else Counted(*pair)

    arrivals, machine_time = counted(options["arrivals"]), time(options["machine_minutes"], 60)
    assert arrivals is not None
    assert machine_time is not None
    return Line(
        arrivals=arrivals,
        machines=options["machines"],
        machine_time=machine_time,
        failures=counted(options["failures"]),
        repair_time=time(options["repair_hours"], 1),
        reviewers=options["reviewers"],
        review_share=options["review_share"],
        check_time=time(options["check_minutes"], 60),
        mend_time=time(options["mend_minutes"], 60),
        right=options["right"],
        caught=options["caught"],
        waiting=options["waiting"],
    )
