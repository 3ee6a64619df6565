"""Shingles of texts: every run of five words as one 64-bit number, for a whole batch at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assay.curate.shingle_normalisation import Normalisation, Words, normalised_words
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

Hashes = NDArray[np.uint64]
Offsets = NDArray[np.int64]

_PIECE = 2**18
"""Bytes hashed at a time: what is made of them stays in a core's cache."""
_LONG_WORD = 64
"""Bytes: a longer word is hashed by itself."""
_EIGHT = np.array([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)
# Odd numbers with about half of their bits set (MurmurHash3's finalizer and the golden ratio's digits).
_FIRST, _SECOND, _WORD_BASE, _SHORT = (
    np.uint64(value)
    for value in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93)
)
_HALF, _THIRD = np.uint64(32), np.uint64(29)


@dataclass(frozen=True, slots=True)
class ShingleSettings:
    """What a shingle is.

    Parameters
    ----------
    words : >= 1
        In a shingle. A text with fewer words has one shingle, of all its words.
    normalisation

    Raises
    ------
    BadInput
        If it is of less than one word.
    """

    words: int = 5
    normalisation: Normalisation = field(default_factory=Normalisation)

    def __post_init__(self) -> None:
        if not 1 <= self.words <= 64:
            raise BadInput(f"a shingle has 1 to 64 words, got {self.words}")


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """Numbers of some texts, one text after the other.

    Parameters
    ----------
    values : uint64
    offsets : (texts + 1,) int64
        Where those of each text begin.
    """

    values: Hashes
    offsets: Offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1


def word_hashes(texts: TextColumn, normalisation: Normalisation | None = None) -> Flat:
    """Return a 64-bit hash of every word of every text, in order.

    Notes
    -----
    Two words have the same hash if they are equal after normalisation; of two that differ it is so with a chance of
    about 2^-64. The hash is no cryptographic one: a text can be made to collide by someone who sets out to.

    Examples
    --------
    >>> flat = word_hashes(TextColumn.from_texts(["One, two.", "", "TWO"]))
    >>> flat.offsets.tolist(), bool(flat.values[1] == flat.values[2])
    ([0, 2, 2, 3], True)
    """
    normalisation = normalisation or Normalisation()
    parts = [(_hashed(words), words.first) for words in _pieces(texts, normalisation)]
    return _joined(parts)


def shingles(texts: TextColumn, settings: ShingleSettings | None = None) -> Flat:
    """Return the shingles of every text, in order and as often as they stand there.

    Notes
    -----
    A polynomial of the words' hashes modulo 2^64, mixed. A text of fewer words than a shingle has one shingle; a text
    without a word has none.

    Examples
    --------
    >>> shingles(TextColumn.from_texts(["a b c d e f", "a b", ""])).offsets.tolist()
    [0, 2, 3, 3]
    """
    return words_and_shingles(texts, settings or ShingleSettings())[1]


def words_and_shingles(texts: TextColumn, settings: ShingleSettings) -> tuple[Flat, Flat]:
    """Return `word_hashes` and `shingles` of the same texts, which are read once."""
    words, runs = [], []
    for piece in _pieces(texts, settings.normalisation):
        hashed = Flat(_hashed(piece), piece.first)
        rolled = windows(hashed, settings.words)
        words.append((hashed.values, hashed.offsets))
        runs.append((rolled.values, rolled.offsets))
    return _joined(words), _joined(runs)


def windows(words: Flat, size: int) -> Flat:
    """Return the hash of each window of so many words; a text of fewer words has one window.

    Parameters
    ----------
    words
        Hashes of the words.
    size : >= 1
    """
    counts = np.diff(words.offsets)
    total = len(words.values)
    padded = np.concatenate([words.values, np.zeros(size, dtype=np.uint64)])
    rolled = padded[:total].copy()
    for place in range(1, size):
        rolled *= _WORD_BASE
        rolled += padded[place : place + total]
    whole = np.ones(total, dtype=np.bool_)
    for back in range(1, size):
        whole[words.offsets[1:][counts >= back] - back] = False
    short = np.flatnonzero((counts > 0) & (counts < size))
    first = words.offsets[:-1][short]
    rolled[first] = _short_windows(padded, first, counts[short])
    whole[first] = True
    per_text = np.where(counts >= size, counts - size + 1, counts > 0)
    offsets = np.concatenate([[0], np.cumsum(per_text)]).astype(np.int64)
    values = rolled[whole]
    values ^= values >> _HALF
    values *= _FIRST
    values ^= values >> _THIRD
    return Flat(values, offsets)


def _short_windows(padded: Hashes, first: Offsets, counts: Offsets) -> Hashes:
    hashes = counts.astype(np.uint64) * _SHORT
    for place in range(int(counts.max(initial=0))):
        more = counts > place
        hashes[more] = hashes[more] * _WORD_BASE + padded[first[more] + place]
    return hashes


def _pieces(texts: TextColumn, normalisation: Normalisation) -> Iterator[Words]:
    """Yield the words of some texts at a time: as many texts as a piece holds, at least one."""
    start, count = 0, len(texts)
    while start < count:
        stop = int(np.searchsorted(texts.offsets, texts.offsets[start] + _PIECE, side="right")) - 1
        stop = min(max(stop, start + 1), count)
        yield normalised_words(
            TextColumn(texts.data, texts.offsets[start : stop + 1]), normalisation
        )
        start = stop


def _joined(parts: list[tuple[Hashes, Offsets]]) -> Flat:
    if len(parts) == 1:
        return Flat(*parts[0])
    base = np.concatenate([[0], np.cumsum([offsets[-1] for _, offsets in parts])]).astype(np.int64)
    offsets = [part + low for (_, part), low in zip(parts, base, strict=False)]
    whole = [part[:-1] for part in offsets] + [base[-1:]]
    values = [part for part, _ in parts] or [np.zeros(0, dtype=np.uint64)]
    return Flat(np.concatenate(values), np.concatenate(whole))


def _hashed(words: Words) -> Hashes:
    eights = words.buffer.view("<u8")
    lengths = words.ends - words.starts
    hashes = _mixed(_load(eights, words.starts, lengths))
    rest = np.flatnonzero(lengths > 8)
    place = 8
    while len(rest) and place < _LONG_WORD:
        more = _load(eights, words.starts[rest] + place, lengths[rest] - place)
        hashes[rest] = _mixed(hashes[rest] * _WORD_BASE + more)
        place += 8
        rest = rest[lengths[rest] > place]
    for row in rest.tolist():
        text = words.buffer[words.starts[row] : words.ends[row]].tobytes()
        digest = hashlib.blake2b(text, digest_size=8).digest()
        hashes[row] = int.from_bytes(digest, "little")
    return hashes


def _load(eights: Hashes, starts: Offsets, lengths: Offsets) -> Hashes:
    """Return the eight bytes from each place on, as one number; those beyond the length are zero."""
    index = starts >> 3
    shift = (starts.astype(np.uint64) & np.uint64(7)) << np.uint64(3)
    low = eights.take(index)
    low >>= shift
    index += 1
    high = eights.take(index)
    # Shifted in two steps: by 64 at once is not defined.
    high <<= np.uint64(1)
    high <<= np.uint64(63) - shift
    low |= high
    low &= _EIGHT.take(np.minimum(lengths, 8))
    return low


def _mixed(values: Hashes) -> Hashes:
    values *= _FIRST
    values ^= values >> _HALF
    values *= _SECOND
    values ^= values >> _THIRD
    return values
