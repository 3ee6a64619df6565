"""Exam against use: gaps that are there and that are not, difficulty, the use mix, twins, best of several tries."""

from __future__ import annotations

import json

import numpy as np
import pytest

from assay.errors import BadInput
from assay.estimate.reference_curve import AdjustedGap
from assay.ledger.store import Ledger
from assay.probe.exam import ExamQuestion, compare_exam
from assay.probe.exam_result import ExamReport, Finding, Gap
from assay.probe.exam_use import UseQuestion
from assay.probe.reference_adjusted import NOT_ADJUSTED
from assay.quantity import Estimate, Quantity, Unknown, assumed
from probe.exam_ledgers import add_answers, spread

DESK = (("desk", None),)
CLEAN = tuple((f"clean-{n}", None) for n in range(6))


def known(quantity: Quantity | None) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


def compared(ledger: Ledger, question: ExamQuestion) -> ExamReport:
    report = compare_exam(ledger, question, rng=np.random.default_rng(7))
    json.dumps(report.to_json(), allow_nan=False)
    return report


def add_system(ledger: Ledger, name: str, exam: float, use: float) -> None:
    add_answers(ledger, name, spread(exam, 300))
    add_answers(ledger, name, spread(use, 400), kind="field")


def test_an_exam_that_flatters_is_said_to(ledger: Ledger) -> None:
    add_system(ledger, "desk", 0.9, 0.6)
    (one,) = compared(ledger, ExamQuestion(DESK)).results
    gap = known(one.against_use.plain)
    assert gap.value == pytest.approx(0.3)
    assert gap.low > 0.2
    # The work was counted, so the exam's limits alone decide, at the level asked for.
    assert gap.confidence_level == 0.95
    assert one.against_use.finding(0.05) is Finding.HIGHER
    assert isinstance(one.against_use.adjusted, Unknown)
    assert one.against_use.adjusted.reason.startswith(NOT_ADJUSTED)
    assert one.asked_once
    assert one.to_json(0.05)["stability"] == "unknown"


def test_an_exam_that_is_honest_is_not_blamed_and_few_tasks_say_so(ledger: Ledger) -> None:
    add_system(ledger, "desk", 0.6, 0.6)
    (one,) = compared(ledger, ExamQuestion(DESK, margin=0.1)).results
    assert one.against_use.finding(0.1) is Finding.NO
    assert one.against_use.finding(0.01) is Finding.UNKNOWN
    # What may be far below use is not settled either, though it can't be above it.
    wide = Estimate(0.0, -0.8, 0.02, "share right", 0.95, 9, "few tasks")
    assert Gap(wide, wide, Unknown("")).finding(0.05) is Finding.UNKNOWN
    assert 0.05 < known(one.against_use.smallest).value < 0.12


def test_work_that_is_harder_for_everybody_is_no_flattery(ledger: Ledger) -> None:
    # Everybody loses a third in use: the desk does too, the star does not fit the curve.
    for n in range(6):
        exam = 0.4 + 0.1 * n
        add_system(ledger, f"clean-{n}", exam, exam * 2 / 3)
    add_system(ledger, "desk", 0.75, 0.5)
    add_system(ledger, "star", 0.95, 0.3)
    question = ExamQuestion((*DESK, ("star", None)), CLEAN)
    desk, star = compared(ledger, question).results
    assert known(desk.against_use.plain).low > 0
    assert isinstance(desk.against_use.adjusted, AdjustedGap)
    assert desk.against_use.adjusted.gap.low < 0 < desk.against_use.adjusted.gap.high
    assert desk.against_use.finding(0.05) is not Finding.HIGHER
    assert isinstance(star.against_use.adjusted, AdjustedGap)
    assert star.against_use.finding(0.05) is Finding.HIGHER
    assert star.against_use.adjusted.rank_p_value == pytest.approx(1 / 7)
    four = compared(ledger, ExamQuestion(DESK, CLEAN[:4])).results[0].against_use.adjusted
    assert isinstance(four, Unknown)
    assert "4 clean reference systems have both scores, 5 are needed" in four.reason


def test_a_reference_that_is_tested_is_left_out_of_its_own_curve(ledger: Ledger) -> None:
    for n in range(6):
        add_system(ledger, f"clean-{n}", 0.4 + 0.1 * n, 0.4 + 0.05 * n)
    (one,) = compared(ledger, ExamQuestion(CLEAN[:1], CLEAN)).results
    assert isinstance(one.against_use.adjusted, AdjustedGap)
    assert one.against_use.adjusted.references == 5


def test_a_mix_shift_is_no_flattery(ledger: Ledger) -> None:
    # The exam is nearly all easy, the work nearly all hard; of each kind the desk gets the same share right.
    exam = [{"kind": "easy"}] * 270 + [{"kind": "hard"}] * 90
    work = [{"kind": "easy"}] * 80 + [{"kind": "hard"}] * 320
    add_answers(ledger, "desk", [*spread(0.9, 270), *spread(0.5, 90)], tags=exam)
    add_answers(ledger, "desk", [*spread(0.9, 80), *spread(0.5, 320)], kind="field", tags=work)
    (plain,) = compared(ledger, ExamQuestion(DESK)).results
    assert plain.against_use.finding(0.05) is Finding.HIGHER
    question = ExamQuestion(DESK, use=UseQuestion(by=("kind",)))
    (weighed,) = compared(ledger, question).results
    assert known(weighed.exam).value == pytest.approx(0.8)
    assert known(weighed.exam_at_mix).value == pytest.approx(0.58)
    assert weighed.against_use.finding(0.05) is not Finding.HIGHER


def test_a_twin_is_compared_pair_by_pair(ledger: Ledger) -> None:
    add_answers(ledger, "desk", [1] * 180 + [0] * 20)
    add_answers(ledger, "desk", [1] * 120 + [0] * 60 + [0] * 20, kind="twin")
    (one,) = compared(ledger, ExamQuestion(DESK)).results
    gap = known(one.against_twin.plain)
    assert (one.twins_paired, one.twin_tasks) == (200, 200)
    assert gap.value == pytest.approx(0.3)
    assert gap.low > 0.2
    assert "pairs of a task and its twin" in gap.method
    assert one.against_twin.finding(0.05) is Finding.HIGHER
    # Nobody has said what is work here: unknown is not a gap of nought.
    assert one.against_use.finding(0.05) is Finding.UNKNOWN


def test_twins_of_repeated_tasks_and_of_others_are_taken_too(ledger: Ledger) -> None:
    for epoch in (1, 2):
        add_answers(ledger, "desk", [1] * 40 + [epoch - 1] * 20, epoch=epoch)
    add_answers(ledger, "desk", [1] * 30 + [0] * 30, kind="twin")
    (one,) = compared(ledger, ExamQuestion(DESK)).results
    gap = known(one.against_twin.plain)
    assert gap.value == pytest.approx(50 / 60 - 0.5)
    assert not one.asked_once
    add_answers(ledger, "lone", spread(0.8, 10), version="2")
    add_answers(ledger, "lone", spread(0.5, 60), kind="twin", version="2")
    (lone,) = compared(ledger, ExamQuestion((("lone", None),))).results
    assert lone.twins_paired == 10
    assert "less" in known(lone.against_twin.plain).method


def test_the_best_of_several_tries_is_less_than_it_shows(ledger: Ledger) -> None:
    add_system(ledger, "desk", 0.8, 0.7)
    (one,) = compared(ledger, ExamQuestion(DESK, tries=20)).results
    assert known(one.picked).value < 0.8
    assert known(one.picked).low < known(one.exam).low
    add_answers(ledger, "desk", spread(0.6, 300), epoch=2)
    (again,) = compared(ledger, ExamQuestion(DESK, tries=20)).results
    assert known(again.picked).value < known(again.exam).value


def test_the_gap_in_errors_a_day(ledger: Ledger) -> None:
    add_system(ledger, "desk", 0.9, 0.6)
    (one,) = compared(ledger, ExamQuestion(DESK)).results
    day = one.per_day(assumed(1_000, "traces/day", method="given by the user"))
    assert known(day.promised).value == pytest.approx(100)
    assert known(day.made).value == pytest.approx(400)
    assert known(day.hidden).value == pytest.approx(300)
    assert known(day.hidden).low > 200
    assert isinstance(one.per_day(Unknown("no times")).made, Unknown)


def test_rules_without_skill_are_tried_on_the_tasks(ledger: Ledger) -> None:
    add_system(ledger, "desk", 0.9, 0.6)
    report = compared(ledger, ExamQuestion(DESK))
    assert not isinstance(report.baselines, Unknown)
    assert report.baselines.items == 300
    assert report.baselines.passing.value == "not passed by the trivial rules tried"


def test_what_cannot_be_compared_is_said(ledger: Ledger) -> None:
    with pytest.raises(BadInput, match="no answer with origin=exam"):
        compared(ledger, ExamQuestion())
    add_system(ledger, "desk", 0.9, 0.6)
    with pytest.raises(BadInput, match="there is none to test"):
        compared(ledger, ExamQuestion(references=DESK))
    with pytest.raises(BadInput, match="the system ghost"):
        compared(ledger, ExamQuestion((("ghost", None),)))
    for bad in (ExamQuestion(confidence_level=0.3), ExamQuestion(tries=0), ExamQuestion(margin=0)):
        with pytest.raises(BadInput):
            compared(ledger, bad)
