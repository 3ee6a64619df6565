"""The overlap of an exam with a corpus as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.probe.overlap import OverlapReport, Standing
from assay.probe.overlap_grams import COMMON_ITEMS, WINDOW
from assay.quantity import Estimate, Unknown
from assay.report.judge_text import numbers
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

MOST_ITEMS = 20


def print_overlap(report: OverlapReport, console: Console) -> None:
    """Print how far an exam overlaps with a corpus."""
    console.print(Text(visible(headline(report)), style="bold"))
    for sentence in sentences(report):
        console.print(_indented(Text(visible(sentence))))
    console.print()
    console.print(
        _indented(
            numbers(
                [
                    (
                        f"items with a window of {WINDOW} words in the corpus",
                        report.any_share,
                        True,
                    ),
                    ("items with most of their windows in it", report.most_share, True),
                    ("documents with a window of the exam", report.document_share, True),
                ]
            )
        )
    )
    if table := _places(report):
        console.print()
        console.print(_indented(table))


def headline(report: OverlapReport) -> str:
    """Return what was found in one sentence."""
    most, some = report.counted(Standing.MOST), report.counted(Standing.ANY)
    told = most + some + report.counted(Standing.NONE)
    share = report.any_share
    if isinstance(share, Unknown):
        return f"Whether the exam overlaps is unknown: {share.reason}."
    if not most + some:
        return f"None of {told:,} items overlaps with what was read."
    return f"{most + some:,} of {told:,} items overlap with what was read, {most:,} of them for the most part."


def sentences(report: OverlapReport) -> Iterator[str]:
    """Yield what else is to be said in words."""
    corpus = report.corpus
    yield (
        f"{corpus.documents_read:,} of {corpus.documents:,} documents were read: {report.words_read:,} words in "
        f"{len(corpus.paths):,} {'file' if len(corpus.paths) == 1 else 'files'}."
    )
    if short := report.counted(Standing.TOO_SHORT):
        yield f"{short:,} items have fewer than {WINDOW} words: too short to tell."
    if shared := report.counted(Standing.NOTHING_OWN):
        yield f"{shared:,} items are made of phrases that over {COMMON_ITEMS} items share: nothing to look for."
    if report.common_grams:
        yield f"{report.common_grams:,} windows that over {COMMON_ITEMS} items share were left out."
    if corpus.unread_lines:
        yield f"{corpus.unread_lines:,} lines could not be read; the first: {corpus.first_unread}."
    share = report.any_share
    if isinstance(share, Estimate) and share.high > share.low:
        yield "What was not read may hold any other item: the shares of items are at least what is shown."
    yield f"{_sentence(report.near_duplicates.reason)} {_sentence(report.elsewhere.reason)}"
    yield "That a text stands in a corpus does not show that a model learned from it; see what it does on a twin exam."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _places(report: OverlapReport) -> Table | None:
    overlapping = sorted(
        (item for item in report.items if item.found), key=lambda item: -item.found / item.grams
    )
    if not overlapping:
        return None
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("item")
    table.add_column("windows found", justify="right")
    table.add_column("where")
    for item in overlapping[:MOST_ITEMS]:
        table.add_row(
            Text(visible(item.task_id)),
            f"{item.found:,} of {item.grams:,}",
            Text(visible(", ".join(item.places))),
        )
    if len(overlapping) > MOST_ITEMS:
        table.add_row(f"and {len(overlapping) - MOST_ITEMS:,} more", "", "all with --json")
    return table


def _indented(part: RenderableType) -> Padding:
    return Padding(part, (0, 0, 0, 2))
