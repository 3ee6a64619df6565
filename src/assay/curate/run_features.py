"""Features of documents for the pictures of a run: how long they are, and what they are made of, in fixed classes.

The classes are fixed before anything is read, so that counts of blocks add up and the same pictures come out however
the work was divided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.curate.text_column import TextColumn

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature, and the edges of its classes.

    Parameters
    ----------
    name, unit
    edges : (classes - 1,) rising
        A value in class k lies in [edges[k - 1], edges[k]); the first and the last class are open.
    """

    name: str
    unit: str
    edges: tuple[float, ...]

    @property
    def logarithmic(self) -> bool:
        """Whether the classes grow by a factor."""
        return self.edges[0] > 0 and self.edges[-1] / self.edges[0] > 100


FEATURES = (
    Feature("length", "bytes", tuple(float(2**power) for power in range(4, 25))),
    Feature("words", "words", tuple(float(2**power) for power in range(1, 22))),
    Feature("mean word", "bytes", tuple(float(n) for n in range(1, 21))),
    Feature("letters", "parts of all bytes", tuple(n / 20 for n in range(1, 20))),
    Feature("mean line", "bytes", tuple(float(2**power) for power in range(2, 15))),
)
"""What is drawn of every document, before and after."""

_SPACE = np.zeros(256, dtype=np.bool_)
_SPACE[list(b" \t\n\r\v\f")] = True
_LETTER = np.zeros(256, dtype=np.bool_)
_LETTER[[*range(65, 91), *range(97, 123), *range(128, 256)]] = True


def feature_codes(texts: TextColumn) -> Codes:
    """Return the class of each feature of each text, of shape (texts, features).

    Notes
    -----
    Words are what stands between ASCII white space; letters are A to Z, a to z, and every byte of other scripts.
    """
    values = feature_values(texts)
    columns = [np.digitize(values[feature.name], feature.edges) for feature in FEATURES]
    return np.stack(columns, axis=1).astype(np.uint8)


def feature_values(texts: TextColumn) -> Mapping[str, NDArray[np.float64]]:
    """Return each feature's value for each text; of an empty text all are 0."""
    start, end = int(texts.offsets[0]), int(texts.offsets[-1])
    data = texts.data[start:end]
    bounds = texts.offsets - start
    lengths = texts.lengths.astype(np.float64)
    space = _SPACE[data]
    begins = ~space
    begins[1:] &= space[:-1]
    first = bounds[:-1][texts.lengths > 0]
    begins[first] = ~space[first]
    words = _sums(begins, bounds)
    inked = lengths - _sums(space, bounds)
    lines = _sums(data == 10, bounds) + 1
    return {
        "length": lengths,
        "words": words,
        "mean word": inked / np.maximum(words, 1),
        "letters": _sums(_LETTER[data], bounds) / np.maximum(lengths, 1),
        "mean line": lengths / lines,
    }


def class_counts(codes: Codes) -> dict[str, list[int]]:
    """Return how many texts are in each class of each feature."""
    return {
        feature.name: np.bincount(codes[:, place], minlength=len(feature.edges) + 1).tolist()
        for place, feature in enumerate(FEATURES)
    }


def _sums(mask: NDArray[np.bool_], bounds: NDArray[np.int64]) -> NDArray[np.float64]:
    running = np.concatenate([[0], np.cumsum(mask, dtype=np.int64)])
    sums: NDArray[np.float64] = (running[bounds[1:]] - running[bounds[:-1]]).astype(np.float64)
    return sums
