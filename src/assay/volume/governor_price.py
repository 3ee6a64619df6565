"""What a point of the budget is worth now: the highest charge at which recent traffic just uses the budget up.

A bucket alone is first come, first served, and spends on one risky output what would release a hundred safe ones. So an
output is released only if its charge is at most the price; riskier ones go to the reviewers, the riskiest first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.volume.governor_risk import RiskBook

NO_LIMIT = 1e300
"""Stands for infinity, which JSON has not."""
HALF_BIN = 1.28
"""Half the width of a bin of scores, as a factor."""
_TOP = 0.9
Cell = tuple[str, int, int]


@dataclass(slots=True)
class TrafficMix:
    """Recent outputs by stratum, bin of scores and severity; older ones fade.

    Parameters
    ----------
    memory_seconds : > 0
        In which an output's part falls by 1/e.
    started, at
        Seconds of the clock.
    """

    memory_seconds: float
    started: float
    at: float
    cells: dict[Cell, list[float]] = field(default_factory=dict)
    """Count, and sum of the probabilities."""

    def add(self, cell: Cell, probability: float) -> None:
        """Count one output."""
        values = self.cells.get(cell)
        if values is None:
            values = self.cells[cell] = [0.0, 0.0]
        values[0] += 1.0
        values[1] += probability

    def fade(self, now: float) -> None:
        """Take off what has faded up to now."""
        if now <= self.at:
            return
        left = math.exp(-(now - self.at) / self.memory_seconds)
        self.at = now
        for cell, values in list(self.cells.items()):
            values[0] *= left
            values[1] *= left
            if values[0] < 1e-6:
                del self.cells[cell]

    @property
    def seconds(self) -> float:
        """Length of time that the faded counts stand for."""
        return self.memory_seconds * -math.expm1(-(self.at - self.started) / self.memory_seconds)

    def to_json(self) -> dict[str, object]:
        """Return its state in plain types."""
        return {
            "started": self.started,
            "at": self.at,
            "cells": [[*cell, *values] for cell, values in self.cells.items()],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up the state that `to_json` gave."""
        self.started, self.at = float(state["started"]), float(state["at"])
        self.cells = {
            (str(s), int(b), int(v)): [float(n), float(p)] for s, b, v, n, p in state["cells"]
        }


@dataclass(frozen=True, slots=True)
class Prices:
    """What decides, between two looks at the traffic.

    Parameters
    ----------
    release : >= 0
        Points: release up to that charge; `NO_LIMIT` where the budget bears all.
    margin : >= release
        Points: of the outputs charged between `release` and this, the budget bears a share.
    margin_share : [0, 1]
        That share. A judge that says one number of all outputs has all its outputs there.
    review : >= 0
        Points: from that charge on an output goes to the reviewers as soon as one has time.
    second_opinion : >= 0
        Points: the tenth of the traffic at the most risk is charged more.
    root_mean : > 0
        Mean square root of the charge of what is released: audits are drawn in proportion to the root.
    released_per_second : >= 0
        At this price.
    """

    release: float = NO_LIMIT
    margin: float = NO_LIMIT
    margin_share: float = 0.0
    review: float = 0.0
    second_opinion: float = NO_LIMIT
    root_mean: float = 1.0
    released_per_second: float = 0.0


def price_of(
    mix: TrafficMix,
    risk: RiskBook,
    weights: Mapping[int, float],
    *,
    points_per_second: float,
    reviews_per_second: float,
) -> Prices:
    """Return the prices at which recent traffic would just use up what there is.

    Parameters
    ----------
    mix
        Recent traffic.
    risk
        What it is charged.
    weights
        Points by severity.
    points_per_second : >= 0
        To be spent on releases.
    reviews_per_second : >= 0
        Outputs that the reviewers can take, audits taken off.

    Notes
    -----
    The cheapest outputs fill the budget first (a fractional knapsack in which all outputs are worth the same, for which
    that is the best). Assumes that the traffic to come is like the traffic of the last while.
    """
    charged = sorted(
        (weights[severity] * risk.upper(stratum, total / count, place), count)
        for (stratum, place, severity), (count, total) in mix.cells.items()
    )
    seconds = mix.seconds
    if points_per_second <= 0:
        return Prices(0.0, 0.0, 0.0, _from_above(charged, reviews_per_second * seconds))
    if not charged or seconds <= 0:
        return Prices()
    left, released, roots = points_per_second * seconds, 0.0, 0.0
    price, margin, margin_share = NO_LIMIT, NO_LIMIT, 0.0
    for charge, count in charged:
        share = min(1.0, left / (charge * count)) if charge > 0 else 1.0
        released += share * count
        roots += share * count * math.sqrt(charge)
        left -= share * count * charge
        if share < 1.0:
            price, margin, margin_share = charge / HALF_BIN, charge * HALF_BIN, share
            break
    return Prices(
        price,
        margin,
        margin_share,
        _from_above(charged, reviews_per_second * seconds),
        _from_above(charged, (1 - _TOP) * sum(count for _, count in charged)),
        roots / released if roots > 0 else math.sqrt(charged[0][0]) or 1.0,
        released / seconds,
    )


def _from_above(charged: list[tuple[float, float]], count: float) -> float:
    """Return the charge from which on there are so many outputs."""
    for charge, there in reversed(charged):
        count -= there
        if count <= 0:
            return charge
    return 0.0
