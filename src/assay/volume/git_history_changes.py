"""Changes that landed, which of them an assistant wrote, and which were reverted or fixed later."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field

from assay.volume.git_history import Commit
from assay.volume.git_history_marks import (
    AuthorRule,
    Pointer,
    plain_subject,
    pointers,
    pull_request,
)

BRANCH_SECONDS = 90 * 86_400
"""Commits of a branch are read that much further back than the window: they were made before they were merged."""


@dataclass(slots=True)
class Change:
    """A change that landed on the branch: a commit of the first-parent line, and what it brought with it.

    Parameters
    ----------
    sha, subject, at
        Of the commit that landed.
    by_assistant
        Whether it, or a commit that it merged, says so.
    commits : >= 1
        How many it brought.
    undone_by
        The first later commit that says it reverts or fixes it; empty where none does.
    undone_how
        revert or fix.
    undone_at
        When that commit landed, seconds since 1970 UTC; 0 where none did.
    """

    sha: str
    subject: str
    at: int
    by_assistant: bool
    commits: int = 1
    undone_by: str = ""
    undone_how: str = ""
    undone_at: int = 0

    def undone_within(self, seconds: float) -> bool:
        """Whether it was undone so soon after it landed."""
        return bool(self.undone_how) and self.undone_at - self.at <= seconds


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What landed in a window.

    Parameters
    ----------
    changes
        Oldest first.
    start, end
        Of the window, in seconds since 1970 UTC.
    commits
        How many were read.
    unmatched : >= 0
        Reverts and fixes that name what is not in the window.
    whole
        Whether all there is was read: the first commit has no parent, or the clone is shallow.
    first
        When the oldest change that was read landed, in the window or before it; the end where nothing was read.
    """

    changes: tuple[Change, ...]
    start: int
    end: int
    commits: int
    unmatched: int
    whole: bool
    first: int

    @property
    def days(self) -> float:
        """Length of the window."""
        return (self.end - self.start) / 86_400


@dataclass(slots=True)
class _Light:
    """A commit without its message: what is kept of each of a million."""

    parents: tuple[str, ...]
    at: int
    subject: str
    by_assistant: bool
    points: tuple[Pointer, ...] = ()


@dataclass(slots=True)
class _Index:
    """Where to find a change by what later messages call it."""

    landed_with: dict[str, int] = field(default_factory=dict)
    shas: list[str] = field(default_factory=list)
    by_number: dict[str, int] = field(default_factory=dict)
    by_subject: dict[str, int] = field(default_factory=dict)

    def find(self, pointer: Pointer) -> int | None:
        """Return the place of the change that is named; None where nothing, or more than one thing, answers to it."""
        if pointer.number:
            return self.by_number.get(pointer.number)
        if pointer.subject:
            return self.by_subject.get(pointer.subject)
        first = bisect.bisect_left(self.shas, pointer.sha)
        same = [s for s in self.shas[first : first + 2] if s.startswith(pointer.sha)]
        return self.landed_with[same[0]] if len(same) == 1 else None


def changes_of(commits: Iterable[Commit], rule: AuthorRule, *, start: int, end: int) -> History:
    """Return the changes that landed between two moments, and what became of them.

    Parameters
    ----------
    commits
        Newest first, as `assay.volume.git_history.read_commits` gives them; some from before the window.
    rule
        What counts as written by an assistant.
    start, end
        In seconds since 1970 UTC.

    Notes
    -----
    A change is a commit of the first-parent line: a squashed or a merged pull request is one, whatever it holds. It is
    undone where a later commit says that it reverts it (by sha, by the number of its pull request, or by its subject)
    or fixes it (`Fixes: SHA`, `fixes commit SHA`); each is counted once. A revert that is itself reverted undoes
    nothing. What was mended without saying so is not seen: the counts are lower bounds.
    """
    light: dict[str, _Light] = {}
    head = ""
    for commit in commits:
        head = head or commit.sha
        points = tuple(pointers(commit))
        light[commit.sha] = _Light(
            commit.parents, commit.at, commit.subject[:300], rule.holds(commit), points
        )
    line = _first_parents(light, head)
    changes, named, unmatched = _landed(light, line)
    _undo(changes, named)
    inside = tuple(change for change in changes if start <= change.at <= end)
    return History(
        changes=inside,
        start=start,
        end=end,
        commits=len(light),
        unmatched=unmatched,
        whole=bool(line) and not light[line[0]].parents,
        first=min((change.at for change in changes), default=end),
    )


_Named = tuple[int, int, str]
"""Place of the change that names another, place of the other, and whether it reverts or fixes it."""


def _landed(light: dict[str, _Light], line: list[str]) -> tuple[list[Change], list[_Named], int]:
    """Return the changes, which of them name which earlier ones, and how many name what is not there."""
    index = _Index()
    groups = []
    for place, sha in enumerate(line):
        groups.append(_brought(light, sha, index.landed_with))
        index.landed_with |= dict.fromkeys(groups[-1], place)
    index.shas = sorted(index.landed_with)
    changes: list[Change] = []
    named: list[_Named] = []
    unmatched = 0
    for place, brought in enumerate(groups):
        own = light[line[place]]
        points = [point for sha in brought for point in light[sha].points]
        by_assistant = any(light[sha].by_assistant for sha in brought)
        changes.append(Change(line[place], own.subject, own.at, by_assistant, len(brought)))
        for point in points:
            target = index.find(point)
            if target is None:
                unmatched += 1
            elif target < place:
                named.append((place, target, point.kind))
        # Only what landed earlier can be meant by a number or a subject: these come into the index last.
        number = pull_request(own.subject)
        if number is not None:
            index.by_number[number] = place
        index.by_subject[plain_subject(own.subject)] = place
    return changes, named, unmatched


def _undo(changes: list[Change], named: list[_Named]) -> None:
    """Mark what was undone, the newest first: a revert that was reverted itself by then no longer counts."""
    for place, target, kind in sorted(named, reverse=True):
        if kind == "revert" and changes[place].undone_how == "revert":
            continue
        changes[target].undone_by = changes[place].sha
        changes[target].undone_how = kind
        changes[target].undone_at = changes[place].at


def _first_parents(light: dict[str, _Light], head: str) -> list[str]:
    """Return the line of what landed, oldest first."""
    line, sha = [], head
    while sha in light:
        line.append(sha)
        parents = light[sha].parents
        sha = parents[0] if parents else ""
    return line[::-1]


def _brought(light: dict[str, _Light], sha: str, landed: dict[str, int]) -> list[str]:
    """Return a commit and those that it merged and nothing before it had."""
    found, stack, seen = [], [sha], {sha}
    first = light[sha].parents[:1]
    while stack:
        one = stack.pop()
        found.append(one)
        for parent in light[one].parents:
            if parent in light and parent not in landed and parent not in seen:
                if one == sha and (parent,) == first:
                    continue
                seen.add(parent)
                stack.append(parent)
    return found
