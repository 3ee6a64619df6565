"""Exact duplicates: texts with the same words in the same order, by a hash of 128 bits."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from assay.curate.shingle_normalisation import Normalisation
from assay.curate.shingles import Flat, word_hashes
from assay.curate.text_column import TextColumn

Digests = NDArray[np.uint64]
_WORDLESS = b"no word: bytes"


def exact_hashes(texts: TextColumn, normalisation: Normalisation | None = None) -> Digests:
    """Return a hash of the words of each text, of shape (texts, 2).

    Parameters
    ----------
    texts
    normalisation
        What makes no difference: with the usual one, case, punctuation and spacing.

    Notes
    -----
    BLAKE2b (RFC 7693) of the words' 64-bit hashes; of a text without a word, of its bytes, so that "!" and "?" differ.

    Examples
    --------
    >>> first_with_same(exact_hashes(TextColumn.from_texts(["One two", "three", "one, TWO!"]))).tolist()
    [0, 1, 0]
    """
    return digests_of_words(texts, word_hashes(texts, normalisation or Normalisation()))


def digests_of_words(texts: TextColumn, words: Flat) -> Digests:
    """Return `exact_hashes` of texts whose words are hashed already."""
    bounds = words.offsets.tolist()
    held = memoryview(words.values.tobytes())
    parts = []
    for row in range(len(texts)):
        low, high = bounds[row], bounds[row + 1]
        if high > low:
            parts.append(hashlib.blake2b(held[8 * low : 8 * high], digest_size=16).digest())
        else:
            raw = texts.bytes_of(row)
            parts.append(hashlib.blake2b(raw, digest_size=16, key=_WORDLESS).digest())
    return np.frombuffer(b"".join(parts), dtype="<u8").reshape(-1, 2)


def first_with_same(hashes: Digests) -> NDArray[np.int64]:
    """Return for each row the first row with the same hash: its own where it is the first."""
    order = np.lexsort((hashes[:, 1], hashes[:, 0]))
    ordered = hashes[order]
    starts = np.ones(len(order), dtype=np.bool_)
    starts[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    first = np.empty(len(order), dtype=np.int64)
    # lexsort is stable: within equal hashes the rows rise.
    first[order] = order[np.flatnonzero(starts)][np.cumsum(starts) - 1]
    return first


def document_digests(texts: TextColumn) -> tuple[str, ...]:
    """Return a digest of each text's words in 32 hexadecimal digits: what two files tell the same document by."""
    hashes = exact_hashes(texts)
    return tuple(f"{high:016x}{low:016x}" for high, low in hashes.tolist())
