"""The silent swap: which day, by which signs, and what could have been seen."""

from __future__ import annotations

import json
import random

import pytest

from assay.errors import BadInput
from assay.estimate.change_point import ChangePoint
from assay.ledger.store import Ledger
from assay.quantity import Unknown
from assay.volume.gate_watch import WatchQuestion, watch

DAY = 86_400_000_000
START = 20_000 * DAY
JUDGE = "exact@1 (whole@1)"


def log(
    ledger: Ledger,
    *,
    days: int = 20,
    swap: int | None = None,
    judge: str | None = JUDGE,
    each: int = 40,
) -> None:
    """Forty answers a day, ten of them to the same ten tasks; from the day of the swap on shorter and worse."""
    rng = random.Random(11)
    traces, verdicts = [], []
    for day in range(days):
        new = swap is not None and day >= swap
        for place in range(each):
            wrong = rng.random() < (0.25 if new else 0.05)
            repeated = place < 10
            text = "b" if new and rng.random() < 0.5 else "a"
            trace_id = f"{day}-{place}"
            traces.append({
                "trace_id": trace_id, "task_id": f"golden-{place}" if repeated else trace_id, "system": "desk",
                "version": "", "epoch": 1, "at": START + day * DAY + place * 1_000_000, "answer": text,
                "output": text + "." * rng.randint(20, 60), "origin": "field", "source": "test",
            })  # fmt: skip
            if judge:
                verdicts.append({"trace_id": trace_id, "judge": judge, "judge_kind": "check",
                                 "error_probability": float(wrong), "source": "test"})  # fmt: skip
    ledger.append("traces", traces)
    ledger.append("verdicts", verdicts)


def test_a_swap_is_found_on_its_day(ledger: Ledger) -> None:
    log(ledger, swap=13)
    result = watch(ledger, WatchQuestion("desk"))
    assert result.answer == "changed"
    assert set(result.changed) == {"errors", "agreement"}
    assert result.day == "2024-10-17"  # START is 2024-10-04
    assert result.between is not None
    assert "2024-10-14" <= result.between[0] <= "2024-10-17" <= result.between[1] <= "2024-10-20"
    series = {one.name: one for one in result.series}
    assert isinstance(series["code blocks"].found, Unknown)
    assert series["length"].p_adjusted is not None
    assert series["length"].p_adjusted > 0.05
    assert series["length"].between is None
    assert result.to_json()["day_interval"] == list(result.between)
    json.dumps(result.to_json(), allow_nan=False)


def test_no_swap_no_alarm_and_what_could_have_been_seen(ledger: Ledger) -> None:
    log(ledger)
    result = watch(ledger, WatchQuestion("desk"))
    assert result.answer == "no change seen"
    assert result.day is None
    errors = next(one.found for one in result.series if one.name == "errors")
    assert isinstance(errors, ChangePoint)
    assert 0.02 < errors.visible < 0.15


def test_many_looks_share_the_risk(ledger: Ledger) -> None:
    log(ledger, swap=13)
    assert WatchQuestion("desk", looks=30).miss == pytest.approx(0.05 / 30)
    often = watch(ledger, WatchQuestion("desk", looks=30))
    assert often.changed
    once, errors = (
        next(one.found for one in result.series if one.name == "errors")
        for result in (watch(ledger, WatchQuestion("desk")), often)
    )
    assert isinstance(once, ChangePoint)
    assert isinstance(errors, ChangePoint)
    assert errors.visible > once.visible


def test_a_window_is_kept_to(ledger: Ledger) -> None:
    log(ledger, swap=13)
    result = watch(ledger, WatchQuestion("desk", end=START + 13 * DAY))
    assert result.days == 13
    assert result.answer == "no change seen"


def test_turns_of_a_probes_script_are_no_change(ledger: Ledger) -> None:
    log(ledger)
    before = watch(ledger, WatchQuestion("desk"))
    # From the day of a swap on, a probe talks with the system at length: that is no other system.
    ledger.append("traces", [
        {"trace_id": f"p{day}-{place}", "task_id": f"golden-{place % 10}", "system": "desk", "version": "", "turn": 1,
         "at": START + day * DAY + place, "answer": "b", "output": "b" * 400, "origin": "probe",
         "tags": '{"probe":"pushback"}', "source": "test"}
        for day in range(13, 20) for place in range(40)
    ])  # fmt: skip
    assert watch(ledger, WatchQuestion("desk")) == before
    assert before.answer != "changed"


def test_few_days_are_not_enough(ledger: Ledger) -> None:
    log(ledger, days=5)
    result = watch(ledger, WatchQuestion("desk"))
    assert result.answer == "not enough data"
    assert result.to_json()["changed"] == []


def test_nobody_judged_is_no_count_of_errors(ledger: Ledger) -> None:
    log(ledger, swap=13, judge=None)
    result = watch(ledger, WatchQuestion("desk"))
    assert result.judge is None
    assert "errors" not in {one.name for one in result.series}
    assert result.changed == ("agreement",)


def test_what_is_not_there_is_said(ledger: Ledger) -> None:
    log(ledger)
    with pytest.raises(BadInput, match="no trace with a time"):
        watch(ledger, WatchQuestion("desk", end=START))
    with pytest.raises(BadInput, match="the ledger has no system 'desk@1'; it has desk"):
        watch(ledger, WatchQuestion("desk@1"))
    with pytest.raises(BadInput, match="no check or person 'anna'"):
        watch(ledger, WatchQuestion("desk", judge="anna"))
    ledger.append("verdicts", [{"trace_id": "0-0", "judge": "anna", "judge_kind": "person",
                                "error_probability": 1.0, "source": "t"}])  # fmt: skip
    with pytest.raises(BadInput, match="several judges"):
        watch(ledger, WatchQuestion("desk"))
    assert watch(ledger, WatchQuestion("desk", judge="exact")).judge == JUDGE


def test_questions_out_of_range() -> None:
    with pytest.raises(BadInput):
        WatchQuestion("a", looks=0)
    with pytest.raises(BadInput):
        WatchQuestion("a", confidence_level=1.0)
    with pytest.raises(BadInput, match="seed"):
        WatchQuestion("a", seed=-1)
    with pytest.raises(BadInput, match="at least 1e-05"):
        WatchQuestion("a", confidence_level=0.999, looks=365)
