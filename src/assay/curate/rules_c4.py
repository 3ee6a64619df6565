"""The C4 rules: lines that are no sentences are removed, and pages that have too few left, or code, are dropped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

import numpy as np

from assay.curate.characters import Characters, Mask, Places
from assay.curate.lines import end_with_dots, lines, split_lines, stripped
from assay.curate.rule import C4, Features, Rule
from assay.curate.text_column import TextColumn
from assay.curate.word_cuts import cuts_of_space, places_within
from assay.curate.words import Words, WordSplit, sentence_counts

_rule = partial(Rule, family="c4", source=C4)
RULES = (
    _rule(name="lorem_ipsum", feature="lorem_ipsum_lines", drops="above", threshold=0),
    _rule(name="curly_bracket", feature="curly_bracket_lines", drops="above", threshold=0),
    _rule(name="too_few_sentences", feature="sentences", drops="below", threshold=5),
)
LINE_ENDS = (".", "?", "!", '"', "'")
FEWEST_WORDS, LONGEST_WORD = 3, 1000
POLICY = (
    "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies",
)  # fmt: skip
_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
_LOREM, _SCRIPT, _CURLY = "lorem ipsum", "javascript", "{"
_BRACKET, _NEWLINE = ord("]"), 10


@dataclass(frozen=True, slots=True, eq=False)
class KeptLines:
    """What is left of texts, line by line.

    Parameters
    ----------
    texts
        The kept lines, newlines between them.
    features
        ``lorem_ipsum_lines``, ``curly_bracket_lines``: lines with either, among those that look like sentences.
    removed
        Lines of each text that were removed.
    """

    texts: TextColumn
    features: Features
    removed: Places


def keep_lines(chars: Characters) -> KeptLines:
    """Remove the lines of texts that don't look like sentences.

    Notes
    -----
    A line, white space at its ends aside, stays if it ends with one of ``. ? ! " '`` and not with an ellipsis, has at
    least 3 words and none of more than 1,000 characters, and mentions neither javascript nor a cookie or privacy
    policy. Marks of citations, ``[12]``, ``[edit]``, ``[citation needed]``, are removed from it first. Lines with a
    lorem ipsum or a curly bracket are counted and stay: with the rules against them switched off they are text.
    """
    every = split_lines(chars)
    first, last = stripped(chars, every.starts, every.ends)
    places = np.flatnonzero(_may_stay(chars, first, last))
    text_of = every.text_of[places]
    found = _lines_at(chars, first[places], last[places])
    stays = np.array([_without_citations(found, place) for place in range(len(found))], np.bool_)
    has = _mentions(found)
    lorem = stays & has[_LOREM]
    stays &= ~has[_SCRIPT]
    curly = stays & has[_CURLY]
    stays &= ~has["policy"]
    kept: list[list[str]] = [[] for _ in range(chars.texts)]
    for place in np.flatnonzero(stays).tolist():
        kept[text_of[place]].append(found[place])
    counts = partial(np.bincount, minlength=chars.texts)
    return KeptLines(
        TextColumn.from_texts("\n".join(of_text).strip() for of_text in kept),
        {
            "lorem_ipsum_lines": counts(text_of[lorem]).astype(np.float64),
            "curly_bracket_lines": counts(text_of[curly]).astype(np.float64),
        },
        every.counts - counts(text_of[stays]),
    )


def sentence_features(chars: Characters, words: Words, how: WordSplit) -> Features:
    """Return ``sentences``: how many the lines of each text have, each line for itself.

    Parameters
    ----------
    chars, words
        Of what `keep_lines` left.
    how
        How its words were split.
    """
    every = lines(chars)
    filled = every.take(chars.solid_before[every.ends] > chars.solid_before[every.starts])
    found = filled.sums(sentence_counts(chars, words, filled, how))
    return {"sentences": found.astype(np.float64)}


def _may_stay(chars: Characters, first: Places, last: Places) -> Mask:
    """Return which lines stay unless their words are against it; those with a bracket at the end are undecided."""
    starts = np.flatnonzero(cuts_of_space(chars))
    begin, end = np.searchsorted(starts, first), np.searchsorted(starts, last)
    before = chars.solid_before[np.append(starts, len(chars))]
    long = np.concatenate([[0], np.cumsum(np.diff(before) > LONGEST_WORD)])
    filled = last > first
    codes = np.append(chars.codes, 0)
    ending = codes[last - 1]
    ends = np.isin(ending, [ord(one) for one in LINE_ENDS]) & ~end_with_dots(chars, first, last)
    ends |= ending == _BRACKET
    found: Mask = filled & ends & (end - begin >= FEWEST_WORDS) & (long[end] == long[begin])
    return found


def _lines_at(chars: Characters, first: Places, last: Places) -> list[str]:
    if not len(first):
        return []
    codes = np.append(chars.codes, _NEWLINE).astype("<u4")
    # One character more of each, which is made a newline, and all are cut there at once.
    index = places_within(first, last + 1)
    index[np.cumsum(last + 1 - first) - 1] = len(chars)
    whole = codes[index[:-1]].tobytes().decode("utf-32-le", "surrogatepass")
    return whole.split("\n")


def _without_citations(found: list[str], place: int) -> bool:
    line = found[place]
    if "[" in line:
        line = found[place] = _CITATION.sub("", line)
        return line.endswith(LINE_ENDS) and not line.endswith("...")
    return not line.endswith("]")


def _mentions(found: list[str]) -> dict[str, Mask]:
    """Return which lines mention what."""
    lowered = [line.lower() for line in found]
    whole = "\n".join(lowered)

    def lines_with(phrase: str) -> Mask:
        if phrase not in whole:
            return np.zeros(len(found), dtype=np.bool_)
        return np.array([phrase in line for line in lowered], dtype=np.bool_)

    policy = np.zeros(len(found), dtype=np.bool_)
    for phrase in POLICY:
        policy |= lines_with(phrase)
    return {one: lines_with(one) for one in (_LOREM, _SCRIPT, _CURLY)} | {"policy": policy}
