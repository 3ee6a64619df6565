"""Text files made to break a reader: each with the number of its rows that are good.

Everything here was seen in the wild or follows from how JSON, CSV, gzip and UTF-8 can go wrong.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

Write = Callable[[Path], object]


@dataclass(frozen=True)
class Hostile:
    """A file: how it is written, and what must come of it."""

    name: str
    file: str
    write: Write
    good: int = 0
    """Lines that must be accepted."""
    lines: int | None = None
    """Lines in all, where the file is read to its end."""
    whole: bool = False
    """Whether the file as a whole may be refused."""
    mapping: str = ""
    at_least: bool = False
    """Whether more than `good` may be accepted: how many stand before a cut depends on the packer."""
    big: bool = False

    def __str__(self) -> str:
        return self.name


def good(number: int = 1) -> bytes:
    """A good trace line."""
    return b'{"task_id": "t%d", "system": "m", "output": "yes"}\n' % number


GOOD_CSV = b"task_id,system,output\nt1,m,yes\n"


def _content(data: bytes) -> Write:
    return lambda path: path.write_bytes(data)


def _between(name: str, bad: bytes, *, accepted: int = 0) -> Hostile:
    """One line between two good ones."""
    return Hostile(name, "runs.jsonl", _content(good(1) + bad + b"\n" + good(2)), 2 + accepted, 3)


def all_files() -> list[Hostile]:
    """Return every file."""
    return [*_json_lines(), *_wrong_types(), *_whole_files(), *_packed(), *_tables(), *_big()]


def _json_lines() -> Iterator[Hostile]:
    row = b'{"task_id": "t", "system": "m", "output": %s}'
    values = {
        "nan": b"NaN",
        "infinity": b"Infinity",
        "minus infinity": b"-Infinity",
        "1e999": b"1e999",
        "minus 1e999": b"-1e999",
        "5000 digits": b"7" * 5000,
        "5000 digits, negative": b"-" + b"7" * 5000,
        "2^64": b"18446744073709551616",
        "2^63": b"9223372036854775808",
        "-2^63-1": b"-9223372036854775809",
        "duplicate key, nested": b'{"a": 1, "a": 2}',
        "lone high surrogate": b'"\\ud800"',
        "lone low surrogate": b'"\\udc00"',
        "surrogates in wrong order": b'"\\udc00\\ud800"',
        "surrogate as a key": b'{"\\ud800": 1}',
        "surrogate deep inside": b'[[[{"a": ["\\udfff"]}]]]',
        "depth 65 of arrays": b"[" * 64 + b"]" * 64,
        "depth 65 of objects": b'{"a":' * 64 + b"1" + b"}" * 64,
        "depth 100,000": b"[" * 100_000 + b"]" * 100_000,
        "depth 100,000, unclosed": b"[" * 100_000,
        "depth 100,000 of objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "leading zero": b"01",
        "hexadecimal": b"0x10",
        "plus sign": b"+1",
        "bare point": b".5",
        "single quotes": b"'yes'",
        "python's None": b"None",
        "python's True": b"True",
        "undefined": b"undefined",
        "comment": b'/* yes */ "yes"',
        "raw control character": b'"a\x01b"',
        "raw tab": b'"a\tb"',
        "raw NUL": b'"a\x00b"',
        "bad escape": b'"\\x41"',
        "half an escape": b'"\\u12"',
        "unclosed string": b'"yes',
        "trailing comma in array": b'["a",]',
    }
    for name, value in values.items():
        yield _between(name, row % value)
    lines = {
        "duplicate key": b'{"task_id": "t", "system": "m", "output": "a", "output": "b"}',
        "array": b'["t", "m", "yes"]',
        "string": b'"yes"',
        "number": b"42",
        "null": b"null",
        "nothing but an object": b"{}",
        "trailing comma": b'{"task_id": "t", "system": "m", "output": "yes",}',
        "two objects on a line": good(7).strip() + good(8).strip(),
        "object and rubbish": good(7).strip() + b" rubbish",
        "half an object": good(7)[:30],
        "second half of an object": good(7).strip()[20:],
        "unclosed, many quotes": b'{"a": ' + b'"\\"' * 100_000,
        "quotes without an object": b'"' * 100_001,
        "backslashes": b"\\" * 100_000,
        "NUL bytes": b"\x00" * 1000,
        "html": b"<html><body>429 Too Many Requests</body></html>",
        "a log message": b"2026-01-01 ERROR: connection reset by peer",
        "csv": b"t9,m,yes",
        "merge conflict": b"<<<<<<< HEAD",
        "terminal escapes": b"\x1b[2J\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
        "bom in the middle": b"\xef\xbb\xbf" + good(7).strip(),
        "utf-16": good(7).strip().decode().encode("utf-16-le"),
        "latin-1": '{"task_id": "t", "system": "m", "output": "é"}'.encode("latin-1"),
        "continuation byte alone": b'{"task_id": "t", "system": "m", "output": "\x80"}',
        "overlong slash": b'{"task_id": "t", "system": "m", "output": "\xc0\xaf"}',
        "overlong NUL": b'{"task_id": "t", "system": "m", "output": "\xc0\x80"}',
        "surrogate in bytes": b'{"task_id": "t", "system": "m", "output": "\xed\xa0\x80"}',
        "beyond unicode": b'{"task_id": "t", "system": "m", "output": "\xf4\x90\x80\x80"}',
        "five bytes": b'{"task_id": "t", "system": "m", "output": "\xf8\x88\x80\x80\x80"}',
        "0xff": b"\xff" * 100,
        "character cut in two": b'{"task_id": "t", "system": "m", "output": "\xe2\x82"}',
        "17 MiB": b'{"task_id": "t", "system": "m", "output": "%s"}' % (b"x" * (17 * 2**20)),
        "17 MiB of 0xff": b"\xff" * (17 * 2**20),
        "20 MiB of brackets": b"[" * (20 * 2**20),
    }
    for name, line in lines.items():
        yield _between(name, line)
    allowed = {
        "depth 64": row % (b"[" * 63 + b"]" * 63),
        "brackets in a string": row % (b'"' + b"[{" * 1000 + b'"'),
        "surrogate pair": row % b'"\\ud83d\\ude00"',
        "escaped backslash before ud800": row % b'"\\\\ud800"',
        "NUL as an escape": row % b'"\\u0000"',
        "2^63-1": row % b"9223372036854775807",
        "crlf": good(7).strip() + b"\r",
        "line separator inside": '{"task_id": "t", "system": "m", "output": "a\u2028b\u0085c"}'.encode(),
        "20,000 keys": json.dumps(
            {"task_id": "t", "system": "m", "output": "y"} | {f"k{i}": i for i in range(20_000)}
        ).encode(),
        "1 MiB": row % (b'"' + b"x" * 2**20 + b'"'),
        "right-to-left override": '{"task_id": "t", "system": "m", "output": "\u202etxt.exe"}'.encode(),
    }
    for name, line in allowed.items():
        yield _between(name, line, accepted=1)


def _wrong_types() -> Iterator[Hostile]:
    wrong: dict[str, list[object]] = {
        "trace_id": [[1], {"a": 1}, True, 1.5],
        "task_id": [[1], False, 0.5],
        "system": [[], {}, "", None, 2.5],
        "output": [None],
        "epoch": ["one", -1, 1.5, [1], True],
        "at": ["yesterday", -5, True, {}, 1e30, "2500-01-01", "1066-10-14", "2026-02-30"],
        "turn": ["first", -1],
        "latency_seconds": ["fast", -0.1, [1], "nan", "inf"],
        "prompt_tokens": [1.5, -3, "many", "1e999"],
        "completion_tokens": [{}, "NaN"],
        "cost_usd": ["free", -1, True],
        "origin": ["space", 7],
        "tags": ["x", [1], 7],
    }
    for column, values in wrong.items():
        for value in values:
            row = {"task_id": "t", "system": "m", "output": "yes", column: value}
            yield _between(f"{column} = {value!r}", json.dumps(row).encode())
    verdict = {"trace_id": "a", "judge": "j", "judge_kind": "person", "error_probability": 0}
    changes: list[dict[str, object]] = [
        {"error_probability": 2},
        {"error_probability": -0.1},
        {"error_probability": "maybe"},
        {"judge_kind": "cat"},
        {"judge_kind": None},
        {"judge": [1]},
        {"severity": 4},
        {"severity": 1.5},
        {"inclusion_probability": 3},
        {"no_such_column": 1},
        {"at": "soon"},
    ]
    for change in changes:
        yield _between(f"verdict with {change}", json.dumps(verdict | change).encode())
    yield _between(
        "verdict without probability", b'{"trace_id": "a", "judge": "j", "judge_kind": "check"}'
    )
    yield _between("good verdict", json.dumps(verdict).encode(), accepted=1)


def _whole_files() -> Iterator[Hostile]:
    def file(
        name: str, data: bytes, good: int = 0, lines: int | None = None, file: str = "runs.jsonl"
    ) -> Hostile:
        return Hostile(f"file: {name}", file, _content(data), good, lines, whole=good == 0)

    yield file("empty", b"")
    yield file("empty csv", b"", file="runs.csv")
    yield file("one newline", b"\n")
    yield file("only blanks", b" \n\t\r\n  \n" * 100)
    yield file("100 KiB of newlines", b"\n" * 100_000)
    yield file("bom alone", b"\xef\xbb\xbf")
    yield file("bom", b"\xef\xbb\xbf" + good(1) + good(2), 2, 2)
    yield file("bom and blank line", b"\xef\xbb\xbf\n" + good(2), 1, 2)
    yield file("no newline at the end", good(1) + good(2).rstrip(), 2, 2)
    yield file("crlf", good(1).replace(b"\n", b"\r\n") * 3, 3, 3)
    yield file("cr only", good(1).replace(b"\n", b"\r") * 3)
    yield file("blank lines between", good(1) + b"\n\n \t\n" + good(2), 2, 5)
    yield file("html", b"<!doctype html>\n<html><body>not found</body></html>\n" * 50)
    yield file("xml", b'<?xml version="1.0"?><a/>')
    yield file("binary junk", bytes(range(256)) * 300)
    yield file("random bytes", zlib.compress(bytes(range(256)) * 50) * 20)
    yield file("NUL bytes", bytes(100_000))
    yield file("utf-16", good(1).decode().encode("utf-16"))
    yield file("utf-16 csv", GOOD_CSV.decode().encode("utf-16"), file="runs.csv")
    yield file(
        "json array", b"[" + good(1).strip() + b"," + good(2).strip() + b"]", file="runs.json"
    )
    yield file("pretty json", json.dumps({"task_id": 1, "system": "m"}, indent=2).encode())
    yield file("one brace", b"{")
    yield file("one bracket", b"[" * 70_000)
    yield file("one quote", b'"')
    yield file("zip magic", b"PK\x03\x04" + bytes(1000), file="log.eval")
    yield file("gzip magic alone", b"\x1f\x8b", file="runs.jsonl.gz")
    yield file("zstd magic alone", b"\x28\xb5\x2f\xfd", file="runs.jsonl.zst")
    yield file("zstd magic and junk", b"\x28\xb5\x2f\xfd" + b"\xff" * 100, file="runs.jsonl.zst")
    yield file("pdf", b"%PDF-1.7\n" + bytes(range(256)), file="runs.csv")
    yield file("sqlite", b"SQLite format 3\x00" + bytes(4096), file="runs.csv")
    yield file("prose", b"Dear Sir,\n\nthank you, and good day.\n", file="runs.txt")
    yield file("good after rubbish", b"rubbish\n\x00\xff\n[1]\n" + good(1) * 2, 2, 5)
    yield file("alternating", b"".join(good(i) + b"{oops\n\n" for i in range(500)), 500, 1500)
    yield file("half of a line at the end", good(1) * 3 + good(4)[:25], 3, 4)
    yield file("10,000 different keys", b"".join(_keyed(i) for i in range(2_000)), 2_000, 2_000)


def _keyed(number: int) -> bytes:
    row = {"task_id": number, "system": "m", "output": "y"}
    return json.dumps(row | {f"key{number}-{i}": i for i in range(5)}).encode() + b"\n"


def _packed() -> Iterator[Hostile]:
    # Lines that don't pack to nothing, so that a cut leaves some of them whole.
    many = b"".join(
        b'{"task_id": "%d", "system": "m", "output": "%x"}\n' % (i, i**9) for i in range(5_000)
    )
    packed = gzip.compress(many)
    half = zlib.decompressobj(31).decompress(packed[: len(packed) // 2]).count(b"\n")

    def gz(
        name: str, data: bytes, good: int, lines: int | None = None, file: str = "runs.jsonl.gz"
    ) -> Hostile:
        return Hostile(name, file, _content(data), good, lines, whole=good == 0)

    yield gz("gzip", packed, 5_000, 5_000)
    yield gz("gzip without its name", packed, 5_000, 5_000, "runs.log")
    yield gz("gzip, cut in half", packed[: len(packed) // 2], half, half + 1)
    yield gz("gzip, last byte gone", packed[:-1], 5_000, 5_001)
    yield gz("gzip, wrong checksum", packed[:-8] + b"\0" * 8, 5_000, 5_001)
    yield gz("gzip, only the header", packed[:12], 0)
    yield gz("gzip, two members", gzip.compress(good(1)) + gzip.compress(good(2)), 2, 2)
    yield gz("gzip, rubbish behind", gzip.compress(good(1)) + b"rubbish", 1, 2)
    yield gz("gzip, zeros behind", gzip.compress(good(1)) + bytes(100), 1, 1)
    yield gz("gzip of nothing", gzip.compress(b""), 0)
    table = b"id,model,response\n" + b"".join(b'%d,m,"a\n%d"\n' % (i, i**3) for i in range(2_000))
    cut = gzip.compress(table)[:-8]
    yield Hostile("csv in gzip, cut off", "runs.csv.gz", _content(cut), 1_000, at_least=True)
    yield gz("gzip of gzip", gzip.compress(packed), 0)
    frame = zstandard.ZstdCompressor().compress(many)
    zst = "runs.jsonl.zst"
    yield Hostile("zstd", zst, _content(frame), 5_000, 5_000)
    yield Hostile("zstd, two frames", zst, _content(frame * 2), 10_000, 10_000)
    yield Hostile(
        "zstd, last byte gone", zst, _content(_streamed_zstd(many)[:-1]), 4_000, at_least=True
    )
    yield Hostile(
        "zstd, cut in half", zst, _content(frame[: len(frame) // 2]), 1_000, at_least=True
    )
    yield Hostile("zstd, rubbish behind", zst, _content(frame + b"rubbish"), 5_000, 5_001)


def _streamed_zstd(data: bytes) -> bytes:
    target = io.BytesIO()
    with zstandard.ZstdCompressor(write_checksum=True).stream_writer(
        target, closefd=False
    ) as writer:
        for start in range(0, len(data), 10_000):
            writer.write(data[start : start + 10_000])
            writer.flush(zstandard.FLUSH_BLOCK)
    return target.getvalue()


def _tables() -> Iterator[Hostile]:
    head = b"id,model,response\n"

    def table(
        name: str,
        data: bytes,
        good: int,
        lines: int | None = None,
        mapping: str = "",
        file: str = "runs.csv",
    ) -> Hostile:
        return Hostile(
            f"table: {name}", file, _content(data), good, lines, whole=good == 0, mapping=mapping
        )

    yield table("csv", head + b"1,m,yes\n2,m,no\n", 2, 2)
    yield table("csv with bom", b"\xef\xbb\xbf" + head + b"1,m,yes\n", 1, 1)
    yield table("csv with crlf", (head + b"1,m,yes\n2,m,no\n").replace(b"\n", b"\r\n"), 2, 2)
    yield table("csv with cr only", (head + b"1,m,yes\n").replace(b"\n", b"\r"), 0)
    yield table("semicolons", b"id;model;response\n1;m;1,5\n2;m;2,5\n", 2, 2)
    yield table("tabs", b"id\tmodel\tresponse\n1\tm\ta,b\n", 1, 1, file="runs.tsv")
    yield table("bars", b"id|model|response\n1|m|a,b\n", 1, 1, file="runs.txt")
    yield table("mixed delimiters", head + b"1,m,yes\n2;m;no\n3\tm\tno\n4,m,yes\n", 2, 4)
    yield table("too many fields", head + b"1,m,yes\n2,m,no,extra\n3,m,yes\n", 2, 3)
    yield table("too few fields", head + b"1,m,yes\n2,m\n3,m,yes\n", 2, 3)
    yield table("unclosed quote in the first row", head + b'1,m,"yes\n2,m,no\n3,m,yes\n', 2, 3)
    yield table("unclosed quote in the last row", head + b'1,m,yes\n2,m,no\n3,m,"yes\n', 2, 3)
    many = b"".join(b"%d,m,yes\n" % i for i in range(1_000))
    yield table("unclosed quote before 1,000 rows", head + b'0,m,"yes\n' + many, 1_000, 1_001)
    yield table(
        "unclosed quote before a quoted row", head + b'1,m,"yes\n2,m,"no, sir"\n3,m,ok\n', 2, 3
    )
    multi = head + b'1,m,"it begins\n2,m,no\n3,m, and never ends\n"\n4,m,yes\n'
    yield table("rows inside a text are text", multi, 2, 2)
    prose = head + b'1,m,yes\n2,m,"Well, I think, so.\nOr not.\nWho knows\n'
    yield table("unclosed quote before prose", prose, 1, 2)
    yield table("quote not doubled", head + b'1,m,"say "yes" now"\n2,m,no\n', 1, 2)
    yield table("quote in the middle", head + b'1,m,5" wide\n2,m,no\n', 2, 2)
    yield table("quadratic quotes", head + b"1,m,yes\n" + b'a",",x\n' * 50_000, 1)
    yield table("NUL byte", head + b"1,m,y\x00s\n2,m,no\n", 1, 2)
    yield table("NUL bytes for a row", head + b"1,m,yes\n" + b"\x00" * 50 + b"\n2,m,no\n", 2, 3)
    yield table("not utf-8", head + b"1,m,caf\xe9\n2,m,no\n", 1, 2)
    yield table("not utf-8 inside a quoted text", head + b'1,m,"a\n\xe9\nb"\n2,m,no\n', 1, 2)
    yield table("cr outside quotes", head + b"1,m,a\rb\n2,m,no\n", 1, 2)
    yield table("blank lines", head + b"\n1,m,yes\n\n\n2,m,no\n,,\n", 2, 6)
    yield table("header alone", head, 0, 0)
    yield table("no header", b"1,m,yes\n2,m,no\n", 0)
    yield table("one column", b"response\nyes\nno\n", 0)
    yield table("one column, mapped", b"response\nyes\nno\n", 0, mapping="output=response")
    yield table("column twice", b"id,model,response,response\n1,m,a,b\n", 0)
    yield table("nameless columns", b",,id,model,response\n0,0,1,m,yes\n", 1, 1)
    yield table(
        "mapped to a column that is not there", head + b"1,m,yes\n", 0, mapping="output=answr"
    )
    wide = b",".join(b"c%d" % i for i in range(10_000))
    wide_row = b",".join(b"%d" % i for i in range(10_000))
    yield table(
        "10,000 columns", head.strip() + b"," + wide + b"\n" + b"1,m,yes," + wide_row + b"\n", 1, 1
    )
    yield table("formula", head + b'1,m,"=HYPERLINK(""http://evil.example"",""x"")"\n', 1, 1)
    yield table(
        "right or wrong, unreadable",
        b"id,model,response,c\n1,m,a,1\n2,m,b,perhaps\n",
        1,
        2,
        "right=c",
    )
    yield table("right or wrong, blank", b"id,model,response,c\n1,m,a,1\n2,m,b,\n", 2, 2, "right=c")
    yield table(
        "right or wrong, out of range", b"id,model,response,c\n1,m,a,7\n2,m,b,0\n", 1, 2, "right=c"
    )
    yield table(
        "field of 17 MiB", head + b'1,m,"' + (b"x" * 1_000 + b"\n") * 18_000 + b'"\n2,m,no\n', 1
    )
    yield table(
        "dates of both kinds", b"id,model,response,at\n1,m,a,13/01/2026\n2,m,b,01/13/2026\n", 2, 2
    )
    yield from _parquet()


def _parquet() -> Iterator[Hostile]:
    whole = _parquet_bytes()

    def damaged(name: str, data: bytes) -> Hostile:
        return Hostile(f"parquet, {name}", "runs.parquet", _content(data), whole=True)

    yield Hostile("parquet", "runs.parquet", _content(whole), 3, 4)
    yield damaged("magic alone", b"PAR1")
    yield damaged("magic twice", b"PAR1PAR1")
    yield damaged("zeros", b"PAR1" + bytes(100) + b"PAR1")
    yield damaged("footer gone", whole[:-10])
    yield damaged("cut in half", whole[: len(whole) // 2])
    yield damaged("footer of ones", whole[:-200] + b"\xff" * 192 + whole[-8:])
    yield damaged("long footer", whole[:-8] + b"\xff\xff\xff\x7fPAR1")
    yield damaged("data of ones", b"PAR1" + b"\xff" * 60 + whole[64:])
    yield damaged("packed again", gzip.compress(whole))


def _parquet_bytes() -> bytes:
    from arro3.core import Array, DataType, Table
    from arro3.io import write_parquet

    table = Table.from_pydict(
        {
            "id": Array([1.0, 2.0, None, 4.0], type=DataType.float64()),
            "model": Array(["m", "m", None, "m"], type=DataType.string()),
            "response": Array(["yes", "no", None, ""], type=DataType.string()),
            "latency": Array([0.5, float("nan"), None, 1.5], type=DataType.float64()),
        }
    )
    target = io.BytesIO()
    write_parquet(table, target)
    return target.getvalue()


def _big() -> Iterator[Hostile]:
    def sparse(path: Path) -> None:
        with path.open("wb") as file:
            file.write(good(1))
            file.seek(10**9, os.SEEK_CUR)
            file.write(b"\n" + good(2))

    def gzipped(megabytes: int) -> Write:
        def write(path: Path) -> None:
            member = gzip.compress(b"x" * 10**6, 1)
            path.write_bytes(
                gzip.compress(good(1)) + member * megabytes + gzip.compress(b"\n" + good(2))
            )

        return write

    def zstd_bomb(path: Path) -> None:
        member = zstandard.ZstdCompressor().compress(bytes(10**8))
        path.write_bytes(zstandard.ZstdCompressor().compress(good(1)) + member * 30)

    yield Hostile("1 GB line", "runs.jsonl", sparse, 2, 3, big=True)
    yield Hostile("1 GB line in gzip", "runs.jsonl.gz", gzipped(1_000), 2, 3, big=True)
    yield Hostile("gzip bomb of 3 GB", "runs.jsonl.gz", gzipped(3_000), 1, whole=True, big=True)
    yield Hostile("zstd bomb of 3 GB", "runs.jsonl.zst", zstd_bomb, 1, whole=True, big=True)
