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
_SHORTENED = 2.38 / math.sqrt(2 * 4)


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
    """

    month: float
    level: float
    spread: float


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
    readings : at least 3, not all in one month
    rng
    draws : >= 1

    Returns
    -------
    Trend

    Raises
    ------
    EstimateError
        With fewer than 3 readings, or all at one time.

    Notes
    -----
    ``level_j ~ Normal(start + slope x_j, spread_j^2 + scatter^2)``; flat prior of the start, Normal(0, 0.5) of the
    slope a month, half-Cauchy(3) of the scatter [1]_. Exact but for a grid of 180 scatters: given the scatter the line
    is Gaussian. Measured levels are taken for normal on the logit or log scale. It assumes that what made the versions
    better goes on as it did, which no data can show.

    References
    ----------
    .. [1] Gelman, "Prior distributions for variance parameters in hierarchical models", Bayesian Analysis 1 (2006),
       doi:10.1214/06-BA117A.
    """
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
    months, levels, spreads = _columns(readings)
    straight = fit_trend(readings, rng=rng, draws=_CHAINS)
    x = months - straight.origin
    lowest, highest = float(levels.min()) - _FLOOR_REACH, float(levels.max())
    state = np.column_stack(
        [
            straight.start, straight.slope, np.log(straight.scatter),
            rng.uniform(lowest, highest, _CHAINS),
        ]
    )  # fmt: skip

    def log_posterior(at: FloatArray) -> FloatArray:
        line = np.logaddexp(at[:, 3:4], at[:, 0:1] + at[:, 1:2] * x)
        variance = spreads**2 + np.exp(2 * at[:, 2:3])
        fit = -0.5 * ((levels - line) ** 2 / variance + np.log(variance)).sum(axis=1)
        prior = -0.5 * (at[:, 1] / _SLOPE_SPREAD) ** 2
        prior = prior - np.log1p((np.exp(at[:, 2]) / _SCATTER_SCALE) ** 2) + at[:, 2]
        inside = (at[:, 3] >= lowest) & (at[:, 3] <= highest) & (np.abs(at[:, 0]) < 50)
        return np.where(
            inside & (at[:, 2] >= math.log(_SCATTER_GRID[0]) - 1e-9), fit + prior, -np.inf
        )

    # Beginnings are scattered far wider than the answer: chains that start alike would stay alike.
    state[:, :2] += rng.standard_normal((_CHAINS, 2)) * [1.0, 0.3]
    now = log_posterior(state)
    for step in range(_STEPS):
        # Differences of other chains have the shape of the posterior; one step in ten leaps from mode to mode.
        one, other = rng.permutation(_CHAINS), rng.permutation(_CHAINS)
        leap = 1.0 if step % 10 == 9 else _SHORTENED
        jitter = 1e-3 * rng.standard_normal(state.shape)
        proposed = state + leap * (state[one] - state[other]) + jitter
        then = log_posterior(proposed)
        taken = now + np.log(rng.random(_CHAINS)) < then
        state[taken], now[taken] = proposed[taken], then[taken]
    return Trend(state[:, 0], state[:, 1], np.exp(state[:, 2]), state[:, 3], straight.origin)


def _columns(readings: Sequence[Reading]) -> tuple[FloatArray, FloatArray, FloatArray]:
    if len(readings) < LEAST_VERSIONS:
        raise EstimateError(
            f"a trend needs {LEAST_VERSIONS} dated versions at least, got {len(readings)}"
        )
    table = np.array(readings, dtype=np.float64)
    if np.ptp(table[:, 0]) <= 0:
        raise EstimateError("all versions have one date: there is no trend without time")
    return table[:, 0], table[:, 1], table[:, 2]
