"""What right and wrong vary with: the task, the wording, the version, the run, the judge; by moments of pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.bounded_mean import mean_of_tasks, ratio_over_tasks
from assay.estimate.interval import missing_chance
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ORDER = ("task", "wording", "version", "run", "judge")
"""Factors, from what a user cares for most to what only the measurement adds."""

UNIT = "share of variance"

_NO_PAIR = 1e-9


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Verdicts with what they were got under.

    Parameters
    ----------
    wrong : shape (n,), 0 or 1
    levels
        Factor of `ORDER` -> shape (n,), codes >= 0. `task` must be there. A factor with one level has no part. No two
        verdicts may have the same levels of all factors: name the epoch as `run`, which counts within a task, wording
        and version only.
    """

    wrong: FloatArray
    levels: Mapping[str, IntArray]

    def factors(self) -> tuple[str, ...]:
        """Return the factors with several levels, in order; the task always."""
        return tuple(
            name
            for name in ORDER
            if name in self.levels and (name == "task" or np.unique(self.levels[name]).size > 1)
        )


@dataclass(frozen=True, slots=True)
class VarianceComponents:
    """Shares of the variance of one verdict, and the variances behind them.

    Parameters
    ----------
    shares
        Factor -> share of the variance in [0, 1]: what differs with this factor when those before it in `ORDER` are the
        same. The last one holds what is left: with `run` last, dice rolls.
    variances
        The same as variances of a verdict, 0 to about 1/4. Without limits: for planning.
    wording_alone
        Variance of the wordings' main effect, which more tasks don't average away; NaN with one wording.
    n_tasks
    """

    shares: Mapping[str, Quantity]
    variances: Mapping[str, float]
    wording_alone: float
    n_tasks: int


class _Pairs(NamedTuple):
    """Weights of ordered pairs of different verdicts: of all, of those both wrong, of those whose first is wrong."""

    pairs: FloatArray
    both: FloatArray
    first: FloatArray

    def plus(self, other: _Pairs, sign: int) -> _Pairs:
        return _Pairs(*(a + sign * b for a, b in zip(self, other, strict=True)))


def variance_components(
    outcomes: Outcomes, *, confidence_level: float = 0.95
) -> VarianceComponents | Unknown:
    """Split the variance of right and wrong among crossed random factors.

    Parameters
    ----------
    outcomes
        Cells may be missing, and tasks may have unlike numbers of tries.
    confidence_level : in (0, 1)

    Returns
    -------
    VarianceComponents or Unknown
        `Unknown` where no task has two verdicts, or all verdicts are alike.

    Raises
    ------
    EstimateError
        If the arrays differ in length, or two verdicts have the same levels of all factors.

    Notes
    -----
    Method of moments on pairs. For a chain of factors t, w, v, ... take two verdicts that agree in the first j factors
    and differ in all later ones: R_j = P(the other is right | this one is wrong). R_0, of verdicts that differ in all,
    is the share that is right. ``1 - R_j / R_0`` is the share of variance of the first j factors with their interplay,
    and its differences along the chain are the components. Unbiased moments of crossed random effects, with no law of
    distribution, on verdicts of 0 and 1 as they are; sums over groups by inclusion and exclusion, no pair is formed.

    Limits: R_0 as `mean_of_tasks`, R_j, or R_(j-1) - R_j as one ratio where each task shows both by as many wrong
    verdicts, as `ratio_over_tasks`, and Bonferroni: proved for independent tasks where task and run are the only
    factors, and wide. With more factors R_0 is scaled by its ratio to the share that is right, as if that were known.
    Nothing narrower holds: leaving out one task at a time, at a tenth of the chance to miss, missed in 13 % of worlds
    of 100 tasks with 10 asks where 2 % of all tasks are mostly wrong: what few tasks bring is often not there. All
    limits speak of other tasks, with these wordings and versions.

    References
    ----------
    .. [1] Searle, Casella, McCulloch, "Variance Components", Wiley 1992, chapter 11.
    .. [2] Koch, "A general approach to the estimation of variance components", Technometrics 9 (1967),
       doi:10.1080/00401706.1967.10490444.

    Examples
    --------
    >>> wrong = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    >>> tasks, runs = np.repeat(np.arange(4), 2), np.tile(np.arange(2), 4)
    >>> found = variance_components(Outcomes(wrong, {"task": tasks, "run": runs}))
    >>> round(found.shares["run"].value, 3)
    0.429
    """
    missing_chance(confidence_level)
    if any(level.shape != outcomes.wrong.shape for level in outcomes.levels.values()):
        raise EstimateError("every verdict needs its level of every factor")
    factors = outcomes.factors()
    if len(factors) < 2:
        return Unknown("no task was asked twice: one trial a task says nothing of what varies")
    if np.ptp(outcomes.wrong) == 0:
        return Unknown("all verdicts are alike: there is no variance to split")
    table = _Table(outcomes, factors)
    chain = [table.within(j) for j in range(1, len(factors))]
    if not all((sums.pairs > 0.5).any() for sums in chain):
        return Unknown("no two verdicts share a task and differ in the rest: nothing to split by")
    return _split(table, chain, confidence_level)


class _Table:
    """Verdicts as codes, and sums over their pairs."""

    def __init__(self, outcomes: Outcomes, factors: tuple[str, ...]) -> None:
        self.factors = factors
        self.wrong = outcomes.wrong.astype(np.float64)
        self.codes = [_coded(outcomes.levels, name) for name in factors]
        self.n_tasks = int(self.codes[0].max()) + 1
        # Every task counts alike among strangers also, however often it was asked: hard ones may be asked oftener.
        self.weight = 1.0 / np.bincount(self.codes[0])[self.codes[0]]
        if len(np.unique(np.column_stack(self.codes), axis=0)) < len(self.wrong):
            raise EstimateError("two verdicts have the same levels of all factors")

    def within(self, shared: int) -> _Pairs:
        """Return the sums of each task over pairs that agree in the first factors and in no other."""
        return self._exactly(tuple(range(shared)), of_tasks=True)

    def right_of_strangers(self) -> float:
        """Return R_0, from pairs that differ in all factors; NaN where there are none."""
        sums = self._exactly((), of_tasks=False)
        if sums.pairs[0] < _NO_PAIR or sums.first[0] <= 0:
            return float("nan")
        return float(1.0 - sums.both[0] / sums.first[0])

    def wording_alone(self) -> float:
        """Return the variance of the wordings' main effect; NaN with one wording."""
        if "wording" not in self.factors:
            return float("nan")
        alike = self._exactly((self.factors.index("wording"),), of_tasks=False)
        strangers = self._exactly((), of_tasks=False)
        if min(alike.pairs[0], strangers.pairs[0]) < _NO_PAIR:
            return float("nan")
        return float(alike.both[0] / alike.pairs[0] - strangers.both[0] / strangers.pairs[0])

    def _exactly(self, shared: tuple[int, ...], *, of_tasks: bool) -> _Pairs:
        others = [j for j in range(len(self.factors)) if j not in shared]
        total = self._agreeing(shared, of_tasks=of_tasks)
        # No two verdicts agree in all factors: the last term is none.
        for size in range(1, len(others)):
            for more in combinations(others, size):
                sums = self._agreeing((*shared, *more), of_tasks=of_tasks)
                total = total.plus(sums, (-1) ** size)
        return total

    def _agreeing(self, shared: tuple[int, ...], *, of_tasks: bool) -> _Pairs:
        group = np.zeros(len(self.wrong), dtype=np.int64)
        for j in shared:
            group = group * (int(self.codes[j].max()) + 1) + self.codes[j]
        _, first, group = np.unique(group, return_index=True, return_inverse=True)
        # Pairs within a task have one weight, which cancels.
        weight = np.ones_like(self.weight) if of_tasks else self.weight
        hit = weight * self.wrong
        size, hits, twice, hits_twice = (
            np.bincount(group, weights=values) for values in (weight, hit, weight**2, hit * weight)
        )
        owner = self.codes[0][first] if of_tasks else np.zeros(len(size), dtype=np.int64)
        count = self.n_tasks if of_tasks else 1
        return _Pairs(
            *(
                np.bincount(owner, weights=sums, minlength=count).astype(np.float64)
                for sums in (size**2 - twice, hits**2 - hits_twice, hits * size - hits_twice)
            )
        )


def _coded(levels: Mapping[str, IntArray], name: str) -> IntArray:
    own = levels[name]
    if name == "run":
        # The first ask of one task is no kin of the first ask of another.
        inside = ("task", "wording", "version", "run")
        columns = np.column_stack([levels[one] for one in inside if one in levels])
        return np.unique(columns, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    return np.unique(own, return_inverse=True)[1].astype(np.int64)


def _split(table: _Table, chain: list[_Pairs], level: float) -> VarianceComponents:
    means = np.bincount(table.codes[0], weights=table.wrong) / np.bincount(table.codes[0])
    right = float(1.0 - means.mean())
    strangers = table.right_of_strangers()
    scale = 1.0 if np.isnan(strangers) or strangers <= 0 else strangers / right
    rates = _Rates(tuple(map(_per_task, chain)), means, scale, table.factors == ("task", "run"))
    shares = {name: _share(rates, j, level) for j, name in enumerate(table.factors)}
    total = (1.0 - right) * right * scale
    variances = {
        name: share.value * total if isinstance(share, Estimate) else 0.0
        for name, share in shares.items()
    }
    return VarianceComponents(shares, variances, table.wording_alone(), table.n_tasks)


class _PerTask(NamedTuple):
    """Of each task: P(wrong and the other right), and P(wrong), over its pairs; 0 where it has no pair."""

    part: FloatArray
    whole: FloatArray


class _Rates(NamedTuple):
    chain: tuple[_PerTask, ...]
    means: FloatArray
    scale: float
    plain: bool


def _per_task(sums: _Pairs) -> _PerTask:
    pairs = np.where(sums.pairs > 0.5, sums.pairs, 1.0)
    whole = np.where(sums.pairs > 0.5, np.clip(sums.first / pairs, 0.0, 1.0), 0.0)
    both = np.where(sums.pairs > 0.5, sums.both / pairs, 0.0)
    return _PerTask(np.clip(whole - both, 0.0, whole), whole)


def _share(rates: _Rates, place: int, level: float) -> Quantity:
    """Return the share of one factor: (R_before - R_after) / R_0, where R of the verdict itself is 0."""
    ends = rates.chain[max(place - 1, 0) : place + 1]
    if any(one.whole.sum() <= 0 for one in ends):
        return Unknown("no task with a wrong verdict has a second one to compare with")
    low, high = _limits(rates, place, level)
    low, high = min(max(low, 0.0), 1.0), min(max(high, 0.0), 1.0)
    return Estimate(
        value=min(max(_value(rates, place), low), high),
        low=low,
        high=high,
        unit=UNIT,
        confidence_level=level,
        n=len(rates.means),
        method="moments of pairs; bounded means over tasks",
        guarantee="proved" if rates.plain else "simulated",
    )


def _value(rates: _Rates, place: int) -> float:
    stranger = max(rates.scale * (1.0 - float(rates.means.mean())), 1e-300)

    def ratio(at: int) -> float:
        return float(rates.chain[at].part.sum() / rates.chain[at].whole.sum())

    before = stranger if place == 0 else ratio(place - 1)
    after = 0.0 if place == len(rates.chain) else ratio(place)
    return (before - after) / stranger


def _limits(rates: _Rates, place: int, level: float) -> tuple[float, float]:
    """Return limits from those of each part at a share of the chance to miss."""
    ends = rates.chain[max(place - 1, 0) : place + 1]
    paired = len(ends) == 2 and np.allclose(ends[0].whole, ends[1].whole)
    each = 1 - missing_chance(level) / (2 if paired else len(ends) + 1)
    stranger = mean_of_tasks(1.0 - rates.means, confidence_level=each)
    assert isinstance(stranger, Estimate)
    scale = 1.0 if rates.plain else rates.scale
    least, most = (max(end * scale, 1e-12) for end in (stranger.low, stranger.high))
    if paired:
        # The difference of the parts lies between less and more than the whole: half of both is between 0 and it.
        part = (ends[0].part - ends[1].part + ends[0].whole) / 2
        one = ratio_over_tasks(part, ends[0].whole, confidence_level=each)
        assert isinstance(one, Estimate)
        low, high = 2 * one.low - 1, 2 * one.high - 1
    else:
        ratios = [ratio_over_tasks(*one, confidence_level=each) for one in ends]
        known = [one for one in ratios if isinstance(one, Estimate)]
        assert len(known) == len(ends)
        if place == 0:
            return 1.0 - known[0].high / least, 1.0 - known[0].low / most
        low, high = known[0].low, known[0].high
        if len(known) == 2:
            low, high = low - known[1].high, high - known[1].low
    return low / (most if low >= 0 else least), high / (least if high >= 0 else most)
