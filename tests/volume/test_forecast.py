"""Forecasts: no trend and not within ten years are answers, and real series are checked on their own last versions."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.errors import BadInput
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.forecast import forecast_standard
from assay.volume.forecast_readings import ForecastQuestion, effective_n
from assay.volume.forecast_result import Forecast

GEMINI = (
    "gemini-exp-1206",
    "Gemini 2.0 Pro exp-02-05",
    "Gemini 2.5 Pro Preview 03-25",
    "Gemini 2.5 Pro Preview 05-06",
    "gemini-2.5-pro-preview-06-05 (default think)",
)


def day(date: str) -> float:
    return datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp() / 86_400


def add_version(
    ledger: Ledger, version: str, wrong: Sequence[int], *, at: str | None = None
) -> None:
    """Add a version of the system "desk", each of its answers judged by a check."""
    microseconds = None if at is None else int(day(at) * 86_400e6)
    ids = [f"{version}-{place}" for place in range(len(wrong))]
    ledger.append(
        "traces",
        [
            {"trace_id": one, "task_id": one, "system": "desk", "version": version, "input": "?", "output": "x",
             "at": microseconds, "origin": "exam", "source": "test:1"}
            for one in ids
        ],
    )  # fmt: skip
    ledger.append(
        "verdicts",
        [
            {"trace_id": one, "judge": "tests", "judge_kind": "check", "error_probability": float(value),
             "source": "test:1"}
            for one, value in zip(ids, wrong, strict=True)
        ],
    )  # fmt: skip


def with_rates(ledger: Ledger, rates: Mapping[str, float], n: int = 400) -> Ledger:
    for date, rate in rates.items():
        right = n - round(rate * n)
        add_version(ledger, date, [0] * right + [1] * (n - right), at=date)
    return ledger


def forecast(
    ledger: Ledger, standard: str, *, dates: Mapping[str, float] | None = None, **options: Any
) -> Forecast:
    question = ForecastQuestion(standard, **options)
    return forecast_standard(ledger, question, dates=dates or {}, rng=np.random.default_rng(1))


FALLING = {
    "2025-01-01": 0.3,
    "2025-04-01": 0.22,
    "2025-07-01": 0.16,
    "2025-10-01": 0.115,
    "2026-01-01": 0.08,
}


def test_a_steady_fall_is_forecast_and_the_last_version_lay_where_it_should(ledger: Ledger) -> None:
    found = forecast(with_rates(ledger, FALLING), "2sigma")
    assert found.answer == "if the trend holds"
    assert isinstance(found.months, Estimate)
    # Odds fall by a factor of 0.888 a month; from 0.08 to 0.02275 that takes 11 months.
    assert found.months.low < 11 < found.months.high
    assert found.months.value == pytest.approx(11, abs=3)
    assert [line.inside for line in found.backtest.lines] == [True]
    assert found.within_horizon is not None
    assert found.saturating_within_horizon is not None
    assert found.saturating_within_horizon < found.within_horizon
    json.dumps(found.to_json(), allow_nan=False)


def test_versions_that_go_up_and_down_are_no_trend(ledger: Ledger) -> None:
    rates = {"2025-01-01": 0.2, "2025-04-01": 0.1, "2025-07-01": 0.22, "2025-10-01": 0.13}
    assert forecast(with_rates(ledger, rates), "3sigma").answer == "no trend"


def test_a_fall_too_slow_is_not_within_ten_years(ledger: Ledger) -> None:
    rates = {f"20{year}-01-01": 0.3 * 0.97 ** (year - 10) for year in range(10, 26, 2)}
    found = forecast(with_rates(ledger, rates, n=100_000), "5sigma")
    assert found.answer == "not within ten years"
    assert found.within_horizon == 0


def test_versions_that_get_worse(ledger: Ledger) -> None:
    rates = {
        "2025-01-01": 0.05,
        "2025-04-01": 0.08,
        "2025-07-01": 0.13,
        "2025-10-01": 0.2,
        "2026-01-01": 0.3,
    }
    found = forecast(with_rates(ledger, rates), "3sigma")
    assert found.answer == "worse"
    assert found.to_json()["months"]["value"] is None  # type: ignore[index]


def test_what_is_kept_already_is_said_to_be_kept(ledger: Ledger) -> None:
    assert forecast(with_rates(ledger, FALLING), "0.1sigma").answer == "kept"


def test_a_jump_is_found_out_by_the_check_on_the_last_versions(ledger: Ledger) -> None:
    rates = dict(FALLING) | {"2026-04-01": 0.058, "2026-07-01": 0.6}
    found = forecast(with_rates(ledger, rates), "3sigma")
    assert [line.inside for line in found.backtest.lines] == [True, False]


def test_two_versions_and_versions_of_one_day(ledger: Ledger) -> None:
    add_version(ledger, "1", [0, 1] * 50)
    add_version(ledger, "2", [0, 0, 1] * 30)
    found = forecast(ledger, "3sigma")
    assert found.answer == "unknown"
    assert isinstance(found.months, Unknown)
    assert all("no trace has a time" in reason for reason in found.left_out)
    add_version(ledger, "3", [0, 0, 0, 1] * 30)
    dates = {"1": day("2025-01-01"), "2": day("2025-01-01"), "desk@3": day("2025-01-01")}
    with pytest.raises(BadInput, match="one date"):
        forecast(ledger, "3sigma", dates=dates)


def test_volume_and_people_are_standards_too(ledger: Ledger) -> None:
    with_rates(ledger, FALLING)
    count = forecast(ledger, "30/30d", per_day=100)
    people = forecast(ledger, "human", per_day=100, human_error_rate=0.02, human_per_day=50)
    assert count.unit == "errors/day"
    assert count.limit == people.limit == 1.0
    assert count.months == people.months
    with pytest.raises(BadInput, match="people to compare"):
        forecast(ledger, "human", per_day=100)
    with pytest.raises(BadInput, match="no error at all"):
        forecast(ledger, "0/30d", per_day=100)


def test_without_a_throughput_a_volume_has_no_forecast(ledger: Ledger) -> None:
    found = forecast(with_rates(ledger, FALLING), "30/30d")
    assert found.answer == "unknown"
    assert len(found.left_out) == len(FALLING)


@pytest.mark.shared_data
def test_one_family_of_the_aider_leaderboard(ledger: Ledger, shared_data: Path) -> None:
    """Five versions of Gemini Pro: the fifth fell where the first four led to expect, with an interval that is wide."""
    text = (shared_data / "aider" / "polyglot_leaderboard.yml").read_text("utf-8")
    rows = [
        dict(re.findall(r"^(?:- |  )(\w+): (.*)$", part, re.MULTILINE))
        for part in re.split(r"^(?=- )", text, flags=re.MULTILINE)
    ]
    runs = {row["model"]: row for row in reversed(rows) if "model" in row}
    for name in GEMINI:
        cases, passed = int(runs[name]["test_cases"]), int(runs[name]["pass_num_2"])
        add_version(ledger, name, [0] * passed + [1] * (cases - passed), at=runs[name]["date"])
    found = forecast(ledger, "3sigma")
    assert [round(one.rate, 3) for one in found.versions] == [0.618, 0.644, 0.271, 0.231, 0.209]
    (line,) = found.backtest.lines
    assert line.inside
    assert line.high - line.low > 0.3
    assert found.answer in ("if the trend holds", "no trend")


@pytest.mark.shared_data
def test_two_versions_of_gpt4_are_no_trend(ledger: Ledger, shared_data: Path) -> None:
    with gzip.open(
        shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz", "rt", encoding="utf-8"
    ) as stream:
        rows = [row for row in csv.DictReader(stream) if "gpt-4" in row["model"]]
    for version, at in (("0314", "2023-03-14"), ("0613", "2023-06-13")):
        own = [row for row in rows if version in row["model"]]
        wrong = [
            int(
                (re.findall(r"\[(yes|no)\]", row["answer"].lower()) or ["?"])[-1]
                != row["ref_answer"].lower()
            )
            for row in own
        ]
        add_version(ledger, version, wrong, at=at)
    found = forecast(ledger, "3sigma")
    assert [round(one.rate, 3) for one in found.versions] == [0.16, 0.498]
    assert found.answer == "unknown"


def test_versions_without_an_error_have_a_limit_and_no_level(ledger: Ledger) -> None:
    """Right answers only, and ever more of them: what falls is the limit, and no trend is shown by it."""
    for place in range(6):
        add_version(ledger, f"{place}", [0] * 50 * 2**place, at=f"202{place}-01-01")
    found = forecast(ledger, "3sigma")
    assert found.answer == "unknown"
    assert isinstance(found.months, Unknown)
    assert "only 0 of 6" in found.months.reason
    json.dumps(found.to_json(), allow_nan=False)


def test_a_last_version_without_an_error_is_forecast_as_none_of_so_many(ledger: Ledger) -> None:
    with_rates(ledger, FALLING)
    add_version(ledger, "last", [0] * 30, at="2026-04-01")
    found = forecast(ledger, "2sigma")
    line = found.backtest.lines[-1]
    assert (line.measured, line.low, line.inside) == (0.0, 0.0, True)
    # Few labels without an error are hardly news: the trend stays what it was.
    assert found.answer == "if the trend holds"


def test_a_version_that_is_named_twice_counts_once(ledger: Ledger) -> None:
    with_rates(ledger, FALLING)
    twice = forecast(ledger, "2sigma", systems=("desk", "desk@2025-01-01"))
    assert len(twice.versions) == len(FALLING)
    assert twice.months == forecast(ledger, "2sigma").months


def test_all_wrong_is_as_certain_as_none_wrong() -> None:
    none = Estimate(0.0, 0.0, 0.12, "errors/trace", 0.95, 30, "labels")
    every = Estimate(1.0, 0.88, 1.0, "errors/trace", 0.95, 30, "labels")
    assert effective_n(every) == pytest.approx(effective_n(none))
    assert 25 < effective_n(every) < 32
