"""How much failures gather in some tasks: a beta distribution of the tasks' chances, fitted to counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.estimate.interval import missing_chance
from assay.estimate.pass_k import Tries
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]

_RHO = (1e-6, 1 - 1e-6)
_GRID = 81
_FLAT = 1e-4
LEAST_TASKS = 10
"""With fewer tasks a likelihood ratio has no limit to speak of."""


@dataclass(frozen=True, slots=True)
class BetaBinomialFit:
    """A fitted beta distribution of the chance of a task to be answered right.

    Parameters
    ----------
    mean : in [0, 1]
        Mean chance.
    concentration
        rho in [0, 1]: correlation of two tries of one task. 0: every task has the same chance, each try is a dice roll
        of its own; 1: every task is always right or always wrong.
    independent_p_value : in (0, 1]
        Of rho = 0, by the likelihood ratio, half of it at the border.
    """

    mean: float
    concentration: Quantity
    independent_p_value: float

    def pass_hat_k(self, k: int) -> float:
        """Return what the fit says of k tries that are all right. A plug-in figure; the measured pass^k goes before."""
        if isinstance(self.concentration, Unknown):
            return self.mean**k
        a, b = _shape(self.mean, min(max(self.concentration.value, _RHO[0]), _RHO[1]))
        return math.exp(float(special.betaln(a + k, b) - special.betaln(a, b)))


class _Counts(NamedTuple):
    right: FloatArray
    tries: FloatArray
    tasks: FloatArray


def fit_beta_binomial(tries: Tries, *, confidence_level: float = 0.95) -> BetaBinomialFit | Unknown:
    """Fit by maximum likelihood.

    Parameters
    ----------
    tries
        Tasks with one try count for the mean only. Of a family one row counts, in turn its first, second, ...: rows of
        one family are not independent, and all of them would make the limits too narrow.
    confidence_level : in (0, 1)

    Returns
    -------
    BetaBinomialFit or Unknown
        `Unknown` where no task was asked twice, where all tries had one outcome, or with fewer than 10 such tasks.

    Notes
    -----
    ``P(c | n) = C(n, c) B(a + c, b + n - c) / B(a, b)`` with a = m (1 - rho) / rho, b = (1 - m)(1 - rho) / rho. The
    limits of rho are those of the profile likelihood at half the chance to miss, since the usual ones miss too often
    with few tasks: simulated with 20 and 50 tasks, see docs/METHODS.md. A model: where chances have humps that no beta
    distribution has, trust the measured pass^k.

    References
    ----------
    .. [1] Skellam, "A probability distribution derived from the binomial", JRSS B 10 (1948),
       doi:10.1111/j.2517-6161.1948.tb00014.x.
    """
    miss = missing_chance(confidence_level)
    tries = _one_a_family(tries.checked())
    if not (tries.tries > 1).any():
        return Unknown("no task was asked twice: how failures gather can't be seen")
    asked = int((tries.tries > 1).sum())
    if asked < LEAST_TASKS:
        return Unknown(
            f"{asked} repeated tasks are too few to fit a distribution: {LEAST_TASKS} at least"
        )
    total = int(tries.right.sum())
    if total in (0, int(tries.tries.sum())):
        return Unknown("all tries have one outcome: nothing says how failures gather")
    pairs, tasks = np.unique(
        np.column_stack([tries.right, tries.tries]), axis=0, return_counts=True
    )
    right, asks = pairs.T.astype(np.float64)
    counts = _Counts(right, asks, tasks.astype(np.float64))
    grid = special.expit(np.linspace(special.logit(_RHO[0]), special.logit(_RHO[1]), _GRID))
    profile = np.array([_profile(counts, float(rho))[0] for rho in grid])
    best = int(profile.argmax())
    rho = _best_between(counts, grid, best)
    top, mean = _profile(counts, rho)
    drop = float(special.chdtri(1, miss / 2)) / 2
    independent = _profile(counts, _RHO[0])[0]
    if independent >= top - _FLAT:
        rho = 0.0  # The likelihood is flat there: a small number would be one of the search, not of the data.
    concentration = Estimate(
        value=rho,
        low=_crossing(counts, max(rho, _RHO[0]), _RHO[0], top - drop),
        high=_crossing(counts, max(rho, _RHO[0]), _RHO[1], top - drop),
        unit="correlation of two tries",
        confidence_level=confidence_level,
        n=asked,
        method="beta-binomial, profile likelihood",
        guarantee="simulated",
    )
    p_value = float(special.chdtrc(1, max(0.0, 2 * (top - independent)))) / 2
    return BetaBinomialFit(mean, concentration, min(1.0, max(p_value, 5e-324)))


def _one_a_family(tries: Tries) -> Tries:
    """Return one row of each family, of those with most tries: a choice that does not look at what came out."""
    if tries.cluster is None:
        return tries
    # Stable and by tries: within a family those asked oftenest come first, else the order is that of the rows.
    order = np.lexsort((-tries.tries, tries.cluster))
    family, begin = np.unique(tries.cluster[order], return_index=True)
    asked = tries.tries[order]
    most = np.add.reduceat(asked == np.repeat(asked[begin], np.diff([*begin, len(asked)])), begin)
    chosen = order[begin + np.arange(len(family)) % most]
    return Tries(tries.right[chosen], tries.tries[chosen])


def _shape(mean: float, rho: float) -> tuple[float, float]:
    size = (1 - rho) / rho
    return mean * size, (1 - mean) * size


def _log_likelihood(counts: _Counts, mean: float, rho: float) -> float:
    a, b = _shape(mean, rho)
    c, n, tasks = counts
    # Rising factorials: betaln of two huge numbers would cancel where rho is near 0.
    terms = _log_rising(a, c) + _log_rising(b, n - c) - _log_rising(a + b, n)
    return float(terms @ tasks)


def _log_rising(a: float, k: FloatArray) -> FloatArray:
    if a > 1e4:
        steps = np.arange(int(k.max(initial=0)))
        sums = np.concatenate([[0.0], np.cumsum(np.log(a + steps))])
        return np.asarray(sums[k.astype(np.int64)])
    return np.asarray(special.gammaln(a + k) - special.gammaln(a))


def _profile(counts: _Counts, rho: float) -> tuple[float, float]:
    """Return the greatest log likelihood at this concentration, and the mean that has it."""
    from scipy import optimize

    found = optimize.minimize_scalar(
        lambda logit: -_log_likelihood(counts, float(special.expit(logit)), rho),
        bounds=(-16.0, 16.0),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return -float(found.fun), float(special.expit(found.x))


def _best_between(counts: _Counts, grid: FloatArray, best: int) -> float:
    from scipy import optimize

    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(
        lambda logit: -_profile(counts, float(special.expit(logit)))[0],
        bounds=(float(special.logit(low)), float(special.logit(high))),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(special.expit(found.x))


def _crossing(counts: _Counts, rho: float, end: float, level: float) -> float:
    """Return where the profile falls through the level between rho and an end; the end itself where it never does."""
    if _profile(counts, end)[0] >= level:
        return 0.0 if end == _RHO[0] else 1.0
    inside, outside = special.logit(rho), special.logit(end)
    for _ in range(40):
        middle = (inside + outside) / 2
        if _profile(counts, float(special.expit(middle)))[0] >= level:
            inside = middle
        else:
            outside = middle
    return float(special.expit(outside))
