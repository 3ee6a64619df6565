"""Pace in words and rows: what a person reads first, and the numbers beneath."""

from __future__ import annotations

from collections.abc import Iterator

from assay.figures import interval, plain, rounded_down
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.pace_queue import QueueAnswer, minutes
from assay.volume.pace_result import PaceAnswer, PaceGain, PolicyPace, daily

BINDS = {
    "capacity": "the reviewers' hours bind",
    "budget": "the budget of errors binds",
    "demand": "the demand binds",
}
LEAST_GAIN = 1.01


def kept(value: float) -> str:
    """Return a pace to keep, never more than it is.

    Examples
    --------
    >>> kept(31.16), kept(4.0), kept(1240.7), kept(0.034), kept(10 - 1e-12)
    ('31.1', '4.0', '1,240', '0.034', '10.0')
    """
    if value == 0:
        return "0"
    if value < 1:
        text = plain(value)
        decimals = min(4, len(text.partition(".")[2]))
        return rounded_down(value, decimals) if decimals else text
    return rounded_down(value, 1 if value < 100 else 0)


def headline(answer: PaceAnswer) -> str:
    """Return the sentence: how fast it runs, and how fast one can afford.

    A multiple of the people's pace where theirs is known, else outputs a day.
    """
    who = answer.name or "Your AI"
    today = answer.today
    afford = answer.times(answer.best.per_day)
    if afford is not None:
        can = f"you can afford {kept(afford)}"
        if isinstance(today, Estimate):
            times = answer.times(today.value)
            assert times is not None
            return f"{who} runs at {plain(times)} times the people's pace; {can}."
        return f"{who}: {can} times the people's pace."
    can = f"you can afford {kept(answer.best.per_day)} a day"
    if isinstance(today, Estimate):
        return f"{who} gives {plain(today.value)} outputs a day; {can}."
    return f"{who}: {can}."


def sentences(answer: PaceAnswer) -> Iterator[str]:
    """Yield what else is to be said in words."""
    best, team = answer.best, answer.setting.reviewers
    yield (
        f"{plain(team.hours_per_day)} reviewer-hours a day, {plain(team.check_minutes)} minutes to check and "
        f"{plain(team.fix_minutes)} to fix; {_errors(answer.setting.budget_per_day)} a day may escape "
        f"({answer.budget_words})."
    )
    yield (
        f"At {kept(best.per_day)} outputs a day: {best.router.name}{_threshold(best)}, which is "
        f"{interval(best.pace.flagged_share, percent=True)} of the outputs. {binds_words(best)}"
    )
    judged = next((p for p in answer.policies if p.router.kind == "measured"), None)
    if judged is not None and judged is not best:
        yield (
            "By the labels so far the judge allows no more than that: more labels would show whether it can, and until "
            "then it adds nothing here."
        )
    helps = [gain for gain in answer.gains if gain.gained >= LEAST_GAIN][:3]
    if helps:
        said = ", ".join(f"{gain.change} ({gain_words(gain)})" for gain in helps)
        yield f"What would help most, computed one at a time: {said}."
    if answer.decision == "missed":
        wanted = answer.demand_per_day
        what = "today's pace" if wanted is None else f"the demand of {plain(wanted)} a day"
        yield f"That is below {what}: it can't be kept up within reviewers and budget."
    elif answer.decision == "not shown":
        yield "Today's pace is unknown, so nothing shows that it is within this: give --per-day N."
    elif answer.decision == "met":
        yield "The pace that is asked for is within this."


def _threshold(policy: PolicyPace) -> str:
    threshold = policy.best.point.threshold
    if policy.router.kind != "measured":
        return ""
    if abs(threshold) == float("inf"):
        return (
            ", at its best flagging everything"
            if threshold < 0
            else ", at its best flagging nothing"
        )
    return f" from a score of {plain(threshold)} on"


def _errors(count: float) -> str:
    if count == 1:
        return "1 error"
    return f"{plain(count) if count == 0 or count >= 1e-3 else f'{count:.2g}'} errors"


def binds_words(policy: PolicyPace) -> str:
    """Return which limit sets the pace, and so what would help."""
    if policy.limits_meet:
        return "Reviewers' hours and budget run out at about the same pace."
    if policy.pace.binds == "capacity":
        return "The reviewers' hours bind: a better judge or more reviewers would help."
    return "The budget of errors binds: a better model, or more review, would help."


def gain_words(gain: PaceGain) -> str:
    """Return a gain as a multiple."""
    if gain.gained == float("inf"):
        return "from none"
    return f"{gain.gained:.2f} times"


def policy_cells(answer: PaceAnswer) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Yield of each way to choose: name, share flagged, minutes an output, outputs a day, times people, what binds."""
    for policy in answer.policies:
        times = answer.times(policy.per_day)
        yield (
            policy.router.name,
            interval(policy.pace.flagged_share, percent=True),
            plain(60 * policy.pace.review_hours.value),
            kept(policy.per_day),
            "" if times is None else f"{kept(times)}",
            "both limits meet" if policy.limits_meet else policy.pace.binds,
        )


def number_rows(answer: PaceAnswer) -> Iterator[tuple[str, Quantity, bool]]:
    """Yield the numbers: name, number, whether in percent."""
    pace, point = answer.best.pace, answer.best.best.point
    level = answer.confidence_level
    yield "outputs a day that can be borne", answer.pace_per_day, False
    yield "limit by the reviewers' hours", daily(pace.capacity_limit, level), False
    yield "limit by the budget of errors", daily(pace.budget_limit, level), False
    yield "outputs a day today", answer.today, False
    if answer.human_per_day is not None:
        yield "outputs a day of the people", answer.human_per_day, False
    yield "error rate before review", answer.setting.error_rate, True
    if answer.best.router.kind in ("measured", "assumed"):
        yield "errors that the judge flags (recall)", point.recall, True
        yield "right outputs that it flags", point.false_alarm_rate, True
    yield "errors that escape, of the outputs", pace.escapes, True


def queue_sentences(answer: PaceAnswer, queue: QueueAnswer) -> Iterator[str]:
    """Yield what the simulated queue says in words."""
    asked, load = queue.question, queue.load
    yield (
        f"Queue simulated over {plain(queue.weeks)} weeks at {load.words} ({plain(load.outputs_per_day)} outputs a "
        f"day, {plain(load.read_per_day)} to read, {queue.items:,} items; seed {asked.seed})."
    )
    if queue.is_overloaded:
        yield (
            f"{plain(queue.offered_hours_per_day)} hours of work a day come to {plain(queue.staffed_hours_per_day)} "
            "reviewer-hours: the queue grows without end, and the waits below only with the length of the run."
        )
    if asked.deadline_minutes is not None and asked.missed == "released":
        yield (
            f"What is not begun within {plain(asked.deadline_minutes)} minutes is released unread: "
            f"{_figure(queue.escapes_per_day)} errors a day escape by that. {_all_escapes(answer, queue)}"
        )
    elif asked.deadline_minutes is not None:
        yield (
            f"What is not begun within {plain(asked.deadline_minutes)} minutes is withheld: "
            f"{_figure(queue.withheld_per_day)} outputs a day."
        )


def _all_escapes(answer: PaceAnswer, queue: QueueAnswer) -> str:
    """Return what escapes in all, at the upper limits, held against the budget."""
    if isinstance(queue.escapes_per_day, Unknown):
        return "Whether the budget is kept is unknown."
    others = queue.load.outputs_per_day * answer.best.pace.escapes.high
    total, budget = others + queue.escapes_per_day.high, answer.setting.budget_per_day
    held = "is within" if total <= budget else "is above"
    return f"With what review misses, at most {plain(total)} a day: that {held} the {plain(budget)} that may."


def _figure(quantity: Quantity) -> str:
    return "an unknown number of" if isinstance(quantity, Unknown) else interval(quantity)


def queue_rows(queue: QueueAnswer) -> Iterator[tuple[str, Quantity, bool]]:
    """Yield the waits: name, number, whether in percent."""
    report = queue.report
    yield "wait in minutes, mean", minutes(report.mean_wait), False
    yield "wait in minutes, 95 of 100 below", minutes(report.p95_wait), False
    yield "wait in minutes, 99 of 100 below", minutes(report.p99_wait), False
    late = f"wait longer than {plain(queue.question.late_minutes)} minutes"
    yield f"{late}, or missed", report.late, True
    if queue.question.deadline_minutes is not None:
        yield "miss the deadline", report.missed, True
    for one in queue.by_severity:
        yield f"severity {one.severity}: mean wait in minutes", minutes(one.report.mean_wait), False
        yield f"severity {one.severity}: 95 of 100 below", minutes(one.report.p95_wait), False
        if queue.question.deadline_minutes is not None:
            yield f"severity {one.severity}: miss the deadline", one.report.missed, True
