"""What is known of one configuration: a system, its version, its set-up and the checking behind it.

A part that nobody has measured or said is `Unknown` or None, and everything that rests on it is unknown too: it never
counts as nothing. A share or a cost on the user's word is a plain number or `Stated`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.skewed_mean import SkewedMean
from assay.quantity import Unknown

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

UnknownCost = Unknown
"""A cost that no record gives, and why."""


@dataclass(frozen=True, slots=True)
class ShareStratum:
    """Hits among trials in one stratum, and what share of the whole the stratum is."""

    weight: float
    hits: float
    trials: float


@dataclass(frozen=True, slots=True)
class ShareEvidence:
    """A share that was counted in a random sample, or in one of each stratum.

    Parameters
    ----------
    hits : in [0, n]
        Right items, or caught ones. Not whole where answers to one task count for less than one each.
    n : >= 0
        Items that were looked at.
    strata
        Where the sample was drawn in strata: one count each, their weights summing to 1. `hits` and `n` are then their
        sums, and the share is weighted.

    Raises
    ------
    EstimateError
        Where there are more hits than trials, or weights don't sum to 1.
    """

    hits: float
    n: float
    strata: tuple[ShareStratum, ...] = ()

    def __post_init__(self) -> None:
        for hits, trials in ((self.hits, self.n), *((s.hits, s.trials) for s in self.strata)):
            if not 0 <= hits <= trials or not math.isfinite(trials):
                raise EstimateError(
                    f"hits must lie between 0 and the trials, got {hits:g} of {trials:g}"
                )
        if self.strata and not math.isclose(sum(s.weight for s in self.strata), 1, abs_tol=1e-9):
            raise EstimateError("the weights of strata must sum to 1")

    @classmethod
    def of_strata(cls, strata: Sequence[ShareStratum]) -> ShareEvidence:
        """Return the evidence of several strata."""
        return cls(sum(s.hits for s in strata), sum(s.trials for s in strata), tuple(strata))

    @classmethod
    def of_parts(cls, strata: Iterable[tuple[int, int, int, int]]) -> ShareEvidence | None:
        """Return the evidence of a share of some of the items in strata, as of one sample that weighs as much (Kish).

        Parameters
        ----------
        strata : tuples of size, looked at, trials and hits
            Items of the stratum, those looked at, those of these that the share is of, and hits among them.

        Returns
        -------
        ShareEvidence or None
            None where none of those looked at is such an item.
        """
        rows = [(size / seen, trials, hits) for size, seen, trials, hits in strata if seen]
        total = sum(weight * trials for weight, trials, _ in rows)
        if total <= 0:
            return None
        share = sum(weight * hits for weight, _, hits in rows) / total
        effective = total**2 / sum(weight**2 * trials for weight, trials, _ in rows)
        return cls(share * effective, effective)

    @property
    def value(self) -> float:
        """The share as measured; a stratum without a trial counts as one half."""
        if self.strata:
            return sum(s.weight * (s.hits / s.trials if s.trials else 0.5) for s in self.strata)
        return self.hits / self.n if self.n else 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """An amount of each of some items: costs in USD, or seconds.

    Parameters
    ----------
    values : shape (n,), >= 0
        One an item, of a random sample of items.
    source
        Where they come from, in words.
    factor : low, middle and high, >= 0
        What each is multiplied by, and is not known exactly: the price of a token or of an hour. (1, 1, 1): nothing.
    tasks : shape (n,), or None
        Which task each item answers, as whole numbers; None: each its own. Answers to one task are alike.

    Raises
    ------
    EstimateError
        Where an amount is negative or not finite, the factor's limits are out of order, or tasks don't pair up.
    """

    values: FloatArray
    source: str = "as logged"
    factor: tuple[float, float, float] = (1.0, 1.0, 1.0)
    tasks: IntArray | None = None

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        if not np.isfinite(values).all() or (values < 0).any():
            raise EstimateError("costs and times must be finite and not negative")
        _ordered(*self.factor)
        if self.tasks is not None and self.tasks.shape != values.shape:
            raise EstimateError(f"tasks must pair up: {self.tasks.shape} and {values.shape}")
        object.__setattr__(self, "values", values)

    @property
    def is_repeated(self) -> bool:
        """Whether a task was answered more than once."""
        return self.tasks is not None and len(np.unique(self.tasks)) < len(self.values)

    @property
    def mean(self) -> SkewedMean:
        """What is known of the mean, the factor left out: by as many tasks, where some were answered several times."""
        return (
            SkewedMean.of(self.values)
            if self.tasks is None
            else SkewedMean.of_tasks(self.values, self.tasks)
        )

    @property
    def of_tasks_apart(self) -> FloatArray:
        """One value of each task, drawn by a lot that hangs on nothing: they are independent where tasks are."""
        if self.tasks is None or not self.is_repeated:
            return self.values
        order = np.random.default_rng(0).permutation(len(self.values))
        _, first = np.unique(self.tasks[order], return_index=True)
        return self.values[order[first]]


@dataclass(frozen=True, slots=True)
class Stated:
    """A mean amount an item, from a bill or on someone's word, without the items behind it.

    Parameters
    ----------
    value, low, high : >= 0
        The mean, and the limits that it is said to lie between; all alike where it is known exactly.
    source
        Who says so.
    n : >= 0
        Items behind it, where that is known.
    """

    value: float
    low: float
    high: float
    source: str
    n: int = 0

    def __post_init__(self) -> None:
        _ordered(self.low, self.value, self.high)


def stated(value: float, source: str = "on the user's word", *, n: int = 0) -> Stated:
    """Return a mean amount that is known exactly."""
    return Stated(value, value, value, source, n)


CostEvidence = Sampled | Stated | UnknownCost
SecondsEvidence = Sampled | Stated
Caught = ShareEvidence | float | None


def costs_of(values: Sequence[float | None], *, source: str = "as logged") -> CostEvidence:
    """Return the evidence of logged costs; a cost of 0 or none is a cost that is not known.

    Parameters
    ----------
    values : >= 0, in USD
        One an item.
    """
    missing = sum(1 for value in values if value is None or value == 0)
    if not values or missing == len(values):
        return Unknown("cost unknown: no item has a cost above 0")
    if missing:
        return Unknown(f"cost unknown: {missing:,} of {len(values):,} items have no cost above 0")
    return Sampled(np.asarray(values, dtype=np.float64), source)


@dataclass(frozen=True, slots=True)
class Together:
    """How being right, costs and times of the same items hang together: correlations, each in [-1, 1]."""

    right_cost: float
    right_seconds: float
    cost_seconds: float


APART = Together(0.0, 0.0, 0.0)
"""Measured on different items: what one sample missed says nothing of another."""

WORST = Together(-1.0, -1.0, 1.0)
"""Measured on the same items, and no row says how they go together: wrong items may be the dear and slow ones."""


def together(
    right: npt.ArrayLike, cost_usd: npt.ArrayLike, seconds: npt.ArrayLike | None = None
) -> Together:
    """Return the correlations of rows, one an item: those of the means of a bootstrap of whole rows.

    Parameters
    ----------
    right, cost_usd, seconds : shape (n,)
        Of the same items in the same order.
    """
    columns = [np.asarray(right, np.float64), np.asarray(cost_usd, np.float64)]
    if seconds is None:
        return Together(correlation(*columns), 0.0, 0.0)
    time = np.asarray(seconds, np.float64)
    return Together(
        correlation(*columns), correlation(columns[0], time), correlation(columns[1], time)
    )


def correlation(one: FloatArray, other: FloatArray) -> float:
    """Return Pearson's correlation; 0 where one of the two never varies.

    Raises
    ------
    EstimateError
        Where they aren't of one length.
    """
    if one.shape != other.shape:
        raise EstimateError(f"rows must pair up: {one.shape} and {other.shape}")
    a, b = one - one.mean(), other - other.mean()
    scale = math.sqrt(float(a @ a) * float(b @ b))
    return max(-1.0, min(1.0, float(a @ b) / scale)) if scale > 0 else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What is known of one configuration: all amounts are per item attempted.

    Parameters
    ----------
    name
    right
        Items that were right as they came, of those attempted.
    attempt_cost_usd
        Of an attempt. ``stated(0, ...)`` only where the user says that it is free.
    seconds
        Of an attempt; None: not measured.
    check_cost_usd
        Of checking an item, by judges and by people.
    caught
        Share of the wrong items that checking catches, in [0, 1]; a plain number on the user's word: 1.0 for a test
        suite that is the definition of right, 0.0 where nothing is checked. None: not measured.
    flagged
        Share of the right items that checking holds back.
    together
        How being right, costs and seconds go together.
    """

    name: str
    right: ShareEvidence
    attempt_cost_usd: CostEvidence
    seconds: SecondsEvidence | None
    check_cost_usd: CostEvidence
    caught: Caught
    flagged: Caught
    together: Together = WORST

    def __post_init__(self) -> None:
        for name, share in (("caught", self.caught), ("flagged", self.flagged)):
            if isinstance(share, float | int) and not 0 <= share <= 1:
                raise EstimateError(f"{name} must be a share in [0, 1], got {share}")


@dataclass(frozen=True, slots=True)
class Prices:
    """What the user says things cost, in USD; None: not said, and never defaulted.

    Parameters
    ----------
    mend_usd
        Mending one caught error (F).
    escape_usd
        One error that got out (E).
    false_alarm_usd
        Clearing one right item that was held back (a).
    wait_usd_per_hour
        An hour of waiting (w). None: waiting is left out of costs, and the method says so.

    Raises
    ------
    EstimateError
        Where a price is negative or not finite.
    """

    mend_usd: float | None = None
    escape_usd: float | None = None
    false_alarm_usd: float | None = None
    wait_usd_per_hour: float | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            price = getattr(self, name)
            if price is not None and not (math.isfinite(price) and price >= 0):
                raise EstimateError(f"{name} must be finite and not negative, got {price}")


def _ordered(low: float, value: float, high: float) -> None:
    if not (0 <= low <= value <= high and math.isfinite(high)):
        raise EstimateError(
            f"an amount needs 0 <= low <= value <= high, got {low}, {value}, {high}"
        )
