"""A model of words after words, whose list of words is given: what is learned from a text is in which order they stand.

A small budget buys a model little but words: to the n-gram model of tokens a text with its words shuffled is worth as
much as one without (measured: docs/LOG.md), since both spell words that it has not met. A model that is worth training
knows the words anyway. So this proxy is told, before any training, all words of the corpus and how often they occur;
every training has the same list, and only what follows what is left to be learned. Text in no order then costs: it says
that anything follows anything.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np

from assay.curate.proxies.ngram_model import (
    Codes,
    Level,
    chances,
    counted,
    discounts,
    level_of,
)
from assay.curate.proxies.proxy import (
    FloatArray,
    HeldOutLoss,
    IntArray,
    ProxyRefuses,
    TokenColumn,
)
from assay.curate.proxies.tokenizer import Tokenizer, word_begins
from assay.errors import BadInput

ORDER = 3
CODE_BITS = 21
"""Three words fit into a machine word: a list of two million."""

MOST_WORDS = (1 << CODE_BITS) - 2
"""Two codes are taken: a word that is not in the list, and the begin of a document."""

_HASH = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xC2B2AE3D27D4EB4F)


@dataclass(frozen=True, slots=True, eq=False)
class WordList:
    """The words of a corpus, and how often each occurs there.

    Parameters
    ----------
    keys : (n,) uint64, rising
        A hash of each word's tokens.
    chance : (n + 1,)
        Of each word, and of one that is not in the list; their sum is 1.
    spelling : (vocabulary,)
        Bits of each token, which an unknown word is spelled with.
    tokenizer
        Of the tokens.
    """

    keys: Codes
    chance: FloatArray
    spelling: FloatArray
    tokenizer: Tokenizer

    @property
    def digest(self) -> str:
        """Two lists of one digest are the same."""
        found = hashlib.sha256(self.keys.tobytes())
        found.update(self.chance.tobytes())
        found.update(np.ascontiguousarray(self.tokenizer.merges).tobytes())
        return found.hexdigest()

    def codes(self, column: TokenColumn) -> Words:
        """Return the words of some texts by their place in the list; ``len(keys)`` is none of them."""
        words = _cut(column, self.tokenizer)
        place = np.minimum(np.searchsorted(self.keys, words.key), len(self.keys) - 1)
        known = self.keys[place] == words.key
        return Words(np.where(known, place, len(self.keys)), words.text, words.first)


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Words of some texts by number.

    Parameters
    ----------
    code, text, first : (words,)
        Place in the list, text, and first token of each.
    """

    code: IntArray
    text: IntArray
    first: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class _WordCut:
    key: Codes
    text: IntArray
    first: IntArray


def _cut(column: TokenColumn, tokenizer: Tokenizer) -> _WordCut:
    """Return the words of some texts as hashes of their tokens, with the text and the first token of each."""
    spelling = tokenizer.spelling()
    codes = column.codes.astype(np.int64)
    length = spelling.lengths[codes]
    ends = np.concatenate([[0], np.cumsum(length)])
    shift = np.repeat(spelling.offsets[:-1][codes] - ends[:-1], length)
    data = spelling.data[np.arange(ends[-1]) + shift]
    begins = word_begins(data, ends[column.offsets])
    # A token never reaches over the end of a word; a text that was cut may begin within one.
    first = np.searchsorted(ends, begins)
    first = first[np.diff(first, prepend=-1) > 0]
    word = np.zeros(len(codes), dtype=np.int64)
    word[first[1:]] = 1
    word = np.cumsum(word)
    place = (np.arange(len(codes)) - first[word] if len(codes) else word).astype(np.uint64)
    with np.errstate(over="ignore"):
        mixed = (codes.astype(np.uint64) + np.uint64(1)) * (_HASH + place * np.uint64(2) * _MIX)
        mixed ^= mixed >> np.uint64(29)
        key = np.add.reduceat(mixed * _MIX, first) if len(first) else mixed
        key ^= key >> np.uint64(31)
    text = np.searchsorted(column.offsets, first, side="right") - 1
    return _WordCut(key, text, first)


def word_list(corpus: TokenColumn, tokenizer: Tokenizer) -> WordList:
    """Return the words of a corpus with their chances.

    Parameters
    ----------
    corpus
        All training text, of every source; never the held-out one.
    tokenizer
        Of its tokens.

    Raises
    ------
    BadInput
        If there are no words, or more than two million different ones.

    Notes
    -----
    Counts less a discount (Chen and Goodman, 1999, doi:10.1006/csla.1999.0128, eq. 17 to 21); what the discounts leave
    is the chance of a word that is not in the list.
    """
    words = _cut(corpus, tokenizer)
    keys, count = np.unique(words.key, return_counts=True)
    if not 1 <= len(keys) <= MOST_WORDS:
        raise BadInput(f"a list of words holds 1 to {MOST_WORDS:,}, got {len(keys):,} words")
    taken = discounts(count)[np.minimum(count, 3)]
    chance = np.append(count - taken, taken.sum()) / count.sum()
    token = np.bincount(corpus.codes, minlength=corpus.vocabulary) + 1.0
    return WordList(keys, chance, -np.log2(token / token.sum()), tokenizer)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """Of a target: each word's text and which gram it ends, each gram's chance below, bits of spelling by text."""

    column: TokenColumn
    text: IntArray
    which: IntArray
    grams: Codes
    below: FloatArray
    spelled: FloatArray


@dataclass(slots=True, eq=False)
class WordProxy:
    """The model of words as a proxy.

    Parameters
    ----------
    words
        The list that every training is given.

    Notes
    -----
    Interpolated modified Kneser-Ney over the next word after the last two, and after the last one (Chen and Goodman,
    1999, doi:10.1006/csla.1999.0128); below them stands not what was trained on, but the list. A word that is not in
    the list costs the bits of an unknown one and those of its tokens, one by one: the same in every training.
    Nothing in it is random. Two words of one hash are one word, once in about 10^7 corpora of a million words.

    Examples
    --------
    >>> from assay.curate.proxies.tokenizer import train_tokenizer
    >>> from assay.curate.text_column import TextColumn
    >>> texts = TextColumn.from_texts(["the cat sat on the mat", "the dog sat on the mat"])
    >>> tokenizer = train_tokenizer(texts, vocabulary=260)
    >>> column = tokenizer.encode(texts)
    >>> proxy = WordProxy(word_list(column, tokenizer))
    >>> loss = proxy.held_out_bits(column, column, rng=np.random.default_rng(1))
    >>> loss.trained_tokens == column.n_tokens, bool(loss.bits_per_byte < 1)
    (True, True)
    """

    words: WordList
    values_repeats: bool = field(default=False, init=False)
    sees_word_order: bool = field(default=True, init=False)
    _asked: _Asked | None = field(default=None, init=False, repr=False)

    @property
    def name(self) -> str:
        """Kind and settings."""
        return f"{ORDER}-gram of words@1 (modified Kneser-Ney on a given list of {len(self.words.keys):,} words)"

    @property
    def identity(self) -> str:
        """What its answers follow from beside its name."""
        return self.words.digest

    def held_out_bits(
        self,
        train: TokenColumn,
        target: TokenColumn,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - part of what a proxy is; this one has no dice
        training_tokens: int | None = None,
    ) -> HeldOutLoss:
        """Count, and return the bits of each held-out document; see `assay.curate.proxies.proxy.Proxy`."""
        if not train.vocabulary == target.vocabulary == self.words.tokenizer.vocabulary:
            raise BadInput(
                f"training, held-out text and list of words are of one tokenizer, got {train.vocabulary}, "
                f"{target.vocabulary} and {self.words.tokenizer.vocabulary} codes"
            )
        wanted = train.n_tokens if training_tokens is None else training_tokens
        if wanted > train.n_tokens:
            raise ProxyRefuses(
                f"{wanted:,} tokens of training on {train.n_tokens:,} are repeats, which an n-gram model can't value: "
                "its counts only grow",
                next_command="train for fewer tokens, or value with the transformer (extra [train])",
            )
        asked = self._target(target)
        levels = _levels(_packed(self.words.codes(train.head(wanted)), len(self.words.keys)))
        cost = -np.log2(chances(asked.grams, levels, asked.below, bits=CODE_BITS, shortest=2))
        bits = np.bincount(asked.text, weights=cost[asked.which], minlength=len(target))
        return HeldOutLoss(bits.astype(np.float64) + asked.spelled, target.text_bytes, wanted)

    def _target(self, target: TokenColumn) -> _Asked:
        """Return what of the target is the same in every training."""
        if self._asked is None or self._asked.column is not target:
            words = self.words.codes(target)
            unknown = len(self.words.keys)
            # Each different gram is looked up once, in rising order: tables are gone through from one end to the other.
            grams, which = np.unique(_packed(words, unknown), return_inverse=True)
            last = (grams & np.uint64((1 << CODE_BITS) - 1)).astype(np.int64)
            each = self._spelled(target, words.first)
            spelled = np.bincount(
                words.text,
                weights=np.where(words.code == unknown, each, 0.0),
                minlength=len(target),
            )
            self._asked = _Asked(
                target,
                words.text,
                which,
                grams,
                self.words.chance[last],
                spelled.astype(np.float64),
            )
        return self._asked

    def _spelled(self, target: TokenColumn, first: IntArray) -> FloatArray:
        """Return for each word the bits of its tokens."""
        if not len(first):
            return np.zeros(0, dtype=np.float64)
        return np.add.reduceat(self.words.spelling[target.codes], first)


def _packed(words: Words, unknown: int) -> Codes:
    """Return for each word the last three up to it in one machine word; the oldest stands highest."""
    begin = np.uint64(unknown + 1)
    code = words.code.astype(np.uint64)
    grams = code.copy()
    for back in range(1, ORDER):
        older = np.full(len(code), begin, dtype=np.uint64)
        inside = back + np.flatnonzero(words.text[back:] == words.text[:-back])
        older[inside] = code[inside - back]
        grams |= older << np.uint64(CODE_BITS * back)
    return grams


def _levels(grams: Codes) -> list[Level]:
    """Return what was counted of two words and of three, the shorter first."""
    longest, count = counted(np.sort(grams))
    shorter, different = counted(np.sort(longest & np.uint64((1 << (2 * CODE_BITS)) - 1)))
    return [level_of(shorter, different, CODE_BITS), level_of(longest, count, CODE_BITS)]
