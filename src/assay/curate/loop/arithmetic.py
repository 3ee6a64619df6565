"""Sums as tasks of a loop: any number of fresh ones, an exact check, and kinds of error that say which digit is wrong.

``reverse-addition``
    Two numbers of four digits, ``2057+9341=``; the answer has five digits, the ones first: ``89311`` stands for 11398.
    A small transformer reads a column (one digit of each number) as one sign, so it never has to find what stands
    below what. *Harder* are sums of the same length where a carry ripples through at least two columns whose digits
    add up to nine: about 1 in 90 of all sums, and the rare cases that a loop loses first. Longer numbers would ask
    for places that a model with learned positions has never seen: all of them wrong, whatever the loop does.

``two-digit-sums``
    ``47 + 85 =``, answered as people write it; harder are sums of numbers with three digits.

A kind of error is the lowest digit that is wrong (``digit 1``: the ones), or ``no number``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from assay.curate.loop.task_source import LoopTask, Truth, tasks_digest
from assay.errors import BadInput

Family = Literal["reverse-addition", "two-digit-sums"]
FAMILIES: tuple[Family, ...] = ("reverse-addition", "two-digit-sums")

DIGITS = 4
"""Of a number of reverse-addition."""

RIPPLES = 2
"""Columns that pass a carry on, in a sum that is harder."""

SETS_SEED = 8_000
"""Of the fixed sets: they are the same for every loop, arm and seed, so that loops can be compared."""

AT_ONCE = 4_096
NO_NUMBER = "no number"
_NUMBER = re.compile(r"\d+")
_SUM = re.compile(r"^(\d+)\+(\d+)=$")

IntArray = npt.NDArray[np.int64]


def reversed_sum(one: int, other: int, digits: int = DIGITS) -> str:
    """Return a sum with its ones first, in one digit more than its numbers have.

    Examples
    --------
    >>> reversed_sum(2057, 9341)
    '89311'
    """
    return f"{one + other:0{digits + 1}d}"[::-1]


def ripples(one: IntArray, other: IntArray, digits: int = DIGITS) -> IntArray:
    """Return for each sum the columns that pass a carry on because their digits add up to nine.

    Examples
    --------
    >>> ripples(np.array([1234, 5]), np.array([8766, 9995])).tolist()
    [3, 3]
    """
    carry = np.zeros(len(one), np.int64)
    found = np.zeros(len(one), np.int64)
    for place in range(digits):
        column = one // 10**place % 10 + other // 10**place % 10
        found += (column == 9) & (carry == 1)
        carry = (column + carry >= 10).astype(np.int64)
    return found


def lowest_wrong_digit(reference: str, output: str) -> str:
    """Return the kind of error of an answer, ones first; empty where it is right.

    Examples
    --------
    >>> lowest_wrong_digit("89311", "89411"), lowest_wrong_digit("89311", "?"), lowest_wrong_digit("31", "31")
    ('digit 3', 'no number', '')
    """
    if output == reference:
        return ""
    if not output.isdigit():
        return NO_NUMBER
    width = max(len(reference), len(output))
    pairs = zip(reference.ljust(width), output.ljust(width), strict=True)
    return f"digit {1 + next(place for place, (a, b) in enumerate(pairs) if a != b)}"


def columns_of(prompt: str, digits: int = DIGITS) -> tuple[int, ...]:
    """Return the columns of a prompt of reverse-addition, ones first: ten times the upper digit plus the lower.

    Raises
    ------
    BadInput
        If it is no such prompt.

    Examples
    --------
    >>> columns_of("2057+9341=")
    (71, 54, 3, 29)
    """
    found = _SUM.match(prompt)
    if not found or len(found[1]) != digits or len(found[2]) != digits:
        raise BadInput(
            f"the small transformer reads sums of two numbers with {digits} digits, as 2057+9341=, got {prompt[:40]!r}",
            next_command='tasks = "reverse-addition", or another `train`',
        )
    pairs = zip(reversed(found[1]), reversed(found[2]), strict=True)
    return tuple(10 * int(upper) + int(lower) for upper, lower in pairs)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A family of sums.

    Parameters
    ----------
    name : {"reverse-addition", "two-digit-sums"}
    held_out_tasks : >= 1
    harder_tasks : >= 0
    held_out, harder
        Made from those.

    Raises
    ------
    BadInput
        If there is no such family, or the sets are larger than it has room for.
    """

    name: str
    held_out_tasks: int = 2_000
    harder_tasks: int = 1_000
    held_out: tuple[LoopTask, ...] = field(init=False, repr=False)
    harder: tuple[LoopTask, ...] = field(init=False, repr=False)
    _fixed: frozenset[tuple[int, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.name not in FAMILIES:
            raise BadInput(
                f"tasks must be one of {', '.join(FAMILIES)} or a file, got {self.name!r}"
            )
        most = 1_000_000 if self.name == "reverse-addition" else 2_000
        counts = (("held_out", self.held_out_tasks, 1), ("harder", self.harder_tasks, 0))
        for key, value, least in counts:
            if not least <= value <= most:
                raise BadInput(f"{key} of {self.name} must be in {least}..{most:,}, got {value}")
        rng = np.random.default_rng([SETS_SEED, FAMILIES.index(self.name)])
        held_out = _drawn(self.name, rng, self.held_out_tasks, harder=False)
        harder = _drawn(self.name, rng, self.harder_tasks, harder=True, other_than=held_out)
        object.__setattr__(self, "held_out", tuple(self._task(pair) for pair in held_out))
        object.__setattr__(self, "harder", tuple(self._task(pair) for pair in harder))
        object.__setattr__(self, "_fixed", frozenset(held_out) | frozenset(harder))

    @property
    def judge(self) -> str:
        """The exact check's name."""
        taken = "whole output" if self.name == "reverse-addition" else "first number"
        return f"sum@1 ({taken}@1)"

    @property
    def digest(self) -> str:
        """Of the fixed sets and the check."""
        return tasks_digest(self.judge, (self.held_out, self.harder))

    def fresh(self, rng: np.random.Generator) -> Iterator[LoopTask]:
        """Yield sums without end, each drawn alike, none of them in a fixed set."""
        while True:
            for pair in _pairs(self.name, rng, AT_ONCE, harder=False):
                if pair not in self._fixed:
                    yield self._task(pair)

    def truths(self, tasks: Sequence[LoopTask], outputs: Sequence[str]) -> list[Truth]:
        """Return whether each answer is right, and its lowest wrong digit."""
        return [
            self._truth(task.reference or "", output)
            for task, output in zip(tasks, outputs, strict=True)
        ]

    def _truth(self, reference: str, output: str) -> Truth:
        if self.name == "two-digit-sums":
            found = _NUMBER.search(output)
            reference, output = reference[::-1], found[0][::-1] if found else ""
        kind = lowest_wrong_digit(reference, output)
        return Truth(not kind, kind)

    def _task(self, pair: tuple[int, int]) -> LoopTask:
        one, other = pair
        if self.name == "reverse-addition":
            text = f"{one:0{DIGITS}d}+{other:0{DIGITS}d}="
            return LoopTask(text, text, reversed_sum(one, other))
        text = f"{one} + {other} ="
        return LoopTask(text, text, str(one + other))


def _pairs(
    name: str, rng: np.random.Generator, count: int, *, harder: bool
) -> list[tuple[int, int]]:
    """Return pairs of numbers, each drawn alike; of the harder ones those that are left of so many."""
    low, high = {
        ("reverse-addition", False): (0, 10**DIGITS),
        ("reverse-addition", True): (0, 10**DIGITS),
        ("two-digit-sums", False): (10, 100),
        ("two-digit-sums", True): (100, 1_000),
    }[name, harder]
    one, other = rng.integers(low, high, (2, count))
    if harder and name == "reverse-addition":
        taken = ripples(one, other) >= RIPPLES
        one, other = one[taken], other[taken]
    return list(zip(one.tolist(), other.tolist(), strict=True))


def _drawn(
    name: str,
    rng: np.random.Generator,
    count: int,
    *,
    harder: bool,
    other_than: Sequence[tuple[int, int]] = (),
) -> list[tuple[int, int]]:
    """Return so many different pairs."""
    found: dict[tuple[int, int], None] = {}
    others = frozenset(other_than)
    while len(found) < count:
        at_once = _pairs(name, rng, 20 * AT_ONCE if harder else AT_ONCE, harder=harder)
        found.update(dict.fromkeys(pair for pair in at_once if pair not in others))
    return list(found)[:count]
