"""Worlds whose every part is known, to see how often limits hold: items are drawn, measured, and the truth compared."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assay.capability.evidence import (
    APART,
    WORST,
    Evidence,
    Prices,
    Sampled,
    ShareEvidence,
    stated,
    together,
)
from assay.capability.measure import per_item_and_verified, quantity_of
from assay.capability.parts import cost_per_item, parts_of
from assay.quantity import Quantity


@dataclass(frozen=True, slots=True)
class World:
    """One configuration as it really is.

    Parameters
    ----------
    p, r, f
        Right, caught and flagged shares.
    spread
        Sigma of the log-normal costs; their median is 1 for a right item.
    dearer
        How many times as much a wrong item costs.
    items
        Measured; r and f are measured on the wrong and on the right ones of these.
    how
        rows: correlations from the rows. worst: no row is given. apart: costs are of other items.
    """

    p: float
    r: float
    f: float
    spread: float
    dearer: float
    items: int
    how: str = "rows"

    def cost(self) -> float:
        """Return the mean cost of an attempt."""
        typical = math.exp(self.spread**2 / 2)
        return typical * (self.p + (1 - self.p) * self.dearer)

    def truth(self, prices: Prices) -> float:
        """Return CVC as it really is, checks being free."""
        F, E, a, w = (
            x or 0.0
            for x in (
                prices.mend_usd,
                prices.escape_usd,
                prices.false_alarm_usd,
                prices.wait_usd_per_hour,
            )
        )
        p, r = self.p, self.r
        item = self.cost() * (1 + w / 3600) + (1 - p) * (r * F + (1 - r) * E) + p * self.f * a
        return item / (p + (1 - p) * r)

    def evidence(self, rng: np.random.Generator) -> Evidence:
        """Return what a sample of items of this world shows."""
        right = rng.random(self.items) < self.p
        costs = self._costs(right, rng)
        if self.how == "apart":
            costs = self._costs(rng.random(self.items) < self.p, rng)
        hits = int(right.sum())
        how = {"rows": together(right, costs, costs), "worst": WORST, "apart": APART}[self.how]
        return Evidence(
            "a",
            ShareEvidence(hits, self.items),
            Sampled(costs),
            Sampled(costs),
            stated(0, "free"),
            self._share(self.r, self.items - hits, rng),
            self._share(self.f, hits, rng),
            how,
        )

    def limits(self, prices: Prices, rng: np.random.Generator, *, draws: int = 800) -> Quantity:
        """Return CVC as a sample of items of this world gives it."""
        parts = parts_of(self.evidence(rng), rng, draws=draws)
        names, formula = cost_per_item(prices)
        return quantity_of(
            parts, names, per_item_and_verified(formula), unit="USD", confidence_level=0.95
        )

    def _costs(self, right: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        costs = rng.lognormal(0.0, self.spread, self.items)
        return np.where(right, costs, costs * self.dearer)

    def _share(self, share: float, n: int, rng: np.random.Generator) -> ShareEvidence | float:
        if share in (0.0, 1.0):
            return share
        # Where no wrong item was seen, nothing is known of those: anything from 0 to 1 may be.
        return ShareEvidence(int(rng.binomial(n, share)), n)
