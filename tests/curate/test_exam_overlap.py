"""Overlap with an exam: against the exact windows of `assay exam overlap`, brute force, and planted copies."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.curate.decontaminate import Decontaminate, ledger_tasks
from assay.curate.documents import Documents
from assay.curate.exam_overlap import DocumentOverlap, find_exam_overlap
from assay.curate.exam_overlap_index import ExamIndex, ExamOverlapSettings, exam_index
from assay.curate.shingle_normalisation import Normalisation
from assay.curate.text_column import TextColumn
from assay.errors import BadInput, LedgerError
from assay.estimate.exact import clopper_pearson
from assay.ledger.store import Ledger
from assay.probe.overlap_grams import BREAK, ExamGrams, words_of

AS_WRITTEN = ExamOverlapSettings(normalisation=Normalisation())
SHORT = ExamOverlapSettings(window=4, gram=2, least_grams=3, normalisation=Normalisation())
TEXTS = st.lists(st.lists(st.sampled_from("abcde"), max_size=12).map(" ".join), max_size=5)


def index_of(items: list[str], chosen: ExamOverlapSettings | None = None) -> ExamIndex:
    return exam_index([f"q{n}" for n in range(len(items))], [[item] for item in items], chosen)


def overlap(texts: list[str], index: ExamIndex) -> list[DocumentOverlap]:
    return find_exam_overlap(TextColumn.from_texts(texts), index)


def runs(text: str, size: int) -> list[tuple[str, ...]]:
    words = words_of(text)
    return [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]


@settings(max_examples=60, deadline=None)
@given(items=TEXTS.filter(bool), texts=TEXTS)
def test_both_ways_are_those_of_brute_force(items: list[str], texts: list[str]) -> None:
    expected = set()
    for row, text in enumerate(texts):
        for number, item in enumerate(items):
            copied = set(runs(text, 4)) & set(runs(item, 4))
            own = set(runs(item, 2))
            reach = 2 * len(words_of(item))
            most = max(
                (
                    len(set(runs(text, 2)[i : i + reach + 1]) & own)
                    for i in range(len(words_of(text)))
                ),
                default=0,
            )
            edited = len(own) >= 3 and most >= 0.5 * len(own)
            if copied or edited:
                expected.add((row, number, len(copied), round(most / len(own), 6) if edited else 0))
    found = overlap(texts, index_of(items, SHORT))
    assert {(f.row, f.item, f.windows, round(f.share, 6)) for f in found} == expected


def test_windows_are_those_of_exam_overlap() -> None:
    rng = np.random.default_rng(6)
    words = [f"w{number}" for number in range(12)] + ["It's", "Café", "12", "—"]

    def text(size: int) -> str:
        return " ".join(words[place] for place in rng.integers(len(words), size=size))

    items = [text(int(size)) for size in rng.integers(5, 40, size=30)]
    items += [items[0]] * 11
    texts = []
    for number in range(60):
        item = items[number % len(items)].split(" ")
        at, end = sorted(rng.integers(len(item) + 1, size=2).tolist())
        texts.append(" ".join([text(9), *item[at:end], text(9)]))
    grams = ExamGrams([[item] for item in items])
    expected: dict[tuple[int, int], set[int]] = {}
    for row, one in enumerate(texts):
        stream = np.array([BREAK, *grams.codes(one), BREAK], dtype=np.int64)
        for gram in grams.find(stream).gram.tolist():
            for owner in grams.owners(gram).tolist():
                expected.setdefault((row, owner), set()).add(gram)
    index = index_of(items, AS_WRITTEN)
    found = {(f.row, f.item): f.windows for f in overlap(texts, index) if f.copied}
    assert found == {pair: len(held) for pair, held in expected.items()}
    assert found
    assert index.copies.own.tolist() == grams.own.tolist()
    assert index.copies.common == grams.common > 0
    assert index.too_short == sum(own == 0 for own in grams.own)


ITEM = (
    "A baker sold 1,250 rolls at 0.40 each on Monday and gave a tenth of the 1,234.50 that he had in the morning to the"
    " town, how much was left of it for flour?"
)


@pytest.mark.parametrize(
    ("told", "copied"),
    [
        (ITEM, True),
        (ITEM.upper().replace(",", " ;").replace("1 ;", "1,"), True),
        (ITEM.replace("1,250", "1250").replace("1,234.50", "1 234,5").replace("0.40", "0,4"), True),
        (ITEM.replace("1,250", "1.250").replace("1,234.50", "1.234,50"), True),
        (ITEM.replace("1,250", "1\u202f250").replace("1,234.50", "1\u2019234.50"), True),
        (re.sub("baker|each|tenth|town|left", "other", ITEM), False),
    ],
)
def test_a_copy_is_found_in_any_number_format_and_lightly_edited(told: str, copied: bool) -> None:
    host = "There is much to be said of bread. " * 30
    index = index_of(
        [ITEM, "What else is there to ask of the people who live in this town, if anything at all?"]
    )
    (found,) = overlap([host + told + " " + host], index)
    assert (found.item, found.copied) == (0, copied)
    assert found.share > 0.5
    assert found.word == pytest.approx(8 * 30, abs=12)


def test_runs_that_are_scattered_over_a_long_text_are_no_edited_copy() -> None:
    words = ITEM.split(" ")
    pieces = [" ".join(words[at : at + 3]) for at in range(len(words) - 2)]
    scattered = " and then it went on about other things altogether for a while ".join(pieces)
    assert overlap([scattered], index_of([ITEM])) == []
    assert overlap([" ".join(pieces)], index_of([ITEM]))


def test_phrases_of_the_whole_exam_and_short_items_flag_nothing() -> None:
    phrase = (
        "choose the right one of the following answers and give only its letter and nothing more"
    )
    items = [f"{phrase} item{n} what" for n in range(12)] + ["Who wrote Hamlet?"]
    index = index_of(items)
    assert overlap([phrase, "Who wrote Hamlet? Shakespeare did."], index) == []
    assert index.copies.common > 0
    assert index.too_short == 1
    assert [f.item for f in overlap([items[3]], index)] == [3]


def test_hostile_texts() -> None:
    texts = ["", "\x00", "a " * 100_000, ITEM * 300, "\ud800", "漢字" * 40, "1,2" * 1_000]
    index = index_of([ITEM, "", "a " * 400, "漢字" * 20])
    found = {(f.row, f.item) for f in overlap(texts, index)}
    assert found == {(2, 2), (3, 0), (5, 3)}
    assert overlap([], index) == []
    with pytest.raises(BadInput, match="items and one name for each: 1 for 0"):
        exam_index(["q"], [])
    with pytest.raises(BadInput, match="share is in"):
        ExamOverlapSettings(share=0)
    with pytest.raises(BadInput, match="2 to 64 words"):
        ExamOverlapSettings(gram=14)


def test_the_step_drops_by_task_file_and_by_ledger(
    write: Callable[[str, str | bytes], Path], ledger: Ledger
) -> None:
    other = "Seven boats leave the harbour at noon and each of them carries four nets and a small lamp, how many lamps?"
    exam = write("exam.jsonl", json.dumps({"task_id": "bread", "input": ITEM}) + "\n")
    rows: list[dict[str, object]] = [
        {
            "trace_id": "1",
            "task_id": "boats",
            "system": "m",
            "input": other,
            "output": "7",
            "origin": "exam",
        },
        {
            "trace_id": "2",
            "task_id": "boats",
            "system": "n",
            "input": other,
            "output": "8",
            "origin": "exam",
        },
        {
            "trace_id": "3",
            "task_id": "chat",
            "system": "m",
            "input": ITEM[5:],
            "output": "",
            "origin": "field",
        },
    ]
    ledger.append("traces", rows)
    docs = Documents.from_texts(
        [
            "clean",
            f"x {ITEM} y",
            f"{other.replace('boats', 'ships').replace('four', '4').replace('them', 'those')}",
        ]
    )
    step = Decontaminate(exams=(str(exam),), ledgers=(str(ledger.path),))
    step = pickle.loads(pickle.dumps(step))
    done = step(docs)
    assert done.reasons == ("", "exam_copied", "exam_edited")
    assert done.counts == {"overlaps": 2}
    assert step.index.names == (f"{exam}:bread", f"{ledger.path}:boats")
    assert Decontaminate(ledgers=(str(ledger.path),), edited=False)(docs).reasons == ("", "", "")
    many = Decontaminate(exams=(str(exam),), windows_needed=10_000)
    assert many(docs).reasons == ("", "exam_edited", "")
    assert step(docs.take(np.array([False, False, False]))).reasons == ()


def test_what_the_step_cannot_look_for_is_said(tmp_path: Path, ledger: Ledger) -> None:
    with pytest.raises(BadInput, match="name at least one file of tasks or one ledger"):
        Decontaminate()
    with pytest.raises(BadInput, match="windows_needed"):
        Decontaminate(exams=("x",), windows_needed=0)
    with pytest.raises(BadInput, match="share is in"):
        Decontaminate(exams=("x",), share=2)
    with pytest.raises(BadInput, match="has no task of origin exam or probe"):
        ledger_tasks(ledger.path, ("exam", "probe"))
    with pytest.raises(BadInput, match="none named"):
        ledger_tasks(ledger.path, ())
    with pytest.raises((BadInput, LedgerError)):
        Decontaminate(ledgers=(str(tmp_path / "none"),))(Documents.from_texts(["a"]))


@pytest.mark.shared_data
def test_planted_items_of_a_real_exam_are_found_and_its_other_half_is_not(
    shared_data: Path,
) -> None:
    lines = (shared_data / "zeroeval_gsm" / "items.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    exam, others = questions[::2], questions[1::2]
    index = index_of(exam)
    rng = np.random.default_rng(1)
    edited = []
    for row, question in enumerate(exam):
        words = question.split(" ")
        for place in rng.permutation(len(words))[:2].tolist():
            words[place] = "something"
        edited.append(
            f"{others[row % len(others)]} {' '.join(words)} {others[-1 - row % len(others)]}"
        )
    hit = {f.row for f in overlap(edited, index) if f.item == f.row}
    assert clopper_pearson(len(hit), len(exam)).low > 0.99
    false = {f.row for f in overlap(others, index)}
    # Two pairs of this exam are variants of one question.
    assert clopper_pearson(len(false), len(others)).high < 0.02
