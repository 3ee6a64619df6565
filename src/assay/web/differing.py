"""What differs between an output and its reference, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MOST_WORDS = 300
"""Of each of the two: the comparison takes up to the cube of it, 0.09 s at this length on the worst texts."""

_MARK = r"!-/:-@\[-`{-~¿¡«»‘-‟…。，、"
_WORDS = re.compile(rf"[^\s{_MARK}]+(?:[.,:'’/-][^\s{_MARK}]+)*\s*|[{_MARK}]\s*|\s+")
"""A mark beside a word is no part of it: 176 is the same word in `176` and in `**176**.`; 57.00 is one word."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words: in both texts, only in the output (added), or only in the reference (missing)."""

    kind: Literal["same", "added", "missing"]
    text: str


def word_difference(output: str, reference: str) -> tuple[Piece, ...] | None:
    """Return the pieces that turn a reference into an output; None where a text is too long to compare.

    Examples
    --------
    >>> [(piece.kind, piece.text) for piece in word_difference("Paris is big", "Paris is small") or ()]
    [('same', 'Paris is '), ('missing', 'small'), ('added', 'big')]
    >>> word_difference("word " * 301, "word") is None
    True
    """
    if max(len(output), len(reference)) > 40 * MOST_WORDS:
        return None
    new, old = _WORDS.findall(output), _WORDS.findall(reference)
    if max(len(new), len(old)) > MOST_WORDS:
        return None
    match = SequenceMatcher(
        None, [word.strip() for word in old], [word.strip() for word in new], autojunk=False
    )
    pieces: list[Piece] = []
    for tag, i, j, k, m in match.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(new[k:m])))
            continue
        if j > i:
            # A word that ends its text has no space after it, and would grow together with its neighbour.
            apart = " " if pieces and (pieces[-1].text[-1] + old[i][0]).isalnum() else ""
            pieces.append(Piece("missing", apart + "".join(old[i:j])))
        if m > k:
            pieces.append(Piece("added", "".join(new[k:m])))
    return tuple(pieces)
