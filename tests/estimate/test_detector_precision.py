"""A detector's count, corrected by a sample: the interval covers whatever the detector is worth."""

from __future__ import annotations

import math

import pytest

from assay.errors import EstimateError
from assay.estimate.detector_precision import (
    ReadSample,
    confirmed_count,
    precision,
    share_of_errors,
)
from assay.quantity import Estimate, Unknown


def chance(k: int, n: int, population: int, real: int) -> float:
    """Hypergeometric, written out."""
    ways = math.comb(real, k) * math.comb(population - real, n - k)
    return ways / math.comb(population, n)


@pytest.mark.parametrize("level", [0.95, 0.975])
@pytest.mark.parametrize("n", [3, 15, 40])
def test_the_interval_covers_for_every_precision(n: int, level: float) -> None:
    population = 45
    limits = [
        confirmed_count(ReadSample(population, n, k), confidence_level=level) for k in range(n + 1)
    ]
    for real in range(population + 1):
        covered = 0.0
        for k, estimate in enumerate(limits):
            assert isinstance(estimate, Estimate)
            if estimate.low <= real <= estimate.high:
                covered += chance(k, n, population, real)
        assert covered >= level - 1e-12


def test_unsure_readings_widen_both_ways() -> None:
    sure = confirmed_count(ReadSample(205, 40, 31))
    unsure = confirmed_count(ReadSample(205, 40, 31, 4))
    assert isinstance(sure, Estimate)
    assert isinstance(unsure, Estimate)
    assert unsure.low == sure.low
    assert unsure.high > sure.high
    # Whatever the four are, the interval of that outcome lies within.
    for real in range(5):
        decided = confirmed_count(ReadSample(205, 40, 31 + real))
        assert isinstance(decided, Estimate)
        assert unsure.low <= decided.low
        assert decided.high <= unsure.high


def test_all_read_is_a_count() -> None:
    real = confirmed_count(ReadSample(8, 8, 2))
    assert isinstance(real, Estimate)
    assert (real.value, real.low, real.high) == (2, 2, 2)


def test_nothing_read_is_unknown_and_nothing_flagged_is_nothing() -> None:
    assert isinstance(confirmed_count(ReadSample(205, 0, 0)), Unknown)
    none = confirmed_count(ReadSample(0, 0, 0))
    assert isinstance(none, Estimate)
    assert none.high == 0
    assert isinstance(precision(ReadSample(0, 0, 0)), Unknown)


def test_a_share_of_the_errors_is_the_count_over_them() -> None:
    sample = ReadSample(205, 40, 31)
    share, real = share_of_errors(sample, 462), confirmed_count(sample)
    assert isinstance(share, Estimate)
    assert isinstance(real, Estimate)
    assert share.high == pytest.approx(real.high / 462)
    assert isinstance(share_of_errors(ReadSample(0, 0, 0), 0), Unknown)


@pytest.mark.parametrize("counts", [(5, 6, 0, 0), (5, 4, 3, 2), (5, 4, -1, 0)])
def test_counts_that_contradict_each_other_are_refused(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(EstimateError):
        ReadSample(*counts)


def test_more_flagged_than_errors_is_refused() -> None:
    with pytest.raises(EstimateError, match="more than"):
        share_of_errors(ReadSample(10, 5, 5), 9)
