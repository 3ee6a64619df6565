"""How much of one text teaches as much as some of another: read off a curve of gain against amount, with limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.errors import EstimateError
from assay.estimate.interval import missing_chance
from assay.estimate.paired_bootstrap import Change
from assay.quantity import Estimate, Unknown

_STEPS = 400


def gain_at(dose: float, doses: Sequence[float], changes: Sequence[Change]) -> Change:
    """Return the change at a dose between those that were measured, along straight lines from no change at dose 0.

    Parameters
    ----------
    dose : in [0, the greatest dose]
    doses : rising, > 0
    changes
        Of the same seeds and documents.
    """
    at = int(np.searchsorted(doses, dose))
    if at == len(doses):
        if dose > doses[-1]:
            raise EstimateError(f"a dose of {dose:g} lies beyond the curve's last, {doses[-1]:g}")
        at -= 1
    low = doses[at - 1] if at else 0.0
    share = (dose - low) / (doses[at] - low)
    upper = changes[at]
    if not at:
        return upper.plus(upper, share - 1.0)
    lower = changes[at - 1]
    return lower.plus(lower, -share).plus(upper, share)


def exchange_rate(
    reached: Change,
    dose: float,
    doses: Sequence[float],
    changes: Sequence[Change],
    *,
    confidence_level: float,
) -> Estimate | Unknown:
    """Return how many tokens of one text teach as much as one token of another.

    Parameters
    ----------
    reached
        The change that `dose` tokens of the one brought.
    dose : > 0
    doses, changes
        The curve of the other: changes by amount, on the same seeds and documents.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Infinite upper limit where the one may teach nothing; Unknown where it teaches nothing by the point estimate, or
        more than the whole of the other's curve.

    Notes
    -----
    The limits are those amounts of the other whose change is not shown to differ from the one reached: a test inverted
    (as Fieller's limits are), over 400 points of a curve of straight lines. Where the curve is not falling
    throughout, the farthest such amounts are taken.
    """
    if not (dose > 0 and len(doses) == len(changes) and len(doses) > 0):
        raise EstimateError(
            "an exchange rate needs a dose above 0 and a curve with a change for each dose"
        )
    miss = missing_chance(confidence_level)
    grid = np.linspace(0, doses[-1], _STEPS + 1)[1:]
    curve = [gain_at(float(x), doses, changes) for x in grid]
    same = np.array([reached.plus(c, -1.0).p_differs() > miss for c in curve])
    if reached.p_differs() > miss:
        low_dose = 0.0
    elif same.any():
        low_dose = float(grid[same][0])
    else:
        return _nowhere(reached, curve[-1], doses[-1] / dose)
    crossed = np.flatnonzero(np.array([c.value for c in curve]) <= reached.value)
    if reached.value >= 0:
        return Unknown(
            "it teaches nothing: no number of its tokens is worth one of the other"
            if not same.any() or not same[-1]
            else "what it teaches is not told from nothing"
        )
    beyond = bool(same[-1])
    if not len(crossed):
        return Unknown(
            f"it teaches more than {doses[-1] / dose:.3g} times as many tokens of the other, where the curve ends"
        )
    high_dose = (
        np.inf if beyond else float(grid[same][-1]) if same.any() else float(grid[crossed[0]])
    )
    middle = float(grid[crossed[0]])
    low_dose, high_dose = min(low_dose, middle), max(high_dose, middle)
    return Estimate(
        dose / middle,
        0.0 if np.isinf(high_dose) else dose / high_dose,
        np.inf if low_dose == 0 else dose / low_dose,
        "tokens/token",
        confidence_level,
        len(reached.by_cluster),
        f"equal change on the other's curve of {len(doses)} amounts, tests inverted",
        "simulated",
    )


def _nowhere(reached: Change, last: Change, times: float) -> Unknown:
    if reached.value >= 0:
        return Unknown("it teaches nothing: no number of its tokens is worth one of the other")
    if reached.value < last.value:
        return Unknown(
            f"it teaches more than {times:.3g} times as many tokens of the other, where the curve ends"
        )
    return Unknown("it teaches less than the least amount of the other that the curve can tell")
