"""What a quality classifier sees of a text: its words and pairs of words, hashed into a fixed number of buckets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from assay.curate.rolling_hash import mixed
from assay.curate.text_column import TextColumn
from assay.curate.words import Words, WordSplit, split_words
from assay.errors import BadInput

PARTS = 4
_PAIR = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """How texts become features.

    Parameters
    ----------
    bits : in [10, 20]
        Two to this power are the buckets.
    words
        How words are split: see `assay.curate.words.WordSplit`.
    most_words : >= 40
        Seen of a long text: as many, in four runs spread over it.
    """

    bits: int = 16
    words: str = "words-and-punctuation"
    most_words: int = 2_000

    def __post_init__(self) -> None:
        if not 10 <= self.bits <= 20:
            raise BadInput(f"bits of a quality classifier lie in [10, 20], got {self.bits}")
        if self.most_words < 40:
            raise BadInput(f"most_words must be at least 40, got {self.most_words}")

    @property
    def buckets(self) -> int:
        """How many there are."""
        return 1 << self.bits


def features(texts: TextColumn, settings: FeatureSettings) -> Any:
    """Return the features of each text: a sparse matrix with a row a text and a column a bucket.

    Notes
    -----
    The square root of how often each word and each pair of neighbours occurs, signed by a bit of the hash so that what
    falls into one bucket cancels rather than adds; each row of length 1, so that a long text weighs as much as a short
    one. A text without words is a row of zeros.

    References
    ----------
    .. [1] Weinberger, Dasgupta, Langford, Smola, Attenberg, "Feature hashing for large scale multitask learning", ICML
       2009, doi:10.1145/1553374.1553516.
    """
    from scipy.sparse import csr_array

    words = split_words(texts, cast(WordSplit, settings.words))
    seen = _seen(words, settings.most_words)
    rows = words.text_of
    # A pair is of two words of one text, side by side, both seen.
    pair = np.flatnonzero(seen[:-1] & seen[1:] & (rows[:-1] == rows[1:]))
    pairs = mixed(words.hashes[pair] * _PAIR + words.hashes[pair + 1])
    hashes = np.concatenate([words.hashes[seen], pairs])
    places = np.concatenate([rows[seen], rows[pair]]).astype(np.int64)
    bucket = (hashes >> np.uint64(64 - settings.bits)).astype(np.int64)
    keys, which = np.unique(places << settings.bits | bucket, return_inverse=True)
    signs = 1.0 - 2.0 * (hashes & np.uint64(1)).astype(np.float64)
    sums = np.bincount(which, weights=signs, minlength=len(keys))
    values = np.sign(sums) * np.sqrt(np.abs(sums))
    row_of, columns = keys >> settings.bits, keys & (settings.buckets - 1)
    norms = np.sqrt(np.bincount(row_of, weights=values**2, minlength=len(texts)))
    values /= np.maximum(norms, 1e-12)[row_of]
    starts = np.searchsorted(row_of, np.arange(len(texts) + 1))
    return csr_array((values, columns, starts), shape=(len(texts), settings.buckets))


def _seen(words: Words, most: int) -> Any:
    """Return which words are seen: all of a text, or four runs spread over a long one."""
    counts = np.repeat(words.counts, words.counts)
    rank = np.arange(len(words)) - np.repeat(words.offsets[:-1], words.counts)
    seen = counts <= most
    run = most // PARTS
    for part in range(PARTS):
        start = (counts - run) * part // (PARTS - 1)
        seen = seen | ((rank >= start) & (rank < start + run))
    return seen
