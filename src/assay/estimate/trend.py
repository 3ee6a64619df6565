"""Trends over dated versions: all straight lines that the readings leave plausible, and lines that level off."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError

FloatArray = npt.NDArray[np.float64]

LEAST_VERSIONS = 3
"""Two readings lie on a line whatever is true: nothing would say how far versions scatter about it."""

DRAWS = 4_000
_SCATTER_GRID = np.geomspace(1e-3, 30.0, 180)
_SCATTER_SCALE = 3.0
"""Half-Cauchy scale of the scatter, in log units: so wide that a large scatter is not talked away. With 1 the limits of
the slope covered in 93 % where versions scattered by a factor of 2.7."""

_SLOPE_SPREAD = 0.5
"""Standard deviation of the slope's prior, in log units a month: wide against any system that was ever measured."""

_FLOOR_REACH = 12.0
_CHAINS = 500
_STEPS = 1_000
_FARTHEST = 50.0
"""Log units: where a start may lie at most."""

_TRIED = 10
"""Lines for each draw, where one-sided readings choose among them."""

_THINNED = 20
"""Steps between two draws of one chain."""

NONE_FOUND = (-0.5772156649015329, math.pi / math.sqrt(6))
"""Mean and standard deviation of log(n p) for the p at which none of n is found: ``P(none) = P(log(n p) < G)``, with G
the log of an exponential variable, here taken for normal."""


class Reading(NamedTuple):
    """A version: when, and what was measured of it.

    Parameters
    ----------
    month
        Months since any fixed day.
    level
        Logit of an error rate, or log of a volume.
    spread : >= 0
        Standard deviation of the measurement, in the same unit.
    side : 0, 1 or -1
        1: all that is known is that the version's level is hardly above this one, since no error was found; -1: hardly
        below, since nothing but errors was. With 0 it is a measurement.
    """

    month: float
    level: float
    spread: float
    side: int = 0


@dataclass(frozen=True, slots=True)
class Trend:
    """Draws from the posterior over trends, ``level(month) = log(exp(floor) + exp(start + slope (month - origin)))``.

    Parameters
    ----------
    start, slope, scatter, floor : shape (n_draws,)
        Level at the origin; change a month; standard deviation of versions about the trend; level that it levels off
        at, ``-inf`` for straight lines.
    origin
        Month that the starts are of.
    """

    start: FloatArray
    slope: FloatArray
    scatter: FloatArray
    floor: FloatArray
    origin: float

    def level(self, month: float) -> FloatArray:
        """Return the level of each draw's trend in a month."""
        return np.logaddexp(self.floor, self.start + self.slope * (month - self.origin))

    def version(self, month: float, spread: float, rng: np.random.Generator) -> FloatArray:
        """Return what a version of that month would be measured at, with its scatter and its measurement's spread."""
        noise = np.sqrt(self.scatter**2 + spread**2)
        return self.level(month) + noise * rng.standard_normal(len(self.start))

    def months_until(self, limit: float, now: float) -> FloatArray:
        """Return the months from now until each draw's trend is at the limit or below; 0: it is; inf: never."""
        with np.errstate(divide="ignore", invalid="ignore"):
            # The straight part has to come down to what is left of the limit above the floor.
            room = limit + np.log1p(-np.exp(np.minimum(self.floor - limit, 0.0)))
            at = self.origin + (room - self.start) / self.slope - now
        below = self.level(now) <= limit
        reached = (self.slope < 0) & (self.floor < limit)
        return np.where(below, 0.0, np.where(reached, np.maximum(at, 0.0), np.inf))


def fit_trend(
    readings: Sequence[Reading], *, rng: np.random.Generator, draws: int = DRAWS
) -> Trend:
    """Return straight lines that the readings leave plausible.

    Parameters
    ----------
    readings : at least 3 measured ones, not all in one month
    rng
    draws : >= 1

    Returns
    -------
    Trend

    Raises
    ------
    EstimateError
        With fewer than 3 measured readings, or all at one time.

    Notes
    -----
    ``level_j ~ Normal(start + slope x_j, spread_j^2 + scatter^2)``; flat prior of the start, Normal(0, 0.5) of the
    slope a month, half-Cauchy(3) of the scatter [1]_. Exact but for a grid of 180 scatters: given the scatter the line
    is Gaussian. Measured levels are taken for normal on the logit or log scale. One-sided readings count by
    ``Phi(side (level_j - line) / sqrt(spread_j^2 + scatter^2))``, drawing the lines again with it as
    their weight, or by Markov chains as in `fit_saturating_trend` where few lines have any: taken for measurements,
    versions without an error would show a trend wherever their numbers of labels do. It assumes that
    what made the versions better goes on as it did, which no data can show.

    References
    ----------
    .. [1] Gelman, "Prior distributions for variance parameters in hierarchical models", Bayesian Analysis 1 (2006),
       doi:10.1214/06-BA117A.
    """
    if any(reading.side for reading in readings):
        return _with_limits(readings, rng=rng, draws=draws)
    months, levels, spreads = _columns(readings)
    origin = float(months.mean())
    design = np.column_stack([np.ones(len(months)), months - origin])
    prior = np.diag([0.0, _SLOPE_SPREAD**-2])
    weights = np.empty(len(_SCATTER_GRID))
    centers, roots = np.empty((len(_SCATTER_GRID), 2)), np.empty((len(_SCATTER_GRID), 2, 2))
    for place, scatter in enumerate(_SCATTER_GRID):
        precision = 1.0 / (spreads**2 + scatter**2)
        information = (design.T * precision) @ design + prior
        center = np.linalg.solve(information, (design.T * precision) @ levels)
        left = float((precision * levels) @ (levels - design @ center))
        _, log_determinant = np.linalg.slogdet(information)
        # The grid is even in log(scatter), hence its width is in proportion to the scatter.
        weights[place] = (
            0.5 * float(np.log(precision).sum()) - 0.5 * log_determinant - 0.5 * left
            - math.log1p((scatter / _SCATTER_SCALE) ** 2) + math.log(scatter)
        )  # fmt: skip
        centers[place] = center
        roots[place] = np.linalg.inv(np.linalg.cholesky(information)).T
    chance = np.exp(weights - special.logsumexp(weights))
    chosen = rng.choice(len(_SCATTER_GRID), size=draws, p=chance / chance.sum())
    lines = centers[chosen] + np.einsum(
        "dij,dj->di", roots[chosen], rng.standard_normal((draws, 2))
    )
    return Trend(lines[:, 0], lines[:, 1], _SCATTER_GRID[chosen], np.full(draws, -np.inf), origin)


def _with_limits(readings: Sequence[Reading], *, rng: np.random.Generator, draws: int) -> Trend:
    """Return straight lines that the measured readings leave plausible, weighted by what the one-sided ones say."""
    measured = [reading for reading in readings if not reading.side]
    many = fit_trend(measured, rng=rng, draws=_TRIED * draws)
    weight = np.zeros(len(many.start))
    for month, level, spread, side in readings:
        if side:
            off = (level - many.level(month)) / np.sqrt(spread**2 + many.scatter**2)
            weight += special.log_ndtr(side * off)
    chance = np.exp(weight - special.logsumexp(weight))
    chance = chance / chance.sum()
    if 1 / float(chance @ chance) < draws / 4:
        return _sampled(readings, rng=rng, draws=draws, levels_off=False)
    chosen = rng.choice(len(chance), size=draws, p=chance)
    return Trend(
        many.start[chosen],
        many.slope[chosen],
        many.scatter[chosen],
        many.floor[chosen],
        many.origin,
    )


def fit_saturating_trend(readings: Sequence[Reading], *, rng: np.random.Generator) -> Trend:
    """Return trends that level off which the readings leave plausible.

    Notes
    -----
    As `fit_trend`, with a floor whose prior is flat from 12 log units below the best version to the worst one: data
    that still fall say little of where they will stop. Differential-evolution Markov chains [1]_, 500 of 1,000 steps;
    the last step of each is a draw.

    References
    ----------
    .. [1] ter Braak, "A Markov chain Monte Carlo version of the genetic algorithm differential evolution", Statistics
       and Computing 16 (2006), doi:10.1007/s11222-006-8769-1.
    """
    return _sampled(readings, rng=rng, draws=_CHAINS, levels_off=True)


def _sampled(
    readings: Sequence[Reading], *, rng: np.random.Generator, draws: int, levels_off: bool
) -> Trend:
    """Return draws from the posterior over straight lines, or over trends that level off, with one-sided readings."""
    measured = [reading for reading in readings if not reading.side]
    straight = fit_trend(measured, rng=rng, draws=_CHAINS)
    columns = [straight.start, straight.slope, np.log(straight.scatter)]
    floors = (0.0, 0.0)
    if levels_off:
        levels = [reading.level for reading in measured]
        floors = (min(levels) - _FLOOR_REACH, max(levels))
        columns.append(rng.uniform(*floors, _CHAINS))
    state = np.column_stack(columns)
    # Beginnings are scattered far wider than the answer: chains that start alike would stay alike.
    state[:, :2] += rng.standard_normal((_CHAINS, 2)) * [1.0, 0.3]
    density = _Density.of(readings, straight.origin, floors)
    kept, now = [], density.log_at(state)
    rounds = -(-draws // _CHAINS)
    for step in range(_STEPS + _THINNED * (rounds - 1)):
        # Differences of other chains have the shape of the posterior; one step in ten leaps from mode to mode.
        one, other = rng.permutation(_CHAINS), rng.permutation(_CHAINS)
        leap = 1.0 if step % 10 == 9 else 2.38 / math.sqrt(2 * state.shape[1])
        jitter = 1e-3 * rng.standard_normal(state.shape)
        proposed = state + leap * (state[one] - state[other]) + jitter
        then = density.log_at(proposed)
        taken = now + np.log(rng.random(_CHAINS)) < then
        state[taken], now[taken] = proposed[taken], then[taken]
        if step >= _STEPS - 1 and (step - _STEPS + 1) % _THINNED == 0:
            kept.append(state.copy())
    found = np.concatenate(kept)[:draws]
    floor = found[:, 3] if levels_off else np.full(draws, -np.inf)
    return Trend(found[:, 0], found[:, 1], np.exp(found[:, 2]), floor, straight.origin)


class _Density(NamedTuple):
    """The posterior's density over start, slope, log scatter and, where trends level off, the floor."""

    x: FloatArray
    levels: FloatArray
    variances: FloatArray
    sides: FloatArray
    floors: tuple[float, float]

    @classmethod
    def of(
        cls, readings: Sequence[Reading], origin: float, floors: tuple[float, float]
    ) -> _Density:
        table = np.array(readings, dtype=np.float64)
        return cls(table[:, 0] - origin, table[:, 1], table[:, 2] ** 2, table[:, 3], floors)

    def log_at(self, at: FloatArray) -> FloatArray:
        """Return the log density of each row, but for a constant."""
        line = at[:, 0:1] + at[:, 1:2] * self.x
        inside = np.abs(at[:, 0]) < _FARTHEST
        if at.shape[1] > 3:
            line = np.logaddexp(at[:, 3:4], line)
            inside &= (at[:, 3] >= self.floors[0]) & (at[:, 3] <= self.floors[1])
        scatter = at[:, 2]
        inside &= scatter >= math.log(_SCATTER_GRID[0]) - 1e-9
        inside &= scatter <= math.log(_SCATTER_GRID[-1]) + 1e-9
        variance = self.variances + np.exp(2 * np.minimum(scatter, 50.0))[:, None]
        off = (self.levels - line) / np.sqrt(variance)
        known = self.sides == 0
        fit = -0.5 * (off**2 + np.log(variance))[:, known].sum(axis=1)
        fit = fit + special.log_ndtr((self.sides * off)[:, ~known]).sum(axis=1)
        prior = -0.5 * (at[:, 1] / _SLOPE_SPREAD) ** 2
        prior = (
            prior - np.log1p((np.exp(np.minimum(scatter, 50.0)) / _SCATTER_SCALE) ** 2) + scatter
        )
        return np.asarray(np.where(inside, fit + prior, -np.inf))


def _columns(readings: Sequence[Reading]) -> tuple[FloatArray, FloatArray, FloatArray]:
    if len(readings) < LEAST_VERSIONS:
        raise EstimateError(
            f"a trend needs {LEAST_VERSIONS} dated versions with a level at least, got {len(readings)}"
        )
    table = np.array(readings, dtype=np.float64)
    if np.ptp(table[:, 0]) <= 0:
        raise EstimateError("all versions have one date: there is no trend without time")
    return table[:, 0], table[:, 1], table[:, 2]
