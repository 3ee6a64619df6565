"""ConStat's published tables: its own flags, our curve against its gaps, and what leaving references out says."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assay.estimate.reference_curve import Shape, adjusted_gap, fit_curve
from assay.quantity import Estimate

pytestmark = pytest.mark.shared_data

REFERENCES = 20
"""The first rows of each table."""

FloatArray = npt.NDArray[np.float64]


class Table:
    """One table of ConStat: a benchmark against a twin of it (synthetic, rephrased) or another benchmark."""

    def __init__(self, shared_data: Path, name: str) -> None:
        with (shared_data / "constat" / f"{name}.csv").open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        self.models = [row["model"] for row in rows]
        self.tuned = np.array(["contamination-models" in model for model in self.models])
        self.other = np.arange(len(rows)) >= REFERENCES
        for name, column in (
            ("exam", "score_model"), ("known", "score_model_ref"), ("delta", "delta"),
            ("p_value", "p_value"), ("uncontaminated", "no_cont"),
        ):  # fmt: skip
            setattr(self, name, np.array([float(row[column]) for row in rows]))

    exam: FloatArray
    known: FloatArray
    delta: FloatArray
    p_value: FloatArray
    uncontaminated: FloatArray

    def gaps(self, shape: Shape) -> FloatArray:
        curve = fit_curve(self.known[:REFERENCES], self.exam[:REFERENCES], shape=shape)
        return self.exam - curve.expected(self.known)


def test_the_share_flagged_with_the_papers_own_definition(shared_data: Path) -> None:
    """The paper has 60 of 61 and 41 of 46 over four benchmarks; two of the four are here."""
    counts = {}
    for twin in ("synthetic", "rephrase"):
        flagged = eligible = 0
        for benchmark in ("gsm8k", "arc"):
            table = Table(shared_data, f"{benchmark}_{twin}")
            counted = table.tuned & (table.exam > table.uncontaminated) & (table.exam > 0.3)
            if twin == "rephrase":
                # Tuned on rephrased tasks: their syntax was never seen.
                counted &= np.array(["rephrase" not in model for model in table.models])
            eligible += int(counted.sum())
            flagged += int((counted & (table.p_value < 0.05)).sum())
        counts[twin] = flagged, eligible
    assert counts == {"synthetic": (34, 35), "rephrase": (25, 27)}


@pytest.mark.parametrize(
    ("name", "logit", "ranks"),
    [
        ("gsm8k_synthetic", 0.0034, 0.0046),
        ("gsm8k_rephrase", 0.0078, 0.0046),
        ("gsm8k_reference", 0.0573, 0.0123),
        ("arc_synthetic", 0.0106, 0.0118),
        ("arc_rephrase", 0.0044, 0.0071),
        ("arc_reference", 0.0224, 0.0280),
    ],
)
def test_the_curve_against_the_published_gap(
    shared_data: Path, name: str, logit: float, ranks: float
) -> None:
    table = Table(shared_data, name)
    errors: list[tuple[Shape, float]] = [("logit", logit), ("ranks", ranks)]
    for shape, published in errors:
        error = np.abs(table.gaps(shape) - table.delta)[table.other].mean()
        assert error == pytest.approx(published, abs=5e-4)
    if name.endswith("synthetic"):
        naive = np.abs(table.exam - table.known - table.delta)[table.other].mean()
        assert naive > 0.15


def test_on_twins_public_models_are_seldom_flagged_and_tuned_ones_often(shared_data: Path) -> None:
    """One-sided at 5 %: as the notes have it, 37 % of the public models on gsm8k and none on arc."""
    found = {}
    for name in ("gsm8k_synthetic", "arc_synthetic"):
        table = Table(shared_data, name)
        curve = fit_curve(table.known[:REFERENCES], table.exam[:REFERENCES])
        gaps = [
            adjusted_gap(curve, known, exam, confidence_level=0.9)
            for known, exam in zip(table.known.tolist(), table.exam.tolist(), strict=True)
        ]
        flagged = np.array([one.gap.low > 0 for one in gaps])
        smallest = gaps[0].smallest
        assert isinstance(smallest, Estimate)
        # Twenty references show 7 to 9 points.
        assert 0.07 < smallest.value < 0.09
        public = table.other & ~table.tuned
        found[name] = int(flagged[public].sum()), int(public.sum()), int(flagged[table.tuned].sum())
    assert found == {"gsm8k_synthetic": (10, 27, 17), "arc_synthetic": (0, 27, 17)}


def test_a_different_benchmark_is_no_twin(shared_data: Path) -> None:
    spreads = {}
    for name in ("gsm8k_synthetic", "gsm8k_reference"):
        table = Table(shared_data, name)
        spreads[name] = fit_curve(table.known[:REFERENCES], table.exam[:REFERENCES]).spread
    assert spreads["gsm8k_reference"] > 4 * spreads["gsm8k_synthetic"]
