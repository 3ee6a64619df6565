"""The simulated queue of a pace: against the closed form, with shifts, priorities and deadlines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.errors import BadInput
from assay.estimate.queueing import ServiceTime, check_and_fix, mean_wait
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.pace_queue import Load, QueueQuestion, simulate_pace
from assay.volume.pace_setting import Reviewers
from assay.volume.pace_shifts import parse_shift, shift_hours, usual_shifts

TEAM = Reviewers(5, check_minutes=3, fix_minutes=12, hours_a_day=24)
MINUTES_EACH = 3 + 0.18 * 12


def load(utilization: float, hours_per_day: float = 120.0) -> Load:
    """What keeps so many hours of review so busy."""
    read = utilization * hours_per_day * 60 / MINUTES_EACH
    return Load(10 * read, read, wrong_share=0.2, fix_share=0.18, words="a test's pace")


def value(quantity: Quantity) -> float:
    assert isinstance(quantity, Estimate)
    return quantity.value


def test_the_mean_wait_is_that_of_the_formula() -> None:
    """II.5: five reviewers at .85, 4.8 minutes."""
    found = simulate_pace(TEAM, QueueQuestion(seed=2), load(0.85))
    service = check_and_fix(ServiceTime(0.05, 0.5), ServiceTime(0.2, 0.5), fix_share=0.18)
    expected = 60 * mean_wait(load(0.85).read_per_day / 24, 5, service)
    assert expected == pytest.approx(4.8, abs=0.05)
    wait = found.report.mean_wait
    assert isinstance(wait, Estimate)
    assert 60 * wait.low < expected < 60 * wait.high
    assert 60 * wait.value == pytest.approx(expected, rel=0.1)
    assert not found.is_overloaded
    assert found.report.utilization == pytest.approx(0.85, rel=0.03)


def test_closing_hours_make_items_wait_for_the_morning() -> None:
    shifts = parse_shift("mon-fri 09:00-17:00=5")
    found = simulate_pace(TEAM, QueueQuestion(shifts=shifts), load(0.3, shift_hours(shifts) / 7))
    assert found.staffed_hours_per_day == pytest.approx(5 * 40 / 7)
    assert value(found.report.p99_wait) > 12
    assert value(found.report.late) > 0.5


def test_the_worst_is_read_first() -> None:
    shifts = parse_shift("daily 00:00-24:00=5")
    asked = QueueQuestion(shifts=shifts, severity_shares=((1, 0.1), (2, 0.3), (3, 0.6)))
    found = simulate_pace(TEAM, asked, load(0.95))
    first, second, third = found.by_severity
    assert value(first.report.mean_wait) < value(second.report.mean_wait)
    assert value(second.report.mean_wait) < value(third.report.mean_wait)
    assert first.items + second.items + third.items == found.items


def test_a_missed_deadline_escapes_or_is_withheld() -> None:
    asked = QueueQuestion(deadline_minutes=10, missed="released")
    released = simulate_pace(TEAM, asked, load(0.95))
    withheld = simulate_pace(TEAM, replace(asked, missed="withheld"), load(0.95))
    missed = value(released.report.missed)
    assert 0 < missed < 1
    read = load(0.95).read_per_day
    assert value(released.escapes_per_day) == pytest.approx(missed * read * 0.2)
    assert value(released.withheld_per_day) == 0
    assert value(withheld.escapes_per_day) == 0
    assert value(withheld.withheld_per_day) == pytest.approx(missed * read)


def test_more_work_than_hours_is_said() -> None:
    assert simulate_pace(TEAM, QueueQuestion(), load(1.2)).is_overloaded


def test_a_trickle_reads_unknown_and_never_zero() -> None:
    trickle = Load(1, 0.1, 0.2, 0.18, "a trickle")
    found = simulate_pace(TEAM, QueueQuestion(deadline_minutes=1, missed="released"), trickle)
    assert isinstance(found.report.mean_wait, Unknown)
    assert isinstance(found.escapes_per_day, Unknown)
    with pytest.raises(BadInput, match="nothing comes"):
        simulate_pace(TEAM, QueueQuestion(), Load(100, 0, 0, 0, "none"))


def test_a_flood_is_cut_to_what_can_be_simulated() -> None:
    big = replace(TEAM, reviewers=5_000)
    found = simulate_pace(big, QueueQuestion(), load(0.8, 120_000))
    assert found.items < 310_000
    assert value(found.report.mean_wait) < 0.01


@pytest.mark.parametrize(
    "text",
    ["", "mon 9-17=3", "xyz 09:00-17:00=3", "mon 09:00-09:00=1", "mon 09:60-17:00=1", "mon 09:00-25:00=1",
     "mon-tue-wed 09:00-17:00=1", "mon 09:00-17:00=-1", "mon, 09:00-17:00=1"],
)  # fmt: skip
def test_what_is_no_shift(text: str) -> None:
    with pytest.raises(BadInput, match=r"shift|days are"):
        parse_shift(text)


def test_shifts_past_midnight_and_past_the_week() -> None:
    late, early = parse_shift("fri-mon 22:00-06:00=2")
    assert late.weekdays == (0, 4, 5, 6)
    assert early.weekdays == (0, 1, 5, 6)
    assert shift_hours((late, early)) == 4 * 8 * 2
    assert len(parse_shift("daily 22:00-00:00=1")) == 1
    assert shift_hours(usual_shifts(replace(TEAM, hours_a_day=8, days_a_week=5))) == 200
    with pytest.raises(BadInput, match="--shift"):
        usual_shifts(replace(TEAM, reviewers=1.5))


def test_questions_that_make_no_sense() -> None:
    with pytest.raises(BadInput, match="add up to 1"):
        QueueQuestion(severity_shares=((1, 0.5), (2, 0.1)))
    with pytest.raises(BadInput, match="--deadline"):
        QueueQuestion(deadline_minutes=0)
