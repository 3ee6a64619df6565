"""Byte pairs: a tokenizer that is trained in a second, in numpy, and writes every text in UTF-8.

Texts are cut into words first (letters, digits, blanks or signs, with the blank before them), and pairs are
merged within words only. A batch's different words are encoded once, all at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assay.curate.proxies.proxy import IntArray, TokenArray, TokenColumn, joined
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

BYTES = 256
VOCABULARY = 2_047
"""With the mark of a document's begin 2,048: four tokens fit into 44 bits."""

WORD_BYTES = 16
"""Longer words are cut there: two machine words hold one."""

TRAINING_WORDS = 12_000
TRAINING_BYTES = 4_000_000
BLOCK_BYTES = 4_000_000
FEWEST = 2
"""A pair that occurs once is not merged."""

GROWTH = 0.1
"""Share of the merges so far that is added at a time: one by one at first, some dozens towards the end."""

_LETTER, _DIGIT, _BLANK, _BREAK, _SIGN = range(5)
_NEVER = np.iinfo(np.int16).max

Symbols = NDArray[np.int16]


def _classes() -> NDArray[np.uint8]:
    kinds = np.full(BYTES, _SIGN, dtype=np.uint8)
    kinds[128:] = _LETTER
    for first, last in ((65, 90), (97, 122)):
        kinds[first : last + 1] = _LETTER
    kinds[48:58] = _DIGIT
    kinds[[9, 10, 11, 12, 13]] = _BREAK
    kinds[32] = _BLANK
    return kinds


class Words(NamedTuple):
    """The words of some texts.

    Parameters
    ----------
    unique : (words, WORD_BYTES) uint8
        Each different word once, filled up with zeros.
    length : (words,)
        Bytes of each.
    which : (n,)
        For each word of the texts, in order, which of the different ones it is.
    first : (texts + 1,)
        Where each text's words begin in `which`.
    """

    unique: NDArray[np.uint8]
    length: IntArray
    which: IntArray
    first: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Tokenizer:
    """Byte pairs, in the order in which they are merged.

    Parameters
    ----------
    merges : (merges, 2) int16
        The two symbols of each pair; merge i makes the symbol ``256 + i``.
    ranks : (vocabulary + 1, vocabulary + 1) int16
        The same as a table: the merge of a pair, or the greatest number there is.

    Examples
    --------
    >>> tokenizer = train_tokenizer(TextColumn.from_texts(["low lower lowest low low"]), vocabulary=260)
    >>> column = tokenizer.encode(TextColumn.from_texts(["low", "slow"]))
    >>> tokenizer.decode(column)
    ['low', 'slow']
    """

    merges: Symbols
    ranks: Symbols

    @property
    def vocabulary(self) -> int:
        """Different codes."""
        return BYTES + len(self.merges)

    @property
    def name(self) -> str:
        """Kind and size, as they stand beside numbers."""
        return f"byte pairs, {self.vocabulary:,} codes"

    def encode(self, texts: TextColumn) -> TokenColumn:
        """Return the texts as tokens; about as fast in blocks of some megabytes as at once, and smaller."""
        parts, begin = [], 0
        while begin < len(texts):
            room = texts.offsets[begin] + BLOCK_BYTES
            end = max(begin + 1, int(np.searchsorted(texts.offsets, room, side="right")) - 1)
            parts.append(self._encode_block(TextColumn(texts.data, texts.offsets[begin : end + 1])))
            begin = end
        if not parts:
            nothing = np.zeros(0, dtype=np.int64)
            return TokenColumn(
                np.zeros(0, np.uint16), np.zeros(1, np.int64), nothing, self.vocabulary
            )
        return joined(parts)

    def _encode_block(self, texts: TextColumn) -> TokenColumn:
        words = words_of(texts)
        symbols = _merged(_symbols(words, self.vocabulary), self.ranks)
        codes, count = _flat(symbols, words.which, self.vocabulary)
        ends = np.concatenate([[0], np.cumsum(count)])
        return TokenColumn(codes, ends[words.first], texts.lengths.copy(), self.vocabulary)

    def spelling(self) -> TextColumn:
        """Return the bytes of each code."""
        spelled = [bytes([code]) for code in range(BYTES)]
        for left, right in self.merges.tolist():
            spelled.append(spelled[left] + spelled[right])
        return TextColumn.from_bytes(spelled)

    def decode(self, column: TokenColumn) -> list[str]:
        """Return the texts of a column; bytes that are no UTF-8 stand as replacement characters."""
        column_of_codes = self.spelling()
        spelled = [column_of_codes.bytes_of(code) for code in range(self.vocabulary)]
        return [
            b"".join(spelled[code] for code in column.codes[a:b].tolist()).decode(
                "utf-8", "replace"
            )
            for a, b in zip(column.offsets[:-1], column.offsets[1:], strict=True)
        ]


def train_tokenizer(texts: TextColumn, *, vocabulary: int = VOCABULARY) -> Tokenizer:
    """Return the tokenizer of some texts; the same texts give the same one.

    Parameters
    ----------
    texts
        Training texts only: a tokenizer that has seen the held-out ones flatters. Of more than 4 MB the first are read.
    vocabulary : in [256, 32766]
        Most codes; fewer where the texts don't hold so many pairs twice.

    Raises
    ------
    BadInput
        If the vocabulary is out of range.

    Notes
    -----
    Byte-pair encoding (Sennrich et al., 2016, arXiv:1508.07909) over the bytes of the 12,000 most frequent
    words. Several pairs are taken at a time, a tenth of the merges so far, so that it takes a second: late
    merges then stand in a slightly other order than one by one.
    """
    if not BYTES <= vocabulary < _NEVER:
        raise BadInput(f"a vocabulary must hold {BYTES} to {_NEVER - 1} codes, got {vocabulary}")
    room = int(np.searchsorted(texts.offsets, texts.offsets[0] + TRAINING_BYTES, side="right"))
    words = words_of(TextColumn(texts.data, texts.offsets[: max(room, min(2, len(texts.offsets)))]))
    count = np.bincount(words.which, minlength=len(words.unique))
    # Ties by the word itself, whose order in `unique` follows from a hash of its bytes only.
    often = np.argsort(-count, kind="stable")[:TRAINING_WORDS]
    symbols = _symbols(words, vocabulary)[often]
    weight = count[often]
    merges: list[tuple[int, int]] = []
    ranks = np.full((vocabulary + 1, vocabulary + 1), _NEVER, dtype=np.int16)
    while len(merges) < vocabulary - BYTES:
        wanted = min(max(1, int(GROWTH * len(merges))), vocabulary - BYTES - len(merges))
        found = _frequent_pairs(symbols, weight, vocabulary)[:wanted]
        if not found:
            break
        for pair in found:
            ranks[pair] = len(merges)
            merges.append(pair)
        symbols = _merged(symbols, ranks)
    size = BYTES + len(merges)
    pairs = np.array(merges, dtype=np.int16).reshape(-1, 2)
    fitted = np.full((size + 1, size + 1), _NEVER, dtype=np.int16)
    fitted[pairs[:, 0], pairs[:, 1]] = np.arange(len(pairs))
    return Tokenizer(pairs, fitted)


def _frequent_pairs(symbols: Symbols, weight: IntArray, pad: int) -> list[tuple[int, int]]:
    """Return pairs that occur more than once, most frequent first, equals by their symbols."""
    left, right = symbols[:, :-1].astype(np.int64), symbols[:, 1:].astype(np.int64)
    inside = right != pad
    pair = (left * (pad + 1) + right)[inside]
    if not pair.size:
        return []
    each = np.broadcast_to(weight[:, None], inside.shape)[inside]
    order = np.argsort(pair, kind="stable")
    pair = pair[order]
    begin = np.flatnonzero(np.concatenate([[True], pair[1:] != pair[:-1]]))
    total = np.add.reduceat(each[order], begin)
    best = np.argsort(-total, kind="stable")
    best = best[total[best] >= FEWEST]
    return [divmod(int(code), pad + 1) for code in pair[begin][best]]


def words_of(texts: TextColumn) -> Words:
    """Return the words of some texts: runs of one kind of byte, with the one blank before them, cut at 16 bytes."""
    start, stop = int(texts.offsets[0]), int(texts.offsets[-1])
    data = texts.data[start:stop]
    place = np.append(word_begins(data, texts.offsets - start), len(data))
    long = np.flatnonzero(np.diff(place) > WORD_BYTES)
    if long.size:
        cuts = [
            np.arange(a, b, WORD_BYTES) for a, b in zip(place[long], place[long + 1], strict=True)
        ]
        place = np.unique(np.concatenate([place, *cuts]))
    first = np.searchsorted(place, texts.offsets - start)
    length = np.diff(place)
    column = np.arange(WORD_BYTES)
    padded = np.concatenate([data, np.zeros(WORD_BYTES, dtype=np.uint8)])
    table = padded[place[:-1, None] + column]
    table[column >= length[:, None]] = 0
    chosen, which = _unique(table, length)
    return Words(table[chosen], length[chosen], which, first)


def word_begins(data: NDArray[np.uint8], offsets: IntArray) -> IntArray:
    """Return the bytes at which words begin: runs of one kind of byte, with the one blank before them.

    Parameters
    ----------
    data : (n,)
        Texts, one after the other.
    offsets : (texts + 1,)
        Where each begins: there a word begins, too.
    """
    kinds = _classes()[data]
    begins = np.zeros(len(data) + 1, dtype=np.bool_)
    begins[offsets] = True
    edges = begins.copy()
    begins[1:-1] |= kinds[1:] != kinds[:-1]
    # The blank before a word is the word's own, unless a text begins between the two.
    after = np.flatnonzero(
        begins[1:-1] & ~edges[1:-1] & (kinds[:-1] == _BLANK) & (kinds[1:] != _BREAK)
    )
    begins[after + 1] = False
    begins[after] = True
    return np.flatnonzero(begins[:-1])


def _unique(table: NDArray[np.uint8], length: IntArray) -> tuple[IntArray, IntArray]:
    """Return which rows are the different ones, and for each row which of those it is."""
    halves = np.ascontiguousarray(table).view(np.uint64)
    mixed = halves[:, 0] * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= (mixed >> np.uint64(29)) ^ (halves[:, 1] * np.uint64(0xC2B2AE3D27D4EB4F))
    mixed += length.astype(np.uint64) * np.uint64(0xD6E8FEB86659FD93)
    _, chosen, which = np.unique(mixed, return_index=True, return_inverse=True)
    same = (halves == halves[chosen][which]).all(axis=1) & (length == length[chosen][which])
    if not same.all():  # two words of one hash, once in about 10^8 blocks
        whole = np.column_stack([halves, length.astype(np.uint64)])
        _, chosen, which = np.unique(whole, axis=0, return_index=True, return_inverse=True)
    return chosen.astype(np.int64), which.reshape(-1).astype(np.int64)


def _symbols(words: Words, pad: int) -> Symbols:
    symbols = words.unique.astype(np.int16)
    symbols[np.arange(WORD_BYTES) >= words.length[:, None]] = pad
    return symbols


def _merged(symbols: Symbols, ranks: Symbols) -> Symbols:
    """Return each row with all its pairs merged, that of the lowest rank first, and of equals the leftmost."""
    done = symbols.copy()
    rows, current = np.arange(len(done)), done
    column = np.arange(WORD_BYTES)
    while len(rows):
        rank = ranks[current[:, :-1], current[:, 1:]]
        at = rank.argmin(axis=1)
        lowest = rank[np.arange(len(rank)), at]
        open_ = lowest < _NEVER
        rows, current, at, lowest = rows[open_], current[open_], at[open_], lowest[open_]
        if not len(rows):
            break
        current[np.arange(len(rows)), at] = lowest + BYTES
        source = np.minimum(column + (column > at[:, None]), WORD_BYTES - 1)
        last = len(ranks) - 1
        current = np.take_along_axis(current, source, axis=1)
        current[:, -1] = last
        done[rows] = current
    return done


def _flat(symbols: Symbols, which: IntArray, pad: int) -> tuple[TokenArray, IntArray]:
    """Return the codes of all words in order, and how many each has."""
    inside = symbols != pad
    count = inside.sum(axis=1)
    flat = symbols[inside].astype(np.uint16)
    begin = np.concatenate([[0], np.cumsum(count)])
    each = count[which]
    offsets = np.concatenate([[0], np.cumsum(each)])
    shift = np.repeat(begin[:-1][which] - offsets[:-1], each)
    return flat[np.arange(offsets[-1]) + shift], each
