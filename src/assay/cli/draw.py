"""`assay draw`: outputs to label."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import emit, json_option, ledger_argument, moment, note
from assay.errors import DrawError
from assay.ledger.schema import ORIGINS
from assay.terminal import visible

if TYPE_CHECKING:
    from assay.ledger.draws import StoredDraw
    from assay.ledger.store import Ledger
    from assay.volume.draw import DrawRequest


@click.command(epilog="Example: assay draw runs.ledger --labels 300 --seed 7 -o to-label.csv")
@ledger_argument
@click.option(
    "--labels",
    default=None,
    type=click.IntRange(min=1),
    help="How many outputs to label (for each system); about so many where whole conversations are drawn.",
)
@click.option(
    "--seed",
    default=None,
    type=click.IntRange(0, 2**63 - 1),
    help="Sets the random order; choose it blind.",
)
@click.option(
    "--first",
    default=None,
    type=click.IntRange(min=1),
    help="Hand out only so many of the labels now, and the others with --next.",
)
@click.option(
    "--next",
    "more",
    default=None,
    type=click.IntRange(min=1),
    metavar="N",
    help="Hand out N labels more of an open draw, where they are worth most by now.",
)
@click.option(
    "--at-most",
    default=None,
    type=float,
    metavar="RATE",
    help="An error rate to certify, with a look after every label instead of planned looks.",
)
@click.option(
    "--draw",
    "draw_id",
    default=None,
    help="With --next: which draw goes on. Alone: write its list again.",
)
@click.option(
    "--system", default=None, help="Whose outputs; needed where the ledger holds several."
)
@click.option("--version", default=None, help="Which version of it.")
@click.option(
    "--origin",
    type=click.Choice(ORIGINS),
    default=None,
    help="Only outputs of this origin; else field, and exam or probe where there is nothing else.",
)
@click.option("--all-systems", is_flag=True, help="One draw for each system.")
@click.option("--judge", default=None, help="Whose score makes the strata.")
@click.option("--no-judge", is_flag=True, help="Draw uniformly, whatever judges there are.")
@click.option(
    "--by", multiple=True, metavar="TAG", help="Make each value of a tag a stratum of its own."
)
@click.option(
    "--unit",
    type=click.Choice(["output", "conversation", "text"]),
    default="output",
    show_default=True,
    help="What is drawn: outputs, whole conversations, or identical outputs labeled once.",
)
@click.option(
    "--weigh-by",
    default=None,
    metavar="TAG",
    help="Draw by the amount at risk: a tag that is a number, or cost_usd.",
)
@click.option("--from", "start", default=None, callback=moment, help="First moment of the window.")
@click.option("--to", "end", default=None, callback=moment, help="End of the window, not included.")
@click.option(
    "--second-reading",
    "again",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[DRAW]",
    help="Draw labels of a draw to be read again by another person.",
)
@click.option(
    "--share-of-right",
    type=FiniteRange(0, 1),
    default=None,
    help="With --second-reading: how much of what was called right is read again.  [default: 0.1]",
)
@click.option(
    "--adjudicate",
    "differing",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[READING]",
    help="List the outputs on which two readings differ, for a third person.",
)
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
    labels: int | None,
    seed: int | None,
    first: int | None,
    more: int | None,
    draw_id: str | None,
    at_most: float | None,
    system: str | None,
    version: str | None,
    origin: str | None,
    all_systems: bool,
    judge: str | None,
    no_judge: bool,
    by: tuple[str, ...],
    unit: str,
    weigh_by: str | None,
    start: int | None,
    end: int | None,
    again: str | None,
    share_of_right: float | None,
    differing: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Draw outputs to label with known chances, and write the list for a person to fill in."""
    from assay.ledger.population import Window, work_of
    from assay.ledger.store import Ledger
    from assay.volume.draw import DrawRequest, choose_judge, choose_systems, draw_labels

    if share_of_right is not None and again is None:
        raise click.UsageError("--share-of-right goes with --second-reading")
    if again is not None or differing is not None:
        given = (labels, system, version, origin, all_systems or None, judge, no_judge or None)
        if (again is not None and differing is not None) or any(
            (*given, by, first, at_most, start, end, weigh_by, unit != "output")
        ):
            raise click.UsageError(
                "--second-reading and --adjudicate read labels of a draw again: each goes alone, and what was drawn "
                "stays as it is"
            )
        store = Ledger.open(ledger)
        _check_place(store, output, seed)
        reading = _again(store, again, share_of_right, differing, seed)
        _finish(store, [reading], output or Path(f"{reading.draw_id}.csv"), as_json=as_json)
        return
    if more is not None or draw_id is not None:
        asked = (
            labels,
            seed,
            first,
            at_most,
            system,
            version,
            origin,
            judge,
            by,
            start,
            end,
            weigh_by,
        )
        if any((*asked, all_systems, no_judge, unit != "output")):
            raise click.UsageError(
                "--next goes on with a draw as it was made: it goes with --draw, -o and --json only"
                if more is not None
                else "--draw goes with --next, or with -o and --json only, to write its list again"
            )
        if more is None:
            _write_again(Ledger.open(ledger), str(draw_id), output, as_json=as_json)
            return
        _go_on(Ledger.open(ledger), draw_id, more, output, as_json=as_json)
        return
    if labels is None or seed is None:
        raise click.UsageError(f"Missing option '{'--labels' if labels is None else '--seed'}'.")
    store = Ledger.open(ledger)
    _check_place(store, output, seed)
    draws = []
    for name, its_version in choose_systems(
        store, system=system, version=version, all_systems=all_systems
    ):
        window = work_of(store, Window(name, its_version, start, end, origin))
        score = None if no_judge else judge or choose_judge(store, window)
        request = DrawRequest(window, labels, seed, score, by, first, at_most)
        if (first is not None or at_most is not None) and (
            unit != "output" or weigh_by is not None
        ):
            raise click.UsageError(
                "--first and --at-most draw single outputs: leave out --unit and --weigh-by"
            )
        if unit == "output" and weigh_by is None:
            draws.append(draw_labels(store, request))
        else:
            draws.append(_draw_units(store, request, unit, weigh_by))
    file = output or Path(f"{draws[0].draw_id}.csv" if len(draws) == 1 else f"draw-seed-{seed}.csv")
    _finish(store, draws, file, as_json=as_json)


def _go_on(
    store: Ledger, draw_id: str | None, more: int, output: Path | None, *, as_json: bool
) -> None:
    from assay.volume.next_labels import choose_open_draw, draw_next

    _check_folder(output)
    draw = choose_open_draw(store, draw_id)
    file = output or Path(f"{draw.draw_id}-{draw.batches + 1}.csv")
    if file.exists():
        raise DrawError(f"{file} is there already and may hold labels; give another name with -o")
    draw = draw_next(store, draw, more)
    _finish(store, [draw], file, as_json=as_json, batch=draw.batches)


def _write_again(store: Ledger, draw_id: str, output: Path | None, *, as_json: bool) -> None:
    """Write the list of a draw's last hand-out again: a process may end between the hand-out and its list."""
    from assay.ledger.draws import stored_draw

    draw = stored_draw(store, draw_id)
    batch = draw.batches if draw.batches > 1 else None
    name = draw.draw_id if batch is None else f"{draw.draw_id}-{batch}"
    _finish(store, [draw], output or Path(f"{name}.csv"), as_json=as_json, batch=batch)


def _check_place(store: Ledger, file: Path | None, seed: int | None) -> None:
    """Refuse a place for the list before anything is drawn: a draw without its list would stay in the ledger."""
    from assay.ledger.draws import stored_draws

    _check_folder(file)
    if file is None or not file.exists():
        return
    with file.open(encoding="utf-8", errors="replace", newline="") as stream:
        try:
            names = [row[0] for row, _ in zip(csv.reader(stream), range(2), strict=False) if row]
        except csv.Error:
            names = []
    # The list of the same draw again is no harm; whether it is the same is seen when it is written.
    known = stored_draws(store, names[1:])
    if not known or seed not in (None, known[0].seed):
        raise DrawError(f"{file} is there already and may hold labels; give another name with -o")


def _check_folder(file: Path | None) -> None:
    folder = Path() if file is None else file.parent
    if file is not None and file.is_dir():
        raise DrawError(f"{file} can't be written: it is a folder; give a file with -o")
    if not folder.is_dir():
        raise DrawError(f"{file} can't be written: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise DrawError(
            f"no list can be written in the folder {folder}; give a file in another with -o"
        )


def _draw_units(store: Ledger, request: DrawRequest, unit: str, weigh_by: str | None) -> StoredDraw:
    from assay.ledger.unit_plan import UNIT_KINDS
    from assay.volume.unit_draw import UnitRequest, draw_units

    kind = UNIT_KINDS[[str(name) for name in UNIT_KINDS].index(unit)]
    return draw_units(store, UnitRequest(request, kind, weigh_by))


def _again(
    store: Ledger, again: str | None, share: float | None, differing: str | None, seed: int | None
) -> StoredDraw:
    from assay.volume.agreement import read_again_in
    from assay.volume.reading import (
        SHARE_OF_RIGHT,
        choose_draw,
        choose_reading,
        draw_adjudication,
        draw_second_reading,
    )

    if again is None:
        reading = choose_reading(store, differing)
        read = read_again_in(store, reading.draw_id)
        assert read is not None
        return draw_adjudication(store, read.reading, read.undecided)
    if seed is None:
        raise click.UsageError("Missing option '--seed'.")
    share = SHARE_OF_RIGHT if share is None else share
    return draw_second_reading(store, choose_draw(store, again), seed=seed, share_of_right=share)


def _finish(
    store: Ledger,
    draws: list[StoredDraw],
    file: Path,
    *,
    as_json: bool,
    batch: int | None = None,
) -> None:
    _write(store, draws, file, batch)
    if as_json:
        emit({"list": str(file), "draws": [draw.to_json() for draw in draws]})
        return
    for draw in draws:
        click.echo(visible(draw.describe()))
    click.echo(f"list to fill in: {file}")
    # Who reads again must be somebody else, so there the name matters.
    person = " --person NAME" if draws[0].parent else ""
    note(
        "fill the column `verdict` with right, wrong or unsure; "
        f"next: assay label {store.typed} {quote(str(file))}{person}"
    )


def _write(store: Ledger, draws: list[StoredDraw], file: Path, batch: int | None) -> None:
    from assay.volume.labels import list_of

    text = list_of(store, draws, batch=batch)
    try:
        if file.exists() and file.read_bytes() != text.encode("utf-8"):
            raise DrawError(
                f"{file} is there already and may hold labels; give another name with -o"
            )
        file.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise DrawError(f"{file} can't be written: {error.strerror}") from None
