"""Words and sentences of a batch of texts, split in a named way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from assay.curate.character_classes import PUNCT, STOP, Flags
from assay.curate.characters import Characters, Mask, Places
from assay.curate.lines import Segments
from assay.curate.missing_part import import_part
from assay.curate.rolling_hash import Hashes, mixed
from assay.curate.text_column import TextColumn
from assay.curate.word_cuts import cuts_of_punctuation, cuts_of_space
from assay.errors import BadInput

WordSplit = Literal["whitespace", "words-and-punctuation", "spacy"]
"""How words are split.

``whitespace``: what stands between white space. ``words-and-punctuation``: that, and punctuation split off it, close to
what spaCy's blank English tokenizer does. ``spacy``: that tokenizer itself, as datatrove uses it; slow.
"""
_CLOSERS = np.array([ord(one) for one in "\"')]}”’»"])


@dataclass(frozen=True, eq=False)
class Words:
    """Words of a batch. Of each text they are all characters but white space, in their order.

    Parameters
    ----------
    hashes : (words,) uint64
        Of the word, whatever text it is in.
    lengths : (words,)
        Characters.
    flags : (words,) uint16
        What some character of the word is: see `assay.curate.character_classes`.
    starts : (words,)
        Place of its first character in the batch.
    offsets : (texts + 1,)
        Where the words of each text begin.
    """

    hashes: Hashes
    lengths: Places
    flags: Flags
    starts: Places
    offsets: Places

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def counts(self) -> Places:
        """Words of each text."""
        return np.diff(self.offsets)

    @cached_property
    def text_of(self) -> Places:
        """The text of each word."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.counts)

    def sums(self, of: Mask | Places) -> Places:
        """Return the sum over the words of each text."""
        running = np.zeros(len(of) + 1, dtype=np.int64)
        np.cumsum(of, out=running[1:])
        return np.diff(running[self.offsets])

    def take(self, rows: Places) -> Words:
        """Return the words of some texts."""
        counts = self.counts[rows]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        index = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], counts)
        parts = (self.hashes, self.lengths, self.flags, self.starts)
        hashes, lengths, flags, starts = (part[index] for part in parts)
        return Words(hashes, lengths, flags, starts, offsets)


def split_words(texts: TextColumn | Characters, how: WordSplit = "words-and-punctuation") -> Words:
    """Split texts into words.

    Parameters
    ----------
    texts
    how
        See `WordSplit`.

    Raises
    ------
    BadInput
        If there is no such way.
    MissingPart
        For ``spacy`` without spaCy.

    Examples
    --------
    >>> split_words(TextColumn.from_texts(["(Don't stop.)", ""])).counts.tolist()
    [6, 0]
    """
    if how not in get_args(WordSplit):
        raise BadInput(f"words are split by one of {', '.join(get_args(WordSplit))}, got {how!r}")
    chars = texts if isinstance(texts, Characters) else Characters.of(texts)
    if how == "spacy":
        starts = _spacy_starts(chars)
    else:
        cuts = cuts_of_space(chars) if how == "whitespace" else cuts_of_punctuation(chars)
        starts = np.flatnonzero(cuts)
    # Without white space the words lie side by side, so each ends where the next begins.
    first = chars.solid_before[starts].astype(np.int64)
    bounds = np.append(first, chars.solid_before[-1])
    solid_flags = chars.flags[chars.solid_places]
    flags = (
        np.bitwise_or.reduceat(solid_flags, first) if len(first) else np.zeros(0, dtype=np.uint16)
    )
    return Words(
        mixed(chars.solid_running.hashes(bounds[:-1], bounds[1:])),
        np.diff(bounds),
        flags,
        starts,
        np.searchsorted(starts, chars.starts),
    )


def word_texts(text: str, how: WordSplit = "words-and-punctuation") -> list[str]:
    """Return the words of one text, to see what the rules count.

    >>> word_texts("(Don't stop.)")
    ['(', 'Do', "n't", 'stop', '.', ')']
    """
    chars = Characters.of(TextColumn.from_texts([text]))
    words = split_words(chars, how)
    return chars.texts_at(words.starts, words.starts + words.lengths)


def sentence_counts(chars: Characters, words: Words, lines: Segments, how: WordSplit) -> Places:
    """Return how many sentences each line has.

    Parameters
    ----------
    chars, words
        Of the same texts, split by ``how``.
    lines
        Segments in rising order, with at least one word each.
    how
        With punctuation split off, a sentence begins at the first word and wherever a word that is no punctuation
        follows a sentence end, other punctuation between them or not: the rule of spaCy's sentencizer. With words split
        at white space, it begins after each word that ends with a sentence end, closing quotes and brackets aside.
    """
    first = np.searchsorted(words.starts, lines.starts)
    end = np.searchsorted(words.starts, lines.ends)
    stops, is_text = _sentence_stops(chars, words, how)
    ended = np.zeros(len(words) + 1, dtype=np.int64)
    np.cumsum(stops, out=ended[1:])
    # Of the words that are no punctuation: is there a sentence end since the one before, or since the line began?
    at = np.flatnonzero(is_text)
    line_of = np.searchsorted(first, at, side="right") - 1
    before = np.concatenate([[-1], at[:-1]])
    since = np.maximum(before, first[np.maximum(line_of, 0)]) if len(first) else before
    begins = (line_of >= 0) & (ended[at] > ended[np.maximum(since, 0)])
    marked = np.zeros(len(words) + 1, dtype=np.int64)
    marked[at + 1] = begins
    running = np.cumsum(marked)
    return 1 + running[end] - running[first]


def sentence_texts(text: str, how: WordSplit = "words-and-punctuation") -> list[str]:
    """Return one item for each sentence of a line of text: what `sentence_counts` counts.

    >>> len(sentence_texts('He said "no." Then he left.'))
    2
    """
    chars = Characters.of(TextColumn.from_texts([text]))
    words = split_words(chars, how)
    if not len(words):
        return []
    line = Segments(np.array([0]), np.array([len(chars)]), np.array([0, 1]))
    return [text] * int(sentence_counts(chars, words, line, how)[0])


def _sentence_stops(chars: Characters, words: Words, how: WordSplit) -> tuple[Mask, Mask]:
    last = words.starts + words.lengths - 1
    if how != "whitespace":
        stops = (words.lengths == 1) & ((words.flags & STOP) != 0)
        kinds = (chars.flags & PUNCT)[chars.solid_places]
        first = chars.solid_before[words.starts].astype(np.int64)
        is_text = (
            np.bitwise_and.reduceat(kinds, first) == 0
            if len(first)
            else np.zeros(0, dtype=np.bool_)
        )
        return stops, is_text
    for _ in range(2):
        closed = (last > words.starts) & np.isin(chars.codes[last], _CLOSERS)
        last = last - closed
    stops = (chars.flags[last] & STOP) != 0
    return stops, np.ones(len(words), dtype=np.bool_)


def _spacy_starts(chars: Characters) -> Places:
    """Return where spaCy's blank English tokenizer begins a word."""
    tokenizer = import_part("spacy", extra="", what='words="spacy"').blank("en").tokenizer
    starts: list[int] = []
    texts = chars.texts_at(chars.starts[:-1], chars.starts[1:])
    for begin, text in zip(chars.starts.tolist(), texts, strict=False):
        # spaCy reads this word as the name of an attribute and stops.
        found = tokenizer(text.replace("IS_ALPHA", "Is_alpha"))
        starts += [begin + token.idx for token in found if not token.is_space]
    return np.array(starts, dtype=np.int64)
