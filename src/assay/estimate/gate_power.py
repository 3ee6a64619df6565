"""How many tasks a decision on two versions takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from assay.errors import EstimateError
from assay.estimate.paired import PairedTable
from assay.estimate.paired_eprocess import paired_log_e_value
from assay.estimate.paired_exact import binomial_chances, binomial_tails
from assay.estimate.tango import score_statistic
from assay.quantity import Estimate, Quantity, Unknown, assumed

MOST_TASKS = 2_000_000
"""Beyond that nobody asks: the answer is that this margin can't be decided."""

_REACH = 6.5


@dataclass(frozen=True, slots=True)
class FlipRates:
    """What is assumed of two versions.

    Parameters
    ----------
    broke, fixed : in [0, 1], together at most 1
        P(newly wrong) and P(newly right), per task.

    Raises
    ------
    EstimateError
        If they are no two shares of one whole.
    """

    broke: float
    fixed: float

    def __post_init__(self) -> None:
        if not (self.broke >= 0 and self.fixed >= 0 and self.broke + self.fixed <= 1 + 1e-12):
            raise EstimateError(f"broke and fixed must be shares of the tasks, got {self}")

    @property
    def difference(self) -> float:
        """Error rate of the new version less that of the old one."""
        return self.broke - self.fixed


def decision_power(rates: FlipRates, n: int, *, margin: float, miss: float) -> float:
    """Return the chance that `n` tasks show on which side of the margin the difference lies.

    Parameters
    ----------
    rates
        What is true.
    n : >= 0
    margin : in (-1, 1)
    miss : in (0, 1)
        How often a decision may be wrong: one-sided.

    Returns
    -------
    float
        0 where the truth is the margin itself: no number of tasks shows that.

    Notes
    -----
    Summed over the number of changed tasks. At margin 0 it is the power of the exact McNemar test; else that of the
    score test at its nominal level, of which the exact one loses a little.
    """
    if n == 0 or rates.difference == margin:
        return 0.0
    changed = rates.broke + rates.fixed
    if changed == 0:
        # Nothing ever changes: all that is left to show is that the margin isn't reached.
        z = float(score_statistic(np.zeros(1), np.zeros(1), n, margin)[0])
        return 1.0 if abs(z) >= -float(special.ndtri(miss)) else 0.0
    spread = _REACH * math.sqrt(n * changed * (1 - changed)) + _REACH
    counts = np.arange(max(0, int(n * changed - spread)), min(n, int(n * changed + spread) + 1) + 1)
    more = rates.difference > margin
    # To show fewer errors is to show more with the versions exchanged.
    up = rates.broke if more else rates.fixed
    most = _least_shown(counts, n, margin if more else -margin, miss) - 1
    shown = 1 - binomial_tails(most, counts, up / changed)
    return min(1.0, float(binomial_chances(counts, n, changed) @ shown))


def tasks_needed(
    rates: FlipRates, *, margin: float = 0.0, miss: float = 0.025, power: float = 0.8
) -> Quantity:
    """Return how many tasks show on which side of the margin the difference lies.

    Parameters
    ----------
    rates
        What is taken for true: what was seen so far, or what one wants to be able to see.
    margin : in (-1, 1)
    miss : in (0, 1)
        How often a decision may be wrong: one-sided.
    power : in (0, 1)
        Chance to get a decision at all.

    Returns
    -------
    Estimate or Unknown
        Unit: tasks. `Unknown` where the difference is the margin itself, or two million tasks are too few.

    Notes
    -----
    A plan on the user's word, or on what was seen so far: if the truth is closer to the margin, it takes more.

    Examples
    --------
    >>> tasks_needed(FlipRates(0.05, 0.07)).value
    2439.0
    """
    if rates.difference == margin:
        return Unknown(
            f"if the true difference is the margin itself ({margin:+.2%}), no number of tasks shows it"
        )

    def enough(n: int) -> bool:
        return decision_power(rates, n, margin=margin, miss=miss) >= power

    found = _least(enough, _about(rates, margin))
    return _planned(found, f"a decision with {power:.0%} chance", rates, margin)


def tasks_needed_any_time(
    rates: FlipRates, *, margin: float = 0.0, miss: float = 0.025
) -> Quantity:
    """Return after about how many tasks a bet against the margin has won, looking all the time.

    Parameters
    ----------
    rates, margin, miss
        As `tasks_needed`.

    Returns
    -------
    Estimate or Unknown
        Unit: tasks: where the counts are what they should be on average, so in about half of the cases.
    """
    if rates.difference == margin:
        return tasks_needed(rates, margin=margin, miss=miss)
    more = rates.difference > margin

    def enough(n: int) -> bool:
        broke, fixed = round(n * rates.broke), round(n * rates.fixed)
        table = PairedTable(n - broke - fixed if n > broke + fixed else 0, broke, fixed, 0)
        log_e = paired_log_e_value(table, margin, alternative="greater" if more else "less")
        return log_e >= -math.log(miss)

    return _planned(
        _least(enough, _about(rates, margin)),
        "an any-time decision in half of the cases",
        rates,
        margin,
    )


def _about(rates: FlipRates, margin: float) -> float:
    """Return the number of tasks at which the difference lies one standard error off the margin."""
    variance = rates.broke + rates.fixed - rates.difference**2
    return max(variance, 1e-9) / (rates.difference - margin) ** 2


def _least(enough: Callable[[int], bool], about: float) -> int | None:
    """Return the least number that is enough, to a thousandth; None where it is too many to ask."""
    if about > MOST_TASKS:
        return None
    # One standard error is less than any plan asks for.
    low, high = 0, max(1, int(about))
    while not enough(high):
        low, high = high, 2 * high
        if high > 100 * MOST_TASKS:
            return None
    while high - low > max(1, high // 1000):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high if high <= MOST_TASKS else None


def _planned(found: int | None, what: str, rates: FlipRates, margin: float) -> Quantity:
    if found is None:
        return Unknown(
            f"a difference of {rates.difference:+.2%} is too close to the margin of {margin:+.2%}: "
            f"{MOST_TASKS:,} tasks don't decide it"
        )
    words = f"{what}, if {rates.broke:.2%} break and {rates.fixed:.2%} are fixed"
    plan: Estimate = assumed(float(found), "tasks", method=words)
    return plan


def _least_shown(
    counts: np.ndarray[tuple[int], np.dtype[np.int64]], n: int, margin: float, miss: float
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return how many must have gone up, of each number of changed tasks, to be shown; one more than all: never."""
    low, high = np.zeros_like(counts), counts + 1
    limit = -float(special.ndtri(miss))
    while np.any(low < high):
        middle = (low + high) // 2
        inside = np.minimum(middle, counts)
        if margin == 0:
            shown = 1 - binomial_tails(inside - 1, counts, 0.5) <= miss
        else:
            shown = score_statistic(inside, counts - inside, n, margin) >= limit
        far = shown & (middle <= counts) | (middle > counts)
        low, high = np.where(far, low, middle + 1), np.where(far, middle, high)
    return low
