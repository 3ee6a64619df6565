"""The difference between an output and its reference."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assay.web.differing import MOST_WORDS, word_difference

words = st.lists(st.sampled_from(["a", "b", "Paris", "is\n", "<b>", "\u202e"]), max_size=40).map(
    " ".join
)


@given(words, words)
def test_the_pieces_make_up_both_texts(output: str, reference: str) -> None:
    pieces = word_difference(output, reference)
    assert pieces is not None
    made = "".join(piece.text for piece in pieces if piece.kind != "missing")
    assert made == output
    old = "".join(piece.text for piece in pieces if piece.kind != "added")
    assert old.split() == reference.split()


def test_what_is_too_long_is_not_compared() -> None:
    assert word_difference("a " * (MOST_WORDS + 1), "a") is None
    assert word_difference("x" * 1_000_000, "a") is None
    assert word_difference("", "") == ()
