"""What the judge that made the strata is worth: the labels that a uniform draw would have needed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.estimate.interval import tails
from assay.estimate.stratified import StratumCount
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Finding = Literal["saves labels", "nothing shown", "costs labels"]

GAIN_UNIT = "labels drawn uniformly / labels drawn with the judge"
_POINTS = 10_000  # The share beyond a limit is then right to 0.2 points of 100.
_FEW_STRATA = 6  # So many, as a judge's scores make, are simulated without a correction.
_MOST_CELLS = 2**31 - 1  # What numpy's binomial takes; beyond it the rest is as good as endless.


class JudgeWorth(NamedTuple):
    """What the judge of a draw was worth, and whether it knows wrong from right at all.

    Parameters
    ----------
    gain
        Labels that a uniform draw would need for the same standard error, over the labels used.
        Unit: "labels drawn uniformly / labels drawn with the judge"; in (0, traces / labels].
    p_value : in (0, 1] or None
        Chance of as many of the found errors in the densely drawn strata, or more, if the judge's
        score had nothing to do with error. None where no stratum was drawn more densely.
    """

    gain: Quantity
    p_value: float | None


def judge_worth(
    strata: Sequence[StratumCount],
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> JudgeWorth:
    """Return what the judge that made the strata is worth in labels, for this draw.

    Parameters
    ----------
    strata
        Labels so far, in strata made by the judge.
    confidence_level : in (0, 1)
        Two-sided: each limit of the gain may miss with half of the rest.
    rng
        For the limits' quantiles. The same labels give the same limits without it.

    Returns
    -------
    JudgeWorth
        Its gain is `Unknown` where there is one stratum, one without a label, nothing left to
        label, or not both a right and a wrong label.

    Notes
    -----
    With ``V(p) = sum(W^2 S^2 (1/n_h - 1/N_h))`` the variance of the estimated rate at stratum rates
    p, ``S^2 = p (1 - p) N_h / (N_h - 1)``, and ``S^2`` of the whole log without index, a uniform
    draw has that variance at m labels with ``1/m = V / S^2 + 1/N``. The gain is m / n. Where errors
    are rare and few traces are read, 1 / gain is the mean of ``n W_h / n_h`` over the errors. A
    judge that is no better than a coin has a gain below 1: its draw departs from the uniform one
    for nothing.

    The point takes unbiased estimates of both variances. The limits are quantiles of the gain
    under exact confidence distributions of the strata's errors, as in a melded interval: k found
    of n labels give ``k + BetaBinomial(N - n; k, n - k + 1)``, whose quantiles are the exact lower
    limits, and in one stratum ``k + BetaBinomial(N - n; k + 1, n - k)``, the upper ones. Which
    stratum that is, is tried out, and the worst counts. Of two strata with rare errors these are
    the limits of the exact conditional test. Unsure labels are completed both ways.

    Draws of a rate take p (1 - p) for smaller than it is, by ``n^2 / ((n + 1) (n + 2))`` on average. Up to six strata
    the one label more outweighs that; of more, as tags make, the lower limit counts it in: without, it missed in 54 of
    100 draws of 12 strata with 4 or 16 labels each.

    Coverage is simulated, not proved (docs/METHODS.md). It says nothing of the volume's interval,
    which holds whatever the judge does, and nothing of another draw with the same judge.

    References
    ----------
    .. [1] Fay, Proschan, Brittain, "Combining one-sample confidence procedures for inference in
       the two-sample case", Biometrics 71 (2015), doi:10.1111/biom.12231.
    .. [2] Gaffke, "Three test statistics for a nonparametric one-sided hypothesis on the mean of a
       nonnegative variable", Mathematical Methods of Statistics 14 (2005): one observation more,
       at the worst place.
    .. [3] Cochran, "Sampling Techniques", 3rd ed., section 5.5 (variances of both designs).

    Examples
    --------
    >>> worth = judge_worth([StratumCount(648, 112, 105), StratumCount(671, 88, 2)])
    >>> worth.gain.value > 3, worth.gain.low > 2, worth.p_value < 1e-9
    (True, True, True)
    >>> judge_finding(judge_worth([StratumCount(130, 20, 1), StratumCount(1189, 180, 9)]).gain)
    'nothing shown'
    """
    used = [s for s in strata if s.size > 0]
    reason = _reason(used)
    if reason:
        return JudgeWorth(Unknown(reason), None)
    sizes = np.array([s.size for s in used], dtype=np.float64)
    labeled = np.array([s.labeled for s in used], dtype=np.float64)
    low, high = _limits(used, confidence_level, rng or np.random.default_rng(0))
    value = _point(sizes, labeled, np.array([s.errors + s.unsure / 2 for s in used]))
    gain = Estimate(
        value=min(max(value, low), high),
        low=low,
        high=high,
        unit=GAIN_UNIT,
        confidence_level=confidence_level,
        n=int(labeled.sum()),
        method=f"melded exact limits of the rates, {len(used)} strata",
        guarantee="simulated",
    )
    return JudgeWorth(gain, _p_value(used))


def judge_finding(gain: Quantity) -> Finding | None:
    """Return what the gain's limits show; None where the gain is unknown.

    Examples
    --------
    >>> judge_finding(Estimate(1.9, 1.4, 2.6, GAIN_UNIT, 0.95, 200, "melded"))
    'saves labels'
    """
    if isinstance(gain, Unknown):
        return None
    if gain.low > 1:
        return "saves labels"
    return "costs labels" if gain.high < 1 else "nothing shown"


def _reason(used: Sequence[StratumCount]) -> str:
    """Return why nothing can be said of the judge; empty where something can."""
    if len(used) < 2:
        return "there is one stratum: no judge took part in the drawing"
    labels = sum(s.labeled for s in used)
    if any(s.labeled == 0 for s in used):
        # Of nothing at all and of one stratum alike: what lies there could outweigh the rest.
        return "a stratum has no label: label some of each first" if labels else "no label yet"
    if all(s.labeled == s.size for s in used):
        return "every trace is labeled: there was nothing that a judge could save"
    if sum(s.errors for s in used) == 0:
        return f"no error was found in {labels:,} labels: what the judge is worth shows in errors"
    if sum(s.errors + s.unsure for s in used) == labels:
        return f"no right answer was found in {labels:,} labels: a judge has nothing to tell apart"
    return ""


def _gain(within: FloatArray, whole: FloatArray, size: float, labels: float) -> FloatArray:
    """Return m / n, from the variance of this draw and the p (1 - p) of the log; 0 where that is 0."""
    spread = whole * size / (size - 1)
    uniform = np.divide(within, spread, out=np.full_like(within, np.inf), where=spread > 0)
    gain: FloatArray = 1 / (labels * (uniform + 1 / size))
    return gain


def _per_variance(sizes: FloatArray, labeled: FloatArray) -> FloatArray:
    """Return what one unit of p (1 - p) in each stratum adds to the variance of the rate."""
    bessel = sizes / np.maximum(sizes - 1, 1)
    share = sizes / sizes.sum()
    add: FloatArray = share**2 * bessel * (1 / labeled - 1 / sizes)
    return add


def _point(sizes: FloatArray, labeled: FloatArray, errors: FloatArray) -> float:
    rates = errors / labeled
    size = float(sizes.sum())
    # p (1 - p) at the rate found is too small by (n - 1) / n, in the stratum and (nearly) in the log.
    spread = rates * (1 - rates) * labeled / np.maximum(labeled - 1, 1)
    spread *= np.maximum(sizes - 1, 1) / sizes
    within = float(_per_variance(sizes, labeled) @ spread)
    rate = float(sizes @ rates) / size
    whole = rate * (1 - rate) + within
    return float(_gain(np.array(within), np.array(whole), size, float(labeled.sum())))


def _completions(used: Sequence[StratumCount]) -> Iterator[IntArray]:
    """Yield errors a stratum: the unsure wrong up to some density of drawing, right beyond, and reversed."""
    fewest = np.array([s.errors for s in used], dtype=np.int64)
    unsure = np.array([s.unsure for s in used], dtype=np.int64)
    if not unsure.any():
        yield fewest
        return
    density = np.array([s.labeled / s.size for s in used])
    for cut in [0.0, *sorted(set(density[unsure > 0]))]:
        yield fewest + unsure * (density > cut)
        yield fewest + unsure * (density <= cut)


def _limits(
    used: Sequence[StratumCount], confidence_level: float, rng: np.random.Generator
) -> tuple[float, float]:
    miss = tails(confidence_level, "two-sided").low or 0.0
    sizes = np.array([s.size for s in used], dtype=np.int64)
    labeled = np.array([s.labeled for s in used], dtype=np.int64)
    lows, highs = [], []
    for errors in _completions(used):
        for below, above in _gain_draws(sizes, labeled, errors, rng):
            lows.append(np.quantile(below, miss))
            highs.append(np.quantile(above, 1 - miss))
    return float(min(lows)), float(max(highs))


def _gain_draws(
    sizes: IntArray, labeled: IntArray, errors: IntArray, rng: np.random.Generator
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield draws of the gain, for the lower and the upper limit, once for each place of the one error more.

    How far the rates of the strata lie apart is at its least, 0, for a worthless judge, and any
    draw of rates lies further apart than the truth. So the lower limit counts only what goes the
    way that the judge said: more errors where it had more drawn. That can be of either sign.
    """
    strata = list(zip(sizes, labeled, errors, strict=True))
    size, labels = float(sizes.sum()), float(labeled.sum())
    add, share = _per_variance(sizes.astype(float), labeled.astype(float)), sizes / size
    said = _said(share, labeled / sizes)
    # The one observation more is of the rarer kind, in one stratum: rights and wrongs can change places.
    mostly = [2 * k > n for _, n, k in strata]
    rates = [_rates(*stratum, int(m), rng) for stratum, m in zip(strata, mostly, strict=True)]
    more = [_rates(*stratum, int(not m), rng) for stratum, m in zip(strata, mostly, strict=True)]
    small = _too_small(sizes, labeled) if len(strata) > _FEW_STRATA else np.ones(len(strata))
    for place in range(len(strata)):
        drawn = np.array([*rates[:place], more[place], *rates[place + 1 :]])
        spread = drawn * (1 - drawn)
        mean, within = share @ drawn, add @ spread
        apart = np.maximum(said @ drawn, 0) ** 2
        yield (
            _gain((add / small) @ spread, share @ spread + apart, size, labels),
            _gain(within, mean * (1 - mean), size, labels),
        )


def _too_small(sizes: IntArray, labeled: IntArray) -> FloatArray:
    """Return by what factor p (1 - p) of a stratum is too small on average, drawn as in `_rates`.

    With many strata of few labels that adds up, while one label more in one of them is soon nothing beside it.
    """
    n = labeled.astype(np.float64)
    factor: FloatArray = np.where(labeled < sizes, n**2 / ((n + 1) * (n + 2)), 1.0)
    return factor


def _said(share: FloatArray, density: FloatArray) -> FloatArray:
    """Return the contrast of the rates along the density of the draw; its square is at most their variance."""
    away = density - share @ density
    length = math.sqrt(share @ away**2)
    contrast: FloatArray = share * away / length if length > 1e-9 else np.zeros_like(share)
    return contrast


def _rates(
    size: int, labeled: int, errors: int, extra: int, rng: np.random.Generator
) -> FloatArray:
    """Draw rates of a stratum from the confidence distribution of its lower or (extra = 1) upper limits."""
    above, below = errors + extra, labeled - errors + 1 - extra
    rest = size - labeled
    if rest == 0:
        return np.full(_POINTS, errors / size)
    if above == 0 or below == 0:
        unread = np.full(_POINTS, 0.0 if above == 0 else float(rest))
    else:
        rate = rng.beta(above, below, _POINTS)
        unread = rng.binomial(rest, rate) if rest <= _MOST_CELLS else rest * rate
    drawn: FloatArray = (errors + unread) / size
    return drawn


def _p_value(used: Sequence[StratumCount]) -> float | None:
    """Fisher's exact test, one-sided: found errors in the densely drawn strata against the others."""
    size, labels = sum(s.size for s in used), sum(s.labeled for s in used)
    dense = [s for s in used if s.labeled * size > labels * s.size]
    inside = sum(s.labeled for s in dense)
    if not dense:
        return None
    # The unsure are right in the dense strata and wrong in the others: the least that is shown.
    found = sum(s.errors for s in dense)
    wrong = found + sum(s.errors + s.unsure for s in used if s not in dense)
    x = np.arange(found, min(inside, wrong) + 1)
    log = _log_choose(inside, x) + _log_choose(labels - inside, wrong - x)
    return min(1.0, math.fsum(np.exp(log - _log_choose(labels, np.array([wrong])))))


def _log_choose(n: int, k: npt.NDArray[np.int64]) -> FloatArray:
    log: FloatArray = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return log
