"""How far two judges err together: six judges that learned alike are not six witnesses."""

from __future__ import annotations

import math
from collections.abc import Sequence

from assay.estimate.exact import clopper_pearson
from assay.estimate.interval import missing_chance
from assay.quantity import Estimate, Quantity, Unknown, weakest

UNIT = "correlation of errors"
JUDGES = "independent judges"


def error_correlation(
    both: int, first_only: int, second_only: int, neither: int, *, confidence_level: float = 0.95
) -> Quantity:
    """Return the correlation (phi) of two judges' errors, from items whose truth is known.

    Parameters
    ----------
    both, first_only, second_only, neither : >= 0
        Labeled items on which both judges err, only one of them, none. Items on which one abstained are left out.
    confidence_level : in (0, 1)
        Two-sided.

    Returns
    -------
    Estimate or Unknown
        In [-1, 1], unit "correlation of errors". `Unknown` where a judge never errs, or always: nothing varies.

    Notes
    -----
    With a the chance that the second errs where the first does, b where the first does not, and p the first's error
    rate, phi = (a - b) sqrt(p (1-p) / (m (1-m))), m = a p + b (1-p). It rises with a, falls with b, and in p has one
    extreme, at p / (1-p) = sqrt(b (1-b) / (a (1-a))). Each of the three has its exact Clopper-Pearson interval at a
    third of the allowed miss, so the range of phi over the three covers at least at the confidence level, for items
    that were labeled independently of the judges' errors. It fails for labels that were drawn because judges disagree.

    Examples
    --------
    >>> found = error_correlation(30, 10, 20, 140)
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (0.58, 0.28, 0.81)
    """
    first, second = both + first_only, both + second_only
    n = first + second_only + neither
    if min(first, second) == 0 or max(first, second) == n:
        return Unknown(f"of {n} labeled traces, one of the two judges errs on none or on all")
    third = 1 - missing_chance(confidence_level) / 3
    rate = clopper_pearson(first, n, confidence_level=third)
    given_error = clopper_pearson(both, first, confidence_level=third)
    given_none = clopper_pearson(second_only, n - first, confidence_level=third)
    value = (both * neither - first_only * second_only) / math.sqrt(
        first * second * (n - first) * (n - second)
    )
    low = _least(given_error.low, given_none.high, rate.low, rate.high)
    high = -_least(1 - given_error.high, 1 - given_none.low, rate.low, rate.high)
    method = "phi of two judges' errors on labeled traces; range over three Clopper-Pearson limits"
    return Estimate(value, min(low, value), max(high, value), UNIT, confidence_level, n, method)


def effective_judges(correlations: Sequence[Quantity], judges: int) -> Quantity:
    """Return how many independent judges these are worth: the mean of so many would vary as much.

    Parameters
    ----------
    correlations
        One for each pair of judges, each at a level that makes all of them hold at once, see `pair_level`.
    judges : >= 2

    Returns
    -------
    Estimate or Unknown
        In [1, judges] unless judges err against one another. Unit "independent judges".

    Notes
    -----
    judges / (1 + (judges - 1) r) with r the mean correlation: the variance of a mean of equally varying, equally
    correlated errors (Kish, "Survey Sampling", 1965, section 5.4). Judges whose error rates differ much are not equal,
    and the figure is then a rough one. The limits are those of r; below r = 0 the figure ends at twice `judges`.

    Examples
    --------
    >>> pair = Estimate(0.5, 0.4, 0.6, UNIT, 0.95, 200, "phi")
    >>> round(effective_judges([pair] * 3, 3).value, 2)
    1.5
    """
    known = [pair for pair in correlations if isinstance(pair, Estimate)]
    if len(known) < len(correlations) or not known:
        return Unknown("the correlation of some two judges' errors is unknown")

    def worth(total: float) -> float:
        spread = 1 + (judges - 1) * total / len(known)
        return judges / max(spread, 0.5)

    high, value, low = (
        worth(sum(getattr(pair, limit) for pair in known)) for limit in ("low", "value", "high")
    )
    level = 1 - len(known) * missing_chance(known[0].confidence_level)
    method = f"{judges} judges over the design effect of their mean error correlation"
    n = min(pair.n for pair in known)
    guarantee = weakest(*(pair.guarantee for pair in known))
    return Estimate(value, low, high, JUDGES, round(level, 12), n, method, guarantee)


def pair_level(judges: int, *, confidence_level: float = 0.95) -> float:
    """Return the level at which each pair's correlation holds so that all pairs hold at once (Bonferroni)."""
    return 1 - missing_chance(confidence_level) / math.comb(judges, 2)


def _least(a: float, b: float, low: float, high: float) -> float:
    """Return the least phi for these chances, with the first judge's error rate anywhere in [low, high]."""
    odds = math.sqrt(b * (1 - b) / (a * (1 - a))) if 0 < a < 1 else math.inf
    peak = min(max(odds / (1 + odds) if math.isfinite(odds) else 1.0, low), high)
    # Below zero the extreme is the least there is; above it, the least lies at an end.
    return min(_phi(a, b, rate) for rate in (low, peak, high))


def _phi(a: float, b: float, rate: float) -> float:
    other = a * rate + b * (1 - rate)
    if not 0 < other < 1 or not 0 < rate < 1:
        return 0.0
    return (a - b) * math.sqrt(rate * (1 - rate) / (other * (1 - other)))
