"""The FineWeb rules: how lines end, how short they are, how much of them is repeated, how often they break."""

from __future__ import annotations

from functools import partial

import numpy as np

from assay.curate.character_classes import STOP
from assay.curate.characters import Characters
from assay.curate.lines import copied, lines, stripped
from assay.curate.rule import FINEWEB, Features, Rule, share
from assay.curate.words import Words

_rule = partial(Rule, family="fineweb", source=FINEWEB)
RULES = (
    _rule(name="empty", feature="filled_lines", drops="below", threshold=1),
    _rule(name="line_punct_ratio", feature="line_punct_ratio", drops="below", threshold=0.12),
    _rule(name="short_line_ratio", feature="short_line_ratio", drops="above", threshold=0.67),
    _rule(name="char_dup_ratio", feature="char_dup_ratio", drops="above", threshold=0.01),
    _rule(name="list_ratio", feature="list_ratio", drops="above", threshold=0.3),
)
SHORT_LINE = 30
"""Characters of a short line, at most."""


def line_features(chars: Characters) -> Features:
    """Return what each text's lines look like, those of white space alone left out.

    ``filled_lines`` : how many. ``line_punct_ratio`` : share whose last character ends a sentence.
    ``short_line_ratio`` : share of at most 30 characters. ``char_dup_ratio`` : characters of lines that repeat an
    earlier one, of all characters but newlines.
    """
    every = lines(chars)
    first, last = stripped(chars, every.starts, every.ends)
    filled = every.take(last > first)
    stops = (chars.flags[filled.ends - 1] & STOP) != 0
    _, repeated = copied(chars, filled)
    return {
        "filled_lines": filled.counts.astype(np.float64),
        "line_punct_ratio": share(filled.sums(stops), filled.counts),
        "short_line_ratio": share(filled.sums(filled.lengths <= SHORT_LINE), filled.counts),
        "char_dup_ratio": share(repeated, chars.lengths - (every.counts - 1)),
    }


def break_features(chars: Characters, words: Words) -> Features:
    """Return ``list_ratio``: newlines a word."""
    return {"list_ratio": share(lines(chars).counts - 1, words.counts)}
