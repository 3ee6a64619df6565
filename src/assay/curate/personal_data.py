"""Personal data that has a form: found by well-kept libraries of numbers, and masked by its kind.

Read are e-mail addresses, telephone numbers, IBANs, payment cards, public IP addresses and US social security numbers.
Names, postal addresses, dates of birth and whatever else has no form are not seen: masked is not anonymous.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from assay.curate.missing_part import import_part
from assay.errors import BadInput

KINDS = ("EMAIL", "PHONE", "IBAN", "CREDIT_CARD", "IP_ADDRESS", "US_SSN")
"""In the order in which one wins where two lie over each other and begin at the same place: an IBAN is longer than the
telephone number in it."""

MOST_LINE = 20_000
"""A longer line is looked through in pieces of so many characters; what lies across two of them is missed."""


class Found(NamedTuple):
    """Personal data in a line: its kind, and where it begins and ends, in characters."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PersonalDataSettings:
    """What is looked for.

    Parameters
    ----------
    kinds
        Of `KINDS`.
    regions
        ISO 3166 codes of countries whose national telephone numbers are read: ``"US"`` reads (202) 555-0143. Numbers
        with a plus and the country's code are read of all countries.
    """

    kinds: tuple[str, ...] = KINDS
    regions: tuple[str, ...] = ("US",)

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown or not self.kinds:
            said = f"there is no {unknown[0]!r}" if unknown else "none is named"
            raise BadInput(f"personal data is of the kinds {', '.join(KINDS)}: {said}")
        if not all(len(r) == 2 and r.isalpha() and r.isupper() for r in self.regions):
            raise BadInput(f"regions are codes like 'US', got {list(self.regions)}")


def find_in_line(line: str, settings: PersonalDataSettings) -> list[Found]:
    """Return the personal data of a line, none lying over another, in order.

    Raises
    ------
    MissingPart
        Without the extra ``curate``.

    Notes
    -----
    An e-mail address: a local part and a name with at least two labels, the last with a letter; not ``git@``. A
    telephone number: one that libphonenumber thinks possible with a plus before it, or valid and written in that
    country's own groups without. An IBAN: its length and check digits. A card: a known issuer's first digits, in one
    block or in that issuer's groups, and the check digit of Luhn. An IP address: one that is routed in public, since
    private ones and those of documents are nobody's. A US social security number: with hyphens, of an area, group and
    serial number that can be given out.

    Examples
    --------
    >>> find_in_line("Write to jane@example.com.", PersonalDataSettings())
    [Found(kind='EMAIL', start=9, end=25)]
    """
    found: list[Found] = []
    for start in range(0, len(line), MOST_LINE):
        piece = line[start : start + MOST_LINE]
        for kind in settings.kinds:
            spans = _FINDERS[kind](piece, settings)
            found += [Found(kind, start + a, start + b) for a, b in spans]
    return _apart(found)


def _apart(found: Sequence[Found]) -> list[Found]:
    """Leave out what lies over a longer one, or over one that begins before it."""
    kept: list[Found] = []
    for each in sorted(found, key=lambda f: (f.start - f.end, f.start, KINDS.index(f.kind))):
        if all(each.end <= other.start or each.start >= other.end for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda f: f.start)


Spans = Iterator[tuple[int, int]]

_LOCAL = re.compile(r"[^\W_](?:[\w.!#$%&'*+/=?^`{|}~-]*[\w+=~-])?\Z")
_DOMAIN = re.compile(
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?=[\w-]*[^\W\d_])[^\W_](?:[\w-]{0,61}[^\W_])?"
)


def _emails(line: str, _: PersonalDataSettings) -> Spans:
    for at in (place for place, character in enumerate(line) if character == "@"):
        # RFC 5321, 4.5.3.1: a local part has at most 64 octets.
        local = _LOCAL.search(line[max(0, at - 64) : at])
        domain = _DOMAIN.match(line, at + 1, at + 256)
        if local and domain and local[0] != "git":
            yield at - len(local[0]), domain.end()


def _phones(line: str, settings: PersonalDataSettings) -> Spans:
    if not _DENSE.search(line):
        return
    library = _phonenumbers()
    if "+" in line:
        for match in library.PhoneNumberMatcher(line, None, leniency=library.Leniency.POSSIBLE):
            # A sum or an exponent has a plus, too: unless written in groups it must be a number of that country.
            written = _PLUS.match(match.raw_string) and len(_RUN.findall(match.raw_string)) > 2
            if written or library.is_valid_number(match.number):
                yield match.start, match.end
    for region in settings.regions:
        leniency = library.Leniency.STRICT_GROUPING
        for match in library.PhoneNumberMatcher(line, region, leniency=leniency):
            # Ten digits with nothing between them are any number: a check sum, a size, a time in seconds.
            if len(_RUN.findall(match.raw_string)) > 1:
                yield match.start, match.end


LEAST_DIGITS = 7
"""ASCII digits of a telephone number, so that a line with fewer need not be looked at."""

_DENSE = re.compile(r"[0-9](?:[\Wx]{0,4}[0-9]){6}")
"""As close as libphonenumber lets them stand."""

_RUN = re.compile(r"[0-9]+")
_PLUS = re.compile(r"\(?\+\(?[0-9]")

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{1,4}){3,9}(?![A-Za-z0-9])")


def _ibans(line: str, _: PersonalDataSettings) -> Spans:
    is_valid = _stdnum("iban").is_valid
    for match in _IBAN.finditer(line):
        words = match[0]
        # Capitals after it look like more of it.
        while len(words) >= 15:
            if is_valid(words, check_country=False):
                yield match.start(), match.start() + len(words)
                break
            words = words.rpartition(" ")[0]


_CARD = re.compile(
    r"(?<![0-9])(?<![0-9][-.])(?:"
    r"3[47][0-9]{2}([ -]?)[0-9]{6}\1[0-9]{5}"
    r"|3(?:0[0-5]|[689][0-9])[0-9]([ -]?)[0-9]{6}\2[0-9]{4}"
    r"|(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6011|6[45][0-9]{2}|35[0-9]{2}|62[0-9]{2})"
    r"([ -]?)[0-9]{4}\3[0-9]{4}\3[0-9]{4}"
    r")(?![0-9])(?!-[0-9])"
)  # fmt: skip


def _cards(line: str, _: PersonalDataSettings) -> Spans:
    is_valid = _stdnum("luhn").is_valid
    for match in _CARD.finditer(line):
        if is_valid(match[0].replace(" ", "").replace("-", "")):
            yield match.span()


_IPV4 = re.compile(r"(?<![\w.-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w-])(?!\.[0-9])")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")


def _addresses(line: str, _: PersonalDataSettings) -> Spans:
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(line):
            try:
                address = ipaddress.ip_address(match[0])
            except ValueError:
                continue
            # a::b and 12::34 are names and times far more often than addresses.
            groups = sum(map(bool, re.split("[:.]", match[0])))
            if groups >= 3 and address.is_global and not address.is_multicast:
                yield match.span()


_SSN = re.compile(r"(?<![\w-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![\w-])")


def _social_security(line: str, _: PersonalDataSettings) -> Spans:
    return (match.span() for match in _SSN.finditer(line))


_FINDERS: dict[str, Callable[[str, PersonalDataSettings], Spans]] = {
    "EMAIL": _emails,
    "PHONE": _phones,
    "IBAN": _ibans,
    "CREDIT_CARD": _cards,
    "IP_ADDRESS": _addresses,
    "US_SSN": _social_security,
}


@cache
def _phonenumbers() -> Any:
    return import_part("phonenumbers", extra="curate", what="finding telephone numbers")


@cache
def _stdnum(name: str) -> Any:
    return import_part(f"stdnum.{name}", extra="curate", what="checking numbers")
