"""The command that is named after scores is one that works."""

from __future__ import annotations

from pathlib import Path

from assay.ledger.after_scores import command_after_scores
from assay.ledger.store import Ledger
from volume.desk import answer, draw, fill


def test_without_labels_a_draw_with_the_system_where_there_are_several(ledger: Ledger) -> None:
    fill(ledger, traces=50)
    assert command_after_scores(ledger, "second reading") == (
        f"assay draw {ledger.typed} --labels 300 --seed 7 --judge 'second reading'"
    )
    fill(ledger, traces=60, system="other desk")
    assert "--system 'other desk' --judge" in command_after_scores(ledger, "second reading")


def test_with_labels_a_calibration(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger)
    answer(desk, draw(desk), tmp_path / "filled.csv")
    assert command_after_scores(ledger, "second reading").startswith("assay judge calibrate")
