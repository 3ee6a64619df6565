"""A corpus made ready to be valued: leaks and repeats taken out, as tokens, in pieces that a seed can draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from assay.curate.held_out import HeldOutWindows, OverlapRule, clusters_of, seen_before
from assay.curate.proxies.proxy import IntArray, TokenColumn
from assay.curate.proxies.tokenizer import Tokenizer, train_tokenizer
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from assay.estimate.paired_bootstrap import HeldOut

PIECE_TOKENS = 1_024
"""Longer documents are drawn in pieces: else a few books would be a whole sample."""

TARGET_BYTES = 4_096
"""Of a held-out document that many bytes count, so that none of them decides alone."""

REPEATED = 0.2
"""A document less of whose windows is new is a repeat."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """What a source holds, in tokens.

    Parameters
    ----------
    name
    documents : >= 0
    raw_tokens : >= 0
        All of it.
    leaked_tokens : >= 0
        Of documents that overlap with the held-out ones: left out.
    repeated_tokens : >= 0
        Of documents that say nothing new: left out where the proxy can't value repeats.
    tokens : >= 0
        What is left to train on.
    repeats
        Other sources, each with the tokens of documents of this one that repeat them: most first.
    """

    name: str
    documents: int
    raw_tokens: int
    leaked_tokens: int
    repeated_tokens: int
    tokens: int
    repeats: tuple[tuple[str, int], ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the columns."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "repeats": dict(self.repeats)
        }


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Pieces of training text.

    Parameters
    ----------
    pieces
        At most 1,024 tokens each, none over two documents.
    source : (pieces,) int64
        Which of `names` each is of.
    document : (pieces,) int64
        Row of the document each is of, in the order in which they were read.
    names
        The sources.
    texts
        What each source holds.
    leaked
        The pieces that were left out since they overlap with the target: what a naive split would train on.
    """

    pieces: TokenColumn
    source: IntArray
    document: IntArray
    names: tuple[str, ...]
    texts: tuple[SourceText, ...]
    leaked: TokenColumn

    def tokens_of(self, rows: IntArray) -> int:
        """Tokens of some pieces."""
        return int(self.pieces.lengths[rows].sum())

    def labeled(self, source: IntArray, names: Sequence[str]) -> Pool:
        """Return the same pieces under other names, one a piece; what a name holds is counted anew."""
        texts = []
        for code, name in enumerate(names):
            rows = np.flatnonzero(source == code)
            tokens = self.tokens_of(rows)
            documents = len(np.unique(self.document[rows]))
            texts.append(SourceText(name, documents, tokens, 0, 0, tokens))
        return replace(self, source=source, names=tuple(names), texts=tuple(texts))


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The held-out text.

    Parameters
    ----------
    column
        Documents as tokens, each cut to 4,096 bytes.
    held_out
        Their bytes and clusters.
    """

    column: TokenColumn
    held_out: HeldOut


@dataclass(frozen=True, slots=True, eq=False)
class ReadyCorpus:
    """Training text and target, of one tokenizer.

    Parameters
    ----------
    pool, target, tokenizer
    rule
        How overlap and repeats were told, in words.
    """

    pool: Pool
    target: Target
    tokenizer: Tokenizer
    rule: str


def ready_corpus(
    texts: TextColumn,
    source: Sequence[str],
    target: TextColumn,
    *,
    keep_repeats: bool = False,
    rule: OverlapRule | None = None,
) -> ReadyCorpus:
    """Return a corpus and a target as a proxy takes them.

    Parameters
    ----------
    texts, source
        Training documents, and the name of what each came from.
    target
        Held-out documents.
    keep_repeats
        Whether the proxy can value text that says nothing new; else it is left out, and counted.
    rule
        When documents overlap.

    Raises
    ------
    BadInput
        If the target is empty, or nothing is left to train on.
    """
    rule = rule or OverlapRule()
    if not target.nbytes:
        raise BadInput("the held-out target holds no text")
    leaked = HeldOutWindows(target, rule).overlaps(texts)
    repeats = np.full(len(texts), -1, dtype=np.int64)
    clean = np.flatnonzero(~leaked)
    repeated = np.zeros(len(texts), dtype=np.bool_)
    new, stood = seen_before(texts.take(clean), REPEATED, rule)
    repeats[clean] = np.where(stood >= 0, clean[stood], -1)
    if not keep_repeats:
        repeated[clean] = new < REPEATED
    kept = np.flatnonzero(~leaked & ~repeated)
    if not texts.lengths[kept].sum():
        raise BadInput(
            "nothing is left to train on: every document overlaps with the target or repeats another"
        )
    tokenizer = train_tokenizer(_sample(texts, kept))
    column = tokenizer.encode(texts)
    names = tuple(sorted(set(source)))
    code = np.searchsorted(np.array(names), np.array(source))
    between = _repeats_between(code, repeats, column.lengths, len(names))
    counted = tuple(
        replace(
            _counted(name, column.lengths, code == number, leaked, repeated),
            repeats=tuple(
                (names[other], int(between[number, other]))
                for other in np.argsort(-between[number], kind="stable").tolist()
                if other != number and between[number, other]
            ),
        )
        for number, name in enumerate(names)
    )
    pieces, document = in_pieces(column, kept)
    outside, _ = in_pieces(column, np.flatnonzero(leaked))
    pool = Pool(pieces, code[document], document, names, counted, outside)
    return ReadyCorpus(pool, ready_target(target, tokenizer, rule), tokenizer, rule.described)


def ready_target(target: TextColumn, tokenizer: Tokenizer, rule: OverlapRule) -> Target:
    """Return held-out documents as tokens, cut to 4,096 bytes, with their clusters; empty ones are left out."""
    cut = _cut(target.take(np.flatnonzero(target.lengths > 0)), TARGET_BYTES)
    held_out = HeldOut(cut.lengths, clusters_of(cut, rule))
    return Target(tokenizer.encode(cut), held_out)


def in_pieces(column: TokenColumn, rows: IntArray) -> tuple[TokenColumn, IntArray]:
    """Return some documents in pieces of at most 1,024 tokens, and whose each piece is."""
    chosen = column.take(rows)
    count = -(-chosen.lengths // PIECE_TOKENS)
    owner = np.repeat(np.arange(len(chosen)), count)
    starts = np.cumsum(np.concatenate([[0], count]))[:-1]
    inside = np.arange(len(owner)) - np.repeat(starts, count)
    begin = chosen.offsets[:-1][owner] + inside * PIECE_TOKENS
    offsets = np.append(begin, chosen.n_tokens).astype(np.int64)
    share = np.diff(offsets) / np.maximum(chosen.lengths[owner], 1)
    n_bytes = np.round(chosen.text_bytes[owner] * share).astype(np.int64)
    return TokenColumn(chosen.codes, offsets, n_bytes, chosen.vocabulary), rows[owner]


def _repeats_between(code: IntArray, repeats: IntArray, lengths: IntArray, number: int) -> IntArray:
    """Return a square table: tokens of documents of the one source that repeat a document of the other."""
    rows = np.flatnonzero(repeats >= 0)
    table = np.zeros((number, number), dtype=np.int64)
    np.add.at(table, (code[rows], code[repeats[rows]]), lengths[rows])
    return table


def _counted(
    name: str,
    lengths: IntArray,
    mine: npt.NDArray[np.bool_],
    leaked: npt.NDArray[np.bool_],
    repeated: npt.NDArray[np.bool_],
) -> SourceText:
    return SourceText(
        name,
        int(mine.sum()),
        int(lengths[mine].sum()),
        int(lengths[mine & leaked].sum()),
        int(lengths[mine & repeated].sum()),
        int(lengths[mine & ~leaked & ~repeated].sum()),
    )


def _sample(texts: TextColumn, rows: IntArray) -> TextColumn:
    """Return texts from all over the corpus: a tokenizer reads the first megabytes only."""
    from assay.curate.proxies.tokenizer import TRAINING_BYTES

    step = max(1, int(texts.lengths[rows].sum() // TRAINING_BYTES))
    return texts.take(rows[::step])


def _cut(texts: TextColumn, most: int) -> TextColumn:
    """Return each text's first bytes, at most so many, and no character in two."""
    parts = []
    for row in range(len(texts)):
        part = texts.bytes_of(row)
        end = min(most, len(part))
        # A byte 10xxxxxx goes on with the character before it.
        while 0 < end < len(part) and part[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(part[:end])
    return TextColumn.from_bytes(parts)


def without_order(
    column: TokenColumn, tokenizer: Tokenizer, rng: np.random.Generator
) -> TokenColumn:
    """Return the same tokens, the words of each text (what stands between blanks) in another order.

    What a text begins with stays there: no blank stands before it, and elsewhere it would make one word of two.
    """
    spelling = tokenizer.spelling()
    first = spelling.data[spelling.offsets[:-1]]
    opens = np.isin(first[column.codes], [9, 10, 13, 32])
    begins = column.offsets[:-1][column.lengths > 0]
    word = np.cumsum(opens)
    place = rng.random(int(word[-1]) + 1 if len(word) else 0)
    text = np.repeat(np.arange(len(column)), column.lengths)
    where = place[word]
    # Up to a text's own first blank its tokens are counted to the last word of the text before it.
    lead = word == np.repeat(word[begins] - opens[begins], column.lengths[column.lengths > 0])
    where[lead] = -1.0
    order = np.lexsort((np.arange(len(word)), where, text))
    return replace(column, codes=column.codes[order])
