from __future__ import annotations

import numpy as np
import pytest

from assay.curate.proxies.ngram_model import NGramProxy
from assay.curate.proxies.proxy import ProxyRefuses, TokenColumn
from assay.curate.proxies.training_pool import Training, held_out_of_all
from assay.errors import BadInput


def column(seed: int) -> TokenColumn:
    codes = np.random.default_rng(seed).integers(0, 9, 200).astype(np.uint16)
    offsets = np.arange(0, 201, 20).astype(np.int64)
    return TokenColumn(codes, offsets, np.full(10, 30, np.int64), 9)


TARGET = column(9)


def test_answers_stand_in_the_order_asked_for_any_number_of_processes() -> None:
    jobs = [Training(column(seed), seed, tokens) for seed in (1, 2) for tokens in (60, 200)]
    told: list[tuple[int, float | None]] = []
    alone = held_out_of_all(NGramProxy(), jobs, TARGET, workers=1)
    beside = held_out_of_all(
        NGramProxy(), jobs, TARGET, workers=2, on_progress=lambda *done: told.append(done)
    )
    for job, one, other in zip(jobs, alone, beside, strict=True):
        assert np.array_equal(one.bits, other.bits)
        assert one.trained_tokens == other.trained_tokens == job.training_tokens
    assert told == [(1, 0.25), (2, 0.5), (3, 0.75), (4, 1.0)]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_one_refuses_is_raised(workers: int) -> None:
    jobs = [Training(column(1), 1), Training(column(1), 1, 1_000)]
    with pytest.raises(ProxyRefuses, match="repeats"):
        held_out_of_all(NGramProxy(), jobs, TARGET, workers=workers)


def test_no_worker_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one worker"):
        held_out_of_all(NGramProxy(), [], TARGET, workers=0)
