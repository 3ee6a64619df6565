"""Windows of 13 words, an exam's, and where they stand in a stream: hashed to be found, compared to be sure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
HashArray = npt.NDArray[np.uint64]

WINDOW = 13
"""Words: short enough to find a question that was cut or framed, long enough that none is found by chance. The length
of Brown et al. (2020), arXiv:2005.14165, appendix C."""

COMMON_ITEMS = 10
"""Windows in more items than that are the exam's own phrases, as "choose the right one of the following"."""

BREAK = 0
"""Stands for any word that the exam does not have: no window goes over it."""

_WORD = re.compile(r"\w+")
_FIRST_BASE = 0x9E3779B97F4A7C15


class Hits(NamedTuple):
    """Windows found in a stream of words.

    Parameters
    ----------
    position : shape (h,)
        Where in the stream each begins.
    gram : shape (h,)
        Which of the exam's it is.
    """

    position: IntArray
    gram: IntArray


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded: case, width and accents' encoding make no difference, punctuation is none.

    Examples
    --------
    >>> words_of("It's 3 o'clock, Café!")
    ['it', 's', '3', 'o', 'clock', 'café']
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _WORD.findall(text.casefold())


class ExamGrams:
    """The windows of an exam's items.

    Parameters
    ----------
    items
        Of each item its texts; no window goes from one to the next.

    Attributes
    ----------
    words : shape (n_items,)
        Words in each item.
    own : shape (n_items,)
        Different windows of each item that at most `COMMON_ITEMS` items have.
    common : int
        Windows that more items have; they are left out.
    """

    def __init__(self, items: Sequence[Sequence[str]]) -> None:
        self._vocabulary: dict[str, int] = {}
        self.words = np.zeros(len(items), dtype=np.int64)
        grams: list[IntArray] = []
        owners: list[IntArray] = []
        for place, texts in enumerate(items):
            for text in texts:
                codes = np.array([self._code(word) for word in words_of(text)], dtype=np.int64)
                self.words[place] += codes.size
                if codes.size >= WINDOW:
                    windows = np.lib.stride_tricks.sliding_window_view(codes, WINDOW)
                    grams.append(windows)
                    owners.append(np.full(len(windows), place))
        every = np.concatenate(grams) if grams else np.zeros((0, WINDOW), dtype=np.int64)
        owner = np.concatenate(owners) if owners else np.zeros(0, dtype=np.int64)
        unique, which = np.unique(every, axis=0, return_inverse=True)
        pairs = np.unique(np.stack([which.reshape(-1), owner], axis=1), axis=0)
        spread = np.bincount(pairs[:, 0], minlength=len(unique))
        pairs = pairs[spread[pairs[:, 0]] <= COMMON_ITEMS]
        self.common = int((spread > COMMON_ITEMS).sum())
        self.own = np.bincount(pairs[:, 1], minlength=len(items))
        kept = np.flatnonzero(spread <= COMMON_ITEMS)
        self._keep(unique[kept])
        # Sorted by gram: the owners of gram g are owner[first[g]:first[g + 1]].
        code = np.searchsorted(kept, pairs[:, 0])
        self._owner = pairs[:, 1]
        self._first = np.searchsorted(code, np.arange(len(kept) + 1))

    def _code(self, word: str) -> int:
        return self._vocabulary.setdefault(word, len(self._vocabulary) + 1)

    def _keep(self, grams: IntArray) -> None:
        base = _FIRST_BASE
        while True:
            powers = _powers(base)
            hashes = grams.astype(np.uint64) @ powers
            if np.unique(hashes).size == len(grams):
                break
            base += 2
        order = np.argsort(hashes)
        self._powers, self._hashes = powers, hashes[order]
        self._order, self._grams = order, grams

    def codes(self, text: str) -> list[int]:
        """Return the words of a text as the exam's codes; `BREAK` for words that it does not have."""
        get = self._vocabulary.get
        return [get(word, BREAK) for word in words_of(text)]

    def owners(self, gram: int) -> IntArray:
        """Return the items that have a window."""
        owners: IntArray = self._owner[self._first[gram] : self._first[gram + 1]]
        return owners

    def find(self, stream: IntArray) -> Hits:
        """Return the exam's windows in a stream of codes.

        Notes
        -----
        A polynomial of the codes modulo 2^64 is computed for every window and looked up; what is found is compared word
        by word, so that a hit is never two hashes that happen to be equal.
        """
        nothing = Hits(np.zeros(0, np.int64), np.zeros(0, np.int64))
        if len(stream) < WINDOW or not len(self._hashes):
            return nothing
        starts = _unbroken(stream)
        if not starts.size:
            return nothing
        codes = stream.astype(np.uint64)
        hashes = np.zeros(starts.size, dtype=np.uint64)
        for offset, power in enumerate(self._powers):
            hashes += codes[starts + offset] * power
        place = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        hit = np.flatnonzero(self._hashes[place] == hashes)
        gram = self._order[place[hit]]
        begin = starts[hit]
        same = np.all(self._grams[gram] == stream[begin[:, None] + np.arange(WINDOW)], axis=1)
        return Hits(begin[same], gram[same])


def _powers(base: int) -> HashArray:
    return np.array(
        [pow(base, WINDOW - 1 - place, 2**64) for place in range(WINDOW)], dtype=np.uint64
    )


def _unbroken(stream: IntArray) -> IntArray:
    """Return where windows begin that hold no `BREAK`."""
    broken = np.concatenate([[0], np.cumsum(stream == BREAK)])
    return np.flatnonzero(broken[WINDOW:] == broken[:-WINDOW]).astype(np.int64)
