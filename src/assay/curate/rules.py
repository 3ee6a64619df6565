"""The Gopher, C4 and FineWeb quality rules under their published names: which text fails which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from assay.curate import rules_c4, rules_fineweb, rules_gopher
from assay.curate.characters import Characters, Places
from assay.curate.rule import Family, Features, Rule
from assay.curate.text_column import TextColumn
from assay.curate.words import Words, WordSplit, split_words
from assay.errors import BadInput

RULES: Mapping[Family, tuple[Rule, ...]] = {
    "gopher-repetition": rules_gopher.REPETITION_RULES,
    "gopher": rules_gopher.QUALITY_RULES,
    "c4": rules_c4.RULES,
    "fineweb": rules_fineweb.RULES,
}
"""The rules with their published thresholds, in the order in which datatrove asks them."""
ALL_RULES = tuple(rule for family in RULES.values() for rule in family)
BLOCK_BYTES = 1_000_000
"""Of text at once: the arrays of a block stay near the processor, and memory does not grow with the batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """What rules made of some texts.

    Parameters
    ----------
    failed : (texts,)
        Which rule each fails first, -1 where it is kept.
    texts
        All texts; those that C4's rules kept are without the lines that these remove.
    lines_removed : (texts,)
    """

    failed: Places
    texts: TextColumn
    lines_removed: Places


def failing(
    texts: TextColumn,
    rules: Sequence[Rule] = ALL_RULES,
    words: WordSplit = "words-and-punctuation",
) -> Places:
    r"""Return, for each text, which of the rules it fails first, -1 where it fails none.

    Parameters
    ----------
    texts
    rules
        Family after family; within one in the order in which they are named in `RULES`.
    words
        How words are split: see `assay.curate.words.WordSplit`. It moves more decisions than any threshold.

    Notes
    -----
    C4's rules remove lines, so that those of a family after them look at what is left.

    Examples
    --------
    >>> texts = TextColumn.from_texts(["one line\n" * 40, "Too short."])
    >>> [ALL_RULES[place].name for place in failing(texts)]
    ['dup_line_frac', 'top_2_gram']
    """
    return apply_rules(texts, rules, words).failed


def features(texts: TextColumn, words: WordSplit = "words-and-punctuation") -> Features:
    """Return all features that the rules look at, each of all texts, as they are; NaN where one can't be told.

    C4's ``sentences`` are those of the lines that its rules keep; FineWeb's features are of the whole text.
    """
    parts = [_all_features(block, words) for _, block in _blocks(texts)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def apply_rules(
    texts: TextColumn,
    rules: Sequence[Rule] = ALL_RULES,
    words: WordSplit = "words-and-punctuation",
) -> Applied:
    """Put texts through rules; a text that fails one is looked at no further.

    Parameters
    ----------
    texts, rules, words
        See `failing`.

    Raises
    ------
    BadInput
        If a family comes twice, or there is no such way to split words.
    """
    families = _families(rules)
    if words not in get_args(WordSplit):
        raise BadInput(f"words are split by one of {', '.join(get_args(WordSplit))}, got {words!r}")
    failed = np.full(len(texts), -1, dtype=np.int64)
    removed = np.zeros(len(texts), dtype=np.int64)
    parts: list[TextColumn] = []
    for first, block in _blocks(texts):
        work = _Work(block, words)
        for family, (place, of_family) in families.items():
            work.ask(family, place, of_family)
        stop = first + len(block)
        failed[first:stop], removed[first:stop] = work.failed, work.removed
        if "c4" in families:
            parts.append(work.changed())
    return Applied(failed, _joined(parts) if "c4" in families else texts, removed)


class _Work:
    """A block on its way through the families; those that failed are left behind."""

    def __init__(self, texts: TextColumn, how: WordSplit) -> None:
        self._whole, self._how = texts, how
        self._texts = texts
        # The row of each text that is still looked at, and whether it has failed nothing.
        self._rows = np.arange(len(texts))
        self._alive = np.ones(len(texts), dtype=np.bool_)
        self._chars: Characters | None = None
        self._words: Words | None = None
        self.failed = np.full(len(texts), -1, dtype=np.int64)
        self.removed = np.zeros(len(texts), dtype=np.int64)

    @property
    def chars(self) -> Characters:
        if self._chars is None:
            self._chars = Characters.of(self._texts)
        return self._chars

    @property
    def words(self) -> Words:
        if self._words is None:
            self._words = split_words(self.chars, self._how)
        return self._words

    def ask(self, family: Family, place: int, rules: Sequence[Rule]) -> None:
        """Put what is left through one family, whose first rule stands at a place of all rules."""
        order = {rule.name: place + index for index, rule in enumerate(rules)}
        ways = {
            "gopher-repetition": self._repetition,
            "gopher": self._quality,
            "c4": self._c4,
            "fineweb": self._fineweb,
        }
        self._leave_failed(at_most=0.7)
        if len(self._rows):
            ways[family](rules, order)

    def changed(self) -> TextColumn:
        """Return the texts: what is left of those that passed, the others as they were."""
        self._leave_failed(at_most=1)
        left = dict(zip(self._rows.tolist(), range(len(self._rows)), strict=True))
        return TextColumn.from_bytes(
            [
                self._texts.bytes_of(left[row]) if row in left else self._whole.bytes_of(row)
                for row in range(len(self._whole))
            ]
        )

    def _repetition(self, rules: Sequence[Rule], order: Mapping[str, int]) -> None:
        self._drop(rules, rules_gopher.line_repeat_features(self.chars), order)
        by_ngrams = [rule for rule in rules if "gram" in rule.feature]
        alive = np.flatnonzero(self._alive)
        if not by_ngrams or not len(alive):
            return
        characters = self.chars.lengths[alive]
        first = rules_gopher.first_failed_repeat(self.words.take(alive), characters, by_ngrams)
        places = np.array([order[rule.name] for rule in by_ngrams])
        failed = np.full(len(self._rows), -1, dtype=np.int64)
        failed[alive] = np.where(first < 0, -1, places[first])
        self._mark(failed)

    def _quality(self, rules: Sequence[Rule], order: Mapping[str, int]) -> None:
        self._drop(rules, rules_gopher.quality_features(self.chars, self.words), order)

    def _c4(self, rules: Sequence[Rule], order: Mapping[str, int]) -> None:
        self._leave_failed(at_most=1)
        if not len(self._rows):
            return
        kept = rules_c4.keep_lines(self.chars)
        self.removed[self._rows] = kept.removed
        self._texts, self._chars, self._words = kept.texts, None, None
        self._drop(rules, kept.features, order)
        if any(rule.feature == "sentences" for rule in rules):
            self._drop(rules, rules_c4.sentence_features(self.chars, self.words, self._how), order)

    def _fineweb(self, rules: Sequence[Rule], order: Mapping[str, int]) -> None:
        self._drop(rules, rules_fineweb.line_features(self.chars), order)
        if any(rule.feature == "list_ratio" for rule in rules):
            self._drop(rules, rules_fineweb.break_features(self.chars, self.words), order)

    def _drop(self, rules: Sequence[Rule], found: Features, order: Mapping[str, int]) -> None:
        """Ask those of the rules whose feature is found."""
        failed = np.full(len(self._rows), -1, dtype=np.int64)
        for rule in reversed(rules):
            if rule.feature in found:
                failed[rule.fails(found[rule.feature])] = order[rule.name]
        self._mark(failed)

    def _mark(self, failed: Places) -> None:
        failed = np.where(self._alive, failed, -1)
        self.failed[self._rows] = np.where(self._alive, failed, self.failed[self._rows])
        self._alive &= failed < 0

    def _leave_failed(self, *, at_most: float) -> None:
        """Copy out those that failed nothing, if they are no more than a share of the bytes."""
        alive = self._alive
        if alive.all() or self._texts.lengths[alive].sum() > at_most * self._texts.nbytes:
            return
        self._rows = self._rows[alive]
        self._texts = self._texts.take(alive)
        self._alive = np.ones(len(self._rows), dtype=np.bool_)
        self._chars = self._words = None


def _families(rules: Sequence[Rule]) -> dict[Family, tuple[int, Sequence[Rule]]]:
    found: dict[Family, tuple[int, list[Rule]]] = {}
    for place, rule in enumerate(rules):
        if place and rules[place - 1].family != rule.family and rule.family in found:
            raise BadInput(f"the rules of {rule.family} must stand together")
        found.setdefault(rule.family, (place, []))[1].append(rule)
    return dict(found)


def _all_features(texts: TextColumn, how: WordSplit) -> Features:
    chars = Characters.of(texts)
    words = split_words(chars, how)
    kept = rules_c4.keep_lines(chars)
    left = Characters.of(kept.texts)
    return (
        rules_gopher.line_repeat_features(chars)
        | rules_gopher.ngram_repeat_features(words, chars.lengths)
        | rules_gopher.quality_features(chars, words)
        | kept.features
        | rules_c4.sentence_features(left, split_words(left, how), how)
        | rules_fineweb.line_features(chars)
        | rules_fineweb.break_features(chars, words)
    )


def _blocks(texts: TextColumn) -> Iterator[tuple[int, TextColumn]]:
    """Yield the number of the first text and some texts of about a block; at least one, be there none."""
    first, count = 0, len(texts)
    while True:
        limit = texts.offsets[first] + BLOCK_BYTES
        stop = int(np.searchsorted(texts.offsets, limit, side="right")) - 1
        stop = min(max(stop, first + 1), count)
        yield first, TextColumn(texts.data, texts.offsets[first : stop + 1])
        if stop >= count:
            return
        first = stop


def _joined(parts: Sequence[TextColumn]) -> TextColumn:
    data = [part.data[part.offsets[0] : part.offsets[-1]] for part in parts]
    lengths = np.concatenate([part.lengths for part in parts])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return TextColumn(np.concatenate(data), offsets)
