"""Difference in differences over problems: before and after a cut, against systems that could not know either side.

A score that falls at a date may fall because the problems grew harder there. Systems whose training ended before all of
the problems meet the same change; what the tested system falls beyond them is its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.bounded_mean import mean_of_tasks
from assay.estimate.interval import missing_chance
from assay.estimate.product import each_level
from assay.estimate.smallest_gap import smallest_gap
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

UNIT = "share right"
REPEATS = 4_000
FEWEST_FOR_BOOTSTRAP = 30
"""Problems on either side; with fewer the limits are those of bounded means."""

FEWEST_UNLIKE = 10
"""Problems on either side that differ from the most frequent contrast: the bootstrap can't see what is rarer."""

_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class SplitScores:
    """Scores on problems before and after a cut.

    Parameters
    ----------
    tested : shape (n,), in [0, 1]
        Share of the tested system's tries that are right, a problem each.
    references : shape (m, n), in [0, 1]
        The same of the clean reference systems; m may be 0.
    after : shape (n,)
        Whether the problem is of after the cut.

    Raises
    ------
    EstimateError
        If the shapes do not fit, or a score is not in [0, 1].
    """

    tested: FloatArray
    references: FloatArray
    after: BoolArray

    def __post_init__(self) -> None:
        n = self.tested.size
        shapes = (self.references.ndim, self.references.shape[-1], self.after.shape)
        if shapes != (2, n, (n,)):
            raise EstimateError("every system needs one score a problem, and every problem a side")
        for scores in (self.tested, self.references):
            # NaN compares false.
            if not ((scores >= 0) & (scores <= 1)).all():
                raise EstimateError("scores must be in [0, 1]")

    @property
    def contrast(self) -> FloatArray:
        """Return, of each problem, the tested score less the mean of the references: in [-1, 1]."""
        if not self.references.size:
            return self.tested
        contrast: FloatArray = self.tested - self.references.mean(axis=0)
        return contrast

    def as_tested(self, reference: int) -> SplitScores:
        """Return the same with a reference in the place of the tested system, held against the other references."""
        others = np.delete(self.references, reference, axis=0)
        return SplitScores(self.references[reference], others, self.after)


def difference_in_differences(
    scores: SplitScores,
    *,
    rng: np.random.Generator,
    confidence_level: float = 0.95,
    repeats: int = REPEATS,
) -> Quantity:
    """Return by how much a system's lead over the references is greater before the cut than after it.

    Parameters
    ----------
    scores
    rng
        Of the bootstrap.
    confidence_level : in (0, 1)
    repeats : >= 1
        Resamples.

    Returns
    -------
    Estimate or Unknown
        Share of problems, in [-2, 2]; `n` counts problems. `Unknown` where a side has no problem. Without references it
        is the plain difference, before less after.

    Notes
    -----
    ``(tested before - tested after) - (references before - references after)``. Problems are the sampling unit: they
    are resampled within each side, with all systems' scores on them, and the percentiles are widened for the smaller
    side's n as [1]_ has it (``Phi(-sqrt(n / (n - 1)) t)``). With fewer than 30 problems on a side, or fewer than 10
    that differ from the most frequent contrast, the limits are those of two bounded means
    (`assay.estimate.bounded_mean`) at ``1 - miss / 2`` each: proved, and wider. The references are taken as given:
    `reference_differences` says how far clean systems lie apart in the same figure. Assumes that without knowing the
    problems, all systems' scores change alike at the cut (parallel trends). It fails where problems of different kinds
    are pooled, the mix of which changes with time.

    References
    ----------
    .. [1] Hesterberg, "What teachers should know about the bootstrap", Am. Stat. 69 (2015), section 4.5 and 5.2,
       arXiv:1411.5279.
    .. [2] Jain et al., "LiveCodeBench", arXiv:2403.07974: scores by the date of the problem.

    Examples
    --------
    >>> after = np.arange(200) >= 100
    >>> tested = np.where(np.arange(200) % 10 < np.where(after, 2, 8), 1.0, 0.0)
    >>> clean = np.tile(np.where(np.arange(200) % 10 < 3, 1.0, 0.0), (6, 1))
    >>> found = difference_in_differences(SplitScores(tested, clean, after), rng=np.random.default_rng(1))
    >>> round(found.value, 2), found.low > 0.4
    (0.6, True)
    """
    missing_chance(confidence_level)
    contrast = scores.contrast
    before, after = contrast[~scores.after], contrast[scores.after]
    if not (before.size and after.size):
        side = "after" if before.size else "before"
        return Unknown(f"there is no problem of {side} the cut that every system answered")
    if min(_worth(before), _worth(after)) >= FEWEST_UNLIKE and (
        min(before.size, after.size) >= FEWEST_FOR_BOOTSTRAP
    ):
        return _bootstrapped(before, after, rng, confidence_level, repeats)
    return _bounded(
        before, after, confidence_level, least=0.0 if not scores.references.size else -1.0
    )


def reference_differences(scores: SplitScores) -> FloatArray:
    """Return the same figure of each reference against the other references: what clean systems show by themselves.

    Parameters
    ----------
    scores
        With two references at least; else the result is empty.

    Returns
    -------
    array, shape (m,)
    """
    count = scores.references.shape[0]
    if count < 2 or scores.after.all() or not scores.after.any():
        return np.zeros(0)
    found = []
    for place in range(count):
        contrast = scores.as_tested(place).contrast
        found.append(contrast[~scores.after].mean() - contrast[scores.after].mean())
    return np.array(found)


def smallest_difference(difference: Quantity, scores: SplitScores) -> Quantity:
    """Return the least difference in differences that this data could have shown, see `smallest_gap`."""
    contrast = scores.contrast
    if isinstance(difference, Unknown):
        return difference
    variance = sum(
        float(side.var(ddof=1)) / side.size if side.size > 1 else 0.25
        for side in (contrast[~scores.after], contrast[scores.after])
    )
    return smallest_gap(difference, standard_error=math.sqrt(variance) or None, largest=2.0)


def _worth(values: FloatArray) -> int:
    """Return how many values differ from the most frequent one."""
    return int(values.size - np.unique(values.round(12), return_counts=True)[1].max())


def _bootstrapped(
    before: FloatArray, after: FloatArray, rng: np.random.Generator, level: float, repeats: int
) -> Estimate:
    differences = _resampled(before, rng, repeats) - _resampled(after, rng, repeats)
    n = min(before.size, after.size)
    t = float(special.stdtrit(n - 1, missing_chance(level) / 2))
    tail = float(special.ndtr(t * math.sqrt(n / (n - 1))))
    low, high = np.quantile(differences, [tail, 1 - tail])
    value = float(before.mean() - after.mean())
    return Estimate(
        value, min(float(low), value), max(float(high), value), UNIT, level, before.size + after.size,
        f"difference in differences, bootstrap over problems ({before.size:,} before, {after.size:,} after)",
        "simulated",
    )  # fmt: skip


def _resampled(values: FloatArray, rng: np.random.Generator, repeats: int) -> FloatArray:
    """Return the means of resamples."""
    means = np.empty(repeats)
    step = max(1, _AT_ONCE // values.size)
    for start in range(0, repeats, step):
        chosen = rng.integers(0, values.size, (min(step, repeats - start), values.size))
        means[start : start + step] = values[chosen].mean(axis=1)
    return means


def _bounded(before: FloatArray, after: FloatArray, level: float, *, least: float) -> Estimate:
    width = 1.0 - least
    first, second = (
        mean_of_tasks(np.clip((side - least) / width, 0.0, 1.0), confidence_level=each_level(level))
        for side in (before, after)
    )
    assert isinstance(first, Estimate)
    assert isinstance(second, Estimate)
    value = float(before.mean() - after.mean())
    low, high = width * (first.low - second.high), width * (first.high - second.low)
    return Estimate(
        min(max(value, low), high), low, high, UNIT, level, before.size + after.size,
        f"difference in differences, bounded means over problems ({before.size:,} before, {after.size:,} after)",
    )  # fmt: skip
