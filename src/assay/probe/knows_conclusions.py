r"""Parsers of conclusions: what a reasoning arrives at, which is not always what the answer says.

Whether the right answer *occurs* in a reasoning says little: half of the time it is a number on the way, or an echo of
the question. So each parser here wants a concluding form, and takes nothing where there is none. They are named with
versions, as those of `assay.judge.parsers`, which may be used for conclusions as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assay.errors import BadInput
from assay.judge.check import Item, Parser, Taken
from assay.judge.numbers import numbers_in, written
from assay.judge.parsers import PlainParser
from assay.judge.rules import PARSER_NAMES, parser_named
from assay.probe.knows_numbers import concluding_number
from assay.probe.knows_sentences import CONCLUDING, sentences

_SAID = re.compile(
    r"(?:^|(?<=[\s\"'\[(*:]))(yes|no)(?=[\"'\])*]{0,4}(?:[.,;:!]|\s*$))", re.IGNORECASE
)


def concluding_yes_no(text: str) -> str | None:
    """Return the last yes or no that stands alone, as an answer does: not the "no" of "no remainder".

    Examples
    --------
    >>> concluding_yes_no("There is no remainder, so the answer is yes.")
    'yes'
    """
    found = None
    for found in _SAID.finditer(text):  # noqa: B007
        pass
    return None if found is None else found[1].lower()


_VERB = r"\b(?P<verb>is|are|was|were|isn't|aren't|wasn't|weren't|it's|be|makes?\s\w{1,12}|making\s\w{1,12}|as)"
_BETWEEN = (
    r"(?P<between>(?:\s(?:not|never|indeed|also|therefore|thus|hence|actually|clearly|definitely|considered|called|"
    r"neither|a|an|the)){0,4})\s"
)
_OPEN = re.compile(
    r"\b(?:if|whether|when|unless|otherwise|assum\w{1,4}|suppose|could|may|might|would|must|should|asks?|question|"
    r"to (?:check|see|prove|show|verify)|(?:cannot|can't|can not|not) (?:\w{1,14} )?"
    r"(?:say|conclude|know|determine|enough|be (?:\w{1,12} )?(?:sure|certain)))\b",
    re.IGNORECASE,
)
"""Before a claim, in its sentence: it is not claimed."""

_OPEN_AFTER = re.compile(r",? (?:if|or not|only if|when)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|never|neither)\b|n't", re.IGNORECASE)
_CANNOT = re.compile(r"\b(?:cannot|can't|can not)\s?$", re.IGNORECASE)
_ASKED = re.compile(
    r"\b(?:is|are|was|were) (?P<subject>[^?]{1,120}?) (?P<said>(?:an?|the) [^?]{1,80}|"
    r"(?:(?:more|less) \w{1,30}|\w{1,30}er) than [^?]{1,80}|[^\W\d_]{1,30}) ?\?",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:an?|the) ", re.IGNORECASE)
_LAST_NUMBER = re.compile(r"(?<![\d.,])(\d[\d,]{0,30})$")
_TOO_MANY = re.compile(r"\s(?:factors?|divisors?|than|less|test)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a reasoning last says of what a yes-or-no question asks: yes where it states it, no where it denies it.

    Parameters
    ----------
    words
        ``prime number,prime/composite``: what is claimed, in any of these words, and after the slash its opposite.
        Empty: taken from each question, as "a prime number" from "Is 17 a prime number?".
    concluding
        Only where some sentence with a concluding word (therefore, so, conclude, ...) makes the claim. The last
        statement counts all the same: a reasoning may take back what it concluded.

    Notes
    -----
    A statement is a form of "to be", up to four small words (not, therefore, a, ...) and the claim. It is left out
    where its sentence asks or supposes (if, whether, would, ...), and where the number before the verb is not one of
    the question's. It reads English only, and fails where a claim is made in other words ("has a divisor").

    Examples
    --------
    >>> asked = Item("", input="Is 91 a prime number?")
    >>> Claim().take(["If 7 divides it, 91 is no prime. It does: so 91 is not a prime number."], [asked])[0].text
    'no'
    """

    words: str = ""
    concluding: bool = False

    def __post_init__(self) -> None:
        said, _, opposite = self.words.partition("/")
        if self.words and not _listed(said):
            raise BadInput(f"claim= needs words before the slash, got {self.words!r}")
        if "/" in opposite:
            raise BadInput(f"claim= takes one slash, got {self.words!r}")

    @property
    def label(self) -> str:
        """Name, version and words."""
        name = "concluding-claim@1" if self.concluding else "claim@1"
        return f"{name} {self.words}".strip()

    def take(self, texts: Sequence[str], items: Sequence[Item]) -> list[Taken]:
        """Read what each text says of its question's claim."""
        return [
            Taken(self._read(text, item.input)) for text, item in zip(texts, items, strict=True)
        ]

    def _read(self, text: str, question: str) -> str | None:
        asked = _asked(question)
        if self.words:
            said, _, opposite = self.words.partition("/")
            claims = [(word, True) for word in _listed(said)]
            claims += [(word, False) for word in _listed(opposite)]
        elif asked is not None:
            claims = [(_ARTICLE.sub("", asked["said"].strip()), True)]
        else:
            return None
        numbers = {written(found) for found in numbers_in(question)}
        found = list(_statements(text, claims, numbers))
        if not found or (self.concluding and not any(concluded for _, concluded in found)):
            return None
        return "yes" if found[-1][0] else "no"


def _listed(words: str) -> list[str]:
    return [" ".join(word.split()) for word in words.split(",") if word.strip()]


def _asked(question: str) -> re.Match[str] | None:
    return _ASKED.search(" ".join(question.split()))


def _statements(
    text: str, claims: Sequence[tuple[str, bool]], numbers: set[str]
) -> Iterator[tuple[bool, bool]]:
    """Yield for each statement of a claim whether it is affirmed, and whether its sentence has a concluding word."""
    # The longest first, so that "prime number" is not read as "prime".
    ordered = sorted(claims, key=lambda claim: -len(claim[0]))
    either = "|".join(re.escape(word) for word, _ in ordered)
    meaning = {word.casefold(): stated for word, stated in ordered}
    pattern = re.compile(rf"{_VERB}{_BETWEEN}(?P<claim>{either})\b", re.IGNORECASE)
    for sentence in sentences(text):
        if sentence.endswith("?"):
            continue
        for match in pattern.finditer(sentence):
            before = sentence[: match.start()]
            if _is_open(before, sentence[match.end() :], numbers):
                continue
            denied = bool(
                _DENIED.search(match["verb"] + match["between"]) or _CANNOT.search(before)
            )
            stated = meaning[match["claim"].casefold()] != denied
            yield stated, CONCLUDING.search(sentence) is not None


def _is_open(before: str, after: str, numbers: set[str]) -> bool:
    """Say whether a statement claims nothing, or claims it of something else."""
    if _OPEN.search(before) or _OPEN_AFTER.match(after) or _TOO_MANY.match(after):
        return True
    other = _LAST_NUMBER.search(before.rstrip())
    return other is not None and bool(numbers) and other[1].replace(",", "") not in numbers


CONCLUSIONS: dict[str, tuple[int, Callable[[str], str | None], str]] = {
    "concluding-number": (2, concluding_number, "the number that the reasoning says it ends in"),
    "concluding-yes-no": (1, concluding_yes_no, "the last yes or no that stands alone"),
}
"""Name -> version, function, and what it takes in words; ``claim`` and ``concluding-claim`` stand beside them."""


def conclusion_named(spec: str) -> Parser:
    """Return the parser of conclusions of a name: one of this module, or any of `assay.judge.rules`.

    Raises
    ------
    BadInput
        Where there is none of that name.

    Examples
    --------
    >>> conclusion_named("claim=prime/composite").label
    'claim@1 prime/composite'
    """
    name, _, argument = spec.partition("=")
    if name in ("claim", "concluding-claim"):
        return Claim(argument, concluding=name != "claim")
    if spec in CONCLUSIONS:
        version, read, _ = CONCLUSIONS[spec]
        return PlainParser(f"{spec}@{version}", read)
    known = {one.partition("=")[0] for one in PARSER_NAMES}
    if name.partition("+")[0] in known:
        return parser_named(spec)
    names = ", ".join([*CONCLUSIONS, "claim[=...]", "concluding-claim[=...]", *PARSER_NAMES])
    raise BadInput(f"the parser of conclusions must be one of {names}, got {spec!r}")
