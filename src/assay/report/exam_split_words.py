"""A time split in words and rows."""

from __future__ import annotations

from collections.abc import Iterator

from assay.figures import interval, number
from assay.ledger.population import moment_text
from assay.probe.reference_adjusted import NOT_ADJUSTED
from assay.probe.time_split import ALL
from assay.probe.time_split_result import Drop, SplitPart, SplitReport, SplitSystem
from assay.quantity import Estimate, Quantity, Unknown
from assay.report.stability_words import UNKNOWN

NumberRow = tuple[str, Quantity, bool]


def cut_words(report: SplitReport) -> str:
    """Return the cut as a person reads it: the day, where it is midnight."""
    return (moment_text(report.cut) or "").removesuffix("T00:00:00Z")


def split_headline(one: SplitSystem, part: SplitPart, report: SplitReport) -> str:
    """Return what one system loses at the cut in one part of the exam."""
    where = f"{one.name}, {part.name}" if part.name != ALL else one.name
    if part.is_placebo:
        where += " (placebo)"
    found = part.difference
    if isinstance(found, Unknown):
        return f"{where}: what it loses after {cut_words(report)} is unknown: {found.reason}."
    scores = (
        f"{_percent(part.before)} right before {cut_words(report)}, {_percent(part.after)} after"
    )
    if not one.is_adjusted:
        return f"{where}: {scores}: {points(found)} points lost, {NOT_ADJUSTED}."
    return (
        f"{where}: {scores}: {points(found)} points lost beyond {one.references} clean references: "
        f"{part.drop(report.margin).value}."
    )


def split_sentences(part: SplitPart, report: SplitReport) -> Iterator[str]:
    """Yield what else is to be said of a part."""
    if part.references_before is not None and part.references_after is not None:
        yield (
            f"The references: {_points(part.references_before)} % before, {_points(part.references_after)} % after."
        )
    if part.references_apart is not None:
        low, high = part.references_apart
        yield (
            f"Each reference held against the others gives {_points(low)} to {_points(high)} points: "
            "so far clean systems lie apart by themselves."
        )
    drop = part.drop(report.margin)
    if drop is Drop.YES and not part.is_placebo:
        yield (
            "So does a system that has seen the older tasks, and one that was tuned to tasks like them: which of them, "
            "scores can't say."
        )
    if drop is Drop.YES and part.is_placebo:
        yield "The placebo shows a drop: something else than the cut sets this system apart."
    if drop is not Drop.YES and isinstance(part.smallest, Estimate):
        yield f"The smallest drop that this data could have shown is {_points(part.smallest.value)} points."
    if part.seen_at_a_placebo_cut:
        yield "A cut where nothing happened shows a difference too: the systems' scores do not change alike."


def system_sentences(one: SplitSystem) -> Iterator[str]:
    """Yield what is to be said of a system in all parts."""
    if not one.is_adjusted:
        yield (
            f"{NOT_ADJUSTED.capitalize()}: {one.references} clean references, 5 are needed. Later tasks may be harder "
            "for everybody."
        )
    if one.asked_once:
        yield f"{one.name}: {UNKNOWN}: each task was asked once."
    if one.left_out:
        yield f"{one.left_out:,} tasks were left out: it or a reference has no judged answer to them."
    if one.undated:
        yield f"{one.undated:,} tasks have no date."


def split_rows(one: SplitSystem, part: SplitPart) -> Iterator[NumberRow]:
    """Yield the numbers of a part: name, number, whether in percent."""
    before, after = part.tasks
    yield f"right, {before:,} tasks before", part.before, True
    yield f"right, {after:,} tasks after", part.after, True
    yield (
        ("lost beyond the references" if one.is_adjusted else f"lost, {NOT_ADJUSTED}"),
        part.difference,
        True,
    )
    yield "smallest drop that could have shown", part.smallest, True
    yield "placebo: a cut among the older tasks", part.placebo_before, True
    yield "placebo: a cut among the newer tasks", part.placebo_after, True


def points(gap: Estimate) -> str:
    """Return a difference of shares in percentage points, with its limits."""
    return interval(gap.scaled(100.0, "points"))


def _percent(quantity: Quantity) -> str:
    if isinstance(quantity, Unknown):
        return "an unknown share"
    return f"{_points(quantity.value)} %"


def _points(share: float) -> str:
    return number(100 * share, 1)
