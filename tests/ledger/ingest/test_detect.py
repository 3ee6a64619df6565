"""A file is told by what is in it; what nobody knows ends in a sentence with a command."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import BadInput, UnknownFormat
from assay.ledger.ingest.detect import READERS, choose_reader
from assay.ledger.ingest.mapping import parse_mapping
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.source import ReadOptions, Source

Writer = Callable[[str, str | bytes], Path]
TRACE = '{"task_id": 1, "system": "m", "output": "yes"}\n'
LONG = "x" * 100_000


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (TRACE, "assay"),
        ("rubbish\n" + TRACE, "assay"),
        (TRACE.replace("system", "model"), "jsonl"),
        (TRACE.replace("}", ', "correct": 1}'), "jsonl"),
        ('{"prompt": "' + LONG + '", "reply": "yes"}\n', "jsonl"),
        ("id,model,response\n1,m,yes\n", "csv"),
        ("id\tmodel\tresponse\n1\tm\tyes\n", "csv"),
        ("\ufeffid;model;response\n1;m;yes\n", "csv"),
        ("id,model,response\n", "csv"),
    ],
)
def test_told_by_content(write: Writer, content: str, name: str) -> None:
    assert choose_reader(Source(write("a.dat", content))).name == name
    assert choose_reader(Source(write("b.dat", gzip.compress(content.encode())))).name == name


def test_real_files(shared_data: Path) -> None:
    for file, name in (
        ("llmdrift/PRIME_FULL_EVAL.csv.gz", "csv"),
        ("zeroeval_gsm/answers.jsonl.gz", "jsonl"),
        ("fixtures/inspect/log_formats.eval", "inspect"),
        ("fixtures/inspect/log_formats.json", "inspect-json"),
        ("fixtures/lm_eval/samples_toymc_2026-11-22T16-02-53.195673.jsonl", "lm-eval"),
    ):
        assert choose_reader(Source(shared_data / file)).name == name


def test_a_mapping_makes_it_a_table(write: Writer) -> None:
    options = ReadOptions(parse_mapping("output=output"))
    assert choose_reader(Source(write("a.jsonl", TRACE)), options).name == "jsonl"
    assert choose_reader(Source(write("a.txt", "output\nyes\n")), options).name == "csv"
    assert choose_reader(Source(write("b.jsonl", "{oops\n")), options).name == "jsonl"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<!doctype html><html>", "a web page"),
        (b"[" + TRACE.encode().strip() + b"]", "a JSON array"),
        (b'{\n  "a": 1\n}\n', "no whole object on any line"),
        ("id,model\n".encode("utf-16"), "UTF-16"),
        (bytes(range(256)) * 10, "binary data"),
        (b"response\nyes\nno\n", "neither a table"),
        (b"PK\x03\x04" + bytes(100), "a zip archive"),
    ],
)
def test_unknown_files_say_what_they_look_like(write: Writer, content: bytes, what: str) -> None:
    with pytest.raises(UnknownFormat) as caught:
        choose_reader(Source(write("a.jsonl", content)))
    assert what in caught.value.message


def test_a_command_to_type_names_the_file(write: Writer) -> None:
    path = write("my runs.json", b"[1]")
    with pytest.raises(UnknownFormat) as caught:
        choose_reader(Source(path))
    assert f"'{path}'" in caught.value.next_command


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"", "empty"), (b"\n \n", "blank lines"), (gzip.compress(b"", mtime=0), "unpacked")],
)
def test_empty_files(write: Writer, content: bytes, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        choose_reader(Source(write("a.jsonl", content)))


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        choose_reader(Source(tmp_path))
    with pytest.raises(BadInput, match="there is no file"):
        choose_reader(Source(tmp_path / "none"))


def test_readers_never_raise_on_a_head() -> None:
    heads = [
        b"",
        b"{",
        b"[",
        b'"',
        b"\x00" * 100,
        b"\xff" * 100,
        b"PK\x03\x04",
        b"PAR1",
        b'{"a":' * 1000,
        b",,,\n",
        b'"\n',
    ]
    for start in heads:
        for reader in READERS:
            assert reader.recognises(Head(start, "x")) in (True, False)
