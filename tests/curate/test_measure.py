"""Effective data: what was planted is what is counted; sketches against exact counts; hostile and empty corpora."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assay.curate.decontaminate import Decontaminate
from assay.curate.measure import Measured, MeasureQuestion, measure_files
from assay.curate.measure_boilerplate import BoilerplateRule, common, stretches, without
from assay.curate.measure_growth import GrowthSettings, distinct, grams_of
from assay.curate.measure_steps import StepSettings
from assay.curate.measure_store import read_store
from assay.curate.read.raw import ReadSettings
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from assay.quantity import Estimate, Unknown

QUIET = GrowthSettings(sizes=(5,), orders=2)
NOTICE = "this page may be copied freely by anyone who keeps this notice"
FRENCH = "Le chat dort sur la chaise pendant que la pluie tombe doucement sur les toits de la ville"
QUESTION = "A baker sold one thousand two hundred rolls at forty cents each and gave a tenth of it to the town"
POOL = (
    "the of and to in that was for with his on as by at from they which have had her not were are this there been "
    "their would when who will more if out so up said what its about into than them can only other time new some"
)


def page(rng: np.random.Generator, words: int = 60) -> str:
    pool = np.array(POOL.split())
    return " ".join(f"{rng.choice(pool)} word{rng.integers(10**6)}" for _ in range(words // 2))


def planted() -> list[dict[str, str]]:
    rng = np.random.default_rng(5)
    rows = [{"text": page(rng), "source": "web"} for _ in range(40)]
    rows += [{"text": rows[n]["text"].upper(), "source": "copy"} for n in range(6)]  # 360 words
    edited = [rows[n]["text"].replace("the", "a", 1) + " today" for n in (10, 11)]
    rows += [{"text": text, "source": "copy"} for text in edited]  # 122 words
    rows += [{"text": f"{page(rng)}\n{NOTICE}", "source": "notice"} for _ in range(12)]
    rows += [{"text": " ".join([FRENCH] * 2), "source": "french"}]
    rows += [{"text": f"{page(rng)} {QUESTION}", "source": "leak"}]
    return rows


def write(folder: Path, rows: Sequence[dict[str, str]]) -> Path:
    path = folder / "corpus.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def measured(
    folder: Path, rows: Sequence[dict[str, str]], steps: StepSettings | None = None
) -> Measured:
    path = write(folder, rows)
    return measure_files(
        MeasureQuestion((str(path),), steps or StepSettings(), QUIET, tokenizer=False)
    )


def test_each_step_takes_what_was_planted_for_it(tmp_path: Path) -> None:
    exam = tmp_path / "exam.jsonl"
    exam.write_text(json.dumps({"task_id": "bread", "input": QUESTION}) + "\n")
    found = measured(tmp_path, planted(), StepSettings(exam=Decontaminate((str(exam),))))
    left = {step.name: step for step in found.effective.steps}
    total = [step.total.value for step in left.values() if isinstance(step.total, Estimate)]
    taken = -np.diff(total)
    notice = len(NOTICE.split())
    french = 2 * len(FRENCH.split())
    assert taken.tolist() == [360, 122, 11 * notice, french, 60 + len(QUESTION.split())]
    copy = found.sources.index("copy")
    assert left["near-duplicates"].by_source[copy] == Estimate(
        0, 0, 0, "words", 1.0, 0, "counted", "exact"
    )
    assert all(step.total.to_json()["guarantee"] == "exact" for step in found.effective.steps)
    assert found.effective.languages == ("en",)


def test_tokens_are_counted_after_each_step_too(tmp_path: Path) -> None:
    path = write(tmp_path, planted())
    found = measure_files(MeasureQuestion((str(path),), StepSettings(), QUIET))
    assert found.tokens is not None
    left = [step.tokens for step in found.effective.steps]
    counted = [one.value for one in left if isinstance(one, Estimate)]
    assert counted[0] == found.tokens.tokens
    assert len(counted) == len(left)
    assert (np.diff(counted) < 0).all()
    # A copy in capitals has other tokens than its words say: the step takes the copies' own.
    copy = found.sources.index("copy")
    assert found.tokens.by_source[copy] - (counted[0] - counted[2]) == pytest.approx(0, abs=1)
    many = StepSettings(sample=100)
    rows = [{"text": page(np.random.default_rng(n)), "source": "web"} for n in range(120)]
    sampled = measure_files(MeasureQuestion((str(write(tmp_path, rows)),), many, QUIET))
    assert isinstance(sampled.effective.steps[-1].tokens, Unknown)
    assert all(step.tokens is None for step in measured(tmp_path, rows).effective.steps)


def test_a_sample_gives_limits_that_hold_the_count(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    rows = [{"text": page(rng), "source": "web"} for _ in range(160)]
    rows += [{"text": f"{FRENCH} {n} {n + 1}", "source": "french"} for n in range(40)]
    exact = measured(tmp_path, rows)
    held = 0
    for seed in range(20):
        found = measured(tmp_path, rows, StepSettings(sample=100, seed=seed))
        last, truth = found.effective.steps[-1].total, exact.effective.steps[-1].total
        assert isinstance(last, Estimate)
        assert isinstance(truth, Estimate)
        assert last.guarantee == "proved"
        assert found.effective.steps[-1].documents is None
        held += last.low <= truth.value <= last.high
    assert held >= 17  # of 20 at 95 %: fewer has a chance below 1 in 60


def test_lines_and_paragraphs_against_a_plain_definition() -> None:
    rng = np.random.default_rng(2)
    rule = BoilerplateRule(line_words=3, line_documents=2, paragraph_words=5)
    lines = ["one two three", "x", "", "Four, five; six seven!", "eight nine ten eleven", "  \t"]
    texts = ["\n".join(rng.choice(lines, size=8)) for _ in range(60)] + ["", "\n\n", "\n a b c"]
    _, found, paragraphs = stretches(TextColumn.from_texts(texts), rule)
    plain = [
        (row, len(line.split()))
        for row, text in enumerate(texts)
        for line in text.split("\n")
        if len(line.split()) >= 3
    ]
    assert list(zip(found.text.tolist(), found.words.tolist(), strict=True)) == plain
    blocks = []
    for row, text in enumerate(texts):
        block = 0
        for line in [*text.split("\n"), ""]:
            block += len(line.split())
            if not line.split():
                blocks += [(row, block)] if block >= 5 else []
                block = 0
    assert list(zip(paragraphs.text.tolist(), paragraphs.words.tolist(), strict=True)) == blocks


def test_common_needs_different_documents_and_keeps_the_first() -> None:
    hashes = np.array([7, 7, 7, 9, 9], dtype=np.uint64)
    known, keeper = common(hashes, np.array([4, 4, 2, 3, 3]), 2)
    assert (known.tolist(), keeper.tolist()) == ([7], [2])


def test_cuts_leave_the_rest_as_it_was() -> None:
    texts = TextColumn.from_texts(["keep\na b c d e f\nalso", "é\nA b, c d e f\n"])
    _, lines, _ = stretches(texts, BoilerplateRule())
    cut = without(texts, ((lines, np.ones(len(lines.hashes), dtype=np.bool_)),))
    assert cut.texts() == ["keep\nalso", "é\n"]
    assert lines.hashes[0] == lines.hashes[1]


def test_thinned_counts_hold_the_exact_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    path = write(tmp_path, [{"text": page(rng, 400)} for _ in range(120)])
    store = read_store(
        (str(path),), ReadSettings(), tmp_path / "texts", on_progress=lambda *_: None
    )
    exact = grams_of(store, 5, kept=10**9, on_progress=lambda *_: None)
    truth = len(np.unique(exact.gram))
    windows = {
        tuple(words[at : at + 5])
        for words in (text.lower().split() for text in store.texts.texts())
        for at in range(len(words) - 4)
    }
    assert truth == len(windows)
    for kept in (20_000, 5_000, 1_500):
        thinned = grams_of(store, 5, kept=kept, on_progress=lambda *_: None)
        assert len(thinned.gram) <= kept
        assert thinned.running.sum() == exact.running.sum()
        found = distinct(len(np.unique(thinned.gram)), thinned.thinned, 0.999, 120)
        assert isinstance(found, Estimate)
        assert found.low <= truth <= found.high
        assert found.high - found.low < 0.4 * truth


def test_limits_of_a_thinned_count_cover() -> None:
    rng = np.random.default_rng(6)
    for truth, thinned in ((40, 0.5), (400, 1 / 16), (3, 0.25)):
        kept = rng.binomial(truth, thinned, size=400)
        limits = [distinct(int(k), thinned, 0.95, 1) for k in kept]
        held = sum(isinstance(one, Estimate) and one.low <= truth <= one.high for one in limits)
        assert held >= 0.93 * 400


def test_short_texts_have_no_ngrams_and_the_curve_never_falls(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    found = measured(
        tmp_path,
        [{"text": "one two three"}] + [{"text": page(rng)} for _ in range(9)],
    )
    assert found.growth[0].running == 9 * 56
    curve = found.growth[0].curve
    assert all(a.distinct <= b.distinct for a, b in itertools.pairwise(curve))
    assert all(0 <= point.new_share <= 1 for point in curve)
    last = found.growth[0].distinct
    assert isinstance(last, Estimate)
    assert curve[-1].distinct == last.value


@pytest.mark.parametrize(
    "text", ["!", "one", "\x00\ud800\u202e", "word " * 50_000, "\n" * 5_000 + "."]
)
def test_one_document_is_measured_and_predicts_nothing(tmp_path: Path, text: str) -> None:
    found = measured(tmp_path, [{"text": text, "source": "only"}])
    assert found.documents == 1
    assert isinstance(found.growth[0].doubling, Unknown)
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize("rows", [[], [{"text": ""}], [{"other": "x"}]])
def test_a_corpus_without_text_is_refused(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    with pytest.raises(BadInput, match="holds no document"):
        measured(tmp_path, rows)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(BadInput, match="at least 100"):
        StepSettings(sample=5)
    with pytest.raises(BadInput, match="1 to 64"):
        GrowthSettings(sizes=(0,))
    with pytest.raises(BadInput, match="at least 2"):
        BoilerplateRule(line_documents=1)
