"""Measured turns of a loop, and a forecast of the next; `assay.estimate.loop_forecast` makes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from assay.errors import EstimateError
from assay.quantity import Quantity, Unknown

Trend = Literal["falling", "rising", "undecided"]


@dataclass(frozen=True, slots=True)
class MeasuredTurn:
    """How many of the fixed tasks a turn's version gets right.

    Parameters
    ----------
    right : in 0..tasks
    tasks : >= 1
        The same tasks in every turn, each answered once.
    gained, lost : >= 0
        Tasks newly right and newly wrong against the turn before. None: not known, and limits are wider.

    Raises
    ------
    EstimateError
        If counts don't fit.
    """

    right: int
    tasks: int
    gained: int | None = None
    lost: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.right <= self.tasks or self.tasks < 1:
            raise EstimateError(f"{self.right} right of {self.tasks} tasks can't be")
        if (self.gained is None) != (self.lost is None):
            raise EstimateError("gained and lost are known both, or neither")
        changed = (self.gained or 0, self.lost or 0)
        if min(changed) < 0 or changed[0] > self.right or changed[1] > self.tasks - self.right:
            raise EstimateError(
                f"{self.gained} gained and {self.lost} lost don't fit {self.right} right of {self.tasks} tasks"
            )

    @property
    def accuracy(self) -> float:
        """Share right."""
        return self.right / self.tasks

    def variance(self) -> float:
        """Return the variance of a turn's measurement: of the tasks that changed where that is known, else binomial."""
        if self.gained is not None and self.lost is not None:
            # One more, so that no change in few tasks is not taken for certainty.
            share = (self.gained + self.lost + 1) / (self.tasks + 1)
            difference = (self.gained - self.lost) / self.tasks
            return max(share - difference**2, 1 / self.tasks) / self.tasks / 2
        share = (self.right + 1) / (self.tasks + 2)
        return share * (1 - share) / self.tasks


@dataclass(frozen=True, slots=True)
class GainForecast:
    """What the next turn will bring.

    Parameters
    ----------
    next
        Measured accuracy of the next turn less that of the last, on the same tasks: prediction limits in [-1, 1].
    upper, ratio
        `Upp` and `a` of ``Acc_t = Upp - a^t (Upp - Acc_0)``. A ratio of 1 and above: gains don't grow smaller.
    turns
        That were measured, turn 0 included.
    """

    next: Quantity
    upper: Quantity
    ratio: Quantity
    turns: int

    @property
    def trend(self) -> Trend:
        """Whether error volume at the same throughput still falls in the next turn."""
        if isinstance(self.next, Unknown):
            return "undecided"
        if self.next.low > 0:
            return "falling"
        return "rising" if self.next.high < 0 else "undecided"

    def errors_removed_per_day(self, throughput_per_day: float) -> Quantity:
        """Return how many errors a day fewer there are after the next turn; negative where there are more.

        Parameters
        ----------
        throughput_per_day : > 0
            Answers a day, the same before and after.

        Raises
        ------
        EstimateError
            If it is not above 0 and finite.
        """
        check_positive("throughput_per_day", throughput_per_day)
        if isinstance(self.next, Unknown):
            return self.next
        return self.next.scaled(throughput_per_day, "errors/day")

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "next": self.next.to_json(),
            "upper": self.upper.to_json(),
            "ratio": self.ratio.to_json(),
            "turns": self.turns,
            "trend": self.trend,
        }


@dataclass(frozen=True, slots=True)
class CheckedForecast:
    """A forecast, and what was measured afterwards.

    Parameters
    ----------
    forecast
    measured
        Gain.
    inside
        Whether it lies within the limits; None where there were none.
    """

    forecast: GainForecast
    measured: float
    inside: bool | None

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "forecast": self.forecast.to_json(),
            "measured": self.measured,
            "inside": self.inside,
        }


def check_positive(name: str, value: float) -> None:
    """Refuse a number that is not finite and above 0.

    Raises
    ------
    EstimateError
        With its name.
    """
    if not (math.isfinite(value) and value > 0):
        raise EstimateError(f"{name} must be finite and above 0, got {value}")
