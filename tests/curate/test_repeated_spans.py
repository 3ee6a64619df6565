"""What a text says again is cut: against a plain definition, and never the first time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.curate.documents import Documents
from assay.curate.repeated_spans import CutRepeatedSpans, cut_repeated_spans
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

BATCHES = st.lists(
    st.lists(st.sampled_from(["a ", "bb\n", "é  ", "日本\u2028", " "]), max_size=25).map("".join),
    max_size=4,
)


def plain(text: str, least: int) -> tuple[list[str], int]:
    words = text.split()
    grams = [tuple(words[place : place + least]) for place in range(len(words) - least + 1)]
    cut: set[int] = set()
    for place, gram in enumerate(grams):
        if gram in grams[:place]:
            cut.update(range(place, place + least))
    return [word for place, word in enumerate(words) if place not in cut], len(cut)


@given(BATCHES, st.integers(2, 5))
def test_words_that_stay(texts: list[str], least: int) -> None:
    done = cut_repeated_spans(TextColumn.from_texts(texts), least_words=least)
    for row, text in enumerate(texts):
        words, count = plain(text, least)
        assert done.texts.text(row).split() == words
        assert done.words_removed[row] == count
        if not count:
            assert done.texts.text(row) == text


def test_what_lies_between_goes_too_and_the_rest_stays_as_it_is() -> None:
    text = "  One two\tthree.\n\nOther words.\nOne two\nthree.\n\nThe end. "
    done = cut_repeated_spans(TextColumn.from_texts([text]), least_words=3)
    assert done.texts.texts() == ["  One two\tthree.\n\nOther words.\nThe end. "]
    assert done.spans.tolist() == [1]


def test_texts_do_not_meet() -> None:
    texts = ["one two three four"] * 3
    assert cut_repeated_spans(TextColumn.from_texts(texts), least_words=2).texts.texts() == texts


def test_the_step_drops_no_document_and_counts() -> None:
    said = "again " * 60
    done = CutRepeatedSpans(least_words=10)(Documents.from_texts([said, "once"]))
    assert done.reasons == ("", "")
    assert done.docs.text.texts()[1] == "once"
    assert len(done.docs.text.texts()[0].split()) < 20
    assert done.counts["words_cut"] + len(done.docs.text.texts()[0].split()) == 60


def test_one_word_is_no_span() -> None:
    with pytest.raises(BadInput, match="at least 2, got 1"):
        CutRepeatedSpans(least_words=1)
