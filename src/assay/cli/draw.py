"""`assay draw`: outputs to label."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from assay.cli.output import emit, json_option, ledger_argument, moment, note
from assay.errors import DrawError

if TYPE_CHECKING:
    from assay.ledger.draws import StoredDraw
    from assay.ledger.store import Ledger


@click.command(epilog="Example: assay draw runs.ledger --labels 300 --seed 7 -o to-label.csv")
@ledger_argument
@click.option(
    "--labels",
    required=True,
    type=click.IntRange(min=1),
    help="How many outputs to label (for each system).",
)
@click.option(
    "--seed",
    required=True,
    type=click.IntRange(0, 2**63 - 1),
    help="Sets the random order; choose it blind.",
)
@click.option(
    "--system", default=None, help="Whose outputs; needed where the ledger holds several."
)
@click.option("--version", default=None, help="Which version of it.")
@click.option("--all-systems", is_flag=True, help="One draw for each system.")
@click.option("--judge", default=None, help="Whose score makes the strata.")
@click.option("--no-judge", is_flag=True, help="Draw uniformly, whatever judges there are.")
@click.option(
    "--by", multiple=True, metavar="TAG", help="Make each value of a tag a stratum of its own."
)
@click.option("--from", "start", default=None, callback=moment, help="First moment of the window.")
@click.option("--to", "end", default=None, callback=moment, help="End of the window, not included.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    help="The list to fill in (CSV).",
)
@json_option
def command(
    ledger: Path,
    labels: int,
    seed: int,
    system: str | None,
    version: str | None,
    all_systems: bool,
    judge: str | None,
    no_judge: bool,
    by: tuple[str, ...],
    start: int | None,
    end: int | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Draw outputs to label with known chances, and write the list for a person to fill in."""
    from assay.ledger.population import Window
    from assay.ledger.store import Ledger
    from assay.volume.draw import DrawRequest, choose_judge, choose_systems, draw_labels

    store = Ledger.open(ledger)
    draws = []
    for name, its_version in choose_systems(
        store, system=system, version=version, all_systems=all_systems
    ):
        window = Window(name, its_version, start, end)
        score = None if no_judge else judge or choose_judge(store, window)
        draws.append(draw_labels(store, DrawRequest(window, labels, seed, score, by)))
    file = output or Path(f"{draws[0].draw_id}.csv" if len(draws) == 1 else f"draw-seed-{seed}.csv")
    _write(store, draws, file)
    if as_json:
        emit({"list": str(file), "draws": [draw.to_json() for draw in draws]})
        return
    for draw in draws:
        click.echo(draw.describe())
    click.echo(f"list to fill in: {file}")
    note(
        "fill the column `verdict` with right, wrong or unsure; "
        f"next: assay label {quote(str(ledger))} {quote(str(file))}"
    )


def _write(store: Ledger, draws: list[StoredDraw], file: Path) -> None:
    from assay.volume.labels import list_of

    text = list_of(store, draws)
    try:
        if file.exists() and file.read_text("utf-8", errors="replace") != text:
            raise DrawError(
                f"{file} is there already and may hold labels; give another name with -o"
            )
        file.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise DrawError(f"{file} can't be written: {error.strerror}") from None
