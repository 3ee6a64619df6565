"""What a newcomer does wrong on the way from a draw to its labels, and what is said then."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.draws import stored_draws
from assay.ledger.store import Ledger

Assay = Callable[..., Any]


@pytest.fixture
def desk(assay: Assay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = "".join(
        f"t{n},q,o{n},bot\n  next: rm -rf,2026-10-0{1 + n % 9}\n".replace(
            "bot\n", '"bot\n'
        ).replace("-rf,", '-rf",')
        for n in range(300)
    )
    Path("runs.csv").write_text(f"trace_id,input,output,system,at\n{rows}")
    assert assay("ingest", "runs.csv", "--into", "L").status == 0
    return Path("L")


def fill(source: str, target: str, verdict: str = "right", **more: str) -> None:
    with Path(source).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row.update({"verdict": verdict, **more})
    with Path(target).open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("place", [".", "absent/list.csv", "runs.csv"])
def test_a_list_that_cant_be_written_leaves_no_draw(assay: Assay, desk: Path, place: str) -> None:
    done = assay("draw", desk, "--labels", 40, "--seed", 1, "-o", place)
    assert done.status == 1
    assert place in done.err
    assert stored_draws(Ledger.open(desk)) == []


def test_the_same_draw_may_write_its_list_again_and_another_may_not(
    assay: Assay, desk: Path
) -> None:
    assert assay("draw", desk, "--labels", 40, "--seed", 1, "-o", "a.csv").status == 0
    assert assay("draw", desk, "--labels", 40, "--seed", 1, "-o", "a.csv").status == 0
    assert assay("draw", desk, "--labels", 40, "--seed", 2, "-o", "a.csv").status == 1
    assert len(stored_draws(Ledger.open(desk))) == 1


def test_a_hand_out_whose_list_was_lost_is_listed_again(assay: Assay, desk: Path) -> None:
    assay("draw", desk, "--labels", 40, "--first", 20, "--seed", 1, "-o", "a.csv")
    fill("a.csv", "b.csv")
    assay("label", desk, "b.csv")
    assert assay("draw", desk, "--next", 10, "-o", "c.csv").status == 0
    lost = Path("c.csv").read_text()
    Path("c.csv").unlink()
    draw = stored_draws(Ledger.open(desk))[0].draw_id
    refused = assay("draw", desk, "--next", 10, "-o", "c.csv")
    assert refused.status == 1
    assert f"assay draw {desk} --draw {draw}" in refused.err
    assert assay("draw", desk, "--draw", draw, "-o", "c.csv").status == 0
    assert Path("c.csv").read_text() == lost


def test_next_does_not_swallow_how_to_draw(assay: Assay, desk: Path) -> None:
    for option in (["--unit", "text"], ["--no-judge"], ["--all-systems"]):
        assert assay("draw", desk, "--next", 5, *option).status == 2


def test_labels_in_place_of_others_are_said(assay: Assay, desk: Path) -> None:
    assay("draw", desk, "--labels", 40, "--seed", 1, "-o", "a.csv")
    fill("a.csv", "b.csv")
    assert assay("label", desk, "b.csv", "--json").json["replaced"] == 0
    assert assay("label", desk, "b.csv", "--json").json["replaced"] == 0
    fill("a.csv", "c.csv", severity="2")
    assert assay("label", desk, "c.csv", "--json").json["replaced"] == 0
    assert (
        "40 of the labels taken stand in place"
        in assay("label", desk, "b.csv", "--person", "ada").err
    )
    fill("a.csv", "d.csv", "wrong")
    assert assay("label", desk, "d.csv", "--person", "ada", "--json").json["replaced"] == 40


def test_labels_need_a_name(assay: Assay, desk: Path) -> None:
    assay("draw", desk, "--labels", 40, "--seed", 1, "-o", "a.csv")
    fill("a.csv", "b.csv")
    done = assay("label", desk, "b.csv", "--person", " ")
    assert done.status == 1
    assert "must have a name" in done.err


def test_a_list_that_is_wrong_in_every_row_says_so_briefly(assay: Assay, desk: Path) -> None:
    assay("draw", desk, "--labels", 40, "--seed", 1, "-o", "a.csv")
    fill("a.csv", "b.csv", draw_id="draw-typo")
    done = assay("label", desk, "b.csv")
    assert done.status == 1
    assert done.err.count("no draw 'draw-typo'; it holds draw-") == 10
    assert "30 rows more are refused" in done.err


def test_whoever_read_once_can_not_decide_though_another_read_later(
    assay: Assay, desk: Path
) -> None:
    assay("draw", desk, "--labels", 40, "--seed", 1, "-o", "a.csv")
    fill("a.csv", "b.csv")
    assay("label", desk, "b.csv", "--person", "ada")
    assay("draw", desk, "--second-reading", "--seed", 2, "--share-of-right", 1, "-o", "c.csv")
    fill("c.csv", "d.csv", "wrong")
    assay("label", desk, "d.csv", "--person", "bob")
    assay("label", desk, "d.csv", "--person", "eve")
    assay("draw", desk, "--adjudicate", "-o", "e.csv")
    fill("e.csv", "f.csv", "wrong")
    assert assay("label", desk, "f.csv", "--person", "bob").status == 1
    assert assay("label", desk, "f.csv", "--person", "carol").status == 0


def test_a_name_can_not_forge_a_next_command(assay: Assay, desk: Path) -> None:
    done = assay("draw", desk, "--labels", 4, "--seed", 1, "--by", "nothing", "-o", "a.csv")
    assert done.status == 1
    assert not any(line.startswith("  next: rm") for line in done.err.splitlines())
    drawn = assay("draw", desk, "--labels", 40, "--seed", 1, "-o", "a.csv")
    assert not any(line.startswith("  next: rm") for line in drawn.out.splitlines())


def test_a_version_that_the_draw_is_not_of_is_refused(assay: Assay, desk: Path) -> None:
    assay("draw", desk, "--labels", 40, "--seed", 1, "-o", "a.csv")
    draw = stored_draws(Ledger.open(desk))[0].draw_id
    done = assay("volume", desk, "--draw", draw, "--version", "typo")
    assert done.status == 1
    assert "not of 'typo'" in done.err


def test_more_labels_than_outputs_is_a_plain_draw_of_all(assay: Assay, desk: Path) -> None:
    done = assay("draw", desk, "--labels", 99999, "--seed", 1, "-o", "a.csv")
    assert done.status == 0
    assert "300 of 300 outputs" in done.out
    assert "99,999" not in done.out


def test_a_ledger_without_a_table_says_which(assay: Assay, desk: Path) -> None:
    shutil.rmtree(desk / "draws")
    done = assay("volume", desk)
    assert done.status == 1
    assert "its table draws is gone" in done.err
    assert "next: assay ingest" in done.err


def test_an_amount_that_is_not_there_is_not_asked_for_again(assay: Assay, desk: Path) -> None:
    done = assay("draw", desk, "--labels", 9, "--seed", 1, "--weigh-by", "cost_usd", "-o", "a.csv")
    assert done.status == 1
    assert done.err.rstrip().endswith("next: assay draw L --labels 9 --seed 1")


def test_a_report_exits_3_where_its_standard_says_no(assay: Assay, desk: Path) -> None:
    assay("draw", desk, "--labels", 40, "--seed", 1, "-o", "a.csv")
    fill("a.csv", "b.csv", "wrong")
    assay("label", desk, "b.csv")
    said = assay("report", desk, "-o", "r.html", "--standard", "3sigma", "--json")
    assert (said.status, said.json["decision"]) == (3, "missed")
    assert Path("r.html").exists()
    assert assay("report", desk, "-o", "r.html").status == 0
