from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.report.data import future_words
from assay.report.page import write_report
from assay.volume.future import FutureVolume
from assay.volume.measure import measure_volume
from assay.volume.question import VolumeQuestion
from assay.volume.result import SystemVolume
from volume.desk import START, Desk, answer, count_all, draw, fill

DAYS = 21


def of(ledger: Ledger, question: VolumeQuestion | None = None) -> tuple[SystemVolume, FutureVolume]:
    system = measure_volume(ledger, question).systems[0]
    assert system.future is not None
    return system, system.future


def known(future: FutureVolume) -> Estimate:
    assert isinstance(future.on_a_day, Estimate), future.on_a_day
    return future.on_a_day


def reason(future: FutureVolume) -> str:
    assert isinstance(future.on_a_day, Unknown)
    assert isinstance(future.in_all, Unknown)
    assert future.words.startswith("next 7 days (forecast, not certified): unknown: ")
    return future.on_a_day.reason


def risen(desk: Desk, *, before: float = 0.03, after: float = 0.2) -> None:
    rng = random.Random(2)
    for place, trace_id in enumerate(desk.wrong):
        late = place >= len(desk.wrong) / 2
        desk.wrong[trace_id] = rng.random() < (after if late else before)


def test_labels_of_a_draw_give_a_wider_line(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=4_200, days=DAYS)
    answer(desk, draw(desk, 400), tmp_path / "list.csv")
    system, future = of(ledger)
    assert isinstance(system.errors_per_day, Estimate)
    day = known(future)
    assert day.low < system.errors_per_day.low
    assert day.high > system.errors_per_day.high
    assert day.value == pytest.approx(system.errors_per_day.value, rel=0.05)
    # The 22nd day has the one output of the last moment: it was cut off.
    assert day.n == DAYS
    assert "forecast, not certified" in future.words
    assert "between" in future.words
    assert "drift: none seen" in future.words


def test_a_count_of_every_output_is_sharper(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=4_200, days=DAYS)
    answer(desk, draw(desk, 400), tmp_path / "list.csv")
    _, sampled = of(ledger)
    count_all(desk)
    system, counted = of(ledger, VolumeQuestion(evidence="census"))
    assert known(counted).high - known(counted).low < known(sampled).high - known(sampled).low
    assert isinstance(system.errors, Estimate)
    assert known(counted).value == pytest.approx(system.errors.value / DAYS, rel=0.02)
    assert known(counted).guarantee == "simulated"


def test_a_rise_refuses_the_forecast_and_says_when(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=4_200, days=DAYS)
    risen(desk)
    answer(desk, draw(desk, 400), tmp_path / "list.csv")
    system, future = of(ledger)
    assert "errors rose around 2025-10-1" in reason(future)
    assert future.change_day is not None
    assert f"--from {future.change_day}" in reason(future)
    assert future.rate_before is not None
    assert future.rate_after is not None
    # The rates before and after have their intervals, and each lies on its own side of the other's.
    assert future.rate_before.high < future.rate_after.low
    assert future.rate_after.guarantee == "assumed"
    # What was measured stands.
    assert isinstance(system.errors_per_day, Estimate)


def test_a_rise_in_a_count_is_dated_to_the_day(ledger: Ledger) -> None:
    desk = fill(ledger, traces=4_200, days=DAYS, judge=False)
    risen(desk, before=0.04, after=0.1)
    count_all(desk)
    _, future = of(ledger)
    assert future.change_day in {"2025-10-15", "2025-10-16"}
    assert future.rate_after is not None
    assert future.rate_after.guarantee == "exact"


def test_after_the_change_there_is_a_forecast_again(ledger: Ledger) -> None:
    desk = fill(ledger, traces=4_200, days=DAYS, judge=False)
    risen(desk)
    count_all(desk)
    half = START + 11 * 86_400_000_000
    _, future = of(ledger, VolumeQuestion(start=half))
    assert 30 < known(future).value < 50


@pytest.mark.parametrize("before", [0.03, 0.2])
def test_it_decides_nothing(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: float
) -> None:
    desk = fill(ledger, traces=4_200, days=DAYS)
    risen(desk, before=before, after=0.2)
    answer(desk, draw(desk, 400), tmp_path / "list.csv")
    _, future = of(ledger)
    number = Estimate(1e9, 1e9, 1e9, "errors/day", 0.95, 7, "absurd")
    absurd = FutureVolume(number, number, number, future.drift)
    for standard in ("5/1d", "60/1d", "2sigma"):
        question = VolumeQuestion(standard=standard)
        with_it, _ = of(ledger, question)
        with monkeypatch.context() as patched:
            patched.setattr("assay.volume.future.FutureDays.of", lambda *_: absurd)
            without, changed = of(ledger, question)
        assert changed == absurd
        assert without.standard is not None
        assert replace(with_it, future=None) == replace(without, future=None)


def test_too_few_days(ledger: Ledger) -> None:
    desk = fill(ledger, days=4)
    count_all(desk)
    assert "fewer than 7 days" in reason(of(ledger)[1])


def test_too_few_labels(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=4_200, days=DAYS)
    answer(desk, draw(desk, 60), tmp_path / "list.csv")
    assert "labels: fewer than 100" in reason(of(ledger)[1])


def test_no_times_no_days(ledger: Ledger) -> None:
    names = [f"u{index}" for index in range(300)]
    common = {"task_id": "t", "system": "untimed", "output": "x", "source": "test", "tags": "{}"}
    ledger.append("traces", [{"trace_id": name, **common} for name in names])
    verdict = {"judge": "truth", "judge_kind": "check", "error_probability": 0.0, "source": "test"}
    ledger.append("verdicts", [{"trace_id": name, **verdict} for name in names])
    question = VolumeQuestion(system="untimed")
    assert "no time stamps" in reason(of(ledger, question)[1])
    assert "no output has a time" in reason(of(ledger, replace(question, per_day=100))[1])


def test_nothing_known_of_the_past(ledger: Ledger) -> None:
    fill(ledger, traces=500, days=DAYS)
    system, future = of(ledger)
    assert "no output has been labeled" in reason(future)
    # The reason was given once already: no line of its own.
    assert future_words(system) == ""


def test_a_word_on_traffic_scales_it_and_is_assumed(ledger: Ledger) -> None:
    desk = fill(ledger, traces=4_200, days=DAYS)
    count_all(desk)
    plain, told = of(ledger)[1], of(ledger, VolumeQuestion(per_day=2_000))[1]
    assert known(told).value == pytest.approx(10 * known(plain).value, rel=0.01)
    assert known(told).guarantee == "assumed"


def test_json_keys_are_stable(ledger: Ledger) -> None:
    desk = fill(ledger, traces=4_200, days=DAYS)
    count_all(desk)
    said = json.loads(json.dumps(of(ledger)[0].to_json()))["future"]
    assert set(said) == {
        "value", "low", "high", "unit", "confidence_level", "n", "method", "guarantee", "certified", "likely",
        "horizon_days", "total", "drift",
    }  # fmt: skip
    assert said["certified"] is False
    assert set(said["drift"]) == {
        "p_value", "seen", "method", "days", "change_day", "rate_before", "rate_after", "doubling_power",
    }  # fmt: skip
    assert said["drift"]["change_day"] is None
    assert of(ledger)[0].to_json()["future"] == of(ledger)[0].to_json()["future"]


def test_the_page_has_the_line(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=4_200, days=DAYS)
    count_all(desk)
    page = tmp_path / "report.html"
    write_report(ledger, VolumeQuestion(), page, command="assay report")
    assert page.read_text("utf-8").count("Next 7 days (forecast, not certified): about ") == 1
