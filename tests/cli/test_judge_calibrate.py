"""`assay judge calibrate` as a user types it; on real answers it finds what the data's own description says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger
from judge.gsm_judges import GOLD, PAIRS, gsm_ledger, judged_by
from volume.desk import answer, count_all, draw, fill

SAID = {
    PAIRS[0]: (0.038, 0.058, 0.40, 0.955),
    PAIRS[1]: (0.038, 0.142, 0.62, 0.877),
    PAIRS[2]: (0.196, 0.218, 0.93, 0.957),
    PAIRS[3]: (0.470, 0.491, 0.98, 0.94),
}
"""True error rate, naive rate, sensitivity, specificity: as the data's description has them."""


@pytest.mark.shared_data
def test_real_judges_err_as_described(
    shared_data: Path, assay: Callable[..., Any], tmp_path: Path
) -> None:
    ledger = gsm_ledger(shared_data, tmp_path / "gsm.ledger")
    for (system, judge), (rate, naive, sensitivity, specificity) in SAID.items():
        done = assay(
            "judge", "calibrate", ledger.path, "--judge", judged_by(judge), "--truth", GOLD,
            "--system", system, "--json",
        )  # fmt: skip
        assert done.status == 0
        found = done.json
        assert found["outputs"] == 1319
        assert found["error_rate"]["value"] == pytest.approx(rate, abs=0.0005)
        assert found["naive_rate"]["value"] == pytest.approx(naive, abs=0.0005)
        assert found["sensitivity"]["value"] == pytest.approx(sensitivity, abs=0.005)
        assert found["specificity"]["value"] == pytest.approx(specificity, abs=0.005)
        tasks = found["as_a_sample_of_tasks"]
        assert tasks["sensitivity"]["low"] < sensitivity < tasks["sensitivity"]["high"]
        assert found["auroc"]["value"] == pytest.approx(
            (found["sensitivity"]["value"] + found["specificity"]["value"]) / 2
        )
    both = assay(
        "judge", "calibrate", ledger.path, "--judge", judged_by(PAIRS[0][1]), "--truth", GOLD
    )
    assert "2 systems" in both.out
    assert "command-r" in both.out


def test_words_first_then_numbers_then_what_to_type(
    ledger: Ledger, assay: Callable[..., Any], tmp_path: Path
) -> None:
    desk = fill(ledger, traces=800, error_rate=0.1)
    count_all(desk, "truth")
    page = tmp_path / "judge.html"
    done = assay(
        "judge",
        "calibrate",
        ledger.path,
        "--judge",
        "second reading",
        "--truth",
        "truth",
        "-o",
        page,
    )
    assert done.status == 0
    first = " ".join(done.out.split("\n\n")[0].split())
    assert first.startswith("second reading as a judge of desk: finds ")
    for words in ("% of the errors [", "cries wolf on", "it would read the error rate as"):
        assert words in first
    assert "For these very outputs the figures are exact" in " ".join(done.out.split())
    assert "next: assay volume" in done.err
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_labels_of_a_draw_through_the_command(
    ledger: Ledger, assay: Callable[..., Any], tmp_path: Path
) -> None:
    desk = fill(ledger, traces=800, error_rate=0.1)
    drawn = draw(desk, 200)
    answer(desk, drawn, tmp_path / "filled.csv")
    path = desk.ledger.path
    found = assay("judge", "calibrate", path, "--judge", "second reading", "--json").json
    assert found["evidence"] == "labels"
    assert found["draw_id"] == drawn.draw_id
    assert found["labels"] == 200
    assert found["sensitivity"]["low"] < found["sensitivity"]["high"]
    assert found["as_a_sample_of_tasks"] is None
    assert json.dumps(found)
    shown = assay("judge", "calibrate", path, "--judge", "second reading", "--draw", drawn.draw_id)
    assert "go by how the labels were drawn" in " ".join(shown.out.split())
    assert "a label counts as the truth" in shown.err


def test_wrong_turns(ledger: Ledger, assay: Callable[..., Any], tmp_path: Path) -> None:
    desk = fill(ledger, traces=100, error_rate=0.1)
    path = desk.ledger.path
    assert assay("judge", "calibrate", path).status == 2
    assert assay("judge", "calibrate", path, "--judge", "x", "--threshold", 0).status == 2
    unknown = assay("judge", "calibrate", path, "--judge", "nobody\x1b[2J")
    assert unknown.status == 1
    assert "'second reading' (100)" in unknown.err
    assert "\x1b" not in unknown.err
    unlabeled = assay("judge", "calibrate", path, "--judge", "second reading")
    assert unlabeled.status == 1
    assert "next: assay draw" in unlabeled.err
    count_all(desk, "truth")
    nowhere = assay(
        "judge", "calibrate", path, "--judge", "second reading", "--truth", "truth",
        "-o", tmp_path / "no" / "p.html",
    )  # fmt: skip
    assert nowhere.status == 1
    assert "can't be written" in nowhere.err
