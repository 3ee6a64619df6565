"""PPI++ for a mean, as `ppi_py.ppi_mean_ci` computes it, and a check that it is the same.

Thirty lines, so that no search over thousands of samples has to cross into another environment, where one interval
takes a tenth of a second and more. Angelopoulos, Duchi, Zrnic, "PPI++", arXiv:2311.01453.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
from scipy import special

from designs import Draw
from label_search import Share, Simulation
from limits import SUCCESS, Goal
from populations import Binormal, FloatArray

PYTHON = Path(__file__).resolve().parent.parent / ".venv-rivals" / "bin" / "python"
_BANK = 20  # Logs drawn output by output; each sample draws anew from one of them.
_THEIRS = """
import json, sys
import numpy as np
from ppi_py import ppi_mean_ci
for line in sys.stdin:
    y, f, u = (np.array(part) for part in json.loads(line))
    low, high = ppi_mean_ci(y, f, u, alpha=0.05)
    print(json.dumps([float(np.ravel(low)[0]), float(np.ravel(high)[0])]))
"""


def ppi_plus(y: FloatArray, f: FloatArray, rest: FloatArray, *, z: float) -> tuple[float, float]:
    """Return limits of the mean, from labels, the predictions beside them and the predictions without one."""
    n, m = len(y), len(rest)
    if m == 0:
        # Nothing is left to predict; `ppi_py` divides by zero here.
        return float(y.mean()), float(y.mean())
    every = np.concatenate([f, rest])
    spread = float(every.var(ddof=1))
    with_labels = float(((y - y.mean()) * (f - f.mean())).mean())
    tuned = with_labels / ((1 + n / m) * spread) if spread > 0 else 0.0
    tuned = min(max(tuned, 0.0), 1.0)
    mean = tuned * float(rest.mean()) + float((y - tuned * f).mean())
    error = np.sqrt(tuned**2 * float(rest.var()) / m + float((y - tuned * f).var()) / n)
    return mean - z * float(error), mean + z * float(error)


class PpiSimulation(Simulation):
    """Uniform labels and PPI++ with the true posterior as prediction: the judge could not be better calibrated."""

    def __init__(self, log: Binormal, goal: Goal, *, seed: int = 11) -> None:
        super().__init__(log, goal, seed=seed)
        shifts = np.where(np.arange(log.size) < log.errors, log.shift, 0.0)
        self._bank = [log.posterior(shifts + self._rng.normal(size=log.size)) for _ in range(_BANK)]
        self._z = float(special.ndtri(0.975 if goal == "a" else 0.95))

    def share(
        self, draw: Draw, runs: int, *, stop_early: bool = False, hidden: float = 0.0
    ) -> Share:
        """Return how often the goal is met and the truth held; see `Simulation.share`."""
        assert not hidden, "uniform labels do not ask the judge where to look"
        (labels,), size = draw.labels, self.log.size
        met = held = done = 0
        while done < runs:
            f = self._bank[done % _BANK]
            chosen = self._rng.choice(size, labels, replace=False, shuffle=False)
            low, high = (
                size * limit
                for limit in _from_sums(f, chosen, (chosen < self.log.errors), z=self._z)
            )
            limits = np.array([[low, high]])
            met += int(self._is_met(limits)[0])
            held += int(self._is_held(limits)[0])
            done += 1
            plain = abs(met - SUCCESS * done) > 3.2 * np.sqrt(0.16 * done)
            if stop_early and done % 40 == 0 and plain:
                break
        return Share(met / done, held / done, done)


def _from_sums(
    f: FloatArray, chosen: np.ndarray, wrong: np.ndarray, *, z: float
) -> tuple[float, float]:
    mask = np.ones(len(f), dtype=bool)
    mask[chosen] = False
    return ppi_plus(wrong.astype(np.float64), f[chosen], f[mask], z=z)


def largest_difference(samples: int = 10, *, seed: int = 3) -> float | None:
    """Return how far `ppi_plus` lies from `ppi_py`, over the width; None where `ppi_py` isn't installed."""
    if not PYTHON.exists():
        return None
    rng = np.random.default_rng(seed)
    log = Binormal(0.05, 0.9, 3_000)
    inputs = []
    for _ in range(samples):
        wrong = (rng.random(log.size) < log.rate).astype(np.float64)
        f = log.posterior(rng.normal(size=log.size) + log.shift * wrong)
        inputs.append((wrong[:200], f[:200], f[200:]))
    lines = "\n".join(json.dumps([part.tolist() for part in parts]) for parts in inputs)
    done = subprocess.run(
        [PYTHON, "-c", _THEIRS], input=lines, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        return None
    worst = 0.0
    z = float(special.ndtri(0.975))
    for parts, line in zip(inputs, done.stdout.splitlines(), strict=True):
        low, high = json.loads(line)
        own = ppi_plus(*parts, z=z)
        worst = max(worst, abs(own[0] - low) / (high - low), abs(own[1] - high) / (high - low))
    return worst
