"""What `assay curate value` and `select` refuse before they work: options without use, pages with no place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Assay = Callable[..., Any]

TRAIN = ("classifier", "train", "--like", "a.jsonl", "--unlike", "b.jsonl")
VALUE, SELECT = ("value", "c.jsonl", "--target", "t.jsonl"), ("select", "c.jsonl", "--budget", "9k")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*VALUE, "--rules", "c4"), "--rules has a use only with --by filter"),
        ((*VALUE, "--quality-field", "q"), "--quality-field has a use only with --by quality"),
        ((*SELECT, "--measured", "v.json"), "--measured has a use only with --by value"),
        (
            (*SELECT, "--by", "value", "--classifier", "x"),
            "--classifier has a use only with --by classifier",
        ),
        ((*SELECT, "--no-proof", "--seeds", "5"), "--seeds has a use only with --proof"),
        ((*SELECT, "--no-proof", "--proxy", "word"), "--proxy has a use only with --proof"),
    ],
)
def test_options_that_would_change_nothing_are_wrong_usage(
    assay: Assay, arguments: tuple[str, ...], said: str
) -> None:
    done = assay("curate", *arguments)
    assert (done.status, said in done.err) == (2, True), done.err


@pytest.mark.parametrize(("base", "option"), [(VALUE, "-o"), (SELECT, "--report"), (TRAIN, "-o")])
def test_a_file_with_no_place_is_refused_before_anything_is_read(
    assay: Assay, tmp_path: Path, base: tuple[str, ...], option: str
) -> None:
    done = assay("curate", *base, option, tmp_path / "none" / "p.html")
    assert (done.status, f"there is no folder {tmp_path / 'none'}" in done.err) == (1, True)
    assert "mkdir -p" in done.err
    done = assay("curate", *base, option, tmp_path)
    assert (done.status, "is a folder" in done.err) == (1, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--proof-tokens", "10MB"), "--proof-tokens is a number of tokens, got '10MB'"),
        (("--proof-tokens", "x"), "--proof-tokens is written as"),
        (("--confidence", "95"), "confidence must be in [0.5, 1), got 95.0\n"),
        (("--most-of-source", "nan"), "most_of_source must be above 0 and at most 1, got nan"),
    ],
)
def test_values_out_of_range_are_named_alone(
    assay: Assay, options: tuple[str, ...], said: str
) -> None:
    done = assay("curate", *SELECT, *options)
    assert (done.status, said in done.err) == (1, True), done.err
    assert "Settings(" not in done.err


def test_a_share_out_of_range_is_named_alone(assay: Assay) -> None:
    done = assay("curate", *VALUE, "--share", "2")
    assert (done.status, done.err) == (1, "assay: share must be in (0, 0.5], got 2.0\n")


def test_a_file_in_another_encoding_is_told_how_to_be_read(assay: Assay, tmp_path: Path) -> None:
    corpus = tmp_path / "c.jsonl"
    corpus.write_bytes('{"text": "some words"}\n'.encode("utf-16"))
    done = assay("curate", "run", corpus, "-o", tmp_path / "out", "--workers", "1")
    said = " ".join(done.out.split())
    assert "not UTF-8: byte 0xff at column 1. Write the file as UTF-8 first: iconv" in said
