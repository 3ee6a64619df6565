"""`assay curate value`: text, JSON and page, in all three ways of asking."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assay.cli.curate_value import command
from assay.errors import BadInput, MissingPart
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
    assert text.count("<svg") == 4
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


def test_the_plan_alone_trains_no_more_than_it_measures(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    work = tmp_path / "work"
    found = run(files, "--plan", "--work", str(work), "--json")
    plan = json.loads(found.stdout)
    assert plan["models"] > 100
    assert plan["kept"] == 0
    assert len(list(work.glob("*.npz"))) <= 2


def test_the_plan_stands_before_the_answer(files: tuple[Path, Path]) -> None:
    found = run(files, "--seeds", "3")
    assert "models to train (" in found.stderr
    assert "to go at that pace" in found.stderr
    assert "models to train" not in found.stdout


def test_budgets_are_compared_and_every_row_has_the_record(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    page = tmp_path / "value.html"
    found = run(files, "--seeds", "3", "--budgets", "2k,8k", "--json", "-o", str(page))
    record = json.loads(found.stdout)
    comparisons = record["agreement"]["comparisons"]
    assert [one["first"]["tokens"] for one in comparisons] == [2_000]
    assert all("49 of 66" in one["track_record"] for one in comparisons)
    for part in record["value"]["parts"]:
        assert set(part["regimes"]) == {"compute-fixed", "data-fixed"}
        assert all("49 of 66" in each["track_record"] for each in part["regimes"].values())
    text = page.read_text("utf-8")
    assert "Whether orders agree" in text
    assert text.count("49 of 66") > len(record["value"]["parts"])


def test_every_row_in_text_has_the_record_and_both_regimes(files: tuple[Path, Path]) -> None:
    found = run(files, "--seeds", "3")
    rows = [line for line in found.stdout.splitlines() if line.strip().endswith("49 of 66")]
    assert len(rows) == 6
    said = " ".join(found.stdout.split())
    assert said.count("(compute-fixed:") + said.count("(by count, in both regimes") == 6


@pytest.mark.nightly
def test_backlash_is_a_band_with_its_limits_in_words(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    page = tmp_path / "value.html"
    found = run(files, "--by", "quality", "--share", "0.1", "-o", str(page))
    assert re.search(r"backlash at \d+ % \(\d+ to \d+\)", " ".join(found.stdout.split()))
    assert 'opacity="0.2"' in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--proxy", "own"), "needs a command"),
        (("--trainer", "x {data} {out}"), "is the proxy own"),
        (("--proxy", "own", "--trainer", "no-such-program {data} {out}"), "no program"),
        (("--proxy", "own", "--trainer", f"{sys.executable} {{data}}"), "must hold"),
    ],
)
def test_a_proxy_that_cannot_be_is_refused(
    files: tuple[Path, Path], options: tuple[str, ...], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        run(files, *options)


def test_without_torch_the_extra_is_named(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingPart, match="torch"):
        run(files, "--proxy", "transformer")


@pytest.mark.train
def test_a_transformer_is_held_against_the_screen(files: tuple[Path, Path]) -> None:
    pytest.importorskip("torch")
    found = run(files, "--tokens", "1k", "--seeds", "3", "--agree", "--json")
    record = json.loads(found.stdout)
    (one,) = record["agreement"]["comparisons"]
    assert "transformer" in one["second"]["proxy"]
    assert one["finding"] in {"agree", "oppose", "cannot tell"}
