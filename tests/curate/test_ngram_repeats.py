"""Repeated n-grams: against a definition in plain Python, word by word."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assay.curate.ngram_repeats import (
    NGrams,
    duplicated_above,
    duplicated_characters,
    top_characters,
)
from assay.curate.repeat_groups import equal_groups
from assay.curate.rolling_hash import Running, powers
from assay.curate.text_column import TextColumn
from assay.curate.words import split_words

BATCHES = st.lists(
    st.lists(st.sampled_from(["a", "bb", "ccc", "é"]), max_size=40).map(" ".join), max_size=4
)


def plain_top(words: list[str], n: int) -> int:
    grams = [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]
    if not grams:
        return 0
    most = max(Counter(grams).values())
    first = next(gram for gram in grams if grams.count(gram) == most)
    return len(first) * most


def plain_duplicated(words: list[str], n: int) -> int:
    met: set[tuple[str, ...]] = set()
    characters, place = 0, 0
    while place + n <= len(words):
        gram = tuple(words[place : place + n])
        if gram in met:
            characters += sum(map(len, gram))
            place += n
        else:
            met.add(gram)
            place += 1
    return characters


@given(BATCHES, st.integers(2, 10))
def test_shares_of_a_batch(texts: list[str], n: int) -> None:
    ngrams = NGrams(split_words(TextColumn.from_texts(texts), "whitespace"))
    assert top_characters(ngrams, n).tolist() == [plain_top(text.split(), n) for text in texts]
    exact = [plain_duplicated(text.split(), n) for text in texts]
    assert duplicated_characters(ngrams, n).tolist() == exact


@given(BATCHES, st.integers(2, 10), st.integers(0, 60))
def test_only_texts_in_doubt_are_walked_through(texts: list[str], n: int, limit: int) -> None:
    ngrams = NGrams(split_words(TextColumn.from_texts(texts), "whitespace"))
    found, bound = duplicated_above(ngrams, n, np.full(len(texts), float(limit)))
    longer = duplicated_above(ngrams, n + 1, np.full(len(texts), 1e9))[1]
    for row, text in enumerate(texts):
        exact = plain_duplicated(text.split(), n)
        assert exact <= bound[row]
        assert found[row] == exact or max(found[row], exact) <= limit
        assert longer[row] <= bound[row]


@given(st.lists(st.integers(0, 5), max_size=30))
def test_groups_of_equal_hashes(values: list[int]) -> None:
    # Numbers that differ in the lowest bits alone: those give way to the place, and the sort must notice.
    groups = equal_groups(np.array(values, dtype=np.uint64))
    found = [
        groups.places[a:b].tolist()
        for a, b in zip(groups.starts[:-1], groups.starts[1:], strict=True)
    ]
    places = {one: [i for i, v in enumerate(values) if v == one] for one in values}
    assert sorted(found) == sorted(p for p in places.values() if len(p) > 1)


def test_powers_of_a_long_text_go_on_as_the_kept_ones() -> None:
    assert powers(3, 2**21 + 2)[-1] == np.uint64(pow(3, 2**21 + 1, 2**64))
    # The numbers repeat every 7, so windows a multiple of 7 apart are equal, here before and behind the kept powers.
    hashes = Running(np.arange(2**21 + 40, dtype=np.uint64) % np.uint64(7)).windows(10)
    assert hashes[3] == hashes[3 + 7 * (2**21 // 7)]
    assert hashes[3] != hashes[4]
