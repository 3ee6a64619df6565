"""`assay pace` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger
from volume.desk import answer, count_all, draw, fill
from volume.git_repository import Repository

Assay = Callable[..., Any]

PEOPLE = ("--human-error-rate", 0.1, "--human-per-day", 8)
ESSAY = ("pace", "--error-rate", 0.01, "--reviewers", 1, "--check-minutes", 12, "--fix-minutes", 60,
         "--reviewer-recall", 1, *PEOPLE)  # fmt: skip
TEAM = ("--reviewers", 3, "--check-minutes", 3, "--fix-minutes", 12)


@pytest.mark.parametrize(("auroc", "afford"), [(0.9, "31.1"), (0.99, "60.7")])
def test_the_essay_in_one_command(assay: Assay, auroc: float, afford: str) -> None:
    done = assay(*ESSAY, "--auroc", auroc, "--per-day", 800)
    assert done.status == 0
    assert f"Your AI runs at 100 times the people's pace; you can afford {afford}." in done.out
    rows = {line.strip()[:12]: line.split() for line in done.out.splitlines()}
    assert rows["everything i"][-2:] == ["4.0", "capacity"]
    assert rows["nothing is r"][-2:] == ["10.0", "budget"]


def test_the_page_has_the_sentence_the_pictures_and_the_record(
    assay: Assay, tmp_path: Path
) -> None:
    page = tmp_path / "pace.html"
    done = assay(*ESSAY, "--auroc", 0.9, "--per-day", 800, "-o", page, "--json")
    text = page.read_text("utf-8")
    assert "runs at 100 times the people&#39;s pace; you can afford 31.1." in text
    assert text.count("<svg") == 2
    assert "today: 100" in text
    assert "affordable: 31.1" in text
    assert json.loads(text.split('id="record">')[1].split("</script>")[0]) == done.json
    assert done.json["pace_to_keep_times_human"] == pytest.approx(31.16, rel=1e-3)
    assert assay(*ESSAY, "-o", tmp_path / "no" / "p.html").status == 1


def test_a_demand_or_today_above_the_pace_exits_3(assay: Assay) -> None:
    assert assay(*ESSAY, "--auroc", 0.9, "--demand", 200).status == 0
    above = assay(*ESSAY, "--auroc", 0.9, "--demand", 300)
    assert above.status == 3
    assert "below the demand of 300 a day" in above.out
    assert assay(*ESSAY, "--per-day", 800).status == 0
    assert assay(*ESSAY, "--per-day", 800, "--check").status == 3
    assert assay(*ESSAY, "--check").status == 3


def test_a_measured_judge_and_the_queue(assay: Assay, ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=3_000, error_rate=0.05)
    answer(desk, draw(desk, 1_000), tmp_path / "f.csv")
    common = ("pace", ledger.path, *TEAM, "--allow", 60, "--per", "1d", "--judge", "second reading")
    done = assay(
        *common, "--simulate", "--shift", "mon-fri 08:00-18:00=3", "--shift", "sat,sun 10:00-14:00=2",
        "--deadline", "12h", "--missed", "released", "--severity-shares", "1=0.1,2=0.3,3=0.6", "--seed", 4, "--json",
    )  # fmt: skip
    assert done.status == 0
    queue = done.json["queue"]
    assert queue["staffed_hours_per_day"] == pytest.approx((3 * 50 + 2 * 8) / 7)
    assert done.json["reviewers"]["hours_per_day"] == pytest.approx((3 * 50 + 2 * 8) / 7)
    assert queue["escapes_by_deadline_per_day"]["value"] > 0
    assert [one["severity"] for one in queue["by_severity"]] == [1, 2, 3]
    assert done.json["policies"][0]["kind"] == "measured"
    assert 0 < done.json["policies"][0]["threshold"] < 1
    text = assay(*common, "--simulate")
    assert "second reading says what is read from a score of" in text.out
    assert "Queue simulated over" in text.out
    assert "95 of 100 below" in text.out
    missed = ("--simulate", "--deadline", "60m", "--missed", "released")
    for demand, held in ((700, "within"), (1_150, "above")):
        late = assay(*common, *missed, "--demand", demand)
        assert late.status == 0
        assert f"that is {held} the 60 that may" in " ".join(late.out.split())


def test_a_ledger_that_does_not_tell_says_what_to_type(assay: Assay, ledger: Ledger) -> None:
    desk = fill(ledger, traces=200, error_rate=0.1)
    bare = ("pace", ledger.path, "--reviewers", 3, "--allow", 3, "--per", "1d")
    unknown = assay(*bare, "--check-minutes", 3, "--fix-minutes", 12)
    assert unknown.status == 1
    assert "next: assay draw" in unknown.err
    count_all(desk)
    times = assay(*bare, "--fix-minutes", 12)
    assert times.status == 2
    assert "how long a check takes is not in the ledger" in times.err
    assert "--check-minutes" in times.err
    assert "--fix-minutes" in assay(*bare, "--check-minutes", 3).err
    done = assay(*bare, "--check-minutes", 3, "--fix-minutes", 12)
    assert done.status == 0
    assert "desk gives 49.75 outputs a day; you can afford" in done.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("pace",),
        ("pace", *TEAM, "--allow", 1, "--per", "1d", "--error-rate", 0.1, "--deadline", "60m"),
        ("pace", *TEAM, "--error-rate", 0.1, "--human-error-rate", 0.1),
        ("pace", *TEAM, "--error-rate", 0.1, *PEOPLE, "--author", "x"),
        ("pace", "some.ledger", "--from-git", ".", "--reviewers", 1, "--check-minutes", 1),
        ("pace", "--from-git", ".", "--check-minutes", 1),
        ("pace", "--from-git", ".", *TEAM, "--judge", "x"),
        ("pace", "--from-git", ".", *TEAM, "--per-day", 3),
        ("pace", "--from-git", ".", *TEAM, "--simulate"),
        ("pace", "--from-git", ".", *TEAM, "--allow", "nan", "--per", "30d"),
        ("pace", "--from-git", ".", *TEAM, "--demand", "inf"),
        (*ESSAY, "--allow", 3),
        (*ESSAY, "--recall", 0.9),
        (*ESSAY, "--system", "desk"),
        (*ESSAY, "--per-day", "nan"),
        (*ESSAY, "--late", "5m"),
        ("pace", *ESSAY[1:], "--simulate", "--shift", "daily 00:00-24:00=3"),
    ],
)
def test_wrong_usage(assay: Assay, arguments: tuple[object, ...]) -> None:
    assert assay(*arguments).status == 2


@pytest.mark.parametrize(
    "arguments",
    [
        (*ESSAY, "--allow", 3, "--per", "soon"),
        (*ESSAY, "--simulate", "--shift", "sometimes"),
        (*ESSAY, "--simulate", "--severity-shares", "1=0.5,2=0.1,3=0.1"),
        (*ESSAY, "--confidence", 1.5),
        (*ESSAY, "--allow", 3, "--per", "99999y"),
        (*ESSAY, "--reviewers", 1e9),
        (*ESSAY, "--check-minutes", 1e-9),
        (*ESSAY, "--fix-minutes", 1e9),
        ("pace", "--error-rate", 0.1, *TEAM),
        ("pace", "--from-git", "/nowhere/at/all", "--reviewers", 1, "--check-minutes", 1),
    ],
)
def test_what_is_refused_in_one_sentence(assay: Assay, arguments: tuple[object, ...]) -> None:
    done = assay(*arguments)
    assert done.status == 1
    assert done.err.startswith("assay: ")
    assert "Traceback" not in done.err


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.create(tmp_path / "work")
    made.commit("base")
    for number in range(10):
        made.commit(
            f"ai {number} \x1b[2J<b>\n\nCo-authored-by: Claude <noreply@anthropic.com>", days=0.5
        )
    made.git("revert", "--no-edit", "HEAD")
    return made


def test_a_repositorys_own_history(assay: Assay, repository: Repository) -> None:
    common = ("pace", "--from-git", repository.path, "--reviewers", 3, "--check-minutes", 20)
    done = assay(*common)
    assert done.status == 0
    assert "Of assistants 2 changes a day land; you can afford" in done.out
    assert "10 changes of assistants: 1 reverted, 0 fixed" in done.out.replace("\n  ", " ")
    assert "\x1b" not in done.out
    assert "reverted by" in done.out
    found = assay(*common, "--since", "30d", "--allow", 1, "--per", "30d", "--check", "--json")
    assert found.status == 3
    assert found.json["binds"] == "budget"
    assert found.json["assistants"]["reverted"] == 1
    assert found.json["undone"][0]["how"] == "revert"
    assert "\x1b" not in found.out
    nobody = assay(*common, "--author", "^nobody$")
    assert "--author and --trailer" in nobody.out
    assert assay(*common, "--demand", 1_000).status == 3
    assert assay(*common, "--author", "(").status == 1


def test_the_page_of_a_repository(assay: Assay, repository: Repository, tmp_path: Path) -> None:
    page = tmp_path / "git.html"
    common = ("pace", "--from-git", repository.path, "--reviewers", 3, "--check-minutes", 20)
    done = assay(*common, "-o", page, "--json")
    text = page.read_text("utf-8")
    assert done.status == 0
    assert json.loads(text.split('id="assay">')[1].split("</script>")[0]) == done.json
    assert text.count("<svg") == 2
    assert "61.2 checks a day, are far above the picture" in text
    assert "<b>" not in text
    assert "\x1b" not in text
    assert assay(*common, "-o", tmp_path / "no" / "p.html").status == 1


def test_a_shallow_clone_names_what_makes_it_deep(
    assay: Assay, repository: Repository, tmp_path: Path
) -> None:
    clone = tmp_path / "shallow clone"
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.path}", str(clone))
    done = assay("pace", "--from-git", clone, "--reviewers", 3, "--check-minutes", 20, "--json")
    assert done.json["shallow"]
    assert done.json["pace_per_day"]["value"] is None
    text = assay("pace", "--from-git", clone, "--reviewers", 3, "--check-minutes", 20)
    assert f"next: git -C '{clone}' fetch --unshallow" in text.err


def test_help_has_an_example(assay: Assay) -> None:
    done = assay("pace", "--help")
    assert done.status == 0
    assert "--from-git" in done.out
    assert "Example: assay pace" in done.out
