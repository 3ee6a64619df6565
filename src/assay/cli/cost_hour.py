"""`assay cost hour`: what an hour of a machine costs, and which of its values matters."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.output import console, emit, json_option


@click.command(
    epilog="Example: assay cost hour h100.  What the catalogue holds: assay cost hour.  "
    "Prices of your own: assay cost hour h100 --catalogue mine.toml"
)
@click.argument("machine", required=False)
@click.option(
    "--catalogue",
    type=click.Path(path_type=Path),
    help="A catalogue of your own, TOML: laid over the one that comes with Assay.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=7, show_default=True, help="Seed of the simulation."
)
@json_option
def command(machine: str | None, catalogue: Path | None, seed: int, as_json: bool) -> None:
    """Say what an hour of a machine costs, owned or rented, idle hours included; without a machine, which there are.

    Every value comes from a catalogue with low, high, source and date; ranges are scenarios and no confidence
    intervals.
    """
    import numpy as np

    from assay.capability.catalogue import default_catalogue, read_catalogue
    from assay.capability.hour import hour_cost
    from assay.report.cost_hour_text import hour_json, print_hour, print_machines

    held = default_catalogue()
    if catalogue is not None:
        held = read_catalogue(catalogue, base=held)
    if machine is None:
        if as_json:
            emit({name: one.title for name, one in sorted(held.machines.items())})
        else:
            print_machines(held, console())
        return
    cost = hour_cost(held.machine(machine), rng=np.random.default_rng(seed))
    if as_json:
        emit(hour_json(cost))
    else:
        print_hour(cost, console())
