"""The difference between an output and its reference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.web.differing import MOST_WORDS, word_difference

words = st.lists(
    st.sampled_from(["a", "b", "Paris", "is\n", "<b>", "\u202e", "57.00", "57.", "a."]), max_size=40
).map(" ".join)


@given(words, words)
def test_the_pieces_make_up_both_texts(output: str, reference: str) -> None:
    pieces = word_difference(output, reference)
    assert pieces is not None
    made = "".join(piece.text for piece in pieces if piece.kind != "missing")
    assert made == output
    old = "".join(piece.text for piece in pieces if piece.kind != "added")
    assert "".join(old.split()) == "".join(reference.split())  # Spaces are the output's.


@pytest.mark.parametrize("output", ["The answer is 176.", "**176**", "(176), or so", "176"])
def test_a_word_is_the_same_beside_a_mark(output: str) -> None:
    pieces = word_difference(output, "176")
    assert pieces is not None
    assert {piece.kind for piece in pieces} <= {"same", "added"}
    assert [piece.text.strip() for piece in pieces if piece.kind == "same"] == ["176"]


@pytest.mark.parametrize("output", ["-176", "176.5", "1,760"])
def test_another_number_is_not_the_same(output: str) -> None:
    assert {piece.kind for piece in word_difference(output, "176") or ()} != {"same"}


def test_what_is_too_long_is_not_compared() -> None:
    assert word_difference("a " * (MOST_WORDS + 1), "a") is None
    assert word_difference("x" * 1_000_000, "a") is None
    assert word_difference("", "") == ()
