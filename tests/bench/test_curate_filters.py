"""The corpus is built the same twice, and what datatrove decides itself is what was kept of it."""

from __future__ import annotations

import gzip
import json
import os
import struct
from pathlib import Path

import pytest

import corpus
import curate_filters
import curate_rival

GOLDEN = Path(__file__).parent.parent / "golden"
PAGE = r"""'\" t
.\" a comment
.TH LS 1 "September 2022"
.SH NAME
ls \- list directory contents
.SH DESCRIPTION
.PP
List information about the
.B FILEs
(the current directory by default).
.de XX
hidden
..
.TP
\fB\-a\fR, \fB\-\-all\fR
do not ignore entries starting with \(aq.\(aq
"""


def test_a_manual_page_without_its_macros() -> None:
    assert corpus.manual_page(PAGE.encode()) == (
        "NAME\nls - list directory contents\n\nDESCRIPTION\n"
        "List information about the FILEs (the current directory by default).\n\n"
        "-a, --all do not ignore entries starting with '.'"
    )


def test_a_web_page_without_its_tags() -> None:
    page = b"<head><title>x</title></head><p>One &amp; <b>two</b>.</p><script>no</script><li>three"
    assert corpus.web_page(page) == "One & two.\nthree"


def test_translations_of_a_catalogue() -> None:
    pairs = [("", "Content-Type: text/plain; charset=UTF-8\n"), ("yes", "oui"), ("no", "non")]
    ids, strings = zip(*sorted(pairs), strict=True)
    data = catalogue(list(ids), list(strings))
    assert corpus.catalogue(data) == "non\noui"
    assert corpus.catalogue(b"something else") == ""


def catalogue(ids: list[str], strings: list[str]) -> bytes:
    head = 28
    tables = 16 * len(ids)
    body, entries = b"", []
    for part in [*ids, *strings]:
        raw = part.encode()
        entries.append((len(raw), head + tables + len(body)))
        body += raw + b"\0"
    packed = b"".join(struct.pack("<2I", *entry) for entry in entries)
    start = struct.pack("<7I", 0x950412DE, 0, len(ids), head, head + 8 * len(ids), 0, 0)
    return start + packed + body


def test_the_same_seed_builds_the_same_corpus_and_a_small_one_begins_a_large_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = tmp_path / "share"
    texts.mkdir()
    for number in range(30):
        said = (
            f"Paragraph {number} of some length, so that it is not left out as too short a one: it goes on.\n\n"
            * 8
        )
        with gzip.open(texts / f"changelog.{number}.gz", "wt") as file:
            file.write(said)
        (texts / f"copyright{number}").write_text(said)
    sources = tuple(
        corpus.Source(name, share, (str(texts),), accepts, corpus.plain)
        for name, share, accepts in (
            ("changelog", 2, lambda path: path.endswith(".gz")),
            ("licence", 1, lambda path: "copyright" in path),
        )
    )
    monkeypatch.setattr(corpus, "SOURCES", sources)
    build = {name: tmp_path / f"{name}.jsonl" for name in ("one", "two", "other", "small", "big")}
    for name, megabytes, seed in (
        ("one", 0.01, 3), ("two", 0.01, 3), ("other", 0.01, 4), ("small", 0.004, 3), ("big", 0.1, 3),
    ):  # fmt: skip
        corpus.build(build[name], megabytes=megabytes, seed=seed)
    one = build["one"].read_bytes()
    assert one == build["two"].read_bytes() != build["other"].read_bytes()
    assert one.startswith(build["small"].read_bytes())
    about = json.loads((tmp_path / "big.jsonl.meta.json").read_text())
    assert about["found_megabytes"] < 0.1 <= about["megabytes"]
    assert about["sources"]["recombined"]["documents"] > 0
    rows = [json.loads(line) for line in build["big"].read_text().splitlines()]
    assert len({row["doc_id"] for row in rows}) == len(rows)


def test_each_rule_is_asked_for_alone() -> None:
    groups = curate_filters.rule_groups()
    assert len(groups) == len(curate_rival.ALONE)
    for group, (_, options) in zip(groups, curate_rival.ALONE, strict=True):
        given = {value for value in options.values() if isinstance(value, float | int)}
        pairs = [pair for value in options.values() if isinstance(value, tuple) for pair in value]
        asked = group[0].threshold
        if asked:
            assert asked in given | {share for _, share in pairs}


@pytest.mark.nightly
@pytest.mark.parametrize("way", curate_filters.WAYS)
def test_datatrove_itself_still_decides_so(way: str, tmp_path: Path) -> None:
    folder = os.environ.get("ASSAY_RIVALS")
    python = Path(folder or "") / "datatrove" / "bin" / "python"
    if not folder or not python.exists():
        pytest.skip(
            "datatrove is not installed: bench/curate_filters.py --install, then ASSAY_RIVALS=FOLDER"
        )
    out = tmp_path / "decisions.jsonl"
    asked = ["--rules", str(out), "--words", way]
    curate_filters._worker(python, GOLDEN / "curate_rule_texts.jsonl", None, *asked)
    assert out.read_text() == (GOLDEN / f"curate_rule_decisions_{way}.jsonl").read_text()
