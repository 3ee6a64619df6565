"""Numbers that a text means without writing them in digits: in words, and by words such as half, dozen and hour."""

from __future__ import annotations

import re
from fractions import Fraction

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORD = re.compile(
    rf"\b(?:({'|'.join(_TENS)})(?:[- ]({'|'.join(_ONES[1:10])}))?|({'|'.join(_ONES)}))\b",
    re.IGNORECASE,
)

WORDS: dict[Fraction, re.Pattern[str]] = {
    Fraction(value): re.compile(rf"\b(?:{words})", re.IGNORECASE)
    for value, words in (
        ("0", "no |none|nothing|zero"),
        (
            "1",
            "an?\\b|each|per|every|single|once|another|first|whole|itself|himself|herself|itself|the",
        ),
        ("1/2", "half|halv"),
        ("1/3", "third"),
        ("1/4", "quarter|fourth"),
        ("3/4", "three.quarters|three.fourths"),
        ("1/100", "percent|cent|%"),
        (
            "2",
            "half|halv|twice|doubl|both|pair|couple|second|twin|round.trip|back|weekend|other|two|bi|again",
        ),
        ("3", "tripl|thrice|third|trio|three"),
        ("4", "quarter|quadr|fourth|season|four|square|month|dog|cat|horse|cow|car|leg|wheel"),
        ("5", "fifth|nickel|week|finger|toe|school|work|five|penta"),
        ("6", "sixth|half|six|week|hexa"),
        ("7", "week|daily|day|seven"),
        ("8", "eighth|octo|eight|spider|gallon|work|shift|full.time|sleep|pint|cup"),
        ("9", "ninth|nine"),
        ("10", "ten|dime|decade|deci|milli|centi|percent"),
        ("11", "eleven|team"),
        (
            "12",
            "dozen|year|month|annual|twelve|inch|foot|feet|noon|midnight|clock|am\\b|pm\\b|a\\.m|p\\.m",
        ),
        ("13", "baker|quarter|thirteen"),
        ("14", "fortnight|week|day"),
        ("16", "ounce|pound|oz|lb|pint|cup"),
        ("20", "score|nickel|twent"),
        ("24", "day|hour|daily|noon|midnight"),
        ("25", "quarter"),
        ("28", "month|february|week|day"),
        ("29", "month|february"),
        ("30", "month|april|june|september|november|half|day"),
        ("31", "month|january|march|may|july|august|october|december|day"),
        ("32", "ounce|quart|freez|fahrenheit"),
        ("36", "yard|inch"),
        ("40", "work|full.time|week"),
        ("48", "dozen|hour|day"),
        ("50", "half|halv|percent|state"),
        ("52", "week|year|card|deck|annual"),
        ("60", "minute|hour|second|dozen"),
        ("64", "ounce|gallon|chess"),
        ("75", "quarter"),
        ("90", "degree|angle|quarter|season|month"),
        ("100", "percent|%|cent|dollar|metre|meter|hundred|centur"),
        ("128", "ounce|gallon"),
        ("144", "gross|square"),
        ("180", "degree|angle|triangle|half"),
        ("360", "degree|circle|angle|year"),
        ("365", "year|daily|day|annual"),
        ("1000", "thousand|kilo|km|kg|gram|litre|liter|ml|ton|meter|metre"),
        ("2000", "ton"),
        ("3600", "second|hour"),
    )
}
"""Numbers that a text can mean without writing them: where one of these words begins a word in it, a number of the
chain with this value may be the word's."""


def words_in(text: str) -> frozenset[Fraction]:
    """Return the values of the numbers that are written in words, up to ninety-nine.

    Examples
    --------
    >>> sorted(map(int, words_in("Twenty-five hens lay three eggs.")))
    [3, 5, 20, 25]
    """
    found: set[Fraction] = set()
    for tens, ones, alone in _WORD.findall(text):
        if alone:
            found.add(Fraction(_ONES.index(alone.lower())))
            continue
        ten = 20 + 10 * _TENS.index(tens.lower())
        one = _ONES.index(ones.lower()) if ones else 0
        found |= {Fraction(ten + one), Fraction(ten)} | ({Fraction(one)} if one else set())
    return frozenset(found)


class Meant:
    """What a text can mean in words.

    Examples
    --------
    >>> meant = Meant("Half a dozen eggs")
    >>> [meant.has(Fraction(n)) for n in (2, 6, 12, 16)]
    [True, True, True, False]
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._written = words_in(text)

    def has(self, value: Fraction) -> bool:
        """Return whether the text can mean this number without digits."""
        return value in self._written or (value in WORDS and bool(WORDS[value].search(self._text)))
