"""Exam against use in words and rows: what a person reads first, and the numbers beneath."""

from __future__ import annotations

from collections.abc import Iterator

from assay.estimate.reference_curve import AdjustedGap
from assay.figures import interval, number, plain, shown
from assay.probe.exam import NO_MIX, NO_TWIN
from assay.probe.exam_result import ExamReport, ExamResult, Finding, Gap, PerDay
from assay.probe.reference_adjusted import NOT_ADJUSTED
from assay.quantity import Estimate, Quantity, Unknown
from assay.report.exam_split_words import points
from assay.report.stability_words import UNKNOWN

NumberRow = tuple[str, Quantity, bool]

ANSWERS = {
    Finding.HIGHER: "the exam shows more",
    Finding.LOWER: "the exam shows less",
    Finding.NO: "no gap worth speaking of",
    Finding.UNKNOWN: "not enough data to tell",
}


def headline(one: ExamResult, day: PerDay, margin: float) -> str:
    """Return in a sentence what the exam shows, and what is made in use: in errors a day where that is known."""
    finding = ANSWERS[one.against_use.finding(margin)]
    if isinstance(day.promised, Estimate) and isinstance(day.made, Estimate):
        return (
            f"{one.name}: by its exam it makes {interval(day.promised)} errors a day, in use "
            f"{interval(day.made)}: {finding}."
        )
    if isinstance(one.exam, Estimate) and isinstance(one.use, Estimate):
        return (
            f"{one.name}: {interval(one.exam, percent=True)} right in the exam, "
            f"{interval(one.use, percent=True)} in use: {finding}."
        )
    if isinstance(one.exam, Estimate) and isinstance(one.twin, Estimate):
        twin = ANSWERS[one.against_twin.finding(margin)]
        return (
            f"{one.name}: {interval(one.exam, percent=True)} right in the exam, "
            f"{interval(one.twin, percent=True)} in its twin: {twin}."
        )
    missing = one.exam if isinstance(one.exam, Unknown) else one.use
    reason = missing.reason if isinstance(missing, Unknown) else ""
    return f"{one.name}: what its exam is worth in use is unknown: {reason}."


def sentences(one: ExamResult, report: ExamReport, day: PerDay) -> Iterator[str]:
    """Yield what else is to be said in words."""
    if isinstance(day.hidden, Estimate) and day.hidden.low > 0:
        yield f"The exam does not show {interval(day.hidden)} of the errors a day ({NOT_ADJUSTED})."
    yield from _gap("use", one.against_use, report.margin)
    if not isinstance(one.twin, Unknown) or one.twin.reason != NO_TWIN:
        yield from _gap("its twin", one.against_twin, report.margin)
    if isinstance(one.exam_at_mix, Unknown) and not isinstance(one.use, Unknown):
        why = one.exam_at_mix.reason
        if why == NO_MIX:
            why = "name the tags that make kinds of task with --by"
        yield f"The exam is not weighted to the mix of the work: {why}."
    if one.asked_once:
        yield f"{UNKNOWN.capitalize()}: each task of the exam was asked once."
    if one.judged_by_model:
        yield "The exam's judge is a model: its own errors are among those counted here."
    if len(one.judges) > 1:
        yield f"{len(one.judges)} judges say right or wrong in the exam; name one with --judge to believe only it."
    if one.picked is not None:
        yield f"As the best of {report.tries:,} tries, its true score is {shown(one.picked, percent=True)}."


def _gap(other: str, gap: Gap, margin: float) -> Iterator[str]:
    """Yield what a gap is, whether it was adjusted, and what could have been seen."""
    adjusted = gap.adjusted
    if isinstance(gap.plain, Unknown):
        yield f"Exam against {other}: unknown: {gap.plain.reason}."
        return
    how = NOT_ADJUSTED if isinstance(adjusted, AdjustedGap) else adjusted.reason
    yield f"Exam less {other}: {points(gap.plain)} points, {how}."
    if isinstance(adjusted, AdjustedGap):
        yield _adjusted(other, adjusted)
    finding, smallest = gap.finding(margin), gap.smallest
    if finding in (Finding.NO, Finding.UNKNOWN) and isinstance(smallest, Estimate):
        yield f"The smallest gap that this data could have shown is {_points(smallest.value)} points."
    elif finding is Finding.UNKNOWN and isinstance(smallest, Unknown):
        yield f"{smallest.reason.capitalize()}."
    if finding is Finding.HIGHER and isinstance(adjusted, AdjustedGap):
        yield (
            "So does a system that was tuned to exams of this kind, and one that has seen the tasks: which of them, "
            "scores can't say."
        )


def _adjusted(other: str, found: AdjustedGap) -> str:
    words = (
        f"Adjusted for difficulty: {points(found.gap)} points above the {_points(found.expected)} % that "
        f"{found.references} clean references lead one to expect at its score in {other}"
    )
    least = 1 / (found.references + 1)
    words += f"; by rank p = {rank_p(found)}"
    if found.rank_p_value <= least:
        words += ", the least that so many references can give"
    if not found.within:
        words += "; its score lies beyond theirs, where the curve is a guess"
    return words + "."


def rank_p(found: AdjustedGap) -> str:
    """Return a p-value by rank: what it is, never nought."""
    return plain(found.rank_p_value)


def _points(share: float) -> str:
    return number(100 * share, 1)


def number_rows(one: ExamResult, report: ExamReport, day: PerDay) -> Iterator[NumberRow]:
    """Yield the numbers: name, number, whether in percent."""
    yield "right in the exam", one.exam, True
    if report.by:
        yield f"right in the exam, at the use mix of {', '.join(report.by)}", one.exam_at_mix, True
    yield "right in use", one.use, True
    yield "right in the twin exam", one.twin, True
    yield f"exam less use, {NOT_ADJUSTED}", one.against_use.plain, True
    yield from _adjusted_rows("exam less use", one.against_use)
    if isinstance(one.against_twin.plain, Estimate):
        yield f"exam less twin, {NOT_ADJUSTED}", one.against_twin.plain, True
        yield from _adjusted_rows("exam less twin", one.against_twin)
    if one.picked is not None:
        yield f"true score, as the best of {report.tries:,} tries", one.picked, True
    if isinstance(day.promised, Estimate):
        yield "errors a day, by the exam", day.promised, False
        yield "errors a day, in use", day.made, False
        yield "errors a day that the exam does not show", day.hidden, False


def _adjusted_rows(name: str, gap: Gap) -> Iterator[NumberRow]:
    if isinstance(gap.adjusted, AdjustedGap):
        yield f"{name}, adjusted for difficulty", gap.adjusted.gap, True
    if isinstance(gap.smallest, Estimate):
        yield f"{name}: smallest gap that could have shown", gap.smallest, True


def exam_sentences(report: ExamReport) -> Iterator[str]:
    """Yield what is to be said of the exam itself."""
    baselines = report.baselines
    if isinstance(baselines, Unknown):
        yield f"Whether the exam can be passed without the skill is unknown: {baselines.reason}."
    else:
        yield baselines.words
    if report.references:
        yield (
            f"References, believed not to know the exam: {', '.join(report.references)}. Whoever names them vouches "
            "for that: where they know it, gaps are too small."
        )


def baseline_rows(report: ExamReport) -> Iterator[NumberRow]:
    """Yield the scores of the rules without skill."""
    if not isinstance(report.baselines, Unknown):
        for one in report.baselines.baselines:
            yield f"right by {one.name} alone", one.score, True
        yield "pass mark", report.baselines.pass_mark, True
