"""The pace of changes that a repository's reviewers can bear, from its own history: no ledger and no model needed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from assay.errors import BadInput
from assay.estimate.exact import clopper_pearson, poisson_rate
from assay.estimate.pace import Binding
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.git_history import head_time, is_shallow, read_commits
from assay.volume.git_history_changes import BRANCH_SECONDS, Change, History, changes_of
from assay.volume.pace_git_periods import periods_of
from assay.volume.pace_git_result import GitPace, GitPaceQuestion, WrittenBy
from assay.volume.result import Decision

UNDONE_WORDS = (
    "undone: a later commit says that it reverts it (by sha, pull request or subject) or fixes it (Fixes: SHA); what "
    "was mended without a word, or later than changes are followed, is not seen"
)
CHANGE_WORDS = (
    "a change is a commit of the first-parent line: a merged pull request is one; what was closed unmerged, or waits, "
    "is not in a history"
)
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([mhdwy])")
_UNIT_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "m": 1 / 1_440, "y": 365.0}
MOST_DAYS = 36_500.0
UNIT = "changes/day"
LEAST_DAYS = 1 / 24
_LIMITS = 3
"""The rate at which the others' changes land, and the shares of theirs and of the assistants' that are undone."""


def parse_span(text: str) -> float:
    """Return a length of time in days.

    Raises
    ------
    BadInput
        If the text is none, 0, or more than a hundred years.

    Examples
    --------
    >>> parse_span("90d"), parse_span("2w"), parse_span("12h")
    (90.0, 14.0, 0.5)
    """
    found = _SPAN.fullmatch(text.strip().lower())
    days = 0.0 if found is None else float(found[1]) * _UNIT_DAYS[found[2]]
    if not 0 < days <= MOST_DAYS:
        raise BadInput(
            "a length of time is written as 60m (minutes), 12h, 30d, 2w or 1y, and is above 0 and at most 100y; "
            f"got {text!r}"
        )
    return days


def pace_from_git(
    path: Path,
    question: GitPaceQuestion,
    *,
    progress: Callable[[int, float | None], None] | None = None,
) -> GitPace:
    """Return how many changes of assistants a repository's reviewers can bear.

    Parameters
    ----------
    path
        A clone.
    question
    progress
        Called with the number of commits read.

    Raises
    ------
    BadInput
        Where this is no repository that can be read.

    Notes
    -----
    The reviewers' hours go to the changes of others first, at their rate's upper limit; what is left over goes to
    those of assistants. A change costs a check and, if it has to be undone, a fix. The budget bears B / u changes, u
    the upper limit of the share undone. Landing and undoing are counted as Poisson; a share is Clopper and Pearson's,
    of the changes that landed at least `follow_days` ago and were undone within as many days: one of yesterday can't
    yet have been undone, and would hide what is to come. Three of them are at 1 - alpha / 3. Changes come in bursts and
    by few people, for which Poisson limits are too narrow: the guarantee is assumed. Much is mended without a word:
    the share is a lower bound, and the budget's limit is therefore an upper one. What is counted has been reviewed
    already: it is what escaped.
    """
    end = head_time(path)
    start = end - round(86_400 * question.since_days)
    commits = read_commits(path, since=max(0, start - BRANCH_SECONDS), progress=progress)
    history = changes_of(commits, question.rule, start=start, end=end)
    shallow = is_shallow(path)
    history, late = _cut_to_what_there_is(history)
    level = 1 - (1 - question.confidence_level) / _LIMITS
    parts = [
        _written_by([c for c in history.changes if c.by_assistant is own], history, question, level)
        for own in (True, False)
    ]
    capacity = _capacity(question, parts[0], parts[1], history.days)
    budget = _budget(question, parts[0])
    pace, binds = _lesser(capacity, budget)
    undone = [c for c in reversed(history.changes) if c.by_assistant and c.undone_how]
    return GitPace(
        question=question,
        path=str(path),
        start=history.start,
        end=history.end,
        commits=history.commits,
        assistants=parts[0],
        others=parts[1],
        capacity_per_day=capacity,
        budget_per_day=budget,
        pace_per_day=pace,
        binds=binds,
        decision=_decision(question, parts[0], pace),
        undone=tuple(undone),
        periods=periods_of(history.changes, start=history.start, end=history.end),
        shallow=shallow,
        notes=tuple(_notes(question, history, shallow=shallow, late=late)),
    )


def _cut_to_what_there_is(history: History) -> tuple[History, bool]:
    """Return the history from its first change on, where it is younger than the window."""
    # A window that goes back before the repository would make it look slower than it is.
    if not history.whole or history.first <= history.start:
        return history, False
    return replace(history, start=min(history.first, history.end)), True


def _written_by(
    changes: Sequence[Change], history: History, question: GitPaceQuestion, level: float
) -> WrittenBy:
    reverted = sum(c.undone_how == "revert" for c in changes)
    fixed = sum(c.undone_how == "fix" for c in changes)
    follow = 86_400 * min(question.follow_days, history.days / 3)
    followed = [c for c in changes if c.at <= history.end - follow]
    return WrittenBy(
        len(changes),
        reverted,
        fixed,
        len(followed),
        _per_day(len(changes), history.days, level),
        _per_day(reverted + fixed, history.days, level),
        _share(sum(c.undone_within(follow) for c in followed), len(followed), follow, level),
    )


def _per_day(count: int, days: float, level: float) -> Quantity:
    if days < LEAST_DAYS:
        return Unknown("the history covers less than an hour: no pace is told from that")
    low, high = poisson_rate(count, days, confidence_level=level)
    return Estimate(
        count / days, low, high, UNIT, level, count, f"Poisson, {days:.3g} days of history",
        guarantee="assumed",
    )  # fmt: skip


def _share(undone: int, followed: int, seconds: float, level: float) -> Quantity:
    days = f"{seconds / 86_400:.3g} days"
    if followed == 0:
        return Unknown(
            f"no such change landed {days} or longer ago, which is how long each is followed"
        )
    low, high = clopper_pearson(undone, followed, confidence_level=level)
    words = f"Clopper-Pearson, changes said to be reverted or fixed within {days}: a lower bound"
    return Estimate(
        undone / followed, low, high, "undone/change", level, followed, words, guarantee="assumed"
    )


def _capacity(
    question: GitPaceQuestion, own: WrittenBy, others: WrittenBy, days: float
) -> Quantity:
    team = question.reviewers
    if isinstance(others.landed_per_day, Unknown):
        return others.landed_per_day
    shares: list[tuple[float, float, float]] = []
    for part in (own, others):
        share = part.undone_share
        if isinstance(share, Estimate):
            shares.append((share.low, share.value, share.high))
        elif team.fix_minutes > 0 and (part is own or part.changes):
            return Unknown(f"how often they have to be fixed is unknown: {share.reason}")
        else:
            shares.append((0.0, 0.0, 0.0))
    mine, theirs = shares

    def left(landed: float, undone: float, undone_of_others: float) -> float:
        each, each_of_others = (
            (team.check_minutes + x * team.fix_minutes) / 60 for x in (undone, undone_of_others)
        )
        hours = team.hours_per_day * team.utilization(undone)
        return max(0.0, (hours - landed * each_of_others) / each)

    landed = others.landed_per_day
    return Estimate(
        left(landed.value, mine[1], theirs[1]),
        left(landed.high, mine[2], theirs[2]),
        left(landed.low, mine[0], theirs[0]),
        UNIT,
        question.confidence_level,
        own.changes + others.changes,
        f"reviewers' hours left over by the changes of others, {days:.3g} days of history",
        guarantee="assumed",
    )


def _budget(question: GitPaceQuestion, own: WrittenBy) -> Quantity | None:
    if question.allow is None or question.per_days is None:
        return None
    share = own.undone_share
    if isinstance(share, Unknown):
        return share
    per_day = question.allow / question.per_days
    low, value, high = (
        per_day / x if x > 0 else math.inf for x in (share.high, share.value, share.low)
    )
    return Estimate(
        value,
        low,
        high,
        UNIT,
        question.confidence_level,
        own.followed,
        f"budget / share; {share.method}",
        guarantee="assumed",
    )


def _lesser(capacity: Quantity, budget: Quantity | None) -> tuple[Quantity, Binding | None]:
    if budget is None:
        return capacity, None if isinstance(capacity, Unknown) else "capacity"
    if isinstance(capacity, Unknown):
        return capacity, None
    if isinstance(budget, Unknown):
        return budget, None
    binds: Binding = "capacity" if capacity.low <= budget.low else "budget"
    pace = replace(
        capacity,
        value=min(capacity.value, budget.value),
        low=min(capacity.low, budget.low),
        high=min(capacity.high, budget.high),
        method=f"lesser of two limits; {capacity.method}; {budget.method}",
    )
    return pace, binds


def _decision(question: GitPaceQuestion, own: WrittenBy, pace: Quantity) -> Decision | None:
    wanted: float | None = question.demand_per_day
    if wanted is None:
        if not question.check_today:
            return None
        # That nobody signed as an assistant doesn't show that none wrote.
        if isinstance(own.landed_per_day, Unknown) or own.changes == 0:
            return "not shown"
        wanted = own.landed_per_day.value
    if isinstance(pace, Unknown):
        return "not shown"
    return "met" if wanted <= pace.low else "missed"


def _notes(question: GitPaceQuestion, history: History, *, shallow: bool, late: bool) -> list[str]:
    notes = [
        f"written by an assistant: {question.rule.words}; what does not say so counts as the others'",
        UNDONE_WORDS,
        CHANGE_WORDS,
        "limits assume that changes come one by one; bursts make them too narrow",
    ]
    if shallow:
        notes.append("the clone is shallow: older history is not in it (git fetch --unshallow)")
    if late:
        notes.append(f"the history is younger than the window: {history.days:.3g} days are there")
    if history.days < 7:
        notes.append("less than a week of history: a day is projected from it")
    if history.unmatched:
        notes.append(
            f"{history.unmatched:,} reverts and fixes name a change that is not in what was read"
        )
    if question.reviewers.fix_minutes == 0:
        notes.append("time to fix is not counted: --fix-minutes adds it")
    return notes
