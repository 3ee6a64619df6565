"""Shingles of a batch against the same definition in plain Python, over hostile texts too."""

from __future__ import annotations

import itertools
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assay.curate import shingles as module
from assay.curate.number_formats import canonical_numbers
from assay.curate.shingle_normalisation import Normalisation, normalised_words
from assay.curate.shingles import ShingleSettings, shingles, word_hashes
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

HOSTILE = [
    "", " ", "one", "a b c d", "a b c d e", "!?!", "\x00", "a\x00b", "x" * 70, "y" * 8, "z" * 9, "é" * 40,
    "ÀÉ ÇÑ ΑΒΓ ДЖ", "İstanbul ẞ \u212a", "漢字かな交じり文", "漢a字b", "日本 語", "שלום עולם", "e\u0301te\u0301",
    "नमस्ते दुनिया", "a\u2028b\u00a0c\u3000d", "naïve—dash…", "😀 smile 😀", "𝐀𝐁 𠀀𠀁", "CR\r\nLF", "\ud800 lone",
    "12 3.45", "\u0085next", "ﬁ ﬂ",
]  # fmt: skip
TEXT = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=60),
    st.text(alphabet="aAbB1 .,-_é漢Ж\u00a0\u3000", max_size=60),
    st.lists(st.sampled_from(["the", "of", "Word", "x" * 65, "é", "漢字"]), max_size=12).map(" ".join),
)  # fmt: skip
NORMALISATIONS = [
    Normalisation(),
    Normalisation(words="whitespace"),
    Normalisation(lowercase=False, digits="zero"),
]


def plain_words(text: str, chosen: Normalisation) -> list[bytes]:
    """The definition, a character at a time."""
    found: list[bytes] = []
    word = b""

    def close() -> None:
        nonlocal word
        if word:
            found.append(word)
        word = b""

    for letter in text:
        kind = plain_kind(letter, chosen)
        if kind != "in word":
            close()
        if kind != "separates":
            word += plain_letter(letter, chosen).encode("utf-8", "surrogatepass")
        if kind == "own word":
            close()
    close()
    return found


def plain_kind(letter: str, chosen: Normalisation) -> str:
    point = ord(letter)
    if chosen.words == "whitespace":
        return "separates" if letter.isspace() or letter == "\0" else "in word"
    if 0x1F000 <= point < 0x20000:
        return "separates"
    blocks = (
        (0x3040, 0x3100),
        (0x31F0, 0x3200),
        (0x3400, 0x4DC0),
        (0x4E00, 0xA000),
        (0xF900, 0xFB00),
    )
    if any(low <= point < high for low, high in blocks) or point >= 0x20000:
        return "own word"
    if point >= 0x10000 or letter.isalnum() or letter == "_":
        return "in word"
    # No letter itself, yet not a separator within one.
    return "in word" if unicodedata.category(letter)[0] == "M" or plain_bulk(point) else "separates"


def plain_bulk(point: int) -> bool:
    return 0xAC00 <= point < 0xD800 or 0xE000 <= point < 0xF900


def plain_letter(letter: str, chosen: Normalisation) -> str:
    if chosen.digits == "zero" and letter in "0123456789":
        return "0"
    small = letter.lower()
    same_length = len(small.encode("utf-8", "surrogatepass")) == len(
        letter.encode("utf-8", "surrogatepass")
    )
    if chosen.lowercase and len(small) == 1 and same_length and ord(letter) < 0x10000:
        return small
    return letter


def words_found(texts: list[str], chosen: Normalisation) -> list[list[bytes]]:
    words = normalised_words(TextColumn.from_texts(texts), chosen)
    every = [
        words.buffer[a:b].tobytes()
        for a, b in zip(words.starts.tolist(), words.ends.tolist(), strict=True)
    ]
    bounds = words.first.tolist()
    return [every[a:b] for a, b in itertools.pairwise(bounds)]


@pytest.mark.parametrize("chosen", NORMALISATIONS, ids=lambda n: n.described)
@settings(max_examples=80, deadline=None)
@example(texts=HOSTILE)
@given(texts=st.lists(TEXT, max_size=8))
def test_words_are_those_of_the_definition(chosen: Normalisation, texts: list[str]) -> None:
    assert words_found(texts, chosen) == [plain_words(text, chosen) for text in texts]


@settings(max_examples=80, deadline=None)
@example(texts=HOSTILE, size=5)
@given(texts=st.lists(TEXT, max_size=8), size=st.integers(1, 6))
def test_shingles_are_equal_exactly_where_runs_of_words_are(texts: list[str], size: int) -> None:
    flat = shingles(TextColumn.from_texts(texts), ShingleSettings(words=size))
    assert flat.offsets[0] == 0
    assert flat.offsets[-1] == len(flat.values)
    expected: list[tuple[bytes, ...]] = []
    for row, text in enumerate(texts):
        words = plain_words(text, Normalisation())
        runs = [tuple(words[i : i + size]) for i in range(max(len(words) - size, 0) + bool(words))]
        assert flat.offsets[row + 1] - flat.offsets[row] == len(runs)
        expected += runs
    hashes = flat.values.tolist()
    assert len(set(hashes)) == len(set(expected)) == len(set(zip(hashes, expected, strict=True)))


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(TEXT, max_size=12), piece=st.integers(1, 200), split=st.integers(0, 12))
def test_a_text_has_the_same_hashes_in_any_company(
    texts: list[str], piece: int, split: int
) -> None:
    whole = word_hashes(TextColumn.from_texts(texts))
    before = module._PIECE
    module._PIECE = piece
    try:
        parts = [
            word_hashes(TextColumn.from_texts(part)) for part in (texts[:split], texts[split:])
        ]
    finally:
        module._PIECE = before
    assert np.concatenate([part.values for part in parts]).tolist() == whole.values.tolist()


def test_a_view_into_a_larger_column_is_read_where_it_lies() -> None:
    column = TextColumn.from_texts(["first one", "second here", "third"])
    view = TextColumn(column.data, column.offsets[1:])
    assert word_hashes(view).values.tolist() == word_hashes(column).values[2:].tolist()


def test_bytes_that_are_no_utf8_are_read_without_a_fault() -> None:
    parts = [b"\xff\xfe abc", b"\xe2\x80", b"\xf0\x9f", b"\xc3", b"ok \x80\x80 \xed\xa0\x80"]
    together = word_hashes(TextColumn.from_bytes(parts))
    alone = [word_hashes(TextColumn.from_bytes([part])).values for part in parts]
    assert together.values.tolist() == np.concatenate(alone).tolist()


def test_ten_megabytes_of_one_word() -> None:
    one, many = "a" * 10_000_000, "word " * 500_000
    flat = shingles(TextColumn.from_texts([one, many, one + "b"]))
    assert np.diff(flat.offsets).tolist() == [1, 499_996, 1]
    assert len(np.unique(flat.values)) == 3


def test_hashes_do_not_meet_among_similar_words() -> None:
    words = [
        f"{left}{right:x}" for left in ("", "a", "word", "longer-word-") for right in range(50_000)
    ]
    flat = word_hashes(TextColumn.from_texts([" ".join(words)]), Normalisation(words="whitespace"))
    assert len(np.unique(flat.values)) == len(set(words))
    # Every bit is set in about half of them.
    bits = np.unpackbits(flat.values.view(np.uint8)).reshape(-1, 64).mean(axis=0)
    assert bits.min() > 0.49
    assert bits.max() < 0.51


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1,234.50", "1234.5"), ("1.234,50", "1234.5"), ("1 234,50", "1234.5"), ("1\u202f234,5", "1234.5"),
        ("1'234.5", "1234.5"), ("1\u2019234.50", "1234.5"), ("1\u00a0234\u00a0567", "1234567"), ("1,234", "1234"),
        ("1.234", "1234"), ("0.125", "0.125"), ("0,1250", "0.125"), ("3.0", "3"), ("1_000_000", "1000000"),
        ("12.5", "12.5"), ("12,50", "12.5"), ("1.2.3", "1.2.3"), ("2019 200 people", "2019 200 people"),
        ("10.10.2024", "10.10.2024"), ("192.168.1.1", "192.168.1.1"), ("in 2019 1,234.5", "in 2019 1234.5"),
        ("1, 2, 3", "1, 2, 3"), ("1,2,3,4", "1,2,3,4"), ("5.", "5."), (".5", ".5"), ("1,23,456", "1,23,456"),
        ("1" * 60 + ".50", "1" * 60 + ".50"), ("9", "9"), ("", ""),
    ],
)  # fmt: skip
def test_numbers_in_one_format(written: str, number: str) -> None:
    data = np.frombuffer(f"({written})".encode(), dtype=np.uint8).copy()
    canonical_numbers(data, np.array([0, len(data)]))
    assert data.tobytes().decode().replace(" ", "") == f"({number})".replace(" ", "")


def test_a_number_is_not_read_across_two_texts() -> None:
    chosen = Normalisation(numbers="canonical")
    texts = ["1,", "234", "1", "000", "7.5", "0", "x 1.2", ".3"]
    alone = [words_found([text], chosen)[0] for text in texts]
    assert words_found(texts, chosen) == alone


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="0123456789., 'x\u00a0", max_size=30), max_size=6))
def test_numbers_of_a_batch_are_those_of_each_text(texts: list[str]) -> None:
    chosen = Normalisation(numbers="canonical")
    assert words_found(texts, chosen) == [words_found([text], chosen)[0] for text in texts]


def test_an_option_that_is_not_known_is_refused() -> None:
    with pytest.raises(BadInput, match="letters-and-digits, whitespace; got 'spaces'"):
        Normalisation(words="spaces")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="1 to 64 words, got 0"):
        ShingleSettings(words=0)
