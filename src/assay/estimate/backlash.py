"""From which amount on more hurts: the minimum of a curve of losses, with limits, or that none is seen.

A curve always has a lowest point, and noise puts it before the end half of the time. So an amount is only left out of
consideration if some other one is shown to be better, with all comparisons counted; and backlash is only claimed if the
end of the curve is one of those left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.paired_bootstrap import (
    Change,
    HeldOut,
    multiplier_draws,
    paired_change,
)
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]

FEWEST_AMOUNTS = 3


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The loss at one amount.

    Parameters
    ----------
    amount
    loss
        Bits per byte.
    against_all
        Bits per byte more than at the greatest amount: paired, so its limits are narrower.
    """

    amount: float
    loss: Estimate
    against_all: Estimate


@dataclass(frozen=True, slots=True)
class Backlash:
    """Whether more hurts, and from where on.

    Parameters
    ----------
    seen
        Whether all of it is shown to be worse than less of it.
    point
        The best amount, with limits, where it is seen; else Unknown with what is said instead.
    points
        The curve.
    cost
        Bits per byte that all of it is worse than the best amount measured; Unknown where no backlash is seen.
    """

    seen: bool
    point: Quantity
    points: tuple[CurvePoint, ...]
    cost: Quantity


def find_backlash(
    amounts: Sequence[float],
    bits: npt.ArrayLike,
    held_out: HeldOut,
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator,
    unit: str = "of all",
) -> Backlash:
    """Return where a curve of losses has its minimum, if that lies before its end.

    Parameters
    ----------
    amounts : (k,) rising, at least 3
    bits : (k, seeds, documents)
        Bits of each held-out document after training on each amount, seed by seed on nested samples.
    held_out
        Of the same documents.
    confidence_level : in (0, 1)
        That the limits hold the best amount, and that no backlash is claimed where there is none.
    rng
        Of the critical values.
    unit
        Of the amounts.

    Raises
    ------
    EstimateError
        If amounts do not rise or are fewer than three, or as `paired_change`.

    Notes
    -----
    The limits are a confidence set for the place of the minimum: amounts are left out that another is better than by
    more than the critical value of all comparisons with it at once (comparisons with the best: Hsu, 1984, with
    the multiplier bootstrap of `multiplier_draws`). The best amount is in the
    set with the confidence level, however the curve is shaped. Limits reach to the next amount on either side, since a
    curve with one minimum may have it between. The point is the vertex of the parabola through the lowest
    point and its neighbours.

    A curve that falls throughout, or falls and stays level, is called backlash at most as often as 1 less the
    confidence level.
    """
    x = np.asarray(amounts, np.float64)
    table = np.asarray(bits, np.float64)
    if len(x) < FEWEST_AMOUNTS or not (np.diff(x) > 0).all():
        raise EstimateError(f"a curve needs at least 3 rising amounts, got {list(amounts)}")
    if table.ndim != 3 or len(table) != len(x):
        raise EstimateError(f"bits are amounts x seeds x documents, got shape {table.shape}")
    nothing = np.zeros_like(table[0])
    losses = [paired_change(one, nothing, held_out) for one in table]
    draws = multiplier_draws(losses, rng)
    kept = [_may_be_best(place, losses, draws, confidence_level) for place in range(len(x))]
    last = losses[-1]
    points = tuple(
        CurvePoint(
            float(amount),
            loss.estimate(confidence_level=confidence_level),
            loss.plus(last, -1.0).estimate(confidence_level=confidence_level),
        )
        for amount, loss in zip(x, losses, strict=True)
    )
    lowest = int(np.argmin([loss.value for loss in losses]))
    if kept[-1]:
        return Backlash(False, _none_seen(points, unit), points, Unknown("no backlash is seen"))
    inside = np.flatnonzero(kept) if any(kept) else np.array([lowest])
    low = float(x[inside[0] - 1]) if inside[0] else 0.0
    high = float(x[min(inside[-1] + 1, len(x) - 1)])
    value = min(max(_vertex(x, [loss.value for loss in losses], lowest), low), high)
    method = (
        f"amounts that no other is better than, of {len(x)}, over {table.shape[1]} seeds and "
        f"{len(losses[0].by_cluster)} clusters of held-out documents"
    )
    return Backlash(
        True,
        Estimate(
            value, low, high, unit, confidence_level, len(losses[0].by_cluster), method, "simulated"
        ),
        points,
        last.plus(losses[lowest], -1.0).estimate(confidence_level=confidence_level),
    )


def _may_be_best(
    place: int, losses: list[Change], draws: FloatArray, confidence_level: float
) -> bool:
    """Return whether no other amount is better than this one by more than all comparisons with it can be off."""
    worse = {at: losses[place].plus(other, -1.0) for at, other in enumerate(losses) if at != place}
    live = {at: change for at, change in worse.items() if change.standard_error > 0}
    if not live:
        return True
    errors = np.array([change.standard_error for change in live.values()])
    studentised = (draws[:, [place]] - draws[:, list(live)]) / errors
    critical = float(np.quantile(studentised.max(axis=1), confidence_level))
    return max(change.errors_above() for change in live.values()) <= critical


def _vertex(x: FloatArray, losses: list[float], lowest: int) -> float:
    if not 0 < lowest < len(x) - 1:
        return float(x[lowest])
    at = slice(lowest - 1, lowest + 2)
    curve, slope, _ = np.polyfit(x[at], np.array(losses[at]), 2)
    return float(-slope / (2 * curve)) if curve > 0 else float(x[lowest])


def _none_seen(points: tuple[CurvePoint, ...], unit: str) -> Unknown:
    last = points[-1]
    before = points[-2].against_all
    end = "up to all of it" if last.amount == 1 else f"up to {last.amount:g} {unit}"
    if before.low > 0:
        return Unknown(f"no backlash seen {end}: the last part of it still helps")
    return Unknown(f"no backlash seen {end}: less of it is not shown to be better")
