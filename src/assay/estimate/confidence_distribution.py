"""Confidence distributions of shares and means on one grid, and limits of anything that is made of several of them.

A confidence distribution holds the limits of a number at every level. Where counts are small there are two: the lower
limits and the upper ones (Clopper and Pearson's), and the truth lies between them as far as anybody knows. Limits of a
function of several numbers come from draws of the adverse one of each: a melded interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.skewed_mean import SkewedMean

FloatArray = npt.NDArray[np.float64]
Function = Callable[..., FloatArray]

SCORES = np.linspace(-6.0, 6.0, 1201)
"""Normal scores of the levels at which quantiles are kept; what lies between is interpolated."""

LEVELS = special.ndtr(SCORES)

FARTHER, FARTHEST = 0.5, 0.1
"""How much farther out the limits of a mean go with its squared skewness over n, and at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """What is known of one number.

    Parameters
    ----------
    value
        The number as measured.
    lower, middle, upper : shape (1201,), rising
        Quantiles at `LEVELS`: of the lower limits, of the posterior between, and of the upper limits.
    """

    value: float
    lower: FloatArray
    middle: FloatArray
    upper: FloatArray

    @property
    def is_exact(self) -> bool:
        """Whether there is nothing to be unsure of."""
        return bool(self.lower[0] == self.upper[-1])

    @property
    def is_fixed(self) -> bool:
        """Whether its limits are the same at every level: known exactly, or said to lie between two numbers."""
        return bool(self.lower[0] == self.lower[-1] and self.upper[0] == self.upper[-1])

    def draws(self, scores: FloatArray) -> FloatArray:
        """Return draws of the posterior at normal scores."""
        return np.interp(scores, SCORES, self.middle)

    def sides(self, scores: FloatArray) -> tuple[FloatArray, ...]:
        """Return draws of the lower and of the upper limits at the same scores; one alone where they don't differ."""
        if self.is_exact:
            return (np.full(len(scores), self.value),)
        if self.lower is self.upper:
            return (np.interp(scores, SCORES, self.lower),)
        return np.interp(scores, SCORES, self.lower), np.interp(scores, SCORES, self.upper)


def known(value: float) -> Distribution:
    """Return a number that is known exactly."""
    at = np.full(len(SCORES), value)
    return Distribution(value, at, at, at)


def between(value: float, low: float, high: float) -> Distribution:
    """Return a number that is said to lie between limits: either may be the truth; the posterior is a triangle."""
    if low == high:
        return known(value)
    rise = (value - low) / (high - low)
    below = low + np.sqrt(LEVELS * (high - low) * (value - low))
    above = high - np.sqrt((1 - LEVELS) * (high - low) * (high - value))
    middle = np.where(rise >= LEVELS, below, above)
    return Distribution(value, np.full(len(SCORES), low), middle, np.full(len(SCORES), high))


def share(hits: float, trials: float) -> Distribution:
    """Return a share from hits among trials: Clopper-Pearson's limits at every level, and Jeffreys' posterior between.

    Parameters
    ----------
    hits, trials : 0 <= hits <= trials
    """
    if not 0 <= hits <= trials:
        raise EstimateError(f"hits must lie between 0 and the trials, got {hits} of {trials}")
    misses = trials - hits
    zero, one = np.zeros(len(SCORES)), np.ones(len(SCORES))
    return Distribution(
        hits / trials if trials else 0.5,
        special.betaincinv(hits, misses + 1, LEVELS) if hits > 0 else zero,
        special.betaincinv(hits + 0.5, misses + 0.5, LEVELS),
        special.betaincinv(hits + 1, misses, LEVELS) if misses > 0 else one,
    )


def weighted_sum(
    weights: Sequence[float],
    parts: Sequence[Distribution],
    rng: np.random.Generator,
    *,
    draws: int = 20_000,
) -> Distribution:
    """Return a weighted sum of numbers that were measured apart, as a share over strata is.

    The lower limits are quantiles of the sum of draws of the parts' lower limits, and so on: melded.
    """
    if len(parts) == 1:
        return parts[0]
    scores = rng.standard_normal((len(parts), draws))
    sums = []
    for side in ("lower", "middle", "upper"):
        drawn = [
            weight * np.interp(z, SCORES, getattr(part, side))
            for weight, part, z in zip(weights, parts, scores, strict=True)
        ]
        sums.append(np.quantile(np.sum(drawn, axis=0), LEVELS))
    value = sum(weight * part.value for weight, part in zip(weights, parts, strict=True))
    return Distribution(value, *sums)


def mean(sample: SkewedMean, factor: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Distribution:
    """Return a mean of lopsided numbers: Hall's limits at every level, times a factor known between limits.

    Where the sample is very lopsided for its size, the limits go a little farther out: of log-normal numbers (sigma 1,
    1.5 and 2; 60, 300 and 1,000 of them; 4,000 samples each) Hall's at 95 % held in 93.2 % or more, these in 94.7 %.
    """
    lean = sample.skewness**2 / sample.n
    at = sample.at(special.ndtr(SCORES * (1 + min(FARTHER * lean, FARTHEST))))
    low, middle, high = factor
    if low == high:
        return Distribution(sample.mean * middle, at * middle, at * middle, at * middle)
    return Distribution(sample.mean * middle, at * low, at * middle, at * high)


def correlated_scores(
    correlation: npt.ArrayLike, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Return normal scores with given correlations.

    Parameters
    ----------
    correlation : shape (k, k)
        What isn't a possible table of correlations is taken to the nearest that its eigenvalues allow.

    Returns
    -------
    shape (k, draws)
    """
    table = np.asarray(correlation, dtype=np.float64)
    values, vectors = np.linalg.eigh(table)
    # The symmetric root: of several that would do it is the only one that doesn't hang on which eigenvectors a
    # processor's library finds, so that the same seed gives the same draws everywhere.
    root = vectors * np.sqrt(np.clip(values, 0.0, None)) @ vectors.T
    root /= np.maximum(np.sqrt((root**2).sum(axis=1, keepdims=True)), 1e-12)
    return np.asarray(root @ rng.standard_normal((len(table), draws)), dtype=np.float64)


def adverse_draws(
    parts: Sequence[Distribution], scores: FloatArray, function: Function
) -> tuple[FloatArray, FloatArray]:
    """Return draws of a function at the sides of its parts that make it least, and most.

    Parameters
    ----------
    parts
        The function's arguments, in order.
    scores : shape (parts, draws)
    function
        Monotone in each argument, in whichever direction, the others held fast.

    Notes
    -----
    The quantile of the first at ``alpha / 2`` and of the second at ``1 - alpha / 2`` are melded limits [1]_: for
    independent parts, each with exact limits, simulations have never found less than the level, and it is proved for
    some functions. With correlated scores it is a bootstrap of whole rows, the quantiles of each part set right.

    References
    ----------
    .. [1] Fay, Proschan, Brittain, "Combining one-sample confidence procedures for inference in the two-sample case",
       Biometrics 71 (2015), doi:10.1111/biom.12231.
    """
    sides = [part.sides(z) for part, z in zip(parts, scores, strict=True)]
    least = most = None
    for corner in product(*sides):
        values = function(*corner)
        least = values if least is None else np.minimum(least, values)
        most = values if most is None else np.maximum(most, values)
    assert least is not None
    assert most is not None
    return least, most


def limits_of(
    draws: tuple[FloatArray, FloatArray], *, confidence_level: float = 0.95
) -> tuple[float, float]:
    """Return the two-sided limits of adverse draws."""
    tail = (1 - confidence_level) / 2
    return quantile(draws[0], tail), quantile(draws[1], 1 - tail)


def quantile(values: FloatArray, level: float) -> float:
    """Return a quantile of draws; the outer of two, so that chance in the draws doesn't narrow an interval."""
    place = level * (len(values) - 1)
    k = int(np.floor(place) if level < 0.5 else np.ceil(place))
    return float(np.partition(values, k)[k])
