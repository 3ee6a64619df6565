"""A plan for labels as text for a terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.figures import plain
from assay.terminal import visible
from assay.volume.plan_result import LabelPlan, TrueRate
from assay.volume.plan_words import (
    calendar,
    looking_words,
    plain_count,
    rate_words,
    reach_lines,
    sigma_words,
)

BAR = 10
"""Cells of a bar from no chance to certainty."""

MOST_COLUMNS = 5
"""Plans whose chances are shown side by side: more don't fit on 80 columns."""


def print_plan(plan: LabelPlan, console: Console) -> None:
    """Print a plan: the verdict first, the plans second, then what they can't show and what to do."""
    console.print(Text(visible(plan.sentence), style="bold"))
    console.print(Group(Text(), _plans(plan), Text(), _chances(plan, console), Text()))
    lines = [looking_words(plan), plan.noise.words, *reach_lines(plan)]
    if plan.target.error_rate > 0:
        lines.append(sigma_words(plan))
    for line in lines:
        console.print(Padding(Text(visible(line)), (0, 0, 0, 2)))
    console.print()
    for note in (*plan.notes, f"numbers of labels: {plan.method}"):
        console.print(Padding(Text(visible(f"note: {note}"), style="dim"), (0, 0, 0, 2)))
    console.print(Text(visible(f"next: {plan.next_command}"), style="cyan"))


def _plans(plan: LabelPlan) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("")
    table.add_column("may be\nwrong", justify="right")
    table.add_column("labels,\none look", justify="right")
    table.add_column(f"with {plan.planned_looks}\nlooks", justify="right")
    table.add_column("looking\nalways", justify="right")
    table.add_column(f"{plain(100 * plan.power)} % pass up\nto a true rate of", justify="right")
    if plan.labels_per_day is not None:
        table.add_column("one look\ntakes", justify="right")
    if plan.usd_per_label is not None:
        table.add_column("USD", justify="right")
    for row in plan.rows:
        passing = "no system" if row.passing_rate is None else rate_words(row.passing_rate)
        cells = [
            "→" if row.recommended else "",
            f"{row.allowed_errors:,}",
            plain_count(row.labels),
            plain_count(row.labels_planned_looks),
            "unknown" if row.labels_any_time is None else plain_count(row.labels_any_time),
            passing,
        ]
        if row.days is not None:
            cells.append(calendar(row.days))
        if row.usd is not None:
            cells.append(plain(row.usd))
        table.add_row(*cells, style="bold" if row.recommended else "")
    return Padding(table, (0, 0, 0, 2))


def _chances(plan: LabelPlan, console: Console) -> RenderableType:
    """Return each true rate's chance to pass the plans; a bar for the recommended one, where there is room."""
    table = _chance_table(plan, bar=True)
    room = console.width - 2
    if Measurement.get(console, console.options, table).maximum > room:
        table = _chance_table(plan, bar=False)
    return Padding(table, (0, 0, 0, 2))


def _chance_table(plan: LabelPlan, *, bar: bool) -> Table:
    shown = _shown(plan)
    drawn = next((place for place in shown if plan.rows[place].recommended), None) if bar else None
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("true rate", justify="right")
    table.add_column("of the\nstandard", justify="right")
    for place in shown:
        heading = f"passes,\n{plan.rows[place].allowed_errors} wrong"
        table.add_column(heading, justify="right", no_wrap=True)
    if drawn is not None:
        table.add_column(f"\n{plan.rows[drawn].allowed_errors} wrong", no_wrap=True)
    for number, true in enumerate(plan.true_rates):
        chances = [_chance(plan.rows[place].passes[number]) for place in shown]
        cells = [_true(true), _share(true), *chances]
        if drawn is not None:
            cells.append(_bar(plan.rows[drawn].passes[number]))
        table.add_row(*cells, style="bold" if true.expected else "")
    return table


def _shown(plan: LabelPlan) -> list[int]:
    """Return which plans have a column: the one without an error, the recommended, and others while there is room."""
    places = range(len(plan.rows))
    first = [place for place in places if place == 0 or plan.rows[place].recommended]
    others = [place for place in places if place not in first]
    return sorted(first + others[: max(0, MOST_COLUMNS - len(first))])


def _true(true: TrueRate) -> str:
    if true.errors is None:
        return rate_words(true.error_rate)
    return f"{true.errors:,} wrong"


def _share(true: TrueRate) -> str:
    share = true.of_standard
    if not share:
        return "" if share is None else "0"
    if share < 1 and abs(1 / share - round(1 / share)) < 1e-6 and share > 1e-3:
        return f"1/{round(1 / share)}"
    return f"{share:.2g}"


def _chance(chance: float) -> str:
    if chance >= 1:
        return "100 %"
    if chance < 0.0005:
        return "< 0.1 %"
    return f"{min(100 * chance, 99.9):.1f} %"


def _bar(chance: float) -> str:
    filled = round(BAR * chance)
    return "█" * filled + "░" * (BAR - filled)
