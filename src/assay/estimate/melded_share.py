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
    the exact lower limits, and ``k + BetaBinomial(N - n; k + 1, n - k)`` of the upper ones. With one part on each side
    the lower limit is the ``miss / 2`` quantile of L_A / (L_A + U_B): melded. Of several parts of a side one has its
    draws towards the limit, which is tried out for each, and the worst counts; the others have those without a label
    more of the rarer kind, as in `assay.estimate.judge_worth`. Unsure labels count the way that is worse.

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
    lows = _shares(_totals(a, rng, up=False), _totals(b, rng, up=True))
    highs = _shares(_totals(a, rng, up=True), _totals(b, rng, up=False))
    low = min((float(np.quantile(drawn, tail)) for drawn in lows), default=0.0)
    high = max((float(np.quantile(drawn, 1 - tail)) for drawn in highs), default=1.0)
    return Interval(low, high)


def _shares(inside: list[FloatArray], outside: list[FloatArray]) -> list[FloatArray]:
    drawn = []
    for a in inside:
        for b in outside:
            # Nothing on either side says nothing of the share.
            total = a + b
            share = np.divide(a, total, out=np.full_like(total, np.nan), where=total > 0)
            drawn.append(share[~np.isnan(share)])
    return [one for one in drawn if one.size > 0]


def _totals(
    parts: Sequence[StratumCount], rng: np.random.Generator, *, up: bool
) -> list[FloatArray]:
    """Draw the total of one side, once for each part that may have its draws towards the limit."""
    if not parts:
        return [np.zeros(POINTS)]
    counts = [(part, part.errors + part.unsure * up) for part in parts]
    plain = [_draw(part, k, rng, up=2 * k > part.labeled) for part, k in counts]
    whole = np.sum(plain, axis=0)
    return [
        whole - own + _draw(part, k, rng, up=up)
        for (part, k), own in zip(counts, plain, strict=True)
    ]


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
