"""The model of words: against a slow one written out of the formula, and what it says of words in no order."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.curate.proxies.ngram_model import NGramProxy
from assay.curate.proxies.proxy import ProxyRefuses, TokenColumn, joined
from assay.curate.proxies.tokenizer import Tokenizer, train_tokenizer
from assay.curate.proxies.word_model import WordProxy, word_list
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from curate.value_world import Language

WORDS = re.compile(
    rb" ?[A-Za-z\x80-\xff]+| ?[0-9]+| ?[!-/:-@\[-`{-~]+| +(?= [^\s])| +|[\t\n\v\f\r]+"
)
PROSE = [
    "the low tower was lower than the lowest of the towers; 12 of 40 were low",
    "the lowest tower was slow, and the lower one was slower than  the 40 others\nand low",
    "a tower of 12 was as low as the low one",
] * 3


@cache
def small() -> Tokenizer:
    return train_tokenizer(TextColumn.from_texts(PROSE), vocabulary=300)


def column(texts: list[str]) -> TokenColumn:
    return small().encode(TextColumn.from_texts(texts))


class SlowModel:
    """Two levels of modified Kneser-Ney over a list of words, with dictionaries."""

    def __init__(self, listed: list[str], texts: list[str]) -> None:
        count = Counter(word for text in listed for word in words(text))
        d, total = discounts(Counter(count.values())), sum(count.values())
        self.below = {word: (n - d[min(n, 3)]) / total for word, n in count.items()}
        self.unknown = sum(d[min(n, 3)] for n in count.values()) / total
        token = Counter(column(listed).codes.tolist())
        self.token = {
            code: (token[code] + 1) / (token.total() + small().vocabulary)
            for code in range(small().vocabulary)
        }
        three = Counter(
            gram
            for text in texts
            for gram in zip(*(self.padded(text)[at:] for at in range(3)), strict=False)
        )
        before = defaultdict(set)
        for gram in three:
            before[gram[1:]].add(gram[0])
        two = Counter({gram: len(firsts) for gram, firsts in before.items()})
        self.counts = {2: two, 3: three}
        self.discounts = {n: discounts(Counter(c.values())) for n, c in self.counts.items()}

    def known(self, word: bytes) -> bytes | None:
        return word if word in self.below else None

    def padded(self, text: str) -> list[bytes | str | None]:
        return ["<", "<", *(self.known(word) for word in words(text))]

    def chance(self, history: tuple[bytes | str | None, ...], word: bytes | None) -> float:
        chance = self.unknown if word is None else self.below[word]
        for length in (2, 3):
            context = history[3 - length :]
            following = {g[-1]: n for g, n in self.counts[length].items() if g[:-1] == context}
            total, d = sum(following.values()), self.discounts[length]
            if total:
                left = sum(d[min(n, 3)] for n in following.values()) / total
                n = following.get(word, 0)
                chance = (n - d[min(n, 3)]) / total + left * chance
        return chance

    def bits(self, text: str) -> float:
        padded, spelled = self.padded(text), words(text)
        total = 0.0
        for at in range(2, len(padded)):
            word = padded[at]
            assert not isinstance(word, str)
            total -= np.log2(self.chance((padded[at - 2], padded[at - 1]), word))
            if word is None:
                codes = column([spelled[at - 2].decode()]).codes.tolist()
                total -= sum(np.log2(self.token[code]) for code in codes)
        return float(total)


def words(text: str) -> list[bytes]:
    return WORDS.findall(text.encode())


def discounts(times: Counter[int]) -> list[float]:
    if not all(times[n] for n in (1, 2, 3, 4)):
        return [0.0, 0.5, 1.0, 1.5]
    y = times[1] / (times[1] + 2 * times[2])
    own = [n - (n + 1) * y * times[n + 1] / times[n] for n in (1, 2, 3)]
    return [0.0, *(d if 0 < d < i else i / 2 for i, d in enumerate(own, start=1))]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(PROSE[:3]), max_size=3), st.text("the low12; \n", max_size=30))
def test_bits_are_those_of_a_slow_model(train: list[str], asked: str) -> None:
    proxy = WordProxy(word_list(column(PROSE), small()))
    rng = np.random.default_rng(1)
    bits = proxy.held_out_bits(column(train), column([asked, PROSE[1]]), rng=rng).bits
    slow = SlowModel(PROSE, train)
    assert bits == pytest.approx([slow.bits(asked), slow.bits(PROSE[1])])


def test_chances_of_what_may_come_next_sum_to_one() -> None:
    listed = word_list(column(PROSE), small())
    assert listed.chance.sum() == pytest.approx(1)
    slow = SlowModel(PROSE, PROSE)
    every = [*slow.below, None]
    assert sum(slow.chance((b" the", b" low"), word) for word in every) == pytest.approx(1)


def test_words_in_no_order_teach_nothing_where_tokens_say_they_do() -> None:
    """The case that this proxy is there for: more words of the target's language, in no order."""
    language, rng = Language(1), np.random.default_rng(3)
    good, more, target = ([language.document(rng) for _ in range(n)] for n in (8, 60, 40))
    shuffled = [" ".join(rng.permutation(text.split())) for text in more]
    tokenizer = train_tokenizer(TextColumn.from_texts(good))
    base, ordered, unordered, asked = (
        tokenizer.encode(TextColumn.from_texts(texts)) for texts in (good, more, shuffled, target)
    )
    change = {}
    for proxy in (
        NGramProxy(),
        WordProxy(word_list(joined([base, ordered, unordered]), tokenizer)),
    ):
        losses = [
            proxy.held_out_bits(train, asked, rng=rng).bits_per_byte
            for train in (base, joined([base, ordered]), joined([base, unordered]))
        ]
        change[type(proxy)] = (losses[1] - losses[0], losses[2] - losses[0])
    assert change[NGramProxy][1] < -0.1
    assert change[WordProxy][0] < -0.1
    assert change[WordProxy][1] > 0


def test_repeats_and_other_tokenizers_are_refused() -> None:
    proxy = WordProxy(word_list(column(PROSE), small()))
    with pytest.raises(ProxyRefuses, match="its counts only grow"):
        proxy.held_out_bits(
            column(PROSE), column(PROSE), rng=np.random.default_rng(1), training_tokens=10_000
        )
    other = train_tokenizer(TextColumn.from_texts(PROSE), vocabulary=270)
    with pytest.raises(BadInput, match="of one tokenizer"):
        proxy.held_out_bits(
            other.encode(TextColumn.from_texts(PROSE)), column(PROSE), rng=np.random.default_rng(1)
        )


def test_a_list_without_words_is_refused() -> None:
    with pytest.raises(BadInput, match="got 0 words"):
        word_list(column([""]), small())


def test_the_identity_is_that_of_the_list() -> None:
    one, same, other = (
        WordProxy(word_list(column(texts), small())) for texts in (PROSE, PROSE, PROSE[:2])
    )
    assert one.identity == same.identity != other.identity
