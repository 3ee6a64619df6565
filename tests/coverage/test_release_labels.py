"""Labels of a draw that was cut into strata: used raw they break the promise, thinned to a simple random sample not."""

from __future__ import annotations

import random

import numpy as np

from assay.estimate.release_threshold import release_threshold
from assay.volume.release_labels import simple_sample_size, urn_draw

SIZES = (20_000, 12_000, 8_000)
RISKS = (0.004, 0.02, 0.2)
"""Together the two strata of low scores hold 1 % errors, a little more than what is promised."""

LABELS = (1_600, 300, 300)
PROMISED, RUNS = 0.0095, 400
MIDDLE = (0.2, 0.4, 0.8)


def breaks(*, thin: bool) -> float:
    """Return in how many runs more errors are released than promised (5 % may)."""
    truth = (SIZES[0] * RISKS[0] + SIZES[1] * RISKS[1]) / (SIZES[0] + SIZES[1])
    assert truth > PROMISED
    broken = 0
    size = simple_sample_size(SIZES, LABELS)
    for run in range(RUNS):
        rng = np.random.default_rng(run)
        wanted = urn_draw(SIZES, size, rng=random.Random(f"{run}")) if thin else LABELS
        if any(want > there for want, there in zip(wanted, LABELS, strict=True)):
            continue
        labels = np.concatenate(
            [rng.random(n) < risk for n, risk in zip(wanted, RISKS, strict=True)]
        )
        scores = np.repeat(MIDDLE, wanted)
        found = release_threshold(scores, labels, [0.4, 0.8], target_risk=PROMISED)
        broken += found.threshold is not None
    return broken / RUNS


def test_raw_labels_of_strata_break_the_promise_and_thinned_ones_keep_it() -> None:
    assert breaks(thin=False) > 0.2
    assert breaks(thin=True) <= 0.05 + 3 * (0.05 * 0.95 / RUNS) ** 0.5
