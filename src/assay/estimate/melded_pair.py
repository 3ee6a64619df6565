"""Limits of what follows from two shares that were measured apart: a rate, a ratio, an odds ratio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.interval import missing_chance

FloatArray = npt.NDArray[np.float64]
Melded = Callable[[FloatArray, FloatArray], FloatArray]
LEAST_LEVEL, NEAR, TAIL_NODES, NODES = 1e-7, 0.02, 50, 200
"""Each confidence distribution is cut at so many levels: geometrically up to NEAR from either end, evenly between."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two independent samples.

    Parameters
    ----------
    one, other
        Hits and trials of each; no trials: nothing is known of that share.

    Raises
    ------
    EstimateError
        If a count is out of range.
    """

    one: tuple[int, int]
    other: tuple[int, int]

    def __post_init__(self) -> None:
        for hits, trials in (self.one, self.other):
            if not 0 <= hits <= trials:
                raise EstimateError(f"hits must be in 0..trials, got {hits} of {trials}")


def melded_limits(
    pair: Pair, function: Melded, *, falls: bool = True, confidence_level: float = 0.95
) -> tuple[float, float]:
    """Return limits of a function of two shares.

    Parameters
    ----------
    pair
    function
        Of two arrays of shares, elementwise. It never falls in the first.
    falls
        Whether it never rises in the second; else it never falls in it.
    confidence_level : in (0, 1)

    Returns
    -------
    low, high
        Infinite where the function is, or where it is nought through nought.

    Notes
    -----
    The confidence distribution of the lower limits of k hits of n is Beta(k, n - k + 1), that of the upper ones
    Beta(k + 1, n - k). The lower limit is the ``miss / 2`` quantile of the function at a draw of the lower one of the
    first share and of the upper one of the second (of the lower one, where the function rises in it): the melded
    interval of [1]_. It is never wider than the corner of a box of exact limits that hold together. No counterexample
    to its coverage is known; docs/METHODS.md tells where it was enumerated.

    References
    ----------
    .. [1] Fay, Proschan, Brittain, "Combining one-sample confidence procedures for inference in the two-sample case",
       Biometrics 71 (2015), doi:10.1111/biom.12231.

    Examples
    --------
    >>> low, high = melded_limits(Pair((80, 100), (30, 100)), lambda one, other: one - other)
    >>> round(low, 2), round(high, 2)
    (0.36, 0.62)
    """
    tail = missing_chance(confidence_level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        lows = function(*_grid(_nodes(pair.one, up=False), _nodes(pair.other, up=falls)))
        highs = function(*_grid(_nodes(pair.one, up=True), _nodes(pair.other, up=not falls)))
    lows[np.isnan(lows)] = -np.inf
    highs[np.isnan(highs)] = np.inf
    return _quantile(lows, tail), -_quantile(-highs, tail)


def _levels() -> FloatArray:
    """Return the levels at which a distribution is cut, 0 and 1 among them."""
    near = np.geomspace(LEAST_LEVEL, NEAR, TAIL_NODES)
    between = np.linspace(NEAR, 1 - NEAR, NODES)[1:-1]
    return np.concatenate([[0.0], near, between, (1 - near)[::-1], [1.0]])


_LEVELS = _levels()
_WEIGHTS = np.multiply.outer(np.diff(_LEVELS), np.diff(_LEVELS)).ravel()


def _quantile(values: FloatArray, tail: float) -> float:
    """Return the value at which the weights of those up to it pass the tail."""
    flat = values.ravel()
    order = np.argsort(flat)
    place = int(np.searchsorted(np.cumsum(_WEIGHTS[order]), tail, side="right"))
    return float(flat[order[min(place, len(order) - 1)]])


def _grid(one: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    first, second = np.broadcast_arrays(one[:, None], other[None, :])
    return first, second


def _nodes(count: tuple[int, int], *, up: bool) -> FloatArray:
    """Return the end of each part of the distribution that lies towards the limit: coarser cuts make wider limits."""
    hits, trials = count
    above, below = hits + up, trials - hits + 1 - up
    if above == 0 or below == 0 or not trials:
        return np.full(len(_LEVELS) - 1, float(up))
    nodes: FloatArray = special.betaincinv(above, below, _LEVELS[1:] if up else _LEVELS[:-1])
    return nodes
