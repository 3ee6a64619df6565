"""Overlap: every window that stands in both is found, and none that does not; what was not read is not known."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from assay.ask.tasks import Task, read_tasks, task_of
from assay.errors import BadInput
from assay.probe import overlap
from assay.probe.overlap import OverlapReport, Standing, find_overlap
from assay.probe.overlap_corpus import Corpus
from assay.probe.overlap_grams import WINDOW, ExamGrams, words_of
from assay.quantity import Estimate, Unknown

Write = Callable[[str, str | bytes], Path]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

QUESTION = "A farmer from Ghent brings forty seven baskets of pears to the market and sells all but nine of them."


def exam(*questions: str) -> list[Task]:
    return [
        task_of({"task_id": f"q{place}", "input": text}) for place, text in enumerate(questions)
    ]


def look(tasks: list[Task], *paths: Path, sample: float = 1.0, seed: int = 1) -> OverlapReport:
    return find_overlap(tasks, Corpus(paths, sample=sample), rng=np.random.default_rng(seed))


def grams(text: str) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[i : i + WINDOW]) for i in range(len(words) - WINDOW + 1)}


@given(
    st.lists(st.lists(st.sampled_from("abc"), max_size=40), min_size=1, max_size=6),
    st.lists(st.lists(st.sampled_from("abcd"), max_size=60), min_size=1, max_size=6),
)
def test_windows_found_are_those_that_stand_in_both(
    questions: list[list[str]], documents: list[list[str]]
) -> None:
    texts = [" ".join(words) for words in questions]
    found = ExamGrams([[text] for text in texts])
    stream: list[int] = []
    for words in documents:
        stream += [0, *found.codes(" ".join(words))]
    corpus = set[tuple[str, ...]]().union(*(grams(" ".join(words)) for words in documents))
    hits = found.find(np.array(stream, dtype=np.int64))
    by_item = np.zeros(len(texts), dtype=np.int64)
    for gram in set(hits.gram.tolist()):
        by_item[found.owners(gram)] += 1
    assert by_item.tolist() == [len(grams(text) & corpus) for text in texts]
    assert found.own.tolist() == [len(grams(text)) for text in texts]


def test_an_item_is_found_in_every_kind_of_file_with_its_place(write: Write) -> None:
    line = json.dumps({"text": "Before. " + QUESTION + " After."}) + "\n"
    other = json.dumps({"text": "Nothing of the kind is here."}) + "\n"
    packed = (other + line).encode()
    paths = [
        write("a.jsonl", other + other + line),
        write("b.jsonl.gz", gzip.compress(packed)),
        write("c.jsonl.zst", zstandard.ZstdCompressor().compress(packed)),
        write("d.txt", "First.\n" + QUESTION.replace(" ", "\n") + "\nLast.\n"),
        write("e.json", json.dumps({"messages": [{"role": "user", "content": QUESTION.upper()}]}) + "\n"),
    ]  # fmt: skip
    for path, place in zip(paths, ("3", "2", "2", "2", "1"), strict=True):
        report = look(exam(QUESTION, QUESTION.replace("pears", "figs")), path)
        first, second = report.items
        assert first.standing is Standing.MOST
        assert first.found == first.grams == len(grams(QUESTION))
        assert first.places[0] == f"{path}:{place}"
        assert second.standing in {Standing.NONE, Standing.ANY}
        assert isinstance(report.any_share, Estimate)
        assert report.any_share.guarantee == "exact"
        assert report.any_share.low == report.any_share.high


def test_a_window_does_not_go_over_the_end_of_a_document_but_over_lines_and_batches(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = QUESTION.split()
    halves = [json.dumps({"text": " ".join(half)}) for half in (words[:10], words[10:])]
    apart = look(exam(QUESTION), write("a.jsonl", "\n".join(halves)))
    assert apart.items[0].standing is Standing.NONE
    path = write("b.txt", "\n".join(words))
    whole = look(exam(QUESTION), path)
    monkeypatch.setattr(overlap, "BATCH_WORDS", 5)
    for report in (whole, look(exam(QUESTION), path)):
        assert report.items[0].found == report.items[0].grams
        # A window that begins at each of the first lines; five places are kept.
        assert report.items[0].places == tuple(f"{path}:{line}" for line in range(1, 6))
    assert whole.to_json() == look(exam(QUESTION), path).to_json()


def test_short_items_and_phrases_of_the_whole_exam_are_no_overlap(write: Write) -> None:
    rule = "Choose the one right answer of the four that follow here and write its letter"
    path = write("corpus.txt", f"{rule} and nothing else. Name the capital of France.")
    report = look(exam("Name the capital of France.", *[f"{rule}. {k}?" for k in range(20)]), path)
    assert report.items[0].standing is Standing.TOO_SHORT
    assert report.counted(Standing.TOO_SHORT) == 1
    assert report.counted(Standing.NONE) == 20
    assert report.common_grams == len(grams(rule))
    short = look(exam("Name the capital of France."), path)
    assert isinstance(short.any_share, Unknown)
    alike = look([task_of({"task_id": str(k), "input": rule}) for k in range(20)], path)
    assert alike.counted(Standing.NOTHING_OWN) == 20


def test_of_a_sample_only_what_was_found_is_known(write: Write) -> None:
    made = np.random.default_rng(7)
    questions = [" ".join(made.choice(list("abcdefghij"), 30)) for _ in range(40)]
    lines = [
        json.dumps({"text": questions[k % 40] if k % 5 == 0 else "other words"})
        for k in range(1000)
    ]
    path = write("corpus.jsonl", "\n".join(lines))
    missed = 0
    for seed in range(40):
        report = look(exam(*questions), path, sample=0.2, seed=seed)
        share, documents = report.any_share, report.document_share
        assert isinstance(share, Estimate)
        assert isinstance(documents, Estimate)
        assert share.high == 1
        # Every fifth document is a question; of forty questions each eighth stands in the corpus.
        assert share.low <= 8 / 40
        missed += not documents.low <= 0.2 <= documents.high
    assert missed <= 5
    whole = look(exam(*questions), path)
    assert isinstance(whole.document_share, Estimate)
    assert whole.document_share.value == 0.2
    assert isinstance(whole.any_share, Estimate)
    assert whole.any_share.value == 8 / 40


def test_lines_that_can_not_be_read_are_counted_and_then_nothing_is_exact(write: Write) -> None:
    path = write("a.jsonl", b'{"text": "x"}\nno json\n{"text": "\xff"}\n')
    report = look(exam(QUESTION), path)
    assert report.corpus.unread_lines == 2
    assert report.corpus.first_unread.startswith(f"{path}:2: not JSON")
    assert isinstance(report.any_share, Estimate)
    assert (report.any_share.low, report.any_share.high) == (0, 1)
    assert isinstance(report.document_share, Unknown)


def test_what_is_no_corpus_is_refused(write: Write, tmp_path: Path) -> None:
    for paths, why in (
        ((write("a.bin", b"PAR1xxxx"),), "Parquet"),
        ((tmp_path / "none.txt",), "there is no file"),
        ((tmp_path,), "is a folder"),
    ):
        with pytest.raises(BadInput, match=why):
            look(exam(QUESTION), *paths)
    with pytest.raises(BadInput, match="sample"):
        Corpus((tmp_path,), sample=0)
    with pytest.raises(BadInput, match="no file of the corpus"):
        Corpus(())


def test_a_named_column_is_the_only_one_read(write: Write) -> None:
    path = write("a.jsonl", json.dumps({"text": "nothing", "meta": QUESTION}) + '\n{"meta": "x"}\n')
    every = look(exam(QUESTION), path)
    assert every.items[0].standing is Standing.MOST
    named = find_overlap(
        exam(QUESTION), Corpus((path,), text_field="text"), rng=np.random.default_rng(1)
    )
    assert named.items[0].standing is Standing.NONE
    assert named.corpus.unread_lines == 1


def test_memory_is_a_batch_and_not_the_corpus(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tracemalloc

    monkeypatch.setattr(overlap, "BATCH_WORDS", 2**12)
    most = []
    for lines in (4_000, 32_000):
        line = b"the pears of " + b"x" * 400 + b"\n"
        path = write(f"{lines}.txt.gz", gzip.compress(line * lines))
        tracemalloc.start()
        look(exam(QUESTION), path)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Eight times the corpus, 13 MB of it: the same memory.
    assert most[1] < 1.3 * most[0]


def test_the_desks_own_recording_holds_the_desks_tasks() -> None:
    tasks = read_tasks(EXAMPLES / "desk" / "tasks.jsonl.gz").tasks[:300]
    report = find_overlap(
        tasks,
        Corpus((EXAMPLES / "desk" / "traces.jsonl.gz",), "input"),
        rng=np.random.default_rng(1),
    )
    own = [item for item in report.items if item.grams]
    assert len(own) > 280
    assert all(item.found == item.grams for item in own)
