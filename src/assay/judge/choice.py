"""Multiple choice: the letter of the option that an output picks, and whether it is the right one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assay.judge.check import Item, Outcome, Taken
from assay.judge.parsers import answer_line, boxed
from assay.judge.text_checks import normalised, same_text

_OPTION = re.compile(
    r"^[^\S\n]{0,8}(?:[-*][ ])?\*{0,2}(?:\((?P<inside>[A-Za-z])\)|(?P<bare>[A-Z])[).:])\*{0,2}"
    r"[^\S\n]{1,4}(?P<text>\S[^\n]*)$",
    re.MULTILINE,
)
_ALONE = re.compile(
    r"\s*(?:option|choice|answer)?\s{0,4}[\[(*_\"'`]{0,4}(?P<letter>[A-Za-z])[\])*_\"'`.:,]{0,4}\s*",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"\s{0,64}[\[(*_]{0,4}(?P<letter>[A-Z])(?:[\])*_]{1,4}|[.:](?=\s)|\)|,(?=\s)|[^\S\n]{0,4}\n)"
)
_SAID = re.compile(
    r"\b(?i:answer|option|choice)\b(?:[^\S\n]{1,4}(?:is|would be|should be))?[^\S\n]{0,4}[:=]?[^\S\n]{0,4}"
    r"[\[(*_\"'`]{0,4}(?P<letter>[A-Z])(?![\w'’])"
)
_MARKED = re.compile(
    r"\((?P<letter>[A-Z])\)|\*\*(?P<bold>[A-Z])(?:[.):]?)\*\*|\[(?P<square>[A-Z])\]"
)


@dataclass(frozen=True, slots=True)
class ChoiceLetter:
    r"""The letter of the option that an output picks, in capitals.

    Tried in this order: the text is a letter and nothing else ("B", "(b).", "Option B"); the last "answer: B", "answer
    is (B)" or ``\boxed{B}``; a letter that opens the text ("B) Paris"); the last letter in brackets or bold; the text
    of an option, where options stand in the task, one a line with their letters, and exactly one of them is the text
    or the only one that occurs in it. None of these: nothing was answered.

    Two letters with equal claim ("A or B") are read as the last of them, as "the last answer counts" has it elsewhere.
    """

    label: str = "choice-letter@1"

    def take(self, texts: Sequence[str], items: Sequence[Item]) -> list[Taken]:
        """Read the letter in each text."""
        return [
            Taken(_letter(text, options_in(item.input)))
            for text, item in zip(texts, items, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Choice:
    """The right option, by its letter.

    The reference is a letter ("B", "(B)") or the text of an option of the task.

    Examples
    --------
    >>> Choice().compare(["B"], [Item("", "(b)")])[0].wrong
    False
    """

    @property
    def label(self) -> str:
        """Name and version."""
        return "choice@1"

    @property
    def settings(self) -> str:
        """Nothing else changes its verdicts."""
        return ""

    @property
    def parser(self) -> str:
        """The letter in the log's own answer, or in the output."""
        return "answer+choice-letter"

    @property
    def needs_reference(self) -> bool:
        """Whether traces without a reference stay unjudged."""
        return True

    @property
    def rows_at_once(self) -> int:
        """Traces a call."""
        return 10_000

    def compare(self, answers: Sequence[str], items: Sequence[Item]) -> list[Outcome]:
        """Compare letters; a reference that names no option can't be compared with."""
        outcomes = []
        for answer, item in zip(answers, items, strict=True):
            options = options_in(item.input)
            wanted = _wanted(item.reference or "", options)
            if wanted is None:
                outcomes.append(Outcome(None, "the reference names no option"))
                continue
            outcomes.append(Outcome(_letter(answer, options) != wanted))
        return outcomes


@lru_cache(maxsize=4096)
def options_in(task: str) -> tuple[tuple[str, str], ...]:
    r"""Return the options that stand in a task, one a line: letter in capitals, text.

    Examples
    --------
    >>> options_in("Which?\nA) Paris\n(B) Rome")
    (('A', 'Paris'), ('B', 'Rome'))
    """
    found: dict[str, str] = {}
    for match in _OPTION.finditer(task):
        # The last list counts: a task may show examples before it asks.
        found[(match["inside"] or match["bare"]).upper()] = match["text"].strip()
    return tuple(sorted(found.items()))


def _wanted(reference: str, options: tuple[tuple[str, str], ...]) -> str | None:
    by_text = [letter for letter, text in options if same_text(text, reference)]
    if len(by_text) == 1:
        return by_text[0]
    alone = _ALONE.fullmatch(reference)
    if alone is not None:
        return alone["letter"].upper()
    begins = _BEGINS.match(reference)
    return begins["letter"] if begins else None


def _letter(text: str, options: tuple[tuple[str, str], ...]) -> str | None:
    if len(text) <= LONGEST_ALONE and (alone := _ALONE.fullmatch(text)):
        return alone["letter"].upper()
    if (said := _said(text)) is not None:
        return said
    if begins := _BEGINS.match(text):
        return begins["letter"]
    marked = None
    for marked in _MARKED.finditer(text):  # noqa: B007
        pass
    if marked is not None:
        return next(letter for letter in marked.groups() if letter)
    return _by_text(answer_line(text) or text, options)


def _said(text: str) -> str | None:
    """Return the letter of the last sentence that says what the answer is."""
    best: tuple[int, str] | None = None
    for match in _SAID.finditer(text):
        best = (match.start(), match["letter"])
    box = boxed(text)
    if box is not None and len(box) <= LONGEST_ALONE and (alone := _ALONE.fullmatch(box)):
        place = text.rfind("\\boxed")
        if best is None or place > best[0]:
            return alone["letter"].upper()
    return best[1] if best else None


def _by_text(text: str, options: tuple[tuple[str, str], ...]) -> str | None:
    same = [letter for letter, option in options if same_text(text, option)]
    if len(same) == 1:
        return same[0]
    if not options or len(text) > LONGEST_SEARCHED:
        return None
    searched = f" {_words(text)} "
    occur = [letter for letter, option in options if f" {_words(option)} " in searched]
    return occur[0] if len(occur) == 1 else None


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", normalised(text)))


LONGEST_ALONE = 64
"""Characters of a text that may be a letter and nothing else."""

LONGEST_SEARCHED = 10_000
"""Characters of a text in which the words of options are looked for: beyond, all of them occur somewhere."""
