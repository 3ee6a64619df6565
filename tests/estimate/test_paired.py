"""The paired table, McNemar and Tango against numbers of others; the exact test against enumeration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.mcnemar import mcnemar_p_value
from assay.estimate.paired import PairedTable, flip_shares
from assay.estimate.paired_exact import margin_p_value, paired_difference
from assay.estimate.tango import score_statistic, tango_interval
from assay.quantity import Estimate, Unknown

ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "golden" / "gate.json").read_text("utf-8")
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['function']}-{row['arguments']}")
def test_number_of_another_program(row: dict[str, Any]) -> None:
    given = row["arguments"]
    found: float | list[float]
    if row["function"] == "mcnemar_p_value":
        found = mcnemar_p_value(**given)
    else:
        rest = given["n"] - given["broke"] - given["fixed"]
        found = list(tango_interval(PairedTable(rest, given["broke"], given["fixed"], 0)))
    assert found == pytest.approx(row["expect"], rel=row["relative"], abs=1e-9)


def test_measured_intervals_of_the_notes() -> None:
    # LLMDrift by the authors' scorer: -32.9 [-37.3, -28.4] and +26.6 [22.2, 30.9] points of accuracy.
    worse = tango_interval(PairedTable(364, 476, 147, 13))
    better = tango_interval(PairedTable(343, 153, 419, 85))
    assert [round(100 * limit, 1) for limit in worse] == [28.4, 37.3]
    assert [round(100 * limit, 1) for limit in better] == [-30.9, -22.2]


def test_sides_of_mcnemar_add_up() -> None:
    more = mcnemar_p_value(7, 3, alternative="greater")
    fewer = mcnemar_p_value(7, 3, alternative="less")
    assert more + fewer == pytest.approx(1 + stats.binom.pmf(7, 10, 0.5))
    assert mcnemar_p_value(0, 0) == 1.0
    with pytest.raises(EstimateError):
        mcnemar_p_value(-1, 3)


def test_shares_are_of_what_they_say() -> None:
    shares = flip_shares(PairedTable(363, 477, 139, 21))
    assert isinstance(shares.churn, Estimate)
    assert isinstance(shares.regressions, Estimate)
    assert shares.churn.value == 0.616
    assert shares.regressions.n == 477 + 21
    assert isinstance(flip_shares(PairedTable(3, 0, 0, 0)).regressions, Unknown)
    assert isinstance(flip_shares(PairedTable(0, 0, 0, 0)).churn, Unknown)
    with pytest.raises(EstimateError):
        PairedTable(1, -1, 0, 0)


def test_statistic_turns_its_sign_with_the_versions() -> None:
    b, c = np.array([3, 0, 12]), np.array([9, 0, 2])
    for difference in (-0.3, -0.01, 0.02, 0.5):
        turned = -score_statistic(c, b, 40, -difference)
        assert score_statistic(b, c, 40, difference) == pytest.approx(turned)


def test_statistic_grows_with_what_broke() -> None:
    # The exact test finds each threshold by halving: this is what it stands on.
    for n in (10, 60):
        for difference in (-0.3, -0.02, 0.0, 0.01, 0.4):
            for changed in range(n + 1):
                broke = np.arange(changed + 1)
                z = score_statistic(broke, changed - broke, n, difference)
                assert np.all(np.diff(z) >= -1e-9)


@pytest.mark.parametrize("margin", [0.0, 0.05, -0.1])
@pytest.mark.parametrize("n", [8, 18])
def test_exact_test_keeps_its_level_everywhere(n: int, margin: float) -> None:
    broke, fixed, p_values = _every_table(n, margin)
    for share in np.linspace(max(abs(margin), 0.01), 0.99, 25):
        up, down = (share + margin) / 2, (share - margin) / 2
        chances = stats.multinomial.pmf(
            np.column_stack([broke, fixed, n - broke - fixed]), n, [up, down, 1 - share]
        )
        for alpha in (0.025, 0.05, 0.2):
            assert chances[p_values <= alpha].sum() <= alpha + 1e-9


def test_the_search_over_shares_is_fine_enough() -> None:
    # Cases in which a grid of 65 shares alone finds 0.0001 less than one of 1,300.
    for (broke, fixed, n), margin in (((1, 2, 30), -0.02), ((0, 1, 20), -0.02), ((0, 1, 10), 0.02)):
        table = PairedTable(n - broke - fixed, broke, fixed, 0)
        found = margin_p_value(table, margin, alternative="less")
        low, high = clopper_pearson(broke + fixed, n, confidence_level=0.9999)
        shares = np.linspace(max(low, abs(margin)), high, 1_300)
        b, c = (each.ravel() for each in np.meshgrid(np.arange(n + 1), np.arange(n + 1)))
        b, c = b[b + c <= n], c[b + c <= n]
        seen = score_statistic(np.array([broke]), np.array([fixed]), n, margin)[0]
        far = score_statistic(b, c, n, margin) <= seen + 1e-9
        b, c = b[far], c[far]
        rates = np.column_stack([(shares + margin) / 2, (shares - margin) / 2, 1 - shares])
        chances = [
            stats.multinomial.pmf(np.column_stack([b, c, n - b - c]), n, row).sum() for row in rates
        ]
        assert found == pytest.approx(max(chances) + 1e-4, abs=1e-5)


def test_the_least_p_value_is_told_beforehand() -> None:
    table = PairedTable(0, 40, 0, 0)
    assert margin_p_value(table, 0.01, alternative="greater") == pytest.approx(1e-4)
    finer = margin_p_value(table, 0.01, alternative="greater", nuisance_miss=1e-7)
    assert finer == pytest.approx(1e-7, rel=1e-3)
    with pytest.raises(EstimateError):
        margin_p_value(table, 0.01, alternative="greater", nuisance_miss=0.0)


def _every_table(n: int, margin: float) -> tuple[Any, Any, Any]:
    tables = [(b, c) for b in range(n + 1) for c in range(n + 1 - b)]
    p = [margin_p_value(PairedTable(n - b - c, b, c, 0), margin, alternative="less") for b, c in tables]  # fmt: skip
    return (*np.array(tables).T, np.array(p))


def test_interval_covers_where_tango_does_not() -> None:
    # One stratum of thirty tasks: all tables, at rates where few change.
    n, up, down = 30, 0.02, 0.0
    exact = tango = 0.0
    for b in range(8):
        chance = float(stats.binom.pmf(b, n, up))
        table = PairedTable(n - b, b, 0, 0)
        ours, theirs = paired_difference(table), tango_interval(table)
        exact += chance * (ours.low <= up - down <= ours.high)
        tango += chance * (theirs.low <= up - down <= theirs.high)
    assert exact >= 0.95
    assert exact >= tango - 1e-12


def test_interval_is_nearly_tangos_where_much_changed() -> None:
    table = PairedTable(363, 477, 139, 21)
    ours, theirs = paired_difference(table), tango_interval(table)
    assert ours.low == pytest.approx(theirs.low, abs=1e-3)
    assert ours.high == pytest.approx(theirs.high, abs=1e-3)
    assert ours.guarantee == "enumerated"


def test_interval_agrees_with_the_test() -> None:
    table = PairedTable(1_247, 11, 22, 39)
    estimate = paired_difference(table)
    assert margin_p_value(table, estimate.high, alternative="less") <= 0.025
    assert margin_p_value(table, estimate.low, alternative="greater") <= 0.025
    assert margin_p_value(table, estimate.high - 2e-4, alternative="less") > 0.025


def test_nothing_changed_is_no_certainty() -> None:
    none = paired_difference(PairedTable(500, 0, 0, 3))
    assert none.value == 0
    assert none.low < 0 < none.high
    # One side alone is what a zero-failure test shows: 1 - 0.025 ** (1 / n) and a little more.
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 503), rel=0.02)
    with pytest.raises(EstimateError):
        tango_interval(PairedTable(0, 0, 0, 0))
