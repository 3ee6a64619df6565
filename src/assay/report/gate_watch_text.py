"""What a watch saw, as text for a terminal."""

from __future__ import annotations

from rich.console import Console  # noqa: TC002
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.estimate.change_point import ChangePoint
from assay.figures import plain
from assay.quantity import Unknown
from assay.report.gate_words import p_words
from assay.terminal import visible
from assay.volume.gate_watch import Watched, WatchResult


def print_watch(result: WatchResult, console: Console) -> None:
    """Print what was seen: the verdict first, a row for each series second, what limits it third."""
    style = "bold red" if result.changed else "bold green" if result.decided else "bold yellow"
    console.print(Text(visible(watch_headline(result)), style=style))
    console.print()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, name in enumerate(
        ("", "likeliest day", "between", "before", "after", "p, corrected", "could see")
    ):
        table.add_column(name, justify="right" if place else "left", overflow="fold")
    for one in result.series:
        if isinstance(one.found, ChangePoint):
            table.add_row(*(Text(visible(cell)) for cell in _row(one, one.found)))
    if result.decided:
        console.print(Padding(table, (0, 0, 0, 2)))
        console.print()
    for note in watch_notes(result):
        console.print(Padding(Text(visible(f"note: {note}"), style="dim"), (0, 0, 0, 2)))


def watch_headline(result: WatchResult) -> str:
    """Return what was seen in one line."""
    span = f"{result.days} days ({result.first_day} to {result.last_day})"
    of = f"{result.answers:,} answers of {result.system} on {span}"
    if result.changed:
        return f"Changed on {_when(result)}: {', '.join(result.changed)}; {of}"
    if not result.decided:
        return f"Not enough data: {of}"
    errors = [one.found for one in result.series if one.name == "errors"]
    seen = errors[0] if errors and isinstance(errors[0], ChangePoint) else None
    could = (
        ""
        if seen is None
        else f", and one of {100 * seen.visible:.2g} points of the error rate could have been"
    )
    return f"No change seen{could}: {of}"


def _when(result: WatchResult) -> str:
    if result.between is None or result.between[0] == result.between[1]:
        return str(result.day)
    return f"{result.day} [{result.between[0]}, {result.between[1]}]"


def watch_notes(result: WatchResult) -> list[str]:
    """Return what limits the answer."""
    notes = [
        f"{one.name}: {one.found.reason}" for one in result.series if isinstance(one.found, Unknown)
    ]
    notes.append(
        f"false alarms at this look: at most {plain(100 * result.miss)} % over all series, where days come in any "
        "order equally likely; a change of what is asked looks like a change of what answers"
    )
    notes.append(
        "likeliest day: the first of the new kind; could see: a change in the middle of the days, in 4 cases of 5"
    )
    if result.changed:
        notes.append(
            "between: the days on which one sudden change may have come "
            f"({plain(100 * result.confidence_level)} %, where both sides are quiet)"
        )
    if result.judge is None:
        notes.append(
            "nobody has judged these answers: errors are not watched; assay judge LEDGER --check CHECK"
        )
    else:
        notes.append(f"errors are those of {result.judge}")
    return notes


def _row(one: Watched, change: ChangePoint) -> tuple[str, ...]:
    return (
        one.name,
        one.day or "",
        "" if one.between is None else " .. ".join(one.between),
        plain(change.before),
        plain(change.after),
        "" if one.p_adjusted is None else p_words(one.p_adjusted),
        plain(change.visible),
    )
