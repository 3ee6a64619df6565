"""The twenty-nine features of `lexical-1`: what of an answer its source does not hold, read off the words alone."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import log, log1p

from assay.judge.grounding_numbers import NumberSource, numbers_absent
from assay.judge.lexical_fragments import FragmentIndex
from assay.judge.lexical_text import (
    HEDGES,
    MAX_ANSWER_CHARACTERS,
    MAX_SOURCE_CHARACTERS,
    NEGATIONS,
    Words,
    is_content,
    names_in,
    plain_words,
    quotations,
    refuses,
    sentences_of,
    share,
    stem,
    words_of,
)

NAMES: tuple[str, ...] = (
    "novel_words",
    "novel_word_types",
    "novel_stems",
    "novel_word_count",
    "novel_bigrams",
    "novel_trigrams",
    "fragment_coverage",
    "fragment_density",
    "fragment_mean_length",
    "longest_fragment",
    "numbers",
    "numbers_absent",
    "numbers_absent_count",
    "names",
    "names_absent",
    "names_absent_count",
    "worst_sentence",
    "mean_sentence",
    "last_sentence",
    "novel_sentences",
    "quotes_absent_count",
    "hedges",
    "refusal",
    "negations",
    "negations_beyond_source",
    "words",
    "sentences",
    "words_per_sentence",
    "length_ratio",
)
"""Names of the features, in their order. Shares are in [0, 1]; counts and lengths are log(1 + n)."""

MOSTLY_NOVEL = 0.5
"""A sentence counts as novel where more than this share of its content words is not in the source."""


class Source:
    """What answers are held against, indexed once: several answers may share it.

    Parameters
    ----------
    context
        What was given along with the request.
    request
        The request: its words are no news either.
    """

    def __init__(self, context: str, request: str = "") -> None:
        text = f"{context[:MAX_SOURCE_CHARACTERS]}\n{request[:MAX_SOURCE_CHARACTERS]}"
        self.cut = len(context) > MAX_SOURCE_CHARACTERS
        words = plain_words(text)
        self.text = " ".join(words)
        self.size = len(words)
        self.index = FragmentIndex(words)
        self.vocabulary = self.index.vocabulary
        self.stems = frozenset(map(stem, self.vocabulary))
        self.trigrams = frozenset(zip(words, words[1:], words[2:], strict=False))
        self.numbers = NumberSource(text)
        self.negation_rate = share(sum(word in NEGATIONS for word in words), len(words))


def features(answer: str, source: Source) -> list[float]:
    """Return the features of an answer, in the order of `NAMES`.

    Parameters
    ----------
    answer
        It is read up to `MAX_ANSWER_CHARACTERS`.
    source
        What it is held against.

    Notes
    -----
    No feature is drawn from the answer's author, task or label. Of nothing, each share is 0 and so is each count.
    """
    text = answer[:MAX_ANSWER_CHARACTERS]
    words = words_of(text)
    return [
        *_novelty(words, source),
        *_copies(words, source),
        *_figures(text, source),
        *_names(words, source),
        *_sentences(words, source),
        *_manner(text, words, source),
        *_lengths(words, source),
    ]


def _novelty(text: Words, source: Source) -> list[float]:
    words, known = text.words, source.vocabulary
    content = [word for word in words if is_content(word)]
    types = set(content)
    new = [word for word in content if word not in known]
    new_types = {word for word in types if word not in known}
    new_stems = sum(stem(word) not in source.stems for word in types)
    pairs = source.index.pairs
    bigrams = len(words) - 1
    trigrams = len(words) - 2
    return [
        share(len(new), len(content)),
        share(len(new_types), len(types)),
        share(new_stems, len(types)),
        log1p(len(new_types)),
        share(sum(pair not in pairs for pair in itertools.pairwise(words)), bigrams)
        if bigrams > 0
        else 0.0,
        share(
            sum(
                one not in source.trigrams for one in zip(words, words[1:], words[2:], strict=False)
            ),
            trigrams,
        )
        if trigrams > 0
        else 0.0,
    ]


def _copies(text: Words, source: Source) -> list[float]:
    found = source.index.fragments(text.words)
    count = len(found.lengths)
    return [
        found.coverage,
        log1p(found.density),
        log1p(share(sum(found.lengths), count)),
        share(found.longest, found.words),
    ]


def _figures(text: str, source: Source) -> list[float]:
    found = numbers_absent(text, source.numbers)
    absent = len(found.absent)
    return [log1p(found.numbers), share(absent, found.numbers), log1p(absent)]


def _names(text: Words, source: Source) -> list[float]:
    names = set(names_in(text))
    absent = sum(any(word not in source.vocabulary for word in name) for name in names)
    return [log1p(len(names)), share(absent, len(names)), log1p(absent)]


def _sentences(text: Words, source: Source) -> list[float]:
    novel: list[float] = []
    for sentence in sentences_of(text):
        content = [word for word in sentence if is_content(word)]
        if content:
            novel.append(
                share(sum(word not in source.vocabulary for word in content), len(content))
            )
    if not novel:
        return [0.0] * 4
    return [
        max(novel),
        sum(novel) / len(novel),
        novel[-1],
        share(sum(one > MOSTLY_NOVEL for one in novel), len(novel)),
    ]


def _manner(text: str, words: Words, source: Source) -> list[float]:
    quotes = sum(" ".join(plain_words(quote)) not in source.text for quote in quotations(text))
    count = len(words.words)
    negations = share(_among(words.words, NEGATIONS), count)
    return [
        log1p(quotes),
        share(_among(words.words, HEDGES), count),
        float(refuses(text)),
        negations,
        max(0.0, negations - source.negation_rate),
    ]


def _among(words: Sequence[str], which: frozenset[str]) -> int:
    return sum(word in which for word in words)


def _lengths(text: Words, source: Source) -> list[float]:
    words, sentences = len(text.words), len(text.sentence_ends)
    return [
        log1p(words),
        log1p(sentences),
        log1p(share(words, sentences)),
        log((words + 1) / (source.size + 1)),
    ]
