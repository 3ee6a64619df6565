"""Whether the next turn of a loop is worth its cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from assay.errors import EstimateError
from assay.estimate.loop_forecast_result import GainForecast, check_positive
from assay.quantity import Estimate, Quantity, Unknown

Advice = Literal["go on", "stop", "undecided"]

_SECONDS_PER_HOUR = 3_600


@dataclass(frozen=True, slots=True)
class TurnCost:
    """What a turn costs, in money, or in processor time and its price.

    Parameters
    ----------
    usd : >= 0
    cpu_seconds, usd_per_cpu_hour : >= 0
        Added to it.

    Raises
    ------
    EstimateError
        If one is negative or infinite.
    """

    usd: float = 0.0
    cpu_seconds: float = 0.0
    usd_per_cpu_hour: float = 0.0

    def __post_init__(self) -> None:
        for name in ("usd", "cpu_seconds", "usd_per_cpu_hour"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise EstimateError(f"{name} must be finite and not negative, got {value}")

    @property
    def total_usd(self) -> float:
        """What it costs in all."""
        return self.usd + self.cpu_seconds * self.usd_per_cpu_hour / _SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class StopAdvice:
    """Whether the next turn is worth its cost.

    Parameters
    ----------
    advice
        "go on": the lower limit of its worth is above the cost; "stop": the upper one is below; else "undecided".
    fires
        Whether the predicted gain costs more than it is worth, whatever the limits; None without a prediction.
    errors_removed
        Over the horizon.
    worth_usd
        Of the next turn.
    cost_usd
    break_even_worth_usd
        Worth of an error removed from which the turn pays for itself; no upper limit where it may remove none.
    """

    advice: Advice
    fires: bool | None
    errors_removed: Quantity
    worth_usd: Quantity
    cost_usd: float
    break_even_worth_usd: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "advice": self.advice,
            "fires": self.fires,
            "errors_removed": self.errors_removed.to_json(),
            "worth_usd": self.worth_usd.to_json(),
            "cost_usd": self.cost_usd,
            "break_even_worth_usd": self.break_even_worth_usd.to_json(),
        }


def stop_rule(
    forecast: GainForecast,
    *,
    cost: TurnCost,
    worth_usd_per_error: float,
    throughput_per_day: float,
    horizon_days: float,
) -> StopAdvice:
    """Return whether the next turn is worth its cost.

    Parameters
    ----------
    forecast
    cost
        Of the next turn.
    worth_usd_per_error : >= 0
        Of an error removed.
    throughput_per_day : > 0
        Answers a day, the same before and after.
    horizon_days : > 0
        How long the version after the next turn will serve.

    Raises
    ------
    EstimateError
        If one is out of range.

    Notes
    -----
    ``worth = gain x throughput_per_day x horizon_days x worth_usd_per_error`` against the cost. Assumes that errors on
    the fixed tasks are those of the traffic, and that the turns after the next bring nothing: a loop whose gains grow
    may be stopped too early.

    Examples
    --------
    >>> gain = Estimate(0.013, -0.01, 0.04, "share right/turn", 0.95, 8000, "forecast", "simulated")
    >>> forecast = GainForecast(gain, Unknown("not asked"), Unknown("not asked"), 4)
    >>> asked = {"worth_usd_per_error": 0.01, "throughput_per_day": 1000.0, "horizon_days": 10.0}
    >>> stop_rule(forecast, cost=TurnCost(usd=500.0), **asked).advice
    'stop'
    """
    if not (math.isfinite(worth_usd_per_error) and worth_usd_per_error >= 0):
        raise EstimateError(
            f"worth_usd_per_error must be finite and >= 0, got {worth_usd_per_error}"
        )
    check_positive("throughput_per_day", throughput_per_day)
    check_positive("horizon_days", horizon_days)
    usd = cost.total_usd
    gain = forecast.next
    if isinstance(gain, Unknown):
        return StopAdvice("undecided", None, gain, gain, usd, gain)
    removed = gain.scaled(throughput_per_day * horizon_days, "errors")
    worth = removed.scaled(worth_usd_per_error, "USD")
    advice: Advice = "undecided"
    if worth.low > usd:
        advice = "go on"
    elif worth.high < usd:
        advice = "stop"
    return StopAdvice(
        advice, worth.value < usd, removed, worth, usd, _break_even_worth(removed, usd)
    )


def _break_even_worth(removed: Estimate, usd: float) -> Quantity:
    if removed.value <= 0:
        return Unknown("the next turn is not predicted to remove errors: no worth pays for it")
    high = usd / removed.low if removed.low > 0 else math.inf
    return Estimate(
        usd / removed.value,
        usd / removed.high,
        high,
        "USD/error",
        removed.confidence_level,
        removed.n,
        f"cost of a turn over errors removed ({removed.method})",
        removed.guarantee,
    )
