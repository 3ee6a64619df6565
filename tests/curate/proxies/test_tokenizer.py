"""Byte pairs: every text comes back, and the merges are those of the slow way."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.curate.proxies.tokenizer import BYTES, Tokenizer, train_tokenizer, words_of
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

PROSE = [
    "The lowest of the lower towers was the newest; the widest was the slowest to be renewed.",
    "Newer and wider towers were shown, and the old ones were renewed, 1,234 times in 1999.",
] * 5


SMALL = 320


@cache
def small() -> Tokenizer:
    return train_tokenizer(TextColumn.from_texts(PROSE), vocabulary=SMALL)


@pytest.fixture
def tokenizer() -> Tokenizer:
    return small()


@settings(max_examples=40)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_every_text_comes_back(texts: list[str]) -> None:
    tokenizer = small()
    column = tokenizer.encode(TextColumn.from_texts(texts))
    assert tokenizer.decode(column) == [
        text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for text in texts
    ]
    assert column.text_bytes.tolist() == [
        len(text.encode("utf-8", "surrogatepass")) for text in texts
    ]
    assert (column.codes < tokenizer.vocabulary).all()


def slow(word: bytes, merges: list[tuple[int, int]]) -> list[int]:
    """Byte-pair encoding of one word as Sennrich et al. write it."""
    symbols = list(word)
    while True:
        pairs = [
            (merges.index(pair), at) for at, pair in enumerate(pairwise(symbols)) if pair in merges
        ]
        if not pairs:
            return symbols
        rank, at = min(pairs)
        symbols[at : at + 2] = [BYTES + rank]


@settings(max_examples=40)
@given(st.text(alphabet="aelnorstw ", max_size=40))
def test_encodes_as_the_slow_way_does(text: str) -> None:
    tokenizer = small()
    merges = [(int(a), int(b)) for a, b in tokenizer.merges]
    texts = TextColumn.from_texts([text])
    words = words_of(texts)
    expected = [
        code
        for which in words.which
        for code in slow(words.unique[which, : words.length[which]].tobytes(), merges)
    ]
    assert tokenizer.encode(texts).codes.tolist() == expected


def test_words_keep_the_blank_before_them_and_end_at_16_bytes() -> None:
    words = words_of(TextColumn.from_texts(["ab  cd1, x\n y", "e", "", "z" * 40]))
    spelled = [words.unique[w, : words.length[w]].tobytes().decode() for w in words.which]
    assert spelled == [
        "ab",
        " ",
        " cd",
        "1",
        ",",
        " x",
        "\n",
        " y",
        "e",
        "z" * 16,
        "z" * 16,
        "z" * 8,
    ]
    assert words.first.tolist() == [0, 8, 9, 9, 12]


def test_a_blank_at_the_end_of_a_text_is_not_the_next_ones() -> None:
    words = words_of(TextColumn.from_texts(["a ", "b"]))
    assert words.first.tolist() == [0, 2, 3]


def test_blocks_make_no_difference(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = TextColumn.from_texts([*PROSE, "", *PROSE])
    whole = tokenizer.encode(texts)
    monkeypatch.setattr("assay.curate.proxies.tokenizer.BLOCK_BYTES", 100)
    parts = tokenizer.encode(texts)
    assert parts.codes.tolist() == whole.codes.tolist()
    assert parts.offsets.tolist() == whole.offsets.tolist()


def test_the_same_texts_give_the_same_tokenizer(tokenizer: Tokenizer) -> None:
    again = train_tokenizer(TextColumn.from_texts(PROSE), vocabulary=320)
    assert np.array_equal(again.merges, tokenizer.merges)
    assert tokenizer.vocabulary == 320
    # The most frequent pair first.
    assert bytes(tokenizer.merges[0].astype(np.uint8)) in {b"we", b"er", b"th", b"he", b" w", b"re"}


def test_no_text_has_no_tokens_and_no_merges() -> None:
    empty = train_tokenizer(TextColumn.from_texts([]))
    assert empty.vocabulary == BYTES
    assert len(empty.encode(TextColumn.from_texts([]))) == 0
    assert empty.encode(TextColumn.from_texts(["ab"])).codes.tolist() == [97, 98]


def test_a_vocabulary_that_no_code_can_hold_is_refused() -> None:
    with pytest.raises(BadInput, match="256 to 32766"):
        train_tokenizer(TextColumn.from_texts(["a"]), vocabulary=100)
