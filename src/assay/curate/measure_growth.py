"""New n-grams against the size of a corpus: how each source's vocabulary of n-grams grows, and what more would add."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.curate.measure_store import Progress, TextStore
from assay.curate.rolling_hash import mixed
from assay.curate.shingles import windows, word_hashes
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from assay.estimate.interval import missing_chance
from assay.estimate.vocabulary_growth import CLASSES, Incidence, new_ngrams
from assay.quantity import Estimate, Quantity, Unknown, exact

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Hashes = NDArray[np.uint64]
ALL = "all sources"
POINTS = 12


@dataclass(frozen=True, slots=True)
class GrowthSettings:
    """How growth is measured.

    Parameters
    ----------
    sizes
        Words of the n-grams.
    orders : >= 2
        Random orders of the documents.
    kept : >= 1,000
        Pairs of an n-gram and a document that are held in memory, 20 bytes each. Beyond, n-grams are thinned by hash.
    more_bytes
        Further text, for which new n-grams are predicted.
    seed : >= 0
    confidence_level : in (0, 1)

    Raises
    ------
    BadInput
        If a number is out of range.
    """

    sizes: tuple[int, ...] = (5, 13)
    orders: int = 5
    kept: int = 2**24
    more_bytes: float = 1e9
    seed: int = 1
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        if not self.sizes or not all(1 <= size <= 64 for size in self.sizes):
            raise BadInput(f"n-grams have 1 to 64 words, got {self.sizes}")
        if self.orders < 2 or self.kept < 1_000 or self.seed < 0:
            raise BadInput("orders is at least 2, kept at least 1,000, seed at least 0")
        if not (self.more_bytes > 0 and np.isfinite(self.more_bytes)):
            raise BadInput(f"more_bytes must be positive, got {self.more_bytes}")
        if not 0 < self.confidence_level < 1:
            raise BadInput(f"confidence_level is in (0, 1), got {self.confidence_level}")


@dataclass(frozen=True, slots=True, eq=False)
class Grams:
    """N-grams of documents: each different one of a document once.

    Parameters
    ----------
    gram, document : (pairs,)
        Hashes, rising, and the document that each is of.
    running : (documents,)
        N-grams of each document, repeats counted, none thinned.
    thinned : in (0, 1]
        Share of all hashes that is held: 2^-k.
    """

    gram: Hashes
    document: Places
    running: Places
    thinned: float


@dataclass(frozen=True, slots=True)
class GrowthPoint:
    """The curve at one size: means over the orders of documents, and the least and most of them."""

    bytes: float
    distinct: float
    least: float
    most: float
    new_share: float

    def to_json(self) -> dict[str, float]:
        """Return the columns."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Growth:
    """How the n-grams of a source grow.

    Parameters
    ----------
    source, words
        Of what, and how long the n-grams are.
    documents, bytes
        That were gone through.
    running
        All n-grams, repeats counted.
    distinct
        Different ones: counted, or from a thinned count, with its interval.
    curve
    doubling, more
        New n-grams that as much text again, and the text that was asked about, would bring.
    doubling_share, more_share
        The same, over all n-grams of that text.
    """

    source: str
    words: int
    documents: int
    bytes: int
    running: int
    distinct: Quantity
    curve: tuple[GrowthPoint, ...]
    doubling: Quantity
    more: Quantity
    doubling_share: Quantity
    more_share: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        plain = {
            name: getattr(self, name)
            for name in ("source", "words", "documents", "bytes", "running")
        }
        numbers = ("distinct", "doubling", "more", "doubling_share", "more_share")
        return (
            plain
            | {name: getattr(self, name).to_json() for name in numbers}
            | {"curve": [point.to_json() for point in self.curve]}
        )


def grams_of(
    store: TextStore, words: int, *, kept: int, on_progress: Progress, rows: Mask | None = None
) -> Grams:
    """Return the n-grams of all documents, thinned where there are too many to hold.

    Parameters
    ----------
    store
    words : >= 1
        Of an n-gram; a text with fewer has none.
    kept : >= 1
        Pairs of n-gram and document to hold at most, before the last block.
    on_progress
    rows
        Documents that take part.

    Notes
    -----
    Where there are more, those are kept whose mixed hash is below 2^64 / 2^k [1]_: an n-gram stays in all documents or
    in none. The number kept is binomial, so that of all different ones is known to 1 / sqrt(kept), relatively.

    References
    ----------
    .. [1] Flajolet, "On adaptive sampling", Computing 43 (1990), doi:10.1007/BF02241657.
    """
    parts: list[tuple[Hashes, Places]] = []
    running = np.zeros(len(store), dtype=np.int64)
    halvings = held = 0
    for row, texts in store.batches():
        gram, document = _pairs(texts, words, running[row : row + len(texts)])
        document += row
        if rows is not None:
            gram, document = gram[rows[document]], document[rows[document]]
        parts.append(_below(gram, document, halvings))
        held += len(parts[-1][0])
        while held > kept:
            halvings += 1
            parts = [_below(*part, halvings) for part in parts]
            held = sum(len(part[0]) for part in parts)
        on_progress(row + len(texts), (row + len(texts)) / len(store))
    if rows is not None:
        running[~rows] = 0
    gram = np.concatenate([np.zeros(0, dtype=np.uint64), *(one for one, _ in parts)])
    document = np.concatenate([np.zeros(0, dtype=np.int64), *(one for _, one in parts)])
    order = np.argsort(gram, kind="stable")
    return Grams(gram[order], document[order], running, 0.5**halvings)


def _pairs(texts: TextColumn, words: int, running: Places) -> tuple[Hashes, Places]:
    flat = word_hashes(texts)
    found = windows(flat, words)
    row = np.repeat(np.arange(len(found)), np.diff(found.offsets))
    # The window of a text that is too short is no n-gram.
    long = (np.diff(flat.offsets) >= words)[row]
    value, row = mixed(found.values[long]), row[long]
    running += np.bincount(row, minlength=len(texts))
    order = np.lexsort((value, row))
    value, row = value[order], row[order]
    new = np.ones(len(value), dtype=np.bool_)
    new[1:] = (value[1:] != value[:-1]) | (row[1:] != row[:-1])
    return value[new], row[new]


def _below(gram: Hashes, document: Places, halvings: int) -> tuple[Hashes, Places]:
    if not halvings:
        return gram, document
    low = gram >> np.uint64(64 - halvings) == 0
    return gram[low], document[low]


def growth_of(
    grams: Grams,
    store: TextStore,
    source: int | None,
    words: int,
    settings: GrowthSettings,
    rows: Mask | None = None,
) -> Growth:
    """Return how the n-grams of a source grow; of all sources together where it is None."""
    member = np.ones(len(store), dtype=np.bool_) if source is None else store.source == source
    if rows is not None:
        member &= rows
    number = np.cumsum(member) - 1
    mine = member[grams.document]
    gram, document = grams.gram[mine], number[grams.document[mine]]
    n_bytes = store.texts.lengths[member].astype(np.float64)
    new = np.ones(len(gram), dtype=np.bool_)
    new[1:] = gram[1:] != gram[:-1]
    starts = np.flatnonzero(new)
    incidence = _incidence(
        starts, document, n_bytes, int(grams.running[member].sum()), grams.thinned
    )
    level = settings.confidence_level
    total = float(n_bytes.sum())
    doubling: Quantity = Unknown("there is no text")
    more: Quantity = doubling
    if total:
        doubling = new_ngrams(incidence, more_bytes=total, confidence_level=level)
        more = new_ngrams(incidence, more_bytes=settings.more_bytes, confidence_level=level)
    each = incidence.running / total if total else 0.0
    return Growth(
        ALL if source is None else store.names[source],
        words,
        len(n_bytes),
        int(total),
        int(incidence.running),
        distinct(len(starts), grams.thinned, level, len(n_bytes)),
        _curve(starts, document, grams.running[member], incidence, settings),
        doubling,
        more,
        _over(doubling, each * total),
        _over(more, each * settings.more_bytes),
    )


def distinct(kept: int, thinned: float, confidence_level: float, n: int) -> Quantity:
    """Return how many different n-grams there are, of so many that a share of all hashes leaves.

    Notes
    -----
    Each stays with that chance, so those that went are negative binomial: the limits are of their number given the
    ones that stayed, exact by inversion of the binomial tails.
    """
    from scipy import stats

    if thinned == 1:
        return exact(float(kept), "n-grams", n=n, method="counted")
    miss = missing_chance(confidence_level)
    low = kept + float(stats.nbinom.ppf(miss / 2, max(kept, 1), thinned)) if kept else 0.0
    high = kept + float(stats.nbinom.ppf(1 - miss / 2, kept + 1, thinned)) + 1
    value = kept / thinned
    return Estimate(
        value,
        min(low, value),
        max(high, value),
        "n-grams",
        confidence_level,
        kept,
        f"{thinned:.3g} of all hashes kept (adaptive sampling), negative binomial limits",
        "proved",
    )


def _incidence(
    starts: Places, document: Places, n_bytes: NDArray[np.float64], running: int, thinned: float
) -> Incidence:
    counts = np.diff(starts, append=len(document))
    often = np.repeat(counts, counts)
    few = often <= CLASSES
    by = np.bincount(
        document[few] * CLASSES + often[few] - 1, minlength=len(n_bytes) * CLASSES
    ).reshape(len(n_bytes), CLASSES)
    return Incidence(by.astype(np.float64), n_bytes, float(len(starts)), float(running), thinned)


def _curve(
    starts: Places,
    document: Places,
    running: Places,
    incidence: Incidence,
    settings: GrowthSettings,
) -> tuple[GrowthPoint, ...]:
    n_bytes = incidence.n_bytes
    total = float(n_bytes.sum())
    if not len(starts) or not total:
        return ()
    rng = np.random.default_rng([settings.seed, 72])
    at = total * np.arange(1, POINTS + 1) / POINTS
    seen, gone = np.empty((2, settings.orders, POINTS))
    for row, through in zip(seen, gone, strict=True):
        order = rng.permutation(len(n_bytes))
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        first = np.minimum.reduceat(rank[document], starts)
        grown = np.concatenate([[0], np.cumsum(np.bincount(first, minlength=len(order)))])
        reached = np.concatenate([[0.0], np.cumsum(n_bytes[order])])
        row[:] = np.interp(at, reached, grown) / incidence.thinned
        through[:] = np.interp(at, reached, np.concatenate([[0], np.cumsum(running[order])]))
    mean = seen.mean(axis=0)
    more = np.diff(gone.mean(axis=0), prepend=0.0)
    # A thinned count may come out above what there is.
    share = np.minimum(1.0, np.diff(mean, prepend=0.0) / np.maximum(1.0, more))
    return tuple(
        GrowthPoint(*(float(one) for one in found))
        for found in zip(at, mean, seen.min(axis=0), seen.max(axis=0), share, strict=True)
    )


def _over(of: Quantity, running: float) -> Quantity:
    if isinstance(of, Unknown) or not running:
        return of
    return of.scaled(1 / running, "new per n-gram")
