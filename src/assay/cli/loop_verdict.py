"""`assay loop verdict`: virtuous, flat or collapsing; since which turn; what the next turn will bring and cost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.output import console, emit, json_option, note, progress

if TYPE_CHECKING:
    from assay.curate.loop.verdict_result import VerdictQuestion


@click.command(
    epilog="Example: assay loop verdict loops -o verdict.html.  A ledger of any origin: "
    "assay loop verdict runs.ledger --system desk --versions v1,v2,v3"
)
@click.argument("path", metavar="FOLDER|LEDGER", type=click.Path(path_type=Path))
@click.option("--arm", "arms", multiple=True, help="Only this arm; may be given again.")
@click.option("--seed", "seeds", multiple=True, help="Only this seed; may be given again.")
@click.option("--system", default=None, help="Of a ledger: the system whose versions are turns.")
@click.option(
    "--versions",
    default="",
    metavar="A,B,C",
    help="Of a ledger: the turns in their order. [default: turn-0, turn-1 and so on]",
)
@click.option("--judge", default=None, help="Whose verdicts, by full name or its beginning.")
@click.option(
    "--margin",
    type=float,
    default=0.05,
    show_default=True,
    help="Gain or loss of the share right within which a loop is called flat.",
)
@click.option(
    "--per-day", type=float, default=None, help="Answers a day. [default: as in loop.toml]"
)
@click.option("--usd-per-hour", type=float, default=None, help="What an hour of the machine costs.")
@click.option(
    "--worth", type=float, default=None, metavar="USD", help="What one error removed is worth."
)
@click.option(
    "--horizon",
    type=float,
    default=30.0,
    show_default=True,
    metavar="DAYS",
    help="--worth: how long a version serves.",
)
@click.option(
    "--lever",
    "levers",
    multiple=True,
    metavar="NAME=COST/ERRORS_PER_DAY",
    help="Another way to have fewer errors: USD, and errors a day that it takes away. May be given again.",
)
@click.option("--confidence", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option(
    "-o",
    "--output",
    "html",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write a page with the charts (HTML).",
)
@json_option
def command(path: Path, html: Path | None, as_json: bool, **options: Any) -> None:  # fmt: skip
    """Say whether a loop gains: each turn against the one before and against turn 0, on the same tasks.

    Exit status 0: every loop is virtuous and no fault was caught. 3: flat, collapsing, undecided, or a fault; --json
    tells them apart.
    """
    from assay.curate.loop.verdict import loop_verdict

    question = _question(options)
    with progress("verdict", "loops") as advance:
        found = loop_verdict(path, question, on_progress=advance)
    if html is not None:
        from assay.report.loop_verdict_page import write_verdict_page

        note(f"{write_verdict_page(found, html):,} bytes written to {html}")
    if as_json:
        emit(found.to_json())
    else:
        from assay.report.loop_verdict_text import print_verdict

        print_verdict(found, console())
    if not found.goes:
        sys.exit(3)


def _question(options: dict[str, Any]) -> VerdictQuestion:
    from assay.curate.loop.verdict_cost import Money, parse_lever
    from assay.curate.loop.verdict_result import VerdictQuestion
    from assay.curate.loop.verdict_versions import WhichVersions

    versions = tuple(one.strip() for one in options["versions"].split(",") if one.strip())
    return VerdictQuestion(
        which=WhichVersions(options["system"], versions, options["judge"]),
        arms=options["arms"],
        seeds=options["seeds"],
        margin=options["margin"],
        per_day=options["per_day"],
        money=Money(
            options["usd_per_hour"],
            options["worth"],
            options["horizon"],
            tuple(parse_lever(text) for text in options["levers"]),
        ),
        confidence_level=options["confidence"],
    )
