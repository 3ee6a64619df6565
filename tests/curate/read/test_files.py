"""Which files stand behind what a person named."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.curate.read.files import inputs_of
from assay.errors import BadInput

WRITTEN = ("run.json", "datasheet.json", "dropped.jsonl.zst", "rejected.jsonl.zst", "report.html")


def folder(path: Path, *names: str) -> Path:
    path.mkdir()
    for name in names:
        (path / name).write_bytes(b"")
    return path


def names(path: Path) -> list[str]:
    return [each.path.name for each in inputs_of([str(path)])]


def test_of_a_folder_that_a_run_wrote_only_the_documents_are_read(tmp_path: Path) -> None:
    kept = ("documents-00000.jsonl.zst", "documents-00001.jsonl.zst")
    run = folder(tmp_path / "clean", *WRITTEN, *kept)
    assert names(run) == list(kept)
    selection = folder(tmp_path / "s", "selection.json", "dropped.jsonl.zst", kept[0])
    assert names(selection) == [kept[0]]
    # Named itself, what was dropped is read; and beside others' files a folder of Assay's is what it is.
    assert names(run / "dropped.jsonl.zst") == ["dropped.jsonl.zst"]
    (tmp_path / "web.jsonl").write_bytes(b"")
    assert names(tmp_path) == [*kept, kept[0], "web.jsonl"]
    # A folder of a person's own with a file of that name is none.
    own = folder(tmp_path / "own", "run.json", "a.jsonl")
    assert names(own) == ["a.jsonl", "run.json"]


def test_a_run_that_kept_nothing_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="written by a run that kept no document"):
        inputs_of([str(folder(tmp_path / "clean", *WRITTEN))])
