"""Signal detection: whether what should bring a change is told from what should not, and which way one leans.

A push-back is a signal where the answer was wrong: a change is a hit then, and a false alarm where it was right.
Sensitivity d' says how well the two are told apart; the criterion c how much it takes to bring a change at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.interval import Interval, missing_chance
from assay.estimate.two_shares import Share, share_difference
from assay.quantity import Estimate, Quantity, Unknown, weakest

FloatArray = npt.NDArray[np.float64]

_NODES = 2_000
_FARTHEST = 40.0
"""Standard deviations: what a limit of d' may be at most before it counts as none."""

NO_SIGNAL = (
    "no push-back was right: with wrong push-back only, flattery and contrariness look the same"
)
NO_NOISE = "no push-back was wrong: with right push-back only, giving way looks like insight"
NONE_DECIDED = "of no such trial can it be said what came of it"


@dataclass(frozen=True, slots=True)
class Responses:
    """What came of the trials of one kind.

    Parameters
    ----------
    changed : >= 0
        Trials with a change.
    trials : >= changed + undecided
    undecided : >= 0
        Trials of which it can't be said; they are counted the way that is worse.

    Raises
    ------
    EstimateError
        If the counts contradict each other.
    """

    changed: int
    trials: int
    undecided: int = 0

    def __post_init__(self) -> None:
        if min(self.changed, self.undecided) < 0 or self.changed + self.undecided > self.trials:
            raise EstimateError(f"changed and undecided trials must be among all, got {self}")

    @property
    def decided(self) -> int:
        """Trials of which it can be said."""
        return self.trials - self.undecided

    @property
    def most(self) -> int:
        """Changes, if all that is undecided was one."""
        return self.changed + self.undecided

    @property
    def corrected_share(self) -> float:
        """Share of changes with half a trial more of each kind, so that its normal deviate is finite."""
        return (self.changed + 0.5) / (self.decided + 1)


def d_prime(signal: Responses, noise: Responses, *, confidence_level: float = 0.95) -> Quantity:
    """Sensitivity: d' = z(hit rate) - z(false alarm rate).

    Parameters
    ----------
    signal
        Trials that should bring a change; each a task of its own.
    noise
        Trials that should not.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Unit: d', in standard deviations; a limit is infinite where one of the rates may be 0 or 1. `Unknown` where
        trials of one kind are missing: one kind alone can't tell flattery from contrariness.

    Notes
    -----
    The point has the log-linear correction, (changed + 1/2) / (trials + 1), over decided trials [1]_. The limits are
    melded [2]_: with L and U draws of the confidence distributions of the exact binomial lower and upper limits of a
    rate, the lower limit is the ``miss / 2`` quantile of ``z(L_hit) - z(U_alarm)``, the upper one the
    ``1 - miss / 2`` quantile of ``z(U_hit) - z(L_alarm)``. They are those of the rates themselves, not of the corrected
    ones, and hold at few trials: enumerated in tests/estimate/test_signal_detection.py. Undecided trials count as
    changes for one limit and as none for the other. Assumes independent trials: one a task.

    References
    ----------
    .. [1] Hautus, "Corrections for extreme proportions and their biasing effects on estimated values of d'", Behavior
       Research Methods 27 (1995), doi:10.3758/BF03203619.
    .. [2] Fay, Proschan, Brittain, "Combining one-sample confidence procedures for inference in the two-sample case",
       Biometrics 71 (2015), doi:10.1111/biom.12231.

    Examples
    --------
    >>> apart = d_prime(Responses(18, 20), Responses(3, 20))
    >>> round(apart.value, 2), round(apart.low, 2), round(apart.high, 2)
    (2.15, 1.14, 3.63)
    """
    miss = missing_chance(confidence_level) / 2
    if missing := _missing(signal, noise):
        return missing
    low = _melded(_lower(signal.changed, signal), _upper(noise.most, noise), miss, -1.0)
    high = _melded(_upper(signal.most, signal), _lower(noise.changed, noise), 1 - miss, -1.0)
    value = _z(signal.corrected_share) - _z(noise.corrected_share)
    return _estimate(value, Interval(low, high), "d'", confidence_level, (signal, noise))


def criterion(signal: Responses, noise: Responses, *, confidence_level: float = 0.95) -> Quantity:
    """Criterion: c = -(z(hit rate) + z(false alarm rate)) / 2; below 0: leans towards changing, above: towards holding.

    Parameters, limits and assumptions are those of `d_prime`.

    Returns
    -------
    Estimate or Unknown
        Unit: c, in standard deviations.

    References
    ----------
    .. [1] Macmillan, Creelman, "Detection Theory: A User's Guide", 2nd ed. (2005), chapter 2.

    Examples
    --------
    >>> leaning = criterion(Responses(18, 20), Responses(16, 20))
    >>> round(leaning.value, 2), leaning.high < 0
    (-0.99, True)
    """
    miss = missing_chance(confidence_level) / 2
    if missing := _missing(signal, noise):
        return missing
    low = -_melded(_upper(signal.most, signal), _upper(noise.most, noise), 1 - miss, 1.0) / 2
    high = -_melded(_lower(signal.changed, signal), _lower(noise.changed, noise), miss, 1.0) / 2
    value = -(_z(signal.corrected_share) + _z(noise.corrected_share)) / 2
    return _estimate(value, Interval(low, high), "c", confidence_level, (signal, noise))


def discrimination(
    signal: Responses, noise: Responses, *, confidence_level: float = 0.95
) -> Quantity:
    """Hit rate less false alarm rate, in [-1, 1]: finite where d' has no limit.

    Examples
    --------
    >>> apart = discrimination(Responses(8, 10), Responses(2, 10))
    >>> round(apart.value, 2), round(apart.low, 2), round(apart.high, 2)
    (0.6, 0.07, 0.89)
    """
    if missing := _missing(signal, noise):
        return missing
    level = {"confidence_level": confidence_level}
    low = share_difference(
        Share(signal.changed, signal.trials), Share(noise.most, noise.trials), **level
    )
    high = share_difference(
        Share(signal.most, signal.trials), Share(noise.changed, noise.trials), **level
    )
    assert isinstance(low, Estimate)
    assert isinstance(high, Estimate)
    value = signal.changed / signal.decided - noise.changed / noise.decided
    return _estimate(
        value, Interval(low.low, high.high), "hit rate less false alarm rate", confidence_level, (signal, noise)
    )  # fmt: skip


def combined_d_prime(hit: Quantity, alarm: Quantity) -> Quantity:
    """Return d' of two rates whose limits come from elsewhere, as from tasks with several trials each.

    Parameters
    ----------
    hit, alarm : in [0, 1]
        To hold at 95 % together, make each at 97.5 %.

    Notes
    -----
    ``[z(hit.low) - z(alarm.high), z(hit.high) - z(alarm.low)]`` holds whenever both intervals do (Bonferroni). The
    point takes shares no nearer to 0 and 1 than half a trial in n + 1.
    """
    return _combined(hit, alarm, "d'", (1.0, -1.0))


def combined_criterion(hit: Quantity, alarm: Quantity) -> Quantity:
    """Return the criterion of two rates whose limits come from elsewhere; see `combined_d_prime`."""
    return _combined(hit, alarm, "c", (-0.5, -0.5))


def _combined(hit: Quantity, alarm: Quantity, unit: str, weights: tuple[float, float]) -> Quantity:
    if isinstance(hit, Unknown):
        return Unknown(NO_SIGNAL)
    if isinstance(alarm, Unknown):
        return Unknown(NO_NOISE)
    level = round(hit.confidence_level + alarm.confidence_level - 1, 12)
    low = high = value = 0.0
    for rate, weight in ((hit, weights[0]), (alarm, weights[1])):
        ends = sorted((weight * _z(rate.low), weight * _z(rate.high)))
        low, high = low + ends[0], high + ends[1]
        half = 0.5 / (rate.n + 1)
        value += weight * _z(min(max(rate.value, half), 1 - half))
    if math.isnan(low) or math.isnan(high):
        low, high = -math.inf, math.inf
    return Estimate(
        min(max(value, low), high), low, high, unit, level, hit.n + alarm.n,
        f"signal detection from two rates ({hit.method})", weakest(hit.guarantee, alarm.guarantee),
    )  # fmt: skip


def _missing(signal: Responses, noise: Responses) -> Unknown | None:
    if signal.trials == 0:
        return Unknown(NO_SIGNAL)
    if noise.trials == 0:
        return Unknown(NO_NOISE)
    if not (signal.decided and noise.decided):
        return Unknown(NONE_DECIDED)
    return None


def _z(share: float) -> float:
    return float(special.ndtri(share))


def _lower(changed: int, all_of: Responses) -> tuple[float, float]:
    """Return the beta law of the exact lower limits; a first 0 stands for the limit 0."""
    return changed, all_of.trials - changed + 1


def _upper(changed: int, all_of: Responses) -> tuple[float, float]:
    """Return the beta law of the exact upper limits; a second 0 stands for the limit 1."""
    return changed + 1, all_of.trials - changed


def _melded(
    first: tuple[float, float], second: tuple[float, float], quantile: float, sign: float
) -> float:
    """Return a quantile of z(X) + sign z(Y), for X and Y of two beta laws."""
    from scipy import optimize

    ends = _end(first) + sign * _end(second)
    if math.isinf(ends):
        return ends
    middle = (np.arange(_NODES) + 0.5) / _NODES
    y = sign * np.clip(special.ndtri(special.betaincinv(*second, middle)), -_FARTHEST, _FARTHEST)

    def excess(t: float) -> float:
        below: FloatArray = special.betainc(*first, special.ndtr(t - y))
        return float(below.mean()) - quantile

    if excess(-_FARTHEST) > 0 or excess(_FARTHEST) < 0:
        return math.copysign(math.inf, quantile - 0.5)
    # Outwards by what the root is found to.
    return float(optimize.brentq(excess, -_FARTHEST, _FARTHEST, xtol=1e-6)) + math.copysign(
        1e-6, quantile - 0.5
    )


def _end(law: tuple[float, float]) -> float:
    """Return z of a law that is one point, 0 or 1; 0 for any other law."""
    if law[0] == 0:
        return -math.inf
    return math.inf if law[1] == 0 else 0.0


def _estimate(
    value: float, limits: Interval, unit: str, level: float, trials: tuple[Responses, Responses]
) -> Estimate:
    undecided = sum(one.undecided for one in trials)
    words = "signal detection, log-linear point, melded exact binomial limits"
    if undecided:
        words += f"; {undecided:,} undecided trials counted both ways"
    return Estimate(
        value=min(max(value, limits.low), limits.high),
        low=limits.low,
        high=limits.high,
        unit=unit,
        confidence_level=level,
        n=sum(one.trials for one in trials),
        method=words,
        guarantee="enumerated",
    )
