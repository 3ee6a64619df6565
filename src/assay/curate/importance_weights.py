"""Importance weights of texts for a target: how much likelier their words are in the target than in the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from assay.curate.shingle_normalisation import Normalisation
from assay.curate.shingles import Flat, windows, word_hashes
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_PAIR = np.uint64(0x9E3779B97F4A7C15)
_BATCH_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class ImportanceSettings:
    """How a text becomes a bag.

    Parameters
    ----------
    buckets : >= 2
        Hashed words and pairs of words fall into so many: 10,000 in the paper.
    prior : in (0, 1)
        Share of the target's chances that is taken from the corpus, so that no weight is infinite: a bucket that the
        target never hits adds the log of it.
    normalisation
        What is made equal before words are hashed.

    Raises
    ------
    BadInput
        If a number is out of range.
    """

    buckets: int = 10_000
    prior: float = 0.1
    normalisation: Normalisation = field(default_factory=Normalisation)

    def __post_init__(self) -> None:
        if self.buckets < 2 or not 0 < self.prior < 1:
            raise BadInput(
                f"at least 2 buckets and a prior in (0, 1) are needed, got {self.buckets} and {self.prior}"
            )

    @property
    def described(self) -> str:
        """The settings in words."""
        return (
            f"words and pairs of words ({self.normalisation.described}) in {self.buckets:,} buckets"
        )


def log_importance(
    texts: TextColumn, target: TextColumn, settings: ImportanceSettings | None = None
) -> FloatArray:
    """Return the log importance weight of each text: log of its chance in the target over that in the corpus.

    Parameters
    ----------
    texts
        The corpus: all of it, since what is common in it is counted in it. For one that does not fit into memory, count
        batches with `bucket_counts` and weigh them with `ImportanceModel`.
    target
        Texts of the kind that is wanted.
    settings

    Raises
    ------
    BadInput
        If the target holds no word.

    Examples
    --------
    >>> corpus = TextColumn.from_texts(["the cat sat", "stocks fell again"])
    >>> weight = log_importance(corpus, TextColumn.from_texts(["a cat sat down", "the cat"]))
    >>> bool(weight[0] > 0 > weight[1])
    True
    """
    settings = settings or ImportanceSettings()
    wanted, raw = bucket_counts(target, settings), bucket_counts(texts, settings)
    return ImportanceModel.of(wanted, raw, settings).log_weights(texts)


def bucket_counts(texts: TextColumn, settings: ImportanceSettings) -> FloatArray:
    """Return how often each bucket is hit; counts of batches add up to those of the whole."""
    counts = np.zeros(settings.buckets)
    for bucket, _ in _bags(texts, settings):
        counts += np.bincount(bucket, minlength=settings.buckets)
    return counts


@dataclass(frozen=True, slots=True, eq=False)
class ImportanceModel:
    """What each bucket adds to a text's log importance weight.

    Parameters
    ----------
    log_ratio : (buckets,)
        Log of the bucket's chance in the target over that in the corpus.
    settings

    Notes
    -----
    DSIR [1]_: two bag models over hashed words and pairs of words, one of the target and one of the corpus; the weight
    is the sum of the log ratios over the text, not its mean, as published. A long text has a weight far from 0 and is
    taken or left almost surely. A bag knows no order but that of pairs: a text of shuffled words that are common in
    the target loses only its pairs. Unlike the published code, counts are smoothed by adding one.

    References
    ----------
    .. [1] Xie, Santurkar, Ma, Liang, "Data Selection for Language Models via Importance Resampling", 2023,
       arXiv:2302.03169, section 4.
    """

    log_ratio: FloatArray
    settings: ImportanceSettings

    @classmethod
    def of(cls, wanted: FloatArray, raw: FloatArray, settings: ImportanceSettings) -> Self:
        """Return the model of two counts, see `bucket_counts`.

        Raises
        ------
        BadInput
            If the target holds no word.
        """
        if not wanted.any():
            raise BadInput("the target holds no word")
        # One more in each bucket: a text may be weighed that was not counted.
        in_corpus = (raw + 1) / (raw.sum() + len(raw))
        in_target = wanted / wanted.sum()
        mixed = (1 - settings.prior) * in_target + settings.prior * in_corpus
        return cls(np.log(mixed) - np.log(in_corpus), settings)

    def log_weights(self, texts: TextColumn) -> FloatArray:
        """Return the log importance weight of each text."""
        weight = np.zeros(len(texts))
        for bucket, row in _bags(texts, self.settings):
            weight += np.bincount(row, weights=self.log_ratio[bucket], minlength=len(texts))
        return weight


def gumbel_keys(log_weights: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return keys the greatest of which are a sample without replacement, each drawn in proportion to its weight.

    Notes
    -----
    The Gumbel top-k trick (Vieira, 2014; Kool, van Hoof and Welling, 2019, arXiv:1903.06059).
    """
    keys: FloatArray = log_weights + rng.gumbel(size=len(log_weights))
    return keys


def _bags(texts: TextColumn, settings: ImportanceSettings) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield the buckets of words and pairs and the row of the text of each; a few megabytes of text at a time."""
    number = np.cumsum(texts.lengths) // _BATCH_BYTES
    for rows in np.split(np.arange(len(texts)), np.flatnonzero(np.diff(number)) + 1):
        words = word_hashes(texts.take(rows), settings.normalisation)
        pairs = windows(words, 2)
        # A text of one word has one window, the word itself: it is no pair.
        real = np.repeat(np.diff(words.offsets) >= 2, np.diff(pairs.offsets))
        hashes = np.concatenate([words.values, pairs.values[real] * _PAIR])
        owner = np.concatenate([_rows(words), _rows(pairs)[real]])
        bucket = ((hashes >> np.uint64(32)) % np.uint64(settings.buckets)).astype(np.int64)
        yield bucket, rows[owner]


def _rows(flat: Flat) -> IntArray:
    return np.repeat(np.arange(len(flat)), np.diff(flat.offsets))
