"""The page of a repository's pace: what lands, what can be borne, and nothing that a message tells it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.quantity import Estimate
from assay.report.pace_git_chart import landed_chart, limits_chart
from assay.report.pace_git_page import render_git_pace
from assay.report.pace_git_words import git_headline, git_sentences, undone_cells
from assay.volume.pace_from_git import pace_from_git
from assay.volume.pace_git_result import GitPace, GitPaceQuestion
from assay.volume.pace_setting import Reviewers
from report.test_page import PAYLOADS, assert_harmless
from volume.git_repository import Repository


@pytest.fixture(scope="module")
def pace(tmp_path_factory: pytest.TempPathFactory) -> GitPace:
    """Twelve days: a change of Ann's and one of an assistant's each, two of which are reverted."""
    made = Repository.create(tmp_path_factory.mktemp("git") / "work")
    made.commit("base")
    for number in range(12):
        made.commit(f"ann {number}", days=0.5)
        made.commit(f"ai {number}\n\nCo-authored-by: Claude <noreply@anthropic.com>", days=0.5)
        if number in (1, 3):
            made.git("revert", "--no-edit", "HEAD")
    asked = GitPaceQuestion(Reviewers(1, check_minutes=60, fix_minutes=30), allow=3, per_days=30)
    return pace_from_git(made.path, asked)


def test_the_page_says_what_the_terminal_says(pace: GitPace) -> None:
    page = render_git_pace(pace, pace.to_json())
    said = " ".join(" ".join(assert_harmless(page).text).split())
    for words in (git_headline(pace), *git_sentences(pace), *pace.notes):
        assert " ".join(words.split()) in said
    assert "Of assistants 1 changes a day land; you can afford 0." in git_headline(pace)
    assert "30 to fix one" in said
    assert said.count("reverted") >= 3


def test_the_picture_of_what_landed_holds_every_change_and_the_hours(pace: GitPace) -> None:
    chart = landed_chart(pace, name="landed")
    assert chart is not None
    assert f"hours for {pace.read_per_day:.1f} a day" in chart.svg
    assert "about a day" in chart.caption
    # One bar a day for each of the two, wherever there is something.
    bars = sum((part.assistants > 0) + (part.others > 0) for part in pace.periods)
    assert chart.svg.count("<path ") + chart.svg.count("<rect ") >= bars
    many = replace(pace, question=replace(pace.question, reviewers=Reviewers(500, 60, 30)))
    far = landed_chart(many, name="landed")
    assert far is not None
    assert "far above the picture" in far.caption
    assert "hours for 3" not in far.svg
    assert landed_chart(replace(pace, periods=()), name="landed") is None


def test_the_picture_of_the_limits_has_the_budget_where_there_is_one(pace: GitPace) -> None:
    with_budget = limits_chart(pace, name="limits")
    assert with_budget is not None
    assert "the budget bears" in with_budget.svg
    without = limits_chart(replace(pace, budget_per_day=None), name="limits")
    assert without is not None
    assert "the budget bears" not in without.svg


def test_a_pace_to_keep_is_never_rounded_up(pace: GitPace) -> None:
    assert isinstance(pace.pace_per_day, Estimate)
    for low in (0.0, 0.004999, 0.2196, 5.099, 59.96):
        shown = replace(pace, pace_per_day=replace(pace.pace_per_day, low=low, high=99.0, value=60))
        text = git_headline(shown).rsplit(" ", 1)[1].rstrip(".")
        assert (0.0 if text == "none" else float(text)) <= low


def test_hours_that_others_take_are_said_so(pace: GitPace) -> None:
    assert isinstance(pace.capacity_per_day, Estimate)
    nothing = replace(pace.capacity_per_day, low=0.0, value=0.0, high=0.0)
    taken = replace(pace, capacity_per_day=nothing, binds="capacity")
    assert "take all of the reviewers' hours" in " ".join(git_sentences(taken))
    maybe = replace(nothing, high=2.0)
    unsure = " ".join(git_sentences(replace(taken, capacity_per_day=maybe)))
    assert "By the upper limit of what lands" in unsure


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_message_of_others_does_nothing(pace: GitPace, payload: str) -> None:
    hostile = tuple(replace(one, subject=payload) for one in pace.undone)
    named = replace(pace, undone=hostile, path=payload)
    assert_harmless(render_git_pace(named, named.to_json()))
    assert all("\x1b" not in cell for cell in undone_cells(hostile[0]))
    assert len(undone_cells(replace(hostile[0], subject=payload * 500))[3]) <= 70
