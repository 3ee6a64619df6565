"""Forecasts: what more labels would do to the interval, drawn with the judge and without."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from scipy import special

from assay.errors import TooFewLabels
from assay.estimate.exact import least_whole
from assay.estimate.interval import Tails, missing_chance, tails
from assay.estimate.likelihood import likelihood_limits
from assay.estimate.stratified import StratumCount, total_errors
from assay.quantity import Estimate, Quantity, Unknown


class _Expected(NamedTuple):
    """A stratum as it would be at some number of labels: the errors found are expected ones, not whole."""

    size: int
    labeled: float
    found: float


class HalvingPlan(NamedTuple):
    """Labels in all that would halve the present interval, drawn with the judge and without."""

    with_judge: Quantity
    without_judge: Quantity


def labels_to_halve(
    strata: Sequence[StratumCount], *, confidence_level: float = 0.95
) -> HalvingPlan:
    """Labels in all, those at hand included, that would halve the interval's width.

    Parameters
    ----------
    strata
        Labels so far.
    confidence_level : in (0, 1)

    Returns
    -------
    HalvingPlan
        Unit: labels, at most the number of traces. `with_judge` keeps the present shares of the
        strata, `without_judge` draws uniformly. `Unknown` when there is nothing left to halve.

    Notes
    -----
    A plug-in forecast, no guarantee: the width at the expected counts if the rates found stay, of
    `likelihood_limits` for several strata and of Clopper-Pearson, thinned by the share read, for one. The
    limits repeat the forecast with all rates scaled to the interval's two ends.
    Unsure labels count half. It fails as forecasts do: where the rates found were luck.

    Examples
    --------
    >>> plan = labels_to_halve([StratumCount(10_000, 200, 10)])
    >>> plan.with_judge.value, plan.without_judge.value
    (701.0, 701.0)
    """
    scenes, reason = _scenes(strata, confidence_level)
    if reason:
        return HalvingPlan(Unknown(reason), Unknown(reason))
    # One half width as goal, the present one: under other rates the goal is still that width.
    goal = _width(scenes[0], confidence_level) / 2
    size, now = sum(s.size for s in strata), sum(s.labeled for s in strata)

    def needed(design: Callable[[list[_Expected], int], list[_Expected]]) -> Estimate:
        counts = [
            least_whole(
                1,
                size,
                lambda n, scene=scene: _width(design(scene, n), confidence_level) <= goal,  # type: ignore[misc]
            )
            for scene in scenes
        ]
        return Estimate(
            value=float(counts[0]),
            low=float(min(counts)),
            high=float(max(counts)),
            unit="labels",
            confidence_level=confidence_level,
            n=now,
            method="plug-in forecast from the rates found",
            guarantee="assumed",
        )

    return HalvingPlan(needed(_kept), needed(_uniform))


class WidthForecast(NamedTuple):
    """Widths of the interval at some numbers of labels, drawn with the judge and without. Unit: errors."""

    labels: tuple[int, ...]
    with_judge: tuple[float, ...]
    without_judge: tuple[float, ...]


def forecast_widths(
    strata: Sequence[StratumCount], labels: Sequence[int], *, confidence_level: float = 0.95
) -> WidthForecast | Unknown:
    """Width of the interval against the number of labels, if the rates found stay.

    Parameters
    ----------
    strata
        Labels so far.
    labels : each in [1, number of traces]
        Numbers of labels in all to forecast for.
    confidence_level : in (0, 1)

    Returns
    -------
    WidthForecast or Unknown
        `Unknown` when nothing is left to label.

    Notes
    -----
    A plug-in forecast as in `labels_to_halve`, at the rates found.

    Examples
    --------
    >>> forecast = forecast_widths([StratumCount(10_000, 200, 10)], [200, 800])
    >>> 1.8 < forecast.with_judge[0] / forecast.with_judge[1] < 2.2
    True
    """
    scenes, reason = _scenes(strata, confidence_level)
    if reason:
        return Unknown(reason)
    return WidthForecast(
        tuple(labels),
        tuple(_width(_kept(scenes[0], n), confidence_level) for n in labels),
        tuple(_width(_uniform(scenes[0], n), confidence_level) for n in labels),
    )


def _scenes(
    strata: Sequence[StratumCount], confidence_level: float
) -> tuple[list[list[_Expected]], str]:
    """Return the strata at the rates found, and at the two ends; or why there is no forecast."""
    used = [s for s in strata if s.size > 0]
    if all(s.labeled == s.size for s in used):
        return [], "every trace is labeled: there is no sampling error to halve"
    try:
        total = total_errors(used, confidence_level=confidence_level)
    except TooFewLabels as error:
        return [], error.message
    if any(s.labeled == 0 for s in used):
        return [], "a stratum has no label: label some of each before planning"
    scenes = []
    for level in (total.value, total.low, total.high):
        scale = level / total.value if total.value > 0 else 1.0
        found = [min((s.errors + s.unsure / 2) * scale, s.labeled) for s in used]
        scenes.append([_Expected(s.size, s.labeled, k) for s, k in zip(used, found, strict=True)])
    return scenes, ""


def _width(strata: Sequence[_Expected], confidence_level: float) -> float:
    sampled = [s for s in strata if s.labeled < s.size]
    if not sampled:
        return 0.0
    if len(sampled) == 1:
        return _width_of_one(sampled[0], tails(confidence_level, "two-sided"))
    low, high = likelihood_limits(
        [s.size for s in sampled],
        [s.labeled for s in sampled],
        [s.found for s in sampled],
        miss=missing_chance(confidence_level),
    )
    return float(high[0] - low[0])


def _width_of_one(stratum: _Expected, tail: Tails) -> float:
    """Clopper-Pearson's width, thinned by the share that is read: near the exact one, and smooth.

    `total_errors` is exact for one stratum, and a judge is compared with that.
    """
    size, labeled, errors = stratum
    low, high = 0.0, 1.0
    if errors > 0:
        low = float(special.betaincinv(errors, labeled - errors + 1, tail.low))
    if errors < labeled:
        high = float(special.betainccinv(errors + 1, labeled - errors, tail.high))
    return size * (high - low) * math.sqrt(1 - labeled / size)


def _kept(strata: list[_Expected], labels: int) -> list[_Expected]:
    """Return the strata with this many labels in all, in the present shares as far as sizes go."""
    low, high = 0.0, max(s.size / s.labeled for s in strata)
    for _ in range(60):
        factor = (low + high) / 2
        if sum(min(s.size, s.labeled * factor) for s in strata) < labels:
            low = factor
        else:
            high = factor
    return [_with_labels(s, min(float(s.size), s.labeled * high)) for s in strata]


def _uniform(strata: list[_Expected], labels: int) -> list[_Expected]:
    """Return one stratum of all, with this many labels."""
    size = sum(s.size for s in strata)
    rate = sum(s.size * s.found / s.labeled for s in strata) / size
    return [_Expected(size, float(labels), labels * rate)]


def _with_labels(stratum: _Expected, labels: float) -> _Expected:
    errors = stratum.found / stratum.labeled * labels
    return _Expected(stratum.size, labels, errors)
