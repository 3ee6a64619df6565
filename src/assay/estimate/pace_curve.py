"""The threshold of a judge at which one may go fastest: along its measured ROC, or along a binormal one.

A strict judge catches more and asks more of people; a lax one the other way round. The pace rises with the threshold
while people are what is short, and falls where the budget is: the best threshold lies where both are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.interval import missing_chance
from assay.estimate.pace import Pace, ReviewFlow, ReviewTeam, sustainable_pace
from assay.quantity import Estimate, assumed

FloatArray = npt.NDArray[np.float64]

_GRID = 201
_ZOOM = 41
_ZOOMS = 6
_FARTHEST = 8.0
"""Standard deviations beyond both distributions' means where a binormal curve is cut."""


@dataclass(frozen=True, slots=True)
class RocPoint:
    """What a judge does at one threshold: it flags outputs that score higher.

    Parameters
    ----------
    threshold
        ``-inf``: everything is flagged; ``inf``: nothing is.
    recall
        Share of the wrong outputs that are flagged.
    false_alarm_rate
        Share of the right ones that are.
    """

    threshold: float
    recall: Estimate
    false_alarm_rate: Estimate


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A threshold and the pace that it allows."""

    point: RocPoint
    pace: Pace


@dataclass(frozen=True, slots=True)
class PaceCurve:
    """The pace along a ROC.

    Parameters
    ----------
    points
        In the order given.
    best
        The one with the greatest pace to keep.
    """

    points: tuple[CurvePoint, ...]
    best: CurvePoint


def best_threshold(
    points: Sequence[RocPoint],
    flow: ReviewFlow,
    team: ReviewTeam,
    *,
    budget_per_hour: float | None = None,
    demand_per_hour: float | None = None,
) -> PaceCurve:
    """Return the pace at each threshold, and the threshold with the greatest pace to keep.

    Parameters
    ----------
    points
        At least one. Limits that hold for all of them at once (`roc_points`): then they hold for the best one too.
    flow
        Its recall and false alarms are put aside for those of each point.
    team, budget_per_hour, demand_per_hour
        As of `assay.estimate.pace.sustainable_pace`.

    Raises
    ------
    EstimateError
        If there is no point, or as `sustainable_pace`.

    Notes
    -----
    The maximum over thresholds of the lower limit of the pace. A maximum over point estimates is optimistic (it picks
    the luckiest threshold), more so the fewer errors are labeled; the lower limits of simultaneous intervals are not.
    Points with exact shares, as of `binormal_roc`, are an assumption and no evidence.

    Examples
    --------
    >>> from assay.estimate.pace import assumed_flow
    >>> flow = assumed_flow(0.01, recall=1, false_alarm_rate=1, audit_share=0.01)
    >>> curve = best_threshold(binormal_roc(0.9), flow, ReviewTeam(1, 0.2, 1.0), budget_per_hour=0.1)
    >>> round(curve.best.pace.affordable_per_hour)
    31
    """
    if not points:
        raise EstimateError("a curve needs at least one threshold")
    found = tuple(
        CurvePoint(
            point,
            sustainable_pace(
                replace(flow, recall=point.recall, false_alarm_rate=point.false_alarm_rate),
                team,
                budget_per_hour=budget_per_hour,
                demand_per_hour=demand_per_hour,
            ),
        )
        for point in points
    )
    return PaceCurve(found, max(found, key=lambda one: one.pace.affordable_per_hour))


def roc_points(
    wrong_scores: npt.ArrayLike,
    right_scores: npt.ArrayLike,
    thresholds: Sequence[float],
    *,
    confidence_level: float = 0.95,
) -> tuple[RocPoint, ...]:
    """Return a judge's ROC at thresholds fixed beforehand, with limits that hold for all of them at once.

    Parameters
    ----------
    wrong_scores, right_scores : shape (n,), finite
        Scores of labeled outputs that are wrong, and right. Random samples of each.
    thresholds
        Fixed before the labels were seen: each costs width. ``-inf`` and ``inf`` cost none.
    confidence_level : in (0, 1)
        Of recall at every threshold together; the same of the false alarms: 1 less twice the rest for both.

    Raises
    ------
    EstimateError
        If there is no wrong or no right output, or a threshold is NaN.

    Notes
    -----
    Clopper and Pearson at ``1 - alpha / m`` for m thresholds (Bonferroni). To choose the threshold and to measure it on
    the same labels is optimistic without this, or without a second set of labels: with m = 1 on labels that had no part
    in the choice (split them at random) the limits are narrower, and the choice is a worse one.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> points = roc_points(rng.normal(2, 1, 50), rng.normal(0, 1, 950), [0.5, 1.0, 1.5])
    >>> [(p.threshold, round(p.recall.low, 2), round(p.recall.value, 2)) for p in points]
    [(0.5, 0.81, 0.94), (1.0, 0.73, 0.88), (1.5, 0.57, 0.74)]
    """
    miss = missing_chance(confidence_level)
    wrong, right = (
        np.sort(np.asarray(x, np.float64).ravel()) for x in (wrong_scores, right_scores)
    )
    for name, scores in (("wrong", wrong), ("right", right)):
        if not (scores.size and np.isfinite(scores).all()):
            raise EstimateError(f"a ROC needs finite scores of {name} outputs")
    if any(np.isnan(t) for t in thresholds):
        raise EstimateError("a threshold must be a number")
    each = max(1, sum(bool(np.isfinite(t)) for t in thresholds))
    return tuple(
        RocPoint(
            float(t),
            _share(wrong, t, "share of errors", miss, each),
            _share(right, t, "share of right outputs", miss, each),
        )
        for t in thresholds
    )


def binormal_roc(auroc: float, *, points: int = _GRID) -> tuple[RocPoint, ...]:
    """Return the ROC of scores that are normal, of one spread, for a planning table.

    Parameters
    ----------
    auroc : in [0.5, 1)
        0.5 is a coin that can be biased at will.
    points : >= 2

    Raises
    ------
    EstimateError
        If the AUROC is not in [0.5, 1), or there are fewer than two points.

    Notes
    -----
    Right outputs score N(0, 1), wrong ones N(d, 1) with ``d = sqrt(2) Phi^-1(AUROC)``. An assumption: real judges see
    some errors well and some not at all, which no AUROC tells [1]_.

    References
    ----------
    .. [1] Hanley, "The robustness of the binormal assumptions used in fitting ROC curves", Medical Decision Making 8
       (1988).

    Examples
    --------
    >>> flagging_most, *_, flagging_least = binormal_roc(0.9)
    >>> round(flagging_most.recall.value, 6), round(flagging_least.false_alarm_rate.value, 6)
    (1.0, 0.0)
    """
    if points < 2:
        raise EstimateError(f"a curve needs at least two points, got {points}")
    return _binormal(auroc, np.linspace(-_FARTHEST, _apart(auroc) + _FARTHEST, points))


def _apart(auroc: float) -> float:
    """Return how many standard deviations a binormal judge's two means are apart."""
    if not 0.5 <= auroc < 1:
        raise EstimateError(f"an AUROC must be in [0.5, 1), got {auroc}")
    return float(np.sqrt(2) * special.ndtri(auroc))


def _binormal(auroc: float, cuts: FloatArray) -> tuple[RocPoint, ...]:
    apart = _apart(auroc)
    method = f"binormal judge, AUROC {auroc:g}"
    return tuple(
        RocPoint(
            float(t),
            assumed(float(special.ndtr(apart - t)), "share of errors", method=method),
            assumed(float(special.ndtr(-t)), "share of right outputs", method=method),
        )
        for t in cuts
    )


def best_binormal_threshold(
    auroc: float,
    flow: ReviewFlow,
    team: ReviewTeam,
    *,
    budget_per_hour: float | None = None,
    demand_per_hour: float | None = None,
) -> CurvePoint:
    """Return the best threshold of a binormal judge, whatever lies between the points of a grid.

    Parameters
    ----------
    auroc : in [0.5, 1)
    flow, team, budget_per_hour, demand_per_hour
        As of `best_threshold`.

    Raises
    ------
    EstimateError
        As `binormal_roc` and `best_threshold`.

    Notes
    -----
    A laxer judge asks less of people (W falls) and lets more through (e rises): the lesser of the two limits rises up
    to one place and falls behind it, which a grid finds that is drawn ever closer around its best point.

    Examples
    --------
    >>> from assay.estimate.pace import assumed_flow
    >>> flow = assumed_flow(0.01, recall=1, false_alarm_rate=1, audit_share=0.01)
    >>> best = best_binormal_threshold(0.99, flow, ReviewTeam(1, 0.2, 1.0), budget_per_hour=0.1)
    >>> round(best.pace.affordable_per_hour, 1)
    60.7
    """
    low, high = -_FARTHEST, _apart(auroc) + _FARTHEST
    for _ in range(_ZOOMS):
        cuts = np.linspace(low, high, _ZOOM)
        curve = best_threshold(
            _binormal(auroc, cuts),
            flow,
            team,
            budget_per_hour=budget_per_hour,
            demand_per_hour=demand_per_hour,
        )
        step, middle = float(cuts[1] - cuts[0]), curve.best.point.threshold
        low, high = middle - step, middle + step
    return curve.best


def _share(scores: FloatArray, threshold: float, unit: str, miss: float, each: int) -> Estimate:
    flagged = int(scores.size - np.searchsorted(scores, threshold, side="right"))
    value = flagged / scores.size
    method = f"Clopper-Pearson, {each} thresholds at once (Bonferroni)"
    if not np.isfinite(threshold):
        # All or nothing is flagged whatever the scores are: no evidence is needed.
        return Estimate(value, value, value, unit, 1.0, scores.size, "by definition", "exact")
    low, high = clopper_pearson(flagged, scores.size, confidence_level=1 - miss / each)
    return Estimate(value, low, high, unit, 1 - miss, scores.size, method)
