from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.report.page_file import check_page_place, write_html

PAGE = "<!doctype html>\n<title>A page</title>\n"


def test_a_page_takes_the_place_of_a_page_and_of_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert write_html(page, PAGE) == len(PAGE)
    page.chmod(0o640)
    write_html(page, PAGE.upper())
    assert (page.read_text(), page.stat().st_mode & 0o777) == (PAGE.upper(), 0o640)
    write_html(page, PAGE)
    log = tmp_path / "log.jsonl"
    log.write_text('{"a": 1}\n')
    link = tmp_path / "link.html"
    link.symlink_to(log)
    for lost in (log, link):
        with pytest.raises(BadInput, match="is no page: it would be lost"):
            write_html(lost, PAGE)
    assert log.read_text() == '{"a": 1}\n'
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "link.html",
        "log.jsonl",
        "page.html",
    ]


def test_an_empty_file_is_nothing_lost(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.touch()
    write_html(page, PAGE)
    assert page.read_text() == PAGE


def test_no_page_is_put_into_a_ledger(tmp_path: Path) -> None:
    ledger = tmp_path / "runs.ledger"
    (ledger / "traces").mkdir(parents=True)
    (ledger / "assay.json").write_text("{}")
    for place in (ledger / "assay.json", ledger / "page.html", ledger / "traces" / "page.html"):
        with pytest.raises(BadInput, match="lies inside the ledger"):
            write_html(place, PAGE)
    with pytest.raises(BadInput, match="is a folder"):
        write_html(ledger, PAGE)
    assert (ledger / "assay.json").read_text() == "{}"


def test_a_page_that_does_not_fit_leaves_the_one_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.html"
    write_html(page, PAGE)

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match="No space left"):
        write_html(page, PAGE * 100)
    assert page.read_text() == PAGE
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_places_that_can_be_no_file_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="File name too long"):
        check_page_place(tmp_path / ("n" * 300))
    with pytest.raises(BadInput, match="there is no folder"):
        check_page_place(tmp_path / "nowhere" / "page.html")


def test_a_pipe_gets_the_page(tmp_path: Path) -> None:
    read, written = os.pipe()
    try:
        assert write_html(Path(f"/dev/fd/{written}"), PAGE) == len(PAGE)
        assert os.read(read, 1_000).decode() == PAGE
    finally:
        os.close(read)
        os.close(written)


def test_a_lone_surrogate_does_not_stop_a_page(tmp_path: Path) -> None:
    write_html(tmp_path / "page.html", PAGE + "\ud800")
    assert (tmp_path / "page.html").read_text() == PAGE + "\\ud800"
