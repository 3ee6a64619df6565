"""Diminishing returns: what the next turn of a loop will bring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.errors import EstimateError
from assay.estimate.interval import missing_chance
from assay.estimate.loop_forecast_posterior import Posterior, posterior
from assay.estimate.loop_forecast_result import CheckedForecast, GainForecast, MeasuredTurn, Trend
from assay.estimate.loop_stop import Advice, StopAdvice, TurnCost, stop_rule
from assay.quantity import Estimate, Unknown

__all__ = [
    "Advice",
    "CheckedForecast",
    "GainForecast",
    "MeasuredTurn",
    "StopAdvice",
    "Trend",
    "TurnCost",
    "checked",
    "forecast_gain",
    "stop_rule",
]

GAIN = "share right/turn"


def forecast_gain(turns: Sequence[MeasuredTurn], *, confidence_level: float = 0.95) -> GainForecast:
    """Forecast the gain of the next turn of a loop.

    Parameters
    ----------
    turns
        Turn 0, 1, ... on the same tasks.
    confidence_level : in (0, 1)

    Returns
    -------
    GainForecast
        `Unknown` with fewer than two turns. With two, which are one gain, limits are wide: how fast gains grow smaller
        can't be seen yet.

    Raises
    ------
    EstimateError
        If the turns were not measured on as many tasks each, or the level is out of range.

    Notes
    -----
    The geometric law [1]_ as a chain: each gain is ``a`` times the last, with noise of training in every turn and of
    measurement in both accuracies; a, the noise and the first gain have broad weights beforehand (see
    `loop_forecast_posterior`), and gains that grow (a up to 1.6) are not ruled out. The value is the median. Limits
    cover the gain as it will be *measured*. Simulated (tests/coverage/test_loop_forecast.py): geometric, noisy, flat
    and collapsing loops, loops that follow the law of the logit, and S-shaped rises, which the geometric law is not.
    It fails where training varies by more than 0.06, where gains turn from growing to shrinking within a turn, where
    tasks change between turns, and where the loop itself is changed, as by another verifier or mix.

    References
    ----------
    .. [1] Yang et al., "A probabilistic inference scaling theory for LLM self-correction", EMNLP 2025,
       arXiv:2508.16456: ``Acc_t = Upp - a^t (Upp - Acc_0)``.

    Examples
    --------
    >>> forecast = forecast_gain([MeasuredTurn(right, 2000) for right in (1294, 1668, 1826, 1908)])
    >>> forecast.next.low < 26 / 2000 < forecast.next.high, 0.3 < forecast.ratio.value < 0.7
    (True, True)
    """
    miss = missing_chance(confidence_level)
    if len({turn.tasks for turn in turns}) > 1:
        raise EstimateError("a forecast needs turns that were measured on the same tasks")
    if len(turns) < 2:
        none = Unknown("a forecast needs a gain: two turns, turn 0 included")
        return GainForecast(none, none, none, len(turns))
    accuracies = np.array([turn.accuracy for turn in turns])
    # Turn 0 has no turn before it: its tasks are as steady as those of turn 1.
    variances = np.array([turn.variance() for turn in (turns[1], *turns[1:])])
    if turns[0].gained is None and turns[1].gained is None:
        variances[0] = turns[0].variance()
    found = posterior(accuracies, variances)
    return _forecast(found, turns, (miss / 2, 0.5, 1 - miss / 2), confidence_level)


def _forecast(
    found: Posterior,
    turns: Sequence[MeasuredTurn],
    shares: tuple[float, float, float],
    level: float,
) -> GainForecast:
    how = f"geometric law with noise, {len(turns)} turns of {turns[0].tasks:,} tasks"
    n = sum(turn.tasks for turn in turns)

    def estimate(values: Sequence[float], unit: str) -> Estimate:
        low, value, high = values
        return Estimate(value, low, high, unit, level, n, how, "simulated")

    return GainForecast(
        next=estimate([found.gain.quantile(share) for share in shares], GAIN),
        upper=estimate([found.upper.quantile(share) for share in shares], "share right"),
        ratio=estimate([found.ratio(share) for share in shares], "gain/gain of the turn before"),
        turns=len(turns),
    )


def checked(forecast: GainForecast, before: MeasuredTurn, after: MeasuredTurn) -> CheckedForecast:
    """Return whether the gain that was measured lies inside its forecast.

    Parameters
    ----------
    forecast
        Made when `before` was the last turn.
    before, after
        On the same tasks.

    Raises
    ------
    EstimateError
        If they are not of as many tasks.

    Examples
    --------
    >>> forecast = forecast_gain([MeasuredTurn(right, 2000) for right in (1294, 1668, 1826, 1908)])
    >>> checked(forecast, MeasuredTurn(1908, 2000), MeasuredTurn(1934, 2000)).inside
    True
    """
    if before.tasks != after.tasks:
        raise EstimateError("a gain needs two turns that were measured on the same tasks")
    measured = (after.right - before.right) / after.tasks
    if isinstance(forecast.next, Unknown):
        return CheckedForecast(forecast, measured, None)
    # Limits at the edge of what is possible are reached but for rounding.
    near = 1e-12
    inside = forecast.next.low - near <= measured <= forecast.next.high + near
    return CheckedForecast(forecast, measured, inside)
