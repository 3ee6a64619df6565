"""All pairs of documents at a Jaccard similarity or above, without MinHash: by prefix filtering, none left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.curate.near_duplicates_sets import Sets, jaccard

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """All pairs of documents at a threshold or above; `left` comes first in the corpus."""

    left: Rows
    right: Rows
    similarity: NDArray[np.float64]


def near_pairs(sets: Sets, threshold: float) -> Pairs:
    """Return every pair at the threshold or above, none left out.

    Notes
    -----
    Two sets that share that much share a shingle among the rarest n - ceil(threshold n) + 1 of each (Chaudhuri, Ganti,
    Kaushik, "A primitive operator for similarity joins in data cleaning", ICDE 2006, doi:10.1109/ICDE.2006.9).
    """
    assert not hasattr(sets.held, "open")
    values = np.asarray(sets.held)
    document = np.repeat(np.arange(len(sets.sizes)), sets.sizes)
    order = np.argsort(values, kind="stable")
    head = np.flatnonzero(np.diff(values[order], prepend=values[order][:1] ^ np.uint64(1)) != 0)
    frequency = np.empty(len(values), dtype=np.int64)
    counts = np.diff(head, append=len(values))
    frequency[order] = np.repeat(counts, counts)
    # Rarest first within each document; equally frequent ones in one order everywhere.
    ranked = np.lexsort((values, frequency, document))
    place = np.arange(len(values)) - np.repeat(sets.starts, sets.sizes)
    prefix = sets.sizes - np.ceil(threshold * sets.sizes - 1e-9).astype(np.int64) + 1
    chosen = ranked[place < np.repeat(prefix, sets.sizes)]
    chosen = chosen[frequency[chosen] > 1]
    chosen = chosen[np.lexsort((document[chosen], values[chosen]))]
    value, owner = values[chosen], document[chosen]
    keys: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    step = 1
    while True:
        same = np.flatnonzero(value[step:] == value[:-step])
        if not len(same):
            break
        left, right = owner[same], owner[same + step]
        small = np.minimum(sets.sizes[left], sets.sizes[right])
        fits = small >= threshold * np.maximum(sets.sizes[left], sets.sizes[right])
        keys.append(np.unique(left[fits] * len(sets.sizes) + right[fits]))
        if len(keys) > 64:
            keys = [np.unique(np.concatenate(keys))]
        step += 1
    pairs = np.unique(np.concatenate(keys))
    left, right = pairs // len(sets.sizes), pairs % len(sets.sizes)
    similarity = jaccard(sets, left, right)
    near = similarity >= threshold
    return Pairs(left[near], right[near], similarity[near])
