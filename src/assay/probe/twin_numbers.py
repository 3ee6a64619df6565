"""Numbers as they stand in a text: where, how they are written, and others of the same size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


_RUN = re.compile(r"\S+")
_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_ANY = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)|\d{1,3}(?:,\d{3})+|\d+")
_DRAWN = 12
"""At least half of what is drawn is fit: none of twelve is with a chance of 1e-4, and then the next attempt is."""

_BEFORE = "$£€(\"'“‘["
_AFTER = ".,;:!?)\"'”’]%"
_YEAR = re.compile(r"(?:19|20)\d\d")
_BEFORE_FIXED = re.compile(r"(?:\ban?|no\.?|number|january|february|march|april|may|june|july|august|september|october"
                     r"|november|december)\s+\Z", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A number in a text.

    Parameters
    ----------
    start, end
        Its place.
    text
        As it stands there: digits, separators of thousands, decimals.
    value
    changeable
        Whether another number may stand there: not in a date, an ordinal, a time, a name, or after "a" and "an".
    """

    start: int
    end: int
    text: str
    value: Fraction
    changeable: bool

    @property
    def decimals(self) -> int:
        """Digits after the point."""
        return len(self.text.partition(".")[2])

    def rewritten(self, value: Fraction) -> str:
        """Return another value in the same writing.

        Examples
        --------
        >>> Written(0, 5, "1,200", Fraction(1200), True).rewritten(Fraction(3400))
        '3,400'
        """
        return in_decimals(value, self.decimals, grouped="," in self.text)


def in_decimals(value: Fraction, decimals: int, *, grouped: bool = False) -> str:
    """Return a value with so many decimals; it must have no more."""
    scaled = value * 10**decimals
    assert scaled.denominator == 1
    digits = f"{abs(scaled.numerator):0{decimals + 1}d}"
    whole, rest = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    whole = f"{int(whole):,}" if grouped else whole
    return ("-" if value < 0 else "") + whole + (f".{rest}" if rest else "")


def decimals_of(value: Fraction) -> int | None:
    """Return how many decimals a value takes; None where no finite number does.

    Examples
    --------
    >>> decimals_of(Fraction(5, 4)), decimals_of(Fraction(1, 3))
    (2, None)
    """
    for decimals in range(7):
        if (value * 10**decimals).denominator == 1:
            return decimals
    return None


def numbers_in(text: str) -> tuple[Written, ...]:
    """Return the numbers in a text, written in digits, from left to right.

    Examples
    --------
    >>> [(n.text, n.changeable) for n in numbers_in("On June 5 she sold 48 clips for $1,200 at 3:30.")]
    [('5', False), ('48', True), ('1,200', True), ('3', False), ('30', False)]
    """
    found: list[Written] = []
    for run in _RUN.finditer(text):
        inner = run[0].lstrip(_BEFORE)
        start = run.start() + len(run[0]) - len(inner)
        inner = inner.rstrip(_AFTER)
        if _NUMBER.fullmatch(inner):
            free = _may_change(text, start, inner)
            found.append(Written(start, start + len(inner), inner, _value(inner), free))
        else:
            found.extend(
                Written(run.start() + n.start(), run.start() + n.end(), n[0], _value(n[0]), False)
                for n in _ANY.finditer(run[0])
            )
    return tuple(found)


def same_size(number: Written, rng: np.random.Generator) -> Fraction | None:
    """Return another value with as many digits, as many decimals and as many zeros at the end; None where none is.

    0, 1 and the powers of ten have no twin: computing with them is easier than with any other number.
    """
    decimals = number.decimals
    scaled = int(number.value * 10**decimals)
    zeros = len(str(scaled)) - len(str(scaled).rstrip("0"))
    head = scaled // 10**zeros if scaled else 0
    if head <= 1:
        return None
    digits = len(str(head))
    low, high = max(2, 10 ** (digits - 1)), 10**digits - 1
    for n in rng.integers(low, high, size=_DRAWN, endpoint=True).tolist():
        if n % 10 and n not in (head, 10 ** (digits - 1)):
            return Fraction(n * 10**zeros, 10**decimals)
    return None


def size_of(value: Fraction) -> tuple[int, int, int | None]:
    """Return what a result must keep: its sign, the digits before its point, and its decimals."""
    sign = (value > 0) - (value < 0)
    return sign, len(str(int(abs(value)))), decimals_of(value)


def replaced(text: str, changes: dict[int, str], numbers: tuple[Written, ...]) -> str:
    """Return a text with the numbers of some places (their index among all) written otherwise."""
    pieces: list[str] = []
    end = 0
    for index, new in sorted(changes.items()):
        pieces += [text[end : numbers[index].start], new]
        end = numbers[index].end
    return "".join(pieces) + text[end:]


def _value(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))


def _may_change(text: str, start: int, inner: str) -> bool:
    before = text[max(0, start - 16) : start]
    if _BEFORE_FIXED.search(before):
        return False
    return not (_YEAR.fullmatch(inner) and not before.endswith("$"))
