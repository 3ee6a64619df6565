"""ln(phi / psi) of a gate: how much more often it keeps what is right than what is wrong, and whether that is enough.

`phi` and `psi` are the chances that a right and a wrong item is kept. A loop gains where the logarithm of their ratio
is above a break-even that its learner and training set (`assay.estimate.loop_law`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assay.errors import EstimateError
from assay.estimate.melded_pair import FloatArray, Melded, Pair, melded_limits
from assay.quantity import Estimate, Quantity, Unknown

RATIO_UNIT = "ln(kept of right / kept of wrong)"
MELDED = "melded Clopper-Pearson"


@dataclass(frozen=True, slots=True)
class AuditCount:
    """Labels of a lot.

    Parameters
    ----------
    labeled : >= 0
        Drawn by lot, each item alike.
    right : in 0..labeled
    of : >= labeled
        Items that were drawn from.

    Raises
    ------
    EstimateError
        If one is out of range.
    """

    labeled: int
    right: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.right <= self.labeled <= self.of:
            raise EstimateError(
                f"right <= labeled <= of must hold and none be negative, got {self.right}, {self.labeled}, {self.of}"
            )


@dataclass(frozen=True, slots=True)
class LogRatio:
    """ln(phi / psi) with its limits, any of which may be infinite.

    Parameters
    ----------
    value
        Infinite where no wrong item was seen among the kept; NaN where nothing is known.
    low, high
    near
        A finite stand-in for `value`: half an item is added to each count.
    confidence_level : in (0, 1)
    n
        Labels.
    method
    turns : >= 1
        That it is the mean of.
    """

    value: float
    low: float
    high: float
    near: float
    confidence_level: float
    n: int
    method: str
    turns: int = 1

    @property
    def quantity(self) -> Quantity:
        """The number; `Unknown`, with the limit that there is, where no label sets its other side."""
        if math.isfinite(self.value):
            return Estimate(
                self.value,
                min(self.low, self.value),
                max(self.high, self.value),
                RATIO_UNIT,
                self.confidence_level,
                self.n,
                self.method,
                "simulated" if self.turns > 1 else "enumerated",
            )
        if math.isinf(self.value) and math.isfinite(
            side := self.low if self.value > 0 else self.high
        ):
            missing, bound = ("wrong", "at least") if self.value > 0 else ("right", "at most")
            return Unknown(
                f"no {missing} item is among the labeled ones that were kept: ln of the ratio is {bound} {side:.2f} "
                f"({self.confidence_level:.0%}, n = {self.n:,})"
            )
        return Unknown("the labels set no limit to it")


def pooled_log_ratio(ratios: Sequence[LogRatio]) -> LogRatio:
    """Return the mean of the ratios of several turns, each from labels of its own.

    Parameters
    ----------
    ratios
        At least one; all at one confidence level.

    Raises
    ------
    EstimateError
        If there is none, or the levels differ.

    Notes
    -----
    The distances of the turns' own limits are added as squares (MOVER, Zou and Donner 2008, doi:10.1002/sim.3095),
    which asks for independent labels in each turn. Where a turn has no wrong item among the kept, its stand-in is
    taken for the distance, and the mean has no upper limit.
    """
    if not ratios or len({one.confidence_level for one in ratios}) > 1:
        raise EstimateError("a mean needs ratios, all at one confidence level")
    if len(ratios) == 1:
        return ratios[0]
    count = len(ratios)
    near = sum(one.near for one in ratios) / count
    below = math.sqrt(sum((one.near - min(one.low, one.near)) ** 2 for one in ratios)) / count
    above = math.sqrt(sum((max(one.high, one.near) - one.near) ** 2 for one in ratios)) / count
    return LogRatio(
        sum(one.value for one in ratios) / count,
        near - below,
        near + above,
        near,
        ratios[0].confidence_level,
        sum(one.n for one in ratios),
        f"mean over {count} turns, each from labels of its own, {MELDED}, MOVER",
        count,
    )


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """Whether a gate is good enough for its loop to gain.

    Parameters
    ----------
    verdict
        "through": the ratio is above the break-even. "outside": below it, or below nought. "undecided": neither is
        shown.
    low, high
        Of the ratio less the break-even.
    """

    verdict: Literal["through", "undecided", "outside"]
    low: float
    high: float


def gate_verdict(ratio: LogRatio | None, break_even: Quantity) -> GateVerdict:
    """Return where a gate stands.

    Parameters
    ----------
    ratio
        None: unknown.
    break_even
        ln(phi / psi) above which a turn gains, independent of the labels: `assay.estimate.loop_law`.

    Notes
    -----
    "through": the ratio less the break-even is above nought, its limits made from both numbers' own (MOVER, see
    `pooled_log_ratio`). "outside": it is below nought, or the ratio itself is, whatever the break-even: what is kept is
    then less right than what the generator says anyway. Without a break-even, nothing is ever through.
    """
    if ratio is None or math.isnan(ratio.near):
        return GateVerdict("undecided", -math.inf, math.inf)
    if isinstance(break_even, Unknown):
        return GateVerdict("outside" if ratio.high < 0 else "undecided", -math.inf, math.inf)
    gap = ratio.near - break_even.value
    low = gap - math.hypot(
        ratio.near - min(ratio.low, ratio.near), break_even.high - break_even.value
    )
    high = gap + math.hypot(
        max(ratio.high, ratio.near) - ratio.near, break_even.value - break_even.low
    )
    if low > 0:
        return GateVerdict("through", low, high)
    return GateVerdict("outside" if high < 0 or ratio.high < 0 else "undecided", low, high)


def audited_log_ratio(
    kept: AuditCount, rejected: AuditCount, share: float, method: str, level: float
) -> LogRatio | None:
    """Return the ratio of one turn; None where nothing was kept.

    Parameters
    ----------
    kept, rejected
        Labels of both; of a part that is not empty there is at least one.
    share : in [0, 1]
        Of all items that was kept.
    method
        In words, of both limits.
    level : in (0, 1)
    """
    if not kept.of:
        return None
    n = kept.labeled + rejected.labeled
    if not rejected.of:
        return LogRatio(0.0, 0.0, 0.0, 0.0, level, n, "nothing was rejected: the gate is open")
    function = _ratio(share)
    pure, lost = (np.array((part.right + 0.5) / (part.labeled + 1)) for part in (kept, rejected))
    ends = melded_limits(
        Pair((kept.right, kept.labeled), (rejected.right, rejected.labeled)),
        function,
        confidence_level=level,
    )
    near = float(function(pure, lost))
    return LogRatio(at_shares(function, kept, rejected), *ends, near, level, n, method)


def at_shares(function: Melded, kept: AuditCount, rejected: AuditCount) -> float:
    """Return a function of the shares that are right, at what was labeled; NaN where that is nought through nought."""
    pure, lost = (np.array(part.right / max(1, part.labeled)) for part in (kept, rejected))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(function(pure, lost))


def _ratio(share: float) -> Melded:
    def function(pure: FloatArray, lost: FloatArray) -> FloatArray:
        wrong = share * (1 - pure) + (1 - share) * (1 - lost)
        right = share * pure + (1 - share) * lost
        ratio: FloatArray = np.log(pure / right) - np.log((1 - pure) / wrong)
        return ratio

    return function
