"""What a commit's message says of it: written by an assistant, a revert, a fix of an earlier commit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assay.errors import BadInput
from assay.volume.git_history import Commit

ASSISTANTS = (
    *("claude", "anthropic", "copilot", "cursor", "codex", "openai", "chatgpt", "gemini", "devin", "aider"),
    *("windsurf", "codeium", "openhands", "jules", "amazon q", "amp", "sweep-ai", "coderabbit", "opencode"),
)  # fmt: skip
"""Names that assistants sign with; whole words, in any case."""

_NAMES = "|".join(re.escape(name) for name in ASSISTANTS)
_ASSISTANT = re.compile(rf"(?<![a-z0-9])(?:{_NAMES})(?![a-z0-9])", re.IGNORECASE)
_TRAILER = re.compile(
    r"^(?:co-authored-by|assisted-by|generated-by|co-developed-by)\s*:[ \t]*(.{1,400})$",
    re.IGNORECASE | re.MULTILINE,
)
_GENERATED = re.compile(r"^\W{0,8}generated (?:with|by) (.{1,200})$", re.IGNORECASE | re.MULTILINE)
_BOT = re.compile(r"\[bot\]|\(aider\)|noreply@anthropic\.com|cursoragent@", re.IGNORECASE)

REVERT_SUBJECT = re.compile(r'^(?:Revert|Reapply)\s+"(.{1,1000})"')
_REVERT_SHA = re.compile(r"\bThis reverts commit ([0-9a-f]{7,64})\b", re.IGNORECASE)
_REVERT_NUMBER = re.compile(r"^Reverts (?:[\w.-]{1,100}/[\w.-]{1,100})?#(\d{1,9})\b", re.MULTILINE)
_FIX_TRAILER = re.compile(
    r"^Fixes:[ \t]*(?:commit )?([0-9a-f]{7,64})\b", re.IGNORECASE | re.MULTILINE
)
_FIX_TEXT = re.compile(r"\bfix(?:es|ed)? commit ([0-9a-f]{7,64})\b", re.IGNORECASE)
_NUMBER = re.compile(r"\(#(\d{1,9})\)$")
_MERGED = re.compile(r"^Merge pull request #(\d{1,9})\b")
_LINES = re.compile(r"^[A-Za-z][A-Za-z-]{0,60}\s*:.{1,400}$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class AuthorRule:
    """What counts as written by an assistant.

    Parameters
    ----------
    author, trailer
        Regular expressions, in any case: of the author's name and address, and of one line `Name: value`. None of
        both: the known assistants.

    Raises
    ------
    BadInput
        If one is no regular expression.
    """

    author: str | None = None
    trailer: str | None = None

    def __post_init__(self) -> None:
        for name, pattern in (("--author", self.author), ("--trailer", self.trailer)):
            try:
                re.compile(pattern or "")
            except re.error as error:
                raise BadInput(
                    f"{name} is a regular expression, and {pattern!r} is none: {error}"
                ) from None

    @property
    def words(self) -> str:
        """How it is recognised, in words."""
        if self.author is None and self.trailer is None:
            return (
                "a known assistant in `Co-authored-by:`, `Assisted-by:`, `Generated-by:`, in a line `Generated with`, "
                "or as the author"
            )
        parts = []
        if self.author is not None:
            parts.append(f"an author like {self.author!r}")
        if self.trailer is not None:
            parts.append(f"a line like {self.trailer!r}")
        return " or ".join(parts)

    def holds(self, commit: Commit) -> bool:
        """Return whether a commit was written by an assistant, as far as it says."""
        if self.author is None and self.trailer is None:
            return _signed_by_assistant(commit)
        if self.author is not None and re.search(self.author, commit.author, re.IGNORECASE):
            return True
        return self.trailer is not None and any(
            re.search(self.trailer, line, re.IGNORECASE) for line in _LINES.findall(commit.message)
        )


def _signed_by_assistant(commit: Commit) -> bool:
    if _ASSISTANT.search(commit.author) and (_BOT.search(commit.author) or _is_name(commit.author)):
        return True
    signed = (*_TRAILER.findall(commit.message), *_GENERATED.findall(commit.message))
    return any(_ASSISTANT.search(line) for line in signed)


def _is_name(author: str) -> bool:
    """Whether the name alone, not a part of a person's name or address, is an assistant's."""
    return _ASSISTANT.fullmatch(author.split("<", 1)[0].strip()) is not None


@dataclass(frozen=True, slots=True)
class Pointer:
    """An earlier commit that a message names: by the beginning of its sha, its pull request, or its subject."""

    kind: str
    """revert or fix"""
    sha: str = ""
    number: str = ""
    subject: str = ""


def pointers(commit: Commit) -> Iterator[Pointer]:
    """Yield what a commit says that it reverts or fixes; of a revert that names a sha nothing else counts."""
    message = commit.message
    shas = _REVERT_SHA.findall(message)
    for sha in shas:
        yield Pointer("revert", sha=sha.lower())
    subject = REVERT_SUBJECT.match(commit.subject)
    if subject is not None and not shas and commit.subject.startswith("Revert"):
        numbers = _REVERT_NUMBER.findall(message)
        for number in numbers:
            yield Pointer("revert", number=number)
        if not numbers:
            yield Pointer("revert", subject=plain_subject(subject[1]))
    for sha in (*_FIX_TRAILER.findall(message), *_FIX_TEXT.findall(message)):
        yield Pointer("fix", sha=sha.lower())


def plain_subject(subject: str) -> str:
    """Return a subject without the number of its pull request."""
    return _NUMBER.sub("", subject.strip()).strip()


def pull_request(subject: str) -> str | None:
    """Return the number of the pull request that a subject names, as hosts write it."""
    found = _NUMBER.search(subject.strip()) or _MERGED.match(subject)
    return None if found is None else found[1]
