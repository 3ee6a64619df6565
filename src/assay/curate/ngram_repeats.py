"""How much of a text its repeated word n-grams make up: the two measures of Gopher's repetition rules.

An n-gram is a sequence of n words. N-grams are hashed for the whole batch at once; one sort finds the places of equal
ones. Only texts whose share could matter are walked through word by word.
"""

from __future__ import annotations

import numpy as np

from assay.curate.characters import Floats, Places
from assay.curate.repeat_groups import Groups, equal_groups
from assay.curate.rolling_hash import Running, mixed
from assay.curate.words import Words


class NGrams:
    """The n-grams of some words, for several n.

    Parameters
    ----------
    words
    """

    def __init__(self, words: Words) -> None:
        self.words = words
        # With the text in the hash of each word, n-grams of two texts, and those over a border, never meet.
        of_text = mixed(words.text_of.astype(np.uint64) + np.uint64(1))
        self._running = Running(mixed(words.hashes ^ of_text))
        self._ends = np.zeros(len(words) + 1, dtype=np.int64)
        np.cumsum(words.lengths, out=self._ends[1:])

    def groups(self, n: int) -> Groups:
        """Return the places of equal n-grams."""
        return equal_groups(self._running.windows(n))

    def characters(self, places: Places, n: int) -> Places:
        """Return the characters of the n-grams at some places, without what stands between their words."""
        return self._ends[places + n] - self._ends[places]

    def covered(self, places: Places, n: int) -> Places:
        """Return, for each text, the characters of all words in one of the n-grams at some places."""
        steps = np.zeros(len(self.words) + 1, dtype=np.int32)
        # Places are distinct, and so are places + n.
        steps[places] += 1
        steps[places + n] -= 1
        inside = np.cumsum(steps[:-1]) > 0
        return self.words.sums(inside * self.words.lengths)


def top_characters(ngrams: NGrams, n: int) -> Places:
    """Return, for each text, the characters of its most frequent n-gram, times how often it occurs.

    Notes
    -----
    The words of the n-gram are counted with one space between them. Of equally frequent ones it is the first; where
    none occurs twice that is the first n-gram of the text. Of a text of fewer than n words it is 0.
    """
    words = ngrams.words
    texts = len(words.offsets) - 1
    groups = ngrams.groups(n)
    text = words.text_of[groups.first]
    most = np.ones(texts, dtype=np.int64)
    np.maximum.at(most, text, groups.sizes)
    is_most = groups.sizes == most[text]
    first = np.full(texts, len(words), dtype=np.int64)
    np.minimum.at(first, text[is_most], groups.first[is_most])
    has_any = words.counts >= n
    place = np.where(most > 1, first, words.offsets[:-1])
    found = np.zeros(texts, dtype=np.int64)
    found[has_any] = (ngrams.characters(place[has_any], n) + n - 1) * most[has_any]
    return found


def duplicated_characters(ngrams: NGrams, n: int) -> Places:
    """Return, for each text, the characters of its duplicated n-grams, each character once.

    Notes
    -----
    Read from left to right: where an n-gram was met before, its characters count and reading goes on behind it;
    where not, reading goes on at the next word. N-grams within what was skipped are not met.
    """
    return duplicated_above(ngrams, n, np.zeros(len(ngrams.words.offsets) - 1))[0]


def duplicated_above(ngrams: NGrams, n: int, limits: Floats) -> tuple[Places, Places]:
    """Return `duplicated_characters` of the texts where they may exceed a limit, and an upper bound of them for all.

    Parameters
    ----------
    ngrams, n
    limits : (texts,)
        In characters. For a text that can't exceed its limit both are the bound, which does not exceed it either.

    Notes
    -----
    The bound is what all n-grams that occurred before cover together. For n + 1 it is no greater than for n.
    """
    words = ngrams.words
    groups = ngrams.groups(n)
    bound = ngrams.covered(groups.later, n)
    in_doubt = bound > limits
    if not in_doubt.any():
        return bound, bound
    group_of = np.zeros(len(words) + 1, dtype=np.int64)
    group_of[groups.places] = np.repeat(np.arange(1, len(groups.sizes) + 1), groups.sizes)
    places = np.flatnonzero(group_of)
    places = places[in_doubt[words.text_of[places]]]
    counted = places[_walk(places, group_of[places], n, len(groups.sizes) + 1)]
    exact = np.bincount(
        words.text_of[counted], weights=ngrams.characters(counted, n), minlength=len(bound)
    )
    return np.where(in_doubt, exact.astype(np.int64), bound), bound


def _walk(places: Places, group: Places, n: int, groups: int) -> Places:
    """Return which of the places, in rising order, hold an n-gram that was met at a place that was not skipped."""
    seen = bytearray(groups)
    counted: list[int] = []
    resume = 0
    for index, (place, one) in enumerate(zip(places.tolist(), group.tolist(), strict=True)):
        if place < resume:
            continue
        if seen[one]:
            counted.append(index)
            resume = place + n
        else:
            seen[one] = 1
    return np.array(counted, dtype=np.int64)
