"""What an hour of a machine costs, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.capability.catalogue import Catalogue
from assay.capability.catalogue_fields import MACHINE_FIELDS
from assay.capability.cost_sources import in_a_sentence
from assay.capability.hour import HourCost, Swing
from assay.figures import plain
from assay.quantity import Estimate, Quantity, Unknown
from assay.report.cost_words import figure, money
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console

MOST_SWINGS = 8
SCENARIO = "Brackets hold scenario ranges, not confidence intervals: the middle 95 % of draws between low and high."


def print_machines(catalogue: Catalogue, console: Console) -> None:
    """Print which machines a catalogue knows."""
    title = f"{catalogue.name}, {catalogue.date}"
    console.print(Text(visible(title), style="bold"))
    rows = [(name, machine.title) for name, machine in sorted(catalogue.machines.items())]
    console.print(table(("machine", "what it is"), rows, figures=False))
    console.print(Text("one of them: assay cost hour NAME", style="dim"))


def print_hour(cost: HourCost, console: Console) -> None:
    """Print what an hour costs by each way of coming by it, what it is made of, and what matters most."""
    console.print(Text(visible(headline(cost)), style="bold"))
    console.print()
    rows = [
        (option.tenure, *(money(q) for q in (option.per_hour, option.per_useful_hour, option.scarce_per_useful_hour)))
        for option in cost.options
    ]  # fmt: skip
    columns = ("by", "USD/hour", "USD/hour it works", "the same in short supply")
    console.print(table(columns, rows))
    if cost.parts:
        console.print()
        parts = [
            (part.name, money(part.usd_per_hour), f"{100 * part.share:.0f} %")
            for part in cost.parts
        ]
        console.print(table(("part of an owned hour", "USD/hour", "share"), parts))
    if cost.swings:
        console.print()
        swings = [_swing(one) for one in cost.swings[:MOST_SWINGS] if one.width > 0]
        console.print(table(("what matters most", "low to high", "an hour costs"), swings))
    console.print()
    for sentence in sentences(cost):
        console.print(Padding(Text(visible(sentence)), (0, 0, 0, 2)))


def headline(cost: HourCost) -> str:
    """Return what an hour costs in one sentence."""
    option, name = cost.option(), in_a_sentence(cost.machine.title)
    if isinstance(option.per_useful_hour, Unknown):
        return f"What an hour of {name} costs is unknown: {option.per_useful_hour.reason}."
    return f"An hour of {name} in which it works costs {money(option.per_useful_hour)} ({option.tenure})."


def sentences(cost: HourCost) -> Iterable[str]:
    """Say what else there is to know of the hour."""
    if cost.lowest is not None and cost.highest is not None:
        yield f"With every value at its best ${cost.lowest:.3g}, at its worst ${cost.highest:.3g}."
    busy = cost.break_even_utilization
    if isinstance(busy, Estimate):
        yield (
            f"Owning is cheaper than renting on demand where it is busy more than "
            f"{figure(busy, percent=True)} of the time."
        )
    if isinstance(cost.own_to_rented, Estimate):
        yield f"An owned hour costs {figure(cost.own_to_rented)} times a rented one."
    if isinstance(cost.lead_time_weeks, Estimate):
        yield f"In short supply it takes {figure(cost.lead_time_weeks)} weeks to come (a scenario)."
    for option in cost.options:
        if isinstance(option.per_hour, Unknown):
            yield f"{option.tenure}: {option.per_hour.reason}."
    if cost.assumed:
        yield f"Nobody has measured or published, so put your own: {', '.join(cost.assumed)}."
    yield SCENARIO


def hour_json(cost: HourCost) -> dict[str, object]:
    """Return the stable JSON form."""
    return {
        "machine": cost.machine.name,
        "title": cost.machine.title,
        "options": [
            {
                "tenure": option.tenure,
                "per_hour": option.per_hour.to_json(),
                "per_useful_hour": option.per_useful_hour.to_json(),
                "scarce_per_useful_hour": option.scarce_per_useful_hour.to_json(),
            }
            for option in cost.options
        ],
        "parts": [
            {"name": part.name, "usd_per_hour": part.usd_per_hour.to_json(), "share": part.share}
            for part in cost.parts
        ],
        "swings": [
            {
                "name": swing.name,
                "value": swing.value.to_json(),
                "usd_at_low": swing.usd_at_low,
                "usd_at_high": swing.usd_at_high,
            }
            for swing in cost.swings
        ],
        "lowest_usd": cost.lowest,
        "highest_usd": cost.highest,
        "break_even_utilization": cost.break_even_utilization.to_json(),
        "own_to_rented": cost.own_to_rented.to_json(),
        "lead_time_weeks": cost.lead_time_weeks.to_json(),
        "assumed": list(cost.assumed),
    }


def quantity_rows(rows: Iterable[tuple[str, Quantity, bool]]) -> list[tuple[str, str, str]]:
    """Return numbers as rows of what, number and unit; in the place of an unknown one, why."""
    return [
        (what, f"unknown: {quantity.reason}", "")
        if isinstance(quantity, Unknown)
        else (what, figure(quantity, percent=percent), "" if percent else quantity.unit)
        for what, quantity, percent in rows
    ]


def _swing(swing: Swing) -> tuple[str, str, str]:
    field = MACHINE_FIELDS[swing.name]
    value = f"{plain(swing.value.low)} to {plain(swing.value.high)} {field.unit}"
    return swing.name, value, f"${swing.usd_at_low:.3g} to ${swing.usd_at_high:.3g}"


def table(
    columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, figures: bool = True
) -> Padding:
    """Return rows under columns, the first to the left and figures to the right."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, column in enumerate(columns):
        shown.add_column(column, justify="right" if place and figures else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(visible(cell)) for cell in row))
    return Padding(shown, (0, 0, 0, 2))
