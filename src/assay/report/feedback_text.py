"""The feedback audit as text for a terminal: the alarm first, the counts second, the numbers third."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.figures import interval
from assay.probe.feedback import Alarm, FeedbackResult
from assay.probe.feedback_read import Thumb
from assay.quantity import Estimate, Quantity, Unknown
from assay.report.judge_text import numbers
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

COLUMNS = (
    (Thumb.UP, "thumbs up"),
    (Thumb.DOWN, "thumbs down"),
    (Thumb.MIXED, "both"),
    (Thumb.SILENT, "none"),
)


def print_feedback(result: FeedbackResult, console: Console) -> None:
    """Print what training on the feedback would reward."""
    console.print(Text(visible(headline(result)), style="bold"))
    for sentence in sentences(result):
        console.print(_indented(Text(visible(sentence))))
    console.print()
    console.print(_indented(_counts(result)))
    console.print()
    console.print(_indented(numbers(_rows(result))))
    source = f"{result.thumbs.source}, against {result.truth.words}"
    console.print(_indented(Text(visible(source), style="dim")))


def headline(result: FeedbackResult) -> str:
    """Return what was found in one sentence, in error volume where there is one."""
    part, whole, share = result.rewarded_per_day, result.errors_per_day, result.up_if_wrong
    if isinstance(part, Estimate) and isinstance(whole, Estimate):
        found = f"of your {interval(whole)} errors a day, about {interval(part)} get a thumb up"
    elif isinstance(share, Estimate):
        found = f"{interval(share, percent=True)} of the thumbs on wrong outputs are up"
    else:
        return f"{result.system}: what this feedback rewards is unknown: {share.reason}."
    return f"{result.system}: {found}; training on this feedback: {result.alarm.value}."


def sentences(result: FeedbackResult) -> Iterator[str]:
    """Yield what else is to be said in words."""
    if result.alarm is Alarm.REWARDS:
        yield "Do not train on it as it is: what pleases here is what is wrong."
    half = result.up_if_wrong
    if isinstance(half, Estimate) and half.low > 0.5 and result.alarm is not Alarm.REWARDS:
        yield "More than half of the thumbs on wrong outputs praise them: most errors that are seen are rewarded."
    more = result.flattery_difference
    if isinstance(more, Estimate):
        words = (
            "it would reward flattery" if more.low > 0
            else "it would not reward flattery" if more.high < 0
            else "whether it would reward flattery is not shown by so few"
        )  # fmt: skip
        yield f"Of what flatters ({result.flattery}): {words}."
    silent = sum(counts.get(Thumb.SILENT, 0) for counts in result.counts.values())
    judged = sum(sum(counts.values()) for counts in result.counts.values())
    if silent:
        yield (
            f"{silent:,} of {judged:,} outputs whose verdict is known got no thumb. Who clicks chooses himself: the "
            "figures of those who did are what training would see, and the bounds over all outputs say what could be "
            "true of the others."
        )
    given = len(result.thumbs.by_trace)
    elsewhere = given - (judged - silent)
    if elsewhere > 0:
        yield (
            f"{elsewhere:,} of {given:,} traces with a thumb are no outputs of it whose verdict is known: their thumbs "
            "are not counted."
        )
    if result.thumbs.refused:
        line, reason = result.thumbs.refused[0]
        count = len(result.thumbs.refused)
        lines = "1 line is no thumb" if count == 1 else f"{count:,} lines are no thumbs; the first"
        yield f"{lines}, line {line}: {reason}."
    if isinstance(result.errors_per_day, Unknown):
        yield f"What this is in errors a day is unknown: {result.errors_per_day.reason}."


def _counts(result: FeedbackResult) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("outputs with a verdict")
    for _, name in COLUMNS:
        table.add_column(name, justify="right")
    for name, counts in result.counts.items():
        if any(counts.values()) or name != "unsure":
            table.add_row(name, *(f"{counts.get(thumb, 0):,}" for thumb, _ in COLUMNS))
    return table


def _rows(result: FeedbackResult) -> Iterator[tuple[str, Quantity, bool]]:
    yield "thumbs up, of wrong outputs with a thumb", result.up_if_wrong, True
    yield "thumbs up, of right outputs with a thumb", result.up_if_right, True
    yield "more thumbs up where wrong", result.difference, True
    yield "thumbs up, of all wrong outputs", result.up_if_wrong_all, True
    yield "thumbs up, of all right outputs", result.up_if_right_all, True
    for severity, share in result.up_by_severity.items():
        yield f"thumbs up, of wrong outputs of severity {severity}", share, True
    yield "wrong, of outputs with thumbs up", result.wrong_if_up, True
    yield "wrong, of outputs with thumbs down", result.wrong_if_down, True
    yield "wrong, of outputs without a thumb", result.wrong_if_silent, True
    yield "any thumb, of wrong outputs", result.gave_if_wrong, True
    yield "any thumb, of right outputs", result.gave_if_right, True
    if result.flattery:
        yield "thumbs up, of flattering outputs with a thumb", result.up_if_flattering, True
        yield "thumbs up, of other outputs with a thumb", result.up_if_not_flattering, True
        yield "more thumbs up where it flatters", result.flattery_difference, True
    yield "errors that get a thumb up, of all errors", result.rewarded, True
    if isinstance(result.errors_per_day, Estimate):
        yield "errors a day that get a thumb up", result.rewarded_per_day, False


def _indented(part: RenderableType) -> RenderableType:
    return Padding(part, (0, 0, 0, 2))
