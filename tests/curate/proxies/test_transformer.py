from __future__ import annotations

import numpy as np
import pytest

from assay.curate.proxies.proxy import TokenColumn
from assay.curate.proxies.transformer import (
    SIZES,
    TransformerSize,
    document_bits,
    first_weights,
    logits,
    one_thread,
    scoring_windows,
)
from assay.errors import BadInput

TINY = TransformerSize(32, 2, 8)
VOCABULARY = 11


def column(lengths: list[int], seed: int = 1) -> TokenColumn:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    codes = np.random.default_rng(seed).integers(0, VOCABULARY, offsets[-1]).astype(np.uint16)
    return TokenColumn(codes, offsets, np.asarray(lengths, np.int64) * 2, VOCABULARY)


@pytest.mark.parametrize(
    ("name", "millions"), [("0.24M", 0.24), ("1.07M", 1.07), ("3.5M", 3.5)], ids=str
)
def test_a_size_is_named_by_its_weights(name: str, millions: float) -> None:
    assert SIZES[name].parameters(2_047) / 1e6 == pytest.approx(millions, rel=0.01)


@pytest.mark.parametrize("numbers", [(16, 1, 8), (33, 1, 8), (32, 0, 8), (32, 1, 1)])
def test_sizes_that_can_not_be_are_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(BadInput):
        TransformerSize(*numbers)


@pytest.mark.parametrize("context", [2, 7, 8])
def test_every_token_is_asked_exactly_once_after_the_token_before_it(context: int) -> None:
    target = column([1, 0, context, context + 1, 5 * context + 3])
    inputs, wanted, document = scoring_windows(target, context)
    asked: dict[int, list[tuple[int, int]]] = {row: [] for row in range(len(target))}
    for shown, codes, row in zip(inputs, wanted, document, strict=True):
        asked[int(row)] += [(int(a), int(b)) for a, b in zip(shown, codes, strict=True) if b >= 0]
        if (codes < 0)[0]:  # a later window shows at least half a context before it asks
            assert int(np.argmax(codes >= 0)) >= context // 2
    for row in range(len(target)):
        text = target.codes[target.offsets[row] : target.offsets[row + 1]].astype(int).tolist()
        assert sorted(asked[row]) == sorted(zip([VOCABULARY, *text], text, strict=False))


@pytest.mark.train
class TestModel:
    @pytest.fixture(autouse=True)
    def torch(self) -> object:
        return pytest.importorskip("torch")

    def test_chances_sum_to_one_over_the_codes(self, torch: object) -> None:
        weights = first_weights(TINY, VOCABULARY, 1, device="cpu")
        codes = weights["token"].new_zeros((1, 8)).long()
        chance = logits(weights, TINY, codes).softmax(2).detach().numpy()
        assert chance.shape == (1, 8, VOCABULARY)
        assert chance.sum(axis=2) == pytest.approx(np.ones((1, 8)), abs=1e-5)

    def test_a_later_token_never_changes_an_earlier_prediction(self, torch: object) -> None:
        weights = first_weights(TINY, VOCABULARY, 1, device="cpu")
        codes = weights["token"].new_tensor([[1, 2, 3, 4, 5, 6, 7, 8]]).long()
        other = codes.clone()
        other[0, 5] = 9
        one, two = (logits(weights, TINY, each).detach().numpy() for each in (codes, other))
        assert one[0, :5] == pytest.approx(two[0, :5], abs=1e-6)
        assert np.abs(one[0, 5:] - two[0, 5:]).max(axis=1).min() > 1e-3

    def test_bits_are_those_of_a_count_token_by_token(self, torch: object) -> None:
        weights = first_weights(TINY, VOCABULARY, 2, device="cpu")
        target = column([3, 8, 21, 1])
        found = document_bits(weights, TINY, target)
        for row in range(len(target)):
            text = target.codes[target.offsets[row] : target.offsets[row + 1]].astype(int).tolist()
            whole = [VOCABULARY, *text]
            bits = 0.0
            for place, code in enumerate(text):
                # The window that shows it most begins at a multiple of half a context.
                begin = max(0, -(-(place + 1 - TINY.context) // 4)) * 4
                seen = weights["token"].new_tensor([whole[begin : place + 1]]).long()
                chance = logits(weights, TINY, seen)[0, -1].softmax(0).detach().numpy()
                bits -= float(np.log2(chance[code]))
            assert found[row] == pytest.approx(bits, rel=1e-4)

    def test_an_empty_document_costs_nothing(self, torch: object) -> None:
        weights = first_weights(TINY, VOCABULARY, 1, device="cpu")
        assert document_bits(weights, TINY, column([0, 0])).tolist() == [0.0, 0.0]
        assert document_bits(weights, TINY, column([0, 2]))[0] == 0.0

    def test_one_thread_within_and_as_many_as_before_after(self, torch: object) -> None:
        before = torch.get_num_threads()  # type: ignore[attr-defined]
        with one_thread():
            assert torch.get_num_threads() == 1  # type: ignore[attr-defined]
        assert torch.get_num_threads() == before  # type: ignore[attr-defined]

    def test_a_device_that_is_not_there_is_said(self, torch: object) -> None:
        with pytest.raises(BadInput, match="nowhere"):
            first_weights(TINY, VOCABULARY, 1, device="nowhere")
