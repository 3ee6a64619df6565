"""The law of a feedback loop's gain: what a turn does to the logit of accuracy, against the verifier's log ratio.

    change of logit(accuracy) in a turn  =  alpha ln(phi / psi) - delta

`phi` and `psi` are the chances that the verifier keeps a right and a wrong answer. A turn gains where the log ratio is
above the break-even ``delta / alpha``. Seeds differ, in alpha far more than in where the sign changes: limits are over
seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assay.errors import EstimateError
from assay.estimate.interval import missing_chance
from assay.estimate.loop_law_line import (
    Turns,
    fieller,
    jackknife,
    limits_over_loops,
    plus_minus,
    quantile,
    spread,
    typical,
)
from assay.estimate.loop_law_package import PACKAGE_LAW
from assay.estimate.loop_law_result import (
    CHANGE,
    LawPoint,
    LeftOut,
    LoopLaw,
    SeedLaw,
    accuracy_of,
    ratio_of,
)
from assay.quantity import Unknown

__all__ = [
    "EXTREME",
    "PACKAGE_LAW",
    "LawPoint",
    "LeftOut",
    "LoopLaw",
    "SeedLaw",
    "accuracy_of",
    "fit_law",
    "ratio_of",
]

EXTREME = 0.005
"""Turns that begin or end nearer to 0 or 1 are left out: a logit is mostly sampling noise there."""

SURE = 3.0
"""Standard errors that a seed's slope is above 0, for its logarithm to be taken."""


def fit_law(
    points: Sequence[LawPoint],
    *,
    growth: float = 0.0,
    confidence_level: float = 0.95,
    extreme: float = EXTREME,
) -> LoopLaw:
    """Fit the law of the gain to the turns of several loops.

    Parameters
    ----------
    points
        Turns of loops with other verifiers, with several seeds at best.
    growth : in [0, 1]
        Power of the odds of a right answer that alpha and delta grow with. 0: the same at every accuracy. It is to be
        chosen before the fit, and is no part of its limits.
    confidence_level : in (0, 1)
        Of each interval by itself.
    extreme : in [0, 0.5)
        Turns with an accuracy at most so far from 0 or 1 are left out.

    Returns
    -------
    LoopLaw
        `Unknown` where the turns give no line: all with one log ratio, or all left out. A slope that isn't positive has
        no break-even.

    Raises
    ------
    EstimateError
        If the level, `growth` or `extreme` is out of range.

    Notes
    -----
    With two seeds or more that each give a line (least squares, two log ratios at least), the seeds are the sampling
    unit: alpha and delta are means over seeds with t limits of ``seeds - 1`` degrees, which hold for few groups of
    unlike variance [1]_. Slopes are averaged as logarithms where all are positive: alpha is that of a typical seed.
    For the break-even each seed's line is divided by the root mean square of its changes, so that a seed that learns
    fast doesn't set it alone, and ``alpha x - delta = 0`` is inverted for x (Fieller [2]_): where the slope isn't
    certainly positive there are no limits. Prediction limits for one seed more have the variance times ``seeds + 1``.
    With one seed, limits are over its loops: the jackknife that leaves out a loop at a time (CV3 [3]_), t with the
    degrees of the loops that carry the slope; another seed is not covered, and is said to be unknown.

    Assumes that the log ratio is known without error (its noise draws alpha to 0), that seeds are exchangeable, that
    the verifier's mistakes are a matter of chance, and one alpha for all turns of a seed. It fails where alpha
    changes with accuracy within a seed (it does grow: the break-even stays, alpha is that of the accuracies measured,
    or of 1/2 with a `growth`), and for another task, learner or number of steps. An infinite log ratio (an exact
    check) has no place on the line and is left out, as is an accuracy near 0 or 1; `left_out` counts them.

    References
    ----------
    .. [1] Ibragimov & Mueller, "t-statistic based correlation and heterogeneity robust inference", JBES 28 (2010),
       doi:10.1198/jbes.2009.08046.
    .. [2] Fieller, "Some problems in interval estimation", JRSS B 16 (1954), doi:10.1111/j.2517-6161.1954.tb00159.x.
    .. [3] MacKinnon, Nielsen & Webb, "Fast and reliable jackknife and bootstrap methods for cluster-robust inference",
       J. Appl. Econometrics 38 (2023), doi:10.1002/jae.2969.

    Examples
    --------
    >>> def turn(seed, arm, x, change):
    ...     return LawPoint(arm, seed, 1, 0.5, 1 / (1 + math.exp(-change)), x)
    >>> ratios = {"coin": 0.0, "fair": 0.5, "good": 2.0, "bad": -1.0}
    >>> law = fit_law([turn(s, a, x, (0.2 + s / 50) * (x - 0.1)) for s in range(3) for a, x in ratios.items()])
    >>> round(law.alpha.value, 3), round(law.break_even.value, 3), law.alpha.low < 0.2 < 0.24 < law.alpha.high
    (0.219, 0.1, True)
    """
    missing_chance(confidence_level)
    if not 0 <= growth <= 1:
        raise EstimateError(f"growth must be in [0, 1], got {growth}")
    if not 0 <= extreme < 0.5:
        raise EstimateError(f"extreme must be in [0, 0.5), got {extreme}")
    used, left_out = _usable(points, extreme)
    seeds = {seed: [p for p in used if p.seed == seed] for seed in sorted({p.seed for p in used})}
    parts = {seed: Turns.of(turns, growth) for seed, turns in seeds.items()}
    parts = {seed: turns for seed, turns in parts.items() if turns.gives_line}
    by_seed = tuple(
        _seed_law(seed, turns, _accuracy(seeds[seed]), confidence_level)
        for seed, turns in parts.items()
    )
    if len(parts) >= 2:
        kept = [point for seed in parts for point in seeds[seed]]
        every = Turns.of(kept, growth)
        left_out = replace(left_out, no_fit=len(used) - len(kept))
        law = _over_seeds(list(parts.values()), every, by_seed, confidence_level)
    else:
        law = _over_loops(Turns.of(used, growth), by_seed, len(seeds), confidence_level)
    return replace(law, left_out=left_out, growth=growth)


def _usable(points: Sequence[LawPoint], extreme: float) -> tuple[list[LawPoint], LeftOut]:
    finite = [p for p in points if math.isfinite(p.log_ratio)]
    used = [
        p
        for p in finite
        if all(extreme < share < 1 - extreme for share in (p.accuracy_before, p.accuracy_after))
    ]
    return used, LeftOut(len(points) - len(finite), len(finite) - len(used))


def _over_seeds(
    parts: Sequence[Turns], every: Turns, by_seed: tuple[SeedLaw, ...], level: float
) -> LoopLaw:
    count, n = len(parts), every.n
    lines = np.array([part.line() for part in parts])
    scaled = lines / np.array([part.size for part in parts])[:, None]
    t = quantile(count - 1, level)
    how = f"least squares by seed, t over {count} seeds"
    ahead = f"{how}, for one seed more"
    sure = all(_surely_positive(part) for part in parts)
    half = t * float(lines[:, 1].std(ddof=1)) / math.sqrt(count)
    mean, widened = scaled.mean(axis=0), t * t * np.cov(scaled.T)
    return LoopLaw(
        alpha=typical(lines[:, 0], t / math.sqrt(count), level, n, how, sure=sure),
        delta=plus_minus(lines[:, 1].mean(), half, CHANGE, level, n, how),
        break_even=fieller(mean, widened / count, level, n, f"Fieller, {how}"),
        alpha_of_next=typical(
            lines[:, 0], t * math.sqrt(1 + 1 / count), level, n, ahead, sure=sure
        ),
        break_even_of_next=fieller(mean, widened * (1 + 1 / count), level, n, f"Fieller, {ahead}"),
        alpha_spread=spread(lines[:, 0], level, n),
        by_seed=by_seed,
        turns=n,
        loops=every.loops,
        left_out=LeftOut(),
        r_squared=_explained(sum(part.unexplained() for part in parts), every),
    )


def _over_loops(turns: Turns, by_seed: tuple[SeedLaw, ...], seeds: int, level: float) -> LoopLaw:
    one = Unknown("there is one seed: how much another differs was not measured")
    if seeds > 1:
        one = Unknown("fewer than two seeds give a line of their own")
    alpha, delta, break_even = limits_over_loops(turns, level)
    return LoopLaw(
        alpha=alpha,
        delta=delta,
        break_even=break_even,
        alpha_of_next=one,
        break_even_of_next=one,
        alpha_spread=one,
        by_seed=by_seed,
        turns=turns.n,
        loops=turns.loops,
        left_out=LeftOut(),
        r_squared=_explained(turns.unexplained(), turns) if turns.gives_line else math.nan,
    )


def _seed_law(seed: int, turns: Turns, accuracy: float, level: float) -> SeedLaw:
    alpha, delta, break_even = limits_over_loops(turns, level)
    return SeedLaw(seed, alpha, delta, break_even, turns.n, turns.loops, accuracy)


def _accuracy(points: Sequence[LawPoint]) -> float:
    return float(np.mean([p.accuracy_before for p in points]))


def _surely_positive(turns: Turns) -> bool:
    found = jackknife(turns)
    return found is not None and bool(
        found.line[0] > SURE * math.sqrt(float(found.covariance[0, 0]))
    )


def _explained(unexplained: float, turns: Turns) -> float:
    whole = turns.whole()
    return 1 - unexplained / whole if whole > 0 else math.nan
