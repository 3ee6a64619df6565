"""`assay cost rank`: the systems of a ledger by what a verified-correct result of theirs costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assay.cli.cost_options import price_options, rank
from assay.cli.output import json_option, ledger_argument, moment
from assay.cli.refuse_early import check_page
from assay.ledger.schema import ORIGINS


@click.command(
    epilog="Example: assay cost runs.ledger --mend-cost 5 --escape-cost 200 --standard 2/1000 -o cost.html"
)
@ledger_argument
@price_options
@click.option("--system", "systems", multiple=True, help="Only this system; may be given again.")
@click.option("--version", default=None, help="Only this version.")
@click.option("--origin", type=click.Choice(ORIGINS), help="Only outputs of this origin.")
@click.option("--from", "start", default=None, callback=moment, help="First moment of the window.")
@click.option("--to", "end", default=None, callback=moment, help="End of the window, not included.")
@click.option("--judge", help="Which complete check is the truth, where there are several.")
@click.option(
    "--evidence",
    type=click.Choice(["auto", "labels", "census"]),
    default="auto",
    show_default=True,
    help="Labels of a draw, or a check of everything.",
)
@click.option(
    "-o",
    "--output",
    "--html",
    "html",
    type=click.Path(path_type=Path),
    metavar="PAGE",
    help="Write a page with charts (HTML).",
)
@json_option
def command(ledger: Path, html: Path | None, as_json: bool, **options: Any) -> None:
    """Rank the systems of a ledger by what a verified-correct result costs, mending and escapes included.

    Nobody but you knows what an error costs: without --mend-cost and --escape-cost nothing is ranked, and shown is at
    which price of a mend the cheapest changes.
    """
    check_page(html)
    rank(ledger, options, html=html, as_json=as_json)
