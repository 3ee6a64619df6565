"""`assay curate select`, as a user types it, on text that every machine with Python and this repository has."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

Assay = Callable[..., Any]
DOCS = Path(__file__).parents[2] / "docs"


def lines(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Sections of this repository's documentation and modules of Python; other sections are held out."""
    folder = tmp_path_factory.mktemp("select")
    sections = [
        part
        for page in sorted(DOCS.glob("*.md"))
        for part in page.read_text("utf-8").split("\n## ")
        if len(part) > 400
    ]
    modules = sorted(Path(json.__file__).parents[1].glob("[a-f]*.py"))[:44]
    held_out = sections[::3][:60]
    rows = [{"text": text, "source": "docs"} for text in sections if text not in held_out]
    rows += [{"text": path.read_text("utf-8", "replace"), "source": "modules"} for path in modules]
    target = [{"text": text} for text in held_out]
    return lines(folder / "corpus.jsonl", rows), lines(folder / "target.jsonl", target)


def read(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def written(path: Path) -> list[dict[str, Any]]:
    content = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
    return [msgspec.json.decode(line) for line in content.splitlines()]


def test_documentation_is_selected_for_documentation_and_proved(
    assay: Assay, files: tuple[Path, Path], tmp_path: Path
) -> None:
    corpus, target = files
    out, page = tmp_path / "out", tmp_path / "page.html"
    arguments = ("curate", "select", corpus, "--budget", "80kB", "--by", "importance")
    proof = ("--target", target, "--proof-tokens", "20k", "--seeds", "4")
    done = assay(*arguments, *proof, "-o", out, "--report", page)
    assert done.status == 0, done.err
    printed = " ".join(done.out.split())
    assert "The selection is better than random of equal size" in printed
    assert "49 of 66 pairs" in printed
    assert "made the selection, the other" in printed
    assert "data-fixed" in printed
    record = json.loads((out / "selection.json").read_text("utf-8"))
    docs, modules = (record["sources"][name] for name in ("docs", "modules"))
    assert docs["selected_size"] > 20 * modules["selected_size"]
    assert record["selected_size"] <= 80_000
    kept, gone = written(out / "documents-00000.jsonl.zst"), written(out / "dropped.jsonl.zst")
    assert len(kept) == record["selected_documents"] == record["documents"] - len(gone)
    places = [int(row["doc_id"].rsplit(":", 1)[1]) for row in kept]
    assert places == sorted(places)
    assert {row["reason"] for row in gone} <= set(record["dropped"])
    assert sum(record["dropped"].values()) == len(gone)
    text = page.read_text("utf-8")
    assert text.count("<svg") == 1
    assert "The selection against its rivals" in text
    assert "<script>" not in text
    again = assay(*arguments, *proof, "--json", "--work", tmp_path / "work")
    assert {**again.json, "files": record["files"]} == record
    assert list((tmp_path / "work").iterdir())


@pytest.mark.parametrize(
    "by", ["classifier", pytest.param("perplexity", marks=pytest.mark.nightly)]
)
def test_other_rankings_give_the_same_bytes_again(
    assay: Assay, files: tuple[Path, Path], tmp_path: Path, by: str
) -> None:
    corpus, target = files
    for name in ("one", "two"):
        # What a killed run has left is no reason to refuse.
        (tmp_path / f"{name}.assay-part").mkdir()
        done = assay(
            *("curate", "select", corpus, "--budget", "20k", "--by", by, "--target", target),
            *("--no-proof", "-o", tmp_path / name),
        )
        assert done.status == 0, done.err
        assert "Selected, and not proved" in done.out
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    assert not list(tmp_path.glob("*.assay-part"))


def refused(done: Any, said: str) -> None:
    assert (done.status, said in " ".join(done.err.split())) == (1, True), done.err


def test_what_is_refused_says_what_to_do(
    assay: Assay, files: tuple[Path, Path], tmp_path: Path
) -> None:
    corpus, target = files
    base = ("curate", "select", corpus, "--by", "importance")
    needed = (*base, "--target", target)
    refused(assay(*needed, "--budget", "9G", "--no-proof"), "there is nothing to select")
    refused(assay(*needed, "--budget", "lots"), "--budget is written as")
    refused(assay(*base, "--budget", "9k"), "needs a target")
    refused(assay(*base, "--budget", "9k", "--target", corpus), "is a file of the corpus")
    refused(assay(*base, "--budget", "9k", "--target", tmp_path / "no.jsonl"), "there is no file")
    empty = lines(tmp_path / "empty.jsonl", [{"text": ""}])
    refused(assay(*base, "--budget", "9k", "--target", empty), "holds no text in the field 'text'")
    refused(assay(*needed, "--budget", "9k", "--text-field", "body"), "in the field 'body'")
    few = lines(tmp_path / "few.jsonl", [{"text": f"Page {n}. " + "word " * n} for n in range(9)])
    refused(assay(*base, "--budget", "9k", "--target", few), "--no-proof")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    refused(assay(*needed, "--budget", "9k", "-o", tmp_path / "full"), "not an empty folder")
    refused(
        assay("curate", "select", corpus, "--budget", "9k", "--classifier", "none.npz"),
        "there is no classifier 'none.npz'",
    )
    refused(
        assay("curate", "select", corpus, "--budget", "9k", "--by", "value"),
        "assay curate value CORPUS",
    )
    refused(assay(*needed, "--budget", "9k", "--proxy", "own"), "--trainer")
    assert assay(*needed).status == 2
    copy = lines(tmp_path / "copy.jsonl", [json.loads(line) for line in read(target)])
    refused(
        assay("curate", "select", copy, "--budget", "1k", "--target", target, "--no-proof"),
        "overlaps_target",
    )


def test_without_a_target_it_is_selected_and_not_proved(
    assay: Assay, files: tuple[Path, Path]
) -> None:
    found = assay("curate", "select", files[0], "--budget", "20k", "--json").json
    assert found["proof"] is None
    assert "without a target" in found["why_unproved"]


def test_hostile_names_do_nothing_on_page_or_terminal(
    assay: Assay, files: tuple[Path, Path], tmp_path: Path
) -> None:
    hostile = "<script>alert(1)</script>\x1b[2J"
    rows = [json.loads(line) | {"source": hostile} for line in read(files[0])]
    corpus, page = lines(tmp_path / "corpus.jsonl", rows), tmp_path / "page.html"
    done = assay("curate", "select", corpus, "--budget", "20k", "--report", page)
    assert done.status == 0, done.err
    assert "\x1b" not in done.out
    assert "<script>alert" not in page.read_text("utf-8")


def test_a_corpus_that_changes_meanwhile_is_noticed(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    from assay.curate.select import select_files
    from assay.curate.select_budget import Budget
    from assay.curate.select_question import SelectQuestion
    from assay.curate.select_write import write_selection
    from assay.errors import BadInput

    corpus = tmp_path / "corpus.jsonl"
    content = files[0].read_text("utf-8").splitlines(keepends=True)
    corpus.write_text("".join(content), "utf-8")
    found = select_files(SelectQuestion((str(corpus),), Budget(20_000)), None)
    for changed, said in ((content[1:], "now 1"), (content + content[:1], "now more")):
        corpus.write_text("".join(changed), "utf-8")
        with pytest.raises(BadInput, match=f"the corpus has changed.*{said}"):
            write_selection(found, tmp_path / "out")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.jsonl"]
