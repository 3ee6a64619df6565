"""Release thresholds on the recorded desk, whose truth is known: how often the promise is broken, and what goes out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from assay.estimate.release_threshold import Procedure, release_threshold, thresholds_of_traffic

DESK = Path(__file__).resolve().parents[2] / "examples" / "desk"
RUNS = 200
FloatArray = npt.NDArray[np.float64]


class Seen(NamedTuple):
    """Shares of the draws that certified something, and that broke the promise; mean share of the outputs released."""

    certified: float
    broken: float
    released: float


def column(name: str) -> dict[str, float]:
    with gzip.open(DESK / name, "rt") as stream:
        rows = [json.loads(line) for line in stream]
    return {row["trace_id"]: row["error_probability"] for row in rows}


@pytest.fixture(scope="module")
def desk() -> tuple[FloatArray, FloatArray]:
    scores, truth = column("judge.jsonl.gz"), column("truth.jsonl.gz")
    return np.array(list(scores.values())), np.array([float(truth[one]) for one in scores])


def draws(
    desk: tuple[FloatArray, FloatArray], labels: int, at_most: float, procedure: Procedure
) -> Seen:
    scores, wrong = desk
    certified = broken = 0
    released = 0.0
    for run in range(RUNS):
        order = np.random.default_rng(run).permutation(scores.size)
        own, others = order[:labels], order[labels:]
        found = release_threshold(
            scores[own], wrong[own], thresholds_of_traffic(scores[others]), target_risk=at_most, procedure=procedure,
        )  # fmt: skip
        if found.threshold is not None:
            goes = scores <= found.threshold
            certified += 1
            released += float(goes.mean())
            broken += int(wrong[goes].mean() > at_most)
    return Seen(certified / RUNS, broken / RUNS, released / RUNS)


MAY = 0.05 + 3 * (0.05 * 0.95 / RUNS) ** 0.5


def test_a_thousand_labels_of_the_desk(desk: tuple[FloatArray, FloatArray]) -> None:
    fixed = draws(desk, 1_000, 0.01, "fixed-sequence")
    assert fixed.broken <= MAY
    assert fixed.certified > 0.4
    assert draws(desk, 300, 0.01, "fixed-sequence").certified == 0


@pytest.mark.nightly
@pytest.mark.parametrize("labels", [300, 1_000, 3_000])
@pytest.mark.parametrize("at_most", [0.005, 0.01, 0.03])
def test_the_table_of_the_desk(
    desk: tuple[FloatArray, FloatArray], labels: int, at_most: float
) -> None:
    fixed = draws(desk, labels, at_most, "fixed-sequence")
    holm = draws(desk, labels, at_most, "holm")
    print(labels, at_most, fixed, holm)
    assert fixed.broken <= MAY
    assert holm.broken <= MAY
    assert holm.released <= fixed.released
