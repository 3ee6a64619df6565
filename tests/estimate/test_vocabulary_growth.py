"""New n-grams: the weights, coverage where n-grams come in clumps, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.vocabulary_growth import (
    CLASSES,
    LEAST_DOCUMENTS,
    Incidence,
    new_ngrams,
    smoothing,
)
from assay.quantity import Estimate, Unknown

PHRASES = 4_000


def documents(rng: np.random.Generator, count: int) -> list[np.ndarray]:
    """Documents of common phrases of several n-grams each, and of n-grams of their own; a few are long."""
    chance = 1 / np.arange(1, PHRASES + 1)
    chance /= chance.sum()
    found = []
    for _ in range(count):
        length = int(np.clip(rng.lognormal(3, 0.6), 5, 400))
        phrase = np.unique(rng.choice(PHRASES, size=length, p=chance))
        shared = (phrase[:, None] * 7 + np.arange(7)).ravel()
        own = rng.integers(10**6, 10**12, size=3 * length)
        found.append(np.unique(np.concatenate([shared, own])))
    return found


def incidence(docs: list[np.ndarray]) -> Incidence:
    gram = np.concatenate(docs)
    owner = np.repeat(np.arange(len(docs)), [len(doc) for doc in docs])
    known, which, often = np.unique(gram, return_inverse=True, return_counts=True)
    by = np.zeros((len(docs), CLASSES))
    few = often[which] <= CLASSES
    np.add.at(by, (owner[few], often[which][few] - 1), 1)
    n_bytes = np.array([30.0 * len(doc) for doc in docs])
    return Incidence(by, n_bytes, float(len(known)), float(len(gram)))


def misses(rng: np.random.Generator, *, worlds: int, count: int) -> tuple[int, float]:
    missed, off = 0, 0.0
    for _ in range(worlds):
        seen, more = documents(rng, count), documents(rng, int(0.8 * count))
        truth = len(np.setdiff1d(np.concatenate(more), np.concatenate(seen)))
        found = new_ngrams(incidence(seen), more_bytes=30.0 * sum(len(doc) for doc in more))
        assert isinstance(found, Estimate)
        missed += not found.low <= truth <= found.high
        off += (found.value - truth) / truth / worlds
    return missed, off


def test_predicts_documents_that_were_not_seen() -> None:
    missed, off = misses(np.random.default_rng(3), worlds=60, count=60)
    # 95 % of 60: more than 8 misses has a chance below 1 in 500.
    assert missed <= 8
    assert abs(off) < 0.05


@pytest.mark.nightly
@pytest.mark.parametrize("count", [40, 200])
def test_limits_hold_in_95_of_100(count: int) -> None:
    missed, _ = misses(np.random.default_rng(count), worlds=1_000, count=count)
    assert missed <= 65  # 50, and two standard deviations of a thousand


def test_weights_are_those_of_good_and_toulmin_for_rare_ngrams() -> None:
    assert smoothing(0.5)[:4] == pytest.approx([0.5, -0.25, 0.125, -0.0625], rel=1e-3)
    assert smoothing(1.0)[:3] == pytest.approx([1, -1, 1], rel=1e-3)
    assert abs(smoothing(1.0)[-1]) < 1e-6


def test_a_poisson_world_is_hit_in_expectation() -> None:
    # E of the estimate for an n-gram met at rate r: sum of weight k times P(k); wanted: e^-r (1 - e^-tr).
    from scipy import stats

    k = np.arange(1, CLASSES + 1)
    for rate in (0.01, 0.3, 1.0, 3.0, 8.0):
        for factor in (0.25, 1.0):
            wanted = np.exp(-rate) * -np.expm1(-factor * rate)
            assert smoothing(factor) @ stats.poisson.pmf(k, rate) == pytest.approx(
                wanted, abs=0.004
            )


def test_beyond_a_doubling_it_is_assumed_and_grows_on() -> None:
    seen = incidence(documents(np.random.default_rng(1), 80))
    total = float(seen.n_bytes.sum())
    doubling, further = (new_ngrams(seen, more_bytes=times * total) for times in (1.0, 8.0))
    assert isinstance(doubling, Estimate)
    assert isinstance(further, Estimate)
    assert (doubling.guarantee, further.guarantee) == ("simulated", "assumed")
    assert doubling.value < further.value < 8 * seen.running
    near = new_ngrams(seen, more_bytes=1.0001 * total)
    assert isinstance(near, Estimate)
    assert near.value == pytest.approx(doubling.value, rel=0.01)


def test_thinning_makes_the_limits_wider() -> None:
    whole = incidence(documents(np.random.default_rng(2), 80))
    thinned = Incidence(
        whole.by_document, whole.n_bytes, whole.distinct, whole.running * 20, thinned=1 / 8
    )
    plain, eighth = (new_ngrams(one, more_bytes=whole.n_bytes.sum()) for one in (whole, thinned))
    assert isinstance(plain, Estimate)
    assert isinstance(eighth, Estimate)
    assert eighth.value == pytest.approx(8 * plain.value)
    assert eighth.low < 8 * plain.low
    assert eighth.high > 8 * plain.high


@pytest.mark.parametrize("count", [0, 1, 5])
def test_few_documents_give_no_number(count: int) -> None:
    docs = documents(np.random.default_rng(0), count) or [np.zeros(0, dtype=np.int64)]
    found = new_ngrams(incidence(docs), more_bytes=1e3)
    assert isinstance(found, Unknown)
    assert found.reason


def test_one_giant_among_many_gives_no_number() -> None:
    docs = [*documents(np.random.default_rng(0), 200), np.arange(10**13, 10**13 + 200_000)]
    found = new_ngrams(incidence(docs), more_bytes=1e3)
    assert isinstance(found, Unknown)
    assert f"fewer than {LEAST_DOCUMENTS:.0f}" in found.reason


def test_nonsense_is_refused() -> None:
    seen = incidence(documents(np.random.default_rng(1), 30))
    with pytest.raises(EstimateError, match="more_bytes must be positive"):
        new_ngrams(seen, more_bytes=float("nan"))
    with pytest.raises(EstimateError, match="columns"):
        Incidence(np.zeros((3, 2)), np.ones(3), 1, 1)
    with pytest.raises(EstimateError, match="thinned"):
        Incidence(np.zeros((3, CLASSES)), np.ones(3), 1, 1, thinned=0)
