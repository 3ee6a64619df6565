import numpy as np
import pytest
from arro3.core import Array, DataType
from hypothesis import given
from hypothesis import strategies as st

from assay.curate.text_column import TextColumn
from assay.errors import BadInput

TEXTS = st.lists(st.text(max_size=12), max_size=8)


@given(TEXTS)
def test_what_goes_in_comes_out(texts: list[str]) -> None:
    column = TextColumn.from_texts(texts)
    assert column.texts() == texts
    assert [column.text(i) for i in range(len(column))] == texts
    assert column.nbytes == sum(len(t.encode("utf-8", "surrogatepass")) for t in texts)


@given(TEXTS, st.randoms())
def test_rows_are_taken_by_number_and_by_mask(texts: list[str], random: object) -> None:
    column = TextColumn.from_texts(texts)
    rows = [i for i in range(len(texts)) if random.random() < 0.5]  # type: ignore[attr-defined]
    wanted = [texts[i] for i in rows]
    assert column.take(np.array(rows, dtype=np.int64)).texts() == wanted
    mask = np.isin(np.arange(len(texts)), rows)
    assert column.take(mask).texts() == wanted


@pytest.mark.parametrize("kind", [DataType.utf8(), DataType.large_utf8()])
def test_an_arrow_array_of_either_width(kind: DataType) -> None:
    texts = ["", "abc", "dé", "日本", "x" * 100]
    array = Array(texts, type=kind)
    assert TextColumn.from_arrow(array).texts() == texts
    assert TextColumn.from_arrow(array.slice(1, 3)).texts() == texts[1:4]
    assert TextColumn.from_arrow(array.slice(5, 0)).texts() == []


def test_an_array_that_was_let_go_leaves_the_column() -> None:
    array = Array(["one", "two"] * 1000, type=DataType.large_utf8())
    column = TextColumn.from_arrow(array)
    del array
    Array(["xxxxx"] * 4000, type=DataType.large_utf8())
    assert column.texts() == ["one", "two"] * 1000


def test_missing_texts_and_other_types_are_refused() -> None:
    with pytest.raises(BadInput, match="1 of 3 texts are missing"):
        TextColumn.from_arrow(Array(["a", None, "b"], type=DataType.utf8()))
    with pytest.raises(BadInput, match="Arrow format 'l'"):
        TextColumn.from_arrow(Array([1, 2], type=DataType.int64()))
