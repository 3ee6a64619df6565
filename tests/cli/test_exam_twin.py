"""`assay exam twin`: what it writes can be asked, and what it leaves out is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.ask.tasks import read_tasks

Assay = Callable[..., Any]
EXAM = Path(__file__).resolve().parents[2] / "examples" / "exam"


def test_twins_are_written_and_the_rest_is_counted(assay: Assay, tmp_path: Path) -> None:
    out = tmp_path / "twins.jsonl"
    done = assay("exam", "twin", EXAM / "sums.jsonl", "--sets", 2, "-o", out)
    assert done.status == 0
    assert done.out.startswith("16 twins of 8 of 12 tasks in ")
    assert (
        "1 without: a note of the solution does not come to its own result (as sum-wrong)"
        in done.out
    )
    assert len(read_tasks(out).tasks) == 16
    assert f"next: assay ask {out} --system NAME@VERSION --model MODEL --into LEDGER" in done.err
    again = assay("exam", "twin", EXAM / "sums.jsonl", "--sets", 2, "-o", out, "--json")
    assert again.status == 0
    assert again.json["tasks_with_twin"] == 8
    assert again.json["not_made_examples"]["the reference is no number"] == "sum-why"
    other = assay("exam", "twin", EXAM / "sums.jsonl", "--seed", 2, "-o", out)
    assert other.status == 1
    assert "is there already with something else in it" in other.err


def test_templates_alone_make_an_exam(assay: Assay, tmp_path: Path) -> None:
    out = tmp_path / "twins.jsonl"
    done = assay("exam", "twin", "--templates", EXAM / "templates.jsonl", "--sets", 3, "-o", out)
    assert done.status == 0
    assert done.out.startswith("3 twins of 1 of 1 tasks")
    assert "no twin came of the template desk-quantity" in done.err


def test_wrong_use_and_hostile_files_end_in_one_sentence(assay: Assay, tmp_path: Path) -> None:
    out = tmp_path / "twins.jsonl"
    assert assay("exam", "twin", "-o", out).status == 2
    hostile = tmp_path / "t.jsonl"
    hostile.write_text(
        json.dumps({"template_id": "x", "input": "{n}", "names": {"n": {"from": 1, "to": 2}},
                    "reference": "__import__('os').system('touch /tmp/x')"})
    )  # fmt: skip
    done = assay("exam", "twin", "--templates", hostile, "-o", out)
    assert done.status == 1
    assert f"{hostile}:1: " in done.err
    assert "is no arithmetic" in done.err
    words = tmp_path / "words.jsonl"
    words.write_text('{"task_id": "\\u001b[31m", "input": "Who?", "reference": "Ann"}\n')
    none = assay("exam", "twin", words, "-o", out)
    assert none.status == 0
    assert "no file is written" in none.out
    assert "\x1b" not in none.out
    assert not out.exists()


def test_lines_that_are_no_tasks_can_be_left_out_as_the_error_says(
    assay: Assay, tmp_path: Path
) -> None:
    out, mixed = tmp_path / "twins.jsonl", tmp_path / "mixed.jsonl"
    mixed.write_text((EXAM / "sums.jsonl").read_text() + "no task\n")
    refused = assay("exam", "twin", mixed, "-o", out)
    assert refused.status == 1
    assert "--skip-bad" in refused.err
    done = assay("exam", "twin", mixed, "-o", out, "--skip-bad")
    assert done.out.startswith("8 twins of 8 of 12 tasks")
    assert "1 lines of " in done.err


def test_so_many_twins_that_none_could_hold_them_are_not_begun(
    assay: Assay, tmp_path: Path
) -> None:
    done = assay("exam", "twin", EXAM / "sums.jsonl", "--sets", 10**9, "-o", tmp_path / "t.jsonl")
    assert done.status == 2
    assert "1<=x<=1000" in done.err
