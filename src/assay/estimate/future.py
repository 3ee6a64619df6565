"""What the coming days may bring, if they go on like those seen: days as blocks, a forecast and never a certificate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from assay.errors import EstimateError
from assay.quantity import Estimate, Unknown

Floats = NDArray[np.float64]

LEAST_DAYS = 7
"""Fewer days don't show how days differ."""

WIDENED = 1.2
"""A coming day's variation is taken this much larger than that of the days seen: simulation asks for it."""

OF_A_DAY, OF_A_SUM = 0.85, 0.5
"""How much of the chance to miss is spent, as simulation asks: a sum over days shares one error of the mean."""

DRAWS = 4_000
VARIATIONS = np.concatenate(([0.003, 0.01], np.linspace(0.03, 1.5, 24)))
"""Standard deviation / mean of the days' means: where the posterior is held, and what it can see at most."""

PRIOR = np.gradient(VARIATIONS) * np.exp(-VARIATIONS / 0.8)
"""Days that differ by more are held less likely before looking: by a factor of e at 0.8, which simulation asks for."""

PLACES = np.linspace(-6.0, 6.0, 33)
"""The same for the log mean, in standard deviations about its estimate."""


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What was found wrong on each day of a window, in the days' order.

    Parameters
    ----------
    outputs : each >= 1
        Outputs of each day that had any.
    wrong
        Labels that are wrong: one row a stratum, one column a day.
    weights : each >= 1
        Outputs that one label of a stratum stands for. All 1: every output was judged, nothing was sampled.
    unsure
        Labels that are unsure, as `wrong`; None for none.
    whole
        Whether a day was seen from end to end; None: every one. A day that was cut off says nothing of traffic.
    empty : >= 0
        Days between the first and the last without any output.

    Raises
    ------
    EstimateError
        Where lengths or counts contradict each other.
    """

    outputs: tuple[int, ...]
    wrong: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]
    unsure: tuple[tuple[float, ...], ...] | None = None
    whole: tuple[bool, ...] | None = None
    empty: int = 0

    def __post_init__(self) -> None:
        rows = [*self.wrong, *(self.unsure or ())]
        days = len(self.outputs)
        if any(len(row) != days for row in rows) or len(self.whole or self.outputs) != days:
            raise EstimateError(f"every row must have one number for each of the {days} days")
        if len(self.wrong) != len(self.weights) or (
            self.unsure is not None and len(self.unsure) != len(self.weights)
        ):
            raise EstimateError(f"{len(self.wrong)} strata need as many weights")
        if min(self.outputs, default=1) < 1 or min(self.weights, default=1.0) < 1:
            raise EstimateError("outputs of a day and weights of a stratum must be at least 1")
        if any(count < 0 for row in rows for count in row) or self.empty < 0:
            raise EstimateError("counts must not be negative")

    @property
    def errors(self) -> Floats:
        """Estimated errors of each day: wrong labels, each for the outputs that it stands for."""
        return np.asarray(np.asarray(self.weights, float) @ np.asarray(self.wrong, float))

    @property
    def whole_days(self) -> NDArray[np.bool_]:
        """Which days were seen from end to end."""
        return np.asarray(self.whole or [True] * len(self.outputs), bool)


class DayForecast:
    """Errors on a coming day, and in all over the next few: draws from what the days seen leave possible.

    Made by `forecast_days`; ask it at any confidence level.
    """

    def __init__(
        self, days: DayCounts, *, scale: float, horizon: int, rng: np.random.Generator
    ) -> None:
        whole = days.whole_days
        self.horizon = horizon
        self.days = int(whole.sum())
        self._none_found = not any(count for row in days.wrong for count in row)
        mean = float(days.errors[whole].mean()) * scale
        share = self.days / (self.days + days.empty)
        self._mean = mean, mean * share * horizon
        low, high = (
            _coming(days, horizon, upper=upper, rng=rng) * scale for upper in (False, True)
        )
        working = _working(days, horizon, rng)
        outputs = np.asarray(days.outputs, float)[whole]
        sizes = np.asarray(
            rng.poisson(_levels(outputs, 1.0, horizon, rng, more=0.0)) * scale, dtype=np.float64
        )
        self._one_day = (low, high, sizes)
        self._in_all = tuple((draws * working).sum(axis=1) for draws in (low, high, sizes))

    def on_a_day(self, confidence_level: float) -> Estimate:
        """Return the errors on one coming day that has outputs. Unit: errors/day."""
        return self._estimate(
            self._mean[0], self._one_day, "errors/day", confidence_level, OF_A_DAY
        )

    def in_all(self, confidence_level: float) -> Estimate:
        """Return the errors of all the coming days together. Unit: errors in 7 days, say."""
        unit = f"errors in {self.horizon} days"
        return self._estimate(self._mean[1], self._in_all, unit, confidence_level, OF_A_SUM)

    def _estimate(
        self,
        mean: float,
        draws: tuple[Floats, ...],
        unit: str,
        confidence_level: float,
        share: float,
    ) -> Estimate:
        lower, upper, sizes = draws
        miss = (1 - confidence_level) / 2 * share
        low = float(np.quantile(lower, miss, method="lower"))
        high = float(np.quantile(upper, 1 - miss, method="higher"))
        # No more can be wrong than comes out of the door.
        high = min(high, float(np.quantile(sizes, 1 - miss, method="higher")))
        low = 0.0 if self._none_found else min(low, high)
        return Estimate(
            value=min(max(mean, low), high),
            low=low,
            high=high,
            unit=unit,
            confidence_level=confidence_level,
            n=self.days,
            method=f"forecast, if days go on like these {self.days}: gamma-Poisson over days as blocks",
            guarantee="simulated",
        )


def forecast_days(
    days: DayCounts, *, horizon: int = 7, scale: float = 1.0, rng: np.random.Generator
) -> DayForecast | Unknown:
    """Forecast the errors of coming days from those of past ones.

    Parameters
    ----------
    days
        What was found on each day; days that were cut off are left out.
    horizon : >= 1
        Coming days, counted as the calendar counts them.
    scale : > 0
        Outputs of a coming day per output of a day seen, where the log holds but a part of the traffic.
    rng
        For the draws: limits vary by a few percent with it.

    Returns
    -------
    DayForecast or Unknown
        `Unknown` with fewer than seven whole days.

    Raises
    ------
    EstimateError
        If `horizon` or `scale` is out of range.

    Notes
    -----
    A day's errors are Poisson about a mean of its own, and the means of days follow a gamma distribution with mean m
    and variation v (standard deviation / mean). That takes in the days' rates and their traffic at once, also where
    busy days are worse. Of a sample the day's estimate, in units of u = sum w^2 k / sum w k errors, is treated as a
    count (Fay, Feuer 1997). Posterior on a grid of v in (0, 1.5], prior exp(-v / 0.8), and of log m, flat; the
    upper limit has one more error of the largest weight, and takes unsure labels for wrong. The variation of a coming
    day is widened by a fifth, and not all of the chance to miss is spent: days need not be gamma.

    It assumes that days are exchangeable: no trend, no change, and nothing said of which weekday comes. It fails after
    a change (`assay.estimate.day_drift`), under growth, and where days differ by more than v = 1.5. Coverage is
    simulated, see docs/METHODS.md; it is no certificate.

    References
    ----------
    .. [1] Meeker, Hahn, Escobar, "Statistical Intervals" (2nd ed. 2017), chapter 15, doi:10.1002/9781118594841.
    .. [2] Fay, Feuer, "Confidence intervals for directly standardized rates" (1997),
       doi:10.1002/(SICI)1097-0258(19970415)16:7<791::AID-SIM500>3.0.CO;2-#.

    Examples
    --------
    >>> import numpy as np
    >>> seen = DayCounts((500,) * 14, ((2, 1, 3, 2, 0, 4, 2, 1, 2, 3, 2, 1, 4, 1),), (10.0,))
    >>> forecast = forecast_days(seen, rng=np.random.default_rng(1))
    >>> day = forecast.on_a_day(0.95)
    >>> day.value, day.low < 8, 35 < day.high < 60
    (20.0, True, True)
    """
    if horizon < 1 or not 0 < scale < math.inf:
        raise EstimateError(f"horizon must be >= 1 and scale > 0, got {horizon} and {scale}")
    whole = int(days.whole_days.sum())
    if whole < LEAST_DAYS:
        return Unknown(
            f"{whole} whole days with outputs: fewer than {LEAST_DAYS} don't show how days differ"
        )
    return DayForecast(days, scale=scale, horizon=horizon, rng=rng)


def _coming(days: DayCounts, horizon: int, *, upper: bool, rng: np.random.Generator) -> Floats:
    """Return errors of coming days: one row a draw of mean and variation, one column a day."""
    whole = days.whole_days
    seen = np.asarray(days.wrong, float)[:, whole]
    if upper and days.unsure is not None:
        seen = seen + np.asarray(days.unsure, float)[:, whole]
    weights = np.asarray(days.weights, float)
    more = float(weights.max()) if upper else 0.0
    found = float(weights @ seen.sum(axis=1)) + more
    if found == 0:
        return np.zeros((DRAWS, horizon))
    unit = (float(weights**2 @ seen.sum(axis=1)) + more**2) / found
    return rng.poisson(_levels(weights @ seen / unit, unit, horizon, rng, more=more / unit)).astype(
        float
    )


def _working(days: DayCounts, horizon: int, rng: np.random.Generator) -> Floats:
    """Return 1 for each coming day that has outputs, 0 for one that has none."""
    if not days.empty:
        return np.ones((DRAWS, horizon))
    share = rng.beta(days.whole_days.sum() + 1, days.empty + 1, size=(DRAWS, 1))
    return (rng.random((DRAWS, horizon)) < share).astype(float)


def _levels(
    counts: Floats, unit: float, horizon: int, rng: np.random.Generator, *, more: float
) -> Floats:
    """Return means of coming days times `unit`, from the posterior of the gamma-Poisson model of some counts.

    `more` counts are added to the mean, and to no day: what the upper limit adds.
    """
    total = float(counts.sum()) + more
    if total == 0:
        return np.zeros((DRAWS, horizon))
    shape = VARIATIONS**-2.0
    spread = np.sqrt(1 / total + VARIATIONS**2 / counts.size)
    log_mean = math.log(total / counts.size) + spread[:, None] * PLACES
    by_shape = (special.gammaln(counts + shape[:, None]) - special.gammaln(shape)[:, None]).sum(
        axis=1
    )
    by_shape += counts.size * shape * np.log(shape)
    together = float(counts.sum()) + counts.size * shape
    posterior = (
        by_shape[:, None]
        + total * log_mean
        - together[:, None] * np.log(shape[:, None] + np.exp(log_mean))
    )
    cells = np.cumsum(np.exp(posterior - posterior.max()) * (spread * PRIOR)[:, None])
    # One draw from each of as many equal shares: less noise than independent draws.
    at = (np.arange(DRAWS) + rng.random(DRAWS)) / DRAWS * cells[-1]
    row, column = np.divmod(np.minimum(np.searchsorted(cells, at), cells.size - 1), PLACES.size)
    within = (PLACES[1] - PLACES[0]) * spread[row] * (rng.random(DRAWS) - 0.5)
    level = np.exp(log_mean[row, column] + within)[:, None] * unit
    wider = shape[row][:, None] / WIDENED**2
    return np.asarray(level * rng.gamma(wider, 1 / wider, (DRAWS, horizon)))
