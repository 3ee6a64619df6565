"""Every estimator against published numbers; each row says whose they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from assay.estimate import (
    StratumCount,
    acceptance_labels,
    clopper_pearson,
    passing_probability,
    poisson_rate,
    sigma_to_rate,
    total_errors,
)

ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "golden" / "estimate.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['function']}-{row['expect']}")
def test_published_number(row: dict[str, Any]) -> None:
    assert row["source"]
    found = compute(row["function"], dict(row["arguments"]))
    assert found == pytest.approx(row["expect"], rel=row["relative"], abs=1e-12)
    if "ours" in row:
        assert found == row["ours"]


def compute(function: str, given: dict[str, Any]) -> Any:
    match function:
        case "clopper_pearson":
            return list(clopper_pearson(**given))
        case "poisson_rate.high":
            return poisson_rate(**given).high
        case "poisson_rate.exposure":
            return poisson_rate(given["count"], 1.0, alternative="less").high / given["rate"]
        case "poisson_rate.half_width":
            # Published by the normal approximation: Garwood's limits are a little wider.
            count = round(given["rate"] * given["exposure"])
            low, high = poisson_rate(count, given["exposure"])
            return (high - low) / 2 / given["rate"]
        case "poisson_rate.hours_in_years":
            return given["hours"] / (24 * 365)
        case "sigma_to_rate.per_million":
            return sigma_to_rate(**given) * 1e6
        case "acceptance_labels":
            return acceptance_labels(sigma_to_rate(given.pop("level")), **given)
        case "acceptance_plan":
            return planned(**given)
        case "total_errors.high":
            columns = (given["sizes"], given["labeled"], given["errors"])
            strata = [StratumCount(*counts) for counts in zip(*columns, strict=True)]
            return total_errors(strata, alternative="less").high
    raise AssertionError(function)


def planned(error_rate: float, allowed_errors: int, ratio: float) -> float:
    """Return the labels times the rate, once the plan is seen to pass a system 80 % of the time."""
    labels = acceptance_labels(error_rate, allowed_errors)
    assert passing_probability(labels, allowed_errors, error_rate / ratio) >= 0.79
    return labels * error_rate


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("allowed", [0, 1, 5])
def test_acceptance_labels_are_the_least(level: int, allowed: int) -> None:
    rate = sigma_to_rate(level)
    labels = acceptance_labels(rate, allowed)
    assert stats.binom.cdf(allowed, labels, rate) <= 0.05
    assert stats.binom.cdf(allowed, labels - 1, rate) > 0.05
