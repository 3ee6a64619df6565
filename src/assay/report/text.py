"""The answer on error volume as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.figures import confidence, shown
from assay.quantity import Estimate, Quantity, Unknown
from assay.report.data import future_words, judge_words, number_rows
from assay.terminal import visible
from assay.volume.evidence import Evidence, NoEvidence
from assay.volume.result import PartVolume, SystemVolume, VolumeAnswer

MOST_IN_FULL = 4
"""With more systems than this, each gets its sentence and its places in the order."""


def print_volume(answer: VolumeAnswer, console: Console) -> None:
    """Print the answer for every system: the verdict first, numbers second, what to do third."""
    few = len(answer.systems) <= MOST_IN_FULL
    for system in answer.systems:
        console.print(_system(system) if few else Text(visible(system.sentence)))
    if len(answer.systems) > 1:
        console.print(Group(Text(), _order(answer)))
    if not few:
        console.print(
            Text(
                visible(f"all numbers of one: assay volume {quote(answer.ledger)} --system NAME"),
                style="dim",
            )
        )


def _system(system: SystemVolume) -> RenderableType:
    parts: list[RenderableType] = [Text(visible(system.sentence), style="bold"), Text()]
    methods = _Methods(system.evidence)
    numbers = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("what", "number", "confidence", "n", "method"):
        numbers.add_column(column, justify="right" if column == "n" else "left", overflow="fold")
    for what, quantity, percent in number_rows(system):
        numbers.add_row(*_cells(what, quantity, percent, methods))
    parts.append(Padding(numbers, (0, 0, 0, 2)))
    parts += [
        Padding(Text(visible(line)), (0, 0, 0, 2))
        for line in (*_evidence_lines(system), *filter(None, [judge_words(system)]))
    ]
    if forecast := future_words(system):
        parts += [Text(), Padding(Text(visible(forecast), style="italic"), (0, 0, 0, 2))]
    if len(system.strata) > 1:
        parts += [Text(), _split("stratum", system.strata)]
    for tag, values in system.by.items():
        parts += [Text(), _split(tag, values)]
    parts.append(Text())
    parts += [
        Padding(Text(visible(f"[{mark}] {method}"), style="dim"), (0, 0, 0, 2))
        for mark, method in methods
    ]
    parts += [
        Padding(Text(visible(f"note: {note}"), style="dim"), (0, 0, 0, 2)) for note in system.notes
    ]
    parts += [Text(visible(f"next: {system.next_command}"), style="cyan"), Text()]
    return Group(*parts)


class _Methods:
    """Methods by number, so that a long one is said once; the evidence that they share is left to its own line."""

    def __init__(self, evidence: Evidence) -> None:
        self._known: dict[str, int] = {}
        self._shared = None if isinstance(evidence, NoEvidence) else evidence.words

    def mark(self, estimate: Estimate) -> int:
        method = estimate.method
        if self._shared is not None:
            method = method.replace(f"; {self._shared}", "").replace(self._shared, "census")
        return self._known.setdefault(f"{method} ({estimate.guarantee})", len(self._known) + 1)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return iter([(mark, method) for method, mark in self._known.items()])


def _evidence_lines(system: SystemVolume) -> list[str]:
    if isinstance(system.evidence, NoEvidence):
        return []
    return [f"evidence: {system.evidence.words}"]


def _cells(what: str, quantity: Quantity, percent: bool, methods: _Methods) -> list[Text]:
    if isinstance(quantity, Unknown):
        cells = [what, visible(shown(quantity)), "", "", ""]
    else:
        n = f"n {quantity.n:,}" if quantity.n else ""
        cells = [
            what,
            shown(quantity, percent=percent),
            confidence(quantity),
            n,
            f"[{methods.mark(quantity)}]",
        ]
    return [Text(cell) for cell in cells]


def _split(title: str, parts: tuple[PartVolume, ...]) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(visible(title), overflow="fold")
    for heading in ("traces", "labels", "errors per day", "error rate"):
        table.add_column(heading, justify="right")
    for part in parts:
        daily: Quantity = part.errors_per_day
        table.add_row(
            Text(visible(part.name)),
            f"{part.traces:,}",
            f"{part.labels:,}" if part.labels else "",
            Text(shown(daily) if isinstance(daily, Estimate) else "unknown"),
            Text(
                shown(part.error_rate, percent=True)
                if isinstance(part.error_rate, Estimate)
                else "unknown"
            ),
        )
    return Padding(table, (0, 0, 0, 2))


def _order(answer: VolumeAnswer) -> RenderableType:
    table = Table(
        box=None, pad_edge=False, padding=(0, 4, 0, 0), header_style="dim", title_justify="left"
    )
    table.add_column("", justify="right")
    table.add_column("fewest errors per output", overflow="fold")
    table.add_column("fewest errors per day", overflow="fold")
    by_rate, by_volume = answer.order("error_rate"), answer.order("errors_per_day")
    known = {system.name: system for system in answer.systems}
    for place, (rate, volume) in enumerate(zip(by_rate, by_volume, strict=True), start=1):
        left = _ranked(rate, known[rate].error_rate, percent=True)
        right = _ranked(volume, known[volume].errors_per_day, percent=False)
        table.add_row(str(place), Text(left), Text(right))
    return table


def _ranked(name: str, quantity: Quantity, *, percent: bool) -> str:
    if isinstance(quantity, Unknown):
        return f"{visible(name)}: unknown"
    return f"{visible(name)}: {shown(quantity, percent=percent)}"
