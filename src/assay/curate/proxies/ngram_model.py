"""An interpolated n-gram model in numpy, trained and asked in a fraction of a second: for trying many sources.

It is a screen, and knows what it must not be asked: text that is gone over again only makes its counts larger
(measured: four times the same quarter cost it 0.7 bits per byte more, a transformer nothing), and text whose
words stand in no order still teaches it words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.curate.proxies.proxy import (
    FloatArray,
    HeldOutLoss,
    IntArray,
    ProxyRefuses,
    TokenColumn,
)
from assay.errors import BadInput

Codes = NDArray[np.uint64]

ORDER = 4
WORD = 64

_CLASSES = 3
"""Grams seen once, twice, and three times or more are discounted each by their own amount."""

_PLAIN_DISCOUNTS = np.array([0.0, 0.5, 1.0, 1.5])
"""Where a corpus is too small to tell its own: half a count of what was seen once, a whole of twice."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """All grams of one order that were seen.

    Parameters
    ----------
    grams : (n,) uint64, rising
        The tokens of each, packed.
    kept : (n,)
        Its count less the discount, over its context's count.
    contexts : (m,) uint64, rising
        The tokens before the last, of each context once.
    backoff : (m,)
        What the discounts left of each context's chance: the share of the next lower order.
    """

    grams: Codes
    kept: FloatArray
    contexts: Codes
    backoff: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class NGramModel:
    """A trained model.

    Parameters
    ----------
    levels
        From one token up to `order`.
    vocabulary : >= 1
        Codes that can come next.
    """

    levels: tuple[Level, ...]
    vocabulary: int

    @property
    def order(self) -> int:
        """Tokens of the longest gram: the next, and those it is guessed from."""
        return len(self.levels)

    def chances(self, grams: Codes) -> FloatArray:
        """Return the chance of the last token of each packed gram after those before it.

        Parameters
        ----------
        grams
            As of `packed`, of this model's order.
        """
        uniform = np.full(len(grams), 1.0 / self.vocabulary)
        return chances(grams, self.levels, uniform, bits=_bits(self.vocabulary))


def chances(
    grams: Codes, levels: Sequence[Level], below: FloatArray, *, bits: int, shortest: int = 1
) -> FloatArray:
    """Return the chance of the last code of each packed gram after those before it.

    Parameters
    ----------
    grams : (n,)
        The last code stands lowest.
    levels
        Rising by one in length.
    below : (n,)
        Chance of each last code where no level says anything.
    bits : >= 1
        Of a code.
    shortest : >= 1
        Codes in a gram of the first level.
    """
    chance = below
    for count, level in enumerate(levels, start=shortest):
        if not len(level.grams):
            break
        short = grams & np.uint64((1 << (bits * count)) - 1)
        context = short >> np.uint64(bits)
        at = _found(level.contexts, context)
        backoff = np.where(at >= 0, level.backoff[at], 1.0)
        place = _found(level.grams, short)
        chance = np.where(place >= 0, level.kept[place], 0.0) + backoff * chance
    return chance


def _found(table: Codes, wanted: Codes) -> IntArray:
    """Return where each wanted code stands in a rising table; -1 where it doesn't."""
    place = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return np.where(table[place] == wanted, place, -1)


def _bits(vocabulary: int) -> int:
    return max(1, int(vocabulary).bit_length())


def packed(column: TokenColumn, order: int) -> Codes:
    """Return for each token the last `order` tokens up to it in one machine word; the oldest stands highest.

    Before a text's first token stands the mark of a document's begin, as often as it takes.

    Raises
    ------
    BadInput
        If so many tokens don't fit into 64 bits.
    """
    bits = _bits(column.vocabulary)
    if not 1 <= order <= WORD // bits:
        raise BadInput(
            f"of {column.vocabulary:,} codes 1 to {WORD // bits} fit into a machine word, got order {order}"
        )
    codes = column.codes.astype(np.uint64)
    depth = np.arange(len(codes)) - np.repeat(column.offsets[:-1], column.lengths)
    grams = codes.copy()
    for back in range(1, order):
        older = np.full(len(codes), column.vocabulary, dtype=np.uint64)
        inside = np.flatnonzero(depth >= back)
        older[inside] = codes[inside - back]
        grams |= older << np.uint64(bits * back)
    return grams


def train_model(train: TokenColumn, *, order: int = ORDER) -> NGramModel:
    """Return the model of some texts.

    Parameters
    ----------
    train
    order : >= 1
        As far as it fits into 64 bits.

    Notes
    -----
    Interpolated modified Kneser-Ney (Chen and Goodman, 1999, doi:10.1006/csla.1999.0128, eq. 17 to 21): the
    longest grams are counted, shorter ones by how many different tokens stood before them; three discounts an
    order from the counts of counts, plain ones where those are missing or out of range. Below one token stands
    the uniform distribution over the vocabulary, so that every text has a chance and chances sum to 1.
    """
    bits = _bits(train.vocabulary)
    grams, count = counted(np.sort(packed(train, order)))
    levels: list[Level] = []
    for length in range(order, 0, -1):
        levels.append(level_of(grams, count, bits))
        # Each different longer gram counts once for the shorter one that ends it.
        shorter = grams & np.uint64((1 << (bits * (length - 1))) - 1)
        grams, count = counted(np.sort(shorter))
    return NGramModel(tuple(reversed(levels)), train.vocabulary)


def counted(rising: Codes) -> tuple[Codes, IntArray]:
    """Return each different code of a rising array, and how often it stands there."""
    begin = _begins(rising)
    return rising[begin], np.diff(np.append(begin, len(rising)))


def _begins(rising: Codes) -> IntArray:
    if not len(rising):
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(np.concatenate([[True], rising[1:] != rising[:-1]]))


def level_of(grams: Codes, count: IntArray, bits: int) -> Level:
    """Return the level of rising packed grams of one length, with their counts."""
    context = grams >> np.uint64(bits)
    begin = _begins(context)
    if not len(begin):
        nothing = np.zeros(0, dtype=np.float64)
        return Level(grams, nothing, context, nothing)
    taken = discounts(count)[np.minimum(count, _CLASSES)]
    total = np.add.reduceat(count, begin).astype(np.float64)
    size = np.diff(np.append(begin, len(grams)))
    return Level(
        grams,
        (count - taken) / np.repeat(total, size),
        context[begin],
        np.add.reduceat(taken, begin) / total,
    )


def discounts(count: IntArray) -> FloatArray:
    """Return what is taken off a count of 0, 1, 2, and 3 or more."""
    n1, n2, n3, n4 = (float(np.count_nonzero(count == times)) for times in (1, 2, 3, 4))
    if min(n1, n2, n3, n4) == 0:
        return _PLAIN_DISCOUNTS
    share = n1 / (n1 + 2 * n2)
    own = np.array([0.0, 1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3])
    inside = (own[1:] > 0) & (own[1:] < np.arange(1, _CLASSES + 1))
    return np.concatenate([[0.0], np.where(inside, own[1:], _PLAIN_DISCOUNTS[1:])])


@dataclass(frozen=True, slots=True)
class NGramProxy:
    """The n-gram model as a proxy.

    Parameters
    ----------
    order : >= 1
        Tokens of the longest gram.

    Notes
    -----
    It has no steps and no order of training: going over fewer tokens means to count the first so many, and going over
    them again is refused. Nothing in it is random.

    Examples
    --------
    >>> from assay.curate.proxies.tokenizer import train_tokenizer
    >>> from assay.curate.text_column import TextColumn
    >>> texts = TextColumn.from_texts(["the cat sat on the mat", "the dog sat on the mat"])
    >>> column = train_tokenizer(texts, vocabulary=260).encode(texts)
    >>> loss = NGramProxy().held_out_bits(column, column, rng=np.random.default_rng(1))
    >>> loss.trained_tokens == column.n_tokens, bool(loss.bits_per_byte < 2)
    (True, True)
    """

    order: int = ORDER
    values_repeats: bool = False
    sees_word_order: bool = False

    @property
    def name(self) -> str:
        """Kind and settings."""
        return f"{self.order}-gram@1 (interpolated modified Kneser-Ney)"

    def held_out_bits(
        self,
        train: TokenColumn,
        target: TokenColumn,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - part of what a proxy is; this one has no dice
        training_tokens: int | None = None,
    ) -> HeldOutLoss:
        """Count, and return the bits of each held-out document; see `assay.curate.proxies.proxy.Proxy`."""
        if train.vocabulary != target.vocabulary:
            raise BadInput(
                f"training and held-out text are of one tokenizer, got {train.vocabulary} and {target.vocabulary} codes"
            )
        wanted = train.n_tokens if training_tokens is None else training_tokens
        if wanted > train.n_tokens:
            raise ProxyRefuses(
                f"{wanted:,} tokens of training on {train.n_tokens:,} are repeats, which an n-gram model can't value: "
                "its counts only grow",
                next_command="train for fewer tokens, or value with the transformer (extra [train])",
            )
        model = train_model(train.head(wanted), order=self.order)
        bits = held_out_bits(model, target)
        return HeldOutLoss(bits, target.text_bytes, wanted)


def held_out_bits(model: NGramModel, target: TokenColumn) -> FloatArray:
    """Return the bits of each text under a model."""
    grams = packed(target, model.order)
    different, which = np.unique(grams, return_inverse=True)
    # A gram's chance is looked up once, in rising order: the table is gone through from one end to the other.
    cost = -np.log2(model.chances(different))
    text = np.repeat(np.arange(len(target)), target.lengths)
    bits: FloatArray = np.bincount(text, weights=cost[which], minlength=len(target)).astype(
        np.float64
    )
    return bits
