"""The n-gram model: against a slow one written out of the formula, and as a distribution."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.curate.proxies.ngram_model import (
    NGramProxy,
    held_out_bits,
    packed,
    train_model,
)
from assay.curate.proxies.proxy import ProxyRefuses, TokenColumn
from assay.errors import BadInput

VOCABULARY = 4
START = VOCABULARY


def column(texts: list[list[int]], vocabulary: int = VOCABULARY) -> TokenColumn:
    lengths = [len(text) for text in texts]
    codes = np.array([code for text in texts for code in text], dtype=np.uint16)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return TokenColumn(codes, offsets, np.array(lengths, dtype=np.int64), vocabulary)


class SlowModel:
    """Interpolated modified Kneser-Ney with dictionaries, as Chen and Goodman write it."""

    def __init__(self, texts: list[list[int]], order: int) -> None:
        self.order = order
        longest: Counter[tuple[int, ...]] = Counter()
        for text in texts:
            padded = [START] * (order - 1) + text
            for end in range(order - 1, len(padded)):
                longest[tuple(padded[end - order + 1 : end + 1])] += 1
        self.counts = {order: longest}
        for length in range(order - 1, 0, -1):
            before = defaultdict(set)
            for gram in self.counts[length + 1]:
                before[gram[1:]].add(gram[0])
            self.counts[length] = Counter({gram: len(firsts) for gram, firsts in before.items()})
        self.discounts = {length: self._discounts(length) for length in self.counts}

    def _discounts(self, length: int) -> list[float]:
        n = Counter(self.counts[length].values())
        plain = [0.0, 0.5, 1.0, 1.5]
        if not all(n[times] for times in (1, 2, 3, 4)):
            return plain
        y = n[1] / (n[1] + 2 * n[2])
        own = [0.0, 1 - 2 * y * n[2] / n[1], 2 - 3 * y * n[3] / n[2], 3 - 4 * y * n[4] / n[3]]
        return [d if 0 < d < i else plain[i] for i, d in enumerate(own)]

    def chance(self, history: tuple[int, ...], token: int) -> float:
        return self._chance(history[len(history) - self.order + 1 :], token, self.order)

    def _chance(self, history: tuple[int, ...], token: int, length: int) -> float:
        if length == 0:
            return 1 / VOCABULARY
        counts = self.counts[length]
        following = {gram[-1]: n for gram, n in counts.items() if gram[:-1] == history}
        lower = self._chance(history[1:], token, length - 1)
        total = sum(following.values())
        if not total:
            return lower
        d = self.discounts[length]
        left = sum(d[min(n, 3)] for n in following.values())
        n = following.get(token, 0)
        return (n - d[min(n, 3)]) / total + left / total * lower


TEXTS = st.lists(
    st.lists(st.integers(0, VOCABULARY - 1), max_size=12), min_size=1, max_size=12
).filter(any)


@settings(max_examples=40)
@given(TEXTS, TEXTS, st.integers(1, 4))
def test_agrees_with_the_formula_written_out(
    train: list[list[int]], target: list[list[int]], order: int
) -> None:
    slow = SlowModel(train, order)
    expected = []
    for text in target:
        padded = [START] * (order - 1) + text
        expected.append(
            sum(
                -np.log2(slow.chance(tuple(padded[: at + order - 1]), token))
                for at, token in enumerate(text)
            )
        )
    found = held_out_bits(train_model(column(train), order=order), column(target))
    assert found == pytest.approx(np.array(expected))


@settings(max_examples=40)
@given(TEXTS, st.integers(1, 4))
def test_chances_after_any_history_sum_to_one(train: list[list[int]], order: int) -> None:
    model = train_model(column(train), order=order)
    histories = [list(h) for h in product(range(VOCABULARY), repeat=order - 1)]
    asked = column([[*history, token] for history in histories for token in range(VOCABULARY)])
    last = packed(asked, order)[asked.offsets[1:] - 1]
    total = model.chances(last).reshape(-1, VOCABULARY).sum(axis=1)
    assert total == pytest.approx(np.ones(len(total)))


def test_its_own_discounts_are_those_of_the_counts_of_counts() -> None:
    rng = np.random.default_rng(5)
    texts = [rng.choice(VOCABULARY, size=40, p=[0.6, 0.25, 0.1, 0.05]).tolist() for _ in range(30)]
    slow = SlowModel(texts, 4)
    assert any(d != [0.0, 0.5, 1.0, 1.5] for d in slow.discounts.values())
    found = held_out_bits(train_model(column(texts)), column([[0, 1, 2, 3, 0, 0, 1]]))
    padded = (START, START, START, 0, 1, 2, 3, 0, 0, 1)
    expected = sum(-np.log2(slow.chance(padded[:at], padded[at])) for at in range(3, len(padded)))
    assert found == pytest.approx([expected])


def test_perplexity_of_a_uniform_source_is_the_vocabulary() -> None:
    rng = np.random.default_rng(3)
    model = train_model(column([rng.integers(0, VOCABULARY, 200_000).tolist()]), order=3)
    target = column([rng.integers(0, VOCABULARY, 20_000).tolist()])
    assert 2 ** (held_out_bits(model, target)[0] / 20_000) == pytest.approx(VOCABULARY, rel=0.01)


def test_an_untrained_model_knows_nothing() -> None:
    model = train_model(column([[]]))
    assert held_out_bits(model, column([[0, 1], []])) == pytest.approx([4.0, 0.0])


def test_going_over_text_again_is_refused() -> None:
    train = column([[0, 1, 2]] * 4)
    with pytest.raises(ProxyRefuses, match="24 tokens of training on 12 are repeats"):
        NGramProxy().held_out_bits(train, train, rng=np.random.default_rng(1), training_tokens=24)


def test_fewer_tokens_are_the_first_ones() -> None:
    train, target = column([[0, 1, 2, 3], [3, 3, 3, 3]]), column([[3, 3]])
    rng = np.random.default_rng(1)
    some = NGramProxy().held_out_bits(train, target, rng=rng, training_tokens=4)
    alone = NGramProxy().held_out_bits(column([[0, 1, 2, 3]]), target, rng=rng)
    assert some.bits == pytest.approx(alone.bits)
    assert some.trained_tokens == 4


def test_columns_of_two_tokenizers_are_refused() -> None:
    with pytest.raises(BadInput, match="of one tokenizer, got 4 and 5 codes"):
        NGramProxy().held_out_bits(column([[0]]), column([[0]], 5), rng=np.random.default_rng(1))


def test_an_order_that_does_not_fit_is_refused() -> None:
    with pytest.raises(BadInput, match="1 to 5 fit into a machine word, got order 6"):
        packed(column([[0]], 2047), 6)
