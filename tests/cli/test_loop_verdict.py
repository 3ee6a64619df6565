from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curate.loop_folders import Said, answers, honest_loop, narrower_loop, write_loop


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return honest_loop(tmp_path_factory.mktemp("honest") / "out")


def test_a_virtuous_loop_ends_with_status_0_and_says_why(
    assay: Callable[..., Any], honest: Path
) -> None:
    done = assay("loop", "verdict", honest)
    assert done.status == 0
    assert done.out.startswith("loop, seed 0: virtuous, known from turn 1.")
    for said in (
        "pass@4",
        "Next turn, forecast",
        "errors a day",
        "unknown: verifier rewards length",
    ):
        assert said in " ".join(done.out.split())


def test_json_has_every_number_with_its_interval(assay: Callable[..., Any], honest: Path) -> None:
    done = assay("loop", "verdict", honest, "--json", "--usd-per-hour", "1", "--worth", "1")
    (loop,) = done.json["loops"]
    assert (done.json["answer"], loop["verdict"], loop["earliest_turn"]) == (
        "goes on",
        "virtuous",
        1,
    )
    assert loop["gains"][1]["at_look"]["low"] > 0
    assert {"value", "low", "high", "unit", "n", "method"} <= loop["gains"][1]["at_look"].keys()
    assert loop["stop"]["advice"] in ("go on", "stop", "undecided")
    assert len(loop["faults"]) == 9


def test_a_fault_or_another_verdict_ends_with_status_3(
    assay: Callable[..., Any], tmp_path: Path
) -> None:
    caught = assay("loop", "verdict", narrower_loop(tmp_path / "narrower"))
    assert caught.status == 3
    assert "caught: collapse of diversity behind a rising score" in caught.out
    falling = write_loop(tmp_path / "falling", [Said(answers(r, 200)) for r in (0.6, 0.3)])
    assert assay("loop", "verdict", falling).status == 3


def test_mistakes_are_one_sentence_and_the_next_command(
    assay: Callable[..., Any], tmp_path: Path, honest: Path
) -> None:
    done = assay("loop", "verdict", tmp_path / "nowhere")
    assert done.status == 1
    assert "there is no folder" in done.err
    assert "next: assay loop run" in done.err
    assert assay("loop", "verdict", honest, "--margin", "2").status == 1
    lever = assay("loop", "verdict", honest, "--lever", "people")
    assert (lever.status, "NAME=COST/ERRORS_PER_DAY" in lever.err) == (1, True)
    assert assay("loop", "verdict", honest, "-o", tmp_path / "no" / "page.html").status == 1


def test_text_of_others_cannot_act_on_the_terminal(
    assay: Callable[..., Any], tmp_path: Path
) -> None:
    key: dict[str, object] = {"arm": "", "seed": 0, "verify": "\x1b[31mred", "mix": "replace"}
    path = write_loop(tmp_path / "out", [Said(answers(r, 200)) for r in (0.3, 0.6)], key=key)
    done = assay("loop", "verdict", path)
    assert "\x1b" not in done.out
    assert "red" in done.out


def test_the_page_is_written_and_its_size_told(
    assay: Callable[..., Any], tmp_path: Path, honest: Path
) -> None:
    page = tmp_path / "page.html"
    done = assay("loop", "verdict", honest, "-o", page)
    assert f"{page.stat().st_size:,} bytes" in done.err


def test_a_loop_that_has_not_begun_is_named_and_not_taken_for_a_good_one(
    assay: Callable[..., Any], tmp_path: Path
) -> None:
    honest_loop(tmp_path / "loops" / "a" / "seed-0")
    write_loop(tmp_path / "loops" / "b" / "seed-1", [Said(answers(0.3, 200))])
    (tmp_path / "loops" / "c" / "seed-0" / "turns").mkdir(parents=True)
    done = assay("loop", "verdict", tmp_path / "loops", "-o", tmp_path / "page.html")
    assert done.status == 3
    said = "Not in it, since no turn after turn 0 is done: b, seed 1; c, seed 0."
    assert said in " ".join(done.out.split())
    assert said in (tmp_path / "page.html").read_text("utf-8")
    told = assay("loop", "verdict", tmp_path / "loops", "--json")
    assert (told.json["answer"], told.json["left_out"]) == ("does not", ["b, seed 1", "c, seed 0"])
    assert assay("loop", "verdict", tmp_path / "loops", "--arm", "a").status == 0
    alone = assay("loop", "verdict", tmp_path / "loops", "--arm", "b")
    assert (alone.status, "no turn of this loop is done yet" in alone.err) == (1, True)


def test_an_arm_or_seed_that_a_loop_or_ledger_lacks_is_refused(
    assay: Callable[..., Any], honest: Path, tmp_path: Path
) -> None:
    arm = assay("loop", "verdict", honest, "--arm", "nope")
    assert (
        arm.status,
        "there is no arm 'nope' in it: it is the folder of one loop" in arm.err,
    ) == (1, True)
    assert assay("loop", "verdict", honest, "--seed", "7").status == 1
    assert assay("loop", "verdict", honest, "--seed", "0").status == 0
    ledger = tmp_path / "some.ledger"
    shutil.copytree(honest / "ledger", ledger)
    assert assay("loop", "verdict", ledger).status == 0
    refused = assay("loop", "verdict", ledger, "--arm", "a")
    assert (refused.status, "--arm and --seed go with the folder of a loop" in refused.err) == (
        1,
        True,
    )
