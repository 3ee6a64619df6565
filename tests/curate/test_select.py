"""Selecting from a corpus whose junk is known, and the proof: what it shows, and what it must not show."""

from __future__ import annotations

import json
import resource
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from assay.curate.checkpoint import DiskFull
from assay.curate.exact_duplicates import document_digests
from assay.curate.proxies.named import ProxyChoice
from assay.curate.proxies.ngram_model import NGramProxy
from assay.curate.proxies.proxy import HeldOutLoss, TokenColumn
from assay.curate.select import Selection, select_files
from assay.curate.select_budget import Budget
from assay.curate.select_proof import Arms, ProofSettings, prove_selection
from assay.curate.select_question import SelectQuestion
from assay.curate.select_scores import By
from assay.curate.shared_documents import windows_sketch
from assay.curate.text_column import TextColumn
from assay.curate.value_corpus import ReadyCorpus, ready_corpus
from assay.curate.value_result import TRACK_RECORD
from assay.errors import BadInput, EstimateError
from assay.quantity import Estimate, Unknown
from curate.value_world import World, world

JUNK = ("shuffled", "boilerplate", "foreign", "leak")
SMALL = ProofSettings(tokens=10_000)


def selected(
    planted: World,
    folder: Path,
    budget: int,
    *,
    by: By = "importance",
    seed: int = 1,
    proof: bool = True,
    tokens: int = 10_000,
    **more: object,
) -> Selection:
    corpus, target = planted.write(folder)
    question = SelectQuestion(
        (str(corpus),),
        Budget(budget),
        by=by,
        target=target,
        seed=seed,
        **more,  # type: ignore[arg-type]
    )
    settings = ProofSettings(tokens=tokens, seed=seed)
    return select_files(question, ProxyChoice() if proof else None, settings)


def verdicts(found: Selection) -> dict[str, str]:
    assert found.proof is not None
    return {contest.rival: contest.verdict for contest in found.proof.contests}


def better_than_both(found: Selection) -> bool:
    return set(verdicts(found).values()) == {"better"}


def gain_shown(found: Selection) -> bool:
    return "better" in verdicts(found).values()


def test_the_selection_leaves_the_junk_and_beats_both_rivals_with_fewer_tokens(
    tmp_path: Path,
) -> None:
    found = selected(world(1, documents=110, held_out=60), tmp_path, 30_000)
    by_source = found.by_source
    assert sum(by_source[name]["selected_size"] for name in JUNK) < 300
    assert better_than_both(found)
    assert found.proof is not None
    whole = next(one for one in found.proof.contests if one.rival == "everything")
    assert whole.regime == "data-fixed"
    assert whole.selected_tokens < whole.rival_tokens / 2
    assert found.proof.headline.startswith("The selection is better than random of equal size")
    record = found.to_json()
    assert record["selected_size"] <= 30_000  # type: ignore[operator]
    contests = record["proof"]["contests"]  # type: ignore[index]
    assert all(one["track_record"] == TRACK_RECORD for one in contests)
    assert "made the selection, the other" in found.target_split


def test_a_corpus_without_junk_shows_no_gain(tmp_path: Path) -> None:
    found = selected(world(2, documents=110, held_out=60, junk=False), tmp_path, 20_000)
    assert found.proof is not None
    assert not gain_shown(found)
    assert found.proof.headline.startswith("No gain is shown")


def test_two_seeds_of_both_worlds(tmp_path: Path) -> None:
    won = lost = 0
    for seed in (10, 11):
        planted = world(seed, documents=120, held_out=120)
        won += better_than_both(selected(planted, tmp_path, 32_000, seed=seed))
        clean = world(seed, documents=80, held_out=40, junk=False)
        lost += gain_shown(selected(clean, tmp_path, 14_000, seed=seed))
    assert (won, lost) == (2, 0)


def test_the_same_seed_gives_the_same_selection_and_another_another(tmp_path: Path) -> None:
    planted = world(3, documents=40, held_out=30)
    one, same, other = (
        selected(planted, tmp_path, 8_000, seed=seed, proof=False) for seed in (1, 1, 2)
    )
    assert one.reasons == same.reasons != other.reasons
    assert one.to_json() == same.to_json()


def test_a_selection_of_the_junk_is_said_to_be_worse() -> None:
    planted = world(4, documents=110, held_out=60)
    ready = ready_corpus(planted.column, planted.source, TextColumn.from_texts(planted.target))
    names = np.array(ready.pool.names)
    foreign = names[ready.pool.source] == "foreign"
    proof = prove_selection(ready, NGramProxy(), Arms.of_all(foreign), SMALL)
    assert [one.verdict for one in proof.contests] == ["worse", "worse"]
    assert "No gain is shown: the selection is worse than random" in proof.headline


@pytest.fixture(scope="module")
def lots() -> ReadyCorpus:
    planted = world(6, documents=60, held_out=40, junk=False)
    target = TextColumn.from_texts(planted.target)
    return ready_corpus(planted.column, planted.source, target)


class Repeating:
    """A proxy that says how long it was trained, and knows repeats."""

    name, values_repeats, sees_word_order = "counts", True, True

    def __init__(self) -> None:
        self.asked: list[tuple[int, int | None]] = []

    def held_out_bits(
        self,
        train: TokenColumn,
        target: TokenColumn,
        *,
        rng: np.random.Generator,
        training_tokens: int | None = None,
    ) -> HeldOutLoss:
        self.asked.append((train.n_tokens, training_tokens))
        # Of the texts, as what a real proxy learns of other texts: not the same on both sides.
        noise = np.random.default_rng([int(rng.integers(9)), int(train.codes[:99].sum())]).normal(
            0, 0.01
        )
        bits = target.text_bytes * (3 - np.log10(training_tokens or train.n_tokens) / 4 + noise)
        return HeldOutLoss(bits, target.text_bytes, training_tokens or train.n_tokens)


def test_a_proxy_that_values_repeats_meets_everything_repeated(lots: ReadyCorpus) -> None:
    proxy = Repeating()
    mine = np.arange(len(lots.pool.pieces)) % 3 == 0
    proof = prove_selection(lots, proxy, Arms.of_all(mine), SMALL)
    assert [one.rival for one in proof.contests] == [
        "random of equal size",
        "everything",
        "everything, trained as long",
        "everything, repeated",
    ]
    as_long, repeated = proof.contests[2:]
    assert as_long.trained_tokens == as_long.rival_trained_tokens == as_long.rival_tokens
    assert repeated.trained_tokens == repeated.rival_trained_tokens == 4 * repeated.rival_tokens
    assert {one.regime for one in proof.contests} == {"compute-fixed", "data-fixed"}
    # The n-gram model is never asked for repeats, and says so.
    plain = prove_selection(lots, NGramProxy(), Arms.of_all(mine), SMALL)
    assert len(plain.contests) == 2
    assert any("everything repeated" in note for note in plain.notes)


def test_deviations_of_seeds_that_share_most_of_their_text_are_widened(lots: ReadyCorpus) -> None:
    mine = np.arange(len(lots.pool.pieces)) % 2 == 0
    few = prove_selection(
        lots, Repeating(), Arms.of_all(mine), ProofSettings(tokens=1_000, most_times=1)
    )
    all_of_it = prove_selection(lots, Repeating(), Arms.of_all(mine), SMALL)
    widths = []
    for proof in (few, all_of_it):
        change = proof.contests[0].change
        assert isinstance(change, Estimate)
        widths.append(change.high - change.low)
    # The proxy's own noise is as large in both; only the share that is drawn differs.
    assert widths[1] > 1.3 * widths[0]


def test_a_corpus_of_which_the_selection_is_a_trace_has_no_contest_against_everything(
    lots: ReadyCorpus,
) -> None:
    mine = np.zeros(len(lots.pool.pieces), dtype=np.bool_)
    mine[:10] = True
    tokens = lots.pool.tokens_of(np.flatnonzero(mine))
    assert 0.8 * tokens > 1_000
    proof = prove_selection(
        lots, NGramProxy(), Arms.of_all(mine), ProofSettings(tokens=1_000, most_times=2)
    )
    last = proof.contests[-1]
    assert (last.rival, last.verdict) == ("everything", "cannot tell")
    assert isinstance(last.change, Unknown)
    mine[3:] = False
    with pytest.raises(BadInput, match="too few to prove anything"):
        prove_selection(lots, NGramProxy(), Arms.of_all(mine), SMALL)
    with pytest.raises(BadInput, match="nothing to prove"):
        prove_selection(lots, NGramProxy(), Arms.of_all(~mine | mine), SMALL)


def test_near_duplicates_quotas_of_sources_and_leaks(tmp_path: Path) -> None:
    planted = world(8, documents=40, held_out=30)
    texts = [*planted.texts, "", planted.texts[planted.source.index("guide")]]
    planted = World(
        texts, [*planted.source, "void", "copy"], [*planted.quality, 0, 0], planted.target
    )
    found = selected(planted, tmp_path, 10_000, most_of_source=0.3, proof=False)
    counted = Counter(found.reasons)
    assert sum(found.rejected.values()) == 1
    assert counted["near_duplicate"] >= 18
    assert counted["overlaps_target"] >= 30
    assert counted["source_quota"] > 0
    assert all(held["selected_size"] <= 3_000 for held in found.by_source.values())
    free = selected(planted, tmp_path, 10_000, per_cluster=0, proof=False)
    assert "near_duplicate" not in free.reasons


def test_documents_that_measured_a_value_or_nearly_did_prove_nothing(tmp_path: Path) -> None:
    planted = world(9, documents=40, held_out=30)
    parts = [measured_part(name, "helps", 0.5) for name in set(planted.source)]
    measured = tmp_path / "value.json"

    def of(texts: list[str]) -> Selection:
        column = TextColumn.from_texts(texts)
        record = {
            "value": {"by": "source", "proxy": "p", "parts": parts},
            "target_documents": list(document_digests(column)),
            "target_windows": [" ".join(one) for one in windows_sketch(column)],
        }
        measured.write_text(json.dumps(record))
        return selected(planted, tmp_path, 7_000, by="value", measured=measured, proof=False)

    others = world(77, documents=40, held_out=30).target
    assert of(others).notes == ()
    words = planted.target[2].split()
    # Said in a few other words, it is no other document.
    near = " ".join("other" if place % 40 == 7 else word for place, word in enumerate(words))
    assert of([*others, near]).target_split.startswith("29 of the target's 30 documents prove")
    with pytest.raises(BadInput, match="1 of the target's 30 documents") as found:
        of([*others, planted.target[2]])
    assert "document 3 of the target" in found.value.message
    assert "--target" in found.value.next_command


def test_no_room_for_the_texts_is_one_sentence(tmp_path: Path) -> None:
    planted = world(9, documents=40, held_out=30)
    corpus, target = planted.write(tmp_path)
    question = SelectQuestion((str(corpus),), Budget(7_000), target=target)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(DiskFull, match=r"no room in .* nothing was written") as found:
            select_files(question, None, scratch=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "-o" in found.value.next_command
    assert not list(tmp_path.glob("assay-select-*"))


def measured_part(name: str, verdict: str, gain: float | None) -> dict[str, object]:
    change = {"value": None if gain is None else -gain, "high": None if gain is None else -gain}
    return {
        "name": name,
        "verdict": verdict,
        "regimes": {"data-fixed": {"per_million_tokens": change}},
    }


def test_measured_value_by_source_and_by_tenth(tmp_path: Path) -> None:
    planted = world(9, documents=40, held_out=30)
    gains: dict[str, float | None] = dict.fromkeys(planted.source)
    gains |= {"guide": 0.9, "manual": 0.5}
    parts = [measured_part(name, "helps", gain) for name, gain in gains.items()]
    measured = tmp_path / "value.json"
    measured.write_text(json.dumps({"value": {"by": "source", "proxy": "p", "parts": parts}}))
    found = selected(planted, tmp_path, 7_000, by="value", measured=measured, proof=False)
    held = found.by_source
    assert held["guide"]["selected_documents"] == 40 > held["manual"]["selected_documents"] > 0
    assert {"measured_unknown", "below_budget"} <= set(found.reasons)
    assert any("other documents than this target" in note for note in found.notes)
    assert found.target_split.startswith("all 30 documents of the target prove")
    held_out = json.loads(measured.read_text())
    texts = TextColumn.from_texts([planted.target[0].upper(), "another document"])
    held_out["target_documents"] = list(document_digests(texts))
    measured.write_text(json.dumps(held_out))
    with pytest.raises(BadInput, match="was measured on 1 of the target's 30 documents"):
        selected(planted, tmp_path, 7_000, by="value", measured=measured, proof=False)
    held_out["target_documents"] = list(document_digests(texts))[1:]
    measured.write_text(json.dumps(held_out))
    found = selected(planted, tmp_path, 7_000, by="value", measured=measured, proof=False)
    assert not any("other documents than this target" in note for note in found.notes)
    names = ["tenth 1 of 10 (best)", *(f"tenth {n} of 10" for n in range(2, 10))]
    parts = [
        *(measured_part(name, "helps", 1.0) for name in names),
        measured_part("tenth 10 of 10 (worst)", "hurts", -1.0),
    ]
    measured.write_text(json.dumps({"value": {"by": "quality", "proxy": "p", "parts": parts}}))
    with pytest.raises(BadInput, match="the field must be named"):
        selected(planted, tmp_path, 7_000, by="value", measured=measured, proof=False)
    found = selected(
        planted,
        tmp_path,
        7_000,
        by="value",
        measured=measured,
        quality_field="quality",
        proof=False,
    )
    worst = [q for q, why in zip(planted.quality, found.reasons, strict=True) if "hurts" in why]
    assert worst
    assert max(worst) < np.median(planted.quality)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"by": "importance", "target": None}, "needs a target"),
        ({"by": "value"}, "needs what was measured"),
        ({"per_cluster": -1}, "must not be negative"),
        ({"most_of_source": 1.5}, "most_of_source must be above 0"),
    ],
)
def test_questions_that_are_none_are_refused(more: dict[str, object], message: str) -> None:
    plain: dict[str, object] = {"target": Path("target.jsonl")}
    with pytest.raises(BadInput, match=message):
        SelectQuestion(("corpus.jsonl",), Budget(10), **(plain | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", [{"tokens": 10}, {"seeds": 2}, {"epochs": 1}, {"confidence_level": 1.0}]
)
def test_proof_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="must"):
        ProofSettings(**wrong)  # type: ignore[arg-type]


def test_a_target_of_a_few_documents_is_refused_before_the_corpus_is_read(tmp_path: Path) -> None:
    planted = world(4, documents=20, held_out=9, junk=False)
    with pytest.raises(EstimateError, match="by weight, and an interval needs 8") as refused:
        selected(planted, tmp_path, 2_000)
    assert "--no-proof" in refused.value.next_command


@pytest.mark.nightly
@pytest.mark.parametrize("by", ["importance", "perplexity"])
def test_the_selection_wins_in_95_of_100_worlds_and_without_junk_shows_no_gain(
    by: By, tmp_path: Path
) -> None:
    counted: Counter[str] = Counter()
    for seed in range(200, 300):
        found = {
            junk: selected(
                world(seed, documents=240, held_out=240, junk=junk),
                tmp_path,
                64_000 if junk else 40_000,
                by=by,
                seed=seed,
                tokens=20_000,
            )
            for junk in (True, False)
        }
        said = verdicts(found[True])
        counted.update(rival for rival, verdict in said.items() if verdict == "better")
        counted["no gain"] += not gain_shown(found[False])
    assert counted["random of equal size"] >= 95
    assert counted["everything"] >= 95
    assert counted["no gain"] >= 95
