"""Designs of a draw: where a log is cut by the judge's score, and how many labels each stratum gets.

A design knows the judge's scores and no truth. Whatever it is, the interval has to hold; its labels are what is at
stake.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assay.errors import EstimateError
from assay.estimate import allocate, anticipated_error_rates, assign_strata, cut_scores
from assay.volume.draw import MAX_STRATA
from populations import Binormal, FloatArray, IntArray

Designer = Callable[[int], "Draw | None"]
"""The design for a number of labels; None where it can't be made with so few."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Strata in order of the score, greatest first.

    Parameters
    ----------
    sizes : shape (n_strata,), > 0
    labels : shape (n_strata,), in [0, sizes]
    """

    sizes: tuple[int, ...]
    labels: tuple[int, ...]

    @property
    def edges(self) -> IntArray:
        """Ranks at which the strata begin, and the size of the log: shape (n_strata + 1,)."""
        return np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Plan:
    """A family of designs, one for each number of labels.

    Parameters
    ----------
    strata : >= 1
        How many are sampled.
    power : >= 0
        The strata are equal shares of the cumulated posterior to this power.
    census : in [0, 1)
        Share of the labels that goes to the greatest scores, which are read in full.
    uniform : in [0, 1]
        Share of the other labels that is drawn as if there were no judge.
    floor : in (0, 1)
        What the judge is believed at least, as a share of the log's anticipated error rate.
    """

    strata: int
    power: float = 0.5
    census: float = 0.0
    uniform: float = 0.5
    floor: float = 0.0

    def __str__(self) -> str:
        """Return the plan in a line."""
        parts = [f"{self.strata} strata" if self.strata > 1 else "1 stratum"]
        if self.strata > 1:
            parts += [f"cut at score^{self.power:.2g}", f"{self.uniform:.0%} uniform"]
            if self.floor:
                parts.append(f"floor {self.floor:.2g} of the mean")
        if self.census:
            parts.append(f"census takes {self.census:.0%} of the labels")
        return ", ".join(parts)

    def designer(self, log: Binormal) -> Designer:
        """Return the design for each number of labels, for a log with a calibrated judge."""
        eta = log.expected_posteriors()
        # Clipped once: each draw is then a few look-ups in cumulated sums.
        believed = np.maximum(eta, self.floor * eta.mean())
        weights = np.concatenate([[0.0], np.cumsum(believed**self.power)])
        mass = np.concatenate([[0.0], np.cumsum(believed)])
        return lambda labels: self._draw(labels, weights, mass)

    def _draw(self, labels: int, weights: FloatArray, mass: FloatArray) -> Draw | None:
        size = len(weights) - 1
        top = round(self.census * labels)
        rest = labels - top
        if labels > size or rest < self.strata:
            return None
        if rest >= size - top:
            return Draw((size,), (size,))
        shares = np.linspace(weights[top], weights[-1], self.strata + 1)[1:-1]
        edges = np.unique(np.concatenate([[top], np.searchsorted(weights, shares), [size]]))
        sizes = np.diff(edges)
        rates = np.diff(mass[edges]) / sizes
        drawn = shared_out(sizes, rates, rest, uniform=self.uniform)
        if drawn is None:
            return None
        if top:
            sizes, drawn = np.concatenate([[top], sizes]), np.concatenate([[top], drawn])
        return Draw(tuple(sizes.tolist()), tuple(drawn.tolist()))


def shared_out(
    sizes: IntArray, rates: FloatArray, labels: int, *, uniform: float
) -> IntArray | None:
    """Return labels a stratum: Neyman's mixed with uniform ones, one at least, at most all of it."""
    spread = sizes * np.sqrt(rates * (1 - rates))
    wish = (1 - uniform) * spread / spread.sum() + uniform * sizes / sizes.sum()
    if labels < len(sizes):
        return None
    given = np.minimum(np.maximum(1.0, labels * wish), sizes)
    for _ in range(50):
        free = (given < sizes) & (given > 1)
        missing = labels - given.sum()
        if abs(missing) < 1e-6 or not free.any():
            break
        scale = 1 + missing / given[free].sum()
        given[free] = np.minimum(np.maximum(1.0, given[free] * scale), sizes[free])
    whole = np.floor(given + 1e-9).astype(np.int64)
    # The largest remainders, as far as the strata go.
    for index in np.argsort(whole - given, kind="stable"):
        room = min(1, int(sizes[index] - whole[index]), labels - int(whole.sum()))
        whole[index] += max(room, 0)
    return whole if whole.sum() == labels else None


@dataclass(frozen=True, slots=True)
class Strata:
    """How the product's draw cuts a log.

    Parameters
    ----------
    which : shape (n,)
        Stratum of each output.
    sizes, rates : shape (n_strata,)
        Outputs, and the share of errors that the judge leads one to expect.
    """

    which: IntArray
    sizes: IntArray
    rates: FloatArray

    def labels(self, count: int) -> IntArray | None:
        """Return labels a stratum, as the product allots them; None where there are too few."""
        try:
            return allocate(self.sizes, self.rates, count)
        except EstimateError:
            return None


def product_strata(scores: FloatArray) -> Strata:
    """Return the strata of the product's draw: its cuts, and its floor under the judge's word."""
    which = assign_strata(scores, cut_scores(scores, max_strata=MAX_STRATA))
    sizes = np.bincount(which)
    rates = np.bincount(which, weights=scores) / np.maximum(sizes, 1)
    return Strata(which, sizes, anticipated_error_rates(sizes, rates))


def product_designer(log: Binormal) -> Designer:
    """Return the product's design for each number of labels."""
    strata = product_strata(log.expected_posteriors())
    used = strata.sizes > 0

    def draw(labels: int) -> Draw | None:
        drawn = strata.labels(labels)
        if drawn is None:
            return None
        # Here the greatest scores come first.
        sizes, counts = strata.sizes[used][::-1], drawn[used][::-1]
        return Draw(tuple(sizes.tolist()), tuple(counts.tolist()))

    return draw
