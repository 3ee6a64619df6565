"""Best of N: what the best of several submissions shows beyond what it is, because the best one was picked."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.interval import missing_chance
from assay.quantity import Estimate

FloatArray = npt.NDArray[np.float64]

UNIT = "share of items"
MOST_ITEMS = 10_000_000
_WINDOW = 9.0
"""Standard deviations: what a maximum of a billion binomials has beyond is below 1e-9."""


@dataclass(frozen=True, slots=True)
class Score:
    """The score that is shown: that of the best of the tries.

    Parameters
    ----------
    right, items
        So many right of so many items: 0 <= right <= items, items > 0.
    tries : >= 1
        How many submissions, versions, prompts or seeds were tried on these items before the best was shown.

    Raises
    ------
    EstimateError
        If a count contradicts another.
    """

    right: int
    items: int
    tries: int = 1

    def __post_init__(self) -> None:
        _check(self.items, self.tries)
        if not 0 <= self.right <= self.items:
            raise EstimateError(f"right must be in [0, items], got {self.right} of {self.items}")

    @property
    def share(self) -> float:
        """Share of the items that are right."""
        return self.right / self.items


def expected_maximum(true_rate: float, items: int, tries: int) -> float:
    """Score to be expected of the best of several tries that are all equally good.

    Parameters
    ----------
    true_rate : in [0, 1]
        The true score of each try.
    items : in [1, 10 million]
    tries : >= 1

    Returns
    -------
    float
        In [true_rate, 1]; to nine digits.

    Raises
    ------
    EstimateError
        If an argument is out of its range.

    Notes
    -----
    ``E max = (1/n) sum_{k<n} (1 - F(k)^N)`` with F the binomial distribution. Exact where the tries are independent and
    each right or wrong is, item by item. Otherwise it is the most that can be: items that are harder than others spread
    a score less, and the maximum is a convex function [1]_; tries that err alike (positive dependence) have a lower
    maximum [2]_; and tries that are worse than the best of them add less. It fails where tries are made to differ, or
    where the later ones learned from the scores of the earlier.

    References
    ----------
    .. [1] Hoeffding, "On the distribution of the number of successes in independent trials", Ann. Math. Statist. 27
       (1956), doi:10.1214/aoms/1177728178.
    .. [2] Esary, Proschan, Walkup, "Association of random variables", Ann. Math. Statist. 38 (1967),
       doi:10.1214/aoms/1177698701.

    Examples
    --------
    >>> round(expected_maximum(0.7, 200, 1), 6), round(expected_maximum(0.7, 200, 27), 3)
    (0.7, 0.764)
    """
    _check(items, tries)
    if not 0 <= true_rate <= 1:
        raise EstimateError(f"true_rate must be in [0, 1], got {true_rate}")
    if true_rate in (0.0, 1.0) or tries == 1:
        return true_rate
    reach = _WINDOW * math.sqrt(items * true_rate * (1 - true_rate)) + _WINDOW**2
    low = max(0, math.floor(items * true_rate - reach))
    high = min(items, math.ceil(items * true_rate + reach))
    # Below the window 1 - F^N is 1 to the last digit; above it is 0.
    below = _at_least_one(np.arange(low, high, dtype=np.float64), items, tries, true_rate)
    return min(1.0, (low + float(below.sum())) / items)


def maximum_reaches(true_rate: float, score: Score) -> float:
    """Chance that the best of equally good tries reaches a score: ``1 - F(right - 1)^N``.

    Parameters
    ----------
    true_rate : in [0, 1]
    score

    Notes
    -----
    Exact for independent tries, and no less than the truth for tries that err alike; see `expected_maximum`.

    Examples
    --------
    >>> round(maximum_reaches(0.5, Score(8, 10, 1)), 4), round(maximum_reaches(0.5, Score(8, 10, 20)), 4)
    (0.0547, 0.6753)
    """
    if score.right == 0:
        return 1.0
    below = np.array([score.right - 1], dtype=np.float64)
    return float(_at_least_one(below, score.items, score.tries, true_rate)[0])


def true_score(score: Score, *, confidence_level: float = 0.95) -> Estimate:
    """Return the true score of the submission that was picked because it was the best.

    Parameters
    ----------
    score
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate
        Share of items. The value is the true score at which the expected maximum is the score shown.

    Notes
    -----
    Low is Clopper and Pearson's lower limit with ``miss / (2 N)``: each of the N tries is above its own limit but for
    that chance, so the picked one is also (Bonferroni). High is their upper limit with ``miss / 2``, for N = 1: a try
    truly better than the picked one would have shown at most what the picked one did. Both hold whatever the dependence
    between tries and however much they differ. Assumes that the items are a sample of the tasks that the score is to
    speak of. It fails where later tries learned from the scores of earlier ones on the same items.

    References
    ----------
    .. [1] Singh et al., "The Leaderboard Illusion" (2025), arXiv:2504.20879, section 3: the effect.

    Examples
    --------
    >>> shown = true_score(Score(153, 200, tries=27))
    >>> round(shown.value, 3), round(shown.low, 3), round(shown.high, 3)
    (0.702, 0.661, 0.822)
    """
    miss = missing_chance(confidence_level)
    n, right = score.items, score.right
    low = clopper_pearson(
        right, n, confidence_level=1 - miss / (2 * score.tries), alternative="greater"
    ).low
    high = clopper_pearson(right, n, confidence_level=confidence_level).high
    value = _rate_shown_as(score)
    return Estimate(
        value=min(max(value, low), high),
        low=low,
        high=high,
        unit=UNIT,
        confidence_level=confidence_level,
        n=n,
        method=f"best of {score.tries:,}: Clopper-Pearson, lower limit for every try at once",
    )


def _check(items: int, tries: int) -> None:
    if not 1 <= items <= MOST_ITEMS:
        raise EstimateError(f"items must be in [1, {MOST_ITEMS:,}], got {items:,}")
    if tries < 1:
        raise EstimateError(f"there must be one try at least, got {tries}")


def _at_least_one(below: FloatArray, items: int, tries: int, rate: float) -> FloatArray:
    """Return the chance that one of the tries is above each of some counts: 1 - F^N without cancellation."""
    above: FloatArray = special.bdtrc(below, items, rate)
    with np.errstate(divide="ignore"):
        reached: FloatArray = -np.expm1(tries * np.log1p(-above))
    return reached


def _rate_shown_as(score: Score) -> float:
    """Return the true rate whose expected maximum is the score."""
    from scipy import optimize

    share = score.share
    if score.tries == 1 or share in (0.0, 1.0):
        return share
    return float(
        optimize.brentq(
            lambda rate: expected_maximum(rate, score.items, score.tries) - share,
            0.0,
            share,
            xtol=1e-12,
        )
    )
