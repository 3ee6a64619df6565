"""Knows but wrong: the answer and the reasoning's conclusion parsed apart, each held against the reference.

The detector is a pair of parsers and a comparison, all named with versions: its name travels with every number, for
another parser finds other contradictions. What it flags is a finding only as far as its own precision is known, which
people measure on a drawn sample (`assay.probe.knows_sample`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from assay.judge.check import Comparison, Item, Parser
from assay.judge.numeric import first_quantity
from assay.judge.rules import CheckSettings, check_named, parser_named
from assay.probe.knows_conclusions import conclusion_named
from assay.probe.knows_kinds import Kind, kind_of
from assay.probe.knows_numbers import ends_in
from assay.probe.knows_sentences import CUT

DETECTOR = "knows-but-wrong@1"

CONCLUSION_OF = {"numeric": "concluding-number", "exact": "concluding-claim"}
"""The parser of conclusions that goes with a check where none is named."""


class State(IntEnum):
    """What is to be said of an answer, or of a conclusion."""

    WRONG = 0
    RIGHT = 1
    NOT_PARSED = 2


@dataclass(frozen=True, slots=True)
class Reasoned:
    """An answer with the reasoning before it.

    Parameters
    ----------
    item
        Output, logged answer, reference, input.
    reasoning
        The reasoning, where the log keeps it apart; None: it is the output less what was taken as the answer.
    """

    item: Item
    reasoning: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one answer comes to.

    Parameters
    ----------
    answer, conclusion
        What was taken; None: nothing.
    answer_state, conclusion_state
        Each against the reference.
    contradicts
        Both were taken, and they are not the same, by the same comparison.
    kind
        Of a wrong answer; None where it is right.
    rule
        By which rule it is of that kind.
    """

    answer: str | None
    conclusion: str | None
    answer_state: State
    conclusion_state: State
    contradicts: bool
    kind: Kind | None
    rule: str = ""

    @property
    def is_flagged(self) -> bool:
        """Whether the conclusion is right and the answer is not, by its form neither."""
        return self.kind is Kind.SLIP


@dataclass(frozen=True, slots=True)
class Detector:
    """Two parsers and a comparison. `detector_named` makes one from names.

    Parameters
    ----------
    comparison
        Holds an answer, or a conclusion, against the reference.
    answer, conclusion
        What takes each out of its text.
    """

    comparison: Comparison
    answer: Parser
    conclusion: Parser

    @property
    def name(self) -> str:
        """Its name, with all that changes what it finds: the judge's name in the ledger."""
        told = "; ".join(part for part in (self.comparison.label, self.comparison.settings) if part)
        return (
            f"{DETECTOR} ({told}; answer {self.answer.label}; conclusion {self.conclusion.label})"
        )

    @property
    def is_numeric(self) -> bool:
        """Whether answers are numbers."""
        return self.comparison.label.startswith("numeric@")

    def parse(self, given: Sequence[Reasoned]) -> list[Parsed | None]:
        """Parse answers and conclusions, and hold them against the references.

        Parameters
        ----------
        given
            Answers whose references are known.

        Returns
        -------
        list of Parsed or None
            One for each, in the same order. None: the comparison can't say, as where the reference is none of its
            kind. Whether a reference is disputed shows only over several systems: see `assay.probe.knows_disputed`.
        """
        items = [one.item for one in given]
        answers = [one.text for one in self.answer.take([item.output for item in items], items)]
        reasonings = [
            one.reasoning if one.reasoning is not None else without(one.item.output, answer)
            for one, answer in zip(given, answers, strict=True)
        ]
        conclusions = [one.text for one in self.conclusion.take(reasonings, items)]
        wrong = self._wrong(answers, items)
        aside = self._wrong(conclusions, items)
        against = [Item("", reference=conclusion) for conclusion in conclusions]
        differs = self._wrong(answers, against)
        for place, (answer, reasoning) in enumerate(zip(answers, reasonings, strict=True)):
            # A last sentence that names both numbers concludes in neither.
            if differs[place] is True and self.is_numeric and ends_in(reasoning, answer or ""):
                aside[place], conclusions[place], differs[place] = State.NOT_PARSED, None, None
        return [
            self._one(
                items[place],
                (answers[place], conclusions[place]),
                (wrong[place], aside[place]),
                (differs[place], reasonings[place]),
            )
            for place in range(len(items))
        ]

    def _wrong(
        self, taken: Sequence[str | None], items: Sequence[Item]
    ) -> list[bool | State | None]:
        """Compare what was taken; NOT_PARSED where nothing was, None where it can't be said."""
        found: list[bool | State | None] = [State.NOT_PARSED] * len(taken)
        places = [
            place
            for place, text in enumerate(taken)
            if text is not None and items[place].reference is not None
        ]
        outcomes = self.comparison.compare(
            [taken[place] or "" for place in places], [items[place] for place in places]
        )
        for place, outcome in zip(places, outcomes, strict=True):
            found[place] = outcome.wrong
        return found

    def _one(
        self,
        item: Item,
        taken: tuple[str | None, str | None],
        wrong: tuple[bool | State | None, bool | State | None],
        beside: tuple[bool | State | None, str],
    ) -> Parsed | None:
        differs, reasoning = beside
        if wrong[0] is None or wrong[1] is None:
            return None
        states = (_state(wrong[0]), _state(wrong[1]))
        # A number that the comparison can't find in what was taken was not parsed.
        if self.is_numeric and taken[0] is not None and first_quantity(taken[0]) is None:
            states = (State.NOT_PARSED, states[1])
        contradicts = State.NOT_PARSED not in states and differs is True
        kind, rule = (None, "")
        if states[0] is not State.RIGHT:
            # What stands in the answer's place, before a parser chose a part of it.
            text = item.answer if item.answer is not None else taken[0]
            kind, rule = kind_of(
                text,
                item.reference or "",
                numeric=self.is_numeric,
                concluded=states[1] is State.RIGHT,
                parsed=states[1] is not State.NOT_PARSED,
                named=self.is_numeric and ends_in(reasoning, item.reference or ""),
            )
        return Parsed(taken[0], taken[1], states[0], states[1], contradicts, kind, rule)


def _state(wrong: bool | State) -> State:
    if isinstance(wrong, State):
        return wrong
    return State.WRONG if wrong else State.RIGHT


def without(output: str, answer: str | None) -> str:
    r"""Return an output less the last place where its answer stands as whole words: what is left is the reasoning.

    `CUT` stands in its place. Where the answer is written otherwise in the output, nothing is left out: a conclusion
    may then be the answer itself, so that a contradiction is missed, and none is made up.

    Examples
    --------
    >>> without("3 * 4 = 12. The answer is 12.", "12")
    '3 * 4 = 12. The answer is \n\ufffc\n.'
    """
    if not answer or not answer.strip():
        return output
    found = None
    for found in re.finditer(rf"(?<!\w){re.escape(answer)}(?!\w)", output):  # noqa: B007
        pass
    return output if found is None else f"{output[: found.start()]}{CUT}{output[found.end() :]}"


def answer_key(answer: str | None, *, numeric: bool) -> str | None:
    """Return what two answers share where they say the same; None where nothing was answered.

    Examples
    --------
    >>> answer_key("$1,250.00", numeric=True), answer_key(" Paris.", numeric=False)
    ('1250', 'paris')
    """
    if answer is None:
        return None
    if numeric:
        found = first_quantity(answer)
        if found is None or found.value is None:
            return None
        return f"{found.value.normalize():f}" if abs(found.value.adjusted()) < 40 else None
    folded = " ".join(unicodedata.normalize("NFKC", answer).casefold().split()).strip(" .,;:!*\"'")
    return folded or None


def detector_named(
    check: str,
    *,
    answer: str | None = None,
    conclusion: str | None = None,
    settings: CheckSettings | None = None,
) -> Detector:
    r"""Return the detector of some names.

    Parameters
    ----------
    check
        ``numeric`` or ``exact``, or any other check of `assay.judge.rules`.
    answer
        The parser of answers; None: the check's own.
    conclusion
        The parser of conclusions, as `conclusion_named` reads it; None: the one that goes with the check.
    settings
        What the check is told.

    Raises
    ------
    BadInput
        Where there is no such check or parser.

    Examples
    --------
    >>> detector_named("exact", answer=r"last-match=\[(yes|no)\]").conclusion.label
    'concluding-claim@1'
    """
    made = check_named(check, settings=settings)
    return Detector(
        made.comparison,
        made.parser if answer is None else parser_named(answer),
        conclusion_named(conclusion or CONCLUSION_OF.get(check.partition("/")[0], "answer-line")),
    )
