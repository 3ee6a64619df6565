"""What right and wrong vary with: the task, the wording, the version, the run, the judge; by moments of pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.bounded_mean import mean_of_tasks, ratio_over_tasks
from assay.estimate.interval import missing_chance
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ORDER = ("task", "wording", "version", "run", "judge")
"""Factors, from what a user cares for most to what only the measurement adds."""

UNIT = "share of variance"

ENOUGH = 10
"""Tasks that show each kind of pair: with fewer, only proved limits hold."""

_TIGHTER = 0.1
"""Of the chance to miss: what is left of it makes up for the skewness of few errors."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Verdicts with what they were got under.

    Parameters
    ----------
    wrong : shape (n,), 0 or 1
    levels
        Factor of `ORDER` -> shape (n,), codes >= 0. `task` must be there. A factor with one level has no part. No two
        verdicts may have the same levels of all factors: name the epoch as `run`.
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
    """Sums over ordered pairs of different verdicts: how many, both wrong, the first of them wrong."""

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

    Limits: where 10 tasks or more show pairs that disagree, and as many pairs that agree in the rarer verdict, by
    leaving out one task at a time, at a tenth of the chance to miss, with Student's t of as many degrees of freedom as
    there are such tasks less one: simulated, see docs/METHODS.md (the usual limits miss in up to half of all cases
    where errors are rare). Otherwise R_j as `ratio_over_tasks`, R_0 as `mean_of_tasks`, and Bonferroni: proved for
    independent tasks where task and run are the only factors, and wide. With more factors R_0 is scaled by its ratio to
    the share that is right, as if that were known. All limits speak of other tasks, with these wordings and versions.

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
        self.codes = [
            np.unique(outcomes.levels[name], return_inverse=True)[1].astype(np.int64)
            for name in factors
        ]
        self.n_tasks = int(self.codes[0].max()) + 1
        if len(np.unique(np.column_stack(self.codes), axis=0)) < len(self.wrong):
            raise EstimateError("two verdicts have the same levels of all factors")

    def within(self, shared: int) -> _Pairs:
        """Return the sums of each task over pairs that agree in the first factors and in no other."""
        return self._exactly(tuple(range(shared)), of_tasks=True)

    def right_of_strangers(self) -> float:
        """Return R_0, from pairs that differ in all factors; NaN where there are none."""
        sums = self._exactly((), of_tasks=False)
        if sums.pairs[0] < 0.5 or sums.first[0] <= 0:
            return float("nan")
        return float(1.0 - sums.both[0] / sums.first[0])

    def wording_alone(self) -> float:
        """Return the variance of the wordings' main effect; NaN with one wording."""
        if "wording" not in self.factors:
            return float("nan")
        alike = self._exactly((self.factors.index("wording"),), of_tasks=False)
        strangers = self._exactly((), of_tasks=False)
        if min(alike.pairs[0], strangers.pairs[0]) < 0.5:
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
        size = np.bincount(group).astype(np.float64)
        hits = np.bincount(group, weights=self.wrong)
        owner = self.codes[0][first] if of_tasks else np.zeros(len(size), dtype=np.int64)
        count = self.n_tasks if of_tasks else 1
        return _Pairs(
            *(
                np.bincount(owner, weights=sums, minlength=count).astype(np.float64)
                for sums in (size * (size - 1), hits * (hits - 1), hits * (size - 1))
            )
        )


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
    again = _left_out(rates, place)
    value = float(again[-1])
    evidence = min(_tasks_that_show(one) for one in ends)
    if evidence >= ENOUGH:
        spread = np.sqrt((len(again) - 2) * again[:-1].var())
        t = float(special.stdtrit(evidence - 1, 1 - missing_chance(level) * _TIGHTER / 2))
        low, high = value - t * float(spread), value + t * float(spread)
        method = "moments of pairs; leaving out a task at a time"
    else:
        low, high = _proved(rates, place, level)
        method = "moments of pairs; bounded means over tasks"
    low, high = min(max(low, 0.0), 1.0), min(max(high, 0.0), 1.0)
    return Estimate(
        value=min(max(value, low), high),
        low=low,
        high=high,
        unit=UNIT,
        confidence_level=level,
        n=len(rates.means),
        method=method,
        guarantee="proved" if evidence < ENOUGH and rates.plain else "simulated",
    )


def _tasks_that_show(one: _PerTask) -> int:
    """Return how many tasks show the rarer evidence: pairs that disagree, or pairs that agree in the rarer verdict."""
    rarer = one.whole - one.part if one.whole.mean() <= 0.5 else 1.0 - one.whole - one.part
    return int(min((one.part > 1e-12).sum(), ((rarer > 1e-12) & (one.whole > 0)).sum()))


def _left_out(rates: _Rates, place: int) -> FloatArray:
    """Return the share without each task in turn, and last with all of them."""

    def without(values: FloatArray) -> FloatArray:
        return np.append(values.sum() - values, values.sum())

    tasks = without(np.ones_like(rates.means))
    stranger = rates.scale * (1.0 - without(rates.means) / tasks)

    def ratio(at: int) -> FloatArray:
        one = rates.chain[at]
        return np.asarray(without(one.part) / np.maximum(without(one.whole), 1e-300))

    before = stranger if place == 0 else ratio(place - 1)
    after = 0.0 if place == len(rates.chain) else ratio(place)
    return np.asarray((before - after) / np.maximum(stranger, 1e-300))


def _proved(rates: _Rates, place: int, level: float) -> tuple[float, float]:
    """Return limits from those of each part at a share of the chance to miss."""
    ends = rates.chain[max(place - 1, 0) : place + 1]
    each = 1 - missing_chance(level) / (len(ends) + 1)
    stranger = mean_of_tasks(1.0 - rates.means, confidence_level=each)
    found = [ratio_over_tasks(one.part, one.whole, confidence_level=each) for one in ends]
    known = [one for one in found if isinstance(one, Estimate)]
    assert isinstance(stranger, Estimate)
    assert len(known) == len(ends)
    scale = 1.0 if rates.plain else rates.scale
    least, most = max(stranger.low * scale, 1e-12), max(stranger.high * scale, 1e-12)
    if place == 0:
        return 1.0 - known[0].high / least, 1.0 - known[0].low / most
    if place == len(rates.chain):
        return known[0].low / most, known[0].high / least
    before, after = known
    low, high = before.low - after.high, before.high - after.low
    return low / (most if low >= 0 else least), high / (least if high >= 0 else most)
