from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.curate.proxies.proxy import Proxy, TokenColumn
from assay.curate.proxies.training import PLAIN_RATE, SMALL_RATE
from assay.curate.proxies.training_pool import Training, held_out_of_all
from assay.curate.proxies.transformer_proxy import TransformerProxy
from assay.errors import BadInput

VOCABULARY = 40


def chain(documents: int, seed: int, length: int = 60) -> TokenColumn:
    """Texts in which each code has two that follow it."""
    rng = np.random.default_rng(seed)
    follow = np.random.default_rng(0).integers(0, VOCABULARY, (VOCABULARY, 2))
    codes = [int(rng.integers(VOCABULARY))]
    while len(codes) < documents * length:
        codes.append(int(follow[codes[-1], rng.integers(2)]))
    offsets = np.arange(0, documents * length + 1, length).astype(np.int64)
    return TokenColumn(
        np.array(codes, np.uint16), offsets, np.full(documents, 3 * length, np.int64), VOCABULARY
    )


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_it_says_what_it_is() -> None:
    proxy: Proxy = TransformerProxy()
    assert proxy.values_repeats
    assert proxy.sees_word_order
    assert "0.24M" in proxy.name
    assert "cosine rate 0.003" in proxy.name
    rates = [each.settings.learning_rate for each in TransformerProxy().at_both_rates()]
    assert rates == [PLAIN_RATE, SMALL_RATE]


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(BadInput, match=r"1\.07M"):
        TransformerProxy("7B")


@pytest.mark.train
class TestHeldOutBits:
    @pytest.fixture(autouse=True)
    def _torch(self) -> None:
        pytest.importorskip("torch")

    def test_training_teaches_what_follows_what(self) -> None:
        train, target = chain(60, 1), chain(6, 2)
        little, much = (
            TransformerProxy().held_out_bits(train, target, rng=rng(), training_tokens=tokens)
            for tokens in (512, 40_000)
        )
        assert much.trained_tokens == pytest.approx(40_000, abs=512)
        per_token = much.bits.sum() / target.n_tokens
        assert 1.0 <= per_token < 2.2  # the chain has one bit a token
        assert much.bits_per_byte == pytest.approx(per_token / 3)
        assert little.bits.sum() > 1.5 * much.bits.sum()

    def test_the_same_seed_gives_the_same_numbers(self) -> None:
        train, target = chain(10, 1), chain(4, 2)
        one, again, other = (
            TransformerProxy().held_out_bits(train, target, rng=rng(seed), training_tokens=1_024)
            for seed in (1, 1, 2)
        )
        assert np.array_equal(one.bits, again.bits)
        assert not np.array_equal(one.bits, other.bits)

    @pytest.mark.nightly
    def test_in_any_number_of_processes(self) -> None:
        train, target = chain(10, 1), chain(4, 2)
        jobs = [Training(train, seed, 1_024) for seed in (1, 2)]
        alone, beside = (
            held_out_of_all(TransformerProxy(), jobs, target, workers=workers) for workers in (1, 2)
        )
        for one, other in zip(alone, beside, strict=True):
            assert np.array_equal(one.bits, other.bits)
        assert not np.array_equal(alone[0].bits, alone[1].bits)

    def test_a_folder_keeps_states_and_answers(self, tmp_path: Path) -> None:
        train, target = chain(10, 1), chain(4, 2)
        steps: list[int] = []
        stop_at = 3

        def watch(done: int, _: int) -> None:
            steps.append(done)
            if done == stop_at:
                raise KeyboardInterrupt

        proxy = TransformerProxy(folder=tmp_path, checkpoint_steps=2, on_progress=watch)
        with pytest.raises(KeyboardInterrupt):
            proxy.held_out_bits(train, target, rng=rng(), training_tokens=3_072)
        stop_at = -1
        first = proxy.held_out_bits(train, target, rng=rng(), training_tokens=3_072)
        assert steps == [1, 2, 3, 3, 4, 5, 6]
        again = proxy.held_out_bits(train, target, rng=rng(), training_tokens=3_072)
        assert len(steps) == 7
        plain = TransformerProxy().held_out_bits(train, target, rng=rng(), training_tokens=3_072)
        assert np.array_equal(first.bits, plain.bits)
        assert np.array_equal(again.bits, plain.bits)
        assert [path.suffixes for path in tmp_path.iterdir()] == [[".bits", ".npz"]]

    def test_two_tokenizers_are_refused(self) -> None:
        target = chain(2, 2)
        other = TokenColumn(target.codes, target.offsets, target.text_bytes, VOCABULARY + 1)
        with pytest.raises(BadInput, match="one tokenizer"):
            TransformerProxy().held_out_bits(target, other, rng=rng())
