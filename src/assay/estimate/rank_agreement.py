"""Whether two ways of measuring put things into the same order: pairs decided alike, and Kendall's tau."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.interval import Interval, missing_chance
from assay.quantity import Estimate


@dataclass(frozen=True, slots=True)
class RankAgreement:
    """How far two orders agree.

    Parameters
    ----------
    same : >= 0
        Pairs that both put into the same order.
    pairs : >= 1
        All pairs; one that either ties is not put into the same order.
    share
        Of the pairs, with limits over other things of the same kind.
    tau
        Kendall's: same less opposite, over all pairs.
    """

    same: int
    pairs: int
    share: Estimate
    tau: Estimate

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "same": self.same,
            "pairs": self.pairs,
            "share": self.share.to_json(),
            "kendall_tau": self.tau.to_json(),
        }


def rank_agreement(
    first: npt.ArrayLike, second: npt.ArrayLike, *, confidence_level: float = 0.95
) -> RankAgreement:
    """Return how many pairs two measurements of the same things decide alike.

    Parameters
    ----------
    first, second : (n,), finite, n >= 2
        Of the same things, in one order.
    confidence_level : in (0, 1)

    Raises
    ------
    EstimateError
        If there are fewer than two things, or a value is not finite.

    Notes
    -----
    Pairs share things and are not independent: 66 pairs of 12 data sets are no 66 trials. The limits are those of a
    U-statistic of n things: Chernoff's inequality with ``floor(n / 2)`` trials (Hoeffding, 1963,
    doi:10.1080/01621459.1963.10500830, section 5b), which holds for every distribution, and is wide for few things.

    Examples
    --------
    >>> found = rank_agreement([1, 2, 3, 4], [1, 2, 4, 3])
    >>> found.same, found.pairs, round(found.tau.value, 2)
    (5, 6, 0.67)
    """
    one, other = (np.asarray(x, np.float64).ravel() for x in (first, second))
    if len(one) != len(other) or len(one) < 2:
        raise EstimateError(
            f"two orders of at least 2 things are compared, got {len(one)} and {len(other)}"
        )
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise EstimateError("an order needs finite values")
    above = np.triu_indices(len(one), 1)
    product = np.sign(one[above[0]] - one[above[1]]) * np.sign(other[above[0]] - other[above[1]])
    same, opposite, pairs = int((product > 0).sum()), int((product < 0).sum()), len(product)
    low, high = _limits(same / pairs, len(one) // 2, confidence_level)
    # Both ends of tau: ties count half.
    middle = (same + (pairs - same - opposite) / 2) / pairs
    tau_low, tau_high = _limits(middle, len(one) // 2, confidence_level)
    method = f"{pairs} pairs of {len(one)}, Hoeffding-Chernoff"
    return RankAgreement(
        same,
        pairs,
        Estimate(same / pairs, low, high, "share of pairs", confidence_level, len(one), method),
        Estimate(
            2 * middle - 1,
            2 * tau_low - 1,
            2 * tau_high - 1,
            "Kendall's tau",
            confidence_level,
            len(one),
            method,
        ),
    )


def _limits(share: float, trials: int, confidence_level: float) -> Interval:
    """Return the shares whose Kullback-Leibler distance to the one seen is small enough."""
    from scipy import optimize

    room = float(np.log(2 / missing_chance(confidence_level))) / trials

    def beyond(p: float) -> float:
        return _divergence(share, p) - room

    low = optimize.brentq(beyond, 1e-12, share) if share > 0 and beyond(1e-12) > 0 else 0.0
    high = optimize.brentq(beyond, share, 1 - 1e-12) if share < 1 and beyond(1 - 1e-12) > 0 else 1.0
    return Interval(min(float(low), share), max(float(high), share))


def _divergence(q: float, p: float) -> float:
    first = q * np.log(q / p) if q > 0 else 0.0
    second = (1 - q) * np.log((1 - q) / (1 - p)) if q < 1 else 0.0
    return float(first + second)
