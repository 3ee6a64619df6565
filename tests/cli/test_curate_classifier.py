"""`assay curate classifier`, as a user types it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Assay = Callable[..., Any]
WORDS = ("the", "of", "and", "to", "in", "is", "that", "it", "was", "for")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    rng = random.Random(3)
    for name in ("good", "grim"):
        (tmp_path / name).mkdir()
        for number in range(16):
            text = " ".join(rng.choice([*WORDS, name]) for _ in range(60))
            (tmp_path / name / f"{number:02d}.txt").write_text(text)
    return tmp_path / "good", tmp_path / "grim"


def test_two_folders_make_a_classifier_and_it_scores(
    assay: Assay, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    good, bad = folders
    (good / "broken.txt").write_bytes(b"\xff")
    out = tmp_path / "mine.npz"
    done = assay("curate", "classifier", "train", "--like", good, "--unlike", bad, "-o", out)
    assert done.status == 0, done.err
    printed = " ".join(done.out.split())
    assert "16 texts like those wanted and 16 others" in printed
    assert "by their length alone" in printed
    assert "not UTF-8" in done.err
    said = assay("curate", "classifier", "score", good, "--classifier", out, "--json").json
    assert (said["classifier"], said["texts"]) == ("mine", 16)
    assert said["kept"]["0.5"] > 0.9
    scored = assay("curate", "classifier", "score", bad, "--classifier", out, "--card")
    assert "16 texts scored by mine" in scored.out
    assert "told_apart" in scored.out


def test_what_is_refused_is_said(assay: Assay, folders: tuple[Path, Path], tmp_path: Path) -> None:
    good, _ = folders
    arguments = ("curate", "classifier", "train", "--like", good, "--unlike", good, "-o")
    done = assay(*arguments, tmp_path / "x.npz")
    assert (done.status, "stand in both kinds" in done.err) == (1, True)
    done = assay("curate", "classifier", "score", good, "--classifier", "none.npz")
    assert (done.status, "classifier train" in done.err) == (1, True)
    assert assay("curate", "classifier", "train", "--like", good).status == 2
