"""`assay loop run`: turns of generate, verify, select, train, measure; a loop that was killed goes on."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.output import console, emit, json_option, note, progress


@click.command(epilog="Example: assay loop run examples/loop/loop.toml -o loops --processes 2")
@click.argument("loop_file", metavar="LOOP.toml", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of the loop. One that was begun with the same file goes on where it stood.",
)
@click.option("--arm", "arms", multiple=True, help="Only this arm; may be given again.")
@click.option(
    "--seed", "seeds", multiple=True, type=click.IntRange(0), help="Only this seed of the file."
)
@click.option(
    "--processes",
    default=2,
    show_default=True,
    type=click.IntRange(1),
    help="Arms at the same time, each with one thread.",
)
@json_option
def command(
    loop_file: Path,
    output: Path,
    arms: tuple[str, ...],
    seeds: tuple[int, ...],
    processes: int,
    *,
    as_json: bool,
) -> None:
    """Run every arm of a loop with every seed, and keep every turn as a version in a ledger.

    What a turn does to the errors is measured on a held-out set and on a harder one, at the same throughput.
    """
    from assay.curate.loop.loop_config import read_loop
    from assay.curate.loop.loop_run import run_loop

    config = read_loop(loop_file)
    with progress("loop", "turns", pace=True) as advance:
        found = run_loop(
            config, output, arms=arms, seeds=seeds, processes=processes, on_progress=advance
        )
    for leak in found.leaks:
        note(f"leak: {leak}: what the loop measures is too good")
    if as_json:
        emit(found.to_json())
        return
    from assay.report.loop_run_text import print_loop

    print_loop(found, console())
