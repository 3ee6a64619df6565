"""Batches of documents: what goes into Arrow comes out of it, and rows stay together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.curate.documents import Documents
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=8)


def columns(docs: Documents) -> tuple[object, ...]:
    return docs.doc_id, docs.text.texts(), docs.source, docs.where, docs.fields


@given(TEXTS)
def test_arrow_and_back_is_the_same(texts: list[str]) -> None:
    docs = Documents.from_texts(texts)
    assert columns(Documents.from_arrow(docs.to_arrow())) == columns(docs)


@given(TEXTS, st.data())
def test_rows_stay_together(texts: list[str], data: st.DataObject) -> None:
    docs = Documents.from_texts(texts)
    keep = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    left = docs.take(np.array(keep, dtype=np.bool_))
    wanted = [
        row for row, kept in zip(zip(docs.doc_id, texts, strict=True), keep, strict=True) if kept
    ]
    assert list(zip(left.doc_id, left.text.texts(), strict=True)) == wanted


@given(st.lists(TEXTS, max_size=4))
def test_joined_is_one_after_the_other(parts: list[list[str]]) -> None:
    joined = Documents.joined(Documents.from_texts(part) for part in parts)
    assert joined.text.texts() == [text for part in parts for text in part]


def test_columns_of_two_lengths_are_refused() -> None:
    with pytest.raises(BadInput, match="one length"):
        Documents(("a",), TextColumn.from_texts([]), ("a",), ("a",), ("",))


def test_a_batch_of_another_library_is_taken_and_one_without_text_is_not() -> None:
    arrow = pytest.importorskip("pyarrow")
    batch = arrow.record_batch({"doc_id": ["1", "2"], "text": ["ä", ""]})
    docs = Documents.from_arrow(batch)
    assert (docs.doc_id, docs.text.texts(), docs.source) == (("1", "2"), ["ä", ""], ("", ""))
    with pytest.raises(BadInput, match="lacks"):
        Documents.from_arrow(arrow.record_batch({"doc_id": ["1"]}))
