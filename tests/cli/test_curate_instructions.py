"""`assay curate instructions` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    records = [
        {"instruction": "What is 3 + 4?", "output": "7"},
        {"instruction": "what is 3 + 4 ?", "output": "8"},
        {"prompt": "Who wrote Faust?", "completion": "Goethe"},
        {"prompt": "Who wrote Faust?", "completion": "Schiller \x1b[31m<b>"},
        {"prompt": "Who wrote Faust?", "completion": "goethe."},
        {"text": "alone"},
    ]
    path = tmp_path / "chat.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_contradictions_are_said_with_their_places(chat: Path, assay: Callable[..., Any]) -> None:
    done = assay("curate", "instructions", chat)
    assert done.status == 0
    said = " ".join(done.out.split())
    assert said.startswith(
        "2 instructions stand there with answers that contradict each other (5 of 5 records, 100.0%); 1 of 5 records"
    )
    assert "chat.jsonl:1" in done.out
    assert "no instruction with an answer" in done.out
    assert "\x1b[31m" not in done.out


def test_json_and_a_folder_with_what_is_left(
    chat: Path, assay: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "cleaned"
    done = assay("curate", "instructions", chat, "--json", "-o", out)
    assert done.json["contradictory_clusters"]["same"] == {"numbers": 1, "short answers": 1}
    assert done.json["rejected"] == {"no instruction with an answer": 1}
    assert done.json["contradicted_share"] == 1.0
    lines = [json.loads(line) for line in (out / "contradictions.jsonl").read_text().splitlines()]
    assert [line["differs"] for line in lines] == ["numbers", "short answers"]
    assert {pair["answer"] for pair in lines[0]["pairs"]} == {"7", "8"}
    assert (out / "kept.jsonl").read_text() == ""
    kept = tmp_path / "kept"
    assert assay("curate", "instructions", chat, "--keep-contradictions", "-o", kept).status == 0
    assert len((kept / "kept.jsonl").read_text().splitlines()) == 4


def test_a_folder_that_is_there_is_refused_before_anything_is_read(
    assay: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("")
    done = assay("curate", "instructions", tmp_path / "none.jsonl", "-o", tmp_path / "out")
    assert done.status == 1
    assert "there already" in done.err


def test_what_can_not_be_read_is_refused(assay: Callable[..., Any], tmp_path: Path) -> None:
    for path, match in (
        (tmp_path / "none.jsonl", "none.jsonl"),
        (tmp_path / "plain.xyz", "plain.xyz"),
    ):
        done = assay("curate", "instructions", path)
        assert done.status == 1
        assert match in done.err
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    done = assay("curate", "instructions", empty)
    assert done.status == 1
    assert "instruction" in done.err
