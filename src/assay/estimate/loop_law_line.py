"""The line of a loop's law: least squares, its limits over loops, and where it crosses 0."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.estimate.interval import missing_chance
from assay.estimate.loop_law_result import (
    CHANGE,
    LOG_RATIO,
    SLOPE,
    LawPoint,
    raised,
)
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FEWEST_LOOPS = 3
"""Loops (arm and seed) of a fit whose limits are over loops."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns as arrays.

    Parameters
    ----------
    log_ratio, change : shape (n,)
        The change is divided by its speed.
    speed : shape (n,), > 0
        As of `LawPoint.speed`.
    loop : shape (n,)
        The number of the loop, 0 to ``loops - 1``.
    loops
    """

    log_ratio: FloatArray
    change: FloatArray
    speed: FloatArray
    loop: IntArray
    loops: int

    @classmethod
    def of(cls, points: list[LawPoint], growth: float) -> Turns:
        """Return points as arrays."""
        speed = np.array([point.speed(growth) for point in points])
        names = sorted({(point.arm, point.seed) for point in points})
        return cls(
            np.array([point.log_ratio for point in points]),
            np.array([point.change for point in points]) / speed,
            speed,
            np.array([names.index((point.arm, point.seed)) for point in points], dtype=np.int64),
            len(names),
        )

    @property
    def n(self) -> int:
        """How many."""
        return int(self.change.size)

    @property
    def gives_line(self) -> bool:
        """Whether a line can be fitted that doesn't go through all of them by force."""
        return self.n > 2 and bool((self.log_ratio != self.log_ratio[0]).any())

    @property
    def size(self) -> float:
        """Root mean square of the changes; 1 where there was none."""
        return math.sqrt(float((self.change**2).mean())) or 1.0

    @property
    def design(self) -> FloatArray:
        """The columns that alpha and delta are the weights of."""
        return np.column_stack([self.log_ratio, -np.ones(self.n)])

    def line(self) -> FloatArray:
        """Return alpha and delta by least squares."""
        found, *_ = np.linalg.lstsq(self.design, self.change, rcond=None)
        return np.asarray(found, dtype=np.float64)

    def unexplained(self) -> float:
        """Return the sum of squares of changes of the logit about the law."""
        return float((((self.change - self.design @ self.line()) * self.speed) ** 2).sum())

    def whole(self) -> float:
        """Return the sum of squares of changes of the logit about their mean."""
        changes = self.change * self.speed
        return float(((changes - changes.mean()) ** 2).sum())

    def without(self, loop: int) -> Turns:
        """Return the turns of the other loops."""
        kept = self.loop != loop
        return Turns(
            self.log_ratio[kept], self.change[kept], self.speed[kept], self.loop[kept], self.loops
        )


@dataclass(frozen=True, slots=True)
class Jackknifed:
    """A line with its variance over loops.

    Parameters
    ----------
    line : shape (2,)
    covariance : shape (2, 2)
    degrees : shape (2,)
        Of freedom, for alpha and delta.
    """

    line: FloatArray
    covariance: FloatArray
    degrees: FloatArray


def jackknife(turns: Turns) -> Jackknifed | None:
    """Return the line with its variance from leaving out a loop at a time (CV3).

    Returns
    -------
    Jackknifed or None
        None with fewer than three loops, or where a loop carries the slope alone.

    Notes
    -----
    A loop far out carries more of the slope. Degrees of freedom are the loops that carry a weight, ``(sum v)^2 /
    sum v^2`` of what each adds to its variance if all are as noisy, less one; at most ``loops - 2``. It fails where
    noise is much larger far out: three times as large at the outermost of 36 loops, 95 % limits of alpha held 0.94.
    """
    rest = [turns.without(loop) for loop in range(turns.loops)]
    if turns.loops < FEWEST_LOOPS or not all(part.n and part.gives_line for part in rest):
        return None
    line = turns.line()
    apart = np.array([part.line() for part in rest]) - line
    covariance = (turns.loops - 1) / turns.loops * apart.T @ apart
    weights = turns.design @ np.linalg.inv(turns.design.T @ turns.design)
    added = np.array([weights[turns.loop == loop].sum(axis=0) for loop in range(turns.loops)]) ** 2
    carrying = added.sum(axis=0) ** 2 / (added**2).sum(axis=0)
    return Jackknifed(line, covariance, np.clip(carrying - 1, 1.0, turns.loops - 2))


def limits_over_loops(turns: Turns, level: float) -> tuple[Quantity, Quantity, Quantity]:
    """Return alpha, delta and the break-even with limits over loops."""
    reason = _no_line(turns)
    found = None if reason else jackknife(turns)
    if found is None:
        few = f"limits need {FEWEST_LOOPS} loops, and none that carries the slope alone"
        none = Unknown(reason or few)
        return none, none, none
    how = f"least squares, jackknife over {turns.loops} loops"
    t = [quantile(degrees, level) for degrees in found.degrees]
    half = np.array(t) * np.sqrt(np.diag(found.covariance))
    return (
        plus_minus(found.line[0], half[0], SLOPE, level, turns.n, how),
        plus_minus(found.line[1], half[1], CHANGE, level, turns.n, how),
        fieller(found.line, max(t) ** 2 * found.covariance, level, turns.n, f"Fieller, {how}"),
    )


def _no_line(turns: Turns) -> str:
    if not turns.n:
        return "no turn has a finite log ratio and accuracies that are not near 0 or 1"
    if (turns.log_ratio == turns.log_ratio[0]).all():
        return "all turns have one log ratio: a slope needs verifiers that differ"
    return "" if turns.gives_line else "a line with limits needs more than two turns"


def fieller(line: FloatArray, widened: FloatArray, level: float, n: int, how: str) -> Quantity:
    """Return the x at which ``alpha x - delta`` is 0.

    Parameters
    ----------
    line
        alpha and delta.
    widened : shape (2, 2)
        Their covariance times the square of the quantile.
    level, n, how

    Returns
    -------
    Estimate or Unknown
        Limits are infinite where alpha isn't surely positive; `Unknown` where it isn't positive.
    """
    alpha, delta = float(line[0]), float(line[1])
    if alpha <= 0:
        return Unknown("better verifiers did not gain more: there is no break-even on this line")
    value = delta / alpha
    squared = alpha * alpha - float(widened[0, 0])
    if squared <= 0:
        return Estimate(value, -math.inf, math.inf, LOG_RATIO, level, n, how, "simulated")
    middle, constant = (
        alpha * delta - float(widened[0, 1]),
        delta * delta - float(widened[1, 1]),
    )
    root = math.sqrt(max(middle * middle - squared * constant, 0.0))
    low, high = (middle - root) / squared, (middle + root) / squared
    return Estimate(value, min(low, value), max(high, value), LOG_RATIO, level, n, how, "simulated")


def typical(
    alphas: FloatArray, times: float, level: float, n: int, how: str, *, sure: bool
) -> Estimate:
    """Return the slope of a typical seed, plus or minus so many standard deviations.

    Notes
    -----
    Slopes differ by factors. Where every seed's is surely positive, it is the geometric mean and limits are made of
    logarithms; where they are positive only as measured, limits are the wider of those and of the plain ones.
    """
    half = times * float(alphas.std(ddof=1))
    plain = plus_minus(alphas.mean(), half, SLOPE, level, n, how)
    if alphas.min() <= 0:
        return plain
    logs = np.log(alphas)
    value, half = float(logs.mean()), times * float(logs.std(ddof=1))
    low, high = raised(value - half), raised(value + half)
    if not sure:
        low, high = min(low, plain.low), max(high, plain.high)
    value = min(max(raised(value), low), high)
    return Estimate(value, low, high, SLOPE, level, n, f"{how}, of logarithms", "simulated")


def spread(values: FloatArray, level: float, n: int) -> Estimate:
    """Return the standard deviation of normal values, with the limits of chi-squared."""
    deviation, degrees = float(values.std(ddof=1)), values.size - 1
    miss = missing_chance(level) / 2
    low, high = (
        deviation * math.sqrt(degrees / float(special.chdtri(degrees, chance)))
        for chance in (miss, 1 - miss)
    )
    how = f"standard deviation over {values.size} seeds, chi-squared"
    return Estimate(deviation, low, high, SLOPE, level, n, how, "simulated")


def plus_minus(value: float, half: float, unit: str, level: float, n: int, how: str) -> Estimate:
    """Return an estimate with limits on both sides alike."""
    value, half = float(value), float(half)
    return Estimate(value, value - half, value + half, unit, level, n, how, "simulated")


def quantile(degrees: float, level: float) -> float:
    """Return the quantile of t for two-sided limits."""
    return -float(special.stdtrit(degrees, missing_chance(level) / 2))
