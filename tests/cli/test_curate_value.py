"""`assay curate value`: text, JSON and page, in all three ways of asking."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assay.cli.curate_value import command
from assay.errors import BadInput
from curate.value_world import world


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return world(1, documents=120).write(tmp_path_factory.mktemp("value"))


def run(files: tuple[Path, Path], *options: str) -> Result:
    corpus, target = files
    found = CliRunner().invoke(
        command, [str(corpus), "--target", str(target), "--tokens", "10k", *options]
    )
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def test_text_says_the_verdicts_with_the_track_record(files: tuple[Path, Path]) -> None:
    found = run(files, "--mixture")
    assert found.exit_code == 0
    assert "49 of 66 pairs" in found.stdout
    assert "leak: worthless" in found.stdout
    assert "guide: helps" in found.stdout
    assert "Mixture proposed for 10,000 tokens" in found.stdout
    assert "can't value repeats" in " ".join(found.stdout.split())


def test_json_and_page_by_quality(files: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "value.html"
    found = run(files, "--by", "quality", "--share", "0.1", "--json", "-o", str(page))
    record = json.loads(found.stdout)
    assert set(record["curve"]) >= {"data_fixed", "compute_fixed", "track_record"}
    assert record["curve"]["data_fixed"]["seen"] is True
    assert len(record["value"]["parts"]) == 10
    text = page.read_text("utf-8")
    assert text.count("<svg") == 3
    assert "backlash at" in text
    assert "<script>" not in text


def test_rules_that_drop_everything_are_said_so(files: tuple[Path, Path]) -> None:
    # Words of a made-up language: no text of it has Gopher's stop words.
    with pytest.raises(BadInput, match="drop every document"):
        run(files, "--by", "filter", "--rules", "gopher")


def test_hostile_names_do_nothing_on_the_page(tmp_path: Path) -> None:
    planted = world(2, documents=120, junk=False)
    corpus, target = planted.write(tmp_path)
    hostile = corpus.read_text("utf-8").replace('"guide"', '"<script>alert(1)</script>\\u001b[2J"')
    corpus.write_text(hostile, "utf-8")
    page = tmp_path / "value.html"
    found = run((corpus, target), "-o", str(page))
    assert "\x1b" not in found.stdout
    assert "<script>alert" not in page.read_text("utf-8")


def test_a_quality_that_is_no_number_is_refused(files: tuple[Path, Path]) -> None:
    with pytest.raises(BadInput, match="'grade' must be a number in every record"):
        run(files, "--by", "quality", "--quality-field", "grade")


@pytest.mark.parametrize("tokens", ["many", "4x"])
def test_tokens_that_are_no_number_are_wrong_usage(files: tuple[Path, Path], tokens: str) -> None:
    assert run(files, "--tokens", tokens).exit_code == 2


def test_a_corpus_without_a_document_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text('{"other": 1}\n')
    with pytest.raises(BadInput, match="holds no document"):
        run((empty, files[1]))
