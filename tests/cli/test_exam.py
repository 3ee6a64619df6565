"""`assay exam` as a user types it: compare and split."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger
from probe.exam_ledgers import CLEAN, add_answers, code_exam, spread

Assay = Callable[..., Any]


@pytest.fixture
def desk(ledger: Ledger) -> Ledger:
    """A desk that is right in 90 % of its exam and 60 % of its work, asked once each."""
    add_answers(ledger, "desk", spread(0.9, 200))
    add_answers(ledger, "desk", spread(0.6, 300), kind="field")
    return ledger


def test_exam_against_use_in_errors_a_day(assay: Assay, desk: Ledger) -> None:
    done = assay("exam", desk.path, "--system", "desk@1", "--per-day", 1000, "--json")
    assert done.status == 0, done.err
    (one,) = done.json["systems"]
    assert one["errors_per_day_by_exam"]["value"] == pytest.approx(100)
    assert one["errors_per_day_in_use"]["value"] == pytest.approx(400)
    assert one["against_use"]["finding"] == "the exam flatters"
    assert one["against_use"]["adjusted"]["value"] is None
    assert one["stability"] == "unknown"
    assert done.json["trivial_baselines"]["items"] == 200
    long = assay("exam", "compare", desk.path, "--system", "desk@1", "--per-day", 1000)
    assert "in use 400" in long.out
    assert "not adjusted for difficulty" in long.out


def test_the_page_holds_the_record(assay: Assay, desk: Ledger, tmp_path: Path) -> None:
    page = tmp_path / "exam.html"
    done = assay("exam", desk.path, "-o", page, "--json")
    record = page.read_text("utf-8").split('id="record">')[1].split("</script>")[0]
    assert json.loads(record) == done.json
    assert "page:" in done.err
    assert assay("exam", desk.path, "-o", tmp_path / "no" / "x.html").status == 1


def test_wrong_words_are_refused_in_one_sentence(assay: Assay, desk: Ledger) -> None:
    assert assay("exam", desk.path, "--use-judge", "a", "--draw", "b").status == 2
    assert assay("exam", desk.path, "--tries", 0).status == 2
    assert assay("exam", desk.path, "--margin", 0).status == 2
    assert assay("exam", desk.path, "--per-day", "nan").status == 2
    assert assay("exam", desk.path, "--seed", -1).status == 2
    assert assay("exam", desk.path, "--tries", 10**20).status == 2
    assert assay("exam", "split", desk.path, "--cut", "2025-01-01", "--seed", -1).status == 2
    for words, said in (
        (("--exam", "set"), "TAG=VALUE"),
        (("--system", "ghost"), "the system ghost"),
        (("--reference", "ghost@2"), "the reference ghost@2"),
        (("--exam", "origin=probe"), "say which answers are of the exam"),
    ):
        done = assay("exam", desk.path, *words)
        assert done.status == 1
        assert said in done.err
        assert "Traceback" not in done.err


def test_help_lists_the_parts(assay: Assay) -> None:
    done = assay("exam", "--help")
    assert done.status == 0
    for part in ("compare", "split", "twin", "overlap"):
        assert part in done.out
    for part in ("compare", "split"):
        assert "Example:" in assay("exam", part, "--help").out


@pytest.mark.shared_data
def test_a_split_at_a_date(assay: Assay, shared_data: Path, tmp_path: Path) -> None:
    models = ["DSCoder-33b-Base", *CLEAN]
    ledger = code_exam(shared_data, tmp_path / "l", models, platforms=("leetcode", "atcoder"))
    words = [word for name in CLEAN for word in ("--reference", name)]
    command = ("exam", "split", ledger.path, "--cut", "2023-09-01", *words, "--by", "platform")
    done = assay(*command, "--placebo", "atcoder", "--json", "-o", tmp_path / "split.html")
    assert done.status == 0, done.err
    atcoder, leetcode = done.json["systems"][0]["parts"]
    assert leetcode["difference_in_differences"]["value"] == pytest.approx(0.519, abs=5e-4)
    assert leetcode["finding"] == "it loses more after the cut than clean references do"
    assert atcoder["placebo"]
    text = assay(*command)
    assert "56.2 % right before 2023-09-01, 6.0 % after" in text.out
    assert assay("exam", "split", ledger.path, "--cut", "someday").status == 2
    assert assay("exam", "split", ledger.path).status == 2
    done = assay("exam", "split", ledger.path, "--cut", "2023-09-01", "--date-tag", "day")
    assert done.status == 1
    assert "--date-tag" in done.err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--use", "origin=exam", "--exam", "origin=exam"), "one can't be held against itself"),
        (("--by", "topik"), "no task with origin=exam has a tag 'topik'"),
        (("--group", "autor"), "no task with origin=exam has a tag 'autor'"),
    ],
)
def test_a_word_that_names_nothing_is_not_passed_over(
    assay: Assay, desk: Ledger, arguments: tuple[str, ...], why: str
) -> None:
    done = assay("exam", desk.path, *arguments)
    assert done.status == 1
    assert why in done.err


def test_a_split_refuses_what_is_no_date_no_margin_and_no_tag(assay: Assay, desk: Ledger) -> None:
    empty = assay("exam", "split", desk.path, "--cut", "")
    assert empty.status == 2
    assert "must be a date" in empty.err
    assert assay("exam", "split", desk.path, "--cut", "2023-09-01", "--margin", "nan").status == 2
    for arguments, why in (
        (("--by", "platfrom"), "no task with origin=exam has a tag 'platfrom'"),
    ):
        done = assay("exam", "split", desk.path, "--cut", "2023-09-01", *arguments)
        assert done.status == 1
        assert why in done.err
