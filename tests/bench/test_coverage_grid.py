"""The benchmark of coverage counts what the product gives, and its alarms bite."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import coverage_grid
import gsm
from assay.estimate import StratumCount, total_errors
from coverage_cells import (
    CLAIMS,
    SIZE,
    Cell,
    Equal,
    design,
    exact_coverage,
    held,
    hypergeometric_chances,
    samples,
    wald_held,
)
from ever_miss import FLAGS, LABELS, World, counted, judged


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("cell", [
    Cell(0.1, 0.75, 0.0, 0.5, 100), Cell(0.01, 0.9, 0.5, 0.3, 300), Cell(0.001, 0.999, 0.0, 0.5, 10_000),
    Cell(0.01, 0.5, 0.0, 0.5, 300),
])  # fmt: skip
def test_what_holds_is_what_total_errors_says(cell: Cell, claim: str) -> None:
    sizes, labels = design(cell)
    outcomes, _ = samples(cell, 40, seed=3)
    # Totals on both sides of the truth, so that some are outside.
    for total in (round(cell.rate * SIZE * factor) for factor in (0.5, 1.0, 1.6)):
        fast = held(sizes, labels, outcomes, total, claim)  # type: ignore[arg-type]
        for row, is_held in zip(outcomes.tolist(), fast.tolist(), strict=True):
            if total < sum(row):
                continue  # Fewer than were found: no log is like that.
            found = total_errors(
                [StratumCount(*s) for s in zip(sizes.tolist(), labels.tolist(), row, strict=True)],
                alternative=claim,  # type: ignore[arg-type]
            )
            below = claim == "less" or found.low <= total
            assert is_held == (below and (claim == "greater" or total <= found.high))


def test_samples_have_the_errors_of_the_log() -> None:
    cell = Cell(0.1, 0.9, 1.0, 0.5, 400)
    sizes, labels = design(cell)
    outcomes, times = samples(cell, 2_000, seed=3)
    assert times.sum() == 2_000
    # A blind judge: each stratum is as wrong as the log.
    assert times @ outcomes / (2_000 * labels) == pytest.approx(0.1, abs=0.02)
    assert (times @ outcomes / labels * sizes).sum() / 2_000 == pytest.approx(20_000, rel=0.02)


def test_chances_are_hypergeometric() -> None:
    # 2 wrong of 5, 3 drawn: 1, 6 and 3 of the 10 draws find none, one, both.
    assert hypergeometric_chances(5, 3, 2) == pytest.approx([0.1, 0.6, 0.3])
    assert hypergeometric_chances(5, 5, 2).tolist() == [0, 0, 1]
    assert hypergeometric_chances(9, 3, 0).tolist() == [1]


def test_a_sum_over_all_outcomes_is_what_samples_tend_to() -> None:
    cell = Cell(1e-4, 0.9, 1.0, 0.5, 10_000)
    sizes, labels = design(cell)
    outcomes, times = samples(cell, 4_000, seed=7)
    share = times @ held(sizes, labels, outcomes, 20, "two-sided") / 4_000
    assert exact_coverage(cell, seed=7)[0] == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("rate", [0.1, 0.01])
def test_wald_fails_where_the_product_holds(rate: float) -> None:
    cell = Cell(rate, 0.999, 1.0, 0.3, coverage_grid.SIZES[rate][0])
    sizes, labels = design(cell)
    outcomes, times = samples(cell, 1_000, seed=7)
    total = round(rate * SIZE)
    assert times @ wald_held(sizes, labels, outcomes, total) / 1_000 < 0.93
    # At a true 95 % fewer than 92.5 % come up once in 5,000 seeds.
    assert times @ held(sizes, labels, outcomes, total, "two-sided") / 1_000 > 0.925


@pytest.mark.parametrize(
    "like", [Equal(12, 800, 4, 112), Equal(6, 2000, 10, 200), Equal(12, 173, 47, 43)]
)
def test_many_strata_that_are_alike_keep_the_promise(like: Equal) -> None:
    # Three standard errors of 4,000 runs; without a term for many strata the first of them covers 91 %.
    assert min(like.coverage(4_000, seed=7)) / 4_000 >= 0.94


def test_looks_seldom_miss_and_naive_ones_often_do() -> None:
    missed = counted(FLAGS, 25)[0]
    # At a true 5 % six of 25 come up once in 1,000 seeds.
    assert missed <= 5
    easy = World("all alike", (500, 500), (100, 100), (0.2, 0.2))
    assert counted(easy, 25)[1] >= 3
    assert LABELS >= 100


def test_a_judged_world_has_its_errors_where_the_judge_looks() -> None:
    seeing, blind = judged(2_000, 0.06, 0.98, 0.0), judged(2_000, 0.06, 0.98, 1.0)
    assert seeing.total == blind.total == 120
    rates = np.array(seeing.errors) / np.array(seeing.sizes)
    assert rates.argmax() == len(rates) - 1
    assert rates[0] < 0.01
    assert blind.errors[0] > seeing.errors[0]


def test_a_short_count_raises_an_alarm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = json.loads(coverage_grid.KEPT.read_text())
    monkeypatch.setattr(coverage_grid, "KEPT", tmp_path / "coverage_grid.json")
    kept["grid"][0] |= {"again": [37_000, 38_000, 38_000], "again_runs": 40_000}
    coverage_grid.KEPT.write_text(json.dumps(kept))
    assert any("92.50%" in alarm for alarm in coverage_grid.alarms())
    assert "**Alarms**" in coverage_grid.page()


def test_the_kept_results_raise_no_alarm() -> None:
    assert coverage_grid.alarms() == []
    assert [alarm for row in gsm.read() for alarm in row.alarms()] == []
    assert {row.model for row in gsm.read()} == set(gsm.PAIRS)


def test_wider_than_without_a_judge_is_an_alarm() -> None:
    (good, *_) = gsm.read()
    worse = gsm.Row(
        **{
            **{f: getattr(good, f) for f in good.__dataclass_fields__},
            "width": 1.0,
            "coverage": 0.9,
        }
    )
    assert len(worse.alarms()) == 2
