"""A held-out target: its documents by near-duplicate cluster, and what of the training text it must not meet.

A model that has seen a page in training is asked about it as if it had not. So whatever shares whole runs of words with
the target is left out of training, and documents that share them with each other are one cluster: they are
held out, drawn and counted together.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assay.curate.shingles import Flat, ShingleSettings, shingles
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class OverlapRule:
    """When two documents share text.

    Parameters
    ----------
    window
        Words of a window: 13 of Brown et al. (2020), arXiv:2005.14165, appendix C, and how words are told.
    share : in (0, 1]
        Windows of the one that stand in the other, over all of its own: from there on they overlap. Either side counts,
        so that a page that quotes a held-out document whole overlaps, however long it is.
    common : >= 1
        Windows in more held-out documents than that are phrases of the kind of text, as a licence's, and no sign.
    """

    window: ShingleSettings = field(default_factory=lambda: ShingleSettings(words=13))
    share: float = 0.5
    common: int = 10

    @property
    def described(self) -> str:
        """The rule in words."""
        return (
            f"windows of {self.window.words} words ({self.window.normalisation.described}), at least "
            f"{self.share:.0%} of "
            f"one side's; windows of more than {self.common} held-out documents don't count"
        )


class HeldOutWindows:
    """The windows of held-out documents, to look others up in.

    Parameters
    ----------
    texts
        The held-out documents.
    rule

    Attributes
    ----------
    own : (documents,)
        Different windows of each that count.
    """

    def __init__(self, texts: TextColumn, rule: OverlapRule | None = None) -> None:
        self.rule = rule or OverlapRule()
        window, owner = _different(shingles(texts, self.rule.window))
        known, which, spread = np.unique(window, return_inverse=True, return_counts=True)
        kept = spread <= self.rule.common
        order = np.argsort(which, kind="stable")
        order = order[kept[which[order]]]
        self._known = known[kept]
        self._owner = owner[order]
        self._first = np.concatenate([[0], np.cumsum(spread[kept])]).astype(np.int64)
        self.own = np.bincount(self._owner, minlength=len(texts))

    def shared(self, texts: TextColumn) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Return pairs of a text and a held-out document that share windows.

        Returns
        -------
        tuple
            Row of the text, row of the held-out document, windows that they share, different windows of the text; of
            each pair.
        """
        window, row = _different(shingles(texts, self.rule.window))
        size = np.bincount(row, minlength=len(texts))
        nothing = np.zeros(0, dtype=np.int64)
        if not len(self._known):
            return nothing, nothing, nothing, nothing
        place = np.minimum(np.searchsorted(self._known, window), len(self._known) - 1)
        hit = np.flatnonzero(self._known[place] == window)
        times = self._first[place[hit] + 1] - self._first[place[hit]]
        offsets = np.concatenate([[0], np.cumsum(times)])
        inside = np.arange(offsets[-1]) - np.repeat(offsets[:-1], times)
        document = self._owner[np.repeat(self._first[place[hit]], times) + inside]
        text = np.repeat(row[hit], times)
        pair, count = np.unique(text * max(1, len(self.own)) + document, return_counts=True)
        text, document = np.divmod(pair, max(1, len(self.own)))
        return text, document, count, size[text]

    def overlaps(self, texts: TextColumn) -> BoolArray:
        """Return which texts share so much with a held-out document that they must not be trained on."""
        text, document, count, size = self.shared(texts)
        close = count >= self.rule.share * np.minimum(size, self.own[document])
        found = np.zeros(len(texts), dtype=np.bool_)
        found[text[close]] = True
        return found


def clusters_of(texts: TextColumn, rule: OverlapRule | None = None) -> IntArray:
    """Return for each text the number of its cluster: those that overlap, and those that overlap with these.

    Notes
    -----
    Connected components. Windows that more than `OverlapRule.common` of the texts have join nobody, so that a licence
    does not make one cluster of a corpus; texts that are equal are always one, also those too short for a window.

    Examples
    --------
    >>> page = " ".join(f"word{n}" for n in range(40))
    >>> clusters_of(TextColumn.from_texts([page, "something else", page + " and one more"])).tolist()
    [0, 1, 0]
    """
    from scipy import sparse
    from scipy.sparse import csgraph

    windows = HeldOutWindows(texts, rule)
    one, other, count, size = windows.shared(texts)
    close = count >= windows.rule.share * np.minimum(size, windows.own[other])
    equal = _equal_to(texts)
    rows = np.concatenate([one[close], np.arange(len(texts))])
    columns = np.concatenate([other[close], equal])
    graph = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(texts), len(texts)))
    _, label = csgraph.connected_components(graph, directed=False)
    _, first = np.unique(label, return_index=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    found: IntArray = rank[label]
    return found


def _equal_to(texts: TextColumn) -> IntArray:
    """Return for each text the first one that is equal to it, byte by byte."""
    import hashlib

    first: dict[bytes, int] = {}
    return np.array(
        [
            first.setdefault(hashlib.blake2b(texts.bytes_of(row), digest_size=16).digest(), row)
            for row in range(len(texts))
        ],
        dtype=np.int64,
    )


def _different(flat: Flat) -> tuple[NDArray[np.uint64], IntArray]:
    """Return each text's different windows, and whose they are."""
    row = np.repeat(np.arange(len(flat)), np.diff(flat.offsets))
    order = np.lexsort((flat.values, row))
    window, row = flat.values[order], row[order]
    new = np.ones(len(window), dtype=np.bool_)
    new[1:] = (window[1:] != window[:-1]) | (row[1:] != row[:-1])
    return window[new], row[new]


def split_by_cluster(
    texts: TextColumn,
    *,
    held_out_bytes: int,
    rng: np.random.Generator,
    rule: OverlapRule | None = None,
    most_bytes: int | None = None,
) -> BoolArray:
    """Return which texts to hold out: whole clusters, drawn at random, until so many bytes are reached.

    Parameters
    ----------
    texts
    held_out_bytes : >= 1
    rng
    rule
        When two texts are of one cluster.
    most_bytes : >= 1
        Of a text that many bytes count at most; None: all.

    Raises
    ------
    BadInput
        If fewer bytes are asked for than 1, or the texts have no two clusters.
    """
    if held_out_bytes < 1:
        raise BadInput(f"at least one byte must be held out, got {held_out_bytes}")
    cluster = clusters_of(texts, rule)
    number = int(cluster.max(initial=-1)) + 1
    if number < 2:
        raise BadInput(
            "all of the text is one cluster of near-duplicates: nothing can be held out of it"
        )
    lengths = texts.lengths if most_bytes is None else np.minimum(texts.lengths, most_bytes)
    size = np.bincount(cluster, weights=lengths, minlength=number)
    order = rng.permutation(number)
    # A cluster greater than all that is asked for would be the whole of the target.
    order = order[size[order] <= max(held_out_bytes / 4, size.min())]
    reached = np.concatenate([[0.0], np.cumsum(size[order])[:-1]])
    chosen = order[reached < held_out_bytes]
    held: BoolArray = np.isin(cluster, chosen)
    return held


def new_share(texts: TextColumn, rule: OverlapRule | None = None) -> NDArray[np.float64]:
    """Return of each text the share of its windows that no text before it has, nor it itself further up.

    Notes
    -----
    1 for a text that is all its own, 0 for one that says nothing new. What says how much of a source repeats itself.

    Examples
    --------
    >>> page = " ".join(f"word{n}" for n in range(40))
    >>> new_share(TextColumn.from_texts([page, page, page + " " + page])).round(2).tolist()
    [1.0, 0.0, 0.18]
    """
    share, _ = seen_before(texts, 0.0, rule)
    return share


def seen_before(
    texts: TextColumn, below: float, rule: OverlapRule | None = None
) -> tuple[NDArray[np.float64], IntArray]:
    """Return `new_share` of each text, and for those with less than `below` which text they repeat.

    Returns
    -------
    tuple
        The share of each; and the row in which most of its windows stood first, -1 for a text with a greater share.

    Examples
    --------
    >>> page = " ".join(f"word{n}" for n in range(40))
    >>> seen_before(TextColumn.from_texts([page, "something else", page]), 0.2)[1].tolist()
    [-1, -1, 0]
    """
    flat = shingles(texts, (rule or OverlapRule()).window)
    known, first = np.unique(flat.values, return_index=True)
    new = np.zeros(len(flat.values), dtype=np.float64)
    new[first] = 1.0
    count = np.diff(flat.offsets)
    row = np.repeat(np.arange(len(flat)), count)
    total = np.bincount(row, weights=new, minlength=len(flat))
    share = total / np.maximum(count, 1)
    asked = np.flatnonzero(share[row] < below)
    source = row[first[np.searchsorted(known, flat.values[asked])]]
    pair, times = np.unique(row[asked] * max(1, len(flat)) + source, return_counts=True)
    text, stood = np.divmod(pair, max(1, len(flat)))
    # The last of a text that is assigned stays: the most frequent, and of these the earliest.
    order = np.lexsort((-stood, times))
    repeats = np.full(len(flat), -1, dtype=np.int64)
    repeats[text[order]] = stood[order]
    return share, repeats
