from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from assay.curate.proxies.proxy import TokenColumn
from assay.curate.proxies.training import (
    Run,
    TrainingSettings,
    batches,
    steps_of,
    train_weights,
    windows_of_epoch,
)
from assay.curate.proxies.transformer import TransformerSize, document_bits
from assay.errors import BadInput

TINY = TransformerSize(32, 1, 8)
VOCABULARY = 9


def column(lengths: list[int], codes: list[int] | None = None) -> TokenColumn:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    drawn = np.random.default_rng(1).integers(0, VOCABULARY, offsets[-1])
    array = np.asarray(drawn if codes is None else codes, np.uint16)
    return TokenColumn(array, offsets, np.asarray(lengths, np.int64), VOCABULARY)


def run(steps: int = 6, **more: float) -> Run:
    return Run(TINY, replace(TrainingSettings(batch=2), **more), steps, 5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [{"learning_rate": 0.0}, {"learning_rate": float("nan")}, {"weight_decay": -1.0},
     {"weight_decay": float("nan")}, {"batch": 0}, {"warm_up": 1.0}, {"schedule": "step"}],
    ids=str,
)  # fmt: skip
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        TrainingSettings(**wrong)  # type: ignore[arg-type]


def test_the_rate_warms_up_and_falls_to_a_tenth_or_stays() -> None:
    cosine = TrainingSettings(learning_rate=0.01)
    rates = [cosine.rate(step, 1_000) for step in range(1_000)]
    assert np.argmax(rates) in (99, 100)
    assert max(rates) == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0.001, rel=0.01)
    assert rates[0] == pytest.approx(0.0001)
    assert replace(cosine, schedule="constant").rate(999, 1_000) == 0.01


def test_steps_follow_from_the_tokens_alone() -> None:
    assert steps_of(16 * 50, TINY, TrainingSettings(batch=2)) == 50
    assert steps_of(1, TINY, TrainingSettings(batch=2)) == 1


def test_an_epoch_shows_every_document_whole_but_for_less_than_a_window() -> None:
    texts = column([30, 0, 5, 60])
    windows = windows_of_epoch(texts, 8, 1, 0)
    assert windows.shape == ((30 + 5 + 60 + 3 - 1) // 8, 9)
    stream_pairs = {(int(a), int(b)) for row in windows for a, b in pairwise(row)}
    inside = {
        (int(a), int(b))
        for begin, end in zip(texts.offsets, texts.offsets[1:], strict=False)
        for a, b in zip(texts.codes[begin : end - 1], texts.codes[begin + 1 : end], strict=True)
    }
    own = {pair for pair in stream_pairs if VOCABULARY not in pair}
    assert own <= inside
    assert not np.array_equal(windows, windows_of_epoch(texts, 8, 1, 1))
    assert np.array_equal(windows, windows_of_epoch(texts, 8, 1, 0))


def test_a_text_shorter_than_a_window_is_repeated() -> None:
    windows = windows_of_epoch(column([2], [3, 4]), 8, 1, 0)
    assert set(windows.ravel().tolist()) == {3, 4, VOCABULARY}


def test_batches_from_a_later_step_are_those_of_the_whole_run() -> None:
    texts = column([40, 17])
    whole = list(batches(texts, run(20)))
    assert len(whole) == 20
    for first in (1, 7, 19):
        late = list(batches(texts, run(20), first=first))
        assert np.array_equal(np.stack(late), np.stack(whole[first:]))


def test_another_run_has_another_identity() -> None:
    texts = column([40, 17])
    runs = [run(), run(7), run(weight_decay=0.2), replace(run(), seed=6)]
    found = {each.identity(texts) for each in runs} | {run().identity(column([17, 40]))}
    assert len(found) == 5


@pytest.mark.train
class TestTraining:
    @pytest.fixture(autouse=True)
    def _torch(self) -> None:
        pytest.importorskip("torch")

    def test_a_constant_text_is_learnt_to_about_nothing(self) -> None:
        texts = column([64] * 4, [3] * 256)
        weights = train_weights(texts, run(60, learning_rate=0.03))
        assert float(document_bits(weights, TINY, texts).sum()) / 256 < 0.05

    @pytest.mark.parametrize("at", [1, 4])
    def test_a_run_that_was_stopped_goes_on_to_the_same_weights(
        self, tmp_path: Path, at: int
    ) -> None:
        texts, path = column([40, 17]), tmp_path / "deep" / "state.npz"
        whole = train_weights(texts, run(8))

        class Stopped(Exception):
            pass

        def stop(done: int, _: int) -> None:
            if done == at + 1:
                raise Stopped

        with pytest.raises(Stopped):
            train_weights(texts, run(8), checkpoint=path, checkpoint_steps=at, on_progress=stop)
        seen: list[int] = []
        resumed = train_weights(
            texts, run(8), checkpoint=path, on_progress=lambda done, _: seen.append(done)
        )
        assert seen[0] > 1
        assert seen[-1] == 8
        for name, weight in whole.items():
            assert np.array_equal(weight.detach().numpy(), resumed[name].detach().numpy())

    def test_a_checkpoint_of_another_run_is_refused(self, tmp_path: Path) -> None:
        texts, path = column([40, 17]), tmp_path / "state.npz"
        train_weights(texts, run(2), checkpoint=path)
        with pytest.raises(BadInput, match="another training"):
            train_weights(texts, replace(run(2), seed=9), checkpoint=path)

    def test_weight_decay_makes_matrices_smaller(self) -> None:
        texts = column([64])
        sizes = [
            float(train_weights(texts, run(20, weight_decay=decay))["0.up"].detach().norm())
            for decay in (0.0, 5.0)
        ]
        assert sizes[1] < 0.98 * sizes[0]

    def test_no_token_is_nothing_to_train_on(self) -> None:
        with pytest.raises(BadInput, match="no token"):
            train_weights(column([0]), run())
