"""The pace of a repository as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from assay.figures import plain
from assay.quantity import Quantity, Unknown
from assay.report.judge_text import numbers
from assay.report.pace_words import kept
from assay.terminal import visible
from assay.volume.pace_git_result import SHOWN, GitPace

if TYPE_CHECKING:
    from rich.console import Console

SUBJECT_LETTERS = 70


def git_headline(pace: GitPace) -> str:
    """Return the sentence: what lands of assistants, and what can be reviewed."""
    landed = pace.assistants.landed_per_day
    if isinstance(landed, Unknown):
        return f"What lands a day is unknown: {landed.reason}."
    if pace.assistants.changes == 0:
        return (
            f"No change in {plain(pace.days)} days says that an assistant wrote it; --author and --trailer say what "
            "else to go by."
        )
    said = f"Of assistants {plain(landed.value)} changes a day land"
    if isinstance(pace.pace_per_day, Unknown):
        return f"{said}; what you can afford is unknown: {pace.pace_per_day.reason}."
    return f"{said}; you can afford {kept(pace.pace_per_day.low)}."


def git_sentences(pace: GitPace) -> Iterator[str]:
    """Yield what else is to be said in words."""
    team, own = pace.question.reviewers, pace.assistants
    yield (
        f"{plain(team.hours_per_day)} reviewer-hours a day, {plain(team.check_minutes)} minutes to check a change; the "
        "changes of others are read first."
    )
    if own.changes:
        yield (
            f"{own.changes:,} changes of assistants in {plain(pace.days)} days: {own.reverted:,} reverted, "
            f"{own.fixed:,} fixed by a change that names them; of the {pace.others.changes:,} of others "
            f"{pace.others.reverted:,} and {pace.others.fixed:,}."
        )
    if pace.binds == "capacity":
        yield "The reviewers' hours bind: more reviewers, or less to read in a change, would help."
    elif pace.binds == "budget":
        yield "The budget of errors binds: better changes, or more review, would help."
    if pace.decision == "missed":
        wanted = pace.question.demand_per_day
        what = "what lands now" if wanted is None else f"the demand of {plain(wanted)} a day"
        yield f"That is below {what}: it can't be kept up."
    elif pace.decision == "not shown":
        yield "Nothing shows that the pace that is asked for is within this."
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


def print_git_pace(pace: GitPace, console: Console) -> None:
    """Print how many changes of assistants a repository's reviewers can bear."""
    console.print(Text(visible(git_headline(pace)), style="bold"))
    for sentence in git_sentences(pace):
        console.print(Padding(Text(visible(sentence)), (0, 0, 0, 2)))
    console.print()
    console.print(Padding(numbers(git_rows(pace)), (0, 0, 0, 2)))
    if pace.undone:
        console.print()
        for change in pace.undone[:SHOWN]:
            # A subject is text of others: cut, and shown with nothing in it that acts.
            subject = visible(change.subject[:SUBJECT_LETTERS])
            how = "reverted" if change.undone_how == "revert" else "fixed"
            line = f"{change.sha[:10]} {how} by {change.undone_by[:10]}: {subject}"
            console.print(Padding(Text(line), (0, 0, 0, 2)))
        if len(pace.undone) > SHOWN:
            console.print(Padding(Text(f"and {len(pace.undone) - SHOWN:,} more"), (0, 0, 0, 2)))
    console.print()
    for note in pace.notes:
        console.print(Padding(Text(visible(f"note: {note}"), style="dim"), (0, 0, 0, 2)))
