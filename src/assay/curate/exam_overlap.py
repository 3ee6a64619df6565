"""Overlap of texts with an exam: copies of 13 words in a row, and copies in which some words or numbers were changed.

The same question as `assay exam overlap` asks item by item, asked here document by document, over whole batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.curate.exam_overlap_index import ExamIndex, GramTable
from assay.curate.shingles import Flat, windows, word_hashes
from assay.curate.text_column import TextColumn

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DocumentOverlap:
    """One text that overlaps with one item.

    Parameters
    ----------
    row
        Of the text.
    item
        Of the exam.
    windows : >= 0
        Different windows of the item that stand in it.
    share : in [0, 1]
        Of the item's short runs, the most that stand close together in it; 0 where that is below the settings' share.
    word : >= 0
        Word of the text, from 0, at which the first of what was found begins.
    """

    row: int
    item: int
    windows: int
    share: float
    word: int

    @property
    def copied(self) -> bool:
        """Whether a window stands there word for word; else it is an edited copy."""
        return self.windows > 0


def find_exam_overlap(texts: TextColumn, index: ExamIndex) -> list[DocumentOverlap]:
    """Return the texts that overlap with an item of an exam, once for each item, in the order of texts and items.

    Notes
    -----
    Windows are compared by 64-bit hashes: with a million windows of an exam and 10^11 words of texts, one is found by
    chance with probability 0.005. The share of short runs is that of the item's own ones, each counted once, within a
    stretch of the text: the containment that MinHash would estimate, computed. It misses a paraphrase or a translation,
    and a copy in which more than about one word in ten was changed.

    Examples
    --------
    >>> from assay.curate.exam_overlap_index import exam_index
    >>> item = "A baker sold 1,250 rolls at 0.40 each and gave a tenth of the money to the town: how much was that?"
    >>> index = exam_index(["q1"], [[item]])
    >>> text = "Solved: a baker sold 1250 rolls at 0,4 each and gave a fifth of the money to a city: how much was that?"
    >>> [(found.windows, round(found.share, 2)) for found in find_exam_overlap(TextColumn.from_texts([text]), index)]
    [(0, 0.67)]
    """
    words = word_hashes(texts, index.settings.normalisation)
    copies, begins = _copies(windows(words, index.settings.window), index.copies)
    edits = _edits(windows(words, index.settings.gram), index)
    found = []
    for row, item in sorted(copies.keys() | edits.keys()):
        share, at = edits.get((row, item), (0.0, None))
        places = [place for place in (at, begins.get((row, item))) if place is not None]
        found.append(DocumentOverlap(row, item, copies.get((row, item), 0), share, min(places)))
    return found


_Pair = tuple[int, int]


def _copies(runs: Flat, table: GramTable) -> tuple[dict[_Pair, int], dict[_Pair, int]]:
    """Return how many different windows of an item each text has, and the word at which the first of them begins."""
    counts: dict[_Pair, int] = {}
    begins: dict[_Pair, int] = {}
    for row, item, place, gram in _by_text_and_item(runs, table):
        counts[row, item] = len(np.unique(gram))
        begins[row, item] = int(place[0])
    return counts, begins


def _edits(runs: Flat, index: ExamIndex) -> dict[_Pair, tuple[float, int]]:
    """Return for each text and item the largest share of its runs that stand close together, and where."""
    own, settings = index.edits.own, index.settings
    need = np.maximum(np.ceil(settings.share * own - 1e-9).astype(np.int64), 1)
    need[own < settings.least_grams] = np.iinfo(np.int64).max
    reach = np.ceil(settings.spread * index.words).astype(np.int64)
    found: dict[_Pair, tuple[float, int]] = {}
    for row, item, place, gram in _by_text_and_item(runs, index.edits, need):
        most, at = _most_within(place, gram, int(reach[item]))
        if most >= need[item]:
            found[row, item] = (most / int(own[item]), at)
    return found


def _by_text_and_item(
    runs: Flat, table: GramTable, need: Places | None = None
) -> Iterator[tuple[int, int, Places, Places]]:
    """Yield text, item, words at which the item's runs stand, rising, and the runs; at least `need` of them."""
    at, gram = table.find(runs.values)
    if not len(at):
        return
    row, item = table.by_item(gram)
    text = np.searchsorted(runs.offsets, at[row], side="right") - 1
    order = np.lexsort((at[row], item, text))
    text, item, place, gram = text[order], item[order], at[row][order], gram[row][order]
    new = np.ones(len(text), dtype=np.bool_)
    new[1:] = (text[1:] != text[:-1]) | (item[1:] != item[:-1])
    starts = np.flatnonzero(new)
    sizes = np.diff(starts, append=len(text))
    if need is not None:
        enough = sizes >= need[item[starts]]
        starts, sizes = starts[enough], sizes[enough]
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        part = slice(start, start + size)
        begin = runs.offsets[text[start]]
        yield int(text[start]), int(item[start]), place[part] - begin, gram[part]


def _most_within(place: Places, gram: Places, reach: int) -> tuple[int, int]:
    """Return how many different runs stand within so many words at most, and at which word that stretch begins."""
    counts: dict[int, int] = {}
    most, at, low = 0, 0, 0
    places, grams = place.tolist(), gram.tolist()
    for high, here in enumerate(places):
        counts[grams[high]] = counts.get(grams[high], 0) + 1
        while here - places[low] > reach:
            left = counts[grams[low]] - 1
            if left:
                counts[grams[low]] = left
            else:
                del counts[grams[low]]
            low += 1
        if len(counts) > most:
            most, at = len(counts), places[low]
    return most, at
