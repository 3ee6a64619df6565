"""Populations of units with a known total, for the tests of `assay.estimate.sized`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.estimate.sized import ReadUnits, SizedPopulation, race_order

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """Units with sizes, weights and taints that nobody has read yet."""

    sizes: FloatArray
    weights: FloatArray
    taints: FloatArray
    whole: bool = False

    @property
    def truth(self) -> float:
        return float(self.sizes @ self.taints)

    @property
    def population(self) -> SizedPopulation:
        return SizedPopulation(
            units=len(self.sizes),
            size=float(self.sizes.sum()),
            weight=float(self.weights.sum()),
            largest_ratio=float((self.sizes / self.weights).max()),
            largest_size=float(self.sizes.max()),
            whole=self.whole,
        )

    def race(self, rng: np.random.Generator) -> tuple[npt.NDArray[np.intp], FloatArray]:
        return race_order(self.weights, rng.random(len(self.sizes)))

    def read(self, order: npt.NDArray[np.intp], units: int) -> ReadUnits:
        first = order[:units]
        taints = self.taints[first].tolist()
        return ReadUnits(self.sizes[first].tolist(), self.weights[first].tolist(), taints, taints)

    def hits(
        self, order: npt.NDArray[np.intp], keys: FloatArray, units: int, rng: np.random.Generator
    ) -> list[int]:
        """Return how often each unit would have come up, had it been put back."""
        horizon = keys[order[units - 1]]
        again = rng.poisson(self.weights[order[:units]] * (horizon - keys[order[:units]]))
        return [1 + int(more) for more in again]


def conversations(
    rng: np.random.Generator, *, units: int, rate: float, icc: float, mean_size: int = 10
) -> World:
    """Conversations of uneven length, each with an error rate of its own (beta-binomial)."""
    sizes: FloatArray = (1 + rng.poisson(mean_size - 1, units)).astype(np.float64)
    strength = 1 / icc - 1
    own = rng.beta(rate * strength, (1 - rate) * strength, units)
    wrong = rng.binomial(sizes.astype(np.int64), own)
    return World(sizes, sizes, wrong / sizes, whole=True)


def money(
    rng: np.random.Generator, *, units: int, rate: float, where: str, judge: float = 0.0
) -> World:
    """Heavy-tailed amounts; wrong are random ones, the smallest, or the largest.

    With `judge` above 0 the weights also follow a score: `judge` is how far those of wrong units stand out, and a
    negative one is a judge that is exactly wrong.
    """
    sizes = np.asarray(np.round(np.exp(rng.normal(3.0, 1.5, units)), 2) + 0.01, dtype=np.float64)
    count = round(rate * units)
    ranks = np.argsort(sizes)
    chosen = {"random": rng.permutation(units), "tiny": ranks, "big": ranks[::-1]}[where][:count]
    taints = np.zeros(units)
    taints[chosen] = 1.0 if where != "random" else rng.choice([1.0, 0.1, 0.35], count)
    weights = sizes
    if judge:
        score = np.clip(rng.normal(0.15 + judge * (taints > 0), 0.1), 0, 1)
        weights = sizes * (score.mean() + score)
    return World(sizes, weights, taints)
