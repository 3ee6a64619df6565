"""`assay curate run`, as a user types it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curate.corpora import folder_bytes, records, write_jsonl

Assay = Callable[..., Any]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "a.jsonl", [*records(150), "no record"])


def test_a_run_writes_its_files_and_says_what_went(
    assay: Assay, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = assay("curate", "run", f"mine={corpus}", "-o", out, "--workers", 1)
    assert done.status == 0, done.err
    assert "of 151 records are kept" in done.out
    assert "mine" in done.out
    assert "exact_duplicate" in done.out
    assert "datasheet.json lacks license, url, creator" in done.err
    assert {path.name for path in out.iterdir()} == {
        "documents-00000.jsonl.zst",
        "dropped.jsonl.zst",
        "rejected.jsonl.zst",
        "report.html",
        "datasheet.json",
        "run.json",
    }
    before = folder_bytes(out)
    again = assay("curate", "run", f"mine={corpus}", "-o", out, "--workers", 1, "--json")
    assert again.json["records"] == 151
    assert folder_bytes(out) == before


def test_a_page_that_was_not_written_yet_is_written_by_the_next(
    assay: Assay, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assay("curate", "run", corpus, "-o", out, "--workers", 1)
    page = (out / "report.html").read_bytes()
    (out / "report.html").unlink()
    assay("curate", "run", corpus, "-o", out, "--workers", 1)
    assert (out / "report.html").read_bytes() == page


def test_the_recipe_that_is_printed_is_one(assay: Assay, corpus: Path, tmp_path: Path) -> None:
    printed = assay("curate", "run", "--print-recipe").out
    assert tomllib.loads(printed)["near_duplicates"]["threshold"] == 0.75
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(printed.replace("threshold = 0.75", "threshold = 0.9"))
    done = assay(
        "curate", "run", corpus, "-o", tmp_path / "out", "--recipe", recipe, "--workers", 1
    )
    assert "Jaccard >= 0.9" in done.out
    other = assay("curate", "run", corpus, "-o", tmp_path / "out", "--workers", 1)
    assert other.status == 1
    assert "recipe.near_duplicates.threshold was 0.9, is 0.75" in other.err


def test_a_dry_run_and_a_plan_write_nothing(assay: Assay, corpus: Path, tmp_path: Path) -> None:
    dry = assay("curate", "run", corpus, "--dry-run", "--workers", 1)
    assert "Nothing was written" in dry.out
    plan = assay("curate", "run", corpus, "--plan", "--json")
    assert plan.json["input_bytes"] == corpus.stat().st_size
    assert "time of the steps: about" in assay("curate", "run", corpus, "--plan").out
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["none.jsonl", "-o", "out"], 1, "there is no file none.jsonl"),
        ([], 2, "name at least one file"),
        (["a.jsonl"], 2, "-o names the folder"),
        (["a.jsonl", "-o", "out", "--workers", "0"], 2, "0 is not in the range"),
        (["a.jsonl", "-o", "out", "--recipe", "none.toml"], 1, "there is no recipe none.toml"),
        (["a.txt", "-o", "out"], 1, "a.txt"),
    ],
)
def test_a_wrong_turn_ends_in_a_sentence(
    assay: Assay,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    status: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = assay("curate", "run", *arguments)
    assert (done.status, said in done.err) == (status, True), done.err


def test_a_field_of_another_name_is_said(assay: Assay, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{"content": "words"}])
    done = assay("curate", "run", path, "-o", tmp_path / "out", "--workers", 1)
    assert "None of the records could be read as a document" in done.out
    assert (
        '"content"'
        in json.loads((tmp_path / "out" / "run.json").read_text())["rejected_examples"][
            "no text field"
        ][0][1]
    )
