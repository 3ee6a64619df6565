"""`assay budget`: words, JSON with stable keys, pages and rules, and the exit status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger
from volume.desk import count_all, fill

KEYS = {
    "system", "versions", "from", "to", "window_days", "elapsed_days", "unit", "budget", "light", "says_no", "outputs",
    "open_outputs", "confirmed", "estimated_escaped", "caught", "spent", "at_least", "burn_rate", "days_left",
    "never_used_up", "alarm", "parts", "unallocated", "history", "curve", "notes",
}  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = fill(
        Ledger.create(tmp_path_factory.mktemp("cli") / "runs.ledger"),
        traces=300,
        days=40,
        judge=False,
    )
    count_all(desk)
    return desk.ledger.path


def test_it_says_in_words_where_the_budget_stands(assay: Callable[..., Any], runs: Path) -> None:
    done = assay("budget", runs, "--allow", 60, "--per", "4w", "--history", 1)
    assert done.status == 0
    for said in (
        "desk: GREEN",
        "of 60 escaped errors in 28 days",
        "The alarm is silent",
        "never summed",
        "past window",
    ):
        assert said.replace("never summed", "not summed") in done.out


def test_json_has_stable_keys_and_red_is_status_3(assay: Callable[..., Any], runs: Path) -> None:
    done = assay("budget", runs, "--allow", 1, "--json")
    assert done.status == 3
    assert set(done.json) == KEYS
    assert (done.json["light"], done.json["says_no"]) == ("red", True)
    # A part that is used up says no, however green the whole.
    part = assay(
        "budget",
        runs,
        "--allow",
        100,
        "--split",
        "city=1,price=50,reserve=5",
        "--by",
        "topic",
        "--json",
    )
    assert (part.status, part.json["light"], part.json["parts"][0]["light"]) == (3, "green", "red")


def test_it_writes_the_page_the_rules_and_the_openslo_document(
    assay: Callable[..., Any], runs: Path, tmp_path: Path
) -> None:
    names = {"-o": "b.html", "--prometheus-rules": "rules.yml", "--openslo": "slo.yml"}
    files = {option: tmp_path / name for option, name in names.items()}
    done = assay("budget", runs, "--allow", 60, *(word for pair in files.items() for word in pair))
    assert done.status == 0
    for option, start in (
        ("-o", "<!doctype html>"),
        ("--prometheus-rules", "# Alert rules"),
        ("--openslo", "# APPROX"),
    ):
        assert files[option].read_text("utf-8").startswith(start)
    assert "rules.yml" in done.err


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--allow", "0"), 1, "above 0"),
        (("--allow", "-3"), 1, "above 0"),
        (("--allow", "nan"), 2, "no number that is finite"),
        (("--allow", "inf"), 2, "no number that is finite"),
        (("--allow", "1e300"), 2, "larger than 1e+12"),
        (("--anchor", "human", "--human-error-rate", ".1", "--human-per-day", "nan"), 2, "finite"),
        (("--allow", "3", "--per", "99999999999d"), 1, "at most 3,660 days"),
        (("--allow", "3", "--split", "city=4"), 2, "give both"),
        (("--allow", "3", "--cycle-days", "nan"), 2, "no number that is finite"),
        (("--allow", "3", "--judge", "nobody"), 1, "no output has a score by nobody"),
        (("--allow", "x"), 2, "not a valid float"),
        (("--allow", "3", "--per", "0d"), 1, "window"),
        ((), 2, "stated once"),
        (("--allow", "3", "--anchor", "SIL2"), 2, "stated once"),
        (("--allow", "3", "--at", "yesterday"), 2, "2026-10-05"),
        (("--allow", "3", "--split", "city=4", "--by", "topic"), 1, "more than the whole"),
        (("--allow", "3", "--human-per-day", "4"), 2, "--anchor human"),
        (("--anchor", "human", "--human-per-day", "4"), 1, "needs the people"),
        (("--anchor", "human", "--human-per-day", "4", "--human-system", "p"), 2, "measures what"),
        (("--allow", "3", "-o", "/nowhere/b.html"), 1, "can't be written"),
    ],
)
def test_wrong_usage_is_a_sentence_and_no_traceback(
    assay: Callable[..., Any], runs: Path, options: tuple[str, ...], status: int, said: str
) -> None:
    done = assay("budget", runs, *options)
    assert done.status == status
    assert said in done.err
    assert "Traceback" not in done.err


def test_what_nobody_knows_names_the_command_that_makes_it_known(
    assay: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "unlabeled.ledger"
    fill(Ledger.create(path), traces=60, judge=False)
    done = assay("budget", path, "--allow", 3)
    assert done.status == 0
    assert "At least 0 of 3 escaped errors" in done.out
    assert f"next: assay draw {path} --labels 300 --seed 7 --system desk" in done.err
