"""The Gopher, C4 and FineWeb rules: against plain Python, against datatrove's decisions, on hostile texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.curate import rules
from assay.curate.rule import Rule
from assay.curate.rules import ALL_RULES, RULES, apply_rules, failing, features
from assay.curate.text_column import TextColumn
from assay.curate.words import WordSplit, sentence_texts, word_texts
from assay.errors import BadInput
from curate.plain_rules import c4_features, c4_kept, fineweb_features, gopher_features

GOLDEN = Path(__file__).parent.parent / "golden"
WAYS: tuple[WordSplit, ...] = ("whitespace", "words-and-punctuation")
PIECES = (
    "the", "of", "that have", "with", "a", "bb", "word", "Ünï", "日本語。", "שלום", "e\u0301", "#", "•", "-", "...",
    "…", ".", "!", "?", '"', "'", "[1]", "[edit]", "[citation needed]", "]", "{", "lorem ipsum", "Lorem IPSUM",
    "JavaScript",
    "use cookies", "Terms of Use", " ", " ", "  ", "\t", "\n", "\n", "\n\n", "\r\n", "\u2028", "\0", "\ud800",
    "It is one sentence.", "Is it? It is!", "x" * 1001,
)  # fmt: skip
BATCHES = st.lists(st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join), max_size=4)
HOSTILE = {
    "empty": "",
    "one space": " ",
    "newlines": "\n" * 5_000,
    "NULs": "\0" * 5_000,
    "lone surrogates": "\ud800 \udc00 \udfff" * 500,
    "marks that combine": "e" + "\u0301" * 5_000,
    "right to left": "שלום עולם. \u202eabc\u202c " * 300,
    "CRLF": "One line of it.\r\nOne other line of it.\r\n" * 200,
    "U+2028": "One line of it.\u2028" * 300,
    "punctuation": ".,;:!?-—…\"'()[]{}" * 500,
    "no spaces": "日本語の文章です。" * 500,
    "one word": "a" * 200_000,
    "one word again": "word " * 40_000,
    "hashes": "#" * 100_000,
    "dots": "." * 100_000,
    "apostrophes": "'" * 50_000 + "n't" * 1_000,
    "addresses": "http://" * 5_000,
    "Thue-Morse": "".join("ab"[n.bit_count() % 2] for n in range(2**13)),
}


def plain_features(text: str, how: WordSplit) -> dict[str, float]:
    def split(part: str) -> list[str]:
        return part.split() if how == "whitespace" else word_texts(part, how)

    def sentences(line: str) -> int:
        return len(sentence_texts(line, how))

    return (
        gopher_features(text, split) | c4_features(text, sentences) | fineweb_features(text, split)
    )


def chain(text: str, how: WordSplit, asked: Sequence[Rule]) -> tuple[str, str]:
    """Return the first rule that a text fails, and what is left of it."""
    for family in RULES:
        found = plain_features(text, how)
        for rule in (one for one in asked if one.family == family):
            if rule.fails(np.array([found[rule.feature]]))[0]:
                return rule.name, text
        if family == "c4":
            text = "\n".join(c4_kept(text)[0]).strip()
    return "", text


@pytest.mark.parametrize("how", WAYS)
@given(texts=BATCHES)
@settings(max_examples=60)
def test_features_are_what_the_definitions_say(texts: list[str], how: WordSplit) -> None:
    found = features(TextColumn.from_texts(texts), how)
    for row, text in enumerate(texts):
        for name, value in plain_features(text, how).items():
            assert np.array_equal(found[name][row], value, equal_nan=True), name


@pytest.mark.parametrize("how", WAYS)
@given(texts=BATCHES)
@settings(max_examples=60)
def test_the_first_rule_that_fails_and_the_text_that_is_left(
    texts: list[str], how: WordSplit
) -> None:
    # With the published thresholds few random texts come through: most rules would never be reached.
    loose = {"words": 3.0, "dup_line_frac": 0.6, "dup_line_char_frac": 0.6, "sentences": 2.0}
    grams = {rule.feature: 0.5 for rule in ALL_RULES if "gram" in rule.feature}
    asked = [
        replace(rule, threshold=(loose | grams).get(rule.feature, rule.threshold))
        for rule in ALL_RULES
    ]
    applied = apply_rules(TextColumn.from_texts(texts), asked, how)
    for row, text in enumerate(texts):
        name, left = chain(text, how, asked)
        assert (asked[applied.failed[row]].name if applied.failed[row] >= 0 else "") == name
        if not name:
            assert applied.texts.text(row) == left


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts(name: str) -> None:
    text = HOSTILE[name]
    beside = (
        "An ordinary text stands beside it.\nAnd the hostile one must not change what it is told.\n"
    )
    alone = features(TextColumn.from_texts([beside]))
    found = features(TextColumn.from_texts([beside, text, beside]))
    for feature, values in found.items():
        assert values[0] == values[2] == alone[feature][0]
    if len(text) <= 20_000:
        for feature, value in gopher_features(text, word_texts).items():
            assert np.array_equal(found[feature][1], value, equal_nan=True), feature
    assert failing(TextColumn.from_texts([text]))[0] >= 0


@pytest.mark.nightly
def test_one_line_of_ten_megabytes() -> None:
    text = "".join(chr(97 + n % 26) + (" " if n % 7 == 0 else "") for n in range(9_000_000))
    found = features(TextColumn.from_texts([text]))
    assert found["words"][0] == len(text.split())
    assert found["duplicated_10_n_grams"][0] > 0.8


def test_no_texts() -> None:
    none = TextColumn.from_texts([])
    assert failing(none).tolist() == []
    assert apply_rules(none).texts.texts() == []
    assert all(len(values) == 0 for values in features(none).values())


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = TextColumn.from_texts([json.loads(line)["text"] for line in _lines("rule_texts")])
    whole = apply_rules(texts)
    monkeypatch.setattr(rules, "BLOCK_BYTES", 100)
    cut = apply_rules(texts)
    assert np.array_equal(whole.failed, cut.failed)
    assert whole.texts.texts() == cut.texts.texts()
    # And a column that is a part of another.
    part = TextColumn(texts.data, texts.offsets[3:9])
    assert np.array_equal(failing(part), whole.failed[3:8])


def test_a_family_stands_together() -> None:
    with pytest.raises(BadInput, match="the rules of c4 must stand together"):
        failing(TextColumn.from_texts([]), [RULES["c4"][0], RULES["fineweb"][0], RULES["c4"][1]])


def test_one_rule_alone() -> None:
    texts = TextColumn.from_texts(["{ a curly bracket }.", "No bracket.", ""])
    assert failing(texts, [RULES["c4"][1]]).tolist() == [0, -1, -1]
    assert failing(texts, [RULES["fineweb"][0]]).tolist() == [-1, -1, 0]


@pytest.mark.parametrize("how", WAYS)
def test_datatrove_decides_the_same(how: WordSplit) -> None:
    """Its decisions were written by bench/curate_rival.py; each rule alone, and all in a row."""
    texts = TextColumn.from_texts([json.loads(line)["text"] for line in _lines("rule_texts")])
    found = features(texts, how)
    groups = rules_by_datatrove()
    seen = set()
    for row, line in enumerate(_lines(f"rule_decisions_{how}")):
        said = json.loads(line)
        for group, theirs in zip(groups, said["alone"], strict=True):
            ours = [
                rule.name for rule in group if rule.fails(found[rule.feature][row : row + 1])[0]
            ]
            # A text without a word: it divides by zero where Assay says that the share can't be told.
            if theirs not in ("cannot_tell", "empty"):
                assert (ours or [""])[0] == theirs, (row, group[0].name)
            seen.add(theirs)
        c4 = apply_rules(texts.take(np.array([row])), RULES["c4"], how)
        assert (RULES["c4"][c4.failed[0]].name if c4.failed[0] >= 0 else "") == said["c4"]
        if not said["c4"]:
            left = c4.texts.bytes_of(0)
            assert hashlib.blake2b(left, digest_size=8).hexdigest() == said["left"]
    # A text of 100,000 words is not kept here.
    assert {rule.name for rule in ALL_RULES} - seen == {"gopher_long_doc"}


def test_a_long_text() -> None:
    rule = next(rule for rule in ALL_RULES if rule.name == "gopher_long_doc")
    texts = TextColumn.from_texts(["w " * 100_000, "w " * 100_001])
    assert failing(texts, [rule]).tolist() == [-1, 0]


def rules_by_datatrove() -> list[list[Rule]]:
    """Return the rules in the groups in which it can be asked for them: "empty" goes with all of its family."""
    named = [rule for rule in ALL_RULES if rule.name != "empty"]
    groups: list[list[Rule]] = []
    for rule in named:
        if rule.name == "gopher_too_many_ellipsis":
            groups[-1].append(rule)
        else:
            groups.append([rule])
    return groups


def _lines(name: str) -> list[str]:
    return (GOLDEN / f"curate_{name}.jsonl").read_text(encoding="utf-8").splitlines()
