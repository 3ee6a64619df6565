"""What each parser takes out of an output, and out of hostile ones."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.judge.check import Item
from assay.judge.parsers import PLAIN, json_in
from assay.judge.rules import parser_named


def taken(spec: str, text: str, *, answer: str | None = None) -> str | None:
    return parser_named(spec).take([text], [Item(text, answer=answer)])[0].text


@pytest.mark.parametrize(
    ("spec", "text", "found"),
    [
        ("whole", " as it is ", " as it is "),
        ("last-number", "3 + 4 = 1,007.", "1007"),
        ("last-number", "none", None),
        ("first-number", "3 + 4 = 7", "3"),
        ("last-quantity", "about 3 or\n1.5 km long\nas said", "1.5 km long"),
        ("boxed", r"\boxed{1} and \boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        ("boxed", r"\boxed{ 7 } then \boxed{8", "7"),
        ("boxed", r"\boxed{\boxed{3}}", "3"),
        ("boxed", "7", None),
        ("answer-line", "Work.\nAnswer: **42**\nBye", "42"),
        ("answer-line", "The answer is 5.\nSo the final answer is: 6", "6"),
        ("answer-line", "x = 3\n#### 3", "3"),
        ("answer-line", "**Answer:** Paris", "Paris"),
        ("answer-line", "no answer at all", None),
        ("last-bracketed", "[No] at first, but [ Yes ]", "Yes"),
        ("last-bracketed", "[[3]]", "3"),
        ("last-bracketed", "[open", None),
        ("after-think", "<think>2+2=5?</think> 4", "4"),
        ("after-think", "4", "4"),
        ("after-think", "<think>never ended", None),
        ("code", "text\n```python\nx = 1\n```\nmore\n```\ny = 2\n```\n", "y = 2"),
        ("code", "x = 1", "x = 1"),
        ("code", "```python\ncut off", "cut off"),
        ("json", 'Here: {"a": [1]} done', '{"a": [1]}'),
        ("json", '```json\n{"a": 1}\n```', '{"a": 1}'),
        ("json", '{"a": NaN}', None),
        ("json", "none", None),
        ("json-field=answer", 'I say {"answer": "B", "why": 1}', "B"),
        ("json-field=a.0.b", '{"a": [{"b": 2.50}]}', "2.5"),
        ("json-field=a.1", '{"a": [0]}', None),
        ("json-field=a", '{"a": null}', None),
        ("json-field=a", '{"a": {"b": "é"}}', '{"b": "é"}'),
        (r"last-match=\[(yes|no)\]", "[No], then [Yes]", "Yes"),
        (r"last-match=\d+", "1 and 22", "22"),
        (r"last-match=(a)|b", "a b", "b"),
        ("after-think+last-number", "<think>3</think> 4", "4"),
        ("after-think+last-number", "<think>3", None),
        ("json-field=answer", "[" * 100_000, None),
    ],
)  # fmt: skip
def test_what_is_taken(spec: str, text: str, found: str | None) -> None:
    assert taken(spec, text) == found


def test_the_logs_own_answer_comes_first_where_there_is_one() -> None:
    assert taken("answer", "I think 5, no, 6", answer="5") == "5"
    assert taken("answer", "I think 5, no, 6") == "I think 5, no, 6"
    assert taken("answer+last-number", "6", answer="is 5") == "5"
    assert taken("last-number", "6", answer="5") == "6"
    assert taken("answer", "6", answer="") == ""


HOSTILE = [
    "[", "{", "\\boxed{", "```\n", "<think>", "answer: ", "answer is\n", "####", '{"a":', "\ud800", "\x00\x1b[2J\u202e",
    "9", "A ", "(A)", "answer: **", "1,", "- $ ", "]", "}", "\\boxed{}", " ", "\n",
]  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
def test_a_long_hostile_line_raises_nothing_and_ends(part: str) -> None:
    # What takes time with the square of the length would take minutes here.
    line = part * (100_000 // len(part))
    for spec in [*PLAIN, "json-field=answer", "choice-letter"]:
        taken(spec, line)
        taken(spec, f'answer{line}{{"answer": {line}')


@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_nothing_that_a_text_holds_makes_a_parser_raise(text: str) -> None:
    for spec in [*PLAIN, "json-field=a.0", "choice-letter", "answer"]:
        found = taken(spec, text)
        assert found is None or isinstance(found, str)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(JSON)
def test_json_is_found_alone_and_in_a_fence(value: object) -> None:
    text = json.dumps(value)
    assert json_in(text) == (value, text)
    if isinstance(value, list | dict):
        assert json_in(f"So:\n```json\n{text}\n```\n") == (value, text)


def test_a_label_carries_name_version_and_argument() -> None:
    assert parser_named("last-number").label == "last-number@1"
    assert parser_named("answer+last-match=a+b").label == "answer@1 + last-match@1 /a+b/"
    assert parser_named("json-field=a.b").label == "json-field@1 a.b"
