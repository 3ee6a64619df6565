"""Lines and paragraphs, and their copies: against `str` and `re`."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.curate.characters import Characters
from assay.curate.lines import (
    Segments,
    copied,
    filled_lines,
    lines,
    paragraphs,
    split_lines,
    stripped,
)
from assay.curate.text_column import TextColumn

PIECES = (
    "a",
    "b",
    "é",
    " ",
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "\v",
    "\x1c",
    "\x85",
    "\u2028",
    "\u2029",
    "\0",
    "\ud800",
)
BATCHES = st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), max_size=5)
WAYS: dict[str, tuple[Callable[[Characters], Segments], Callable[[str], list[str]]]] = {
    "lines": (lines, lambda text: text.split("\n")),
    "filled lines": (filled_lines, lambda text: re.split("\n+", text)),
    "split lines": (split_lines, str.splitlines),
    "paragraphs": (paragraphs, lambda text: re.split("\n{2,}", text.strip())),
}


def segments_of(chars: Characters, segments: Segments) -> list[list[str]]:
    found = chars.texts_at(segments.starts, segments.ends)
    return [found[a:b] for a, b in zip(segments.offsets[:-1], segments.offsets[1:], strict=True)]


@pytest.mark.parametrize("way", WAYS)
@given(BATCHES)
def test_segments(way: str, texts: list[str]) -> None:
    ours, plainly = WAYS[way]
    chars = Characters.of(TextColumn.from_texts(texts))
    assert segments_of(chars, ours(chars)) == [plainly(text) for text in texts]


@given(BATCHES)
def test_stripped(texts: list[str]) -> None:
    chars = Characters.of(TextColumn.from_texts(texts))
    first, last = stripped(chars, chars.starts[:-1], chars.starts[1:])
    assert chars.texts_at(first, last) == [text.strip() for text in texts]


@given(BATCHES)
def test_copies_are_counted_within_a_text(texts: list[str]) -> None:
    chars = Characters.of(TextColumn.from_texts(texts))
    number, characters = copied(chars, lines(chars))
    for row, text in enumerate(texts):
        seen: set[str] = set()
        again = [line for line in text.split("\n") if line in seen or seen.add(line)]  # type: ignore[func-returns-value]
        assert (number[row], characters[row]) == (len(again), sum(map(len, again)))
