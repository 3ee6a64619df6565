"""Worlds in which two configurations answered the same tasks: what is hard for the one is hard for the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from assay.capability.evidence import Evidence, Prices, Sampled, ShareEvidence, stated, together
from assay.capability.measure import Capability, measure
from assay.capability.same_tasks import TaskErrors, shared_scores
from assay.estimate.repeated import residuals

FloatArray = npt.NDArray[np.float64]
PRICES = Prices(mend_usd=1.0)


def errors_of(right: FloatArray, cost: FloatArray, *, names: str = "t") -> TaskErrors:
    n = len(right)
    rows = [residuals(row, np.arange(n), n) for row in (right, cost, np.full(n, np.nan))]
    return TaskErrors(
        tuple(f"{names}{k}" for k in range(n)), np.stack(rows), float(right.mean()), 1.0
    )


def evidence_of(name: str, right: FloatArray, cost: FloatArray, caught: float = 1.0) -> Evidence:
    share = ShareEvidence(int(right.sum()), len(right))
    return Evidence(name, share, Sampled(cost), None, stated(0), caught, 0.0, together(right, cost))


def measured(
    *rows: tuple[FloatArray, FloatArray],
    seed: int = 1,
    paired: bool = True,
    draws: int = 2_000,
    prices: Prices = PRICES,
    caught: float = 1.0,
) -> list[Capability]:
    """Measure them as `assay cost` does: the difference of two that are `paired` is what it is task by task."""
    rng = np.random.default_rng(seed)
    evidence = [evidence_of(str(k), *row, caught) for k, row in enumerate(rows)]
    tasks = [errors_of(*row) if paired else None for row in rows]
    return [
        measure(one, prices, rng=rng, draws=draws, scores=scores)
        for one, scores in zip(
            evidence, shared_scores(evidence, tasks, rng, draws=draws), strict=True
        )
    ]


def world(
    n: int, rights: tuple[float, float], alike: float, seed: int, *, sigma: float = 0.5
) -> list[tuple[FloatArray, FloatArray]]:
    """Two that get so many right, of tasks that are as hard for both as `alike` says; costs go together likewise."""
    rng = np.random.default_rng(seed)
    hard, long = rng.standard_normal((2, n))
    rows = []
    for share in rights:
        own, noise = rng.standard_normal((2, n))
        level = np.sqrt(alike) * hard + np.sqrt(1 - alike) * own
        edge = stats.norm.ppf(share)
        cost = 0.1 * np.exp(sigma * (np.sqrt(alike) * long + np.sqrt(1 - alike) * noise))
        rows.append(((level < edge).astype(np.float64), cost))
    return rows
