"""Kept trainings: told by what they follow from, the same numbers again, and nothing trained in a rehearsal."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from assay.curate.proxies.kept_trainings import KeptTrainings, Rehearsal
from assay.curate.proxies.ngram_model import NGramProxy
from assay.curate.proxies.proxy import HeldOutLoss, TokenColumn
from assay.curate.proxies.training_pool import Training
from assay.errors import BadInput


def column(seed: int) -> TokenColumn:
    codes = np.random.default_rng(seed).integers(0, 9, 200).astype(np.uint16)
    offsets = np.arange(0, 201, 20).astype(np.int64)
    return TokenColumn(codes, offsets, np.full(10, 30, np.int64), 9)


TARGET = column(9)


@dataclass
class Counting:
    """The n-gram model, and how often it was trained."""

    name: str = "counting"
    values_repeats: bool = False
    sees_word_order: bool = False
    trained: list[int] = field(default_factory=list)

    def held_out_bits(
        self,
        train: TokenColumn,
        target: TokenColumn,
        *,
        rng: np.random.Generator,
        training_tokens: int | None = None,
    ) -> HeldOutLoss:
        self.trained.append(train.n_tokens)
        return NGramProxy().held_out_bits(train, target, rng=rng, training_tokens=training_tokens)


def asked(
    kept: KeptTrainings | Rehearsal,
    train: TokenColumn,
    *,
    seed: int = 1,
    tokens: int | None = None,
) -> HeldOutLoss:
    rng = np.random.default_rng(seed)
    return kept.held_out_bits(train, TARGET, rng=rng, training_tokens=tokens)


def test_what_was_trained_is_not_trained_again_in_another_run(tmp_path: Path) -> None:
    first = asked(KeptTrainings(Counting(), folder=tmp_path), column(1))
    again = Counting()
    second = asked(KeptTrainings(again, folder=tmp_path), column(1))
    assert not again.trained
    assert np.array_equal(first.bits, second.bits)
    assert first.trained_tokens == second.trained_tokens


def test_another_text_seed_length_proxy_or_corpus_is_another_training(tmp_path: Path) -> None:
    inner = Counting()
    kept = KeptTrainings(inner, folder=tmp_path)
    asked(kept, column(1))
    asked(kept, column(2))
    asked(kept, column(1), seed=2)
    asked(kept, column(1), tokens=100)
    asked(KeptTrainings(inner, folder=tmp_path, context="other words"), column(1))
    asked(KeptTrainings(Counting("another", trained=inner.trained), folder=tmp_path), column(1))
    assert len(inner.trained) == 6
    asked(kept, column(1))
    assert len(inner.trained) == 6


def test_without_a_folder_it_is_kept_in_memory() -> None:
    inner = Counting()
    told: list[int] = []
    kept = KeptTrainings(inner, on_training=told.append)
    assert asked(kept, column(1)).bits.tolist() == asked(kept, column(1)).bits.tolist()
    assert (len(inner.trained), told) == (1, [200])


def test_a_damaged_file_is_said_and_not_used(tmp_path: Path) -> None:
    asked(KeptTrainings(Counting(), folder=tmp_path), column(1))
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(BadInput, match="no checkpoint"):
        asked(KeptTrainings(Counting(), folder=tmp_path), column(1))


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="can't be kept"):
        asked(KeptTrainings(Counting(), folder=tmp_path / "file"), column(1))


def test_a_rehearsal_trains_nothing_and_knows_what_is_kept() -> None:
    inner = Counting()
    kept = KeptTrainings(inner)
    asked(kept, column(1))
    rehearsed = Rehearsal(kept)
    for seed in (1, 2, 3, 3):
        assert (asked(rehearsed, column(seed)).bits > 0).all()
    assert len(inner.trained) == 1
    assert (len(rehearsed.tokens), len(rehearsed.missing), rehearsed.missing_tokens) == (3, 2, 400)
    kept.train_side_by_side(rehearsed.jobs, workers=1)
    assert all(kept.has(key) for key in rehearsed.jobs)
    assert len(inner.trained) == 3


def test_side_by_side_gives_the_same_as_one_by_one(tmp_path: Path) -> None:
    alone = KeptTrainings(NGramProxy())
    beside = KeptTrainings(NGramProxy(), folder=tmp_path)
    jobs = {
        beside.key(column(seed), TARGET, np.random.default_rng(seed), None): Training(
            column(seed), np.random.default_rng(seed), None, TARGET
        )
        for seed in (1, 2)
    }
    beside.train_side_by_side(jobs, workers=2)
    assert len(list(tmp_path.glob("*.npz"))) == 2
    for seed in (1, 2):
        one, other = (asked(kept, column(seed), seed=seed) for kept in (alone, beside))
        assert np.array_equal(one.bits, other.bits)
