"""The checks `exact`, `any-of` and `all-of`: the same text, one of the acceptable texts, all of them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from assay.judge.check import Item, Outcome

SHRINKS_AT_MOST = 4
"""NFKC makes one character of at most four; what is folded away beside is taken off before it is counted."""

LONGER_ANYWAY = 64
"""Characters beyond that, so that short texts never come near the limit."""


@dataclass(frozen=True, slots=True)
class Exact:
    r"""The same text: case, white space and outer punctuation folded, Unicode in NFKC.

    Examples
    --------
    >>> Exact().compare([" Paris. "], [Item("", "paris")])[0].wrong
    False
    """

    @property
    def label(self) -> str:
        """Name and version."""
        return "exact@1"

    @property
    def settings(self) -> str:
        """What is folded: said, because nobody would guess it."""
        return "case, spaces and outer punctuation folded"

    @property
    def parser(self) -> str:
        """The log's own answer, or all of the output."""
        return "answer"

    @property
    def needs_reference(self) -> bool:
        """Whether traces without a reference stay unjudged."""
        return True

    @property
    def rows_at_once(self) -> int:
        """Traces a call."""
        return 10_000

    def compare(self, answers: Sequence[str], items: Sequence[Item]) -> list[Outcome]:
        """Compare texts."""
        return [
            Outcome(not same_text(answer, item.reference or ""))
            for answer, item in zip(answers, items, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class AcceptableAnswers:
    """One of the acceptable answers (`any`), or all of them and no other (`all`).

    Parameters
    ----------
    rule : any or all
        The reference is a JSON list of texts; a text that is no JSON is a list of one. An answer is compared as `exact`
        does. For ``all`` the answer is a list itself: JSON, or lines, or parts between commas, semicolons and "and";
        the order and how often a thing is said do not count, and one too many is wrong.

    Notes
    -----
    An acceptable answer that has a comma in it can be met under ``all`` only by an answer that is a JSON list.

    Examples
    --------
    >>> AcceptableAnswers("any").compare(["NYC"], [Item("", '["New York", "NYC"]')])[0].wrong
    False
    >>> AcceptableAnswers("all").compare(["red and blue"], [Item("", '["blue", "red"]')])[0].wrong
    False
    """

    rule: Literal["any", "all"] = "any"

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.rule}-of@1"

    @property
    def settings(self) -> str:
        """What is folded."""
        return "case, spaces and outer punctuation folded"

    @property
    def parser(self) -> str:
        """The log's own answer, or all of the output."""
        return "answer"

    @property
    def needs_reference(self) -> bool:
        """Whether traces without a reference stay unjudged."""
        return True

    @property
    def rows_at_once(self) -> int:
        """Traces a call."""
        return 10_000

    def compare(self, answers: Sequence[str], items: Sequence[Item]) -> list[Outcome]:
        """Compare each answer with the set of acceptable ones."""
        return [
            self._one(answer, item.reference or "")
            for answer, item in zip(answers, items, strict=True)
        ]

    def _one(self, answer: str, reference: str) -> Outcome:
        acceptable = acceptable_in(reference)
        if not acceptable:
            return Outcome(None, "the reference is no JSON list of answers")
        if self.rule == "any":
            longest = max(map(len, acceptable))
            return Outcome(_far_longer(answer, longest) or normalised(answer) not in acceptable)
        # A character may be written as six in JSON, and a part has a bullet or a comma beside it.
        room = sum(6 * len(text) + 8 for text in acceptable)
        if _far_longer(answer, room):
            return Outcome(True, "far longer than all acceptable answers together")
        return Outcome(frozenset(map(normalised, parts_of(answer))) != acceptable)


@lru_cache(maxsize=4096)
def acceptable_in(reference: str) -> frozenset[str]:
    """Return the normalised acceptable answers of a reference; none where it can't be read."""
    try:
        listed = json.loads(reference)
    except (ValueError, RecursionError):
        # A list that is broken is no text to be met as it stands.
        return (
            frozenset()
            if reference.lstrip().startswith("[")
            else frozenset({normalised(reference)})
        )
    if isinstance(listed, str | int | float):
        return frozenset({normalised(reference if not isinstance(listed, str) else listed)})
    if not isinstance(listed, list) or not all(
        isinstance(one, str | int | float) for one in listed
    ):
        return frozenset()
    return frozenset(normalised(one if isinstance(one, str) else json.dumps(one)) for one in listed)


def parts_of(answer: str) -> list[str]:
    """Return the things that an answer lists.

    Examples
    --------
    >>> parts_of("red, green and blue")
    ['red', 'green', 'blue']
    """
    try:
        listed = json.loads(answer)
    except (ValueError, RecursionError):
        listed = None
    if isinstance(listed, list):
        return [one if isinstance(one, str) else json.dumps(one) for one in listed]
    # Numbers and bullets at the beginning of a line are how a list is written, not what it lists.
    lines = [
        re.sub(r"^[ \t]{0,9}(?:[-*•]|\d{1,3}[.)])[ \t]", "", line) for line in answer.splitlines()
    ]
    text = "\n".join(lines)
    parts = (part.strip() for part in re.split(r"[,;\n]|\band\b", text))
    return [part for part in parts if part]


def same_text(answer: str, reference: str) -> bool:
    """Say whether two texts are the same once normalised."""
    wanted = normalised(reference)
    return not _far_longer(answer, len(wanted)) and normalised(answer) == wanted


def normalised(text: str) -> str:
    """Return text as `exact` compares it.

    Notes
    -----
    Unicode's NFKC takes time that grows with the square of a run of combining marks: what is compared with something
    short is measured first.
    """
    folded = " ".join(_folded(text).split())
    start, end = _inner(folded)
    # An answer that is nothing but punctuation, as "?" or "+", is left as it is.
    return folded[start:end] or folded


def _folded(text: str) -> str:
    if text.isascii():
        return text.casefold()
    # Unicode's compatibility caseless matching (definition D146): folding once leaves marks out of order.
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def _far_longer(answer: str, length: int) -> bool:
    if len(answer) <= SHRINKS_AT_MOST * length + LONGER_ANYWAY:
        return False
    folded = " ".join(answer.split())
    start, end = _inner(folded)
    return end - start > SHRINKS_AT_MOST * length + LONGER_ANYWAY or start == end


def _inner(text: str) -> tuple[int, int]:
    start, end = 0, len(text)
    while start < end and _is_edge(text[start]):
        start += 1
    while end > start and _is_edge(text[end - 1]):
        end -= 1
    return start, end


def _is_edge(character: str) -> bool:
    # A sign before a number is part of it: -5 is not 5.
    return character.isspace() or (
        unicodedata.category(character)[0] == "P" and character not in "-%"
    )
