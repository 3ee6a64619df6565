"""Twins of numeric tasks whose solution is a chain of sums, as the calculator notes of GSM8K: ``<<48/2=24>>``.

A number of the question is changed only where there is no doubt which number of the chain it is; whatever could be
two things stays as it is, and where that leaves nothing to change, no twin is made.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

from assay.probe.twin_arithmetic import MOST_CHARACTERS, Expression, NotArithmetic, arithmetic
from assay.probe.twin_numbers import (
    Written,
    decimals_of,
    in_decimals,
    numbers_in,
    replaced,
    same_size,
    size_of,
)
from assay.probe.twin_words import Meant

if TYPE_CHECKING:
    import numpy as np

NOTE = re.compile(r"<<([^<>]*)>>")
EXPRESSION_TAG = "expression"
"""A tag of this name gives the whole sum at once: ``48 + 48 / 2`` or ``48 + 48 / 2 = 72``."""

ATTEMPTS = 1_500
MOST_STEPS = 60
MOST_NUMBERS = 100
"""Of a question: any two of them, and of the steps' results, are compared in each attempt."""

_REFERENCE = re.compile(r"\$?\s*(-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)")
_FINAL = re.compile(r"####\s*\$?(-?[\d,]*\.?\d+)")
_WRITING = str.maketrans({"×": "*", "÷": "/", "−": "-", "–": "-", "$": None, "€": None, "£": None})


class NoTwin(Exception):
    """No twin can be made with certainty; the text says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """A sum of the chain.

    Parameters
    ----------
    expression
        With a name in place of each number: ``q3`` the question's fourth number, ``s0`` the first step's result;
        constants stay.
    result
        As the chain gives it.
    """

    expression: Expression
    result: Fraction


@dataclass(frozen=True, slots=True)
class Chain:
    """A question, and the sums that answer it.

    Parameters
    ----------
    question
    numbers
        The question's.
    steps
    varied
        Places in `numbers` of those that may be changed; ascending.
    """

    question: str
    numbers: tuple[Written, ...]
    steps: tuple[Step, ...]
    varied: tuple[int, ...]

    def solve(self, question: str) -> tuple[Fraction, ...]:
        """Return each step's result for another question of the same wording, its numbers read from it anew.

        Raises
        ------
        NoTwin, NotArithmetic
            Where it has more or fewer numbers, or a step can't be computed.
        """
        numbers = numbers_in(question)
        if len(numbers) != len(self.numbers):
            raise NoTwin("the twin has more or fewer numbers than its original")
        values = {f"q{place}": number.value for place, number in enumerate(numbers)}
        for place, step in enumerate(self.steps):
            values[f"s{place}"] = step.expression.value(values)
        return tuple(values[f"s{place}"] for place in range(len(self.steps)))

    def written(self, question: str) -> str:
        """Return the chain for a question of the same wording, as calculator notes."""
        results = self.solve(question)
        names = {
            f"q{place}": one.text.replace(",", "") for place, one in enumerate(numbers_in(question))
        }
        names |= {f"s{place}": _plain(result) for place, result in enumerate(results)}
        return " ".join(
            f"<<{_NAME.sub(lambda name: names[name[0]], step.expression.text)}={_plain(result)}>>"
            for step, result in zip(self.steps, results, strict=True)
        )


_NAME = re.compile(r"\b[qs]\d+\b")


@dataclass(frozen=True, slots=True)
class Changed:
    """A twin: its question, its chain's results, and what was changed."""

    question: str
    result: Fraction
    solution: str
    changes: tuple[tuple[str, str], ...]


def read_chain(question: str, solution: str, reference: Fraction, *, elsewhere: str = "") -> Chain:
    """Trace each number of a solution to the question, to an earlier result, or to a word.

    Parameters
    ----------
    question
    solution
        With notes ``<<sum=result>>``, or one sum alone.
    reference
        What the last note must come to.
    elsewhere
        Other text that is given along: numbers in it stay as they are.

    Raises
    ------
    NoTwin
        Where a note does not come to its result, the last is not the reference, a number comes from nowhere, or one
        could be two things.
    """
    numbers = numbers_in(question)
    if len(numbers) > MOST_NUMBERS:
        raise NoTwin(f"the question has over {MOST_NUMBERS} numbers")
    words = Meant(question + " " + elsewhere)
    fixed = {n.value for n in numbers_in(elsewhere)}
    steps: list[Step] = []
    used: set[int] = set()
    for text, stated in _notes(solution, reference):
        expression = _read(text)
        result = _computed(expression)
        if result != stated:
            raise NoTwin("a note of the solution does not come to its own result")
        sources = [
            _source(value, numbers, steps, words, fixed) for _, _, value in expression.numbers()
        ]
        used |= {place for kind, place in sources if kind == "q"}
        steps.append(Step(_with_names(expression, sources), result))
    if not steps or steps[-1].result != reference:
        raise NoTwin("the solution's last result is not the reference")
    varied = _free(numbers, used, steps)
    if not varied:
        raise NoTwin("no number of the question can be changed with certainty")
    return Chain(question, numbers, tuple(steps), varied)


def change(chain: Chain, rng: np.random.Generator) -> Changed:
    """Return the chain's question with other numbers of the same size.

    Raises
    ------
    NoTwin
        Where no numbers of the same size keep the results' sign, size and decimals, and the order of all numbers.
    """
    told = [number.value for number in chain.numbers]
    results = tuple(step.result for step in chain.steps)
    order, sizes = _order(told, results), [size_of(result) for result in results]
    for _ in range(ATTEMPTS):
        new = list(told)
        for place in chain.varied:
            value = same_size(chain.numbers[place], rng)
            new[place] = told[place] if value is None else value
        found = _of_sizes(chain, new, sizes)
        if found is None or found[-1] == results[-1] or _order(new, found) != order:
            continue
        texts = {p: chain.numbers[p].rewritten(new[p]) for p in chain.varied if new[p] != told[p]}
        question = replaced(chain.question, texts, chain.numbers)
        # As a reader would: from the text, not from what was meant to be in it.
        if chain.solve(question) == found:
            said = tuple((chain.numbers[place].text, text) for place, text in sorted(texts.items()))
            return Changed(question, found[-1], chain.written(question), said)
    raise NoTwin("no other numbers of the same size fit")


def number_of_reference(reference: str) -> tuple[Fraction, str]:
    """Return a reference's number, and the number as it is written in it; after ``####`` where that stands in it.

    Raises
    ------
    NoTwin
        Where it is more than one number.

    Examples
    --------
    >>> number_of_reference("She sold 48/2 = <<48/2=24>>24. #### 1,024")
    (Fraction(1024, 1), '1,024')
    """
    found = _FINAL.search(reference) or _REFERENCE.fullmatch(reference.strip())
    if not found:
        raise NoTwin("the reference is no number")
    return Fraction(found[1].replace(",", "")), found[1]


def _notes(solution: str, reference: Fraction) -> list[tuple[str, Fraction]]:
    notes = NOTE.findall(solution) or [solution]
    if len(notes) > MOST_STEPS:
        raise NoTwin(f"the solution has over {MOST_STEPS} notes")
    found: list[tuple[str, Fraction]] = []
    for note in notes:
        left, equals, right = note.partition("=")
        if not equals and len(notes) == 1:
            right = str(reference)
        try:
            found.append((left, _computed(_read(right))))
        except NotArithmetic:
            raise NoTwin("a note of the solution can't be read") from None
    return found


def _read(text: str) -> Expression:
    if len(text) > MOST_CHARACTERS:
        raise NoTwin("a note of the solution can't be read")
    plain = text.translate(_WRITING)
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", plain)
    plain = re.sub(r"(?<=[\d)])\s*[xX]\s*(?=[\d(.])", "*", plain)
    plain = re.sub(r"(\d*\.?\d+)\s*%(?!\s*[\d(.])", r"(\1/100)", plain)
    try:
        expression = arithmetic(plain)
    except NotArithmetic:
        raise NoTwin("a note of the solution can't be read") from None
    if expression.names or "//" in plain or "%" in plain:
        raise NoTwin("a note of the solution can't be read")
    return expression


def _computed(expression: Expression) -> Fraction:
    try:
        return expression.value({})
    except NotArithmetic:
        raise NoTwin("a note of the solution can't be computed") from None


def _source(
    value: Fraction,
    numbers: tuple[Written, ...],
    steps: list[Step],
    words: Meant,
    fixed: set[Fraction],
) -> tuple[str, int]:
    """Return where a number of the chain comes from: ("q", place), ("s", step) or ("", 0) for a constant."""
    places = [place for place, number in enumerate(numbers) if number.value == value]
    earlier = [place for place, step in enumerate(steps) if step.result == value]
    stands_fixed = value in fixed or words.has(value)
    if earlier:
        # A result changes with the numbers: it must be that result and nothing else.
        if len(earlier) > 1 or places or stands_fixed:
            raise NoTwin("a number of the solution could be two things")
        return "s", earlier[0]
    if len(places) == 1 and not stands_fixed and numbers[places[0]].changeable:
        return "q", places[0]
    if places:
        return "", 0
    if stands_fixed:
        told = {number.value for number in numbers} | {step.result for step in steps}
        if any(
            value in (a + b, abs(a - b), a * b) or value in (a / b, b / a)
            for a, b in combinations(told - {0}, 2)
        ):
            raise NoTwin("a number of the solution could have been computed without a note")
        return "", 0
    raise NoTwin("a number of the solution is neither in the question nor computed before")


def _with_names(expression: Expression, sources: list[tuple[str, int]]) -> Expression:
    text = expression.text
    for (start, end, _), (kind, place) in reversed(
        list(zip(expression.numbers(), sources, strict=True))
    ):
        if kind:
            text = f"{text[:start]}{kind}{place}{text[end:]}"
    return arithmetic(text)


def _free(numbers: tuple[Written, ...], used: set[int], steps: list[Step]) -> tuple[int, ...]:
    """Return the places that may change: used, and no sum or product of others that the question tells as well."""
    told = {number.value for number in numbers if number.value > 1}
    results = {step.result for step in steps}
    tied: set[Fraction] = told & results
    for a, b in combinations(sorted(told), 2):
        for c in {a + b, a * b} & told:
            tied |= {a, b, c}
    return tuple(
        place
        for place in sorted(used)
        if numbers[place].value not in tied and numbers[place].value > 1
    )


def _of_sizes(
    chain: Chain, told: Sequence[Fraction], sizes: Sequence[tuple[int, int, int | None]]
) -> tuple[Fraction, ...] | None:
    """Return each step's result for these numbers; None at the first that has another size than the original's."""
    values = {f"q{place}": value for place, value in enumerate(told)}
    found: list[Fraction] = []
    for place, step in enumerate(chain.steps):
        try:
            result = step.expression.value(values)
        except NotArithmetic:
            return None
        if size_of(result) != sizes[place]:
            return None
        values[f"s{place}"] = result
        found.append(result)
    return tuple(found)


def _order(told: Sequence[Fraction], results: Sequence[Fraction]) -> tuple[int, ...]:
    """Return which of any two numbers, told or computed, is the greater."""
    values = [*told, *results]
    return tuple((a > b) - (a < b) for a, b in combinations(values, 2))


def _plain(value: Fraction) -> str:
    decimals = decimals_of(value)
    return str(value) if decimals is None else in_decimals(value, decimals)
