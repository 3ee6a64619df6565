"""The pace of a repository in words and rows: what lands, what can be reviewed, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from assay.figures import number, plain, rounded_down
from assay.quantity import Estimate, Quantity, Unknown
from assay.report.pace_words import kept
from assay.terminal import visible
from assay.volume.git_history_changes import Change
from assay.volume.pace_git_result import GitPace

SUBJECT_LETTERS = 70


def git_headline(pace: GitPace) -> str:
    """Return the sentence: what lands of assistants, and what can be reviewed."""
    landed = pace.assistants.landed_per_day
    if isinstance(landed, Unknown):
        return f"What lands a day is unknown: {landed.reason}."
    if pace.assistants.changes == 0:
        return (
            f"No change in {_days(pace.days)} says that an assistant wrote it; --author and --trailer say what else to "
            "go by."
        )
    said = f"Of assistants {_pace(landed.value)} changes a day land"
    if isinstance(pace.pace_per_day, Unknown):
        return f"{said}; what you can afford is unknown: {pace.pace_per_day.reason}."
    return f"{said}; you can afford {_kept(pace.pace_per_day.low)}."


def git_sentences(pace: GitPace) -> Iterator[str]:
    """Yield what else is to be said in words."""
    team, own = pace.question.reviewers, pace.assistants
    fix = f" and {plain(team.fix_minutes)} to fix one" if team.fix_minutes else ""
    yield (
        f"{plain(team.hours_per_day)} reviewer-hours a day, {plain(team.check_minutes)} minutes to check a change{fix};"
        " the changes of others are read first."
    )
    yield window_words(pace)
    if own.changes:
        yield (
            f"{_changes(own.changes)} of assistants: {own.reverted:,} reverted, {own.fixed:,} fixed by a change that "
            f"names {'it' if own.changes == 1 else 'them'}; of the {pace.others.changes:,} of others "
            f"{pace.others.reverted:,} and {pace.others.fixed:,}."
        )
    capacity = pace.capacity_per_day
    if isinstance(capacity, Estimate) and capacity.high <= 0:
        yield "The changes of others take all of the reviewers' hours: nothing is left for those of assistants."
    elif isinstance(capacity, Estimate) and capacity.low <= 0:
        yield (
            "By the upper limit of what lands the changes of others take all of the reviewers' hours: nothing is shown "
            "to be left for those of assistants."
        )
    elif pace.binds == "capacity":
        yield "The reviewers' hours bind: more reviewers, or less to read in a change, would help."
    elif pace.binds == "budget":
        yield "The budget of errors binds: better changes, or more review, would help."
    if pace.decision == "missed":
        wanted = pace.question.demand_per_day
        what = "what lands now" if wanted is None else f"the demand of {plain(wanted)} a day"
        yield f"That is below {what}: it can't be kept up."
    elif pace.decision == "not shown":
        yield f"Nothing shows that the pace that is asked for is within this: {_missing(pace)}."
    elif pace.decision == "met":
        yield "The pace that is asked for is within this."


def git_rows(pace: GitPace) -> Iterator[tuple[str, Quantity, bool]]:
    """Yield the numbers: name, number, whether in percent."""
    yield "assistants' changes a day that can be borne", pace.pace_per_day, False
    yield "limit by the reviewers' hours", pace.capacity_per_day, False
    if pace.budget_per_day is not None:
        yield "limit by the budget of errors", pace.budget_per_day, False
    for who, part in (("assistants", pace.assistants), ("others", pace.others)):
        yield f"{who}: changes a day that land", part.landed_per_day, False
        yield f"{who}: a day that are undone later", part.undone_per_day, False
        yield f"{who}: of the changes undone later", part.undone_share, True


def window_words(pace: GitPace) -> str:
    """Return which stretch of the history was read."""
    if pace.start == pace.end:
        return f"There is one moment in the history, {_moment(pace.end)}."
    newest = f"{_moment(pace.end)}, when the newest commit was made"
    return f"{_days(pace.days)} of history, {_moment(pace.start)} to {newest}."


def undone_cells(change: Change) -> tuple[str, str, str, str]:
    """Return a change that was undone: its sha, how, by which, and its subject.

    A subject is text of others: cut, and with nothing in it that acts.
    """
    how = "reverted" if change.undone_how == "revert" else "fixed"
    subject = visible(change.subject)
    if len(subject) > SUBJECT_LETTERS:
        subject = f"{subject[: SUBJECT_LETTERS - 1]}…"
    return change.sha[:10], how, change.undone_by[:10], subject


def _pace(per_day: float) -> str:
    return plain(per_day) if per_day < 0.1 else plain(round(per_day, 2 if per_day < 10 else 0))


def _kept(per_day: float) -> str:
    """Return a pace to keep with as many decimals as the one beside it, never more than it is."""
    if per_day == 0:
        return "none"
    return kept(per_day) if per_day < 0.1 else rounded_down(per_day, 2 if per_day < 10 else 0)


def _missing(pace: GitPace) -> str:
    if isinstance(pace.assistants.landed_per_day, Unknown):
        return pace.assistants.landed_per_day.reason
    if isinstance(pace.pace_per_day, Unknown):
        return pace.pace_per_day.reason
    return "no change says that an assistant wrote it, which does not show that none did"


def _changes(count: int) -> str:
    return "1 change" if count == 1 else f"{count:,} changes"


def _days(days: float) -> str:
    """Return a length of time in a unit in which it can be read."""
    if days >= 2:
        return f"{number(days, 0 if days >= 14 else 1)} days"
    if days * 24 >= 2:
        return f"{plain(days * 24)} hours"
    return f"{plain(days * 1_440)} minutes"


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
