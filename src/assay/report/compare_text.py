"""Two rules over the same outputs as text for a terminal: the table, each system's rates, and outputs to look at."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.figures import shown
from assay.judge.compare import ComparedRules, Disagreement, PairTable
from assay.terminal import visible


def compare_blocks(compared: ComparedRules) -> Iterator[RenderableType]:
    """Yield what is printed: the rules, the rates by system, and for each two rules their table and examples."""
    letters = dict(zip(compared.judges, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", strict=False))
    for judge, letter in letters.items():
        yield Text(visible(f"{letter}  {judge}"), style="bold")
    yield Text()
    yield _rates(compared, letters)
    for pair in compared.pairs:
        a, b = letters[pair.first], letters[pair.second]
        apart = pair.only_first_right + pair.only_second_right
        yield Text()
        yield Text(
            f"{a} and {b} disagree on {apart:,} of {pair.n:,} outputs "
            f"({shown(pair.disagreement, percent=True)}), counted",
            style="bold",
        )
        yield _table(pair, a, b)
        for example in pair.examples:
            yield Text()
            yield _example(example, a, b)


def _rates(compared: ComparedRules, letters: dict[str, str]) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("system", overflow="fold")
    table.add_column("outputs", justify="right")
    for letter in letters.values():
        table.add_column(f"wrong by {letter}", justify="right")
        table.add_column("error rate", justify="right")
    for rates in compared.systems:
        cells: list[RenderableType] = [Text(visible(rates.system)), f"{rates.traces:,}"]
        for place, judge in enumerate(compared.judges):
            cells += [
                f"{rates.wrong[place]:,}",
                shown(rates.error_rate(place, judge), percent=True),
            ]
        table.add_row(*cells)
    return Padding(table, (0, 0, 0, 2))


def _table(pair: PairTable, a: str, b: str) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("")
    for heading in (f"right by {b}", f"wrong by {b}"):
        table.add_column(heading, justify="right")
    table.add_row(f"right by {a}", f"{pair.both_right:,}", f"{pair.only_first_right:,}")
    table.add_row(f"wrong by {a}", f"{pair.only_second_right:,}", f"{pair.both_wrong:,}")
    return Padding(table, (0, 0, 0, 2))


def _example(example: Disagreement, a: str, b: str) -> RenderableType:
    lines = [Text(visible(f"{example.trace_id}  {example.system}"), style="dim")]
    reference = "none" if example.reference is None else visible(example.reference)
    lines.append(Text(f"  reference  {reference}"))
    for letter, taken, wrong in zip((a, b), example.taken, example.wrong, strict=True):
        said = "nothing" if taken is None else visible(taken)
        lines.append(Text(f"  {letter} took     {said}: {'wrong' if wrong else 'right'}"))
    lines.append(Text(f"  output     {visible(example.excerpt)}"))
    return Group(*lines)
