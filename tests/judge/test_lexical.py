"""The words of an answer against those of its source: features, copied fragments, and time that stays bounded."""

from __future__ import annotations

import random
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.judge.lexical_features import NAMES, Source, features
from assay.judge.lexical_fragments import FragmentIndex
from assay.judge.lexical_model import FAMILIES, LexicalModel, lexical_1
from assay.judge.lexical_text import MAX_ANSWER_CHARACTERS, names_in, sentences_of, words_of

ROOT = Path(__file__).resolve().parent.parent.parent
CONTEXT = (
    "The Lyon office opened on 5 March 2019 with 120 people. Ada Lovelace led it until 2023. "
    'She wrote that "the office is the best of our houses". Sales reached 3.4 million euros.'
)


def named(answer: str, context: str = CONTEXT, request: str = "") -> dict[str, float]:
    return dict(zip(NAMES, features(answer, Source(context, request)), strict=True))


def score(answer: str, context: str = CONTEXT) -> float:
    return lexical_1().score(features(answer, Source(context)))


def test_there_are_29_features_and_a_copy_has_nothing_new() -> None:
    assert len(NAMES) == len(set(NAMES)) == 29
    copy = named("Ada Lovelace led it until 2023.")
    for name in NAMES:
        if name.startswith("novel_") or name.endswith(("_absent", "_count")):
            assert copy[name] == 0, name
    assert copy["fragment_coverage"] == copy["longest_fragment"] == 1.0


def test_what_the_source_does_not_hold_is_seen_and_what_it_holds_is_not() -> None:
    found = named("The Lyon office opened in Paris with Bob Stone and 450 people.")
    assert found["names_absent"] == pytest.approx(2 / 3)
    assert found["numbers_absent"] == 1.0
    assert found["novel_words"] == pytest.approx(4 / 8)
    assert found["novel_bigrams"] > 0.5
    asked = named("Paris is in scope.", request="Is Paris in scope?")
    assert asked["novel_words"] == 0


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("The Lyon office opened on 5 March 2019.", "The Lyon office opened on 9 June 2017."),
        ("Ada Lovelace led it until 2023.", "It was led by Bob Stone until 2023."),
        ("Sales reached 3.4 million euros.", "Sales collapsed to 0.9 million euros after a strike."),
        ("The office is the best of our houses.", "The cantina serves soup on Fridays."),
    ],
)  # fmt: skip
def test_an_answer_with_something_new_scores_higher(right: str, wrong: str) -> None:
    assert score(right) < score(wrong)


def test_the_score_grows_with_each_feature_that_has_a_sign_and_with_no_other() -> None:
    model = lexical_1()
    weights = model.weights()
    signed = {member for members in FAMILIES.values() for member in members}
    assert {name for name, weight in weights.items() if weight} == {
        member.removeprefix("-") for member in signed
    }
    middle = list(model.centre)
    assert model.score(middle) == pytest.approx(0.5)
    for place, name in enumerate(NAMES):
        more = middle.copy()
        more[place] += model.scale[place]
        change = model.score(more) - 0.5
        assert np.sign(change) == np.sign(weights[name])
        more[place] = 1e12
        assert 0 < model.score(more) < 1
    # The families weigh the same, however many features they have.
    for members in FAMILIES.values():
        total = sum(abs(weights[member.removeprefix("-")]) for member in members)
        assert total == pytest.approx(2 / len(FAMILIES))


def test_a_model_has_a_scale_for_each_feature() -> None:
    model = lexical_1()
    assert len(model.centre) == len(model.scale) == 29
    assert min(model.scale) > 0
    assert isinstance(model, LexicalModel)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don’t stop, it's 3.", ["don't", "stop", "it's", "3"]),
        ("漢字です", ["漢", "字", "で", "す"]),
        ("สวัสดี", ["ส", "ว", "ส", "ด"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("a_b—c\x00d 😀", ["a", "b", "c", "d"]),
        ("", []),
    ],
)
def test_words_of_every_script(text: str, words: list[str]) -> None:
    assert [word for word in words_of(text).words if word not in ("ั", "ี")] == words


def test_names_and_sentences() -> None:
    text = words_of("He met Ada Lovelace. Then Bob came! In Lyon it rains")
    assert names_in(text) == [("ada", "lovelace"), ("bob",), ("lyon",)]
    assert [len(one) for one in sentences_of(text)] == [4, 3, 4]


letters = st.lists(st.sampled_from("abcd"), max_size=14)


@given(letters, letters)
def test_fragments_are_copies_and_the_greedy_longest(source: list[str], answer: list[str]) -> None:
    found = FragmentIndex(source).fragments(answer)
    place, lengths = 0, []
    while place < len(answer):
        longest = max(
            (
                length
                for length in range(1, len(answer) - place + 1)
                for start in range(len(source) - length + 1)
                if source[start : start + length] == answer[place : place + length]
            ),
            default=0,
        )
        if longest:
            lengths.append(longest)
        place += max(longest, 1)
    assert list(found.lengths) == lengths
    assert 0 <= found.coverage <= 1
    assert found.density <= max(len(answer), 1)


HOSTILE = {
    "a line without a space": "x" * 1_000_000,
    "digits": "9" * 1_000_000,
    "digits apart": "9 " * 500_000,
    "one word again and again": "the same " * 120_000,
    "the same beginning": "a b " * 250_000,
    "capitals": "Ab " * 330_000,
    "no spaces in the script": "漢" * 1_000_000,
    "right to left": "\u202eשלום " * 200_000,
    "emoji": "👩‍👩‍👧‍👦" * 100_000,
    "zero bytes": "\x00" * 1_000_000,
    "combining marks": "e" + "\u0301" * 1_000_000,
    "full stops": "." * 1_000_000,
    "quotation marks": '"' * 1_000_000,
    "quotations": '"abcdefgh ij" ' * 70_000,
    "line ends": "\n" * 1_000_000,
    "refusals": "not can't do not " * 60_000,
    "months": "5 March " * 125_000,
    "number words": "twenty-five " * 80_000,
    "commas": "1,111," * 160_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_has_features_on_both_sides(kind: str) -> None:
    text = HOSTILE[kind]
    for answer, context in ((text, CONTEXT), (CONTEXT, text), (text, text)):
        found = features(answer, Source(context[:200_000]))
        assert len(found) == 29
        assert np.isfinite(found).all()


@pytest.mark.parametrize("kind", HOSTILE)
def test_time_grows_with_the_text_and_not_with_its_square(kind: str) -> None:
    # Steps are counted by the clock of this very process, one size against the other: eight times the text may take
    # some thirty times as long on a busy machine, and takes sixty-four times as long where it grows with the square.
    text = HOSTILE[kind]
    small, large = text[: MAX_ANSWER_CHARACTERS // 8], text[:MAX_ANSWER_CHARACTERS]

    def spent(part: str) -> float:
        start = time.process_time()
        features(part, Source(part))
        return time.process_time() - start

    spent(small)
    quick = min(spent(small) for _ in range(5))
    assert min(spent(large) for _ in range(3)) < 32 * max(quick, 0.002)


def test_an_answer_is_read_so_far_and_no_further() -> None:
    long = "word " * (MAX_ANSWER_CHARACTERS // 5)
    assert features(long + "Paris 12345", Source("word")) == features(long, Source("word"))


def test_order_of_pairs_is_what_the_source_has() -> None:
    rng = random.Random(3)
    words = [f"w{rng.randrange(50)}" for _ in range(400)]
    index = FragmentIndex(words)
    assert set(index.pairs) == set(pairwise(words))


def test_the_cards_figures_of_the_order_desk_are_those_measured_now() -> None:
    sys.path.insert(0, str(ROOT / "bench"))
    from lexical import auroc, desk_rows, within

    rows = desk_rows()
    model = lexical_1()
    scores = np.array([model.score(features(row[2], Source(row[0]))) for row in rows])
    wrong = np.array([row[3] for row in rows])
    kinds = sorted({row[4] for row in rows})
    group = np.array([kinds.index(row[4]) for row in rows])
    even = np.ones(wrong.size)
    told = next(row for row in model.card["measured"] if row["data"] == "order desk")
    assert (told["n"], told["wrong"]) == (wrong.size, wrong.sum())
    assert told["lexical-1"]["auroc"]["value"] == round(auroc(scores, wrong, even)[0], 4)
    assert told["lexical-1"]["auroc_within"]["value"] == round(
        within(scores, wrong, even, group), 4
    )


def test_the_card_names_what_was_not_measured_and_the_trivial_baselines() -> None:
    card = lexical_1().card
    assert card["not_measured"]
    for row in card["measured"]:
        for judge in ("lexical-1", "words-grounded@1", "numbers-grounded@1"):
            span = row[judge]["auroc"]
            assert span["low"] <= span["value"] <= span["high"]
        assert row["length_alone"]["value"] > 0
        assert row["caution"]
