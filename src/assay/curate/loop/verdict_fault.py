"""A fault of a loop by its name, and what faults are looked for in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.curate.loop.turn import TurnRecord
from assay.curate.loop.verdict_answers import SetAnswers
from assay.curate.loop.verdict_labels import LoopLengths
from assay.curate.loop.verdict_leaks import LeakedTasks
from assay.estimate.loop_gain import look_level, paired_gain
from assay.quantity import Estimate, Quantity, Unknown, weakest

LEAK = "leaking held-out set"
UNSHARED = "gain that the harder set does not share"
LENGTH = "verifier rewards length"
DIVERSITY = "collapse of diversity behind a rising score"
RARE = "loss of rare cases"
BLIND = "systematic blind spot"
PURITY = "purity falling"
AGREEMENT = "agreement on what is wrong grows"
PAST_BEST = "past its best turn"

State = Literal["caught", "not seen", "unknown"]
FEWEST_OF_KIND = 10
"""Tasks of a kind below which its own gain is not looked at."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that was looked for.

    Parameters
    ----------
    name
    state
        "unknown": there is nothing to see it by. "not seen" is no proof that it is absent.
    evidence
        Numbers in words -> each with its interval.
    words
        What was found, or why it can't be known.
    advice
        What to do next; empty unless it was caught.
    """

    name: str
    state: State
    evidence: tuple[tuple[str, Quantity], ...]
    words: str
    advice: str = ""

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {
            "name": self.name,
            "state": self.state,
            "evidence": {name: quantity.to_json() for name, quantity in self.evidence},
            "words": self.words,
            "advice": self.advice or None,
        }


@dataclass(frozen=True, slots=True)
class FaultGround:
    """What faults are looked for in.

    Parameters
    ----------
    all_held_out
        With the tasks that leaked.
    held_out
        Without them.
    harder, records
    leaks
    lengths
    margin
    confidence_level
        Of all looks at one fault together.
    """

    all_held_out: SetAnswers
    held_out: SetAnswers
    harder: SetAnswers | None
    records: tuple[TurnRecord, ...]
    leaks: LeakedTasks
    lengths: LoopLengths
    margin: float
    confidence_level: float

    @property
    def look(self) -> float:
        """Level of the look after the last turn."""
        return look_level(self.confidence_level, len(self.all_held_out.right) - 1)

    @property
    def gain(self) -> Quantity:
        """Over all turns, at the look's level."""
        return gain_of(self.held_out, self.look)


def gain_of(answers: SetAnswers, level: float) -> Quantity:
    """Return the gain of a set over all turns."""
    return paired_gain(answers.right[0], answers.right[-1], confidence_level=level)


def is_above(quantity: Quantity) -> bool:
    """Return whether a quantity is shown to be above nought."""
    return isinstance(quantity, Estimate) and quantity.low > 0


def is_below(quantity: Quantity) -> bool:
    """Return whether a quantity is shown to be below nought."""
    return isinstance(quantity, Estimate) and quantity.high < 0


def difference(a: Quantity, b: Quantity) -> Quantity:
    """Return a less b, whatever each rests on; both made at `each_level`."""
    for one in (a, b):
        if isinstance(one, Unknown):
            return one
    assert isinstance(a, Estimate) and isinstance(b, Estimate)  # noqa: PT018
    level = round(a.confidence_level + b.confidence_level - 1, 12)
    method = f"difference of ({a.method}) and ({b.method})"
    ground = weakest(a.guarantee, b.guarantee)
    return Estimate(
        a.value - b.value, a.low - b.high, a.high - b.low, a.unit, level, a.n + b.n, method, ground
    )
