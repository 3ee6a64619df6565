"""The push-back probe as text for a terminal: what it means first, the counts second, the numbers third."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.figures import interval
from assay.probe.pushback import PressureResult, PushbackResult
from assay.probe.pushback_judge import NAME
from assay.probe.pushback_read import Outcome
from assay.probe.pushback_words import PRESSURES
from assay.quantity import Estimate, Quantity, Unknown
from assay.report.judge_text import numbers
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

COLUMNS = (
    (Outcome.CORRECTED, "corrected"),
    (Outcome.NOT_CORRECTED, "not corrected"),
    (Outcome.HELD, "held"),
    (Outcome.TALKED_OUT, "talked out"),
    (Outcome.UNDECIDED, "undecided"),
)


def print_pushback(result: PushbackResult, console: Console) -> None:
    """Print what the probe found."""
    console.print(Text(visible(headline(result)), style="bold"))
    for sentence in sentences(result):
        console.print(_indented(Text(visible(sentence))))
    console.print()
    console.print(_indented(_counts(result)))
    console.print()
    console.print(_indented(numbers(_rows(result))))
    read = result.trials
    rules = f"by {read.rule}; {NAME}; {read.protocol}"
    console.print(_indented(Text(visible(rules), style="dim")))


def headline(result: PushbackResult) -> str:
    """Return what was found in one sentence, in error volume where there is one."""
    name = _name(result)
    best = _greatest(result, "corrected")
    staying = result.staying_per_day.get(best.name) if best else None
    if best and isinstance(staying, Estimate) and isinstance(result.errors_per_day, Estimate):
        return (
            f"{name}: of your {interval(result.errors_per_day)} errors a day, about {interval(staying)} would stay "
            f"even if users objected to every one of them ({_what(best)})."
        )
    worst = _greatest(result, "talked_out")
    parts = []
    if worst and isinstance(worst.talked_out, Estimate):
        share = interval(worst.talked_out, percent=True)
        parts.append(
            f"wrong push-back talks {share} of right answers out of the truth ({_what(worst)})"
        )
    if best and isinstance(best.corrected, Estimate):
        share = interval(best.corrected, percent=True)
        parts.append(f"right push-back corrects {share} of wrong ones ({_what(best)})")
    if not parts:
        return f"{name}: nobody has pressed it yet."
    return f"{name}: {'; '.join(parts)}."


def sentences(result: PushbackResult) -> Iterator[str]:
    """Yield what else is to be said in words."""
    for one in result.pressures:
        if not one.is_control:
            yield f"{_what(one)}: {leaning(one)}."
    pair = result.disagree
    if pair:
        mild, strong = pair
        assert isinstance(mild.talked_out, Estimate)
        assert isinstance(strong.talked_out, Estimate)
        yield (
            f"Pressures give opposite results: {_what(mild)} talks it out of {interval(mild.talked_out, percent=True)} "
            f"of what it knows, {_what(strong)} out of {interval(strong.talked_out, percent=True)}. One number for "
            "both would hide it."
        )
    if isinstance(result.errors_per_day, Unknown):
        yield f"What this is in errors a day is unknown: {result.errors_per_day.reason}."
    read = result.trials
    for count, what in (
        (read.undecided_stems, "their first answer can't be read"),
        (read.mismatched, "under this check the user agreed instead of disagreeing"),
        (read.unfinished, "they stopped on the way; the same command goes on"),
    ):
        if count:
            yield f"{count:,} conversations are left out: {what}."
    if any(one.hit == "corrected" for one in result.pressures):
        yield (
            "Two wrong answers can't be told apart under this check: a hit is a wrong answer that was corrected, not "
            "one that changed."
        )
    if read.runs > 1:
        yield f"The ledger holds {read.runs} runs of this probe on it; this is the newest."


def leaning(one: PressureResult) -> str:
    """Return in words whether push-back is told apart, and which way it leans: only what the limits show."""
    if isinstance(one.d_prime, Unknown):
        return f"unknown: {one.d_prime.reason}"
    if isinstance(one.criterion, Unknown):
        return f"unknown: {one.criterion.reason}"
    if one.d_prime.low > 0:
        told = "it tells right push-back from wrong"
    elif one.d_prime.high < 0:
        told = "it gives way to wrong push-back oftener than to right"
    else:
        told = "whether it tells right push-back from wrong is not shown by so few trials"
    if one.criterion.high < 0:
        return f"{told}, and leans towards giving way"
    if one.criterion.low > 0:
        return f"{told}, and leans towards holding on"
    return told


def _greatest(result: PushbackResult, name: str) -> PressureResult | None:
    """Return the pressure with the greatest share of that name; None where none is known."""
    known = [
        one
        for one in result.pressures
        if not one.is_control and isinstance(getattr(one, name), Estimate)
    ]
    return max(known, key=lambda one: getattr(one, name).value, default=None)


def _counts(result: PushbackResult) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("of the first answers")
    table.add_column("wrong", justify="right")
    for _, name in COLUMNS[:2]:
        table.add_column(name, justify="right")
    table.add_column("right", justify="right")
    for _, name in COLUMNS[2:]:
        table.add_column(name, justify="right")
    for one in result.pressures:
        for number, counts in enumerate(one.outcomes, start=1):
            last = number == len(one.outcomes)
            name = _what(one) + (f", round {number}" if len(one.outcomes) > 1 else "")
            cells = [f"{counts.get(outcome, 0):,}" for outcome, _ in COLUMNS]
            wrong, right = (f"{one.first_wrong:,}", f"{one.first_right:,}") if last else ("", "")
            style = "dim" if one.is_control else None
            table.add_row(Text(visible(name)), wrong, *cells[:2], right, *cells[2:], style=style)
    return table


def _rows(result: PushbackResult) -> Iterator[tuple[str, Quantity, bool]]:
    shown = [one for one in result.pressures if not one.is_control]
    for one in [*shown, *([result.pooled] if result.pooled else [])]:
        name = _what(one)
        yield f"{name}: d'", one.d_prime, False
        yield f"{name}: criterion (below 0: gives way)", one.criterion, False
        yield f"{name}: corrected, of wrong answers", one.corrected, True
        yield f"{name}: talked out, of right answers", one.talked_out, True
        if one is not result.pooled:
            yield f"{name}: corrected beyond the control", one.corrected_above_control, True
            yield f"{name}: talked out beyond the control", one.talked_out_above_control, True
            yield f"{name}: talked out of firm truth", one.talked_out_of_firm, True
        if one.name in result.staying_per_day and isinstance(result.errors_per_day, Estimate):
            yield f"{name}: errors a day that stay", result.staying_per_day[one.name], False


def _what(one: PressureResult) -> str:
    return PRESSURES[one.name].meaning if one.name in PRESSURES else one.name


def _name(result: PushbackResult) -> str:
    read = result.trials
    return f"{read.system}@{read.version}" if read.version else read.system


def _indented(part: RenderableType) -> RenderableType:
    return Padding(part, (0, 0, 0, 2))
