"""One change in a row of days: whether there was one, when, and how small a one would have been seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.interval import missing_chance
from assay.quantity import Unknown

FloatArray = npt.NDArray[np.float64]

LEAST_DAYS = 10
"""Fewer days have too few orders for any p-value that counts."""

_BLOCK = 4_096  # Orders tried at once, so that a year of days needs no gigabytes.

EDGE = 2
"""Days on the shorter side of a change: one odd day is no change."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The likeliest change of a series.

    Parameters
    ----------
    day
        Place of the first day after it.
    before, after
        Weighted means on both sides.
    p_value : in (0, 1]
        Chance that days in random order look as changed as these.
    visible
        The smallest change in the middle of the series that would have been seen with a chance of 80 %, in the
        series' own unit.
    """

    day: int
    before: float
    after: float
    p_value: float
    visible: float


def change_point(
    values: FloatArray,
    weights: FloatArray,
    *,
    rng: np.random.Generator,
    miss: float = 0.05,
    orders: int = 1_999,
) -> ChangePoint | Unknown:
    """Return the likeliest change of the mean of a series, and how likely chance does as much.

    Parameters
    ----------
    values : shape (days,)
        A mean of each day: errors per answer, log length.
    weights : shape (days,), > 0
        Answers behind each mean.
    rng
        Draws the orders of the days.
    miss : in (0, 1)
        False alarms that are allowed; `visible` is for this level.
    orders
        Random orders of the days that are tried.

    Returns
    -------
    ChangePoint or Unknown
        `Unknown` where there are fewer than 10 days, or where all days are alike.

    Raises
    ------
    EstimateError
        If the arrays don't fit, or a weight is not positive.

    Notes
    -----
    The statistic is the greatest share, over all places, of the weighted sum of squares that a step explains. Its
    p-value is that of a permutation test over whole days: exact where the days would come in any order equally likely,
    whatever happens within a day. It fails where the mean drifts, or where days hang together (weekends are fine, they
    are spread; a busy month is not): then "a change" is a drift, and false alarms are more than `miss`.

    References
    ----------
    .. [1] Antoch, Huskova, "Permutation tests in change point analysis", Statistics & Probability Letters 53 (2001),
       doi:10.1016/S0167-7152(01)00009-8.
    """
    if values.shape != weights.shape or values.ndim != 1 or not np.all(weights > 0):
        raise EstimateError("a series needs one positive weight for each value")
    days = len(values)
    if days < LEAST_DAYS:
        return Unknown(
            f"{days} days are too few to tell a change from chance: {LEAST_DAYS} at least"
        )
    spread = float(weights @ (values - np.average(values, weights=weights)) ** 2)
    if spread <= 1e-12 * float(weights @ (values * values)):
        return Unknown("all days are alike")
    explained = _explained(values[None, :], weights[None, :])[0]
    place = int(np.argmax(explained))
    most = float(explained[place])
    by_chance = _by_chance(values, weights, orders, rng)
    as_far = int(np.sum(by_chance >= most * (1 - 1e-12)))
    day = place + EDGE
    return ChangePoint(
        day=day,
        before=float(np.average(values[:day], weights=weights[:day])),
        after=float(np.average(values[day:], weights=weights[day:])),
        p_value=(1 + as_far) / (1 + orders),
        visible=_visible(spread - most, float(np.quantile(by_chance, 1 - miss)), spread, weights),
    )


def change_days(
    values: FloatArray,
    weights: FloatArray,
    *,
    rng: np.random.Generator,
    confidence_level: float = 0.95,
    orders: int = 299,
) -> tuple[int, int]:
    """Return the first and the last day on which a change that there was may have come.

    Parameters
    ----------
    values, weights
        As `change_point`, which has seen a change in them.
    rng
        Draws the orders of the days.
    confidence_level : in (0, 1)
    orders
        Random orders of the days that are tried for each day.

    Returns
    -------
    tuple of int
        Places of the days, both included, each the first day after a change.

    Raises
    ------
    EstimateError
        If there are fewer than 10 days.

    Notes
    -----
    All days that a test does not reject, and those between them. The test of a day: the days before it are put in
    random order, and so are those from it on; how much more the best place explains than this one must not be more
    than in all but `1 - confidence_level` of the orders. Exact where the change came at once and both sides are quiet,
    at least two days from either end; over all series, not over those alone in which a change was seen.
    """
    days = len(values)
    if days < LEAST_DAYS:
        raise EstimateError(f"{days} days are too few to say when a change came")
    explained = _explained(values[None, :], weights[None, :])[0]
    most = float(explained.max())
    kept = []
    for place, own in enumerate(explained):
        day = place + EDGE
        order = np.broadcast_to(np.arange(days), (orders, days)).copy()
        order[:, :day] = rng.permuted(order[:, :day], axis=1)
        order[:, day:] = rng.permuted(order[:, day:], axis=1)
        # What this place explains is the same in all of these orders, so the best alone is compared.
        best = _explained(values[order], weights[order]).max(axis=1)
        as_far = int(np.sum(best >= most * (1 - 1e-12)))
        if own >= most or (1 + as_far) / (1 + orders) > missing_chance(confidence_level):
            kept.append(day)
    return kept[0], kept[-1]


def _by_chance(
    values: FloatArray, weights: FloatArray, orders: int, rng: np.random.Generator
) -> FloatArray:
    """Return the greatest sum of squares that a step explains, of each of some random orders of the days."""
    days = np.arange(len(values))
    parts = []
    for begin in range(0, orders, _BLOCK):
        rows = min(_BLOCK, orders - begin)
        shuffled = rng.permuted(np.broadcast_to(days, (rows, len(days))), axis=1)
        parts.append(_explained(values[shuffled], weights[shuffled]).max(axis=1))
    return np.concatenate(parts)


def _explained(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return, of each row, the sum of squares that a step at each place explains; places EDGE to days - EDGE."""
    total = weights.sum(axis=1, keepdims=True)
    centred = values - (weights * values).sum(axis=1, keepdims=True) / total
    # Of a centred row what lies after a place is what lies before it with the sign turned.
    sums = np.cumsum(weights * centred, axis=1)[:, EDGE - 1 : -EDGE]
    before = np.cumsum(weights, axis=1)[:, EDGE - 1 : -EDGE]
    return np.asarray(sums**2 * total / (before * (total - before)))


def _visible(noise: float, needed: float, spread: float, weights: FloatArray) -> float:
    """Return the step in the middle that is seen with 80 % chance: what chance explains, and 0.84 sd more."""
    days, total = len(weights), float(weights.sum())
    halves = total / 4  # w1 w2 / w at the middle.
    variance = max(noise, 0.0) / (days - 2)
    # A step of d explains d^2 w1 w2 / w of a spread that it makes greater by as much.
    share = min(needed / spread, 0.999)
    threshold = math.sqrt(share / (1 - share) * variance * (days - 2) / halves)
    return threshold + float(special.ndtri(0.8)) * math.sqrt(variance / halves)
