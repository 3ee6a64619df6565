"""`assay forecast` as a user types it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger

Assay = Callable[..., Any]
RATES = {"1": 0.3, "2": 0.22, "3": 0.16, "4<script>\x1b[2J": 0.115}
DATES = ("2025-01-01", "2025-04-01", "2025-07-01", "2025-10-01")


@pytest.fixture
def falling(ledger: Ledger) -> Ledger:
    traces: list[dict[str, object]] = []
    verdicts: list[dict[str, object]] = []
    for version, rate in RATES.items():
        for i in range(200):
            one = f"{version}-{i}"
            traces.append(
                {"trace_id": one, "task_id": one, "system": "desk", "version": version, "input": "?", "output": "x",
                 "origin": "field", "source": "test:1"}
            )  # fmt: skip
            verdicts.append(
                {"trace_id": one, "judge": "c", "judge_kind": "check", "error_probability": float(i < rate * 200),
                 "source": "test:1"}
            )  # fmt: skip
    ledger.append("traces", traces)
    ledger.append("verdicts", verdicts)
    return ledger


def dates() -> list[str]:
    pairs = zip(RATES, DATES, strict=True)
    return [part for version, date in pairs for part in ("--date", f"{version}={date}")]


def test_it_says_when_how_it_did_before_and_that_a_trend_is_no_law(
    assay: Assay, falling: Ledger
) -> None:
    done = assay("forecast", falling.path, "--standard", "2sigma", *dates())
    assert done.status == 0
    assert "A trend is no law" in done.out
    assert "Checked by forecasting the last version" in done.out
    assert "\x1b" not in done.out
    again = assay("forecast", falling.path, "--standard", "2sigma", *dates())
    assert again.out == done.out


def test_json_has_stable_keys(assay: Assay, falling: Ledger) -> None:
    found = assay("forecast", falling.path, "--standard", "2sigma", *dates(), "--json").json
    assert set(found) == {
        "standard", "demand", "limit", "unit", "answer", "months", "dates", "factor_a_month", "within_ten_years",
        "within_ten_years_if_it_levels_off", "versions", "left_out", "backtest", "backtest_reason",
    }  # fmt: skip
    assert [one["date"] for one in found["versions"]] == list(DATES)


def test_the_page_holds_the_picture_and_no_name_as_markup(
    assay: Assay, falling: Ledger, tmp_path: Path
) -> None:
    page = tmp_path / "f.html"
    done = assay("forecast", falling.path, "--standard", "2sigma", *dates(), "-o", page)
    assert done.status == 0
    text = page.read_text("utf-8")
    assert "<svg" in text
    assert "4<script>" not in text
    record = text.split('id="record">')[1].split("</script>")[0]
    assert json.loads(record)["standard"] == "2sigma"
    nowhere = assay(
        "forecast", falling.path, "--standard", "2sigma", *dates(), "-o", tmp_path / "no" / "f.html"
    )
    assert nowhere.status == 1


def test_the_page_counts_in_the_unit_of_the_standard(
    assay: Assay, falling: Ledger, tmp_path: Path
) -> None:
    page = tmp_path / "f.html"
    standard = ("--standard", "30/30d", "--per-day", 100)
    assert assay("forecast", falling.path, *standard, *dates(), "-o", page).status == 0
    table = page.read_text("utf-8").split("<table>")[1].split("</table>")[0]
    assert "errors/day" in table
    assert "errors/trace" not in table
    # 0.3, 0.22, 0.16 and 0.115 of 100 outputs a day.
    assert re.findall(r'<td class="n">([\d.]+)</td><td class="n">200', table) == [
        "30", "22", "16", "11.5",
    ]  # fmt: skip


def test_without_dates_it_says_what_is_missing_and_is_no_decision(
    assay: Assay, falling: Ledger
) -> None:
    done = assay("forecast", falling.path, "--standard", "2sigma")
    assert done.status == 0
    assert "Unknown when" in done.out
    assert "--date" in done.out


def test_a_date_of_a_version_that_is_not_there_is_said(assay: Assay, falling: Ledger) -> None:
    words = ("forecast", falling.path, "--standard", "2sigma", *dates())
    assert assay(*words, "--json").json["left_out"] == []
    done = assay(*words, "--date", "desk@5=2026-01-01", "--json")
    assert done.json["left_out"] == ["--date desk@5=...: no version here has that name"]


def test_wrong_usage(assay: Assay, falling: Ledger) -> None:
    for bad in ("4", "4=yesterday", "=2025-01-01"):
        assert assay("forecast", falling.path, "--standard", "2sigma", "--date", bad).status == 2
    assert assay("forecast", falling.path).status == 2
    assert assay("forecast", falling.path, "--standard", "2sigma", "--seed", -1).status == 2
    assert assay("forecast", falling.path, "--standard", "often").status == 1
    assert assay("forecast", falling.path, "--standard", "2sigma", "--confidence", 2).status == 1
    assert assay("forecast", falling.path, "--standard", "2sigma", "--system", "nobody").status == 1


@pytest.mark.parametrize("wrong", ["nan", "inf"])
def test_people_who_are_no_number_are_refused_and_not_forecast(
    assay: Assay, falling: Ledger, wrong: str
) -> None:
    people = ("--human-error-rate", 0.1, "--human-per-day", wrong)
    done = assay("forecast", falling.path, "--standard", "human", *people)
    assert done.status == 2
    assert "--human-per-day" in done.err
    assert f"{wrong} is no number that is finite" in done.err


def test_two_dates_of_one_version_are_wrong_use(assay: Assay, falling: Ledger) -> None:
    twice = ("--date", "1=2025-01-01", "--date", "1=2025-02-01")
    done = assay("forecast", falling.path, "--standard", "3sigma", *twice)
    assert done.status == 2
    assert "gives 1 two dates" in done.err
