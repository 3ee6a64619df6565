"""The probe "knows but wrong" as text for a terminal: the sentence first, tables second, numbers and rules third."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.estimate.two_by_two import TwoByTwo
from assay.figures import shown
from assay.probe.knows_again import AgainResult, VariantResult
from assay.probe.knows_classes import ClassPrecision, warnings
from assay.probe.knows_kinds import RULES, Kind
from assay.probe.knows_pairs import PairsResult
from assay.probe.knows_result import KnowsResult, SystemKnows, sentence
from assay.quantity import Quantity, Unknown
from assay.report.judge_text import numbers
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

MOST_IN_FULL = 3
"""With more systems than this, each gets a line."""


def print_knows(result: KnowsResult, console: Console) -> None:
    """Print what the detector found."""
    console.print(Text(visible(sentence(result)), style="bold"))
    for line in warnings(result.classes):
        console.print(Text(line, style="bold"))
    if len(result.systems) <= MOST_IN_FULL:
        for system in result.systems:
            console.print()
            console.print(Text(visible(system.system), style="bold"))
            console.print(_indented(_two_by_two(system.table)))
            for line in _left_out(system):
                console.print(_indented(Text(line)))
            console.print(_indented(numbers(_rows(system))))
    console.print()
    console.print(_indented(_kinds(result.systems)))
    console.print()
    console.print(_indented(_classes(result.classes)))
    console.print()
    console.print(
        _indented(
            numbers(
                [
                    ("slips that are real, as a share of the flagged", result.precision, True),
                    ("slips that are real", result.real, False),
                    ("share of the wrong answers, at least", result.share_of_errors, True),
                    ("errors a day, at least", result.errors_per_day, False),
                ]
            )
        )
    )
    for rule in (result.detector, f"{RULES}; {result.dispute_rule}"):
        console.print(_indented(Text(visible(f"by {rule}"), style="dim")))


def print_pairs(pairs: Sequence[PairsResult], console: Console) -> None:
    """Print mirrored pairs."""
    table = _table("mirrored pairs", "asked", "parsed", "contradict", "share")
    for one in pairs:
        table.add_row(
            Text(visible(one.system)), f"{one.pairs:,}", f"{one.parsed:,}", f"{one.contradicting:,}", _short(one.share)
        )  # fmt: skip
    console.print()
    console.print(_indented(table))


def print_variants(variants: Sequence[VariantResult], console: Console) -> None:
    """Print what a prompt loses and gains."""
    for one in variants:
        console.print()
        title = f"{one.system}: {one.production} against {one.plain}, {one.table.n:,} tasks"
        console.print(Text(visible(title), style="bold"))
        rows = [
            ("right under the plain prompt, wrong in production", one.lost, True),
            ("wrong under the plain prompt, right in production", one.gained, True),
        ]
        console.print(_indented(numbers(rows)))


def print_again(again: Sequence[AgainResult], console: Console) -> None:
    """Print what is right when asked again."""
    table = _table(
        "asked again", "tasks", "wrong at first", "right once", "right in most", "further answers"
    )
    for one in again:
        low, high = one.further
        table.add_row(
            Text(visible(one.system)), f"{one.tasks:,}", f"{one.wrong_first:,}", _short(one.right_once),
            _short(one.right_mostly), f"{low}" if low == high else f"{low} to {high}",
        )  # fmt: skip
    console.print()
    console.print(_indented(table))


def _rows(system: SystemKnows) -> list[tuple[str, Quantity, bool]]:
    return [
        ("answer and conclusion differ, by the parsers alone", system.contradictions, True),
        ("conclusion right, answer wrong, by the parsers alone", system.knows_but_wrong, True),
    ]


def _two_by_two(counts: TwoByTwo) -> Table:
    table = _table("", "conclusion right", "conclusion wrong")
    table.add_row("answer right", f"{counts.both_right:,}", f"{counts.only_first:,}")
    table.add_row("answer wrong", f"{counts.only_second:,}", f"{counts.both_wrong:,}")
    return table


def _left_out(system: SystemKnows) -> list[str]:
    lines = []
    if system.no_answer or system.no_conclusion or system.neither:
        lines.append(
            f"not in the table: no conclusion could be parsed in {system.no_conclusion:,}, no answer in "
            f"{system.no_answer:,}, neither in {system.neither:,}"
        )
    if system.unjudged:
        lines.append(f"{system.unjudged:,} could not be held against their reference")
    return lines


def _kinds(systems: Sequence[SystemKnows]) -> Table:
    table = _table("system", "answers", "wrong", *(kind.value for kind in Kind))
    for system in systems:
        counts = (f"{system.kinds.get(kind, 0):,}" for kind in Kind)
        table.add_row(
            Text(visible(system.system)), f"{system.traces:,}", f"{system.wrong:,}", *counts
        )
    return table


def _classes(classes: Sequence[ClassPrecision]) -> Table:
    table = _table("class, as read", "flagged", "read", "are so", "share", "of all")
    for one in classes:
        read = one.sample.read
        table.add_row(
            one.kind.value, f"{one.sample.flagged:,}", f"{read:,}", f"{one.sample.confirmed:,}" if read else "-",
            _short(one.precision), "unknown" if isinstance(one.real, Unknown) else shown(one.real),
        )  # fmt: skip
    return table


def _short(quantity: Quantity) -> str:
    return "unknown" if isinstance(quantity, Unknown) else shown(quantity, percent=True)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(first, overflow="fold")
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _indented(block: RenderableType) -> Padding:
    return Padding(block, (0, 0, 0, 2))
