"""What labels can't show: whether a plan can be carried out at all, and what to do where it can't."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assay.estimate import (
    StratumCount,
    clopper_pearson,
    evidence_ceiling,
    rate_to_sigma,
    sigma_to_rate,
    zero_failure_labels,
)
from assay.volume.target import LEAST_RATE, Target

DAYS_A_YEAR = 365
MOST_LABELS = 1_000_000
"""What people are taken to be able to label where no pace is given: beyond it a plan is called out of reach."""

CENSUS_SHARE = 0.5
"""Labels of more than half of a window are called a census: to read the rest costs less than to argue about it."""

ESCAPE_RATE = 0.05
"""Share of errors that a check may let through, in the plan of seeded errors."""

MOST_LAYERS = 8
SEEDED_CONDITION = (
    "the seeded errors represent the natural ones, and those of a later layer got past the earlier"
)


@dataclass(frozen=True, slots=True)
class SeededPlan:
    """What errors that were planted could show: a claim on natural errors only if the planted ones are like them.

    Parameters
    ----------
    layers : > 0
        Checks, one behind the other, that are tried with planted errors.
    escape_rate : in (0, 1)
        Share of errors that each is to be shown to let through at most.
    seeds_per_layer : > 0
        Planted errors for each, all of which it must catch.
    confidence_each : in (0, 1)
        Confidence level of each part, for all of them together to keep the plan's.
    base_rate : in (0, 1)
        Error rate before the checks that is then to be shown by labels.
    base_labels : > 0
        Labels for that, without an error.
    natural_labels : > 0
        Labels of natural outputs that would show the last layer's escape rate instead: as good as no discount.
    direct_labels : > 0
        Labels that would show the whole directly, at the confidence level of one part.
    """

    layers: int
    escape_rate: float
    seeds_per_layer: int
    confidence_each: float
    base_rate: float
    base_labels: int
    natural_labels: int
    direct_labels: int

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "layers": self.layers,
            "escape_rate": self.escape_rate,
            "seeds_per_layer": self.seeds_per_layer,
            "confidence_each": self.confidence_each,
            "base_rate": self.base_rate,
            "base_labels": self.base_labels,
            "natural_labels": self.natural_labels,
            "direct_labels": self.direct_labels,
            "condition": SEEDED_CONDITION,
        }


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a standard can be shown by labels.

    Parameters
    ----------
    verdict
        ``within``; ``census``: a plan would label most of the window; ``out``: more labels than can be given.
    reason
        Why, in words; empty where it is within reach.
    most_labels : > 0
        Labels that can be given.
    limit
        What sets that number.
    ceiling_sigma, ceiling_rate
        The highest one-sided level that so many labels can show, all of them right, and its rate.
    seeded
        What planted errors could show; None where the standard is within reach, or they can't.
    """

    verdict: str
    reason: str
    most_labels: int
    limit: str
    ceiling_sigma: float
    ceiling_rate: float
    seeded: SeededPlan | None

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "most_labels": self.most_labels,
            "limit": self.limit,
            "ceiling_sigma": self.ceiling_sigma,
            "ceiling_rate": self.ceiling_rate,
            "seeded": self.seeded.to_json() if self.seeded else None,
        }


def find_reach(
    target: Target, labels: int, *, labels_per_day: float | None, confidence_level: float
) -> Reach:
    """Say whether a plan of so many labels can be carried out.

    Parameters
    ----------
    target
        What is to be shown.
    labels : > 0
        Labels of the plan without an error: the least of all plans.
    labels_per_day : > 0
        What people label in a day; None: not known, and `MOST_LABELS` is the most.
    confidence_level : in (0, 1)

    Notes
    -----
    Out of reach: more labels than a year at the pace gives, or than `MOST_LABELS` where no pace is known. A census: at
    least half of the window, where the whole window can be labeled.
    """
    if labels_per_day is None:
        most = MOST_LABELS
        limit = f"{most:,} labels, taken as the most where no pace is given"
        beyond = f"more than the {most:,} labels that are taken as the most where no pace is given"
    else:
        most = max(1, math.floor(labels_per_day * DAYS_A_YEAR))
        limit = f"{most:,} labels, a year at {labels_per_day:g} a day"
        beyond = f"{labels:,} labels are more than a year's at {labels_per_day:g} a day, which are {most:,}"
    verdict, reason = "within", ""
    if labels > most:
        verdict, reason = "out", beyond
    elif target.population is not None and labels >= CENSUS_SHARE * target.population:
        verdict = "census"
        reason = f"{round(100 * labels / target.population)} % of the window"
    if target.population is not None and most >= target.population:
        most, limit = target.population, f"all {target.population:,} outputs of the window"
    level = _ceiling(most, target.population, confidence_level)
    seeded = _seeded(target, most, confidence_level) if verdict == "out" else None
    return Reach(verdict, reason, most, limit, *level, seeded)


def _ceiling(labels: int, population: int | None, confidence_level: float) -> tuple[float, float]:
    """Highest sigma level that so many labels can show, and its rate."""
    if population is None:
        rate = clopper_pearson(
            0, labels, confidence_level=confidence_level, alternative="less"
        ).high
        return rate_to_sigma(rate), rate
    # Of the window's source, too: a window says no more of it than its size does.
    clean = [StratumCount(population, labels, 0)]
    level = evidence_ceiling(clean, confidence_level=confidence_level).value
    return level, sigma_to_rate(level)


def _seeded(target: Target, most: int, confidence_level: float) -> SeededPlan | None:
    """Return the plan of fewest checks with which people can label what is left to show.

    Always a claim on the source's rate: what a check lets through of a window's errors is random, whatever it holds.
    """
    rate = target.error_rate
    if rate < LEAST_RATE:
        return None
    for layers in range(1, MOST_LAYERS + 1):
        base_rate = rate / ESCAPE_RATE**layers
        if base_rate >= 1:
            return None
        each = 1 - (1 - confidence_level) / (layers + 1)
        base = zero_failure_labels(base_rate, confidence_level=each)
        if base <= most:
            seeds = zero_failure_labels(ESCAPE_RATE, confidence_level=each)
            return SeededPlan(
                layers=layers,
                escape_rate=ESCAPE_RATE,
                seeds_per_layer=seeds,
                confidence_each=each,
                base_rate=base_rate,
                base_labels=base,
                # Only errors that got past all layers before the last are evidence on it, and they are this rare.
                natural_labels=math.ceil(seeds / (rate / ESCAPE_RATE)),
                direct_labels=zero_failure_labels(rate, confidence_level=each),
            )
    return None
