"""`assay certify` from end to end, with right and with wrong input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from assay.ledger.store import Ledger
from volume.desk import Desk, answer, count_all, draw, fill

Assay = Callable[..., Any]


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    made = fill(ledger, traces=400)
    answer(made, draw(made, 100), tmp_path / "labels.csv")
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "certificate.json"


def test_a_certificate_is_written_and_holds(
    assay: Assay, desk: Desk, file: Path, tmp_path: Path
) -> None:
    page = tmp_path / "certificate.html"
    done = assay("certify", desk.ledger.path, "-o", file, "--page", page)
    assert done.status == 0
    written = json.loads(file.read_text("utf-8"))
    assert done.out.startswith(f"{written['claim']}\n")
    assert written["statement"] in done.out
    assert all(condition in done.out for condition in written["conditions"])
    assert f"next: assay certify --verify {file} {desk.ledger.path}" in done.err
    assert "<!doctype html>" in page.read_text("utf-8")
    verified = assay("certify", "--verify", file, desk.ledger.path)
    assert verified.status == 0, verified.out
    checks = [line for line in verified.out.splitlines() if line.startswith("ok ")]
    assert f"The certificate holds: all {len(checks)} checks are ok." in verified.out


@pytest.mark.parametrize(
    ("standard", "decision", "status"),
    [("1sigma", "met", 0), ("4sigma", "missed", 3), ("9999/30d", "met", 0), ("1/30d", "missed", 3)],
)
def test_a_standard_decides_the_exit_status_and_a_certificate_is_written_all_the_same(
    assay: Assay, desk: Desk, file: Path, standard: str, decision: str, status: int
) -> None:
    done = assay("certify", desk.ledger.path, "--standard", standard, "-o", file, "--json")
    assert done.status == status
    assert done.json["certificate"] == json.loads(file.read_text("utf-8"))
    assert done.json["certificate"]["decision"]["decision"] == decision
    assert (done.json["file"], done.json["page"]) == (str(file), None)
    assert assay("certify", "--verify", file, desk.ledger.path).status == 0


def test_a_census_is_certified(assay: Assay, desk: Desk, file: Path) -> None:
    count_all(desk, "exact (case folded)")
    done = assay("certify", desk.ledger.path, "--evidence", "census", "-o", file)
    assert done.status == 0
    assert f"{desk.errors} of 400 outputs in this window are wrong, counted by exact" in done.out
    assert assay("certify", "--verify", file, desk.ledger.path).status == 0


def test_what_differs_is_said_by_key_and_exits_3(assay: Assay, desk: Desk, file: Path) -> None:
    assay("certify", desk.ledger.path, "-o", file)
    form = json.loads(file.read_text("utf-8"))
    claimed = form["at_most"]["high"]
    form["at_most"]["high"] = claimed - 1
    file.write_text(json.dumps(form), "utf-8")
    done = assay("certify", "--verify", file, desk.ledger.path)
    assert done.status == 3
    assert f"at_most.high (claimed {claimed - 1}, found {claimed})" in done.out
    assert "differs the file's own hash" in done.out
    assert "differs the interval" in done.out
    assert "is not shown to hold: 2 of" in done.out
    record = assay("certify", "--verify", file, desk.ledger.path, "--json").json
    assert record["holds"] is False
    assert record["file"] == str(file)
    (interval,) = (check for check in record["checks"] if check["name"].startswith("the interval"))
    assert interval["status"] == "differs"
    assert interval["differences"] == [
        {"key": "at_most.high", "claimed": claimed - 1, "found": claimed}
    ]


def test_a_changed_ledger_is_found(assay: Assay, desk: Desk, file: Path) -> None:
    assay("certify", desk.ledger.path, "-o", file)
    DeltaTable(desk.ledger.path / "traces").delete("trace_id = 'desk-00007'")
    done = assay("certify", "--verify", file, desk.ledger.path)
    assert done.status == 3
    assert "1 of 400 were taken away since" in done.out


def test_nothing_is_certified_from_nothing(
    assay: Assay, ledger: Ledger, file: Path, tmp_path: Path
) -> None:
    empty = assay("certify", ledger.path, "-o", file)
    assert empty.status == 1
    assert "next: assay ingest" in empty.err
    made = fill(ledger, traces=50)
    done = assay("certify", ledger.path, "-o", file)
    assert done.status == 1
    assert "nothing can be certified of desk" in done.err
    assert "next: assay draw" in done.err
    drawn = draw(made, 20)
    assert "next: assay label" in assay("certify", ledger.path, "-o", file).err
    assert not file.exists()
    answer(made, drawn, tmp_path / "f.csv")
    assert assay("certify", ledger.path, "-o", file).status == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "say where to write it"),
        (["-o", "{file}", "--by", "topic"], 2, "No such option"),
        (["-o", "{file}", "--page", "{file}"], 2, "name the same file"),
        (["-o", "{file}", "--human-error-rate", "0.1"], 2, "go together"),
        (["-o", "{file}", "--standard", "very good"], 1, "a standard is k sigma"),
        (["-o", "{file}", "--standard", "human"], 1, "needs the people to compare with"),
        (["-o", "{file}", "--system", "nobody"], 1, "holds no system 'nobody'"),
        (["-o", "{file}", "--draw", "draw-x"], 1, "has no draw 'draw-x'"),
        (["-o", "{file}", "--confidence", "1"], 1, "confidence level must be in"),
        (["-o", "{file}", "--from", "2031-01-01"], 1, "in this window"),
        (["-o", "{folder}/none/c.json"], 1, "there is no folder"),
        (["-o", "{folder}"], 1, "is there already"),
        (["--verify", "{file}"], 1, "can't be read: No such file"),
        (["--verify", "{folder}"], 1, "can't be read: Is a directory"),
        (["--verify", "{folder}/labels.csv"], 1, "not JSON"),
        (["--verify", "{file}", "--standard", "3sigma"], 2, "leave out --standard"),
        (["--verify", "{file}", "-o", "{file}", "--page", "x"], 2, "leave out --output, --page"),
    ],
)
def test_wrong_input_is_said_in_a_sentence(
    assay: Assay,
    desk: Desk,
    file: Path,
    tmp_path: Path,
    arguments: list[str],
    status: int,
    said: str,
) -> None:
    given = [part.format(file=file, folder=tmp_path) for part in arguments]
    done = assay("certify", desk.ledger.path, *given)
    assert done.status == status
    assert said in done.err
    assert "Traceback" not in done.err
    assert not file.exists()


def test_a_certificate_replaces_nothing(assay: Assay, desk: Desk, file: Path) -> None:
    file.write_text("mine", "utf-8")
    done = assay("certify", desk.ledger.path, "-o", file)
    assert done.status == 1
    assert "is there already" in done.err
    assert file.read_text("utf-8") == "mine"


def test_names_of_others_do_nothing_to_the_terminal(
    assay: Assay, ledger: Ledger, file: Path, tmp_path: Path
) -> None:
    made = fill(ledger, traces=50, system="\x1b[2Jdesk\u202e")
    answer(made, draw(made, 20), tmp_path / "f.csv")
    done = assay("certify", ledger.path, "-o", file)
    again = assay("certify", "--verify", file, ledger.path)
    assert (done.status, again.status) == (0, 0)
    assert "\x1b" not in done.out + again.out
    assert "\u202e" not in done.out + again.out
    assert json.loads(file.read_text("utf-8"))["system"]["name"] == "\x1b[2Jdesk\u202e"
