"""Regular expressions of users, on texts of models: the parser `last-match` and the check `regex`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assay.errors import BadInput
from assay.judge.check import Item, Outcome, Taken
from assay.judge.guarded import guarded


@dataclass(frozen=True, slots=True)
class LastMatch:
    r"""The last match of a regular expression: its first group, where it has one. Case is folded.

    Parameters
    ----------
    pattern
        As Python's `re` reads it.

    Examples
    --------
    >>> LastMatch(r"\[(yes|no)\]").take(["I say [No], then [Yes]"], [Item("")])[0].text
    'Yes'
    """

    pattern: str

    def __post_init__(self) -> None:
        _compiled(self.pattern, "last-match (--extract)")

    @property
    def label(self) -> str:
        """Name, version and pattern."""
        return f"last-match@1 /{self.pattern}/"

    def take(self, texts: Sequence[str], items: Sequence[Item]) -> list[Taken]:  # noqa: ARG002
        """Search each text; one that takes too long is given up."""
        said = guarded({"step": "last-match", "pattern": self.pattern}, [[text] for text in texts])
        return [Taken(None if one.value is None else str(one.value), one.gave_up) for one in said]


@dataclass(frozen=True, slots=True)
class Pattern:
    r"""An answer is right where a regular expression is met.

    Parameters
    ----------
    pattern
        As Python's `re` reads it, case and all; None: each task's reference is its pattern.
    whole
        Whether the whole answer must match, not a part of it.

    Examples
    --------
    >>> Pattern().compare(["In 1969."], [Item("", r"\b19[67]\d\b")])[0].wrong
    False
    """

    pattern: str | None = None
    whole: bool = False

    def __post_init__(self) -> None:
        if self.pattern is not None:
            _compiled(self.pattern, "--pattern")

    @property
    def label(self) -> str:
        """Name and version."""
        return "regex@1"

    @property
    def settings(self) -> str:
        """The pattern, where it is one for all, and whether the whole answer must match."""
        parts = [f"/{self.pattern}/"] if self.pattern is not None else []
        return ", ".join([*parts, *(["whole answer"] if self.whole else [])])

    @property
    def parser(self) -> str:
        """The log's own answer, or all of the output."""
        return "answer"

    @property
    def needs_reference(self) -> bool:
        """Whether the pattern is the reference."""
        return self.pattern is None

    @property
    def rows_at_once(self) -> int:
        """Traces a call."""
        return 10_000

    def compare(self, answers: Sequence[str], items: Sequence[Item]) -> list[Outcome]:
        """Match each answer; one that takes too long, or a reference that is no pattern, can't be judged."""
        said = guarded(
            {"step": "search", "pattern": self.pattern, "whole": self.whole},
            [[answer, item.reference or ""] for answer, item in zip(answers, items, strict=True)],
        )
        outcomes = []
        for one in said:
            if one.gave_up:
                outcomes.append(Outcome(None, one.gave_up))
            elif isinstance(one.value, dict):
                outcomes.append(
                    Outcome(None, f"the reference is no pattern: {one.value['unreadable']}")
                )
            else:
                outcomes.append(Outcome(not one.value))
        return outcomes


def _compiled(pattern: str, option: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadInput(f"{option} must be a regular expression, got {pattern!r}: {error}") from None
