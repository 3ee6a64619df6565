"""Importance weights, against counting word by word."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from assay.curate.importance_weights import (
    ImportanceModel,
    ImportanceSettings,
    bucket_counts,
    gumbel_keys,
    log_importance,
)
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from curate.value_world import world

CORPUS = [
    "the cat sat on the mat and the dog sat down",
    "stocks fell again on the day",
    "one",
    "",
    "the day the cat fell",
]
TARGET = ["a cat sat on a mat", "the cat and the dog", "cat"]


def bag(text: str) -> Counter[tuple[str, ...]]:
    words = text.split()
    return Counter([*((word,) for word in words), *itertools.pairwise(words)])


def test_the_weights_are_those_of_counting_word_by_word() -> None:
    # So many buckets that no two words fall into one.
    settings = ImportanceSettings(buckets=1_000_003)
    raw = sum((bag(text) for text in CORPUS), Counter[tuple[str, ...]]())
    wanted = sum((bag(text) for text in TARGET), Counter[tuple[str, ...]]())
    total = raw.total() + settings.buckets
    expected = []
    for text in CORPUS:
        ratio = 0.0
        for gram, count in bag(text).items():
            below = (raw[gram] + 1) / total
            ratio += count * math.log(0.9 * wanted[gram] / wanted.total() / below + 0.1)
        expected.append(ratio)
    found = log_importance(TextColumn.from_texts(CORPUS), TextColumn.from_texts(TARGET), settings)
    assert found == pytest.approx(expected)


def test_batches_add_up_to_the_whole() -> None:
    settings = ImportanceSettings()
    corpus, target = TextColumn.from_texts(CORPUS), TextColumn.from_texts(TARGET)
    parts = [corpus.take(np.array(rows)) for rows in ([0, 1], [2, 3, 4])]
    raw = sum((bucket_counts(part, settings) for part in parts), np.zeros(settings.buckets))
    model = ImportanceModel.of(bucket_counts(target, settings), raw, settings)
    weights = np.concatenate([model.log_weights(part) for part in parts])
    assert weights == pytest.approx(log_importance(corpus, target))


def test_shuffled_words_weigh_less_than_the_same_words_in_order() -> None:
    # With counts smoothed by one instead, what is rare in the corpus is favoured: all shuffled texts came first.
    planted = world(7, documents=60)
    weight = log_importance(planted.column, TextColumn.from_texts(planted.target))
    kind = np.array(planted.source)
    assert weight[kind == "shuffled"].max() < np.quantile(weight[kind == "guide"], 0.05)
    assert weight[kind == "foreign"].max() < weight[kind == "shuffled"].min()


def test_the_best_keys_are_a_sample_by_weight() -> None:
    weights = np.array([1.0, 2.0, 5.0])
    rng = np.random.default_rng(1)
    first = [int(np.argmax(gumbel_keys(np.log(weights), rng))) for _ in range(8_000)]
    assert np.bincount(first) / 8_000 == pytest.approx(weights / 8, abs=0.02)


@pytest.mark.parametrize("wrong", [{"buckets": 1}, {"prior": 0.0}, {"prior": 1.0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="prior in"):
        ImportanceSettings(**wrong)  # type: ignore[arg-type]


def test_a_target_without_words_is_refused() -> None:
    with pytest.raises(BadInput, match="holds no word"):
        log_importance(TextColumn.from_texts(CORPUS), TextColumn.from_texts(["", " "]))
