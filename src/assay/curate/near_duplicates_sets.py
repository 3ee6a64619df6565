"""Sets of shingles on disk, and the exact Jaccard similarity of pairs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.curate.shingles import Flat, ShingleSettings, shingles
from assay.curate.text_column import TextColumn

Rows = NDArray[np.int64]
LoadTexts = Callable[[Rows], TextColumn]

_BITS = np.uint64(48)
_CUT = np.uint64(16)
_SAMPLE = np.uint64(1 << 45)
"""Shingles below it are the sample: an eighth of 2^48."""
_PAIRS = 2**15
_VALUES = 2**18
"""Shingles of the pairs that are compared at a time."""
_LOADED = 2**19
"""Shingles of the texts that are loaded at a time: about 4 MB of text."""


def shingle_sets(texts: TextColumn, settings: ShingleSettings) -> Flat:
    """Return the set of shingles of each text: rising, each once, cut to 48 bits.

    Notes
    -----
    Two different shingles of a pair of texts are taken for one with a chance of 2^-48 a pair of shingles.
    """
    flat = shingles(texts, settings)
    counts = np.diff(flat.offsets)
    values = np.empty_like(flat.values)
    # As many texts at a time as the 16 bits above the shingle can number.
    for start in range(0, len(flat), 2**16):
        piece = flat.offsets[start : start + 2**16 + 1]
        number = np.repeat(
            np.arange(len(piece) - 1, dtype=np.uint64), counts[start : start + 2**16]
        )
        part = flat.values[piece[0] : piece[-1]] >> _CUT | number << _BITS
        part.sort()
        values[piece[0] : piece[-1]] = part
    new = np.ones(len(values), dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    new[flat.offsets[:-1][counts > 0]] = True
    running = np.concatenate([[0], np.cumsum(new, dtype=np.int64)])
    mask = (np.uint64(1) << _BITS) - np.uint64(1)
    return Flat(values[new] & mask, running[flat.offsets])


class ShingleSets:
    """Sets of shingles of many texts, in a file.

    Parameters
    ----------
    path
        The file, which is written.
    rows
        Rows of the texts, rising.
    expected : (rows,)
        Shingles in each, repeats counted: what bounds how many are loaded at a time.
    """

    def __init__(self, path: Path, rows: Rows, expected: Rows) -> None:
        self._path, self._rows, self._expected = path, rows, expected
        self._offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        self._sampled = np.zeros(len(rows), dtype=np.int64)

    def write(self, load_texts: LoadTexts, settings: ShingleSettings) -> Iterator[int]:
        """Load every text once, in order, and write its set; yield how many are done."""
        running = np.concatenate([[0], np.cumsum(self._expected)])
        start = 0
        with self._path.open("wb") as file:
            while start < len(self._rows):
                most = running[start] + _LOADED
                stop = max(start + 1, int(np.searchsorted(running, most, side="right")) - 1)
                sets = shingle_sets(load_texts(self._rows[start:stop]), settings)
                sets.values.tofile(file)
                self._offsets[start + 1 : stop + 1] = self._offsets[start] + sets.offsets[1:]
                below = np.concatenate([[0], np.cumsum(sets.values < _SAMPLE)])
                self._sampled[start:stop] = np.diff(below[sets.offsets])
                start = stop
                yield stop

    @property
    def sizes(self) -> Rows:
        """Shingles in each set."""
        return np.diff(self._offsets)

    def read(self, places: Rows, *, most: int) -> Sets:
        """Return the sets at some places; where they are more shingles than `most`, they stay in the file."""
        starts, sizes, sampled = self._offsets[places], self.sizes[places], self._sampled[places]
        return Sets(self._path, starts, sizes, sampled).loaded(most)


@dataclass(frozen=True, slots=True, eq=False)
class Sets:
    """Sets of shingles.

    Parameters
    ----------
    held
        The shingles, rising within each set; or the file that they are in.
    starts, sizes : (sets,)
        Where each set begins, and its shingles.
    sampled : (sets,)
        How many of them come first as the sample: an eighth of all possible shingles, the same in every set.
    """

    held: NDArray[np.uint64] | Path
    starts: Rows
    sizes: Rows
    sampled: Rows

    def loaded(self, most: int) -> Sets:
        """Return the same sets in memory; those of more than `most` shingles as they are."""
        if not isinstance(self.held, Path) or self.sizes.sum() > most:
            return self
        values = self.values(np.arange(len(self.sizes)))
        return replace(self, held=values, starts=np.cumsum(self.sizes) - self.sizes)

    def sample(self, most: int) -> Sets:
        """Return the sample of each set, in memory where it is no more than `most` shingles."""
        return replace(self, sizes=self.sampled).loaded(most)

    def values(self, places: Rows) -> NDArray[np.uint64]:
        """Return the shingles of some sets, one set after the other, in an array of their own."""
        starts, sizes = self.starts[places], self.sizes[places]
        if not isinstance(self.held, Path):
            return self.held[_spread(starts, sizes)]
        # Not mapped into memory: what is read of a large file would count as this process's memory.
        values = np.empty(int(sizes.sum()), dtype=np.uint64)
        room = values.view(np.uint8).data
        at = 0
        with self.held.open("rb", buffering=0) as file:
            for start, size in zip((8 * starts).tolist(), (8 * sizes).tolist(), strict=True):
                file.seek(start)
                at += file.readinto(room[at : at + size]) or 0
        return values


def jaccard(sets: Sets, left: Rows, right: Rows) -> NDArray[np.float64]:
    """Return the Jaccard similarity of pairs of sets: shared shingles over all shingles; 0 where both are empty.

    Examples
    --------
    >>> sets = sets_of(TextColumn.from_texts(["a b c", "b c d"]), ShingleSettings(words=1))
    >>> jaccard(sets, np.array([0]), np.array([1])).tolist()
    [0.5]
    """
    found = np.zeros(len(left))
    both = sets.sizes[left] + sets.sizes[right]
    running = np.concatenate([[0], np.cumsum(both)])
    start = 0
    while start < len(left):
        stop = int(np.searchsorted(running, running[start] + _VALUES, side="right")) - 1
        stop = min(max(stop, start + 1), start + _PAIRS)
        shared = _shared(sets, left[start:stop], right[start:stop], both[start:stop])
        found[start:stop] = shared / np.maximum(both[start:stop] - shared, 1)
        start = stop
    return found


def may_reach(sample: Sets, left: Rows, right: Rows, threshold: float) -> NDArray[np.bool_]:
    """Return which pairs of sets may have that Jaccard similarity, by their samples.

    Notes
    -----
    A pair is ruled out where its sample lies five standard errors below: one at the threshold is so with a chance of
    3e-7, against one of 0.2 or so that it is no candidate to begin with. Small sets are not ruled out.
    """
    seen = jaccard(sample, left, right)
    union = (sample.sizes[left] + sample.sizes[right]) / (1 + seen)
    error = np.sqrt(threshold * (1 - threshold) / np.maximum(union, 1))
    possible: NDArray[np.bool_] = seen >= threshold - 5 * error
    return possible


def sets_of(texts: TextColumn, settings: ShingleSettings) -> Sets:
    """Return the sets of shingles of some texts, in memory."""
    flat = shingle_sets(texts, settings)
    below = np.concatenate([[0], np.cumsum(flat.values < _SAMPLE)])
    sampled = np.diff(below[flat.offsets])
    return Sets(flat.values, flat.offsets[:-1], np.diff(flat.offsets), sampled)


def _shared(sets: Sets, left: Rows, right: Rows, both: Rows) -> Rows:
    """Return how many shingles each pair shares: sorted together, those that stand twice."""
    pairs: Rows = np.stack([left, right], axis=1).ravel()
    values = sets.values(pairs)
    values |= np.repeat(np.arange(len(left), dtype=np.uint64) << _BITS, both)
    values.sort()
    twice = np.flatnonzero(values[1:] == values[:-1])
    shared: Rows = np.bincount((values[twice] >> _BITS).astype(np.int64), minlength=len(left))
    return shared


def _spread(starts: Rows, sizes: Rows) -> Rows:
    """Return the places of all elements of some runs, one run after the other."""
    ends = np.cumsum(sizes)
    if not len(ends):
        return ends
    places: Rows = np.arange(ends[-1]) + np.repeat(starts - (ends - sizes), sizes)
    return places
