"""Numbers and units in text: how they are found and read, in linear time, whatever the text holds.

The comma parts thousands and the point decimals, as English writes them: "3,14" is two numbers. A sign belongs to a
number unless it joins it to what stands before it: "10-12" ends in 12, and "= -12" in minus twelve.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Any

NUMBER = re.compile(
    r"(?P<sign>(?<![\w)\]])[-+−])?"
    r"[ ]?(?P<currency>[$€£¥₹])?[ ]?"
    # Digits that end a word or an exponent are no number: m2, x^2, gpt4. A currency's letters may stand before one.
    r"(?:(?<![\w^])(?<!\d\.)|(?<=[A-Z]{3})|(?<=Rs))"
    r"(?P<digits>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?P<exponent>[eE][-+]?\d+(?!\w))?"
)

LONGEST_EXPONENT = 8
"""Characters: "e-999999". A number beyond is read and equals nothing."""

UNIT_CHARACTERS = 48
"""A unit stands within so many characters after its number."""

_WORD = (
    r"(?:(?:square|cubic|sq\.?|cu\.?)[ ])?[^\W\d_]{1,24}(?![^\W\d_])(?:[²³]|(?:\^|\*\*)-?\d|(?<=m)\d)?"
    r"|°[CF]\b|[%‰°]"
)
_UNIT = re.compile(rf"[ ]?(?P<unit>(?:{_WORD})(?:[ ]?(?:/|\*|·|\bper\b)[ ]?(?:{_WORD})){{0,3}})")

ALSO_WORDS = frozenset({"a", "as", "at", "in", "to", "are", "bar", "do", "u"})
"""What English says more often than it measures: a unit only where it fits."""


def numbers_in(text: str) -> Iterator[re.Match[str]]:
    """Return the numbers in a text, from left to right."""
    return NUMBER.finditer(text)


def value_of(found: re.Match[str]) -> Decimal | None:
    """Return a found number's value; None where it is beyond what can be computed with."""
    exponent = found["exponent"] or ""
    if len(exponent) > LONGEST_EXPONENT:
        return None
    try:
        value = Decimal(found["digits"].replace(",", "") + exponent)
    except InvalidOperation:
        return None
    return -value if found["sign"] in ("-", "−") else value


def written(found: re.Match[str]) -> str:
    """Return a found number as it stands in the text, with what is no part of its value left out.

    Examples
    --------
    >>> [written(found) for found in numbers_in("-$1,250.00 or 3e2; 10-12 m2")]
    ['-1250.00', '3e2', '10', '12']
    """
    sign = "-" if found["sign"] in ("-", "−") else ""
    return sign + found["digits"].replace(",", "") + (found["exponent"] or "")


def unit_texts(text: str) -> list[str]:
    """Return what may be the unit at the beginning of a text, the longest first.

    Examples
    --------
    >>> unit_texts(" km / hour on the road")
    ['km / hour', 'km']
    >>> unit_texts(", in all")
    []
    """
    found = _UNIT.match(text[:UNIT_CHARACTERS])
    if found is None:
        return []
    whole = found["unit"]
    parts = [match.start() for match in re.finditer(r"[ ]?(?:/|(?<!\*)\*(?!\*)|·|\bper\b)", whole)]
    return [whole, *(whole[:end].strip() for end in reversed(parts))]


@cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)


@lru_cache(maxsize=4096)
def known_unit(text: str) -> Any | None:
    """Return the unit that a text names, as Pint has it; None where it names none.

    Pint knows case: a word that it doesn't know is tried in small letters too.
    """
    from pint.errors import PintError

    spelled = re.sub(r"\b(?:square|sq\.?)[ ]([^\W\d_]+)", r"\1**2", text)
    spelled = re.sub(r"\b(?:cubic|cu\.?)[ ]([^\W\d_]+)", r"\1**3", spelled)
    spelled = re.sub(r"(?<=[A-Za-zµμ])([2-9])\b", r"**\1", spelled)
    spelled = spelled.replace("·", "*").replace("²", "**2").replace("³", "**3").replace("^", "**")
    spelled = re.sub(r"\bper\b", "/", spelled).replace("°C", "degC").replace("°F", "degF")
    for attempt in (spelled, spelled.lower()):
        try:
            return _registry().parse_units(attempt)
        except (PintError, ValueError, TypeError, AttributeError, ArithmeticError, SyntaxError):
            continue
        except Exception:  # noqa: S112 - Pint lets errors of its tokenizer through
            continue
    return None


def converted(value: Decimal, unit: Any, into: Any) -> float:
    """Return a value in another unit of the same dimension.

    Raises
    ------
    pint.DimensionalityError
        Where the dimensions differ.
    """
    return float(_registry().Quantity(float(value), unit).to(into).magnitude)


def same_dimension(unit: Any, other: Any) -> bool:
    """Say whether a quantity in one unit can be given in the other."""
    return bool(unit.dimensionality == other.dimensionality)
