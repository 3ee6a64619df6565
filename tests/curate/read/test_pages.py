"""Web archives, pages and plain texts as documents; a hostile page costs itself and no other."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from assay.curate.documents import Documents
from assay.curate.read.files import inputs_of, read_documents, reader_of
from assay.curate.read.html_text import decoded
from assay.curate.read.page_text import MOST_TAGS, page_text
from assay.curate.read.raw import ReadSettings
from assay.curate.rejected import CUT_OFF, Rejected
from assay.curate.run_inputs import fingerprints, split_inputs
from assay.errors import BadInput

pytest.importorskip("trafilatura", reason="needs the extra [curate]")
pytest.importorskip("fastwarc", reason="needs the extra [curate]")

SENTENCE = (
    "The committee will meet on Thursday to decide what should be done about the old bridge. "
)
UNPACKED = "page could not be unpacked"
FRAME = (
    "<nav><a href=/>Home</a> <a href=/shop>Shop</a> <a href=/login>Log in to your account</a></nav>",
    "<aside>Subscribe to our newsletter now</aside><footer>Imprint, cookies, terms of use</footer>",
)


def page(title: str, sentence: str = SENTENCE) -> str:
    paragraphs = "".join(f"<p>{sentence * 2}{title} {n}.</p>" for n in range(4))
    return (
        f"<html><head><title>{title}</title><script>var tracking = 1</script></head><body>{FRAME[0]}"
        f"<article><h1>{title}</h1>{paragraphs}</article>{FRAME[1]}</body></html>"
    )


def record(
    body: bytes,
    content_type: str = "text/html",
    *,
    status: str = "200 OK",
    kind: str = "response",
    head: str = "",
) -> bytes:
    if kind == "response":
        body = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{head}\r\n".encode() + body
        content_type = "application/http; msgtype=response"
    start = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://example.org/a\r\n"
        f"WARC-Date: 2026-01-01T00:00:00Z\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return start.encode() + body + b"\r\n\r\n"


def read(path: Path, settings: ReadSettings | None = None) -> tuple[Documents, list[Rejected]]:
    found = list(read_documents(path, settings=settings))
    docs = Documents.joined([part for part in found if isinstance(part, Documents)])
    return docs, [part for part in found if isinstance(part, Rejected)]


def test_pages_of_an_archive_are_read_and_what_is_none_is_counted(tmp_path: Path) -> None:
    records = [
        record(page("One").encode()),
        record(page("Zwei", "Über die alte Brücke wird am Donnerstag entschieden. ").encode("latin-1"),
               "text/html; charset=ISO-8859-1"),
        record(b"gone", status="404 Not Found"),
        record(b"\x89PNG", "image/png"),
        record(b"robots: classic", "application/warc-fields", kind="metadata"),
        record(b"A text of a WET file.", "text/plain", kind="conversion"),
        record(b"<html></html>"),
        record(gzip.compress(page("Packed").encode()), head="Content-Encoding: gzip\r\n"),
        record(b"\x1f\x8bno gzip at all", head="Content-Encoding: gzip\r\n"),
        record(b"GET / HTTP/1.1\r\n\r\n", "application/http; msgtype=request", kind="request"),
        record(b"a\xffb", "text/plain", kind="conversion"),
        record(b"<p>" + b"x" * 50_000),
    ]  # fmt: skip
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(b"".join(map(gzip.compress, records)))
    docs, rejected = read(path, ReadSettings(max_page_bytes=40_000))
    assert [text.partition("\n")[0] for text in docs.text.texts()] == [
        "One", "Zwei", "A text of a WET file.", "Packed",
    ]  # fmt: skip
    assert "Über die alte Brücke" in docs.text.text(1)
    for frame in ("newsletter", "Log in", "cookies", "tracking"):
        assert frame not in docs.text.text(0)
    assert docs.source == ("crawl",) * 4
    assert docs.doc_id[:2] == ("crawl:1", "crawl:2")
    assert json.loads(docs.fields[0]) == {
        "url": "http://example.org/a",
        "date": "2026-01-01T00:00:00Z",
    }
    assert sorted((r.reason, r.detail * (r.reason != UNPACKED)) for r in rejected) == [
        ("no text extracted", ""),
        ("not UTF-8", "byte 0xff in line 1"),
        ("not a page that was delivered", "HTTP status 404"),
        ("not a web page or a text", "image/png"),
        (UNPACKED, ""),
        ("page too large", "more than 40,000 bytes"),
    ]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("cut", [0, 90, 700])
def test_an_archive_that_is_cut_off_keeps_what_stands_before(
    tmp_path: Path, packed: bool, cut: int
) -> None:
    records = [
        record(b"A plain text, %d." % n * 20, "text/plain", kind="conversion") for n in range(9)
    ]
    whole = b"".join(map(gzip.compress, records)) if packed else b"".join(records)
    path = tmp_path / ("a.wet.gz" if packed else "a.wet")
    path.write_bytes(whole[: len(whole) - cut])
    docs, rejected = read(path)
    assert docs.text.text(0).startswith("A plain text, 0.")
    assert {r.reason for r in rejected} == ({CUT_OFF} if cut else set())
    assert len(docs) == 9 if not cut else 4 <= len(docs) < 9


@pytest.mark.parametrize("content", [b"\0garbage" * 500, b"<html>no archive"])
def test_what_is_no_archive_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(content)
    docs, rejected = read(path)
    assert (len(docs), [r.reason for r in rejected]) == (0, [CUT_OFF])


def test_an_empty_archive_has_no_documents(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(b"")
    assert list(read_documents(path)) == []


@pytest.mark.parametrize(
    ("hostile", "seconds", "reason"),
    [
        (
            "<p " + " ".join(f"a{n}=x" for n in range(40_000)) + ">" + SENTENCE,
            0.5,
            "page took too long",
        ),
        ("<p>x" * (MOST_TAGS + 1), 60, "page too large"),
        ("<div>" * 90_000 + SENTENCE, 60, "no text extracted"),
    ],
)
def test_a_hostile_page_is_given_up_and_the_next_is_read(
    hostile: str, seconds: float, reason: str
) -> None:
    settings = ReadSettings(page_seconds=seconds)
    assert page_text(hostile, settings).reason == reason
    assert page_text(page("After"), ReadSettings()).text.startswith("After")


def test_tables_are_text_or_not() -> None:
    table = "<table><tr><th>Place</th><th>Depth</th></tr><tr><td>Harbour</td><td>12 metres</td></tr></table>"
    whole = page("Title").replace("</article>", f"{table}</article>")
    assert "Harbour" in page_text(whole, ReadSettings()).text
    assert "Harbour" not in page_text(whole, ReadSettings(page_tables=False)).text


@pytest.mark.parametrize(
    ("content", "named", "text"),
    [
        ("é".encode(), None, "é"),
        ("é".encode("latin-1"), None, "é"),
        ("é".encode("latin-1"), "iso-8859-1", "é"),
        (b'<meta charset="windows-1251">\xe6', None, '<meta charset="windows-1251">ж'),
        ("\ufeffé".encode("utf-16-le"), None, "é"),
        ("日本".encode("shift_jis"), "Shift_JIS", "日本"),
        (b"a", "rot13", "a"),
        (b"a", "zlib_codec", "a"),
        (b"a", "punycode", "a"),
        (b"a", "no\0such", "a"),
        ("é".encode() * 200 + b"\xff", None, "é" * 200 + "\ufffd"),
    ],
)
def test_characters_of_a_page(content: bytes, named: str | None, text: str) -> None:
    assert decoded(content, named).text == text


def test_a_folder_of_pages_and_texts_is_one_input(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "b.html").write_text(page("Beta"))
    (folder / "a.txt").write_bytes(b"\xef\xbb\xbfplain words")
    (folder / "deep" / "c.md").write_text("# Heading")
    (folder / "deep" / "empty.txt").write_text(" \n")
    (folder / "deep" / "bad.rst").write_bytes(b"one\ntw\xffo")
    (folder / "left.pdf").write_bytes(b"%PDF")
    (given,) = inputs_of([str(folder)])
    assert given.path == folder
    docs, rejected = read(folder)
    assert docs.doc_id == ("a.txt", "b.html", "deep/c.md")
    assert docs.source == ("notes",) * 3
    assert docs.text.text(0) == "plain words"
    assert [(r.where, r.reason) for r in rejected] == [
        (f"{folder}/deep/bad.rst:1", "not UTF-8"),
        (f"{folder}/deep/empty.txt:1", "empty text"),
    ]


def test_a_run_knows_a_folder_by_names_and_contents(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"words of {name}")
    inputs = inputs_of([f"mine={tmp_path}"])
    (before,) = fingerprints(inputs, lambda *_: None)
    assert before.bytes == 2 * len("words of a.txt")
    (split,) = split_inputs(inputs, ReadSettings())
    parsed = reader_of(Path(split.block.path), ReadSettings()).parse(split.block)
    assert (parsed.docs.doc_id, parsed.docs.source) == (("a.txt", "b.txt"), ("mine", "mine"))
    assert split.share == 1.0
    (tmp_path / "a.txt").rename(tmp_path / "c.txt")
    (after,) = fingerprints(inputs, lambda *_: None)
    assert after.sha256 != before.sha256


def test_notes_beside_records_are_no_documents(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n')
    assert [each.path.name for each in inputs_of([str(tmp_path)])] == ["a.jsonl"]
    (tmp_path / "deep").mkdir()
    with pytest.raises(BadInput, match="no file in the folder"):
        inputs_of([str(tmp_path / "deep")])


def test_a_large_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 100_000)
    docs, rejected = read(path, ReadSettings(max_record_bytes=10_000))
    assert (len(docs), rejected[0].reason) == (0, "record too long")


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (b"3\r\n<p>\r\n%x\r\n%b\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n"),
        (b"%b", "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n"),
    ],
)
def test_content_is_read_as_it_was_sent_or_as_the_archive_unpacked_it(
    tmp_path: Path, body: bytes, head: str
) -> None:
    whole = page("Chunked").encode()
    sent = body % ((len(whole), whole) if body.count(b"%") == 2 else (whole,))
    path = tmp_path / "a.warc"
    path.write_bytes(record(sent, head=head))
    docs, rejected = read(path)
    assert (docs.text.text(0).partition("\n")[0], rejected) == ("Chunked", [])
