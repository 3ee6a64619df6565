"""The same text, one of several, all of several; and texts made to take for ever."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.judge.check import Item
from assay.judge.text_checks import (
    AcceptableAnswers,
    Exact,
    acceptable_in,
    normalised,
    parts_of,
    same_text,
)


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("Paris", "paris", True),
        ("  “Paris.” ", "Paris", True),
        ("New\n York", "new york", True),
        ("ﬁle", "file", True),
        ("-5", "5", False),
        ("5 %", "5", False),
        ("?", "!", False),
        ("", "Paris", False),
        ("Paris, France", "Paris", False),
        ("STRASSE", "straße", True),
        ("*" * 500 + "Paris" + "*" * 500, "Paris", True),
        (" " * 5_000 + "Paris", "Paris", True),
        ("!" * 5_000, "!", False),
        ("\ud800Paris", "Paris", False),
        ("\x00Paris", "Paris", False),
    ],
)
def test_exact_folds_what_it_says_and_nothing_else(answer: str, reference: str, same: bool) -> None:
    assert same_text(answer, reference) is same
    assert Exact().compare([answer], [Item("", reference)])[0].wrong is not same


@given(st.text() | st.text(alphabet="\u0300\u0315\u0345eΑᾂ⑴ "))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@given(st.text(), st.text())
def test_measuring_first_changes_no_verdict(a: str, b: str) -> None:
    assert same_text(a, b) == (normalised(a) == normalised(b))


@given(st.text(alphabet="\u0300\u0315\u0345eαᾂ . -(⑴…", max_size=400), st.text(max_size=3))
def test_measuring_first_changes_no_verdict_on_what_composes(a: str, b: str) -> None:
    assert same_text(a, b) == (normalised(a) == normalised(b))
    assert same_text(a, normalised(a))


@pytest.mark.parametrize("mark", ["\u0315\u0300", "̈", "ﷺ", "a\u0300\u0315"])
def test_a_long_line_that_unicode_takes_for_ever_to_order_is_another_text(mark: str) -> None:
    # 20 times as many marks take NFKC 400 times as long: this one would take minutes.
    hostile = mark * (200_000 // len(mark))
    assert not same_text(hostile, "Paris")
    for rule in ("any", "all"):
        check = AcceptableAnswers(rule)
        assert check.compare([hostile], [Item("", '["Paris", "Rome"]')])[0].wrong


@pytest.mark.parametrize(
    ("answer", "reference", "wrong"),
    [
        ("NYC.", '["New York", "NYC"]', False),
        ("Boston", '["New York", "NYC"]', True),
        ("nyc", "NYC", False),
        ("5", "[5, 7]", False),
        ("5", '"5"', False),
        ("5", "5", False),
        ("yes", '["yes", "no"', None),
        ("yes", "[]", None),
        ("yes", '[["yes"]]', None),
        ("yes", '{"yes": 1}', None),
        ("1", "[" + "9" * 5_000 + "]", None),
        ("1", "[" * 200_000, None),
    ],
)
def test_any_of(answer: str, reference: str, wrong: bool | None) -> None:
    assert AcceptableAnswers("any").compare([answer], [Item("", reference)])[0].wrong is wrong


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ("blue, red and green", False),
        ("- Red\n- Green\n- Blue", False),
        ("1. red\n2. green\n3. blue", False),
        ('["green", "blue", "red"]', False),
        ('["gr\\u0065en", "blue", "red"]', False),
        ("red; green; blue; red", False),
        ("red, green", True),
        ("red, green, blue, black", True),
        ("", True),
        ("[" * 100_000, True),
    ],
)
def test_all_of_takes_no_more_and_no_less(answer: str, wrong: bool) -> None:
    reference = json.dumps(["red", "green", "blue"])
    assert AcceptableAnswers("all").compare([answer], [Item("", reference)])[0].wrong is wrong


def test_rules_have_names_of_their_own() -> None:
    assert (AcceptableAnswers("any").label, AcceptableAnswers("all").label) == (
        "any-of@1",
        "all-of@1",
    )
    assert acceptable_in('["A", "a."]') == {"a"}
    assert parts_of("3.5 and 4") == ["3.5", "4"]
