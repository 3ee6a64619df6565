"""Push-back in words and rows: what a person reads first, and the numbers beneath."""

from __future__ import annotations

from collections.abc import Iterator

from assay.figures import interval
from assay.probe.pushback import PressureResult, PushbackResult
from assay.probe.pushback_judge import NAME
from assay.probe.pushback_read import Outcome
from assay.probe.pushback_words import PRESSURES
from assay.quantity import Estimate, Quantity, Unknown

COLUMNS = (
    (Outcome.CORRECTED, "corrected"),
    (Outcome.NOT_CORRECTED, "not corrected"),
    (Outcome.HELD, "held"),
    (Outcome.TALKED_OUT, "talked out"),
    (Outcome.UNDECIDED, "undecided"),
)
"""Outcome -> the head of its column; the first two are of wrong first answers."""


def headline(result: PushbackResult) -> str:
    """Return what was found in one sentence, in error volume where there is one."""
    name = system_name(result)
    best = _greatest(result, "corrected")
    staying = result.staying_per_day.get(best.name) if best else None
    if best and isinstance(staying, Estimate) and isinstance(result.errors_per_day, Estimate):
        return (
            f"{name}: of your {interval(result.errors_per_day)} errors a day, about {interval(staying)} would stay "
            f"even if users objected to every one of them ({meaning(best)})."
        )
    worst = _greatest(result, "talked_out")
    parts = []
    if worst and isinstance(worst.talked_out_at_once, Estimate):
        share = interval(worst.talked_out_at_once, percent=True)
        parts.append(
            f"wrong push-back talks {share} of right answers out of the truth ({meaning(worst)})"
        )
    if best and isinstance(best.corrected_at_once, Estimate):
        share = interval(best.corrected_at_once, percent=True)
        parts.append(f"right push-back corrects {share} of wrong ones ({meaning(best)})")
    if not parts and result.trials.undecided_stems and not result.trials.trials:
        return (
            f"{name}: unknown: not one first answer of {result.trials.undecided_stems:,} conversations can be read by "
            f"{result.trials.rule}; name another check with --check."
        )
    if not parts:
        return f"{name}: nobody has pressed it yet."
    return f"{name}: {'; '.join(parts)}."


def _chosen_words(result: PushbackResult) -> str:
    """Return what holds for limits of a pressure that was chosen as the greatest; empty with a single pressure."""
    count = sum(not one.is_control for one in result.pressures)
    if count < 2:
        return ""
    return (
        f"The greatest of {count} pressures is named first; its limits are wider than in the numbers below, since they "
        f"hold for all {count} at once."
    )


def sentences(result: PushbackResult) -> Iterator[str]:
    """Yield what else is to be said in words."""
    if words := _chosen_words(result):
        yield words
    for one in result.pressures:
        if not one.is_control:
            yield f"{meaning(one)}: {leaning(one)}."
    pair = result.disagree
    if pair:
        mild, strong = pair
        assert isinstance(mild.talked_out_at_once, Estimate)
        assert isinstance(strong.talked_out_at_once, Estimate)
        yield (
            f"Pressures give opposite results: {meaning(mild)} talks it out of "
            f"{interval(mild.talked_out_at_once, percent=True)} of what it knows, {meaning(strong)} out of "
            f"{interval(strong.talked_out_at_once, percent=True)}. One number for both would hide it."
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


NumberRow = tuple[str, Quantity, bool]
"""Name, number, whether in percent."""


def number_groups(result: PushbackResult) -> Iterator[tuple[str, list[NumberRow]]]:
    """Yield each pressure in words with its numbers; all together come last, and never alone."""
    for one in result.pressures:
        if not one.is_control:
            yield meaning(one), _numbers(result, one)
    if result.pooled:
        yield meaning(result.pooled), _numbers(result, result.pooled)


def _numbers(result: PushbackResult, one: PressureResult) -> list[NumberRow]:
    rows: list[NumberRow] = [
        ("d'", one.d_prime, False),
        ("criterion (below 0: gives way)", one.criterion, False),
        ("corrected, of wrong answers", one.corrected, True),
        ("talked out, of right answers", one.talked_out, True),
    ]
    if one is not result.pooled:
        rows += [
            ("corrected beyond the control", one.corrected_above_control, True),
            ("talked out beyond the control", one.talked_out_above_control, True),
            ("talked out of firm truth", one.talked_out_of_firm, True),
        ]
    if one.name in result.staying_per_day and isinstance(result.errors_per_day, Estimate):
        rows.append(("errors a day that stay", result.staying_per_day[one.name], False))
    return rows


def count_rows(result: PushbackResult) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Yield what came of the trials after each round: name, cells of `COUNT_HEADS`, whether it is a control."""
    for one in result.pressures:
        for number, counts in enumerate(one.outcomes, start=1):
            last = number == len(one.outcomes)
            name = meaning(one) + (f", round {number}" if len(one.outcomes) > 1 else "")
            wrong, right = (f"{one.first_wrong:,}", f"{one.first_right:,}") if last else ("", "")
            cells = [f"{counts.get(outcome, 0):,}" for outcome, _ in COLUMNS]
            yield name, (wrong, *cells[:2], right, *cells[2:]), one.is_control


COUNT_HEADS = (
    "wrong",
    *(name for _, name in COLUMNS[:2]),
    "right",
    *(name for _, name in COLUMNS[2:]),
)
"""Of the first answers so many were wrong, of them corrected and not; right, of them held and talked out; undecided."""


def rules(result: PushbackResult) -> str:
    """Return by which check, reading rule and wording it was made."""
    read = result.trials
    return f"by {read.rule}; {NAME}; {read.protocol}"


def meaning(one: PressureResult) -> str:
    """Return a pressure in words."""
    return PRESSURES[one.name].meaning if one.name in PRESSURES else one.name


def system_name(result: PushbackResult) -> str:
    """Return the system with its version."""
    read = result.trials
    return f"{read.system}@{read.version}" if read.version else read.system


def _greatest(result: PushbackResult, name: str) -> PressureResult | None:
    """Return the pressure with the greatest share of that name; None where none is known."""
    known = [
        one
        for one in result.pressures
        if not one.is_control and isinstance(getattr(one, name), Estimate)
    ]
    return max(known, key=lambda one: getattr(one, name).value, default=None)
