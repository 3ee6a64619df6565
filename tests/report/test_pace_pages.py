"""Pace in words, on the page and in its pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.report.pace_chart import limits_chart, rate_chart
from assay.report.pace_page import render_pace
from assay.report.pace_words import gain_words, headline, kept, sentences
from assay.volume.pace import HumanBaseline, PaceQuestion, Reviewers, VolumeQuestion, measure_pace
from assay.volume.pace_result import PaceAnswer, PaceGain


@pytest.fixture(scope="module")
def answer() -> PaceAnswer:
    asked = PaceQuestion(
        Reviewers(1, check_minutes=12, fix_minutes=60, recall=1.0),
        volume=VolumeQuestion(human=HumanBaseline(0.1, 8), per_day=800),
        error_rate=0.01,
        auroc=0.9,
    )
    return measure_pace(None, asked)


def test_a_pace_is_never_rounded_up() -> None:
    assert [kept(x) for x in (0, 0.0349, 9.99, 31.18, 1999.9)] == [
        "0",
        "0.0349",
        "9.9",
        "31.1",
        "1,999",
    ]
    for value in (0.034567, 0.96, 1.06, 99.96, 12_345.6):
        assert float(kept(value).replace(",", "")) <= value


def test_the_headline_says_what_is_known(answer: PaceAnswer) -> None:
    assert headline(answer) == "Your AI runs at 100 times the people's pace; you can afford 31.1."
    alone = replace(answer, human_per_day=None)
    assert headline(alone) == "Your AI gives 800 outputs a day; you can afford 249 a day."
    named = replace(answer, name="desk 2")
    assert headline(named).startswith("desk 2 runs at 100 times")


def test_both_limits_meet_at_the_best_threshold(answer: PaceAnswer) -> None:
    said = " ".join(sentences(answer))
    assert "run out at about the same pace" in said
    assert "half the errors of the model (1.60 times)" in said


def test_one_error_is_one_error(answer: PaceAnswer) -> None:
    for per_day, words in (
        (1.0, "; 1 error a day"),
        (0.8, "; 0.8 errors a day"),
        (1e-9, "; 1e-09 errors"),
    ):
        setting = replace(answer.setting, budget_per_day=per_day)
        assert words in next(sentences(replace(answer, setting=setting)))


def test_from_no_pace_at_all(answer: PaceAnswer) -> None:
    assert gain_words(PaceGain("x", 3.0, float("inf"))) == "from none"
    assert PaceGain("x", 3.0, float("inf")).to_json()["times"] is None
    nothing = replace(answer.policies[0], curve=())
    assert limits_chart(replace(answer, policies=(nothing,)), name="c") is None


def test_the_pictures_hold_both_limits(answer: PaceAnswer) -> None:
    limits, rates = limits_chart(answer, name="limits"), rate_chart(answer, name="rates")
    assert limits is not None
    assert rates is not None
    for words in ("people can keep up", "the budget can bear", "today: 100", "affordable: 31.1"):
        assert words in limits.svg
    assert "nothing was measured" in limits.caption
    assert "the people: 1" in rates.svg


def test_a_hostile_name_does_nothing_on_the_page(answer: PaceAnswer) -> None:
    named = replace(answer, name="<script>alert(1)</script>\x1b[2J")
    page = render_pace(named, named.to_json())
    assert "<script>alert" not in page
    assert "\x1b" not in page
