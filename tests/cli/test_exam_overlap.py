"""`assay exam overlap`: items, places, and words that claim no more than two texts can show."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Assay = Callable[..., Any]
LONG = "A farmer from Ghent brings forty seven baskets of pears to the market and sells nine."


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    exam, corpus = tmp_path / "exam.jsonl", tmp_path / "corpus.txt"
    rows = [
        {"task_id": "pears\x1b[2J", "input": LONG},
        {"task_id": "short", "input": "Name the capital of France."},
        {"task_id": "other", "input": LONG.replace("pears", "figs").replace("Ghent", "Lille")},
    ]
    exam.write_text("".join(json.dumps(row) + "\n" for row in rows))
    corpus.write_text(f"A line.\nIt says: {LONG.lower()}\n")
    return exam, corpus


def test_the_text_names_items_and_places(
    assay: Assay, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Short names: a long path is broken over lines of the table.
    monkeypatch.chdir(files[0].parent)
    done = assay("exam", "overlap", *(file.name for file in files))
    assert done.status == 0
    assert "1 of 2 items overlap with what was read, 1 of them for the most part." in done.out
    assert "1 items have fewer than 13 words: too short to tell." in done.out
    assert "corpus.txt:2" in done.out
    assert "Only exact 13-grams were looked for" in done.out
    assert "contaminat" not in done.out.lower()
    assert "\x1b" not in done.out


def test_json_has_every_item_found(assay: Assay, files: tuple[Path, Path]) -> None:
    found = assay("exam", "overlap", *files, "--json").json
    assert found["any_share"]["value"] == 0.5
    assert found["standing"]["too short to tell"] == 1
    (item,) = found["overlapping"]
    assert item["windows_found"] == item["windows"] == 4
    assert item["places"] == [f"{files[1]}:2"]
    assert found["near_duplicates"]["value"] is None


def test_of_a_sample_the_shares_are_lower_limits(assay: Assay, files: tuple[Path, Path]) -> None:
    done = assay("exam", "overlap", *files, "--sample", 0.5, "--json")
    assert done.status == 0
    assert done.json["any_share"]["high"] in {1.0, done.json["any_share"]["low"]}
    assert assay("exam", "overlap", *files, "--sample", 0).status == 2
    missing = assay("exam", "overlap", files[0], files[1].parent / "none.txt")
    assert missing.status == 1
    assert "there is no file" in missing.err


def test_a_pipe_and_an_empty_corpus_are_told_from_one_without_overlap(
    assay: Assay, files: tuple[Path, Path], tmp_path: Path
) -> None:
    pipe, empty = tmp_path / "pipe.jsonl", tmp_path / "empty.txt"
    os.mkfifo(pipe)
    empty.write_text("")
    refused = assay("exam", "overlap", files[0], pipe)
    assert refused.status == 1
    assert "is a pipe or a device" in refused.err
    nothing = assay("exam", "overlap", files[0], empty)
    assert nothing.status == 0
    assert nothing.out.startswith("Whether the exam overlaps is unknown: no document was read.")
    assert assay("exam", "overlap", files[0], empty, "--json").json["any_share"]["value"] is None


def test_lines_of_the_exam_that_are_no_tasks_can_be_left_out(
    assay: Assay, files: tuple[Path, Path]
) -> None:
    with files[0].open("a") as lines:
        lines.write("no task\n")
    assert "--skip-bad" in assay("exam", "overlap", *files).err
    assert assay("exam", "overlap", *files, "--skip-bad").status == 0
