"""The number that a reasoning ends in, where it says so: one of the parsers of `assay.probe.knows_conclusions`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from assay.judge.numbers import numbers_in, written
from assay.judge.parsers import answer_line, boxed
from assay.probe.knows_sentences import CONCLUDING, CUT, sentences

_PLAN = re.compile(
    r"\b(?:to (?:find|get|calculate|determine|know)|(?:need|have) to|(?:we|you|i)(?:'ll| will| can| must)? "
    r"(?:multiply|divide|add|subtract|calculate))\b",
    re.IGNORECASE,
)
"""What is still to be done is no conclusion."""

_ASIDE = re.compile(
    r"\b(?:verify|check(?:ing|s)?|note that|this is (?:because|the correct|correct)|matches|matching|set up|"
    r"solve for|equations?)\b",
    re.IGNORECASE,
)
"""A check, a remark, a ground, or an equation to be solved: no conclusion, whatever it is equal to."""

_UNFINISHED = re.compile(
    r"(?:\s(?:[-+*/×÷x−]|\\(?:times|div|cdot))\s{0,3}|\d[*×÷^]|[)\w]\^)[({\[]{0,3}\\?[$€£]?\d|"
    r"\d\s?[({]\s?\d[\d.]{0,9}\s[-+]|\s(?:times|plus|minus)\s[$€£]?\d[\d.,]{0,20}[^\d]{0,200}$"
)
"""After the last "=", or where there is none: a calculation whose result isn't there."""

_UNKNOWN = re.compile(
    r"\d[a-z]\b|\b[a-z]\s{0,2}[-+*/×÷−]\s{0,2}\d|\d\s{0,2}[-+*/×÷−]\s{0,2}[a-z]\b"
)
"""Before a "=": an equation in an unknown, "2x - 5", whose right side is no result."""

_TWO_RESULTS = re.compile(r"=[^=]{1,60}\b(?:and|but)\b[^=]{1,60}=")
_TOGETHER = re.compile(r"^[^.;=\d]{1,40}\b(?:and|plus)\b[^.;=\d]{0,40}$", re.IGNORECASE)
"""Between two numbers: a sentence that says both concludes in neither."""

_BESIDE = re.compile(
    r"\b(?:in|over|after|for|per|at|from|every|each|within|of the)\W{0,3}$", re.IGNORECASE
)
_WORDS = re.compile(r"[^\W\d_]{2,}\W+[^\W\d_]{2,}")
"""Two words: a sentence, and no rest of markup."""


def concluding_number(text: str) -> str | None:
    r"""Return the number that a reasoning ends in, where it says so.

    Parameters
    ----------
    text
        The reasoning.

    Returns
    -------
    In this order: the number after the last "answer is", "answer:" or "####"; that in the last ``\boxed{}``; that of
    the last sentence, if it has a "=" or a concluding word (therefore, so, in total, ...), or repeats the result of the
    last "=". None otherwise: a number that merely stands last is no conclusion. None, too, where a sentence without a
    number comes after (a step still to be done, a second thought), where it is a check or an equation in an unknown,
    where the calculation has no result, and where two numbers are told side by side.

    Notes
    -----
    Of that sentence it is the number after its last "="; else the result of the last "=" before it, where the sentence
    repeats it; else the last number that no preposition of circumstance stands before ("over 5 days"); else the last.
    It fails where the last sentence tells a step on the way: of what a reasoning without a concluding form arrives at,
    the last result is a guess. Version 2 came from reading what version 1 had taken wrongly: see docs/METHODS.md.

    Examples
    --------
    >>> concluding_number("8 - 4 = 4. So she has 4 apples after 2 days.")
    '4'
    >>> concluding_number("Each of the 12 tires costs $40. We need the revenue.") is None
    True
    """
    for explicit in (answer_line(text), boxed(text)):
        found = None if explicit is None else next(numbers_in(explicit), None)
        if found is not None:
            return written(found)
    result = last = None
    before = None
    for sentence in _beside_the_cut(text):
        if next(numbers_in(sentence), None) is not None:
            last, before = sentence, result
            result = _result_in(sentence) or result
        elif last is not None and _WORDS.search(sentence):
            last = None
    return None if last is None else _concluded_in(last, before)


def _beside_the_cut(text: str) -> Iterator[str]:
    """Yield the sentences, less what is left of the one whose answer was cut out, where no number is left in it."""
    pieces = [list(sentences(piece)) for piece in text.split(CUT)]
    for place, piece in enumerate(pieces):
        if place and piece and next(numbers_in(piece[0]), None) is None:
            piece = piece[1:]  # noqa: PLW2901
        if place + 1 < len(pieces) and piece and next(numbers_in(piece[-1]), None) is None:
            piece = piece[:-1]  # noqa: PLW2901
        yield from piece


def ends_in(text: str, answer: str) -> bool:
    """Say whether the last sentence with a number ends in the number that an answer begins with, or names it besides.

    What stands before a sentence's last "=" is a calculation, and not named.

    Examples
    --------
    >>> ends_in("7.5 / 0.5 = 15. But no half toy can go, so 16, not 15.", "16 toys")
    True
    >>> ends_in("Half of 8 is 8 / 2 = 4.", "8")
    False
    """
    given = next(numbers_in(answer), None)
    last: set[str] = set()
    for sentence in sentences(text):
        if next(numbers_in(sentence), None) is not None:
            last = {written(found) for found in numbers_in(sentence.rpartition("=")[2])}
    return given is not None and written(given) in last


def _result_in(sentence: str) -> str | None:
    """Return the number after the last "=" of a sentence."""
    if "=" not in sentence:
        return None
    before, _, after = sentence.rpartition("=")
    if _UNFINISHED.search(after.lstrip(" -−")) or _UNKNOWN.search(before.rpartition("=")[2]):
        return None
    found = next(numbers_in(after), None)
    return None if found is None else written(found)


def _concluded_in(sentence: str, before: str | None) -> str | None:
    """Return the number that a sentence concludes in; `before` is the last result ahead of it."""
    if _ASIDE.search(sentence) or _TWO_RESULTS.search(sentence):
        return None
    result = _result_in(sentence)
    if result is not None:
        return result
    if "=" in sentence or _PLAN.search(sentence) or _UNFINISHED.search(sentence):
        return None
    numbers = list(numbers_in(sentence))
    free = [found for found in numbers if not _BESIDE.search(sentence[: found.start()][-12:])]
    between = (sentence[one.end() : two.start()] for one, two in pairwise(free))
    if any(_TOGETHER.match(words) for words in between):
        return None
    if before is not None and before in {written(found) for found in numbers}:
        return before
    return written((free or numbers)[-1]) if CONCLUDING.search(sentence) else None
