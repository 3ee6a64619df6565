"""What a mechanical check is: a parser takes an answer out of an output, a comparison says whether it is right.

Both have a name and a version, and both travel with every verdict in the judge's name, as in
``numeric@1 (answer@1 + last-number@1; tolerance 0.01)``: the same answers are right or wrong by the parser alone.
A new check is a class with what `Comparison` asks for, named in `assay.judge.rules`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Item:
    """A trace as parsers and comparisons see it.

    Parameters
    ----------
    output
        All that the system said. It may be hostile.
    answer
        What the log itself names as the answer; None where it names none.
    reference
        The right answer, as the task gives it; None where it gives none.
    input
        The task.
    tags
        The trace's tags.
    trace_id
        For messages.
    system
        What answered, ``name@version``. No parser and no comparison may look at it.
    """

    output: str
    reference: str | None = None
    answer: str | None = None
    input: str = ""
    tags: Mapping[str, str] | None = None
    trace_id: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a parser took out of an output.

    Parameters
    ----------
    text
        The answer. None: nothing was answered, which is wrong.
    gave_up
        Why it can't be said what was answered; the trace then stays unjudged. Empty: it can.
    """

    text: str | None
    gave_up: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a comparison says of one answer.

    Parameters
    ----------
    wrong
        None: it can't be said, and the trace stays unjudged.
    note
        Why, in a few words; of use where `wrong` is None, or where it is wrong for a reason that the answer doesn't
        show. Kept with the verdict.
    kind
        The kind of error, where the comparison tells kinds apart; the verdict's column of that name.
    """

    wrong: bool | None
    note: str = ""
    kind: str = ""


class Parser(Protocol):
    """Takes an answer out of an output.

    It never raises over what an output holds, and its time grows no faster than the text.
    """

    @property
    def label(self) -> str:
        """Name, version and settings: ``last-number@1``, ``json-field@1 answer``."""
        ...

    def take(self, texts: Sequence[str], items: Sequence[Item]) -> list[Taken]:
        """Return what is taken out of each text.

        Parameters
        ----------
        texts
            What to read: the outputs, or what the parser before this one took.
        items
            The traces that they come from, in the same order.
        """
        ...


class Comparison(Protocol):
    """Says whether answers are right: the check proper. `python` and `sql` are such classes too.

    It never raises over what an answer holds. It may raise `assay.errors.BadInput` over its own settings, and run
    several answers at once.
    """

    @property
    def label(self) -> str:
        """Name and version: ``numeric@1``."""
        ...

    @property
    def settings(self) -> str:
        """What else changes verdicts, in words: ``tolerance 0.01``; empty where nothing does."""
        ...

    @property
    def parser(self) -> str:
        """The parser that it goes with where none is named, as `assay.judge.rules.parser_named` reads it."""
        ...

    @property
    def needs_reference(self) -> bool:
        """Whether traces without a reference stay unjudged."""
        ...

    @property
    def rows_at_once(self) -> int:
        """Traces a call: 10,000 where a comparison is quick; few where each takes long, so that a stop loses little."""
        ...

    def compare(self, answers: Sequence[str], items: Sequence[Item]) -> list[Outcome]:
        """Return what is to be said of each answer.

        Parameters
        ----------
        answers
            What the parser took; where it took nothing, the trace is not among them.
        items
            Their traces, in the same order. ``reference`` is not None where `needs_reference`.

        Returns
        -------
        list of Outcome
            One for each answer, in the same order.
        """
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """One trace under a check: what was taken (None: nothing), whether it is wrong (None: unjudged), and why."""

    taken: str | None
    wrong: bool | None
    note: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A judge made of a parser and a comparison. `assay.judge.rules.check_named` makes one from names.

    Parameters
    ----------
    comparison
        How an answer is compared.
    parser
        What is taken out of an output.
    """

    comparison: Comparison
    parser: Parser

    @property
    def judge(self) -> str:
        """The judge's name: comparison, parser, settings, each with its version."""
        inside = "; ".join(part for part in (self.parser.label, self.comparison.settings) if part)
        return f"{self.comparison.label} ({inside})"

    @property
    def needs_reference(self) -> bool:
        """Whether traces without a reference stay unjudged."""
        return self.comparison.needs_reference

    @property
    def rows_at_once(self) -> int:
        """Traces that are best given in one call."""
        return self.comparison.rows_at_once

    def judge_all(self, items: Sequence[Item]) -> list[Judged]:
        """Judge traces.

        Parameters
        ----------
        items
            Traces; one that needs a reference and has none stays unjudged.

        Returns
        -------
        list of Judged
            One for each trace, in the same order.
        """
        taken = self.parser.take([item.output for item in items], items)
        judged = [_before_comparing(one) for one in taken]
        if self.needs_reference:
            for place, item in enumerate(items):
                if item.reference is None:
                    judged[place] = Judged(judged[place].taken, None, "no reference")
        open_places = [
            place for place, one in enumerate(judged) if one.wrong is None and not one.note
        ]
        outcomes = self.comparison.compare(
            [taken[place].text or "" for place in open_places],
            [items[place] for place in open_places],
        )
        for place, outcome in zip(open_places, outcomes, strict=True):
            judged[place] = Judged(taken[place].text, outcome.wrong, outcome.note, outcome.kind)
        return judged

    def wrong(
        self, output: str, reference: str | None, *, answer: str | None = None
    ) -> bool | None:
        """Say whether one output is wrong; None where the check can't say."""
        return self.judge_all([Item(output, reference, answer)])[0].wrong


def _before_comparing(taken: Taken) -> Judged:
    if taken.gave_up:
        return Judged(None, None, taken.gave_up)
    if taken.text is None:
        return Judged(None, True, NOTHING_ANSWERED)
    return Judged(taken.text, None)


NOTHING_ANSWERED = "nothing was answered"
