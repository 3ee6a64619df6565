"""The answer of `assay cost`: what each system's verified-correct results cost, and in which order that puts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assay.quantity import Estimate, Quantity, to_json

ORDERS = {
    "cost": "cost of a verified-correct result, mending and escapes included",
    "score": "share of right results",
    "cost_of_pass": "cost of a right result, nothing mended",
    "errors_per_hour": "errors an hour of one worker, fewest first",
    "correct_per_hour": "right results an hour of one worker, most first",
}
"""Rankings, and what each goes by."""


@dataclass(frozen=True, slots=True)
class CostedSystem:
    """One system with its numbers.

    Parameters
    ----------
    name
        System and version.
    evidence
        Who said what is right.
    outputs : >= 0
        How many outputs that rests on.
    right
        Share of right results, correct/output.
    attempt_cost
        USD/output; how it was found is in its method.
    latency, tail
        Seconds/output: on average, and of all but 5 %, the latter with an upper limit alone.
    cost_of_pass
        USD per right result, where a wrong one is tried again and nothing else.
    errors_per_hour, correct_per_hour
        Of one worker, one request at a time.
    cost
        USD per verified-correct result: attempts, checks, mends, escapes, and the wait where it has a price.
    escaped
        Escaped errors per verified-correct result.
    seconds
        Expected seconds to a verified-correct result.
    p_best
        Probability that it is the cheapest of those ranked; None where it isn't ranked.
    tie : > 0
        Number of the group of systems that can't be told from one another; None where it is alone.
    standard
        Whether the standard is met, in words; None where none was asked for.
    meets
        The same as yes or no; None where none was asked for, or it can't be told.
    add_on
        The cheapest that would make it, in words.
    notes
        What a reader has to know.
    """

    name: str
    evidence: str
    outputs: int
    right: Quantity
    attempt_cost: Quantity
    latency: Quantity
    tail: Quantity
    cost_of_pass: Quantity
    errors_per_hour: Quantity
    correct_per_hour: Quantity
    cost: Quantity
    escaped: Quantity
    seconds: Quantity
    p_best: float | None = None
    tie: int | None = None
    standard: str | None = None
    meets: bool | None = None
    add_on: str | None = None
    next_command: str = ""
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        numbers = {
            "right": self.right,
            "attempt_cost": self.attempt_cost,
            "latency": self.latency,
            "latency_p95": self.tail,
            "cost_of_pass": self.cost_of_pass,
            "errors_per_hour": self.errors_per_hour,
            "correct_per_hour": self.correct_per_hour,
            "cost_per_verified_correct": self.cost,
            "escaped_per_verified_correct": self.escaped,
            "time_to_verified_correct": self.seconds,
        }
        return {
            "name": self.name,
            "evidence": self.evidence,
            "outputs": self.outputs,
            **to_json(numbers),
            "p_best": self.p_best,
            "tie": self.tie,
            "standard": self.standard,
            "meets_standard": self.meets,
            "add_on": self.add_on,
            "next_command": self.next_command,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The price of a mend at which two systems cost the same."""

    cheaper_below: str
    cheaper_above: str
    mend: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "cheaper_below": self.cheaper_below,
            "cheaper_above": self.cheaper_above,
            "mend_usd": self.mend.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Curve:
    """What a verified-correct result of one system costs, at prices of a mend."""

    name: str
    mend_usd: tuple[float, ...]
    cost_usd: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CostAnswer:
    """All of it.

    Parameters
    ----------
    ledger
        Where the traces are.
    systems
        Ranked ones first, cheapest first; then those whose cost isn't known.
    said
        What the user said that goes into the costs, in words.
    assumed
        What is taken for granted, in words.
    priced
        Whether systems are ranked by cost: the prices that this takes were given.
    break_evens, curves
        Between neighbours of the lower edge; and the lines themselves.
    second_costs_more
        USD per verified-correct result that the second in order costs more than the first; None where one is ranked.
    more_items
        Where these two are a tie, what would tell them apart.
    compared_on
        Fewest and most tasks that two systems both answered, of those that did; None where no two did.
    """

    ledger: str
    systems: tuple[CostedSystem, ...]
    said: tuple[str, ...]
    assumed: tuple[str, ...]
    priced: bool
    break_evens: tuple[BreakEven, ...] = ()
    curves: tuple[Curve, ...] = ()
    second_costs_more: Quantity | None = None
    more_items: Quantity | None = None
    standard: str | None = None
    curve_words: str = ""
    confidence_level: float = 0.95
    prices_dated: tuple[str, ...] = field(default=())
    compared_on: tuple[int, int] | None = None

    @property
    def ranked(self) -> tuple[CostedSystem, ...]:
        """The systems whose cost is known."""
        return tuple(system for system in self.systems if isinstance(system.cost, Estimate))

    @property
    def orders(self) -> dict[str, tuple[str, ...]]:
        """Names in the order of each ranking; systems whose number isn't known are left out."""
        ways = {
            # Their order is that of the ranking: who was never right is last whatever it costs.
            "cost": tuple(one.name for one in self.ranked) if self.priced else (),
            "score": _by(self.systems, lambda one: one.right, falling=True),
            "cost_of_pass": _by(self.systems, lambda one: one.cost_of_pass),
            "errors_per_hour": _by(self.systems, lambda one: one.errors_per_hour),
            "correct_per_hour": _by(self.systems, lambda one: one.correct_per_hour, falling=True),
        }
        return {name: order for name, order in ways.items() if order}

    @property
    def winners(self) -> dict[str, tuple[str, ...]]:
        """Who is first in each ranking: several names where their numbers are the same."""
        by_name = {system.name: system for system in self.systems}
        found = {}
        for way, order in self.orders.items():
            numbers = [getattr(by_name[name], _NUMBERS[way]).value for name in order]
            found[way] = tuple(
                name for name, x in zip(order, numbers, strict=True) if x == numbers[0]
            )
        return found

    @property
    def none_meets(self) -> bool:
        """Whether a standard was asked for that no system is shown to meet."""
        return self.standard is not None and not any(one.meets for one in self.systems)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "ledger": self.ledger,
            "confidence_level": self.confidence_level,
            "said": list(self.said),
            "assumed": list(self.assumed),
            "ranked_by_cost": self.priced,
            "tasks_in_common": None if self.compared_on is None else list(self.compared_on),
            "standard": self.standard,
            "none_meets_standard": self.none_meets,
            "systems": [system.to_json() for system in self.systems],
            "orders": {name: list(order) for name, order in self.orders.items()},
            "winners": {name: list(first) for name, first in self.winners.items()},
            "break_evens": [one.to_json() for one in self.break_evens],
            "second_costs_more_than_first": None
            if self.second_costs_more is None
            else self.second_costs_more.to_json(),
            "items_to_tell_first_two_apart": None
            if self.more_items is None
            else self.more_items.to_json(),
            "curves": [
                {"name": c.name, "mend_usd": list(c.mend_usd), "cost_usd": list(c.cost_usd)}
                for c in self.curves
            ],
        }


_NUMBERS = {
    "cost": "cost",
    "score": "right",
    "cost_of_pass": "cost_of_pass",
    "errors_per_hour": "errors_per_hour",
    "correct_per_hour": "correct_per_hour",
}


def _by(
    systems: Sequence[CostedSystem], number: object, *, falling: bool = False
) -> tuple[str, ...]:
    assert callable(number)
    known = [(one, number(one)) for one in systems]
    found = [(value.value, one.name) for one, value in known if isinstance(value, Estimate)]
    found.sort(key=lambda pair: (-pair[0] if falling else pair[0], pair[1]))
    return tuple(name for _, name in found)
