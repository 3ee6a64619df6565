"""A lead of the best of N over a rival: how much of it the tries alone explain."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from assay.estimate.best_of_n import UNIT, Score, expected_maximum, maximum_reaches, true_score
from assay.quantity import Estimate, Quantity, Unknown, to_json

_GRID = 129
_MOST_TRIES = 1e9
_LEFT_OUT = 1e-8
"""Of an expected score: what the sum leaves out, given away at both limits."""


class Explained(Enum):
    """Whether a lead is more than what the tries alone give: three answers."""

    MORE = "the lead is more than the tries alone explain"
    TRIES_ALONE = "the tries alone may explain the lead"
    NO_LEAD = "there is no lead"


@dataclass(frozen=True, slots=True)
class LeadOfBest:
    """A lead over a rival, and what of it the tries explain.

    Parameters
    ----------
    score, rival
        The scores as they are shown.
    lead
        Share of items by which the score is above the rival's, as shown.
    inflation
        What the best of the tries of a system *no better than the rival* shows above its own true score, on average.
    chance
        How often the best of the tries of such a system reaches the score that is shown.
    corrected_lead
        True score of the submission that was picked, less the rival's.
    enough_tries
        Tries of such a system that reach the score shown every other time; at the rival's own score. None where even
        a billion do not.
    """

    score: Score
    rival: Score
    lead: float
    inflation: Estimate
    chance: Estimate
    corrected_lead: Estimate
    enough_tries: int | None

    @property
    def explained(self) -> Explained:
        """Whether the tries alone may explain the lead."""
        if self.lead <= 0:
            return Explained.NO_LEAD
        return Explained.MORE if self.corrected_lead.low > 0 else Explained.TRIES_ALONE

    @property
    def explained_share(self) -> Quantity:
        """Share of the lead that the tries explain on average, in [0, 1]."""
        if self.lead <= 0:
            return Unknown("there is no lead")
        part = self.inflation
        value, low, high = (min(x / self.lead, 1.0) for x in (part.value, part.low, part.high))
        return replace(part, value=value, low=low, high=high, unit="share of the lead")

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "tries": self.score.tries,
            "lead": self.lead,
            "explained": self.explained.value,
            "enough_tries": self.enough_tries,
            **to_json(
                {
                    "inflation": self.inflation,
                    "explained_share": self.explained_share,
                    "chance": self.chance,
                    "corrected_lead": self.corrected_lead,
                }
            ),
        }


def lead_of_best(score: Score, rival: Score, *, confidence_level: float = 0.95) -> LeadOfBest:
    """Say how much of a lead the tries alone explain.

    Parameters
    ----------
    score
        Of the system that leads, with its number of tries.
    rival
        Of the one it is compared with, with its own number of tries.
    confidence_level : in (0, 1)
        Of each Estimate.

    Notes
    -----
    The rival's true score lies in its interval; for each rate in it the expected maximum and the chance are exact, so
    their ranges over the interval hold at the same level. The corrected lead has both scores at ``1 - miss / 2``
    (Bonferroni), which is valid for scores on the same items too, and wider there than a paired comparison.

    Examples
    --------
    >>> found = lead_of_best(Score(153, 200, tries=27), Score(140, 200))
    >>> found.explained.value, round(found.lead, 3), round(found.inflation.value, 3)
    ('the tries alone may explain the lead', 0.065, 0.064)
    """
    theirs = true_score(rival, confidence_level=confidence_level)
    rates = (theirs.value, theirs.low, theirs.high)
    chances = sorted(maximum_reaches(rate, score) for rate in rates)
    each = round((1 + confidence_level) / 2, 12)
    own, other = (true_score(one, confidence_level=each) for one in (score, rival))
    value = own.value - other.value
    about = f"best of {score.tries:,} equal tries, over the rival's interval"
    return LeadOfBest(
        score=score,
        rival=rival,
        lead=score.share - rival.share,
        inflation=_inflation(score, theirs, about),
        chance=Estimate(
            chances[1],
            chances[0],
            chances[2],
            "share of contests",
            confidence_level,
            rival.items,
            about,
        ),
        corrected_lead=Estimate(
            value,
            own.low - other.high,
            own.high - other.low,
            UNIT,
            confidence_level,
            score.items + rival.items,
            "true score of the picked try less the rival's (Bonferroni)",
        ),
        enough_tries=_enough_tries(theirs.value, score),
    )


def _inflation(score: Score, rates: Estimate, method: str) -> Estimate:
    """Return what the best of the tries adds, over an interval of true rates: it is no monotone function of them."""

    def added(rate: float) -> float:
        return expected_maximum(rate, score.items, score.tries) - rate

    value = added(rates.value)
    least, most = _range(added, rates.low, rates.high)
    return Estimate(
        value=value,
        low=max(0.0, min(least - _LEFT_OUT, value)),
        high=max(most + _LEFT_OUT, value),
        unit=UNIT,
        confidence_level=rates.confidence_level,
        n=rates.n,
        method=method,
    )


def _range(function: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Return the least and greatest value over an interval: a grid, and a search about its extremes."""
    from scipy import optimize

    grid = np.linspace(low, high, _GRID)
    values = np.array([function(float(x)) for x in grid])
    ends: list[float] = []
    for sign in (1.0, -1.0):
        best = int(np.argmin(sign * values))
        between = (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, _GRID - 1)]))
        found = float(values[best])
        if between[0] < between[1]:
            refined = optimize.minimize_scalar(
                lambda x, sign=sign: sign * function(float(x)), bounds=between, method="bounded"
            )
            found = sign * min(sign * found, float(refined.fun))
        ends.append(found)
    return ends[0], ends[1]


def _enough_tries(rate: float, score: Score) -> int | None:
    once = maximum_reaches(rate, Score(score.right, score.items))
    if once >= 0.5:
        return 1
    needed = math.log(0.5) / math.log1p(-once) if once > 0 else math.inf
    return math.ceil(needed) if needed <= _MOST_TRIES else None
