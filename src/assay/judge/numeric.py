"""The check `numeric`: the same number, within a tolerance, in whatever unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from assay.errors import BadInput
from assay.judge.check import Item, Outcome
from assay.judge.numbers import (
    ALSO_WORDS,
    converted,
    known_unit,
    numbers_in,
    same_dimension,
    unit_texts,
    value_of,
)

CONVERSION_ERROR = 1e-9
"""Relative: what computing a value in another unit may add in floating point."""

_ARITHMETIC = Context(prec=60, traps=[])


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its unit; `value` None: a number beyond what can be computed with. `words`: what may be its unit."""

    value: Decimal | None
    unit: Any | None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Numeric:
    """The same number as the reference's, within the larger of two tolerances.

    Parameters
    ----------
    tolerance : >= 0
        Absolute, in the reference's unit.
    relative : >= 0
        Relative to the reference's value.

    Notes
    -----
    The reference is its last number, with its unit where it has one that Pint knows. An answer is the first number of
    what the parser took. A unit counts only where the reference has one: the answer is then converted ("1.5 km" is
    "1500 m"), another dimension is wrong, and a bare number is taken to be in the reference's unit, which is what the
    task asked for. Where the reference has none, the answer's is not looked at: "18 eggs" is 18. A percent sign is a
    unit; a currency's sign is not, and "£18" is "$18". Without tolerance numbers are compared exactly, as decimals.

    It fails where numbers are written in another way than English ("3,14"), in words, as fractions, or as a formula.

    Examples
    --------
    >>> [one.wrong for one in Numeric().compare(["1.5 km", "1.5"], [Item("", "1500 m")] * 2)]
    [False, True]
    >>> Numeric(tolerance=0.01).compare(["3.15"], [Item("", "3.14")])[0].wrong
    False
    """

    tolerance: float = 0.0
    relative: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("--tolerance", self.tolerance), ("--relative", self.relative)):
            if not (math.isfinite(value) and value >= 0):
                raise BadInput(f"{name} must be a number of at least 0, got {value}")

    @property
    def label(self) -> str:
        """Name and version."""
        return "numeric@1"

    @property
    def settings(self) -> str:
        """The tolerances that are not zero."""
        parts = [
            f"{name} {value:g}"
            for name, value in (("tolerance", self.tolerance), ("relative", self.relative))
            if value
        ]
        return ", ".join(parts)

    @property
    def parser(self) -> str:
        """The last number with its unit, of the log's own answer where it names one."""
        return "answer+last-quantity"

    @property
    def needs_reference(self) -> bool:
        """Whether traces without a reference stay unjudged."""
        return True

    @property
    def rows_at_once(self) -> int:
        """Traces a call."""
        return 10_000

    def compare(self, answers: Sequence[str], items: Sequence[Item]) -> list[Outcome]:
        """Compare numbers; a reference without one can't be compared with."""
        return [
            self._one(answer, item.reference or "")
            for answer, item in zip(answers, items, strict=True)
        ]

    def _one(self, answer: str, reference: str) -> Outcome:
        wanted = wanted_in(reference)
        if wanted is None or wanted.value is None:
            return Outcome(None, "the reference holds no number")
        given = first_quantity(answer)
        if given is None:
            return Outcome(True, "no number in what was taken")
        if given.value is None:
            return Outcome(True, "a number beyond what can be compared")
        unit = _unit_beside(given.words, wanted.unit)
        if wanted.unit is None or unit is None or unit == wanted.unit:
            return Outcome(not self._close(given.value, wanted.value))
        if not same_dimension(unit, wanted.unit):
            return Outcome(True, f"{unit} can't be {wanted.unit}")
        return Outcome(not self._close_converted(given.value, unit, wanted))

    def _close(self, given: Decimal, wanted: Decimal) -> bool:
        if given == wanted:
            return True
        if not (self.tolerance or self.relative):
            return False
        # Through text: a tolerance of 0.01 means the decimal, not the binary number nearest to it.
        slack = max(
            Decimal(str(self.tolerance)),
            _ARITHMETIC.multiply(Decimal(str(self.relative)), _ARITHMETIC.abs(wanted)),
        )
        apart = _ARITHMETIC.abs(_ARITHMETIC.subtract(given, wanted))
        return apart.is_finite() and apart <= slack

    def _close_converted(self, given: Decimal, unit: Any, wanted: Quantity) -> bool:
        assert wanted.value is not None
        value, target = converted(given, unit, wanted.unit), float(wanted.value)
        slack = max(self.tolerance, (self.relative + CONVERSION_ERROR) * abs(target))
        return math.isfinite(value) and math.isfinite(target) and abs(value - target) <= slack


@lru_cache(maxsize=4096)
def wanted_in(reference: str) -> Quantity | None:
    """Return the last number of a reference, with its unit; None where it holds none."""
    found = None
    for found in numbers_in(reference):  # noqa: B007
        pass
    if found is None:
        return None
    rest = reference[found.end() :]
    words = unit_texts(rest)
    for text in words:
        # "10 in" is a length; "10 in total" is none.
        if text in ALSO_WORDS and rest.strip() != text:
            continue
        if (unit := known_unit(text)) is not None:
            return Quantity(value_of(found), unit)
    return Quantity(value_of(found), None)


def first_quantity(text: str) -> Quantity | None:
    """Return the first number of a text and what may be its unit; None where there is none."""
    found = next(numbers_in(text), None)
    if found is None:
        return None
    return Quantity(value_of(found), None, tuple(unit_texts(text[found.end() : found.end() + 64])))


def _unit_beside(words: tuple[str, ...], wanted: Any | None) -> Any | None:
    """Return the unit among what stands after an answer's number; None where there is none."""
    if wanted is None:
        return None
    for text in words:
        unit = known_unit(text)
        if unit is None or (text in ALSO_WORDS and not same_dimension(unit, wanted)):
            continue
        return unit
    return None
