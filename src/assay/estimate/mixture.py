"""The loss of a mixture from those of a few others: a regression on the shares, and the best that it predicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError

FloatArray = npt.NDArray[np.float64]

SCALE = 0.02
"""Where a share's logarithm sets in: from none to 2 % of a source is as much as from 2 % to 6 %."""

RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class MixtureModel:
    """A linear model of the loss in the logarithms of the shares.

    Parameters
    ----------
    weights : (sources + 1,)
        The constant, and one a source.
    centre, spread : (sources,)
        Of the logarithms where it was fitted.
    left_out : (n,)
        What it says of each mixture when that one is left out of the fit.
    """

    weights: FloatArray
    centre: FloatArray
    spread: FloatArray
    left_out: FloatArray

    def predict(self, shares: npt.ArrayLike) -> FloatArray:
        """Return the losses of mixtures, shape (n, sources)."""
        x = (_logarithms(shares) - self.centre) / self.spread
        return np.asarray(self.weights[0] + x @ self.weights[1:], np.float64)


def _logarithms(shares: npt.ArrayLike) -> FloatArray:
    return np.asarray(np.log1p(np.asarray(shares, np.float64) / SCALE), np.float64)


def fit_mixture(shares: npt.ArrayLike, losses: npt.ArrayLike) -> MixtureModel:
    """Return the regression of losses on the shares of sources.

    Parameters
    ----------
    shares : (n, sources), each row >= 0 and of sum 1
    losses : (n,)
        Bits per byte of a training on each.

    Raises
    ------
    EstimateError
        If there are fewer mixtures than sources and three, or a row is no mixture.

    Notes
    -----
    As RegMix (arXiv:2407.01492): few small trainings on random mixtures, a regression, and the best that it predicts.
    Ridge regression on ``log(1 + share / 0.02)``, since a source's first tokens teach most; the ridge by
    leaving one out. It knows of no two sources that say the same. So what it says is best is a proposal, and
    must be trained to be believed.
    """
    x, y = np.asarray(shares, np.float64), np.asarray(losses, np.float64)
    if x.ndim != 2 or len(x) != len(y) or len(x) < x.shape[1] + 3:
        raise EstimateError(
            f"a regression on {x.shape[-1]} sources needs at least {x.shape[-1] + 3} mixtures, got {len(x)}"
        )
    if (x < 0).any() or not np.allclose(x.sum(axis=1), 1):
        raise EstimateError("each mixture's shares must not be negative, and must sum to 1")
    logs = _logarithms(x)
    centre, spread = logs.mean(axis=0), np.maximum(logs.std(axis=0), 1e-9)
    design = np.column_stack([np.ones(len(x)), (logs - centre) / spread])
    fits = [_ridge(design, y, ridge * len(x)) for ridge in RIDGES]
    weights, left_out = min(fits, key=lambda fit: float(((fit[1] - y) ** 2).sum()))
    return MixtureModel(weights, centre, spread, left_out)


def _ridge(design: FloatArray, y: FloatArray, ridge: float) -> tuple[FloatArray, FloatArray]:
    penalty = np.diag([0.0] + [ridge] * (design.shape[1] - 1))
    solve = np.linalg.solve(design.T @ design + penalty, design.T)
    hat = np.minimum(np.diag(design @ solve), 1 - 1e-9)
    weights = solve @ y
    return weights, y - (y - design @ weights) / (1 - hat)


def best_shares(
    model: MixtureModel, limits: npt.ArrayLike, *, rng: np.random.Generator, tries: int = 4_000
) -> FloatArray:
    """Return the shares with the least predicted loss, none above its limit.

    Parameters
    ----------
    model
    limits : (sources,) in [0, 1], of sum >= 1
        What there is of each source, over the budget.
    rng, tries
        Of the random mixtures that are tried; each of the best is then drawn closer to.
    """
    most = np.asarray(limits, np.float64)
    best = random_shares(most, count=tries, rng=rng)
    for _ in range(6):
        best = best[np.argsort(model.predict(best), kind="stable")[:20]]
        near = np.repeat(best, 40, axis=0)
        moved = 0.8 * near + 0.2 * random_shares(most, count=len(near), rng=rng)
        best = np.concatenate([best, moved])
    return np.asarray(best[np.argmin(model.predict(best))], np.float64)


def random_shares(limits: npt.ArrayLike, *, count: int, rng: np.random.Generator) -> FloatArray:
    """Return random mixtures, from even to nearly pure, none above its limit.

    Raises
    ------
    EstimateError
        If the limits leave no mixture.
    """
    most = np.asarray(limits, np.float64)
    if most.sum() < 1 - 1e-9:
        raise EstimateError(f"the sources hold {most.sum():.0%} of the budget: no mixture fills it")
    sharp = np.exp(rng.uniform(np.log(0.2), np.log(5), count))
    shares = rng.standard_gamma(np.repeat(sharp[:, None], len(most), axis=1)) + 1e-12
    shares /= shares.sum(axis=1, keepdims=True)
    for _ in range(len(most)):
        shares = np.minimum(shares, most)
        missing = 1 - shares.sum(axis=1, keepdims=True)
        room = most - shares
        total = np.maximum(room.sum(axis=1, keepdims=True), 1e-12)
        shares += np.maximum(missing, 0) * room / total
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float64)
