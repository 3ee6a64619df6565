"""The share that some parts of a log have of a kind of outputs, where each part was sampled by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.interval import Interval, missing_chance
from assay.estimate.stratified import StratumCount

FloatArray = npt.NDArray[np.float64]

POINTS = 10_000
"""Draws of the confidence distributions: the share beyond a limit is then right to 0.2 points of 100."""
_MOST_COUNTED = 2**31 - 1  # What numpy's binomial takes; beyond it the rest is as good as endless.


def melded_share(
    inside: Sequence[StratumCount],
    outside: Sequence[StratumCount],
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Interval:
    """Return limits of A / (A + B): A errors lie in some parts of a log, B in the others.

    Parameters
    ----------
    inside, outside
        The parts, each with labels drawn from it at random: what A counts in, and what B.
    confidence_level : in (0, 1)
    rng
        For the limits' quantiles. The same counts give the same limits without it.

    Returns
    -------
    Interval
        In [0, 1].

    Raises
    ------
    EstimateError
        If a part has outputs and no label.

    Notes
    -----
    k found of n labels among N give a draw ``k + BetaBinomial(N - n; k, n - k + 1)`` of the confidence distribution of
    the exact lower limits, and ``k + BetaBinomial(N - n; k + 1, n - k)`` of the upper ones. The lower limit is the
    ``miss / 2`` quantile of L_A / (L_A + U_B), where L_A is the sum of draws of the lower limits of A's parts and U_B
    that of the upper limits of B's. With one part on each side that is the melded interval of [1]_; each further part
    makes it wider than need be. One label more in the worst part alone, as in `assay.estimate.judge_worth`, is too
    little: with few labels in each of 4 to 12 parts limits made so missed in 8 to 15 of 100 draws. Unsure labels count
    the way that is worse.

    Coverage is simulated, not proved (docs/METHODS.md).

    References
    ----------
    .. [1] Fay, Proschan, Brittain, "Combining one-sample confidence procedures for inference in the two-sample case",
       Biometrics 71 (2015), doi:10.1111/biom.12231.

    Examples
    --------
    >>> low, high = melded_share([StratumCount(100, 40, 30)], [StratumCount(900, 90, 3)])
    >>> 0.4 < low < 75 / 105 < high < 0.95
    True
    """
    parts = [part for part in (*inside, *outside) if part.size > 0]
    if any(part.labeled == 0 for part in parts):
        raise EstimateError("each part with outputs needs a label")
    tail = missing_chance(confidence_level) / 2
    rng = rng or np.random.default_rng(0)
    a, b = (tuple(part for part in side if part.size > 0) for side in (inside, outside))
    lows = _shares(_total(a, rng, up=False), _total(b, rng, up=True))
    highs = _shares(_total(a, rng, up=True), _total(b, rng, up=False))
    low = float(np.quantile(lows, tail)) if lows.size else 0.0
    high = float(np.quantile(highs, 1 - tail)) if highs.size else 1.0
    return Interval(low, high)


def _shares(inside: FloatArray, outside: FloatArray) -> FloatArray:
    total = inside + outside
    # Nothing on either side says nothing of the share.
    some = total > 0
    shares: FloatArray = inside[some] / total[some]
    return shares


def _total(parts: Sequence[StratumCount], rng: np.random.Generator, *, up: bool) -> FloatArray:
    """Draw the total of one side: the sum of the draws of its parts, all towards one limit."""
    total = np.zeros(POINTS)
    for part in parts:
        total += _draw(part, part.errors + part.unsure * up, rng, up=up)
    return total


def _draw(part: StratumCount, errors: int, rng: np.random.Generator, *, up: bool) -> FloatArray:
    """Draw a part's errors from the confidence distribution of its upper or its lower limits."""
    rest = part.size - part.labeled
    above, below = errors + up, part.labeled - errors + 1 - up
    if rest == 0 or above == 0 or below == 0:
        return np.full(POINTS, float(errors + (rest if below == 0 else 0)))
    rate = rng.beta(above, below, POINTS)
    unread = rng.binomial(rest, rate) if rest <= _MOST_COUNTED else rest * rate
    drawn: FloatArray = errors + np.asarray(unread, dtype=np.float64)
    return drawn
