"""What binds a line of machines and reviewers, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text

from assay.capability.binding import Capacity, Station
from assay.quantity import Estimate, Quantity, Unknown
from assay.report.cost_hour_text import quantity_rows, table
from assay.report.cost_words import chance, figure
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console


def headline(found: Capacity) -> str:
    """Return what binds, in one sentence."""
    likely = sorted(found.probability.items(), key=lambda pair: -pair[1])
    if found.binds is None:
        names = " or ".join(f"{name} ({chance(p)})" for name, p in likely if p >= 0.05)
        return f"What binds can't be told: {names}."
    side = {"demand": "the demand side", "supply": "the supply side"}.get(found.side, "")
    where = f": the shortage is on {side}" if side else ""
    return f"What binds is {found.binds}, with probability {chance(likely[0][1])}{where}."


def print_capacity(found: Capacity, console: Console) -> None:
    """Print what binds, how busy all are, and what one more of each would bring."""
    console.print(Text(headline(found), style="bold"))
    console.print()
    console.print(table(("", "", ""), quantity_rows(number_rows(found)), figures=False))
    console.print()
    more = [
        (one.change, figure(one.delivered_per_hour), figure(one.correct_per_hour))
        for one in found.one_more
    ]
    console.print(table(("what would bring more", "tasks/hour", "verified-correct/hour"), more))
    console.print()
    for sentence in sentences(found):
        console.print(Text(visible(f"  {sentence}"), style="dim"))


def number_rows(found: Capacity) -> list[tuple[str, Quantity, bool]]:
    """Return the numbers with their names, and whether they are shown in percent."""
    rows: list[tuple[str, Quantity, bool]] = [
        ("tasks delivered", found.delivered_per_hour, False),
        ("verified-correct results", found.correct_per_hour, False),
        *_station("machines", found.machines),
    ]
    if isinstance(found.reviewers, Station):
        rows += _station("reviewers", found.reviewers)
    return [*rows, ("until the queue is gone", found.queue_hours, False)]


def sentences(found: Capacity) -> Iterable[str]:
    """Say how far this goes."""
    yield "Times are on your word; counts are drawn from what they may be in truth. Limits hold in balance, over days."
    if isinstance(found.correct_per_hour, Unknown):
        yield f"Verified-correct results: {found.correct_per_hour.reason}."


def capacity_json(found: Capacity) -> dict[str, object]:
    """Return the stable JSON form."""
    return {
        "binds": found.binds,
        "side": found.side,
        "probability": dict(found.probability),
        "delivered_per_hour": found.delivered_per_hour.to_json(),
        "correct_per_hour": found.correct_per_hour.to_json(),
        "machines": _station_json(found.machines),
        "reviewers": _station_json(found.reviewers),
        "one_more": [
            {
                "change": one.change,
                "delivered_per_hour": one.delivered_per_hour.to_json(),
                "correct_per_hour": one.correct_per_hour.to_json(),
            }
            for one in found.one_more
        ],
        "queue_hours": found.queue_hours.to_json(),
    }


def _station(name: str, station: Station) -> list[tuple[str, Quantity, bool]]:
    busy = station.utilization
    over = isinstance(busy, Estimate) and busy.value > 1
    return [
        (f"{name}: work for their capacity" if over else f"{name}: busy", busy, True),
        (f"{name}: capacity", station.capacity_per_hour, False),
        (f"{name}: mean wait", station.mean_wait_hours, False),
    ]


def _station_json(station: Station | Unknown) -> dict[str, object]:
    if isinstance(station, Unknown):
        return station.to_json()
    return {
        "utilization": station.utilization.to_json(),
        "capacity_per_hour": station.capacity_per_hour.to_json(),
        "mean_wait_hours": station.mean_wait_hours.to_json(),
    }
