"""Limits of tails hold as often as they say, and there is none where there can't be one."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from assay.capability.speed.run import PerfRequest, PerfRun, counted
from assay.capability.speed.tails import fewest_requests, saturated, tail_limit, tail_limits
from assay.errors import EstimateError
from assay.quantity import Estimate, Unknown


def run_of(waited: list[float], *, failed: int = 0) -> PerfRun:
    answers = [
        PerfRequest(
            "answered", latency_seconds=seconds, dispatch_delay_seconds=0.0, due_at=float(number)
        )
        for number, seconds in enumerate(waited)
    ]
    failures = [PerfRequest("failed", dispatch_delay_seconds=0.0) for _ in range(failed)]
    return counted(PerfRun("t", "s", requests=(*answers, *failures)))


@pytest.mark.parametrize(("level", "fewest"), [(0.9, 64), (0.99, 662)])
def test_floors_are_mlperfs(level: float, fewest: int) -> None:
    assert fewest_requests(level) == fewest
    assert isinstance(tail_limit(np.arange(fewest - 1), level), Unknown)
    enough = tail_limit(np.arange(fewest), level)
    assert isinstance(enough, Estimate)
    assert enough.high == fewest - 1


@pytest.mark.parametrize(("n", "discarded"), [(2048, 172), (2116, 178), (7469, 685)])
def test_discards_as_many_as_mlperfs_published_runs(n: int, discarded: int) -> None:
    """Loadgen's summaries of three submitted runs: "Processed at least 64 queries (2048). Would discard 172"."""
    limit = tail_limit(np.arange(n, dtype=float), 0.9)
    assert isinstance(limit, Estimate)
    assert limit.high == n - 1 - discarded


@pytest.mark.parametrize("level", [Fraction(1, 2), Fraction(9, 10), Fraction(19, 20)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_covers_by_exact_enumeration(level: Fraction, confidence: float) -> None:
    """The limit lies above the percentile unless fewer values than its rank lie above it: a binomial sum, exactly."""
    fewest = fewest_requests(float(level), confidence_level=confidence)
    for n in (fewest, fewest + 1, 2 * fewest + 3, 400):
        limit = tail_limit(np.arange(n, dtype=float), float(level), confidence_level=confidence)
        assert isinstance(limit, Estimate)
        rank = n - int(limit.high)
        missed = sum(
            math.comb(n, above) * (1 - level) ** above * level ** (n - above)
            for above in range(rank)
        )
        assert missed <= 1 - Fraction(confidence)


def test_covers_with_heavy_tails() -> None:
    """The share of limits of lognormal latencies that lie below the true p90."""
    rng = np.random.default_rng(5)
    truth = math.exp(1.2815515655446004)
    missed = 0
    for _ in range(1_000):
        limit = tail_limit(rng.lognormal(size=150), 0.9)
        assert isinstance(limit, Estimate)
        missed += limit.high < truth
    assert missed <= 20


def test_requests_without_an_answer_count_as_the_longest() -> None:
    clean = tail_limits(run_of([1.0] * 100))[0.9]
    assert isinstance(clean, Estimate)
    assert clean.high == 1.0
    limit = tail_limits(run_of([1.0] * 100, failed=8))[0.9]
    assert limit == Unknown(
        "8 of 108 requests got no answer, which is more than a limit of p90 can bear"
    )


def test_a_queue_that_grows_has_no_tail() -> None:
    rng = np.random.default_rng(3)
    growing = run_of([0.02 * i + rng.exponential() for i in range(300)])
    assert saturated(growing) is True
    assert all(
        isinstance(limit, Unknown) and limit.reason.startswith("saturated")
        for limit in tail_limits(growing).values()
    )


def test_a_steady_queue_is_seldom_called_saturated() -> None:
    rng = np.random.default_rng(4)
    called = sum(saturated(run_of(list(rng.exponential(size=80)))) is True for _ in range(400))
    assert called <= 4


def test_too_few_answers_tell_nothing_of_saturation() -> None:
    assert saturated(run_of([1.0] * 39)) is None
    assert saturated(run_of([1.0] * 40)) is False


def test_lindley_queue_at_seven_tenths_and_at_thirteen_tenths_of_capacity() -> None:
    rng = np.random.default_rng(6)
    assert [_queue(rng, load) for load in (0.3, 0.7)] == [False, False]
    assert _queue(rng, 1.3) is True


def _queue(rng: np.random.Generator, load: float) -> bool | None:
    wait, waited = 0.0, []
    for gap, service in zip(rng.exponential(1 / load, 800), rng.exponential(1.0, 800), strict=True):
        wait = max(wait - gap, 0.0)
        waited.append(wait + service)
        wait += service
    return saturated(run_of(waited))


@pytest.mark.parametrize("seconds", [[-1.0] * 80, [math.nan] * 80])
def test_impossible_latencies(seconds: list[float]) -> None:
    with pytest.raises(EstimateError, match="at least 0"):
        tail_limit(seconds, 0.9)


def test_impossible_levels() -> None:
    with pytest.raises(EstimateError, match="between 0 and 1"):
        tail_limit([1.0], 1.0)
