"""Value by training: a world whose junk is known, and what is refused."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from assay.curate.proxies.word_model import WordProxy, word_list
from assay.curate.text_column import TextColumn
from assay.curate.value import measure_value
from assay.curate.value_corpus import ReadyCorpus, ready_corpus
from assay.curate.value_curve import ValueCurve, deciles, measure_curve
from assay.curate.value_filter import measure_filters
from assay.curate.value_mixture import best_mixture
from assay.curate.value_result import TRACK_RECORD, ValueAnswer
from assay.curate.value_settings import ValueSettings
from assay.errors import BadInput, EstimateError
from assay.quantity import Estimate, Unknown
from curate.value_world import World, world

SETTINGS = ValueSettings(tokens=20_000)
JUNK = ("shuffled", "boilerplate", "foreign", "leak")
GOOD = ("guide", "manual")


def ready(planted: World) -> ReadyCorpus:
    return ready_corpus(planted.column, planted.source, TextColumn.from_texts(planted.target))


def proxy(corpus: ReadyCorpus) -> WordProxy:
    return WordProxy(word_list(corpus.pool.pieces, corpus.tokenizer))


def quality(planted: World, corpus: ReadyCorpus) -> np.ndarray:
    return np.array(planted.quality)[corpus.pool.document]


@pytest.fixture(scope="module")
def junk() -> tuple[World, ReadyCorpus]:
    planted = world(1)
    return planted, ready(planted)


@pytest.fixture(scope="module")
def answer(junk: tuple[World, ReadyCorpus]) -> ValueAnswer:
    return measure_value(junk[1], proxy(junk[1]), SETTINGS)


def test_junk_is_found_and_good_text_is_not_called_junk(answer: ValueAnswer) -> None:
    verdicts = {part.text.name: part.verdict for part in answer.parts}
    assert all(verdicts[name] in {"hurts", "worthless"} for name in JUNK)
    assert all(verdicts[name] == "helps" for name in GOOD)


def test_leaks_and_repeats_are_worthless_by_count(answer: ValueAnswer) -> None:
    by_name = {part.text.name: part for part in answer.parts}
    leak, repeats = by_name["leak"], by_name["boilerplate"]
    assert leak.text.leaked_tokens == leak.text.raw_tokens
    assert repeats.text.repeated_tokens > 0.95 * repeats.text.raw_tokens
    assert not leak.regimes
    assert isinstance(leak.worth, Unknown)


def test_both_regimes_stand_beside_each_other_with_holm(answer: ValueAnswer) -> None:
    for part in answer.parts:
        if part.regimes:
            assert [found.regime for found in part.regimes] == ["compute-fixed", "data-fixed"]
            assert all(found.adjusted >= found.p_value for found in part.regimes)
            # A good source is better than a mix of good and junk; on top of it, too.
            if part.text.name in GOOD:
                assert all(found.verdict == "helps" for found in part.regimes)


def test_the_inflation_of_a_naive_split_is_measured(answer: ValueAnswer) -> None:
    change = answer.inflation.change
    assert isinstance(change, Estimate)
    assert change.high < 0


def test_every_verdict_has_the_track_record_beside_it(answer: ValueAnswer) -> None:
    record = answer.to_json()
    assert "49 of 66" in TRACK_RECORD
    assert all(part["track_record"] == TRACK_RECORD for part in record["parts"])  # type: ignore[attr-defined]


def test_a_seed_gives_the_same_answer_again(
    junk: tuple[World, ReadyCorpus], answer: ValueAnswer
) -> None:
    assert measure_value(junk[1], proxy(junk[1]), SETTINGS).to_json() == answer.to_json()


def test_a_text_that_helps_does_better_than_its_words_in_another_order(
    answer: ValueAnswer,
) -> None:
    by_name = {part.text.name: part for part in answer.parts}
    for name in GOOD:
        found = by_name[name].over_placebo
        assert isinstance(found, Estimate)
        assert found.high < 0
    shuffled = by_name["shuffled"].over_placebo
    assert isinstance(shuffled, Estimate)
    assert shuffled.low < 0 < shuffled.high


def test_the_curve_turns_where_the_junk_begins(junk: tuple[World, ReadyCorpus]) -> None:
    planted, corpus = junk
    good = quality(planted, corpus)
    curve = measure_curve(corpus, proxy(corpus), good, SETTINGS)
    point = curve.data_fixed.point
    share = corpus.pool.tokens_of(np.flatnonzero(good >= 2)) / corpus.pool.pieces.n_tokens
    assert isinstance(point, Estimate)
    assert point.low <= share <= point.high
    assert isinstance(curve.data_fixed.cost, Estimate)
    assert curve.data_fixed.cost.low > 0
    assert curve.compute_fixed.seen


def test_a_corpus_without_junk_is_reported_as_such() -> None:
    planted = world(3, junk=False)
    corpus = ready(planted)
    answer = measure_value(corpus, proxy(corpus), SETTINGS)
    assert {part.verdict for part in answer.parts} == {"helps"}
    assert "no training document overlaps" in str(answer.inflation.change)
    curve: ValueCurve = measure_curve(corpus, proxy(corpus), quality(planted, corpus), SETTINGS)
    assert not curve.data_fixed.seen
    assert isinstance(curve.data_fixed.point, Unknown)
    assert "no backlash seen up to all of it" in curve.data_fixed.point.reason


def test_tenths_of_quality_hold_as_many_tokens_each(junk: tuple[World, ReadyCorpus]) -> None:
    planted, corpus = junk
    pool = deciles(corpus.pool, quality(planted, corpus))
    sizes = [text.tokens for text in pool.texts]
    assert len(sizes) == 10
    assert max(sizes) - min(sizes) <= 2 * 1_024
    best = np.mean(quality(planted, corpus)[pool.source == 0])
    assert best > 2 > np.mean(quality(planted, corpus)[pool.source == 9])


def test_a_filter_that_keeps_the_wrong_half_loses_to_the_raw_mix(
    junk: tuple[World, ReadyCorpus],
) -> None:
    planted, corpus = junk
    good = quality(planted, corpus) >= 2
    right, wrong = measure_filters(corpus, proxy(corpus), {"right": good, "wrong": ~good}, SETTINGS)
    assert (right.compute_verdict, right.data_verdict) == ("helps", "helps")
    assert (wrong.compute_verdict, wrong.data_verdict) == ("hurts", "hurts")
    assert right.kept_tokens + wrong.kept_tokens == pytest.approx(1)


def test_the_best_mixture_leaves_the_junk_and_is_shown_to_be_better(
    junk: tuple[World, ReadyCorpus],
) -> None:
    found = best_mixture(junk[1], proxy(junk[1]), SETTINGS, leave_out=("shuffled",))
    shares = dict(zip(found.names, found.proposed, strict=True))
    assert found.verdict == "better"
    assert found.change.high < 0
    assert shares["guide"] + shares["manual"] > 0.6
    assert shares["shuffled"] == 0


def test_what_is_too_small_is_refused_with_the_next_command() -> None:
    corpus = ready(world(4, documents=60))
    with pytest.raises(BadInput, match=r"are needed|that are needed of it") as refused:
        measure_value(corpus, proxy(corpus), ValueSettings(tokens=5_000_000))
    assert refused.value.next_command.startswith("--tokens ")


def test_one_source_has_no_rest_to_be_held_against() -> None:
    planted = world(4, documents=30, junk=False)
    corpus = ready_corpus(
        planted.column, ["one"] * len(planted.texts), TextColumn.from_texts(planted.target)
    )
    with pytest.raises(BadInput, match="of one part only"):
        measure_value(corpus, proxy(corpus), SETTINGS)


def test_a_target_of_a_few_documents_is_refused() -> None:
    planted = world(4, documents=120, held_out=4, junk=False)
    corpus = ready(planted)
    with pytest.raises(EstimateError, match=r"rests on 4\.\d documents by weight"):
        measure_value(corpus, proxy(corpus), ValueSettings(tokens=5_000))


@pytest.mark.parametrize(
    "wrong", [{"tokens": 10}, {"share": 0.9}, {"seeds": 2}, {"margin": 1.0}, {"doses": (2.0,)}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="must"):
        ValueSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.nightly
def test_junk_is_found_in_95_of_100_worlds_and_the_turn_in_the_planted_place() -> None:
    found: Counter[str] = Counter()
    for seed in range(100, 200):
        planted = world(seed)
        corpus = ready(planted)
        settings = ValueSettings(tokens=20_000, seed=seed)
        for part in measure_value(corpus, proxy(corpus), settings).parts:
            found[part.text.name] += part.verdict in {"hurts", "worthless"}
        good = quality(planted, corpus)
        share = corpus.pool.tokens_of(np.flatnonzero(good >= 2)) / corpus.pool.pieces.n_tokens
        point = measure_curve(corpus, proxy(corpus), good, settings).data_fixed.point
        found["turn"] += isinstance(point, Estimate) and point.low <= share <= point.high
        clean = ready(world(seed, junk=False))
        parts = measure_value(clean, proxy(clean), settings).parts
        found["clean"] += all(part.verdict == "helps" for part in parts)
    assert all(found[name] >= 95 for name in (*JUNK, "turn", "clean"))
    assert all(found[name] <= 5 for name in GOOD)
