"""Parquet, CSV and JSON arrays as documents: rows become the records that JSON Lines would have."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

from assay.curate.documents import Documents
from assay.curate.read.files import read_documents, reader_of
from assay.curate.read.raw import BLOCK_RECORDS, ReadSettings
from assay.curate.rejected import CUT_OFF, Rejected
from assay.errors import BadInput

Write = Callable[[str, str | bytes], Path]


def read(path: Path, settings: ReadSettings | None = None) -> tuple[Documents, list[Rejected]]:
    found = list(read_documents(path, settings=settings))
    docs = Documents.joined([part for part in found if isinstance(part, Documents)])
    return docs, [part for part in found if isinstance(part, Rejected)]


def parquet(path: Path, columns: dict[str, list[object]], **kinds: DataType) -> Path:
    arrays = {n: Array(v, kinds.get(n, DataType.utf8())) for n, v in columns.items()}
    write_parquet(Table.from_pydict(arrays), str(path))
    return path


def test_parquet_rows_are_documents_and_other_columns_are_kept(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "a.parquet",
        {"text": ["one", None, "three"], "doc_id": ["x", "y", "z"], "n": [1, 2, 3]},
        n=DataType.int64(),
    )
    docs, rejected = read(path)
    assert docs.text.texts() == ["one", "three"]
    assert (docs.doc_id, docs.where) == (("x", "z"), (f"{path}:1", f"{path}:3"))
    assert [json.loads(f) for f in docs.fields] == [{"n": 1}, {"n": 3}]
    assert [(r.where, r.reason) for r in rejected] == [(f"{path}:2", "the text is no string")]


def test_the_text_column_of_parquet_has_a_name(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", {"body": ["one"], "text": ["other"]})
    docs, _ = read(path, ReadSettings(text_field="body"))
    assert docs.text.texts() == ["one"]
    assert json.loads(docs.fields[0]) == {"record_text": "other"}
    docs, rejected = read(path, ReadSettings(text_field="none", records="text"))
    assert (len(docs), [r.reason for r in rejected]) == (0, ["no text field"])


def test_blocks_of_parquet_follow_from_the_file_alone(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", {"text": [f"row {n}" for n in range(4_500)]})
    reader = reader_of(path, ReadSettings())
    first, again = (list(reader.blocks(path, "")) for _ in range(2))
    assert first == again
    assert [block.first for block in first] == [1, BLOCK_RECORDS + 1, 2 * BLOCK_RECORDS + 1]
    assert sum(len(reader.parse(block).docs) for block in first) == 4_500
    assert reader.parse(first[1]).docs.doc_id[0] == "a:2001"


@pytest.mark.parametrize("cut", [10, 400, 100_000])
def test_parquet_that_is_cut_off_or_damaged_is_counted(tmp_path: Path, cut: int) -> None:
    path = parquet(tmp_path / "a.parquet", {"text": [f"row {n * n:x}" for n in range(900)]})
    data = bytearray(path.read_bytes())
    path.write_bytes(data[:-cut] if cut < len(data) else b"")
    docs, rejected = read(path)
    assert [r.reason for r in rejected] == [CUT_OFF]
    assert len(docs) == 0


def test_parquet_with_damaged_pages_keeps_what_stands_before(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", {"text": [f"row {n * n:x}" for n in range(900)]})
    data = bytearray(path.read_bytes())
    data[40:120] = b"\xff" * 80
    path.write_bytes(data)
    docs, rejected = read(path)
    assert {r.reason for r in rejected} <= {
        CUT_OFF,
        "the text is no string",
    }
    assert rejected
    assert len(docs) + len(rejected) <= 901


def test_csv_rows_are_documents(write: Write) -> None:
    path = write("a.csv", '\ufefftext,source,n\none,s,1\n"two\nlines, ""quoted""",s,2\n\n"",s,3\n')
    docs, rejected = read(path)
    assert docs.text.texts() == ["one", 'two\nlines, "quoted"']
    assert docs.where == (f"{path}:2", f"{path}:3")
    assert docs.source == ("s", "s")
    assert [json.loads(f) for f in docs.fields] == [{"n": "1"}, {"n": "2"}]
    assert [(r.where, r.reason) for r in rejected] == [(f"{path}:6", "empty text")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"a,b,c", "not as many fields as the header"),
        (b"a", "not as many fields as the header"),
        (b"a\xff,b", "not UTF-8"),
        (b'"a"b,c', "not a row of the table"),
        (b"a\0,b", "not a row of the table"),
    ],
)
def test_a_row_of_csv_that_breaks_the_rules_is_refused_alone(
    write: Write, row: bytes, reason: str
) -> None:
    path = write("a.csv", b"text,n\none,1\n" + row + b"\nthree,3\n")
    docs, rejected = read(path)
    assert docs.text.texts() == ["one", "three"]
    assert [(r.where, r.reason) for r in rejected] == [(f"{path}:3", reason)]


@pytest.mark.parametrize(
    ("name", "delimiter", "said"),
    [
        ("a.tsv", "\t", "auto"),
        ("a.csv", ";", "auto"),
        ("a.csv", "|", "pipe"),
        ("a.csv", ",", "comma"),
    ],
)
def test_delimiters_are_named_or_told(write: Write, name: str, delimiter: str, said: str) -> None:
    path = write(name, delimiter.join(("text", "n")) + "\n" + delimiter.join(("a b", "1")) + "\n")
    docs, _ = read(path, ReadSettings(delimiter=said))
    assert docs.text.texts() == ["a b"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", None),
        ("a,a\n1,2\n", "no header that names the columns"),
        ("n,m\n1,2\n", "no text field"),
    ],
)
def test_csv_without_a_header_or_a_text(write: Write, content: str, reason: str | None) -> None:
    docs, rejected = read(write("a.csv", content))
    assert len(docs) == 0
    assert [r.reason for r in rejected] == ([reason] if reason else [])


def test_a_field_of_csv_beyond_the_limit_is_not_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write(b"text,n\nbefore,1\n")
        for _ in range(64):
            file.write(b"x" * 1_000_000)
        file.write(b",2\nafter,3\n")
    tracemalloc.start()
    docs, rejected = read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 120_000_000
    assert docs.text.texts() == ["before", "after"]
    assert [(r.where, r.reason) for r in rejected] == [(f"{path}:3", "record too long")]


def test_packed_csv_that_is_cut_off_keeps_what_stands_before(write: Write) -> None:
    rows = "".join(f"text {n * n:x},{n}\n" for n in range(20_000))
    packed = gzip.compress(("text,n\n" + rows).encode())
    docs, rejected = read(write("a.csv.gz", packed[:-30]))
    assert docs.text.text(0) == "text 0"
    assert [r.reason for r in rejected] == [CUT_OFF]
    assert read(write("b.csv.gz", packed))[0].text.texts()[-1] == f"text {19_999**2:x}"


def test_json_arrays_and_lines_both_stand_in_json_files(write: Write) -> None:
    rows = [{"instruction": "Add", "input": "1 and 2", "output": "3"}, {"text": "two"}, 3]
    docs, rejected = read(write("a.json", json.dumps(rows, indent=2)))
    assert docs.text.texts() == ["Add\n\n1 and 2\n\n3", "two"]
    assert [r.reason for r in rejected] == ["not a JSON object"]
    docs, _ = read(write("b.json", '{"text": "a line"}\n{"text": "another"}\n'))
    assert docs.text.texts() == ["a line", "another"]


@pytest.mark.parametrize("rest", [', {"text": "tw', ' {"text": 2}]', ""])
def test_a_json_array_that_breaks_keeps_what_stands_before(write: Write, rest: str) -> None:
    docs, rejected = read(write("a.json", '[{"text": "one"}' + rest))
    assert docs.text.texts() == ["one"]
    assert [r.reason for r in rejected] == [CUT_OFF]


def test_an_empty_array_and_one_nested_without_end(write: Write) -> None:
    assert read(write("a.json", "[ ]"))[1] == []
    _, rejected = read(write("b.json", "[" * 200_000))
    assert [r.reason for r in rejected] == [CUT_OFF]


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.json", "a.warc", "a.html"])
def test_a_file_that_is_not_there_is_said(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(BadInput):
        list(reader_of(path, ReadSettings()).blocks(path, ""))
