"""The geometric law of diminishing returns with noise, and what it says of the next turn: filters over a grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]

RATIOS = np.linspace(0.0, 1.6, 33)
"""Of a gain to the one before it. Above 1: gains still grow."""

NOISES = np.geomspace(0.002, 0.06, 12)
"""Standard deviation of what training adds to a turn's accuracy by chance, where accuracy is 1/2."""

LEAST_WEIGHT = 0.2
"""Of the largest ratio before anything is measured, where ratios up to 1 have 1."""

FIRST_GAIN = 0.25
"""Standard deviation of the first gain before anything is measured."""

DRIFT = 1.0
"""By how much of that noise the gain itself changes from turn to turn."""

_BISECTIONS = 60


@dataclass(frozen=True, slots=True)
class Mixture:
    """Normal distributions with weights, cut off at two limits: what is beyond lies on the limit.

    Parameters
    ----------
    means, deviations, weights : shape (k,)
    least, most
    """

    means: FloatArray
    deviations: FloatArray
    weights: FloatArray
    least: float
    most: float

    def quantile(self, share: float) -> float:
        """Return the value that this share lies below."""

        def below(x: float) -> float:
            return float(self.weights @ special.ndtr((x - self.means) / self.deviations))

        return _bisected(below, share, self.least, self.most)


@dataclass(frozen=True, slots=True)
class Posterior:
    """What measured accuracies say of the law.

    Parameters
    ----------
    gain
        Measured accuracy of the next turn, less that of the last.
    upper
        The accuracy that turns lead to: the law's `Upp`; 0 or 1 where gains or losses don't grow smaller.
    ratios, weights : shape (k,)
        The law's `a`, with its weights.
    """

    gain: Mixture
    upper: Mixture
    ratios: FloatArray
    weights: FloatArray

    def ratio(self, share: float) -> float:
        """Return the ratio that this share of the weight lies below."""
        order = np.argsort(self.ratios, kind="stable")
        reached = np.cumsum(self.weights[order])
        place = min(int(np.searchsorted(reached, share)), order.size - 1)
        return float(self.ratios[order][place])


def posterior(accuracies: FloatArray, variances: FloatArray) -> Posterior:
    """Return what accuracies say of the next.

    Parameters
    ----------
    accuracies : shape (t,), t >= 2, in [0, 1]
        Measured, of turn 0, 1, ...
    variances : shape (t,), > 0
        Of their measurement.

    Notes
    -----
    ``Acc_t = Upp - a^t (Upp - Acc_0)`` is ``z_t+1 = a z_t + g`` with ``z = Acc - Acc_0`` and the first gain
    ``g = (1 - a)(Upp - Acc_0)``. Each turn adds normal noise of standard deviation ``2 tau sqrt(Acc (1 - Acc))`` to z,
    and as much to g. For each a and tau of a grid a Kalman filter gives the likelihood and the next measured accuracy,
    which are mixed by it. How broad the weights are before anything is measured was chosen
    in the simulations of tests/coverage/test_loop_forecast.py, with a look at the loops of examples/loop.
    """
    grid, noises = (array.ravel() for array in np.meshgrid(RATIOS, NOISES, indexing="ij"))
    beyond = np.clip((grid - 1) / (RATIOS[-1] - 1), 0.0, 1.0)
    logs = np.log(1 - (1 - LEAST_WEIGHT) * beyond)
    state = _State.begin(grid, float(variances[0]))
    for turn in range(1, accuracies.size):
        state = state.after(grid, noises, float(accuracies[turn - 1]))
        state, likelihood = state.measured(
            float(accuracies[turn] - accuracies[0]), float(variances[turn])
        )
        logs = logs + likelihood
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    last, first = float(accuracies[-1]), float(accuracies[0])
    ahead = state.after(grid, noises, last)
    gain = Mixture(
        ahead.mean[:, 0] - (last - first),
        np.sqrt(ahead.covariance[:, 0, 0] + variances[-1]),
        weights,
        -last,
        1 - last,
    )
    return Posterior(gain, _upper(state, grid, weights, first), grid, weights)


@dataclass(frozen=True, slots=True)
class _State:
    """z and g for each point of the grid."""

    mean: FloatArray
    covariance: FloatArray

    @classmethod
    def begin(cls, grid: FloatArray, variance: float) -> _State:
        mean, covariance = np.zeros((grid.size, 2)), np.zeros((grid.size, 2, 2))
        covariance[:, 0, 0], covariance[:, 1, 1] = variance, FIRST_GAIN**2
        return cls(mean, covariance)

    def after(self, grid: FloatArray, noises: FloatArray, accuracy: float) -> _State:
        """Return the state a turn later."""
        step = np.zeros((grid.size, 2, 2))
        step[:, 0, 0], step[:, 0, 1], step[:, 1, 1] = grid, 1.0, 1.0
        inside = min(max(accuracy, 0.01), 0.99)
        noise = (2 * noises) ** 2 * inside * (1 - inside)
        covariance = step @ self.covariance @ step.transpose(0, 2, 1)
        covariance[:, 0, 0] += noise
        covariance[:, 1, 1] += DRIFT**2 * noise
        return _State((step @ self.mean[:, :, None])[:, :, 0], covariance)

    def measured(self, z: float, variance: float) -> tuple[_State, FloatArray]:
        """Return the state when z was measured, and the logarithm of how likely that was."""
        spread = self.covariance[:, 0, 0] + variance
        miss = z - self.mean[:, 0]
        pull = self.covariance[:, :, 0] / spread[:, None]
        mean = self.mean + pull * miss[:, None]
        covariance = self.covariance - pull[:, :, None] * self.covariance[:, None, 0, :]
        return _State(mean, covariance), -0.5 * (np.log(spread) + miss * miss / spread)


def _upper(state: _State, grid: FloatArray, weights: FloatArray, first: float) -> Mixture:
    # Where gains don't grow smaller (a >= 1) the way leads to 1 or 0: to beyond the limits, by the sign of the gain.
    far = np.maximum(1 - grid, 1e-6)
    mean = first + state.mean[:, 1] / far
    deviation = np.sqrt(np.maximum(state.covariance[:, 1, 1], 1e-18)) / far
    return Mixture(mean, deviation, weights, 0.0, 1.0)


def _bisected(below: Callable[[float], float], share: float, low: float, high: float) -> float:
    if below(low) >= share:
        return low
    if below(high) <= share:
        return high
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if below(middle) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
