from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from assay.curate.proxies.ngram_model import NGramProxy
from assay.curate.proxies.proxy import HeldOutLoss, ProxyRefuses, TokenColumn
from assay.curate.proxies.transformer_proxy import TransformerProxy
from assay.curate.repeats import RepeatsSettings, measure_repeats
from assay.curate.repeats_result import RepeatValue
from assay.errors import BadInput
from assay.estimate.paired_bootstrap import HeldOut
from assay.quantity import Estimate, Unknown

VOCABULARY = 40


def column(documents: int, length: int = 100, seed: int = 1) -> TokenColumn:
    rng = np.random.default_rng(seed)
    follow = np.random.default_rng(0).integers(0, VOCABULARY, (VOCABULARY, 2))
    codes = [int(rng.integers(VOCABULARY))]
    while len(codes) < documents * length:
        codes.append(int(follow[codes[-1], rng.integers(2)]))
    offsets = np.arange(0, documents * length + 1, length).astype(np.int64)
    return TokenColumn(
        np.array(codes, np.uint16), offsets, np.full(documents, 2 * length, np.int64), VOCABULARY
    )


def held_out(target: TokenColumn) -> HeldOut:
    return HeldOut(target.text_bytes, np.arange(len(target)))


@dataclass(frozen=True)
class Planted:
    """Bits fall with the logarithm of what was trained on; each time after the first is worth so much."""

    worth: float
    noise: float = 0.001
    name: str = "planted"
    values_repeats: bool = True
    sees_word_order: bool = True

    def held_out_bits(
        self,
        train: TokenColumn,
        target: TokenColumn,
        *,
        rng: np.random.Generator,
        training_tokens: int | None = None,
    ) -> HeldOutLoss:
        wanted = training_tokens or train.n_tokens
        worth = train.n_tokens * (1 + self.worth * (wanted / train.n_tokens - 1))
        level = 4 - 0.3 * np.log2(max(1.0, worth) / 1_000)
        # Not the same noise for trainings of one seed: it would cancel.
        own = np.random.default_rng([int(rng.integers(2**31)), train.n_tokens, wanted])
        bits = target.text_bytes * (level + own.normal(0, self.noise, len(target)))
        return HeldOutLoss(bits, target.text_bytes, wanted)


TARGET = column(40, seed=9)


def measured(proxy: Planted, documents: int = 90) -> tuple[RepeatValue, ...]:
    settings = RepeatsSettings(1_000, seeds=4)
    answer = measure_repeats(column(documents), TARGET, held_out(TARGET), proxy, settings=settings)
    return answer.repeats


@pytest.mark.parametrize(
    ("worth", "verdict"),
    [(1.0, "as good as new"), (0.2, "worse than new"), (-0.05, "hurts")],
)
def test_what_was_planted_is_found(worth: float, verdict: str) -> None:
    for found in measured(Planted(worth)):
        assert found.verdict == verdict
        if verdict == "worse than new":
            wanted = np.log2(1 + worth * (found.times - 1)) / np.log2(found.times)
            assert isinstance(found.worth, Estimate)
            assert found.worth.low < wanted < found.worth.high
            assert isinstance(found.against_new, Estimate)
            assert found.against_new.low > 0


def test_noise_that_hides_it_is_not_a_verdict() -> None:
    assert {found.verdict for found in measured(Planted(0.9, 3.0))} == {
        "cannot tell at this budget"
    }


def test_where_text_does_not_suffice_that_is_said() -> None:
    two, four, eight = measured(Planted(1.0), documents=40)
    assert two.verdict == four.verdict == "as good as new"
    assert eight.against_new == Unknown("there is not 8 times as much text that is new")
    assert eight.verdict == "cannot tell at this budget"
    assert eight.to_json()["times"] == 8


def test_too_little_text_is_refused() -> None:
    with pytest.raises(BadInput, match="2 times 1,000 tokens"):
        measured(Planted(1.0), documents=15)


def test_an_n_gram_model_is_refused() -> None:
    with pytest.raises(ProxyRefuses, match="can't value repeats"):
        measure_repeats(column(90), TARGET, held_out(TARGET), NGramProxy())


@pytest.mark.parametrize(
    "wrong",
    [{"tokens": 10}, {"epochs": ()}, {"epochs": (1, 2)}, {"epochs": (4, 2)}, {"seeds": 2},
     {"margin": 0.0}, {"confidence_level": 1.0}, {"seed": -1}],
    ids=str,
)  # fmt: skip
def test_settings_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadInput):
        RepeatsSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.train
def test_a_transformer_gains_by_going_over_text_twice() -> None:
    pytest.importorskip("torch")
    settings = RepeatsSettings(4_000, epochs=(2,), seeds=3)
    target = column(12, seed=9)
    answer = measure_repeats(
        column(90), target, held_out(target), TransformerProxy(), settings=settings
    )
    (found,) = answer.repeats
    assert found.against_once.high < 0
    assert answer.to_json()["tokens"] == 4_000
