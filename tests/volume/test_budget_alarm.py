"""The alarm: what it bets on, where it starts anew, and that it keeps its level on a draw without replacement."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from assay.estimate.count_alarm_sampled import sampled_alarm
from assay.estimate.count_alarm_windows import window_alarms
from assay.ledger.store import Ledger
from assay.volume.budget import BudgetQuestion, measure_budget
from assay.volume.budget_alarm import alarm_start
from assay.volume.budget_audited import audited_steps, chances_in_order, is_complete
from assay.volume.budget_sources import DrawSource, Sources, SystemLog, VersionSpan, system_log
from volume.desk import DAY, START, answer, draw, fill

LEVEL = 0.1


def rings(rng: np.random.Generator, *, pace: float, outputs: int = 600, taken: int = 60) -> bool:
    """Let errors come at a multiple of the allowed pace, draw some outputs, and bet on what the draw found."""
    allowed = 30.0
    wrong = rng.random(outputs) < pace * allowed / outputs
    drawn = np.zeros(outputs, bool)
    drawn[rng.choice(outputs, taken, replace=False)] = True
    steps = np.arange(outputs) * 30 // outputs
    sizes = np.bincount(steps, minlength=30).tolist()
    chances = chances_in_order(sizes, np.bincount(steps, drawn, 30).astype(int).tolist())
    state = sampled_alarm(audit_probability=taken / outputs)
    for step, chance in enumerate(chances):
        found = int((wrong & drawn & (steps == step)).sum())
        state = state.after([1 / chance] * found if chance else [], allowed=allowed / 30)
        if state.log_e_value >= math.log(1 / LEVEL):
            return True
    return False


def test_the_alarm_on_a_draw_without_replacement_keeps_its_level_and_finds_an_excess() -> None:
    rng = np.random.default_rng(6)
    assert sum(rings(rng, pace=1.0) for _ in range(400)) <= 0.1 * 400
    assert sum(rings(rng, pace=6.0) for _ in range(60)) > 30


def test_it_starts_anew_at_each_version_and_then_at_each_window() -> None:
    spans = (
        VersionSpan("1", 9, START, START + 90 * DAY),
        VersionSpan("2", 9, START + 20 * DAY, START + 80 * DAY),
    )
    log = SystemLog("s", "field", spans, 0, 0)
    assert alarm_start(log, START + 19 * DAY, 30) == ("1", START)
    # At the first moment of version 2 it is not there yet: the window's end is not included.
    assert alarm_start(log, START + 20 * DAY, 30) == ("1", START)
    assert alarm_start(log, START + 20 * DAY + 1, 30) == ("2", START + 20 * DAY)
    assert alarm_start(log, START + 50 * DAY, 30) == ("2", START + 20 * DAY)
    assert alarm_start(log, START + 50 * DAY + 1, 30) == ("2", START + 50 * DAY)


def test_the_alarm_on_confirmed_errors_is_that_of_their_count(ledger: Ledger) -> None:
    desk = fill(ledger, traces=400, days=20, judge=False)
    chosen = [f"desk-{place:05d}" for place in range(100, 140)]
    ledger.append("verdicts", [
        {"trace_id": one, "judge": "ann", "judge_kind": "person", "error_probability": 1.0, "source": f"a:{one}"}
        for one in chosen
    ])  # fmt: skip
    budget = measure_budget(ledger, BudgetQuestion(allow=10, per_days=30))
    uncaught = ledger.rows(
        'SELECT cast(at AS bigint) AS at FROM traces WHERE tags LIKE \'%"caught":"false"%\' '
        f"AND trace_id >= '{chosen[0]}' AND trace_id <= '{chosen[-1]}'"
    )
    days = [(row["at"] - START) / DAY for row in uncaught]
    alone = window_alarms(
        days, budget=10, window_days=30, until_day=(budget.end - START) / DAY, cycle_days=7
    )[0]
    assert desk.errors
    assert (budget.alarm.kind, budget.alarm.errors) == ("confirmed", len(days))
    assert budget.alarm.log_e_value == pytest.approx(alone.log_e_value)
    assert alone.alarm_at is not None
    assert budget.alarm.rang_at == pytest.approx(START + alone.alarm_at * DAY, abs=2)
    assert budget.alarm.peak >= math.log(100)


def test_audited_errors_carry_the_chance_with_which_they_were_drawn(tmp_path: Path) -> None:
    desk = fill(Ledger.create(tmp_path / "r"), traces=900, days=30, error_rate=0.2)
    answer(desk, draw(desk, 300), tmp_path / "labels.csv")
    question = BudgetQuestion(allow=50, per_days=10, alarm_on="sampled")
    log = system_log(desk.ledger, question)
    sources = Sources(desk.ledger, question, log)
    # The alarm's window begins in the middle of what the draw froze.
    start, end = START + 20 * DAY, log.last + 1
    stretches = sources.stretches(start, end, oldest_first=True)
    source = stretches[0].source
    assert isinstance(source, DrawSource)
    assert is_complete(source)
    found = audited_steps(sources, stretches, None, start=start, end=end)
    truth = [
        trace
        for trace in source.sample.labeled
        if trace.wrong == 1 and not trace.caught and (source.times[trace.trace_id] or 0) >= start
    ]
    assert len(found) == len(truth) > 0
    # On the whole an error stands for so many as were not drawn beside it.
    chances = [count.labeled / count.size for count in source.sample.strata]
    expected = sum(1 / chances[trace.stratum] for trace in truth)
    assert sum(step.weights[0] for step in found) == pytest.approx(expected, rel=0.35)
    assert all(start < step.at <= end for step in found)


def test_an_unfinished_draw_is_no_audit(tmp_path: Path) -> None:
    desk = fill(Ledger.create(tmp_path / "r"), traces=900, days=30, error_rate=0.2)
    answer(desk, draw(desk, 200), tmp_path / "labels.csv", first=150)
    budget = measure_budget(desk.ledger, BudgetQuestion(allow=50, per_days=10))
    assert budget.alarm.kind == "confirmed"
    assert budget.alarm.errors <= budget.columns.confirmed.labels
