"""JSON Lines as documents: what is no document is counted with its place and its reason, and never a crash."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from assay.curate.documents import Documents
from assay.curate.read.files import inputs_of, read_documents, reader_of
from assay.curate.read.jsonl import JsonLines
from assay.curate.read.raw import BLOCK_RECORDS, RawBlock, ReadSettings, drawn
from assay.curate.rejected import CUT_OFF, Rejected
from assay.errors import BadInput, UnknownFormat

Write = Callable[[str, str | bytes], Path]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


def read(
    path: Path, settings: ReadSettings | None = None
) -> tuple[list[Documents], list[Rejected]]:
    found = list(read_documents(path, settings=settings))
    return (
        [part for part in found if isinstance(part, Documents)],
        [part for part in found if isinstance(part, Rejected)],
    )


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b"not json", "not a JSON object", "must begin with {"),
        (b'["a"]', "not a JSON object", "got an array"),
        (b'{"text": "cut', "not a JSON object", "the line ends inside the object"),
        (b'{"text": NaN}', "not a JSON object", "NaN"),
        (b'{"text": "\\ud800", "x": NaN}', "not a JSON object", "NaN"),
        (b'{"title": "x", "body": "y"}', "no text field", '"title", "body"'),
        (b"{}", "no text field", "no fields"),
        (b'{"text": 3}', "the text is no string", "a number"),
        (b'{"text": null}', "the text is no string", "null"),
        (b'{"text": " \\n "}', "empty text", ""),
        (b'{"text": "a\xff"}', "not UTF-8", "byte 0xff at column 12"),
        (b"[" * 100_000, "not a JSON object", "nested deeper"),
        (b'{"a":' * 5_000, "not a JSON object", "nested deeper"),
    ],
)
def test_what_is_no_document_is_counted_with_its_place(
    write: Write, line: bytes, reason: str, detail: str
) -> None:
    path = write("a.jsonl", b'{"text": "one"}\n' + line + b'\n{"text": "three"}\n')
    docs, rejected = read(path)
    assert docs[0].text.texts() == ["one", "three"]
    assert docs[0].where == (f"{path}:1", f"{path}:3")
    assert [(r.where, r.reason) for r in rejected] == [(f"{path}:2", reason)]
    assert detail in rejected[0].detail


@given(
    st.lists(st.fixed_dictionaries({"text": TEXT}, optional={"doc_id": TEXT, "n": st.integers()}))
)
def test_every_record_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    path = tmp_path_factory.mktemp("in") / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\r\n" for row in rows), "utf-8")
    docs, rejected = read(path)
    assert not rejected
    whole = Documents.joined(docs)
    assert whole.text.texts() == [row["text"] for row in rows]
    assert list(whole.doc_id) == [row.get("doc_id", f"a:{n}") for n, row in enumerate(rows, 1)]
    assert [json.loads(f or "{}") for f in whole.fields] == [
        {"n": row["n"]} if "n" in row else {} for row in rows
    ]


def test_lone_surrogates_become_replacement_characters_and_are_counted(write: Write) -> None:
    path = write("a.jsonl", b'{"text": "a\\ud800b"}\n{"text": "\\ud83d\\ude00"}\n')
    reader = JsonLines()
    parsed = reader.parse(next(iter(reader.blocks(path))))
    assert parsed.docs.text.texts() == ["a\ufffdb", "😀"]
    assert parsed.repaired == 1


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize("cut", [0, 20])
def test_a_packed_file_that_is_cut_off_keeps_what_stands_before(
    write: Write, pack: Callable[[bytes], bytes], cut: int
) -> None:
    lines = b"".join(
        b'{"text": "%d %s"}\n' % (n, bytes(f"{n * n:x}", "ascii")) for n in range(30_000)
    )
    packed = pack(lines)
    docs, rejected = read(write("a.jsonl.gz", packed[: len(packed) - cut]))
    whole = Documents.joined(docs)
    assert whole.text.texts()[:2] == ["0 0", "1 1"]
    if cut:
        assert [r.reason for r in rejected] == [CUT_OFF]
    else:
        assert (len(whole), rejected) == (30_000, [])


def test_a_line_beyond_the_limit_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "before"}\n{"text": "')
        for _ in range(64):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n{"text": "after"}\n')
    tracemalloc.start()
    docs, rejected = read(path, ReadSettings(max_record_bytes=2_000_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16_000_000
    assert [text for part in docs for text in part.text.texts()] == ["before", "after"]
    assert docs[-1].where == (f"{path}:3",)
    assert [(r.where, r.reason) for r in rejected] == [(f"{path}:2", "record too long")]
    assert "64,000,013 bytes of at most 2,000,000" in rejected[0].detail


def test_a_bomb_ends_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.ledger.ingest.source.UNPACKED_FREE_BYTES", 2**20)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "' + b"x" * 20_000_000 + b'"}\n'))
    _, rejected = read(path)
    assert "looks like a bomb" in rejected[0].detail


def test_blocks_follow_from_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "x"}\n\n' * (BLOCK_RECORDS + 10))
    settings = ReadSettings()
    first, again = (list(reader_of(path, settings).blocks(path, "")) for _ in range(2))
    assert first == again
    assert [(block.index, block.first) for block in first] == [(0, 1), (1, 2_001), (2, 4_001)]
    assert b"".join(block.payload for block in first) == path.read_bytes()


def test_chat_and_instructions_are_flattened_by_a_rule_with_a_name(write: Write) -> None:
    rows: list[dict[str, object]] = [
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}]},
        {
            "conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}],
            "id": 3,
        },
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image"}]}
            ]
        },
        {"instruction": "Add", "input": "", "output": "3"},
        {"prompt": "P", "completion": "C"},
        {"messages": "no turns"},
        {"messages": []},
    ]
    docs, rejected = read(write("a.jsonl", "".join(json.dumps(row) + "\n" for row in rows)))
    assert docs[0].text.texts() == [
        "user: Hi\n\nassistant: Yes?",
        "human: Q\n\ngpt: A",
        "user: a",
        "Add\n\n3",
        "P\n\nC",
    ]
    assert json.loads(docs[0].fields[1]) == rows[1]
    assert [r.reason for r in rejected] == ["no text field", "empty text"]


def test_names_of_fields_can_be_said_and_none_is_lost(write: Write) -> None:
    path = write("a.jsonl", '{"id": 7, "content": "words", "text": "other", "set": "web"}\n')
    settings = ReadSettings(text_field="content", id_field="id", source_field="set")
    docs, _ = read(path, settings)
    assert (docs[0].doc_id, docs[0].text.texts(), docs[0].source) == (("7",), ["words"], ("web",))
    assert json.loads(docs[0].fields[0]) == {"record_text": "other"}


def test_a_name_that_a_person_gave_is_the_source(write: Write) -> None:
    path = write("a.jsonl", '{"text": "x", "source": "other"}\n')
    (docs,) = read_documents(path, source="mine")
    assert isinstance(docs, Documents)
    assert docs.source == ("mine",)


def test_a_sample_is_drawn_by_number() -> None:
    assert all(drawn(number, 1.0) for number in range(100))
    lines = b"".join(b'{"text": "%d"}\n' % number for number in range(1, 1_001))
    parsed = JsonLines().parse(RawBlock("a.jsonl", "", 0, 1, lines), 0.2)
    assert parsed.docs.text.texts() == [str(n) for n in range(1, 1_001) if drawn(n, 0.2)]


def test_inputs_are_files_folders_and_names(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl.gz", "c.txt"):
        (tmp_path / name).write_text("{}")
    found = inputs_of([f"web={tmp_path}"])
    assert [(each.path.name, each.source) for each in found] == [
        ("a.jsonl.gz", "web"),
        ("b.jsonl", "web"),
    ]
    odd = tmp_path / "x=y.jsonl"
    odd.write_text("{}")
    assert inputs_of([str(odd)])[0].source == ""
    with pytest.raises(BadInput, match="named twice"):
        inputs_of([str(tmp_path), str(tmp_path / "b.jsonl")])
    with pytest.raises(BadInput, match="there is no file"):
        inputs_of([str(tmp_path / "none.jsonl")])
    with pytest.raises(BadInput, match="pipe or a device"):
        inputs_of(["/dev/null"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="no file in the folder"):
        inputs_of([str(tmp_path / "empty")])
    with pytest.raises(UnknownFormat, match=r"ends with \.pdf"):
        reader_of(tmp_path / "c.pdf", ReadSettings())
