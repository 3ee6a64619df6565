"""A detector's count, corrected by a sample: the interval covers whatever the detector is worth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.detector_precision import (
    ReadSample,
    confirmed_count,
    precision,
    share_of_errors,
    share_of_usual_errors,
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


@pytest.mark.parametrize(("errors", "share", "read"), [(40, 0.25, 40), (60, 0.2, 8), (30, 0.5, 15)])
def test_the_share_of_a_systems_errors_holds_for_other_outputs_than_those_read(
    errors: int, share: float, read: int
) -> None:
    rng, real, found = np.random.default_rng(3), 0.8, 0
    runs = 60
    for _ in range(runs):
        flagged = rng.random(errors) < share
        known = min(read, int(flagged.sum()))
        confirmed = int(rng.binomial(known, real))
        estimate = share_of_usual_errors(
            ReadSample(int(flagged.sum()), known, confirmed), flagged, np.ones(errors)
        )
        if isinstance(estimate, Estimate):
            found += not estimate.low <= share * real <= estimate.high
            assert estimate.confidence_level == 0.95
    assert found <= runs * 0.05


def test_one_flagged_error_of_four_is_not_a_quarter_of_all_errors() -> None:
    sample = ReadSample(1, 1, 1)
    share = share_of_usual_errors(sample, [1, 0, 0, 0], [1, 1, 1, 1])
    assert isinstance(share, Estimate)
    assert (share.value, share.low < 0.01, share.high > 0.8) == (0.25, True, True)
    assert isinstance(share_of_usual_errors(ReadSample(3, 0, 0), [1, 1, 1], [1, 1, 1]), Unknown)
    assert isinstance(share_of_usual_errors(ReadSample(2, 2, 0, 2), [1, 1], [1, 1]), Unknown)
