"""The pace of a repository's reviewers, from a history that git made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.estimate.exact import clopper_pearson, poisson_rate
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.git_history_marks import AuthorRule
from assay.volume.pace_from_git import pace_from_git, parse_span
from assay.volume.pace_git_result import GitPaceQuestion
from assay.volume.pace_setting import Reviewers
from volume.git_repository import DAY, Repository

ASKED = GitPaceQuestion(Reviewers(2, check_minutes=60, fix_minutes=0))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Forty days: a change of Ann's a day, half a day later one of an assistant's; four of those are reverted."""
    made = Repository.create(tmp_path_factory.mktemp("git") / "work")
    made.commit("base")
    for number in range(40):
        made.commit(f"ann {number}", days=0.5)
        made.commit(f"ai {number}\n\nCo-authored-by: Claude <noreply@anthropic.com>", days=0.5)
        if number % 10 == 5:
            made.git("revert", "--no-edit", "HEAD")
    return made


def known(quantity: Quantity | None) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


def test_counts_and_limits(repository: Repository) -> None:
    found = pace_from_git(repository.path, ASKED)
    own, others = found.assistants, found.others
    assert (own.changes, own.reverted, own.fixed) == (40, 4, 0)
    # Ann's, the first commit, and the four reverts.
    assert (others.changes, others.reverted) == (45, 0)
    assert found.days == pytest.approx(40, abs=0.6)
    low, high = poisson_rate(40, found.days, confidence_level=1 - 0.05 / 3)
    landed = known(own.landed_per_day)
    assert (landed.low, landed.high) == pytest.approx((low, high))
    # A third of 40 days: what landed in the last 13 may still be undone, and the revert of "ai 35" is not followed.
    share = known(own.undone_share)
    assert (own.followed, share.n, share.value) == pytest.approx((26, 26, 3 / 26))
    level = 1 - 0.05 / 3
    assert (share.low, share.high) == pytest.approx(clopper_pearson(3, 26, confidence_level=level))
    assert share.guarantee == landed.guarantee == "assumed"
    assert [c.subject for c in found.undone] == ["ai 35", "ai 25", "ai 15", "ai 5"]
    json.dumps(found.to_json(), allow_nan=False)


def test_the_hours_that_others_leave_over(repository: Repository) -> None:
    found = pace_from_git(repository.path, ASKED)
    # 16 hours a day, 85 % of them, an hour a change; others' 45 in 40 days come first.
    capacity = known(found.capacity_per_day)
    assert capacity.value == pytest.approx(13.6 - 45 / found.days)
    assert capacity.low == pytest.approx(13.6 - known(found.others.landed_per_day).high)
    assert found.binds == "capacity"
    assert found.pace_per_day == capacity
    slower = replace(ASKED, reviewers=replace(ASKED.reviewers, fix_minutes=120))
    fixed = known(pace_from_git(repository.path, slower).capacity_per_day)
    assert fixed.value == pytest.approx(capacity.value / (1 + 2 * 3 / 26))
    # Nobody has undone a change of Ann's yet: her upper limit still costs hours, and the pace to keep is lower for it.
    theirs = known(found.others.undone_share)
    assert theirs.value == 0
    assert fixed.low < capacity.low / (1 + 2 * known(found.assistants.undone_share).high)


def test_what_landed_lately_does_not_hide_what_is_to_come(repository: Repository) -> None:
    days = pace_from_git(repository.path, replace(ASKED, follow_days=1.0)).assistants
    assert (days.followed, known(days.undone_share).value) == pytest.approx((39, 4 / 39))
    hour = pace_from_git(repository.path, replace(ASKED, follow_days=1 / 24)).assistants
    assert known(hour.undone_share).value == pytest.approx(4 / hour.followed)
    with pytest.raises(BadInput, match="--follow"):
        replace(ASKED, follow_days=0.0)


def test_a_budget_binds_where_too_many_are_undone(repository: Repository) -> None:
    asked = replace(ASKED, allow=3.0, per_days=30.0)
    found = pace_from_git(repository.path, asked)
    upper = known(found.assistants.undone_share).high
    assert found.binds == "budget"
    assert known(found.pace_per_day).low == pytest.approx(0.1 / upper)
    assert known(found.pace_per_day).value == pytest.approx(0.1 / (3 / 26))


@pytest.mark.parametrize(
    ("change", "decision"),
    [
        ({}, None),
        ({"check_today": True}, "met"),
        ({"demand_per_day": 50.0}, "missed"),
        ({"check_today": True, "allow": 3.0, "per_days": 30.0}, "missed"),
    ],
)
def test_what_lands_is_held_against_what_can_be_read(
    repository: Repository, change: dict[str, object], decision: str | None
) -> None:
    found = pace_from_git(repository.path, replace(ASKED, **change))  # type: ignore[arg-type]
    assert found.decision == decision


def test_a_window_cuts_changes_and_a_young_history_cuts_the_window(repository: Repository) -> None:
    short = pace_from_git(repository.path, replace(ASKED, since_days=10))
    assert (short.days, short.assistants.changes) == (10, 11)
    assert short.assistants.reverted == 1
    assert not any("younger" in note for note in short.notes)
    whole = pace_from_git(repository.path, replace(ASKED, since_days=365))
    assert whole.days == pytest.approx(40, abs=0.6)
    assert any("younger" in note for note in whole.notes)


def test_a_long_silence_is_no_young_history(tmp_path: Path) -> None:
    made = Repository.create(tmp_path / "work")
    made.commit("old")
    for number in range(5):
        made.commit(f"new {number}", days=300 if number == 0 else 1)
    found = pace_from_git(made.path, ASKED)
    assert found.days == 90
    assert found.others.changes == 5


def test_nobody_says_so_and_nothing_is_claimed(tmp_path: Path) -> None:
    made = Repository.create(tmp_path / "work")
    for number in range(5):
        made.commit(f"c{number}")
    budgeted = replace(ASKED, allow=1.0, per_days=30.0)
    found = pace_from_git(made.path, budgeted)
    assert isinstance(found.assistants.undone_share, Unknown)
    assert isinstance(found.pace_per_day, Unknown)
    assert pace_from_git(made.path, replace(budgeted, check_today=True)).decision == "not shown"
    everyone = pace_from_git(made.path, replace(ASKED, rule=AuthorRule(author="ann@")))
    assert everyone.assistants.changes == 5


def test_one_commit_tells_no_pace(tmp_path: Path) -> None:
    made = Repository.create(tmp_path / "work")
    made.commit("only")
    found = pace_from_git(made.path, ASKED)
    assert isinstance(found.pace_per_day, Unknown)
    assert "less than an hour" in found.pace_per_day.reason


def test_lengths_of_time() -> None:
    assert [parse_span(x) for x in ("60m", "36h", "2w", "1y")] == pytest.approx(
        [60 / 1440, 1.5, 14, 365]
    )
    for wrong in ("", "90", "d", "0d", "-1d", "1 month"):
        with pytest.raises(BadInput, match="length of time"):
            parse_span(wrong)
    assert DAY == 86_400


def test_a_window_is_not_cut_to_its_first_change_where_the_repository_is_older(
    tmp_path: Path,
) -> None:
    made = Repository.create(tmp_path / "work")
    made.commit("base")
    for number in range(4):
        made.commit(f"late {number}", days=20 if number == 0 else 1)
    # Ten days back nothing landed for seven of them, though the repository was there.
    found = pace_from_git(made.path, replace(ASKED, since_days=10))
    assert (found.days, found.others.changes) == (10, 4)
    assert not any("younger" in note for note in found.notes)


def test_a_second_of_history_is_no_pace(tmp_path: Path) -> None:
    made = Repository.create(tmp_path / "work")
    for number in range(3):
        made.commit(f"c{number}", days=1 / 86_400)
    found = pace_from_git(made.path, ASKED)
    assert found.others.changes == 3
    assert isinstance(found.others.landed_per_day, Unknown)
    assert isinstance(found.pace_per_day, Unknown)


def test_that_nobody_signed_does_not_show_that_no_assistant_wrote(tmp_path: Path) -> None:
    made = Repository.create(tmp_path / "work")
    for number in range(5):
        made.commit(f"c{number}")
    found = pace_from_git(made.path, replace(ASKED, check_today=True))
    assert known(found.pace_per_day).low > 0
    assert found.decision == "not shown"


@pytest.mark.parametrize("at", [0, 99_999_999_999_999])
def test_a_newest_commit_without_a_time_that_can_be(tmp_path: Path, at: int) -> None:
    made = Repository.create(tmp_path / "work")
    made.commit("base")
    tree, head = made.git("rev-parse", "HEAD^{tree}", "HEAD").split()
    who = f"Ann <ann@example.org> {at} +0000"
    odd = f"tree {tree}\nparent {head}\nauthor {who}\ncommitter {who}\n\nodd\n"
    made.git(
        "update-ref", "HEAD", made.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=odd)
    )
    with pytest.raises(BadInput, match="no time that can be"):
        pace_from_git(made.path, ASKED)


@pytest.mark.parametrize("change", [{"allow": float("nan")}, {"demand_per_day": float("inf")}])
def test_a_budget_and_a_demand_are_finite(change: dict[str, float]) -> None:
    given = {"allow": 1.0, "per_days": 30.0} | change
    with pytest.raises(BadInput, match="finite"):
        replace(ASKED, **given)  # type: ignore[arg-type]
