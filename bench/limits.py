"""How few labels could do: two limits that no method passes while it keeps what it promises.

The first is that of the best known design and a normal interval of known width; the second is that of errors which no
judge sees: a bound that holds wherever the errors lie must be able to find a share of them by luck alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from scipy import optimize, special

from populations import Binormal

Goal = Literal["a", "b"]
GOALS: dict[Goal, str] = {
    "a": "two-sided 95 % interval, half-width at most 20 % of the errors",
    "b": "one-sided 95 % upper limit, at most twice the errors",
}
MISS = 0.05
SUCCESS = 0.8
"""Share of the samples in which the goal must be met."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Labels that no valid method can do without.

    Parameters
    ----------
    normal
        The least variance of any design with known posteriors, and the normal interval.
    hidden
        The floor of errors that the judge does not see.
    """

    normal: float
    hidden: float

    @property
    def least(self) -> float:
        """The greater of both."""
        return max(self.normal, self.hidden)


@cache
def limits(log: Binormal, goal: Goal) -> Limits:
    """Return both limits for a log and a goal."""
    return Limits(_normal(log, goal), _hidden(log, goal))


def _normal(log: Binormal, goal: Goal) -> float:
    """Least labels whose best design has the variance that the goal allows, each output drawn at most once."""
    half_width, z = (0.2, special.ndtri(1 - MISS / 2)) if goal == "a" else (1, special.ndtri(0.95))
    allowed = float((half_width * log.errors / z) ** 2)
    eta = log.expected_posteriors()
    sigma = np.sqrt(eta * (1 - eta))

    def excess(scale: float) -> float:
        drawn = np.minimum(1.0, scale * sigma)
        return float((sigma**2 * (1 / drawn - 1)).sum()) - allowed

    scale = optimize.brentq(excess, 1e-9, 1e9)
    return float(np.minimum(1.0, scale * sigma).sum())


def _hidden(log: Binormal, goal: Goal) -> float:
    """``N (1 - (miss / success)^(1 / (r M)))``: r M flipped labels must be met by chance."""
    flipped = (0.4 if goal == "a" else 1.0) * log.errors
    floor: float = log.size * -math.expm1(math.log(MISS / SUCCESS) / flipped)
    return floor
