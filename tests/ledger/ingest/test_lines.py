"""Lines are read strictly, and whatever is refused says why."""

from __future__ import annotations

import io
import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.ledger.ingest.lines import (
    MAX_DEPTH,
    MAX_LINE_BYTES,
    Line,
    leading_keys,
    parse_object,
    read_lines,
)
from assay.ledger.ingest.record import RowError


def lines(data: bytes) -> list[Line]:
    return list(read_lines(io.BytesIO(data)))


class Breaks(io.BytesIO):
    """A stream that fails after its first lines."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line:
            raise EOFError("Compressed file ended before the end-of-stream marker was reached")
        return line


def test_numbers_and_offsets_are_those_of_the_file() -> None:
    found = lines(b"\xef\xbb\xbfone\r\n\n\xc3\xa9\nlast")
    assert [(line.number, line.offset, line.text) for line in found] == [
        (1, 0, "one\r\n"),
        (2, 8, "\n"),
        (3, 9, "é\n"),
        (4, 12, "last"),
    ]
    assert [line.blank for line in found] == [False, True, False, False]


def test_a_line_too_long_is_refused_and_the_next_is_read() -> None:
    data = b"x" * (MAX_LINE_BYTES + 10) + b"\nnext\n"
    long, after = lines(data)
    assert "longer than 16 MiB: 16,777,227 bytes" in long.fault
    assert len(long.text) < 5_000
    assert (after.number, after.offset, after.text) == (2, MAX_LINE_BYTES + 11, "next\n")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_line_of_just_16_mib_is_read(end: bytes) -> None:
    (line,) = lines(b"x" * MAX_LINE_BYTES + end)
    assert not line.fault


def test_invalid_utf_8_names_byte_and_column() -> None:
    (line,) = lines(b"caf\xe9\n")
    assert line.fault == "not UTF-8: byte 0xe9 at column 4"
    assert line.rejected().excerpt == "caf\\xe9"


def test_a_broken_stream_yields_one_line_that_says_so() -> None:
    found = list(read_lines(Breaks(b"one\ntwo\n")))
    assert [line.text for line in found] == ["one\n", "two\n", ""]
    assert found[-1].end == "broken"
    assert "cut off" in found[-1].fault
    assert found[-1].offset == 8


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ('{"a": 1e999}', "the number 1e999 is too large"),
        ('{"a": 18446744073709551616}', "does not fit 64 bits"),
        ('{"a": ' + "9" * 5000 + "}", "999... does not fit 64 bits"),
        ('{"a": 1, "b": 2, "a": 3}', 'the key "a" stands twice'),
        ('{"a": "\\ud800"}', "lone surrogate \\ud800"),
        ("[1]", "must be a JSON object {...}, got an array"),
        ('{"a": 1} {"b": 2}', "something follows the object, at column 10"),
        ('{"a": "b', "the line ends inside the object"),
        ('{"a": ', "the line ends inside the object"),
        ("{'a': 1}", "at column 2"),
        ("", "must begin with {"),
        ("[" * 100_000, "nested deeper than 64"),
    ],
)
def test_refusals_say_why(text: str, reason: str) -> None:
    with pytest.raises(RowError) as caught:
        parse_object(text)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\\ud83d\\ude00"}',
        '{"a": "\\\\ud800"}',
        '{"a": 9223372036854775807, "b": -9223372036854775808}',
        '{"a": "' + "[{" * 500 + '"}',
        '{"a": ' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + "}",
        ' {"a": null}\r\n',
    ],
)
def test_what_json_allows_is_read(text: str) -> None:
    assert parse_object(text) == json.loads(text)


def test_hostile_depth_is_refused_in_linear_time() -> None:
    started = time.process_time()
    for text in ('{"a": ' + '"\\"' * 10**6, "[" * 10**7, "[]," * 10**6, '"' * 10**6 + "[" * 100):
        with pytest.raises(RowError):
            parse_object(text)
    assert time.process_time() - started < 5


SAFE_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | SAFE_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SAFE_TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(SAFE_TEXT, VALUES, max_size=5), st.booleans())
def test_every_good_object_comes_back(value: dict[str, object], ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert parse_object(text) == value
    if not any('"' in key or "\\" in key or not key.isprintable() for key in value):
        assert leading_keys(json.dumps(value, ensure_ascii=False)) == list(value)


@given(st.text(max_size=60))
def test_any_text_is_an_object_or_a_reason(text: str) -> None:
    with suppress(RowError):
        assert isinstance(parse_object(text), dict)


def test_leading_keys_of_an_object_that_is_cut_off() -> None:
    assert leading_keys('{"a": {"b": [1, {"c": 2}]}, "d": "x, \\"e\\": 1", "f": [') == [
        "a",
        "d",
        "f",
    ]
    assert leading_keys('["a", {"b": 1}]') == []
