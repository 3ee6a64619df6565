"""Near-duplicates: candidates from band tables, verified exactly, and the connected components that they make."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.curate.components import smallest_connected
from assay.curate.exact_duplicates import first_with_same
from assay.curate.minhash import BlockSignature, MinHashSettings, block_signature, joined
from assay.curate.near_duplicates_buckets import Buckets, buckets_of
from assay.curate.near_duplicates_sets import LoadTexts, Rows, ShingleSets, jaccard, may_reach
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

Mask = NDArray[np.bool_]
OnProgress = Callable[[int, int], None]

_REMEMBERED = 2**18


@dataclass(frozen=True, slots=True)
class NearDuplicateSettings:
    """When two texts are near-duplicates.

    Parameters
    ----------
    threshold : in (0, 1]
        Exact Jaccard similarity of their sets of shingles from which on they are.
    minhash
        How candidates are found.
    most_compared : >= 1
        Texts of one bucket that each text of it is compared with at most; pairs beyond are counted, not compared.
    shingles_in_memory : >= 1
        Of the candidates that are compared at a time; 8 bytes each, and as much again while they are sorted.

    Raises
    ------
    BadInput
        If a number is out of range.
    """

    threshold: float = 0.75
    minhash: MinHashSettings = field(default_factory=MinHashSettings)
    most_compared: int = 256
    shingles_in_memory: int = 2**21

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise BadInput(f"the threshold of Jaccard is in (0, 1], got {self.threshold}")
        if self.most_compared < 1 or self.shingles_in_memory < 1:
            raise BadInput("most_compared and shingles_in_memory must be at least 1")

    @property
    def described(self) -> str:
        """The settings in a sentence, to print with a result."""
        sketch = self.minhash
        shingle = sketch.shingles
        return (
            f"Jaccard >= {self.threshold:g} of sets of {shingle.words}-word shingles "
            f"({shingle.normalisation.described}); candidates by MinHash, {sketch.bands} bands of "
            f"{sketch.rows}, which finds a pair at the threshold with chance "
            f"{sketch.candidate_chance(self.threshold):.2f}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Which texts are duplicates of which.

    Parameters
    ----------
    keeper : (texts,)
        Row of the first text of each one's cluster: its own where it is kept.
    same_as : (texts,)
        First row with the same words.
    similarity : (texts,)
        Exact Jaccard similarity of each to its keeper; 1 of a keeper to itself.
    pairs_compared, pairs_left : >= 0
        Pairs of candidates that were compared, and, at most, that were not since their bucket is too large. With none
        left, the clusters are the connected components of all candidates.
    unverified : (texts,) bool
        What candidates alone, not verified, would have removed and verification keeps.
    lonely : (texts,) bool
        Of those, the ones that have no candidate at the threshold at all, and no copy.
    settings
    """

    keeper: Rows
    same_as: Rows
    similarity: NDArray[np.float32]
    pairs_compared: int
    pairs_left: int
    unverified: Mask
    lonely: Mask
    settings: NearDuplicateSettings

    @property
    def kept(self) -> Mask:
        """Rows that are kept: the first of each cluster."""
        kept: Mask = self.keeper == np.arange(len(self.keeper))
        return kept

    @property
    def exact(self) -> Mask:
        """Rows that go since an earlier one has the same words."""
        exact: Mask = self.same_as != np.arange(len(self.keeper))
        return exact

    @property
    def near(self) -> Mask:
        """Rows that go since they are near-duplicates, and of no earlier text the same."""
        return ~self.kept & ~self.exact

    @property
    def far(self) -> Mask:
        """Rows that go though they are below the threshold to their keeper: a chain of others connects them."""
        return ~self.kept & (self.similarity < self.settings.threshold)

    @property
    def cluster(self) -> Rows:
        """Number of each text's cluster, from 0 in the order of the keepers; -1 for a text that is alone."""
        members = np.bincount(self.keeper, minlength=len(self.keeper))
        number = np.cumsum(members > 1) - 1
        found: Rows = np.where(members[self.keeper] > 1, number[self.keeper], -1)
        return found

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form: the counts."""
        return {
            "texts": len(self.keeper),
            "kept": int(self.kept.sum()),
            "exact_duplicates": int(self.exact.sum()),
            "near_duplicates": int(self.near.sum()),
            "clusters": int(self.cluster.max(initial=-1)) + 1,
            "far_from_keeper": int(self.far.sum()),
            "pairs_compared": self.pairs_compared,
            "pairs_left": self.pairs_left,
            "unverified_would_also_remove": int(self.unverified.sum()),
            "of_them_without_neighbour": int(self.lonely.sum()),
            "settings": self.settings.described,
        }


def find_clusters(
    blocks: Sequence[BlockSignature],
    load_texts: LoadTexts,
    settings: NearDuplicateSettings | None = None,
    *,
    left_out: Mask | None = None,
    on_progress: OnProgress = lambda _done, _total: None,
    scratch: Path | None = None,
) -> Clusters:
    """Return the clusters of duplicates over all blocks.

    Parameters
    ----------
    blocks
        `assay.curate.minhash.block_signature` of each block, with the same settings; texts are numbered through them.
    load_texts
        Returns the texts of some rows. It is called with rising rows, each row once at most.
    settings
    left_out : (texts,)
        Rows that take no part: each is its own keeper, and nobody's.
    on_progress
        Called with candidates loaded and all candidates.
    scratch
        Folder for a temporary file: 8 bytes for each shingle of each candidate.

    Returns
    -------
    Clusters
        They hang on the order of the texts and on nothing else: not on blocks or on any other chance.

    Raises
    ------
    BadInput
        If the signatures have other bands than the settings.

    Notes
    -----
    Texts with the same words are one from the start. Two texts are candidates if a band of their signatures is equal;
    they are connected if the Jaccard similarity of their sets of shingles, computed and not estimated, reaches the
    threshold. Clusters are the connected components of that graph: two texts of a cluster may be far apart, where
    others lead from one to the other (`Clusters.far` counts them).

    Fails by omission: a pair at the threshold becomes a candidate with the chance that the settings' `described`
    states, one at 0.9 nearly always. Memory is 8 bytes a text and a band, one band at a time, and some 100 MB.

    Examples
    --------
    >>> words = "a quick brown fox jumps over the lazy dog while nine other animals look on in silence"
    >>> texts = TextColumn.from_texts([words, "something else", words.upper(), words + " today"])
    >>> found = find_clusters([block_signature(texts)], texts.take)
    >>> found.keeper.tolist(), found.exact.tolist()
    ([0, 1, 0, 0], [False, False, True, False])
    """
    settings = settings or NearDuplicateSettings()
    for block in blocks:
        if block.bands.shape[1] != settings.minhash.bands:
            raise BadInput(
                f"the signatures have {block.bands.shape[1]} bands, the settings {settings.minhash.bands}"
            )
    count = sum(len(block) for block in blocks)
    every = np.arange(count)
    takes_part = np.ones(count, dtype=np.bool_) if left_out is None else ~left_out
    same_as = every.copy()
    rows = np.flatnonzero(takes_part)
    same_as[rows] = rows[first_with_same(joined(blocks)[rows])] if count else rows
    sizes = np.concatenate([every[:0], *(block.n_shingles for block in blocks)])
    first = np.flatnonzero(takes_part & (same_as == every) & (sizes > 0))
    tables = (joined(blocks, band)[first] for band in range(settings.minhash.bands))
    buckets = buckets_of(tables, len(first))
    candidates = buckets.members
    keeper, similarity = every.copy(), np.ones(count, dtype=np.float32)
    unverified, lonely = np.zeros((2, count), dtype=np.bool_)
    compared = left = 0
    with tempfile.TemporaryDirectory(prefix="assay-near-", dir=scratch) as folder:
        sets = ShingleSets(Path(folder) / "sets", first[candidates], sizes[first[candidates]])
        for done in sets.write(load_texts, settings.minhash.shingles):
            on_progress(done, len(candidates))
        for part in buckets.parts(sets.sizes, settings.shingles_in_memory):
            found = _verified(part, sets, settings)
            into = first[candidates[part.members]]
            keeper[into] = into[found.root]
            similarity[into] = found.similarity
            unverified[into[found.unverified]] = True
            lonely[into[found.lonely]] = True
            compared += found.compared
            left += found.left
    lonely &= np.bincount(same_as, minlength=count) == 1
    # A text with the same words as an earlier one goes where that one goes.
    return Clusters(
        keeper[same_as], same_as, similarity[same_as], compared, left, unverified, lonely, settings
    )


def near_duplicates(texts: TextColumn, settings: NearDuplicateSettings | None = None) -> Clusters:
    """Return the clusters of duplicates of texts that are all in memory."""
    settings = settings or NearDuplicateSettings()
    return find_clusters([block_signature(texts, settings.minhash)], texts.take, settings)


@dataclass(frozen=True, slots=True, eq=False)
class _Verified:
    root: Rows
    similarity: NDArray[np.float64]
    unverified: Mask
    lonely: Mask
    compared: int
    left: int


def _verified(part: Buckets, sets: ShingleSets, settings: NearDuplicateSettings) -> _Verified:
    """Return the components of the verified graph of a part of the candidates, in their own numbers."""
    held = sets.read(part.members, most=settings.shingles_in_memory)
    sample = held.sample(settings.shingles_in_memory)
    count = len(part.members)
    labels = np.arange(count)
    # A pair that has failed is not compared again in another band, as long as that takes little memory.
    failed = np.zeros(0, dtype=np.int64)
    compared, rest = 0, part.by_size(held.sizes)
    for step in range(1, settings.most_compared + 1):
        rest = rest.undecided(labels, step)
        left, right = rest.pairs(step, held.sizes, settings.threshold)
        keys = np.unique(np.minimum(left, right) * count + np.maximum(left, right))
        left, right = keys // count, keys % count
        new = (labels[left] != labels[right]) & ~np.isin(keys, failed, assume_unique=True)
        left, right = left[new], right[new]
        near = may_reach(sample, left, right, settings.threshold)
        near[near] = jaccard(held, left[near], right[near]) >= settings.threshold
        compared += len(left)
        labels = smallest_connected(labels, left[near], right[near])
        if len(failed) < _REMEMBERED:
            failed = np.concatenate([failed, keys[new][~near]])
        if not len(rest.bucket):
            break
    left_over = rest.undecided(labels, settings.most_compared + 1)
    every = np.arange(count)
    gone = np.flatnonzero(labels != every)
    similarity = np.ones(count)
    similarity[gone] = jaccard(held, gone, labels[gone])
    unverified = (part.component != every) & (labels == every)
    alone = np.bincount(labels, minlength=count)[labels] == 1
    return _Verified(
        labels,
        similarity,
        unverified,
        unverified & alone,
        compared,
        left_over.pairs_beyond(labels, settings.most_compared),
    )
