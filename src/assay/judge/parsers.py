r"""Parsers: what is taken out of an output as its answer.

Each is named with a version: whatever would take something else out of any text is another version. They may be put
one after another: ``after-think+last-number`` reads the last number after the reasoning. What reads a pattern of the
user's, and could take for ever, is in `assay.judge.patterns`; what reads a choice's letter in `assay.judge.choice`.

Every parser here takes time in proportion to the text, and raises over nothing that a text may hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assay.judge.check import Item, Parser, Taken
from assay.judge.numbers import UNIT_CHARACTERS, numbers_in, written

_ANSWER_LINE = re.compile(
    r"(?:\banswer[*_]{0,3}[^\S\n]{0,4}(?:is\b|are\b|[:=])[*_]{0,3}|^####)[^\S\n]{0,4}:?[^\S\n]{0,4}(?P<answer>\S[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
_BRACKETED = re.compile(r"\[([^\[\]]*)\]")
_BOX = re.compile(r"\\(?:boxed|fbox)[ ]?\{")
_FENCE = re.compile(r"^[ ]{0,3}(?:```|~~~)[^\n]*$", re.MULTILINE)
_THINK = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PlainParser:
    """A parser that reads one text, by a function that returns what it takes or None.

    Parameters
    ----------
    label
        Name and version.
    read
        Text -> what is taken; None: nothing.
    """

    label: str
    read: Callable[[str], str | None]

    def take(self, texts: Sequence[str], items: Sequence[Item]) -> list[Taken]:  # noqa: ARG002
        """Read each text."""
        return [Taken(self.read(text)) for text in texts]


@dataclass(frozen=True, slots=True)
class LoggedAnswer:
    """What the log itself names as the answer; the text as it is where it names none."""

    label: str = "answer@1"

    def take(self, texts: Sequence[str], items: Sequence[Item]) -> list[Taken]:
        """Take the logged answers."""
        return [
            Taken(text if item.answer is None else item.answer)
            for text, item in zip(texts, items, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class JsonField:
    """A field of the JSON in a text, by its key, or keys joined by dots.

    The JSON is the whole text, or else stands in a fence, or runs from the first brace to the last. A text is taken as
    it is; anything else as JSON.
    """

    path: str

    @property
    def label(self) -> str:
        """Name, version and path."""
        return f"json-field@1 {self.path}"

    def take(self, texts: Sequence[str], items: Sequence[Item]) -> list[Taken]:  # noqa: ARG002
        """Read the field in each text."""
        return [Taken(self._read(text)) for text in texts]

    def _read(self, text: str) -> str | None:
        found = json_in(text)
        if found is None:
            return None
        value: object = found[0]
        for key in self.path.split("."):
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, list) and key.isascii() and key.isdigit() and len(key) < 10:
                if int(key) >= len(value):
                    return None
                value = value[int(key)]
            else:
                return None
        if value is None:
            return None
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """Parsers one after another, each on what the one before it took."""

    parsers: tuple[Parser, ...]

    @property
    def label(self) -> str:
        """The labels in their order."""
        return " + ".join(parser.label for parser in self.parsers)

    def take(self, texts: Sequence[str], items: Sequence[Item]) -> list[Taken]:
        """Read through all parsers; where one takes nothing, nothing is taken."""
        taken = [Taken(text) for text in texts]
        for parser in self.parsers:
            places = [place for place, one in enumerate(taken) if one.text is not None]
            found = parser.take(
                [taken[place].text or "" for place in places], [items[place] for place in places]
            )
            for place, one in zip(places, found, strict=True):
                taken[place] = one
        return taken


def last_number(text: str) -> str | None:
    """Return the last number, without what parts its thousands."""
    found = None
    for found in numbers_in(text):  # noqa: B007
        pass
    return None if found is None else written(found)


def first_number(text: str) -> str | None:
    """Return the first number."""
    found = next(numbers_in(text), None)
    return None if found is None else written(found)


def last_quantity(text: str) -> str | None:
    """Return the last number and what follows it on its line, where its unit may stand."""
    found = None
    for found in numbers_in(text):  # noqa: B007
        pass
    if found is None:
        return None
    after = text[found.end() : found.end() + UNIT_CHARACTERS].partition("\n")[0]
    return (written(found) + after).rstrip()


def boxed(text: str) -> str | None:
    r"""Return what stands in the last ``\boxed{...}`` that is closed."""
    # From the last one backwards, each up to the next: nothing is read twice.
    end = len(text)
    for opening in reversed(list(_BOX.finditer(text))):
        inside = _to_closing_brace(text, opening.end(), end)
        if inside is not None:
            return inside.strip()
        end = opening.start()
    return None


def answer_line(text: str) -> str | None:
    """Return what follows "answer:", "answer is" or a line's "####", to the end of the last line that has one."""
    found = None
    for found in _ANSWER_LINE.finditer(text):  # noqa: B007
        pass
    return None if found is None else found["answer"].strip().strip("*_").strip() or None


def last_bracketed(text: str) -> str | None:
    """Return what stands in the last square brackets."""
    found = None
    for found in _BRACKETED.finditer(text):  # noqa: B007
        pass
    return None if found is None else found[1].strip()


def after_think(text: str) -> str | None:
    """Return what follows the last ``</think>``; all of it without one; nothing where the reasoning never ended."""
    last = None
    for last in _THINK.finditer(text):  # noqa: B007
        pass
    if last is None:
        return text
    return text[last.end() :].strip() if last[1] else None


def code(text: str) -> str | None:
    """Return the last fenced block; all of the text where there is none."""
    fences = list(_FENCE.finditer(text))
    if not fences:
        return text
    if len(fences) == 1:
        return text[fences[0].end() :].strip("\n")
    if len(fences) % 2:
        fences.pop()
    return text[fences[-2].end() : fences[-1].start()].strip("\n")


def json_text(text: str) -> str | None:
    """Return the JSON in a text, as it stands there."""
    found = json_in(text)
    return None if found is None else found[1]


def json_in(text: str) -> tuple[object, str] | None:
    """Return the JSON in a text, read and as it stands: the whole, a fence's, or from the first brace to the last.

    JSON that nests deeper than Python reads, or holds a number of more digits than it reads, is none.
    """
    fenced = code(text) if "```" in text or "~~~" in text else None
    starts = [place for place in (text.find("{"), text.find("[")) if place >= 0]
    ends = max(text.rfind("}"), text.rfind("]"))
    cut = text[min(starts) : ends + 1] if starts and ends >= 0 else None
    for candidate in (text, fenced, cut):
        if candidate is None:
            continue
        try:
            return json.loads(candidate, parse_constant=_no_constant), candidate.strip()
        except (ValueError, RecursionError):
            continue
    return None


def _no_constant(name: str) -> object:
    # Python reads NaN and Infinity; JSON has neither.
    raise ValueError(f"{name} is no JSON")


def _to_closing_brace(text: str, start: int, end: int) -> str | None:
    depth = 1
    for match in re.compile(r"[{}]").finditer(text, start, end):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return text[start : match.start()]
    return None


PLAIN: dict[str, tuple[int, Callable[[str], str | None], str]] = {
    "whole": (1, lambda text: text, "all of the output"),
    "last-number": (1, last_number, "the last number"),
    "first-number": (1, first_number, "the first number"),
    "last-quantity": (1, last_quantity, "the last number and its unit"),
    "boxed": (1, boxed, r"the last \boxed{...}"),
    "answer-line": (1, answer_line, 'what follows "answer:" or "answer is", on the last such line'),
    "last-bracketed": (1, last_bracketed, "what stands in the last [...]"),
    "after-think": (1, after_think, "what follows </think>"),
    "code": (1, code, "the last fenced block; all where there is none"),
    "json": (1, json_text, "the JSON, in a fence or not"),
}
"""Name -> version, function, and what it takes in words."""
