"""Boilerplate: lines and paragraphs that stand in many documents of a corpus, told by their words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.curate.rolling_hash import Running, mixed
from assay.curate.shingle_normalisation import Normalisation, normalised_words
from assay.curate.shingles import word_hashes
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Hashes = NDArray[np.uint64]
_NEWLINE = 10


@dataclass(frozen=True, slots=True)
class BoilerplateRule:
    """From where on a repeated line or paragraph is boilerplate.

    Parameters
    ----------
    line_words, line_documents : >= 1
        A line of at least so many words that stands in at least so many documents.
    paragraph_words, paragraph_documents : >= 1
        The same of a paragraph: what stands between blank lines.

    Raises
    ------
    BadInput
        If a number is out of range.
    """

    line_words: int = 6
    line_documents: int = 10
    paragraph_words: int = 20
    paragraph_documents: int = 5

    def __post_init__(self) -> None:
        if min(self.line_words, self.paragraph_words) < 1:
            raise BadInput("line_words and paragraph_words must be at least 1")
        if min(self.line_documents, self.paragraph_documents) < 2:
            raise BadInput("line_documents and paragraph_documents must be at least 2")

    @property
    def described(self) -> str:
        """The rule in words."""
        return (
            f"lines of at least {self.line_words} words in at least {self.line_documents} documents, and paragraphs of "
            f"at least {self.paragraph_words} words in at least {self.paragraph_documents}; the first document keeps "
            "them; case, punctuation and spacing make no difference"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """Lines, or paragraphs, of some texts that have words enough.

    Parameters
    ----------
    hashes : (stretches,) uint64
        Of their words.
    text : (stretches,)
        Row of the text that each is of.
    first, last : (stretches,)
        First byte of each, and the one after its last, counted from the batch's first.
    words : (stretches,)
    """

    hashes: Hashes
    text: Places
    first: Places
    last: Places
    words: Places


def stretches(texts: TextColumn, rule: BoilerplateRule) -> tuple[Places, Stretches, Stretches]:
    r"""Return the words of each text, its lines and its paragraphs.

    Examples
    --------
    >>> text = TextColumn.from_texts(["one two\nthree\n\nfour five six"])
    >>> counts, lines, paragraphs = stretches(text, BoilerplateRule(line_words=2, paragraph_words=3))
    >>> counts.tolist(), lines.words.tolist(), paragraphs.words.tolist()
    ([6], [2, 3], [3, 3])
    """
    normal = Normalisation()
    begin = int(texts.offsets[0])
    offsets = texts.offsets - begin
    words = normalised_words(texts, normal)
    running = Running(mixed(word_hashes(texts, normal).values))
    breaks = np.flatnonzero(texts.data[begin : int(texts.offsets[-1])] == _NEWLINE) + 1
    edges = np.unique(np.concatenate([offsets, breaks]))
    first = np.searchsorted(words.starts, edges)
    counts = np.diff(first)
    lines = _stretches(running, edges, first, offsets, rule.line_words)
    # A blank line, and a text's begin, part paragraphs: an edge before and after it is kept.
    blank = np.flatnonzero(counts == 0)
    is_edge = np.isin(edges, offsets)
    is_edge[blank] = True
    is_edge[np.minimum(blank + 1, len(edges) - 1)] = True
    paragraphs = _stretches(running, edges[is_edge], first[is_edge], offsets, rule.paragraph_words)
    return np.diff(words.first), lines, paragraphs


def _stretches(
    running: Running, edges: Places, first: Places, offsets: Places, least: int
) -> Stretches:
    counts = np.diff(first)
    long = np.flatnonzero(counts >= least)
    return Stretches(
        mixed(running.hashes(first[long], first[long + 1])),
        np.searchsorted(offsets, edges[long], side="right") - 1,
        edges[long],
        edges[long + 1],
        counts[long],
    )


def common(hashes: Hashes, document: Places, least: int) -> tuple[Hashes, Places]:
    """Return the stretches in at least so many documents, rising, and the first document of each.

    Parameters
    ----------
    hashes, document : (stretches,)
        Of all documents; one may have a stretch several times.
    least : >= 2
    """
    order = np.lexsort((document, hashes))
    value, holder = hashes[order], document[order]
    new = np.ones(len(value), dtype=np.bool_)
    new[1:] = (value[1:] != value[:-1]) | (holder[1:] != holder[:-1])
    value, holder = value[new], holder[new]
    known, at, spread = np.unique(value, return_index=True, return_counts=True)
    often = spread >= least
    return known[often], holder[at[often]]


def is_boilerplate(found: Stretches, row: int, known: tuple[Hashes, Places]) -> Mask:
    """Return which stretches are in the list, but not in the document that keeps them.

    Parameters
    ----------
    found
    row
        Of the batch's first text in the corpus.
    known
        See `common`.
    """
    hashes, keeper = known
    if not len(hashes):
        return np.zeros(len(found.hashes), dtype=np.bool_)
    place = np.minimum(np.searchsorted(hashes, found.hashes), len(hashes) - 1)
    listed: Mask = (hashes[place] == found.hashes) & (keeper[place] != found.text + row)
    return listed


def without(texts: TextColumn, cuts: tuple[tuple[Stretches, Mask], ...]) -> TextColumn:
    """Return the texts without some stretches."""
    begin = int(texts.offsets[0])
    steps = np.zeros(texts.nbytes + 1, dtype=np.int32)
    for found, cut in cuts:
        np.add.at(steps, found.first[cut], 1)
        np.add.at(steps, found.last[cut], -1)
    stays = np.cumsum(steps[:-1]) == 0
    running = np.concatenate([[0], np.cumsum(stays)]).astype(np.int64)
    data = texts.data[begin : int(texts.offsets[-1])][stays]
    return TextColumn(np.asarray(data), running[texts.offsets - begin])
