"""How much of a corpus adds something, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assay.curate.measure import MEASURE_IT, Measured
from assay.curate.measure_growth import ALL, Growth
from assay.estimate.repeat_value import LABEL, LEFT_OUT, SPREAD
from assay.figures import confidence, interval, plain, shown
from assay.quantity import Estimate, Quantity, Unknown

UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes"))
MOST_SOURCES = 40


def size(count: float) -> str:
    """Return a number of bytes as 1.2 GB.

    >>> size(1_234_567)
    '1.235 MB'
    """
    for times, unit in UNITS:
        if count >= times:
            return f"{plain(count / times)} {unit}"
    return "0 bytes"


def headline(measured: Measured) -> str:
    """Return the answer in a sentence."""
    left = measured.left
    if isinstance(left, Unknown):
        return f"What is left can't be told: {left.reason}."
    share = measured.left_share
    if isinstance(share, Unknown):
        return "The corpus holds no words."
    return (
        f"{interval(share, percent=True)} of the words add something: "
        f"{interval(left)} of {interval_of(measured.effective.steps[0].total)}."
    )


def interval_of(quantity: Quantity) -> str:
    """Return a number with its limits, or "?"."""
    return interval(quantity) if isinstance(quantity, Estimate) else "?"


def raw_sentence(measured: Measured) -> str:
    """Return what was read."""
    words = interval_of(measured.effective.steps[0].total)
    said = f"Read: {measured.documents:,} documents, {size(measured.bytes)}, {words} words"
    if measured.tokens is not None:
        said += f", {measured.tokens.tokens:,} tokens ({measured.tokens.tokenizer})"
    if measured.rejected:
        reasons = ", ".join(f"{count:,} {why}" for why, count in measured.rejected.items())
        said += f"; records that are no documents: {reasons}"
    return said + "."


def step_columns(measured: Measured) -> list[str]:
    """Return the heads of the table of sources and steps."""
    return ["source", *(step.name for step in measured.effective.steps)]


def step_rows(measured: Measured) -> list[list[str]]:
    """Return the rows of the table of sources and steps: the raw words, then shares of them that are left."""
    rows = [["all", *_cells([step.total for step in measured.effective.steps])]]
    tokens = [step.tokens for step in measured.effective.steps if step.tokens is not None]
    if tokens:
        rows.append(["all, in tokens", *_cells(tokens)])
    if len(measured.sources) > 1:
        order = sorted(range(len(measured.sources)), key=lambda code: -_raw(measured, code))
        rows += [
            [
                measured.sources[code],
                *_cells([step.by_source[code] for step in measured.effective.steps]),
            ]
            for code in order[:MOST_SOURCES]
        ]
    return rows


def _raw(measured: Measured, code: int) -> float:
    raw = measured.effective.steps[0].by_source[code]
    return raw.value if isinstance(raw, Estimate) else 0.0


def _cells(steps: Sequence[Quantity]) -> Iterator[str]:
    raw = steps[0]
    yield interval_of(raw)
    for one in steps[1:]:
        if isinstance(one, Unknown) or isinstance(raw, Unknown) or not raw.value:
            yield "unknown" if isinstance(one, Unknown) else "-"
        else:
            yield (
                interval(one.scaled(1 / raw.value, "of raw"), percent=True).replace(" %", "") + " %"
            )


def step_sentences(measured: Measured) -> Iterator[str]:
    """Yield how each step was done, and how it was counted."""
    for step in measured.effective.steps[1:]:
        total = step.total
        how = confidence(total) if isinstance(total, Estimate) else "unknown"
        said = "counted on all documents, exact" if how == "counted" else f"{how} limits"
        if isinstance(total, Estimate) and how != "counted":
            said += f", {total.method}"
        yield f"{step.name}: {step.note}; {said}."
    for name, why in measured.effective.skipped.items():
        yield f"{name}: {why}."
    shown_sources = len(measured.sources) - MOST_SOURCES
    if shown_sources > 0:
        yield f"{shown_sources:,} more sources are in the record (--json)."


GROWTH_COLUMNS = ("source", "n", "different n-grams", "as much again: new", "share new")


def growth_columns(measured: Measured) -> list[str]:
    """Return the heads of the table of growth."""
    return [*GROWTH_COLUMNS, f"next {size(measured.question.growth.more_bytes)}: share new"]


def growth_rows(measured: Measured) -> list[list[str]]:
    """Return the rows of the table of growth."""
    return [
        [
            one.source,
            str(one.words),
            interval_of(one.distinct),
            _short(one.doubling),
            _short(one.doubling_share, percent=True),
            _short(one.more_share, percent=True)
            + (
                " (assumed)"
                if isinstance(one.more, Estimate) and one.more.guarantee == "assumed"
                else ""
            ),
        ]
        for one in measured.growth
    ][: 2 * MOST_SOURCES]


def _short(quantity: Quantity, *, percent: bool = False) -> str:
    return "unknown" if isinstance(quantity, Unknown) else interval(quantity, percent=percent)


def growth_sentences(measured: Measured) -> Iterator[str]:
    """Yield what the table of growth says, and how far it goes."""
    for one in measured.growth:
        if one.source == ALL:
            yield (
                f"{one.words}-grams, {one.source}: as much text again would bring "
                f"{shown(one.doubling)} new ones, {shown(one.doubling_share, percent=True)} of its own; the next "
                f"{size(measured.question.growth.more_bytes)} {shown(one.more_share, percent=True)} of its own"
                f"{_assumed(one)}."
            )
    unknown = {
        one.source: one.doubling.reason
        for one in measured.growth
        if isinstance(one.doubling, Unknown)
    }
    for source, reason in list(unknown.items())[:MOST_SOURCES]:
        yield f"unknown for {source}: {reason}."
    yield (
        "New n-grams are predicted for more documents drawn as these were: smoothed Good-Toulmin over documents "
        "(doi:10.1073/pnas.1607774113), limits found by simulation to hold, up to a doubling. Beyond it a power law is "
        "assumed to go on, which tends to promise too much."
    )
    thinned = [
        one
        for one in measured.growth
        if isinstance(one.distinct, Estimate) and one.distinct.low < one.distinct.high
    ]
    if thinned:
        yield "N-grams were thinned by hash to what --keep holds; the limits of their numbers hold that error."


def _assumed(one: Growth) -> str:
    assumed = isinstance(one.more, Estimate) and one.more.guarantee == "assumed"
    return " (a power law, assumed)" if assumed else ""


REPEAT_COLUMNS = (
    "epochs",
    "words gone through",
    "worth, as fresh words",
    "range of the forms",
    "the last pass",
)


def repeat_rows(measured: Measured) -> list[list[str]]:
    """Return the rows of the table of repeats."""
    return [
        [
            plain(one.epochs),
            plain(one.unique * one.epochs),
            plain(one.effective),
            f"{plain(one.low)} to {plain(one.high)}",
            f"{plain(100 * one.last_epoch)} %",
        ]
        for one in measured.repeats
    ]


def repeat_sentences() -> list[str]:
    """Return how far the table of repeats goes."""
    return [
        f"D' = U + U R* (1 - exp(-R/R*)), R* = 15.39, arXiv:2305.16264: {LABEL}.",
        f"{SPREAD[0].upper()}{SPREAD[1:]}.",
        f"{LEFT_OUT[0].upper()}{LEFT_OUT[1:]}.",
        f"{MEASURE_IT[0].upper()}{MEASURE_IT[1:]}.",
    ]
