"""What a name of a template may be, and in how many ways a template could be tried on a question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from assay.ledger.ingest.record import RowError


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from low to high in steps."""

    low: Fraction
    high: Fraction
    step: Fraction

    def has(self, value: Fraction) -> bool:
        """Return whether it is one of them."""
        steps = (value - self.low) / self.step
        return self.low <= value <= self.high and steps.denominator == 1


Kind = Range | tuple[str, ...] | None
"""What a name may be: a number of a range, one of some texts, or any text, which is kept."""


def kind_of(name: str, told: object) -> Kind:
    """Return what a template file says that a name may be.

    Raises
    ------
    RowError
        Where it says nothing of the sort.
    """
    if told is None:
        return None
    if isinstance(told, list) and told and all(isinstance(one, str) and one for one in told):
        return tuple(told)
    if isinstance(told, dict) and {"from", "to"} <= told.keys() <= {"from", "to", "step"}:
        low, high, step = (_fraction(name, told.get(key, 1)) for key in ("from", "to", "step"))
        if 0 <= low <= high and step > 0:
            return Range(low, high, step)
    raise RowError(
        f"the name {name} must be "
        '{"from": 2, "to": 99, "step": 1} with 0 <= from <= to, a list of texts, or null'
    )


def _fraction(name: str, value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RowError(f"the range of {name} must be made of numbers, got {value!r:.40}")
    return Fraction(repr(value))


def tries(kinds: Iterable[Kind]) -> tuple[int, int]:
    """Return what bounds the work of matching a question: names of any text, and branches of the choices.

    Parameters
    ----------
    kinds
        Of each name, once.

    Returns
    -------
    kept : >= 0
        Each may end at any character.
    branches : >= 1
        Of a list, at most so many texts can begin at one place: those that begin one another. Their product over the
        names, times the texts that are looked at on each branch.

    Examples
    --------
    >>> tries([None, ("pear", "pear tree", "plum")])
    (1, 6)
    """
    kept, branches, texts = 0, 1, 0
    for kind in kinds:
        if kind is None:
            kept += 1
        elif isinstance(kind, tuple):
            branches *= _nested(kind)
            texts += len(kind)
    return kept, branches * max(texts, 1)


def _nested(texts: tuple[str, ...]) -> int:
    """Return the length of the longest row of texts each of which begins the next."""
    row: list[str] = []
    longest = 1
    for text in sorted(set(texts)):
        while row and not text.startswith(row[-1]):
            row.pop()
        row.append(text)
        longest = max(longest, len(row))
    return longest
