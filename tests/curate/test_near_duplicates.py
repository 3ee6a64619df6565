"""Clusters against brute force: every pair compared by Python sets, and the graph walked."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.curate.components import smallest_connected
from assay.curate.exact_duplicates import exact_hashes, first_with_same
from assay.curate.minhash import (
    BlockSignature,
    MinHashSettings,
    bands,
    block_signature,
    joined,
    signatures,
)
from assay.curate.near_duplicates import (
    Clusters,
    NearDuplicateSettings,
    find_clusters,
    near_duplicates,
)
from assay.curate.near_duplicates_sets import Rows, jaccard, may_reach, sets_of
from assay.curate.shingles import ShingleSettings, shingles
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

pytest.importorskip("rensa", reason="near-duplicates need the extra [curate]")

SMALL = NearDuplicateSettings(
    threshold=0.5, minhash=MinHashSettings(bands=20, rows=2, shingles=ShingleSettings(words=2))
)
WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=14).map(" ".join)


def families(rng: np.random.Generator, count: int, *, words: int = 120) -> list[str]:
    """Texts that were made from others by changing some words, and others that were not."""
    texts: list[str] = []
    for _ in range(count):
        if texts and rng.random() < 0.6:
            parts = texts[rng.integers(len(texts))].split()
            for _ in range(int(rng.integers(0, 12))):
                parts[rng.integers(len(parts))] = f"w{rng.integers(5_000)}"
        else:
            parts = [f"w{rng.integers(5_000)}" for _ in range(words)]
        texts.append(" ".join(parts))
    return texts


def plain_sets(texts: list[str], chosen: NearDuplicateSettings) -> list[set[int]]:
    flat = shingles(TextColumn.from_texts(texts), chosen.minhash.shingles)
    bounds = flat.offsets.tolist()
    return [set(flat.values[a:b].tolist()) for a, b in itertools.pairwise(bounds)]


def plain_jaccard(one: set[int], other: set[int]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


def plain_clusters(texts: list[str], chosen: NearDuplicateSettings) -> tuple[list[int], list[int]]:
    """The definition: keepers of the verified candidates' components, and those of the candidates alone."""
    sets = plain_sets(texts, chosen)
    tables = bands(signatures(TextColumn.from_texts(texts), chosen.minhash), chosen.minhash)
    exact = exact_hashes(TextColumn.from_texts(texts))
    verified, candidates = [], []
    for left, right in itertools.combinations(range(len(texts)), 2):
        same = bool((exact[left] == exact[right]).all())
        candidate = bool(sets[left]) and bool((tables[left] == tables[right]).any())
        if same or candidate:
            candidates.append((left, right))
        if same or (candidate and plain_jaccard(sets[left], sets[right]) >= chosen.threshold):
            verified.append((left, right))
    return plain_components(len(texts), verified), plain_components(len(texts), candidates)


def plain_components(count: int, edges: list[tuple[int, int]]) -> list[int]:
    label = list(range(count))
    for _ in range(count):
        for left, right in edges:
            label[left] = label[right] = min(label[left], label[right])
    return label


def agrees(found: Clusters, texts: list[str], chosen: NearDuplicateSettings) -> None:
    keeper, unverified = plain_clusters(texts, chosen)
    assert found.keeper.tolist() == keeper
    assert found.pairs_left == 0
    assert found.unverified.tolist() == [
        keeper[row] == row != unverified[row] for row in range(len(texts))
    ]
    sets = plain_sets(texts, chosen)
    for row in range(len(texts)):
        alike = plain_jaccard(sets[row], sets[keeper[row]]) if sets[row] else 1.0
        assert found.similarity[row] == pytest.approx(alike)
        assert found.lonely[row] == (found.unverified[row] and keeper.count(row) == 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=12))
def test_clusters_are_those_of_brute_force(texts: list[str]) -> None:
    agrees(near_duplicates(TextColumn.from_texts(texts), SMALL), texts, SMALL)


@pytest.mark.parametrize("seed", range(2))
def test_clusters_of_families_are_those_of_brute_force(seed: int) -> None:
    texts = families(np.random.default_rng(seed), 120)
    agrees(near_duplicates(TextColumn.from_texts(texts)), texts, NearDuplicateSettings())


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), cuts=st.lists(st.integers(0, 60), max_size=4))
def test_blocks_and_memory_make_no_difference(seed: int, cuts: list[int]) -> None:
    texts = families(np.random.default_rng(seed), 60, words=40)
    column = TextColumn.from_texts(texts)
    whole = near_duplicates(column)
    bounds = [0, *sorted(cuts), len(texts)]
    blocks = [
        block_signature(TextColumn.from_texts(texts[a:b])) for a, b in itertools.pairwise(bounds)
    ]
    small = find_clusters(blocks, column.take, NearDuplicateSettings(shingles_in_memory=50))
    assert small.keeper.tolist() == whole.keeper.tolist()
    assert small.similarity.tolist() == whole.similarity.tolist()
    assert small.to_json() == whole.to_json()


def test_texts_are_loaded_once_each_in_order_and_progress_ends_at_all() -> None:
    texts = families(np.random.default_rng(5), 300)
    column = TextColumn.from_texts(texts)
    asked: list[int] = []
    seen: list[tuple[int, int]] = []

    def load(rows: Rows) -> TextColumn:
        asked.extend(rows.tolist())
        return column.take(rows)

    find_clusters([block_signature(column)], load, on_progress=lambda *now: seen.append(now))
    assert asked == sorted(set(asked))
    assert 0 < len(asked) < len(texts)
    assert seen[-1] == (len(asked), len(asked))


def test_what_takes_no_part_is_kept_and_keeps_nobody() -> None:
    texts = [
        "the same few words that stand here",
        "other",
        "the same few words that stand here",
    ] * 2
    left_out = np.array([True, False, False, False, True, False])
    column = TextColumn.from_texts(texts)
    found = find_clusters([block_signature(column)], column.take, left_out=left_out)
    assert found.keeper.tolist() == [0, 1, 2, 2, 4, 2]


def test_ten_thousand_equal_texts_are_one_cluster_and_one_comparison_less() -> None:
    texts = ["the same words stand here again and again"] * 10_000 + ["", "", "!"]
    found = near_duplicates(TextColumn.from_texts(texts))
    assert found.kept.sum() == 3
    assert found.exact.sum() == 10_000
    assert found.pairs_compared == 0
    assert found.keeper[-3:].tolist() == [10_000, 10_000, 10_002]


def test_a_bucket_of_thousands_is_compared_in_linear_time() -> None:
    # Each shares 95 % with the first: the pairs that connect them are found in the first round.
    words = [f"word{number}" for number in range(400)]
    near = [" ".join([*words, f"own{number}"]) for number in range(3_000)]
    found = near_duplicates(TextColumn.from_texts(near))
    assert found.kept.sum() == 1
    assert found.pairs_compared < 20 * len(near)
    assert found.pairs_left == 0


def test_boilerplate_that_is_no_duplicate_is_bounded_and_counted() -> None:
    rng = np.random.default_rng(3)
    header = " ".join(f"licence{number}" for number in range(40))
    texts = [
        header + " " + " ".join(f"w{w}" for w in rng.integers(10**6, size=30)) for _ in range(600)
    ]
    chosen = NearDuplicateSettings(
        minhash=MinHashSettings(bands=2, rows=1), most_compared=3, shingles_in_memory=5_000
    )
    found = near_duplicates(TextColumn.from_texts(texts), chosen)
    assert found.kept.all()
    assert 0 < found.pairs_compared <= 2 * 3 * 600
    assert found.pairs_left > 10_000
    assert found.unverified.sum() == found.lonely.sum() > 500


def test_a_chain_is_one_cluster_and_its_far_end_is_counted() -> None:
    words = [f"w{number}" for number in range(200)]
    texts = []
    for step in range(12):
        changed = [f"x{number}" if number < 4 * step else word for number, word in enumerate(words)]
        texts.append(" ".join(changed))
    chosen = NearDuplicateSettings(threshold=0.9)
    found = near_duplicates(TextColumn.from_texts(texts), chosen)
    assert found.kept.sum() == 1
    assert found.similarity[-1] < 0.7
    assert found.far.sum() == (found.similarity < 0.9).sum() > 5
    assert found.to_json()["far_from_keeper"] == found.far.sum()


def test_nothing_and_next_to_nothing() -> None:
    assert find_clusters([], TextColumn.from_texts([]).take).to_json()["texts"] == 0
    assert near_duplicates(TextColumn.from_texts([])).keeper.tolist() == []
    found = near_duplicates(TextColumn.from_texts(["a", "b", "A!", "a b", ""]))
    assert found.keeper.tolist() == [0, 1, 0, 3, 4]
    assert found.cluster.tolist() == [0, -1, 0, -1, -1]


def test_signatures_estimate_jaccard_without_bias() -> None:
    rng = np.random.default_rng(8)
    shared, off = [], []
    for _ in range(200):
        words = [f"w{number}" for number in rng.integers(10**9, size=300)]
        texts = [" ".join(words[:250]), " ".join(words[50:])]
        column = TextColumn.from_texts(texts)
        signature = signatures(column)
        one, other = plain_sets(texts, NearDuplicateSettings())
        shared.append(float((signature[0] == signature[1]).mean()))
        off.append(shared[-1] - plain_jaccard(one, other))
    # One pair's standard error is 0.045 at 112 hashes; of the mean of 200 0.0032.
    assert abs(np.mean(off)) < 4 * 0.0032
    assert np.std(off) < 0.055


def test_candidates_are_as_frequent_as_stated() -> None:
    rng = np.random.default_rng(2)
    column, likeness = [], []
    for _ in range(400):
        words = [f"w{number}" for number in rng.integers(10**9, size=230)]
        column += [" ".join(words[:204]), " ".join([*words[30:204], *words[204:]])]
    tables = bands(signatures(TextColumn.from_texts(column)))
    hit = (tables[::2] == tables[1::2]).any(axis=1)
    sets = plain_sets(column, NearDuplicateSettings())
    likeness = [plain_jaccard(a, b) for a, b in zip(sets[::2], sets[1::2], strict=True)]
    expected = MinHashSettings().candidate_chance(float(np.mean(likeness)))
    assert abs(hit.mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / 400)


@settings(max_examples=100, deadline=None)
@given(
    count=st.integers(1, 30),
    edges=st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=40),
    at=st.integers(0, 40),
)
def test_components_are_those_of_a_walk(count: int, edges: list[tuple[int, int]], at: int) -> None:
    edges = [(a % count, b % count) for a, b in edges]
    labels = np.arange(count)
    for part in (edges[:at], edges[at:]):
        ends = np.array(part, dtype=np.int64).reshape(-1, 2)
        labels = smallest_connected(labels, ends[:, 0], ends[:, 1])
    assert labels.tolist() == plain_components(count, edges)


def test_a_path_of_a_hundred_thousand_is_one_component() -> None:
    order = np.random.default_rng(1).permutation(100_000)
    assert not smallest_connected(np.arange(100_000), order[:-1], order[1:]).any()


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=10), st.data())
def test_jaccard_of_pairs_is_that_of_sets(texts: list[str], data: st.DataObject) -> None:
    sets = sets_of(TextColumn.from_texts(texts), ShingleSettings(words=2))
    row = st.integers(0, len(texts) - 1)
    pairs = np.array(data.draw(st.lists(st.tuples(row, row), max_size=9)), dtype=np.int64)
    left, right = pairs.reshape(-1, 2).T
    plain = plain_sets(texts, SMALL)
    expected = [plain_jaccard(plain[a], plain[b]) for a, b in pairs.reshape(-1, 2).tolist()]
    assert jaccard(sets, left, right).tolist() == pytest.approx(expected)


def test_the_sample_rules_out_far_pairs_and_none_near_the_threshold() -> None:
    rng = np.random.default_rng(9)
    texts = []
    for part in np.repeat([0.3, 0.5, 0.75], 200).tolist():
        shared = round(2 * 900 * part / (1 + part))
        words = [f"w{number}" for number in rng.integers(10**9, size=1_800 - shared)]
        texts += [" ".join(words[:900]), " ".join(words[900 - shared :])]
    sets = sets_of(TextColumn.from_texts(texts), ShingleSettings(words=1))
    pairs = np.arange(0, len(texts), 2)
    may = may_reach(sets.sample(10**9), pairs, pairs + 1, 0.75)
    assert may[400:].all()
    assert not may[:200].any()
    assert may[200:400].mean() < 0.2
    # An eighth of the shingles, the same ones in both.
    assert sets.sampled.sum() == pytest.approx(sets.sizes.sum() / 8, rel=0.02)


def test_exact_duplicates_go_by_words() -> None:
    texts = ["One two", "one, TWO!", "one twos", "", "", "?", "onetwo"]
    first = first_with_same(exact_hashes(TextColumn.from_texts(texts)))
    assert first.tolist() == [0, 0, 2, 3, 3, 5, 6]


def test_signatures_come_back_from_disk(tmp_path: Path) -> None:
    texts = families(np.random.default_rng(4), 50)
    column = TextColumn.from_texts(texts)
    signature = block_signature(column)
    signature.save(tmp_path / "block.npy")
    back = BlockSignature.load(tmp_path / "block.npy")
    assert back.n_shingles.tolist() == signature.n_shingles.tolist()
    assert joined([back, back], 3).tolist() == 2 * signature.bands[:, 3].tolist()
    assert (
        find_clusters([back], column.take).keeper.tolist()
        == near_duplicates(column).keeper.tolist()
    )
    (tmp_path / "block.npy").write_bytes(b"\x93NUMPY\x01")
    with pytest.raises(BadInput, match="holds no signatures"):
        BlockSignature.load(tmp_path / "block.npy")


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(BadInput, match="threshold"):
        NearDuplicateSettings(threshold=1.2)
    with pytest.raises(BadInput, match="0 bands of 8"):
        MinHashSettings(bands=0)
    column = TextColumn.from_texts(["a"])
    chosen = NearDuplicateSettings(minhash=MinHashSettings(bands=3))
    with pytest.raises(BadInput, match="14 bands, the settings 3"):
        find_clusters([block_signature(column)], column.take, chosen)
