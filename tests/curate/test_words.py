"""How texts are split into words and sentences: against `str.split`, and by examples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.curate.characters import Characters
from assay.curate.text_column import TextColumn
from assay.curate.words import WordSplit, sentence_texts, split_words, word_texts
from assay.errors import BadInput, MissingPart

# White space, line ends, punctuation, marks that combine, right-to-left, no spaces, lone surrogates, NUL.
PIECES = (
    " ", "  ", "\n", "\r\n", "\u2028", "\x85", "\u3000", "\xa0", "\t", "\0", ".", "...", "…", ",", "'", "’", "'s",
    "n't", "-", "--", "/", "://", "(", ")", "[", "]", "{", "#", "•", "+", "=", "%", "$", ":", "!", "?", "。", "a", "b",
    "Ab", "U.S.", "e.g.", "don't", "1", "2.5", "e\u0301", "\u0301",
    "שלום", "日本語", "😀",
    "\ud800", "\udc00", "\u200b",
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
    st.text(st.characters(), max_size=20),
)
BATCHES = st.lists(TEXTS, max_size=5)


def all_words(texts: list[str], how: WordSplit) -> list[list[str]]:
    chars = Characters.of(TextColumn.from_texts(texts))
    words = split_words(chars, how)
    found = chars.texts_at(words.starts, words.starts + words.lengths)
    return [found[a:b] for a, b in zip(words.offsets[:-1], words.offsets[1:], strict=True)]


@given(BATCHES)
def test_between_white_space(texts: list[str]) -> None:
    assert all_words(texts, "whitespace") == [text.split() for text in texts]


@given(BATCHES)
def test_punctuation_is_split_off_and_nothing_is_lost(texts: list[str]) -> None:
    for text, words in zip(texts, all_words(texts, "words-and-punctuation"), strict=True):
        assert "".join(words) == "".join(text.split())
        # A word lies within what stands between white space, and is the same whatever stands around that.
        assert words == [word for part in text.split() for word in word_texts(part)]


@given(BATCHES)
@settings(max_examples=30)
def test_a_text_is_split_alone_as_in_a_batch(texts: list[str]) -> None:
    assert all_words(texts, "words-and-punctuation") == [word_texts(text) for text in texts]


# What spaCy 3.8's blank English tokenizer gives, all but the last block.
@pytest.mark.parametrize(
    "said",
    [
        "( Do n't stop . )", "foo(bar )", "x - y", "and 3.11 ,", "U.S. e.g. end .", "--foo", "# # # #", "foo_bar",
        "foo / bar", "' q '", "a = b", "$ 5 , 5 %", "foo 's etc ...", "[ 1 ] x[0 ] ;", "< /tag >", "I 'm",
        "we 'll they 've",
        "1,000", "end . Start", "a ... b", "32 - bit", "GPL-2 +", "+ +", "+5", "http://x.y/a-b", "( http://x.y/z )",
        "“ Yes ! ”", "日本語", "שלום , עולם .",
        # It has exceptions for these, and splits at a unit.
        "Mr .", "10km", "and / or",
    ],
)  # fmt: skip
def test_words_and_punctuation(said: str) -> None:
    joined = {
        "( Do n't stop . )": "(Don't stop.)", "and 3.11 ,": "and 3.11,", "U.S. e.g. end .": "U.S. e.g. end.",
        "$ 5 , 5 %": "$5, 5%", "foo 's etc ...": "foo's etc...", "[ 1 ] x[0 ] ;": "[1] x[0];",
        "we 'll they 've": "we'll they've",
        "“ Yes ! ”": "“Yes!”", "שלום , עולם .": "שלום, עולם.",
    }  # fmt: skip
    assert word_texts(joined.get(said, said.replace(" ", ""))) == said.split()


@pytest.mark.parametrize(
    ("how", "text", "count"),
    [
        ("words-and-punctuation", "One. Two! Three?", 3),
        ("words-and-punctuation", 'He said "no." Then he left.', 2),
        ("words-and-punctuation", "Version 3.11 of it.", 1),
        ("words-and-punctuation", ". . .", 1),
        ("words-and-punctuation", ". a", 2),
        ("words-and-punctuation", "no end", 1),
        ("words-and-punctuation", "一。二。", 1),
        ("whitespace", "One. Two! Three?", 3),
        ("whitespace", 'He said "no." Then he left.', 2),
        ("whitespace", "", 0),
    ],
)
def test_sentences(how: WordSplit, text: str, count: int) -> None:
    assert len(sentence_texts(text, how)) == count


def test_an_unknown_way_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="whitespace, words-and-punctuation, spacy, got 'nltk'"):
        split_words(TextColumn.from_texts(["a"]), "nltk")  # type: ignore[arg-type]


def test_spacy_is_asked_for_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "spacy", None)
    with pytest.raises(MissingPart, match="spacy") as told:
        split_words(TextColumn.from_texts(["a"]), "spacy")
    assert told.value.next_command == "pip install spacy"
