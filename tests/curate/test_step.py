"""Steps: one reason a row, and what one drops the next does not see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.curate.documents import Documents
from assay.curate.step import StepResult, apply_steps, kept_by_reason
from assay.curate.steps import STEPS, Length, Sources, step_class
from assay.curate.text_column import TextColumn
from assay.errors import BadInput


class Shout:
    name = "shout"

    def __call__(self, docs: Documents) -> StepResult:
        loud = TextColumn.from_texts(text.upper() for text in docs.text.texts())
        return StepResult(docs.with_text(loud), ("",) * len(docs), {"shouted": len(docs)})


@given(st.lists(st.text(max_size=9), max_size=9), st.integers(0, 5), st.integers(0, 5))
def test_length_counts_characters(texts: list[str], least: int, more: int) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    done = Length(least, least + more)(Documents.from_texts(texts))
    wanted = [
        "too_short" if len(text) < least else "too_long" if len(text) > least + more else ""
        for text in texts
    ]
    assert list(done.reasons) == wanted


def test_steps_see_what_those_before_them_kept() -> None:
    docs = Documents.from_texts(["a", "bcd", "ef", "ghij"])
    done = apply_steps([Length(2), Shout(), Length(0, 3)], docs)
    assert done.docs.text.texts() == ["BCD", "EF"]
    assert done.rows == (1, 2)
    assert done.reasons == ("too_short", "", "", "too_long")
    assert done.dropped_by == ("length", "", "", "length")
    assert done.counts == {"shout": {"shouted": 3}}
    assert done.changed == 2


def test_sources_are_named() -> None:
    docs = Documents.from_records([{"text": "x", "source": name} for name in "abc"])
    assert Sources(only=("a", "b"), without=("b",))(docs).reasons == (
        "",
        "source_left_out",
        "source_not_named",
    )


def test_a_step_that_loses_count_is_refused() -> None:
    docs = Documents.from_texts(["a", "b"])
    with pytest.raises(BadInput, match="2 rows of a step have no reason, yet 1"):
        StepResult(docs.take(__import__("numpy").array([0])), ("", ""))

    class Short:
        name = "short"

        def __call__(self, docs: Documents) -> StepResult:
            return kept_by_reason(docs.take(__import__("numpy").array([0])), [""])

    with pytest.raises(BadInput, match="the step short gave 1 reasons for 2 documents"):
        apply_steps([Short()], docs)


@pytest.mark.parametrize("name", STEPS)
def test_every_step_of_the_register_is_a_frozen_class_with_words(name: str) -> None:
    kind = step_class(name)
    assert kind.__doc__
    assert kind.__dataclass_params__.frozen


def test_bounds_out_of_order_are_refused() -> None:
    with pytest.raises(BadInput, match="min_characters must lie between"):
        Length(5, 4)
