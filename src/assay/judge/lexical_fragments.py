"""Copied fragments: which runs of an answer's words stand so in its source. Greedy longest match, indexed.

Grusky, Naaman, Artzi, "Newsroom" (2018), arXiv:1804.11283, section 4: coverage is the share of words in fragments,
density the mean squared length of them over all words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CANDIDATES = 24
"""Places tried for the beginning of a fragment; in a source that repeats itself a longer match may be missed."""


@dataclass(frozen=True, slots=True)
class Fragments:
    """Lengths of the copied fragments of an answer, in words, and the answer's length."""

    lengths: tuple[int, ...]
    words: int

    @property
    def coverage(self) -> float:
        """Share of the answer's words that stand in fragments, in [0, 1]."""
        return sum(self.lengths) / self.words if self.words else 0.0

    @property
    def density(self) -> float:
        """Squared lengths of the fragments over the answer's length: in [0, words]."""
        return sum(length**2 for length in self.lengths) / self.words if self.words else 0.0

    @property
    def longest(self) -> int:
        """Length of the longest fragment, in words."""
        return max(self.lengths, default=0)


class FragmentIndex:
    """A source's words by pairs, to find copies in.

    Parameters
    ----------
    words
        The source's, in their order.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self.vocabulary = frozenset(words)
        self._later = [-1] * len(words)
        self._first: dict[tuple[str, str], int] = {}
        # From the end, so that each pair leads to its first place, and each place to the next one of its pair.
        for place in range(len(words) - 2, -1, -1):
            pair = (words[place], words[place + 1])
            self._later[place] = self._first.get(pair, -1)
            self._first[pair] = place

    @property
    def pairs(self) -> Mapping[tuple[str, str], int]:
        """Pair of neighbouring words -> where it stands first."""
        return self._first

    def fragments(self, answer: Sequence[str]) -> Fragments:
        """Return the copied fragments of an answer.

        Notes
        -----
        At each word the longest copy is taken, and the search goes on behind it: each word is looked at at most
        `CANDIDATES` times.

        Examples
        --------
        >>> FragmentIndex("the cat sat on the mat".split()).fragments("a cat sat on my mat".split()).lengths
        (3, 1)
        """
        lengths: list[int] = []
        place, end = 0, len(answer)
        while place < end:
            length = self._longest(answer, place)
            if length:
                lengths.append(length)
            place += max(length, 1)
        return Fragments(tuple(lengths), end)

    def _longest(self, answer: Sequence[str], place: int) -> int:
        if answer[place] not in self.vocabulary:
            return 0
        if place + 1 == len(answer):
            return 1
        source, best = self._words, 1
        most = len(answer) - place
        start = self._first.get((answer[place], answer[place + 1]), -1)
        for _ in range(CANDIDATES):
            if start < 0:
                break
            length, room = 2, min(most, len(source) - start)
            while length < room and source[start + length] == answer[place + length]:
                length += 1
            best = max(best, length)
            if best == most:
                break
            start = self._later[start]
        return best
