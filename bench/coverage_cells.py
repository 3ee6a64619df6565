"""How often the product's limits hold the truth, in one cell of the grid: many samples of made-up logs.

A log is binormal (`populations.Binormal`), cut and drawn as the product draws, with the judge believed to be
calibrated. A share of the errors is hidden: scored like right outputs, which the design does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.estimate import Alternative, StratumCount, allocate, total_errors
from assay.estimate.hypergeometric_likelihood import (
    likeliest_errors,
    log_likelihood,
    steepest_slopes,
)
from assay.estimate.likelihood import likelihood_limits
from designs import Strata, product_strata
from populations import Binormal, FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]

SIZE = 200_000
LEVEL = 0.95
CLAIMS: tuple[Alternative, ...] = ("two-sided", "less", "greater")
"""Both limits, the upper one alone, the lower one alone."""
_LOG_CELLS = 1_000_000  # Errors over all the made-up logs of one judge: bounds memory.
_BATCH = 500
_STEPS = 24
_LEAST_CHANCE = 1e-10
_MOST_OUTCOMES = 400_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of log and one design.

    Parameters
    ----------
    rate : in (0, 1)
        Share of the outputs that is wrong.
    auc : in [0.5, 1)
        Of the judge, for the errors that it can see.
    hidden : in [0, 1]
        Share of the errors that it can't.
    uniform : in [0, 1]
        Share of the labels that is drawn as if there were no judge.
    labels
    """

    rate: float
    auc: float
    hidden: float
    uniform: float
    labels: int


@cache
def _strata(rate: float, auc: float) -> Strata:
    return product_strata(Binormal(rate, auc, SIZE).expected_posteriors())


@cache
def _errors_by_stratum(rate: float, auc: float, hidden: float, seed: int) -> IntArray:
    """Errors in each stratum of many logs, least scores first: shape (logs, n_strata)."""
    log = Binormal(rate, auc, SIZE)
    rng = np.random.default_rng([seed, round(1e6 * rate), round(1e4 * auc), round(100 * hidden)])
    ranks = log.error_ranks(rng, int(np.clip(_LOG_CELLS // log.errors, 50, 2_000)), hidden=hidden)
    greatest_first = _strata(rate, auc).sizes[::-1]
    edges = np.concatenate([[0], np.cumsum(greatest_first)])
    below = np.array([np.searchsorted(row, edges) for row in ranks])
    return np.diff(below, axis=1)[:, ::-1]


def design(cell: Cell) -> tuple[IntArray, IntArray]:
    """Return sizes and labels of the strata that the product makes."""
    strata = _strata(cell.rate, cell.auc)
    labels = allocate(strata.sizes, strata.rates, cell.labels, uniform_share=cell.uniform)
    return strata.sizes, labels


def samples(cell: Cell, runs: int, *, seed: int) -> tuple[IntArray, IntArray]:
    """Return the errors found in many samples: the different outcomes, and how often each came."""
    sizes, labels = design(cell)
    logs = _errors_by_stratum(cell.rate, cell.auc, cell.hidden, seed)
    parts = [cell.rate, cell.auc, cell.hidden, cell.uniform, cell.labels]
    rng = np.random.default_rng([seed, runs, *(round(1e6 * part) for part in parts)])
    errors = logs[rng.integers(len(logs), size=runs)]
    found = rng.hypergeometric(errors, sizes - errors, labels)
    outcomes, times = np.unique(found, axis=0, return_counts=True)
    return outcomes, times


def held(
    sizes: IntArray, labels: IntArray, found: IntArray, total: int, alternative: Alternative
) -> BoolArray:
    """Return whether the claimed limits of each outcome hold `total`, shape (n_outcomes,).

    They are those of `assay.estimate.total_errors`. Where the normal law's threshold already keeps the total, the
    greater one that the product uses does too, and the limits are not computed.
    """
    sampled = labels < sizes
    rest = total - found[:, ~sampled].sum(axis=1)
    part = found[:, sampled]
    result = np.zeros(len(found), dtype=np.bool_)
    if not sampled.any():
        return np.asarray(rest == 0)
    size, n = sizes[sampled].astype(np.float64), labels[sampled].astype(np.float64)
    if len(size) == 1:
        return _held_by_one(int(size[0]), int(n[0]), part[:, 0], rest, alternative)
    possible = (rest >= part.sum(axis=1)) & (rest <= (size - n + part).sum(axis=1))
    surely = np.zeros_like(possible)
    surely[possible] = _surely_held(size, n, part[possible], rest[possible], alternative)
    result[surely] = True
    for asked in np.array_split(
        np.flatnonzero(~surely), max(1, -(-int((~surely).sum()) // _BATCH))
    ):
        if asked.size:
            low, high = likelihood_limits(
                size, n, part[asked], miss=1 - LEVEL, alternative=alternative
            )
            result[asked] = (low <= rest[asked]) & (rest[asked] <= high)
    return result


def _held_by_one(
    size: int, labels: int, found: IntArray, total: IntArray, alternative: Alternative
) -> BoolArray:
    limits = np.array([_one_stratum(size, labels, k, alternative) for k in found.tolist()])
    return np.asarray((limits[:, 0] <= total) & (total <= limits[:, 1]))


@cache
def _one_stratum(
    size: int, labels: int, found: int, alternative: Alternative
) -> tuple[float, float]:
    total = total_errors([StratumCount(size, labels, found)], alternative=alternative)
    return (
        -np.inf if alternative == "less" else total.low,
        np.inf if alternative == "greater" else total.high,
    )


def _surely_held(
    size: FloatArray, labels: FloatArray, found: IntArray, total: IntArray, alternative: Alternative
) -> BoolArray:
    """Whether a total at or beyond the asked one costs less likelihood than the normal law's threshold.

    Such a total lies on the path that the product walks, and what it keeps there ends at or beyond it.
    """
    k, asked = found.astype(np.float64), total.astype(np.float64)
    z = -float(special.ndtri((1 - LEVEL) / (2 if alternative == "two-sided" else 1)))

    def path(slopes: FloatArray) -> FloatArray:
        return likeliest_errors(size, labels, k, slopes[:, None])

    likeliest = path(np.zeros(len(k)))
    middle = likeliest.sum(axis=1)
    fewest, most = steepest_slopes(size, labels, k)
    is_above = asked > middle
    steepest = np.maximum(np.where(is_above, (-most).max(axis=1), fewest.max(axis=1)), 1e-9)
    sign = np.where(is_above, -1.0, 1.0)
    near, far = np.full(len(k), np.log(1e-9)), np.zeros(len(k))
    for _ in range(_STEPS):
        half = (near + far) / 2
        reached = path(sign * steepest * np.exp(half)).sum(axis=1)
        beyond = np.where(is_above, reached >= asked, reached <= asked)
        near, far = np.where(beyond, near, half), np.where(beyond, half, far)
    spread = path(sign * steepest * np.exp(far))
    best = log_likelihood(size, labels, k, likeliest).sum(axis=1)
    lost = best - log_likelihood(size, labels, k, spread).sum(axis=1)
    reached = spread.sum(axis=1)
    beyond = np.where(is_above, reached >= asked, reached <= asked)
    kept = beyond & (np.sqrt(2 * np.maximum(lost, 0.0)) <= z)
    if alternative == "less":
        kept |= ~is_above
    if alternative == "greater":
        kept |= asked >= middle
    return np.asarray(kept)


@dataclass(frozen=True, slots=True)
class Equal:
    """Strata that are all alike, as tags make them: where what is not known of each adds up most.

    Parameters
    ----------
    strata, size, labels
        How many, with so many outputs and labels each.
    errors
        In each.
    """

    strata: int
    size: int
    labels: int
    errors: int

    def coverage(self, runs: int, *, seed: int) -> list[int]:
        """Return in how many of the runs each of CLAIMS held."""
        size, n = np.full(self.strata, self.size), np.full(self.strata, self.labels)
        rng = np.random.default_rng([seed, self.strata, self.size, self.labels, self.errors])
        found = rng.hypergeometric(self.errors, size - self.errors, n, size=(runs, self.strata))
        # Alike: only how many of them held how many errors matters.
        outcomes, times = np.unique(np.sort(found, axis=1), axis=0, return_counts=True)
        total = self.strata * self.errors
        return [int(times @ held(size, n, outcomes, total, claim)) for claim in CLAIMS]


def all_outcomes(cell: Cell, *, seed: int) -> tuple[IntArray, FloatArray, int]:
    """Return the outcomes of one log of a cell, their chances, and its errors; what is left out is below 1e-4.

    Raises
    ------
    ValueError
        Where there are too many of them to sum.
    """
    sizes, labels = design(cell)
    errors = _errors_by_stratum(cell.rate, cell.auc, cell.hidden, seed)[0]
    outcomes, chance = np.zeros((1, 0), dtype=np.int64), np.ones(1)
    for size, n, m in zip(sizes.tolist(), labels.tolist(), errors.tolist(), strict=True):
        each = hypergeometric_chances(size, n, m)
        joint = (chance[:, None] * each).ravel()
        known = np.repeat(outcomes, len(each), axis=0)
        outcomes = np.column_stack([known, np.tile(np.arange(len(each)), len(outcomes))])
        likely = joint > _LEAST_CHANCE
        outcomes, chance = outcomes[likely], joint[likely]
        if len(chance) > _MOST_OUTCOMES:
            raise ValueError(f"too many outcomes to sum: {cell}")
    if chance.sum() < 1 - 1e-4:
        raise ValueError(f"the outcomes left out have a chance of {1 - chance.sum():.1e}: {cell}")
    return outcomes, chance, int(errors.sum())


def exact_coverage(cell: Cell, *, seed: int) -> list[float]:
    """Return the chance with which each of CLAIMS holds in one log of a cell: what is not summed counts as missed."""
    sizes, labels = design(cell)
    outcomes, chance, total = all_outcomes(cell, seed=seed)
    return [float(chance @ held(sizes, labels, outcomes, total, claim)) for claim in CLAIMS]


def hypergeometric_chances(size: int, labels: int, errors: int) -> FloatArray:
    """Return the chance of each number of errors found, up to the greatest possible one."""
    found = np.arange(min(labels, errors) + 1)
    if labels == size:
        return np.asarray(found == errors, dtype=np.float64)
    possible = labels - found <= size - errors
    k = np.where(possible, found, found[-1]).astype(np.float64)
    # The likelihood lacks a constant, which is the same for all numbers found.
    whole, drawn, wrong = (np.full(len(k), float(x)) for x in (size, labels, errors))
    logs = log_likelihood(whole, drawn, k, wrong)
    chances: FloatArray = np.where(possible, np.exp(logs - logs.max()), 0.0)
    return np.asarray(chances / chances.sum())


def wald_held(sizes: IntArray, labels: IntArray, found: IntArray, total: int) -> BoolArray:
    """Whether the textbook's normal interval of the same samples holds `total`: the negative control."""
    rate = found / labels
    point = (sizes * rate).sum(axis=1)
    variance = (sizes * (sizes - labels) * rate * (1 - rate) / labels).sum(axis=1)
    return np.asarray(np.abs(point - total) <= -special.ndtri((1 - LEVEL) / 2) * np.sqrt(variance))
