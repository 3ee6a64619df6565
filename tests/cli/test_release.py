"""`assay release` from end to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger
from volume.desk import Desk
from volume.release_desk import JUDGE, label_all, release_desk, release_draw

Assay = Callable[..., Any]


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    made = release_desk(ledger)
    label_all(made, release_draw(made, 1_000), tmp_path)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "release.json"


def test_certify_and_verify(assay: Assay, desk: Desk, file: Path) -> None:
    path = desk.ledger.path
    done = assay("release", path, "--judge", JUDGE, "--at-most", 0.02, "-o", file)
    assert done.status == 0
    written = json.loads(file.read_text("utf-8"))
    assert done.out.startswith("desk 7: outputs that careful@2 scores at most")
    assert "share released, of traffic like it: 0." not in done.out
    assert "released up to here" in done.out
    assert all(one[:40] in done.out for one in written["conditions"])
    assert f"assay release verify {file} --ledger {path}" in done.err
    held = assay("release", "verify", file, "--ledger", path)
    assert (held.status, "The certificate holds." in held.out) == (0, True)
    other = assay("release", "verify", file, "--ledger", path, "--version", "8", "--json")
    assert (other.status, other.json["holds"]) == (3, False)
    assert "not of desk 8: review all" in other.json["checks"][1]["reason"]
    again = assay("release", path, "--judge", JUDGE, "--at-most", 0.02, "-o", file)
    assert (again.status, "is there already" in again.err) == (1, True)


def test_nothing_certifiable_is_an_answer(assay: Assay, desk: Desk, file: Path) -> None:
    done = assay(
        "release", desk.ledger.path, "--judge", JUDGE, "--at-most", 0.0005, "--sequence", "holm",
        "-o", file, "--json",
    )  # fmt: skip
    assert done.status == 3
    certificate = done.json["certificate"]
    assert certificate == json.loads(file.read_text("utf-8"))
    assert certificate["threshold"] is None
    assert certificate["released_in_window"] == 0
    assert certificate["risk"]["value"] is None
    said = assay("release", desk.ledger.path, "--judge", JUDGE, "--at-most", 0.0005)
    assert (said.status, "review all" in said.out) == (3, True)
    held = assay("release", "verify", file, "--ledger", desk.ledger.path)
    assert (held.status, "it says to review all" in held.out) == (0, True)


def test_an_edited_certificate(assay: Assay, desk: Desk, file: Path) -> None:
    assay("release", desk.ledger.path, "--judge", JUDGE, "--at-most", 0.02, "-o", file)
    raw = json.loads(file.read_text("utf-8"))
    raw["promise"]["at_most"] = 0.001
    file.write_text(json.dumps(raw), "utf-8")
    done = assay("release", "verify", file, "--ledger", desk.ledger.path)
    assert (done.status, "review all" in done.out) == (3, True)
    assert "differs the file's own hash" in done.out


def test_thresholds_by_hand_and_wrong_turns(assay: Assay, desk: Desk, tmp_path: Path) -> None:
    path = desk.ledger.path
    hand = assay(
        "release", path, "--judge", JUDGE, "--at-most", 0.1, "--threshold", 1, "--threshold", 0.3, "--json"
    )  # fmt: skip
    assert hand.json["certificate"]["promise"]["thresholds"] == [0.3, 1.0]
    assert hand.json["certificate"]["threshold"] == 1.0
    # A small chance is not shown as none.
    assert "< 0.0001" in assay("release", path, "--judge", JUDGE, "--at-most", 0.3).out
    base = ("release", path, "--judge", JUDGE)
    assert assay(*base).status == 2
    assert assay(*base, "--at-most", 1).status == 2
    for options, said in (
        (("--valid", "soon"), "as 30d"),
        (("--draw", "draw-none"), "no draw 'draw-none'"),
        (("-o", tmp_path / "no" / "x.json"), "there is no folder"),
        (("--system", "shop"), "no draw of shop has labels"),
    ):
        done = assay(*base, "--at-most", 0.01, *options)
        assert (done.status, said in done.err) == (1, True), done.err
    nobody = assay("release", path, "--judge", "nobody", "--at-most", 0.01)
    assert (nobody.status, "the judges there are: careful@2" in nobody.err) == (1, True)
    assert "Example:" in assay("release", "--help").out
    assert "Example:" in assay("release", "verify", "--help").out


def test_the_page_beside_the_certificate(
    assay: Assay, desk: Desk, file: Path, tmp_path: Path
) -> None:
    common = ("release", desk.ledger.path, "--judge", JUDGE, "--at-most", 0.02)
    page = tmp_path / "release.html"
    done = assay(*common, "-o", file, "--page", page, "--json")
    record = json.loads(page.read_text("utf-8").split('id="assay">')[1].split("</script>")[0])
    assert record == done.json["certificate"] == json.loads(file.read_text("utf-8"))
    assert (done.json["file"], done.json["page"]) == (str(file), str(page))
    taken = assay(*common, "--page", page)
    assert (taken.status, "replaces nothing" in taken.err) == (1, True)
    same = tmp_path / "x"
    assert assay(*common, "-o", same, "--page", same).status == 2
    assert not same.exists()


def test_what_is_missing_is_named_with_its_command(assay: Assay, desk: Desk) -> None:
    path = desk.ledger.path
    done = assay("release", path, "--judge", JUDGE, "--at-most", 0.003)
    assert done.status == 3
    needed = int(done.out.split("about ")[1].split()[0].replace(",", ""))
    next_command = f"next: assay draw {path} --labels {needed} --seed 8 --no-judge --system desk"
    assert (next_command in done.err) == (needed <= 3_000)
    assert ("that is more labels than" in done.err) == (needed > 3_000)


@pytest.mark.parametrize(
    "options",
    [
        ("--at-most", "nan"),
        ("--at-most", "1e-300"),
        ("--at-most", "0.9999999"),
        ("--at-most", 0.01, "--confidence", "nan"),
        ("--at-most", 0.01, "--confidence", "0.9999999"),
        ("--at-most", 0.01, "--start", "nan"),
        ("--at-most", 0.01, "--threshold", "nan"),
        ("--at-most", 0.01, "--threshold", 0.1, "--start", 0.3),
    ],
)
def test_wrong_numbers_are_wrong_usage(
    assay: Assay, ledger: Ledger, options: tuple[object, ...]
) -> None:
    done = assay("release", ledger.path, "--judge", JUDGE, *options)
    assert done.status == 2
    assert "Traceback" not in done.err
