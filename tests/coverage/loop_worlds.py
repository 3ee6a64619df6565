"""Loops whose accuracy is known, and turns that follow the law of the gain: for tests of forecasts and of the law."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.estimate.loop_forecast import MeasuredTurn
from assay.estimate.loop_law import LawPoint

FloatArray = npt.NDArray[np.float64]
Rng = np.random.Generator

RATIOS = (-0.85, -0.41, 0.0, 0.41, 0.85, 1.1, 2.2)
"""ln(phi/psi) of the example's verifiers."""

STEADY = 0.9
"""How far a task's answer depends on the task rather than on the turn."""


def geometric(rng: Rng, turns: int, noise: float = 0.0) -> FloatArray:
    """Diminishing returns, or losses, by the law; with noise of training where asked."""
    accuracy = rng.uniform(0.15, 0.8)
    upper, ratio = (
        float(np.clip(rng.uniform(accuracy - 0.1, 1.0), 0.02, 0.999)),
        rng.uniform(0.1, 0.95),
    )
    path = [accuracy]
    for _ in range(turns):
        last = path[-1]
        chance = noise * 2 * math.sqrt(last * (1 - last)) * rng.standard_normal()
        path.append(float(np.clip(upper - ratio * (upper - last) + chance, 0.0, 1.0)))
    return np.array(path)


def noisy(rng: Rng, turns: int) -> FloatArray:
    """The same with training that varies by up to 0.04."""
    return geometric(rng, turns, rng.uniform(0.005, 0.04))


def of_the_logit(rng: Rng, turns: int) -> FloatArray:
    """The law of the logit: a slope of the seed's own, and noise in each turn."""
    slope = float(np.exp(rng.normal(math.log(0.22), 0.6)))
    steps = slope * (rng.choice(RATIOS) - 0.06) + 0.05 * rng.standard_normal(turns)
    start = special.logit(rng.uniform(0.3, 0.8))
    return np.asarray(special.expit(start + np.concatenate([[0.0], np.cumsum(steps)])))


def growing(rng: Rng, turns: int) -> FloatArray:
    """Good verifiers whose slope grows with accuracy: an S-shaped rise, which the geometric law is not."""
    ratio = rng.choice([0.85, 1.1, 2.2])
    path = [rng.uniform(0.3, 0.5)]
    for _ in range(turns):
        last = path[-1]
        step = (0.02 + 0.8 * last**2) * 0.8 * ratio + 0.04 * rng.standard_normal()
        path.append(float(special.expit(special.logit(last) + step)))
    return np.array(path)


def flat_or_falling(rng: Rng, turns: int) -> FloatArray:
    """No gain, or a loss by the same factor in each turn."""
    fall, noise = rng.choice([0.0, 0.0, 0.01, 0.03, 0.06]), rng.uniform(0, 0.01)
    path = [rng.uniform(0.2, 0.95)]
    for _ in range(turns):
        path.append(
            float(np.clip(path[-1] * (1 - fall) + noise * rng.standard_normal(), 0.001, 0.999))
        )
    return np.array(path)


WORLDS: dict[str, Callable[[Rng, int], FloatArray]] = {
    "geometric": geometric,
    "noisy": noisy,
    "of the logit": of_the_logit,
    "growing": growing,
    "flat or falling": flat_or_falling,
}


def measured(rng: Rng, path: FloatArray, tasks: int, *, paired: bool) -> list[MeasuredTurn]:
    """Answer the same tasks in every turn: a task that is easy in one is easy in the next."""
    own = rng.standard_normal(tasks)
    noise = rng.standard_normal((path.size, tasks))
    right = STEADY * own + math.sqrt(1 - STEADY**2) * noise < special.ndtri(path)[:, None]
    found = [MeasuredTurn(int(right[0].sum()), tasks)]
    for before, after in pairwise(right):
        changed = (int((after & ~before).sum()), int((before & ~after).sum()))
        found.append(MeasuredTurn(int(after.sum()), tasks, *(changed if paired else (None, None))))
    return found


@dataclass(frozen=True)
class LawWorld:
    """Seeds with a law each."""

    alpha: float = 0.25
    break_even: float = 0.1
    alpha_spread: float = 0.0
    """Standard deviation of ln alpha between seeds; `alpha` is the median."""
    break_even_spread: float = 0.0
    loop_noise: float = 0.03
    turn_noise: float = 0.05

    def seed_law(self, rng: Rng) -> tuple[float, float]:
        """Draw a seed's alpha and break-even."""
        alpha = self.alpha * math.exp(self.alpha_spread * rng.standard_normal())
        return alpha, self.break_even + self.break_even_spread * rng.standard_normal()

    def turns(self, rng: Rng, seed: int, loops: int, law: tuple[float, float]) -> list[LawPoint]:
        """Draw four turns of each of a seed's loops; noise is in the loops, too."""
        alpha, break_even = law
        found = []
        for loop in range(loops):
            ratio = RATIOS[loop % len(RATIOS)]
            own = self.loop_noise * rng.standard_normal()
            for turn in range(1, 5):
                change = (
                    alpha * (ratio - break_even) + own + self.turn_noise * rng.standard_normal()
                )
                after = float(special.expit(change))
                found.append(LawPoint(f"arm {loop}", seed, turn, 0.5, after, ratio))
        return found
