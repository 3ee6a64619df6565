"""A corpus made ready: what is left out, pieces, cut targets and words in another order."""

from __future__ import annotations

import numpy as np
import pytest

from assay.curate.proxies.proxy import joined
from assay.curate.text_column import TextColumn
from assay.curate.value_corpus import in_pieces, ready_corpus, without_order
from assay.errors import BadInput


def pages(count: int, words: int = 200, first: int = 0) -> list[str]:
    return [
        " ".join(f"w{n}" for n in np.random.default_rng(seed).integers(0, 3_000, words))
        for seed in range(first, first + count)
    ]


def test_tokens_are_counted_by_what_became_of_them() -> None:
    target = pages(10)
    texts = [*pages(5, first=100), *pages(5, first=100), *target[:3]]
    source = ["a"] * 5 + ["b"] * 5 + ["c"] * 3
    ready = ready_corpus(TextColumn.from_texts(texts), source, TextColumn.from_texts(target))
    a, b, c = ready.pool.texts
    assert (a.tokens, a.leaked_tokens, a.repeated_tokens) == (a.raw_tokens, 0, 0)
    assert (b.tokens, b.repeated_tokens) == (0, b.raw_tokens)
    assert (c.tokens, c.leaked_tokens) == (0, c.raw_tokens)
    assert ready.pool.leaked.n_tokens == c.raw_tokens
    assert ready.pool.pieces.n_tokens == a.raw_tokens
    assert (a.repeats, b.repeats) == ((), (("a", b.raw_tokens),))
    assert b.to_json()["repeats"] == {"a": b.raw_tokens}
    kept = ready_corpus(
        TextColumn.from_texts(texts), source, TextColumn.from_texts(target), keep_repeats=True
    ).pool.texts[1]
    # Who trains on repeats is told of them all the same.
    assert (kept.tokens, kept.repeated_tokens) == (kept.raw_tokens, 0)
    assert kept.repeats == (("a", kept.raw_tokens),)


def test_a_repeat_of_several_is_named_by_the_one_that_it_repeats_most() -> None:
    first, second = pages(2, words=300, first=40)
    both = f"{first[: len(first) // 3]} {second}"
    ready = ready_corpus(
        TextColumn.from_texts([first, second, both, *pages(4)]),
        ["one", "two", "mixed", *["other"] * 4],
        TextColumn.from_texts(pages(3, first=90)),
    )
    held = {text.name: text for text in ready.pool.texts}
    assert held["mixed"].repeats == (("two", held["mixed"].raw_tokens),)


def test_a_proxy_that_values_repeats_is_given_them() -> None:
    texts = TextColumn.from_texts([*pages(3, first=50), *pages(3, first=50)])
    ready = ready_corpus(texts, ["a"] * 6, TextColumn.from_texts(pages(9)), keep_repeats=True)
    assert ready.pool.texts[0].repeated_tokens == 0
    assert ready.pool.texts[0].tokens == ready.pool.texts[0].raw_tokens


def test_pieces_hold_every_token_once_and_no_two_documents() -> None:
    texts = TextColumn.from_texts([*pages(2, words=2_000), "short", ""])
    column = ready_corpus(
        texts, ["a"] * 4, TextColumn.from_texts(pages(9, first=500))
    ).tokenizer.encode(texts)
    pieces, owner = in_pieces(column, np.array([0, 2, 3, 1]))
    assert pieces.n_tokens == column.n_tokens
    assert pieces.lengths.max() <= 1_024
    whole = column.take(np.array([0, 2, 1]))
    assert pieces.codes.tolist() == whole.codes.tolist()
    assert set(owner.tolist()) == {0, 1, 2}
    assert pieces.text_bytes.sum() == pytest.approx(column.text_bytes.sum(), abs=len(pieces))


def test_a_target_is_cut_between_characters() -> None:
    target = ["ä" * 5_000, "x" + "ä" * 5_000, "a" * 10]
    ready = ready_corpus(TextColumn.from_texts(pages(3)), ["a"] * 3, TextColumn.from_texts(target))
    assert ready.target.held_out.n_bytes.tolist() == [4096, 4095, 10]
    assert ready.tokenizer.decode(ready.target.column)[1] == "x" + "ä" * 2047


def test_words_in_another_order_are_the_same_words() -> None:
    texts = pages(4)
    ready = ready_corpus(
        TextColumn.from_texts(texts), ["a"] * 4, TextColumn.from_texts(pages(9, first=300))
    )
    column = ready.tokenizer.encode(TextColumn.from_texts([" " + text for text in texts]))
    other = ready.tokenizer.decode(without_order(column, ready.tokenizer, np.random.default_rng(1)))
    for before, after in zip(texts, other, strict=True):
        assert before.split() != after.split()
        assert sorted(before.split()) == sorted(after.split())


def test_nothing_to_train_on_and_no_target_are_refused() -> None:
    target = pages(9)
    with pytest.raises(BadInput, match="nothing is left to train on"):
        ready_corpus(TextColumn.from_texts(target), ["a"] * 9, TextColumn.from_texts(target))
    with pytest.raises(BadInput, match="holds no text"):
        ready_corpus(TextColumn.from_texts(pages(2)), ["a"] * 2, TextColumn.from_texts([""]))


def test_columns_are_joined_and_cut() -> None:
    ready = ready_corpus(
        TextColumn.from_texts(pages(3)), ["a"] * 3, TextColumn.from_texts(pages(9, first=300))
    )
    column = ready.tokenizer.encode(TextColumn.from_texts(["one two", "", "three"]))
    twice = joined([column, column])
    assert ready.tokenizer.decode(twice) == ["one two", "", "three"] * 2
    assert twice.head(twice.n_tokens + 5) is twice
    head = twice.head(column.n_tokens)
    assert ready.tokenizer.decode(head) == ["one two", "", "three"]
    assert head.text_bytes.tolist() == [7, 0, 5]
    with pytest.raises(BadInput, match="no column"):
        joined([])
