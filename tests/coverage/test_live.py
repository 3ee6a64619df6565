"""How often live limits ever miss, for people who look after every label and stop, or steer, as it pleases them.

A live interval is the intersection over every moment so far (tests/estimate/test_live.py holds it to that), so one that
holds the truth after the last label has held it at each of the hundreds of looks before, whenever somebody stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from assay.estimate import (
    Alternative,
    LiveLabel,
    allocate,
    clopper_pearson,
    hypergeometric_errors,
    live_total_errors,
)

IntArray = npt.NDArray[np.int64]
LEVEL = 0.9


@dataclass
class Log:
    """Sizes of the strata, errors in each, and the plan for the labels."""

    sizes: IntArray
    errors: IntArray
    planned: IntArray

    @property
    def shares(self) -> list[float]:
        return [float(x) for x in self.planned / self.planned.sum()]

    def shuffled(self, rng: np.random.Generator) -> list[IntArray]:
        """Return which of the first labels of each stratum are wrong, in a fresh random order, to its end."""
        return [
            rng.permutation(np.repeat([1, 0], [m, n - m]).astype(np.int64))
            for n, m in zip(self.sizes, self.errors, strict=True)
        ]


def log(errors: Sequence[int], *, judged: Sequence[float] = (0.02, 0.05, 0.3)) -> Log:
    sizes = np.array([6_000, 3_000, 1_000])
    planned = allocate(sizes, np.array(judged), 600, uniform_share=0.5)
    return Log(sizes, np.array(errors), planned)


Steering = Callable[[list[LiveLabel], Log], tuple[int, float]]


def by_plan(labels: list[LiveLabel], made: Log) -> tuple[int, float]:
    """Take the stratum that is furthest behind its plan."""
    read = np.bincount([x.stratum for x in labels], minlength=len(made.sizes))
    h = int(np.argmin((read + 1) / made.planned))
    return h, made.shares[h]


def to_where_errors_are(labels: list[LiveLabel], made: Log) -> tuple[int, float]:
    """Plan anew every 50 labels: shares follow what was found so far; within the plan, in turn."""
    planned_from = labels[: len(labels) // 50 * 50]
    found = np.array(
        [sum(x.wrong == 1 for x in planned_from if x.stratum == h) for h in range(len(made.sizes))]
    )
    weights = made.planned / made.planned.sum() * 0.4 + (found + 0.5) / (found + 0.5).sum() * 0.6
    since = np.bincount([x.stratum for x in labels[len(planned_from) :]], minlength=len(made.sizes))
    h = int(np.argmin((since + 1) / weights))
    return h, float(weights[h])


def on_a_whim(labels: list[LiveLabel], made: Log) -> tuple[int, float]:
    """Leave a stratum where an error turns up, else stay; the share is a lie."""
    if not labels:
        return 0, 1.0
    last = labels[-1]
    return (last.stratum + (last.wrong or 0)) % len(made.sizes), 1.0


def run(made: Log, steering: Steering, *, labels: int, rng: np.random.Generator) -> list[LiveLabel]:
    orders, read = made.shuffled(rng), [0] * len(made.sizes)
    came: list[LiveLabel] = []
    for _ in range(labels):
        h, share = steering(came, made)
        if read[h] == made.sizes[h]:
            h = int(np.argmax(made.sizes - np.array(read)))
        came.append(LiveLabel(h, int(orders[h][read[h]]), share))
        read[h] += 1
    return came


def share_that_misses(
    made: Log,
    steering: Steering,
    *,
    runs: int,
    labels: int = 300,
    alternative: Alternative = "two-sided",
    seed: int = 1,
) -> float:
    rng = np.random.default_rng(seed)
    truth, missed = int(made.errors.sum()), 0
    for _ in range(runs):
        found = live_total_errors(
            [int(n) for n in made.sizes],
            run(made, steering, labels=labels, rng=rng),
            anticipated_rate=0.03,
            confidence_level=LEVEL,
            alternative=alternative,
        )
        missed += not found.low <= truth <= found.high
    return missed / runs


def at_most(miss: float, runs: int) -> float:
    """Four standard errors above: chance alone gets there once in 30,000 seeds."""
    return miss + 4 * float(np.sqrt(miss * (1 - miss) / runs))


PLANTED = {
    "judge is right": [60, 60, 180],
    "judge is blind": [180, 90, 30],
    "all in the lowest stratum": [300, 0, 0],
    "three errors": [3, 0, 0],
    "none": [0, 0, 0],
}


@pytest.mark.parametrize("steering", [by_plan, to_where_errors_are, on_a_whim])
@pytest.mark.parametrize("errors", PLANTED.values(), ids=PLANTED.keys())
def test_three_strata_ever_miss(errors: list[int], steering: Steering) -> None:
    assert share_that_misses(log(errors), steering, runs=100, labels=200) <= at_most(1 - LEVEL, 100)


@pytest.mark.nightly
@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize("steering", [by_plan, to_where_errors_are, on_a_whim])
@pytest.mark.parametrize("errors", PLANTED.values(), ids=PLANTED.keys())
def test_three_strata_ever_miss_in_full(
    errors: list[int], steering: Steering, alternative: Alternative
) -> None:
    missed = share_that_misses(
        log(errors), steering, runs=300, labels=600, alternative=alternative, seed=2
    )
    assert missed <= at_most(1 - LEVEL, 300)


def one_stratum(rng: np.random.Generator, *, size: int, errors: int, labels: int) -> IntArray:
    return rng.permutation(np.repeat([1, 0], [errors, size - errors]).astype(np.int64))[:labels]


@pytest.mark.parametrize("errors", [0, 4, 200])
def test_one_stratum_ever_misses(errors: int) -> None:
    rng, missed, runs = np.random.default_rng(3), 0, 150
    for _ in range(runs):
        wrong = one_stratum(rng, size=4_000, errors=errors, labels=400)
        found = live_total_errors(
            [4_000],
            [LiveLabel(0, int(y)) for y in wrong],
            anticipated_rate=0.02,
            confidence_level=LEVEL,
        )
        missed += not found.low <= errors <= found.high
    assert missed / runs <= at_most(1 - LEVEL, runs)


@pytest.mark.parametrize("method", ["binomial", "hypergeometric"])
def test_peeking_at_an_interval_for_one_look_fails_the_same_test(method: str) -> None:
    rng, missed, runs, size, errors = np.random.default_rng(3), 0, 60, 4_000, 200
    for _ in range(runs):
        found = np.cumsum(one_stratum(rng, size=size, errors=errors, labels=400))
        for n in range(4, 401, 4):
            k = int(found[n - 1])
            if method == "binomial":
                limits = clopper_pearson(k, n, confidence_level=LEVEL)
                held = limits.low * size <= errors <= limits.high * size
            else:
                limits = hypergeometric_errors(k, n, size, confidence_level=LEVEL)
                held = limits.low <= errors <= limits.high
            if not held:
                missed += 1
                break
    assert missed / runs > at_most(1 - LEVEL, runs)


def test_whoever_stops_when_it_looks_good_is_not_misled() -> None:
    # The same test with real stopping: look after every third label, stop once at most 6 % seem wrong.
    made, runs, missed, stopped = log([500, 60, 40]), 25, 0, 0
    rng = np.random.default_rng(4)
    sizes = [int(n) for n in made.sizes]
    for _ in range(runs):
        labels = run(made, to_where_errors_are, labels=300, rng=rng)
        for n in range(3, 301, 3):
            found = live_total_errors(
                sizes,
                labels[:n],
                anticipated_rate=0.03,
                confidence_level=0.5,
                alternative="less",
            )
            if found.high <= 0.075 * sum(sizes):
                stopped += 1
                missed += found.high < made.errors.sum()
                break
    assert stopped > 5  # Else nobody was tempted.
    assert missed / runs <= 0.5
