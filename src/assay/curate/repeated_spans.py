"""Long stretches of words that a text repeats are cut, but for the first time they stand there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.curate.characters import Characters, Places
from assay.curate.documents import Documents
from assay.curate.ngram_repeats import NGrams
from assay.curate.step import KEPT, StepResult
from assay.curate.text_column import TextColumn
from assay.curate.word_cuts import places_within
from assay.curate.words import WordSplit, split_words
from assay.errors import BadInput


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Texts without their repeated spans.

    Parameters
    ----------
    texts
    words_removed, spans : (texts,)
        Words that were cut from each text, and in how many spans.
    """

    texts: TextColumn
    words_removed: Places
    spans: Places


def cut_repeated_spans(
    texts: TextColumn, *, least_words: int = 50, words: WordSplit = "whitespace"
) -> Cut:
    """Cut what a text says again.

    Parameters
    ----------
    texts
    least_words : >= 2
        A sequence of so many words that stands in the text earlier is cut, longer ones whole.
    words
        How words are split.

    Raises
    ------
    BadInput
        If ``least_words`` is out of range.

    Notes
    -----
    White space is no part of the comparison, and what follows a cut word up to the next one is cut with it. A word that
    is repeated and repeated ("ha ha ha ...") is left ``least_words`` times, and a little more where the copies overlap.
    The idea and the length of 50 are those of [1]_, within one text instead of a corpus.

    References
    ----------
    .. [1] Lee et al., "Deduplicating Training Data Makes Language Models Better", ACL 2022, section 4.1,
       arXiv 2107.06499.

    Examples
    --------
    >>> cut = cut_repeated_spans(TextColumn.from_texts(["a b c then a b c again"]), least_words=2)
    >>> cut.texts.texts(), cut.words_removed.tolist()
    (['a b c then again'], [3])
    """
    if least_words < 2:
        raise BadInput(f"least_words must be at least 2, got {least_words}")
    chars = Characters.of(texts)
    split = split_words(chars, words)
    later = NGrams(split).groups(least_words).later
    if not len(later):
        none = np.zeros(len(texts), dtype=np.int64)
        return Cut(texts, none, none)
    steps = np.zeros(len(split) + 1, dtype=np.int64)
    steps[later] += 1
    steps[later + least_words] -= 1
    is_cut = np.cumsum(steps[:-1]) > 0
    begins = is_cut.copy()
    begins[1:] &= ~is_cut[:-1] | (np.diff(split.text_of) > 0)
    # From each cut word to the next word, or to the end of its text.
    text = split.text_of[is_cut]
    until = np.append(split.starts[1:], len(chars))
    ends = np.minimum(until[is_cut], chars.starts[text + 1])
    keeps = np.ones(len(chars), dtype=np.bool_)
    keeps[places_within(split.starts[is_cut], ends)] = False
    before = np.concatenate([[0], np.cumsum(keeps)])[chars.starts]
    left = Characters(chars.codes[keeps], before)
    kept = left.texts_at(before[:-1], before[1:])
    return Cut(TextColumn.from_texts(kept), split.sums(is_cut), split.sums(begins))


@dataclass(frozen=True, slots=True)
class CutRepeatedSpans:
    """Cut what a document says again; no document is dropped.

    Parameters
    ----------
    least_words : >= 2
        A sequence of so many words that stands in the document earlier is cut.
    words
        How words are split.

    Raises
    ------
    BadInput
        If ``least_words`` is out of range.
    """

    least_words: int = 50
    words: WordSplit = "whitespace"

    def __post_init__(self) -> None:
        if self.least_words < 2:
            raise BadInput(f"least_words must be at least 2, got {self.least_words}")

    @property
    def name(self) -> str:
        """The step's name."""
        return "repeated-spans"

    def __call__(self, docs: Documents) -> StepResult:
        """Return all documents, without their repeated spans."""
        cut = cut_repeated_spans(docs.text, least_words=self.least_words, words=self.words)
        counts = {"words_cut": int(cut.words_removed.sum()), "spans_cut": int(cut.spans.sum())}
        return StepResult(docs.with_text(cut.texts), (KEPT,) * len(docs), counts)
