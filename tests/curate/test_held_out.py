"""Held-out text: what overlaps, what is one cluster, and what says nothing new."""

from __future__ import annotations

import numpy as np
import pytest

from assay.curate.held_out import (
    HeldOutWindows,
    clusters_of,
    new_share,
    split_by_cluster,
)
from assay.curate.text_column import TextColumn
from assay.errors import BadInput


def page(seed: int, words: int = 120) -> str:
    return " ".join(f"w{n}" for n in np.random.default_rng(seed).integers(0, 5_000, words))


def column(*texts: str) -> TextColumn:
    return TextColumn.from_texts(texts)


def test_a_quoted_and_a_framed_document_overlap_and_others_do_not() -> None:
    held = HeldOutWindows(column(page(1), page(2)))
    long = " ".join([page(7, 3_000), page(1), page(8, 3_000)])
    edited = page(2).split()
    edited[30] = edited[90] = "changed"
    found = held.overlaps(column(page(1).upper(), long, " ".join(edited), page(3), "", "few words"))
    assert found.tolist() == [True, True, True, False, False, False]


def test_a_phrase_of_many_held_out_documents_is_no_leak() -> None:
    licence = page(9, 60)
    held = HeldOutWindows(column(*(f"{page(n)} {licence}" for n in range(12))))
    assert not held.overlaps(column(f"{page(99, 30)} {licence}")).any()


def test_clusters_are_joined_through_others() -> None:
    a, b = page(1), page(2)
    found = clusters_of(column(a, f"{a} {b}", b, page(4), a, "", ""))
    assert found.tolist() == [0, 0, 0, 1, 0, 2, 2]


def test_a_split_never_parts_a_cluster() -> None:
    texts = [page(n) for n in range(40)]
    texts += [f"{text} and more" for text in texts]
    whole = column(*texts)
    held = split_by_cluster(whole, held_out_bytes=10_000, rng=np.random.default_rng(1))
    assert held[:40].tolist() == held[40:].tolist()
    assert 10_000 <= whole.lengths[held].sum() <= 16_000
    kept, out = whole.take(~held), whole.take(held)
    assert not HeldOutWindows(out).overlaps(kept).any()


def test_a_book_is_not_a_half_where_texts_count_by_their_beginning() -> None:
    book = " ".join(page(seed) for seed in range(100, 160))
    texts = column(book, *(page(seed) for seed in range(20)))
    half = int(np.minimum(texts.lengths, 1_000).sum()) // 2
    held = split_by_cluster(
        texts, held_out_bytes=half, rng=np.random.default_rng(1), most_bytes=1_000
    )
    assert 8 <= held.sum() <= 13
    # Counted whole, it would be all of the other part but for what did not fit.
    whole = split_by_cluster(texts, held_out_bytes=texts.nbytes // 2, rng=np.random.default_rng(1))
    assert whole.sum() == 20


def test_one_cluster_can_not_be_split() -> None:
    with pytest.raises(BadInput, match="all of the text is one cluster"):
        split_by_cluster(column(page(1), page(1)), held_out_bytes=10, rng=np.random.default_rng(1))


def test_what_stands_further_up_is_not_new() -> None:
    repeated = " ".join([page(5, 40)] * 20)
    found = new_share(column(page(1), page(1), page(2), repeated, ""))
    assert found[:3].tolist() == [1.0, 0.0, 1.0]
    assert found[3] < 0.1
    assert found[4] == 0


def test_an_empty_target_overlaps_with_nothing() -> None:
    assert not HeldOutWindows(column("", "a b")).overlaps(column(page(1), "")).any()
