"""Whether two sets of documents share some, told by what one of them left in a file: a few windows of each document.

The smallest hashes of a document's windows are a sample of them, the same for whoever has the document: how many of
them stand in another document says which share of its windows does (bottom-k sketch; Broder, 1997,
doi:10.1109/SEQUEN.1997.666900).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.curate.held_out import IntArray, OverlapRule
from assay.curate.shingles import shingles
from assay.curate.text_column import TextColumn

KEPT = 16
"""Windows of a document that are kept."""

FEWEST = 2
"""Of them that must stand in another document, where they are a sample: one may be a phrase of the kind of text."""

Sketches = tuple[tuple[str, ...], ...]


def windows_sketch(texts: TextColumn, rule: OverlapRule | None = None) -> Sketches:
    """Return of each text how many different windows it has, and the smallest of their hashes, as words.

    Examples
    --------
    >>> page = " ".join(f"word{n}" for n in range(40))
    >>> [one[0] for one in windows_sketch(TextColumn.from_texts([page, "two words"]))]
    ['28', '1']
    """
    flat = shingles(texts, (rule or OverlapRule()).window)
    bounds = flat.offsets.tolist()
    found = []
    for row in range(len(flat)):
        own = np.unique(flat.values[bounds[row] : bounds[row + 1]])
        found.append((str(len(own)), *(f"{one:016x}" for one in own[:KEPT].tolist())))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Sketch:
    windows: int
    sample: tuple[str, ...]


def sharing(
    texts: TextColumn, sketches: Sequence[Sequence[str]], rule: OverlapRule | None = None
) -> IntArray:
    """Return the rows of texts that overlap with one of the documents that sketches were made of.

    Parameters
    ----------
    texts
    sketches
        See `windows_sketch`; of documents under the same rule.
    rule
        When two documents overlap.

    Raises
    ------
    ValueError
        If a sketch is none.

    Notes
    -----
    The share of windows is told from at most 16: a document that shares just the rule's share of them is found half of
    the time, one that shares three quarters almost always (97 %, the binomial of 16). Hashes in sketches of more than
    `OverlapRule.common` documents are phrases, and don't count.
    """
    rule = rule or OverlapRule()
    held = [_Sketch(int(one[0]), tuple(one[1:])) for one in sketches]
    spread = Counter(each for one in held for each in one.sample)
    places: dict[str, list[int]] = {}
    for number, one in enumerate(held):
        for each in one.sample:
            if spread[each] <= rule.common:
                places.setdefault(each, []).append(number)
    known = np.unique(np.array([int(each, 16) for each in places], dtype=np.uint64))
    flat = shingles(texts, rule.window)
    bounds = flat.offsets.tolist()
    rows = []
    for row in range(len(flat)):
        own = np.unique(flat.values[bounds[row] : bounds[row + 1]])
        hits = Counter(
            number
            for each in np.intersect1d(own, known).tolist()
            for number in places[f"{each:016x}"]
        )
        if any(_overlaps(held[number], count, len(own), rule) for number, count in hits.items()):
            rows.append(row)
    return np.array(rows, dtype=np.int64)


def _overlaps(one: _Sketch, hits: int, windows: int, rule: OverlapRule) -> bool:
    """Return whether so many hits say that the documents share what the rule asks for."""
    sampled = len(one.sample) < one.windows
    shared = hits * one.windows / max(1, len(one.sample))
    enough = shared >= rule.share * min(one.windows, windows)
    return enough and (not sampled or hits >= FEWEST)
