"""The Gopher rules: repetition within a text, and what its words and lines look like."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from assay.curate.character_classes import ALPHA, PLAIN
from assay.curate.characters import Characters, Floats, Mask, Places
from assay.curate.lines import (
    copied,
    end_with_dots,
    filled_lines,
    paragraphs,
    split_lines,
    stripped,
)
from assay.curate.ngram_repeats import (
    NGrams,
    duplicated_above,
    duplicated_characters,
    top_characters,
)
from assay.curate.rule import GOPHER, Features, Rule, share
from assay.curate.text_column import TextColumn
from assay.curate.words import Words, split_words

_repeats = partial(Rule, family="gopher-repetition", source=GOPHER, drops="above")
_looks = partial(Rule, family="gopher", source=GOPHER)
TOP = {2: 0.2, 3: 0.18, 4: 0.16}
DUPLICATED = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.1}
REPETITION_RULES = (
    _repeats(name="empty", feature="characters", drops="below", threshold=1),
    _repeats(name="dup_para_frac", feature="dup_para_frac", threshold=0.3),
    _repeats(name="dup_para_char_frac", feature="dup_para_char_frac", threshold=0.2),
    _repeats(name="dup_line_frac", feature="dup_line_frac", threshold=0.3),
    _repeats(name="dup_line_char_frac", feature="dup_line_char_frac", threshold=0.2),
    *(
        _repeats(name=f"top_{n}_gram", feature=f"top_{n}_gram", threshold=most)
        for n, most in TOP.items()
    ),
    *(
        _repeats(name=f"duplicated_{n}_n_grams", feature=f"duplicated_{n}_n_grams", threshold=most)
        for n, most in DUPLICATED.items()
    ),
)
QUALITY_RULES = (
    _looks(name="gopher_short_doc", feature="words", drops="below", threshold=50),
    _looks(name="gopher_long_doc", feature="words", drops="above", threshold=100_000),
    _looks(name="gopher_below_avg_threshold", feature="mean_word_length", drops="below", threshold=3),
    _looks(name="gopher_above_avg_threshold", feature="mean_word_length", drops="above", threshold=10),
    _looks(name="gopher_too_many_hashes", feature="hashes_per_word", drops="above", threshold=0.1),
    _looks(name="gopher_too_many_ellipsis", feature="ellipses_per_word", drops="above", threshold=0.1),
    _looks(name="gopher_too_many_bullets", feature="bullet_lines", drops="above", threshold=0.9),
    _looks(name="gopher_too_many_end_ellipsis", feature="ellipsis_lines", drops="above", threshold=0.3),
    _looks(name="gopher_below_alpha_threshold", feature="alpha_words", drops="below", threshold=0.8),
    _looks(name="gopher_enough_stop_words", feature="stop_words", drops="below", threshold=2),
)  # fmt: skip
STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
_BULLETS = np.array([ord("•"), ord("-")])
_FEWER = 0.8
"""Share of the words still looked at below which they are copied out of the rest."""
_HASH, _DOT, _ELLIPSIS = ord("#"), ord("."), ord("…")


def line_repeat_features(chars: Characters) -> Features:
    """Return the shares of duplicate paragraphs and lines, by number and by characters.

    Notes
    -----
    Characters are a share of all of the text, white space too. A paragraph ends at a blank line, a line at a newline;
    blank lines are no lines.
    """
    found: Features = {"characters": chars.lengths.astype(np.float64)}
    for name, segments in (("para", paragraphs(chars)), ("line", filled_lines(chars))):
        number, characters = copied(chars, segments)
        found[f"dup_{name}_frac"] = share(number, segments.counts)
        found[f"dup_{name}_char_frac"] = share(characters, chars.lengths)
    return found


def ngram_repeat_features(words: Words, characters: Places) -> Features:
    """Return the shares of characters in the most frequent n-gram, n = 2 to 4, and in duplicated ones, n = 5 to 10.

    Parameters
    ----------
    words
    characters
        Of each text, white space too: what the shares are of.
    """
    ngrams = NGrams(words)
    found = {f"top_{n}_gram": share(top_characters(ngrams, n), characters) for n in TOP}
    for n in DUPLICATED:
        name = f"duplicated_{n}_n_grams"
        found[name] = share(duplicated_characters(ngrams, n), characters)
    return found


def first_failed_repeat(words: Words, characters: Places, rules: Sequence[Rule]) -> Places:
    """Return, for each text, which of some n-gram rules it fails first, -1 for none.

    Parameters
    ----------
    words, characters
        See `ngram_repeat_features`.
    rules
        Those of most frequent n-grams first, then those of duplicated ones, by rising n.

    Notes
    -----
    The same as by `ngram_repeat_features`, and quicker: a text that has failed is looked at no more, nor is one whose
    duplicated n-grams cover less than any later rule allows, since those of n + 1 words cover no more.
    """
    failed = np.full(len(characters), -1, dtype=np.int64)
    rows = np.arange(len(characters))
    ngrams = NGrams(words)
    for place, rule in enumerate(rules):
        kind, size = rule.feature.split("_")[:2]
        of = characters[rows]
        if kind == "top":
            values = share(top_characters(ngrams, int(size)), of)
            may_fail_later = np.ones(len(rows), dtype=np.bool_)
        else:
            # Half a character below the limit, so that rounding can't hide a text from the exact count.
            limits = (of * rule.threshold - 0.5).astype(np.float64)
            found, bound = duplicated_above(ngrams, int(size), limits)
            values = share(found, of)
            least = min(one.threshold for one in rules[place:])
            may_fail_later = bound > of * least - 0.5
        fails = rule.fails(values) & (failed[rows] < 0)
        failed[rows[fails]] = place
        stays = may_fail_later & (failed[rows] < 0)
        if ngrams.words.counts[stays].sum() < _FEWER * len(ngrams.words):
            ngrams = NGrams(ngrams.words.take(np.flatnonzero(stays)))
            rows = rows[stays]
    return failed


def quality_features(chars: Characters, words: Words) -> Features:
    """Return what the words and lines of each text look like.

    ``words`` : words with a character that is no punctuation. ``mean_word_length`` : characters, of those.
    ``hashes_per_word``, ``ellipses_per_word`` : "#", and "..." or "…", a word. ``bullet_lines``, ``ellipsis_lines`` :
    share of lines that begin with "•" or "-", that end with an ellipsis. ``alpha_words`` : share of words with a
    letter. ``stop_words`` : how many of eight English stop words occur.
    """
    plain = (words.flags & PLAIN) != 0
    counted = words.sums(plain)
    lines = split_lines(chars)
    bullets, ellipses = _line_ends(chars, lines.starts, lines.ends)
    return {
        "words": counted.astype(np.float64),
        "mean_word_length": share(words.sums(plain * words.lengths), counted),
        "hashes_per_word": share(chars.count(np.flatnonzero(chars.codes == _HASH)), words.counts),
        "ellipses_per_word": share(_ellipses(chars), words.counts),
        "bullet_lines": share(lines.sums(bullets), lines.counts),
        "ellipsis_lines": share(lines.sums(ellipses), lines.counts),
        "alpha_words": share(words.sums((words.flags & ALPHA) != 0), words.counts),
        "stop_words": _stop_words(words),
    }


def _ellipses(chars: Characters) -> Places:
    """Return how often each text has "..." or "…"; of "......" two."""
    dots = np.flatnonzero(chars.codes == _DOT)
    single = chars.count(np.flatnonzero(chars.codes == _ELLIPSIS))
    if not len(dots):
        return single
    apart = (np.diff(dots) > 1) | chars.is_first[dots[1:]]
    begins = np.flatnonzero(np.concatenate([[True], apart]))
    several = np.diff(np.append(begins, len(dots))) // 3
    running = np.concatenate([[0], np.cumsum(several)])
    return single + np.diff(running[np.searchsorted(dots[begins], chars.starts)])


def _line_ends(chars: Characters, starts: Places, ends: Places) -> tuple[Mask, Mask]:
    """Return which lines begin with a bullet and which end with an ellipsis, white space aside."""
    first, last = stripped(chars, starts, ends)
    filled = last > first
    codes = np.append(chars.codes, 0)
    bullets = filled & np.isin(codes[first], _BULLETS)
    is_one = codes[last - 1] == _ELLIPSIS
    return bullets, filled & (is_one | end_with_dots(chars, first, last))


def _stop_words(words: Words) -> Floats:
    found = np.zeros(len(words.counts))
    wanted = split_words(TextColumn.from_texts([" ".join(STOP_WORDS)]), "whitespace").hashes
    short = np.flatnonzero(words.lengths <= max(map(len, STOP_WORDS)))
    hashes, text = words.hashes[short], words.text_of[short]
    for one in wanted:
        has = np.zeros(len(found), dtype=np.bool_)
        has[text[hashes == one]] = True
        found += has
    return found
