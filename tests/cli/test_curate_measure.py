"""`assay curate measure`: text, JSON and page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from assay.cli.curate_measure import command
from assay.errors import BadInput

HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("measure") / "corpus.jsonl"
    rows = [
        {
            "text": " ".join(f"the word{n} is" for n in rng.integers(0, 5_000, size=60)),
            "source": "notes" if row % 2 else HOSTILE,
        }
        for row in range(120)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]), "utf-8")
    return path


def run(*options: str) -> Result:
    found = CliRunner().invoke(command, list(options))
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def test_text_says_what_is_left_and_how_far_it_goes(corpus: Path) -> None:
    found = run(str(corpus), "--more", "10k")
    said = " ".join(found.stdout.split())
    assert found.exit_code == 0
    assert "% of the words add something" in said
    assert "counted on all documents, exact" in said
    assert "no exam was named" in said
    assert "not on your data" in said
    assert "arXiv:2305.16264" in said
    assert "\x1b" not in found.stdout
    assert "\u202e" not in found.stdout


def test_json_and_page(corpus: Path, tmp_path: Path) -> None:
    page = tmp_path / "effective.html"
    found = run(str(corpus), "--sample", "100", "--keep", "1000", "--json", "-o", str(page))
    record = json.loads(found.stdout)
    assert [step["step"] for step in record["steps"]][:2] == ["raw", "exact duplicates"]
    assert record["steps"][0]["total"]["value"] - record["steps"][1]["total"]["value"] == 180
    assert record["tokens"]["tokens"] == sum(record["tokens"]["by_source"])
    assert record["steps"][-1]["total"]["guarantee"] == "proved"
    assert record["growth"][0]["distinct"]["low"] < record["growth"][0]["distinct"]["high"]
    assert record["growth"][0]["more"]["guarantee"] == "assumed"
    assert {row["guarantee"] for row in record["repeats"]} == {"assumed"}
    text = page.read_text("utf-8")
    assert text.count("<svg") == 3
    assert "<script>alert" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize("more", ["many", "-1", "nan", "1e99"])
def test_bytes_that_are_no_number_are_wrong_usage(corpus: Path, more: str) -> None:
    assert run(str(corpus), "--more", more).exit_code == 2


def test_a_corpus_without_a_document_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text('{"other": 1}\n')
    with pytest.raises(BadInput, match="holds no document"):
        run(str(empty))


def test_a_language_that_can_not_be_told_is_refused(corpus: Path) -> None:
    pytest.importorskip("py3langid", reason="py3langid is not installed")
    with pytest.raises(BadInput, match="'klingon' is no language that can be told"):
        run(str(corpus), "--language", "klingon")
