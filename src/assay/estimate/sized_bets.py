"""Limits of a weighted total by betting, while units are read one after the other.

A gambler who believes that the total is at least g bets on small findings, one who believes that it is at most g on
large ones. Each starts with 1 and can't go below 0. If the belief they bet against is true, the stake is not expected
to grow, so it ever reaches 1 / alpha with a chance of alpha at most (Ville): a total whose gambler got there is
rejected, whenever one looks. How much is staked changes only the width. Here it aims at 1 / alpha for the planned
number of units: boldly where little is left to win, as a test of fixed size does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Side = Literal["high", "low"]

_GRID_STEP = 0.01
_GRID_LINEAR_FROM = 0.05
_GRID_LINEAR_POINTS = 1_900
_WHOLE_GRID_MOST = 4_000
"""Totals up to here are tried one whole number after the other."""

_SAFE = 1 - 1e-9
"""A stake keeps this far from all: rounding must not make it negative."""

_HAIR = 1e-9
_MOST_OF_REST = 0.95
_LARGEST_LOG = 600.0
_FEW = 5
"""The population's mean weight counts as much as so many units, less one, in guessing those to come."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Units in the order in which they were drawn.

    Parameters
    ----------
    sizes, weights, taints : shape (n,)
        Size, weight in the draw, and share that is wrong, in [0, 1], of each.
    units, size, weight, largest_ratio
        Of the whole population: its units, its total size and weight, its largest size / weight.
    planned : >= 1
        Units planned to be read: fixed before the first was.
    """

    sizes: FloatArray
    weights: FloatArray
    taints: FloatArray
    units: int
    size: float
    weight: float
    largest_ratio: float
    planned: int


def grid(size: float, planned: int, *, whole: bool) -> FloatArray:
    """Return the edges of the cells that a total may lie in, from 0 to the size; fixed before anything is read.

    All totals of one cell share one gambler, the one that is right for its least favourable end.
    """
    if whole and size <= _WHOLE_GRID_MOST:
        return np.arange(round(size) + 1, dtype=np.float64)
    least, bend = size / (20 * max(planned, 2)), size * _GRID_LINEAR_FROM
    steps = math.ceil(math.log(bend / least) / _GRID_STEP) + 2 if least < bend else 2
    fine = np.geomspace(min(least, bend / 2), bend, steps)
    return np.concatenate([[0.0], fine, np.linspace(bend, size, _GRID_LINEAR_POINTS + 1)[1:]])


def limit(read: Readings, edges: FloatArray, *, side: Side, miss: float) -> float:
    """Return the limit of the total on one side: the end of the last cell whose gambler did not get there.

    Parameters
    ----------
    read
        What was read so far.
    edges : shape (cells + 1,)
        See `grid`.
    side
        Which limit.
    miss : in (0, 1)
        How often it may miss.

    Notes
    -----
    With S found so far, Q the weight not read yet and q, m, t the next unit's weight, size and taint, its finding is
    S + t m Q / q, and its expectation is the total whatever was found before (Des Raj 1956). The high side stakes a
    share L on g - finding >= g - S - Q max(m / q), the low side on finding - g >= S - g.
    """
    tried = edges[:-1] if side == "high" else edges[1:]
    rejected = _Gamblers(read, tried, side, math.log(1 / miss)).rejected()
    left = np.flatnonzero(~rejected)
    if not len(left):
        # Every belief lost, which the truth does with a chance of `miss` at most: nothing is claimed then.
        return float(edges[-1] if side == "high" else edges[0])
    return float(edges[left[-1] + 1] if side == "high" else edges[left[0]])


class _Gamblers:
    """One gambler for each total that is tried, all at once."""

    def __init__(self, read: Readings, tried: FloatArray, side: Side, goal: float) -> None:
        self._read = read
        self._tried = tried
        self._side = side
        self._goal = goal
        self._rejected = np.zeros(len(tried), dtype=np.bool_)
        self._wealth = np.zeros(len(tried))
        self._alive = np.arange(len(tried))
        # Findings so far, per unit of weight: at first the population's own mean stands in for them.
        ratio = read.size / read.weight
        self._ratios = [ratio, ratio * ratio]

    def rejected(self) -> npt.NDArray[np.bool_]:
        read = self._read
        found, rest, weight = 0.0, read.size, read.weight
        mean_weight = read.weight / read.units
        for place, (m, q, t) in enumerate(zip(read.sizes, read.weights, read.taints, strict=True)):
            more = self._open(found, rest)
            if not len(more):
                break
            ahead = read.planned - place if place < read.planned else max(read.planned // 2, 1)
            share = min(ahead * mean_weight / weight, _MOST_OF_REST)
            # The fewer are left, the larger a share of them each draw takes.
            chances = ahead * -math.log1p(-share) / share
            self._bet(more, weight, chances, m * t / q * weight)
            found, rest, weight = found + m * t, rest - m, max(weight - q, 0.0)
            ratio = m * t / q
            self._ratios = [self._ratios[0] + ratio, self._ratios[1] + ratio * ratio]
            mean_weight += (q - mean_weight) / (place + _FEW)
        self._open(found, rest)
        return self._rejected

    def _open(self, found: float, rest: float) -> FloatArray:
        """Return what each gambler still in the game has yet to find; close those that are settled."""
        more = self._tried[self._alive] - found
        slack = 1e-9 * self._read.size
        if self._side == "high":
            lost, won = more > rest + slack, more <= 0
        else:
            lost, won = more < -slack, more >= rest
        self._rejected[self._alive[lost]] = True
        keep = ~(lost | won)
        self._alive = self._alive[keep]
        return np.asarray(np.maximum(more[keep], 1e-300))

    def _bet(self, more: FloatArray, weight: float, chances: float, finding: float) -> None:
        wealth = self._wealth[self._alive]
        to_go = self._goal - wealth
        # An error is taken to be as large as those found so far, and to come as often as the belief says.
        event = np.maximum(self._ratios[1] / self._ratios[0] * weight, 1.02 * more)
        odds = more / (event - more)
        log_events = np.log(np.maximum(chances * odds / to_go, 1e-300))
        # A hair more than what is needed, so that rounding does not decide whether they got there.
        enough = np.expm1(np.minimum(to_go + _HAIR, _LARGEST_LOG))
        with np.errstate(over="ignore"):
            if self._side == "high":
                most = weight * self._read.largest_ratio
                tilt = 1 - np.interp(log_events, *_tilts("high"))
                stake = np.minimum(tilt / (event - more), enough / more)
                stake = np.minimum(stake, _SAFE / np.maximum(most - more, 1e-9 * most))
                gain = stake * (more - finding)
            else:
                tilt = np.interp(log_events, *_tilts("low")) - 1
                stake = np.minimum(tilt / (event - more), enough / (event - more))
                stake = np.minimum(stake, _SAFE / more)
                gain = stake * (finding - more)
        wealth = wealth + np.log(np.maximum(1 + gain, 1e-300))
        self._wealth[self._alive] = wealth
        there = wealth >= self._goal
        self._rejected[self._alive[there]] = True
        self._alive = self._alive[~there]


@lru_cache(maxsize=2)
def _tilts(side: Side) -> tuple[FloatArray, FloatArray]:
    """Return how many times as often as believed errors should be betted to come, by log of (errors expected / to go).

    A stake on `r` times as often grows by x (1 - r) + k log r over x expected and k seen errors. The high side takes
    the r that bears the most errors and still gets there, the low side the one that needs the fewest.
    """
    expected = np.geomspace(1e-3, 1e6, 600)
    tilts = np.empty_like(expected)
    if side == "high":
        rates = 1 - np.geomspace(1e-4, _SAFE, 3_000)
        for i, x in enumerate(expected):
            tilts[i] = rates[np.argmax((x * (1 - rates) - 1) / -np.log(rates))] if x > 1 else 0.0
    else:
        rates = 1 + np.geomspace(1e-4, 1e5, 3_000)
        for i, x in enumerate(expected):
            tilts[i] = rates[np.argmin((1 + x * (rates - 1)) / np.log(rates))]
    return np.log(expected), tilts
