"""Archives and logs that are broken or meant to do harm, each made by a small function.

`CASES` are the hostile files: what must still be read of each, and whether it may be refused as a whole.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import zstandard

from ledger.ingest.archive_bytes import (
    DEFLATED,
    STORED,
    UTF8,
    ZSTANDARD,
    Member,
    archive,
    as_json,
    end_record,
    header,
    log,
    sample,
    sample_member,
)

TWO_GIB = 2**31


def deflate_bomb(size: int) -> bytes:
    """Return a deflated stream of zeros that unpacks to so many bytes, made without packing them all."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (size // 2**20) + packer.flush()


def zstandard_bomb(size: int) -> bytes:
    """Return Zstandard frames of zeros that unpack to so many bytes."""
    frame = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(2**24))
    return frame * (size // 2**24)


@dataclass(frozen=True)
class Case:
    """A hostile file."""

    name: str
    make: Callable[[], bytes]
    good: int = 0
    """Samples that must be read whatever else is in it."""
    refused: bool = False
    """Whether the file may be refused as a whole."""
    file: str = "log.eval"


def _among_good(bad: Member, *more: Member, method: int = DEFLATED) -> Callable[[], bytes]:
    return lambda: log(
        [sample_member(1, method=method), bad, *more, sample_member(3, method=method)],
        method=method,
    )


def _bad_members() -> Iterator[tuple[str, Member]]:
    honest = sample_member(2)
    size = len(honest.data)
    zstd = replace(honest, method=ZSTANDARD)
    yield "says it is shorter than it is", replace(honest, size=10)
    yield "says it is longer than it is", replace(honest, size=size + 1)
    yield "zstd, says it is shorter", replace(zstd, size=10)
    yield "zstd, says it is longer", replace(zstd, size=size + 1)
    yield "zstd, says it is empty", replace(zstd, size=0)
    yield "stored, says it is longer", replace(honest, method=STORED, size=size + 1)
    yield "says 200 MiB from few bytes", replace(honest, size=200 * 2**20)
    yield "says 4 GiB - 2", replace(honest, size=2**32 - 2)
    yield "packed size beyond the file", replace(honest, packed_size=2**31)
    yield "packed size of 4 GiB - 2", replace(honest, packed_size=2**32 - 2, size=2**32 - 2)
    yield "packed size reaches into the next", replace(honest, packed_size=len(honest.body()) + 40)
    yield "packed size too small", replace(honest, packed_size=20)
    yield "wrong checksum", replace(honest, crc=1)
    yield "encrypted", replace(honest, flags=UTF8 | 1)
    yield "strongly encrypted", replace(honest, flags=UTF8 | 0x41)
    yield "unknown method", replace(honest, method=12, packed=b"BZh9")
    yield "method 14 (LZMA)", replace(honest, method=14, packed=b"\x00" * 40)
    yield "deflate is noise", replace(honest, packed=random.Random(1).randbytes(300))
    yield "zstd is noise", replace(zstd, packed=random.Random(1).randbytes(300))
    yield "zstd is empty", replace(zstd, packed=b"")
    yield "zstd cut off", replace(zstd, packed=zstd.body()[:-9])
    yield "zstd frame says 2**62 bytes", replace(zstd, packed=_frame_of(2**62))
    yield (
        "zstd window of 2 GiB",
        replace(zstd, packed=b"\x28\xb5\x2f\xfd\x00\xa8" + zstd.body()[6:]),
    )
    yield "deflate cut off", replace(honest, packed=honest.body()[:-9])
    yield "no local header", replace(honest, local_signature=b"XXXX")
    yield "another local name", replace(honest, local_name=b"samples/9_epoch_1.json")
    yield "offset beyond the file", replace(honest, offset=2**31)
    yield "offset into the first member", replace(honest, offset=7)
    yield "deflate bomb, honest", _bomb(DEFLATED, TWO_GIB)
    yield "deflate bomb, says 100 bytes", _bomb(DEFLATED, 100)
    yield "deflate bomb, says 255 MiB", _bomb(DEFLATED, 255 * 2**20)
    yield "zstd bomb, honest", _bomb(ZSTANDARD, TWO_GIB)
    yield "zstd bomb, says 100 bytes", _bomb(ZSTANDARD, 100)
    yield "zstd bomb, says 255 MiB", _bomb(ZSTANDARD, 255 * 2**20)


def _bomb(method: int, size: int) -> Member:
    packed = deflate_bomb(TWO_GIB) if method == DEFLATED else zstandard_bomb(TWO_GIB)
    return Member("samples/2_epoch_1.json", method=method, packed=packed, size=size, crc=0)


def _frame_of(size: int) -> bytes:
    # Magic, then a descriptor that announces an eight-byte content size in a single segment.
    return b"\x28\xb5\x2f\xfd" + bytes([0b11100000]) + struct.pack("<Q", size) + b"\x01\x00\x00"


def _bad_names() -> Iterator[tuple[str, str | bytes]]:
    yield "climbs out", "samples/../../../../tmp/assay_slip_epoch_1.json"
    yield "absolute", "/tmp/assay_slip_epoch_1.json"
    yield "Windows drive", "C:\\samples\\1_epoch_1.json"
    yield "NUL", b"samples/2_epoch_1.json\x00.exe"
    yield "not UTF-8", b"samples/\xff\xfe_epoch_1.json"
    yield "empty", ""
    yield "60,000 characters", "samples/" + "x" * 60_000 + "_epoch_1.json"
    yield "control characters", "samples/\x1b]8;;http://x\x07_epoch_1.json"
    yield "folder", "samples/2_epoch_1.json/"


_WRONG_TYPES: dict[str, Any] = {
    "id": [1], "epoch": "one", "uuid": 7, "input": 5, "choices": "A", "target": {"a": 1}, "messages": 3, "output": [],
    "scores": [1], "score": "C", "metadata": [1, 2], "model_usage": [], "started_at": 5, "completed_at": "yesterday",
    "total_time": "long", "working_time": {"s": 1}, "error": 5, "limit": [], "attachments": "none", "completed": "yes",
}  # fmt: skip


def _bad_bodies() -> Iterator[tuple[str, bytes]]:
    for name, value in _WRONG_TYPES.items():
        yield f"`{name}` of a wrong type", as_json(sample(2, **{name: value}))
    yield "empty", b""
    yield "not JSON", b"<html>"
    yield "an array", b"[1, 2]"
    yield "null", b"null"
    yield "no id", as_json(sample(2, id=...))
    yield "no scores, no output", as_json({"id": 2})
    yield "cut off", as_json(sample(2))[:-40]
    yield "two objects", as_json(sample(2)) * 2
    yield "bare NaN as score", b'{"id": 2, "scores": {"match": {"value": NaN}}, "x": "NaN"}'
    yield "bare Infinity as time", b'{"id": 2, "total_time": -Infinity}'
    yield "NaN in a wrong place", b'{"id": NaNNaN}'
    yield "nested 100,000 deep", b'{"id": 2, "events": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    yield (
        "metadata nested 10,000 deep",
        b'{"id": 2, "metadata": {"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}}",
    )
    yield "not UTF-8", b'{"id": 2, "input": "\xff\xfe"}'
    yield "lone surrogate", b'{"id": 2, "input": "\\ud800"}'
    yield "integer of 5,000 digits", b'{"id": 2, "epoch": ' + b"9" * 5_000 + b"}"
    yield "epoch of 2**70", as_json(sample(2, epoch=2**70))
    yield "negative epoch", as_json(sample(2, epoch=-1))
    yield "tokens of 2**80", as_json(sample(2, model_usage={"vendor/m": {"input_tokens": 2**80}}))
    yield "negative tokens", as_json(sample(2, model_usage={"vendor/m": {"input_tokens": -5}}))
    yield "time of 1e999", b'{"id": 2, "total_time": 1e999}'
    yield "year 9999", as_json(sample(2, completed_at="9999-12-31T23:59:59Z"))
    yield "score of 1e308", as_json(sample(2, scores={"match": {"value": 1e308}}))
    yield "attachment that is not there", as_json(sample(2, input="attachment://nowhere"))
    yield "50,000 scores", b'{"id": 2, "scores": {' + _many_scores(50_000) + b"}}"
    yield "byte-order mark", b"\xef\xbb\xbf" + as_json(sample(2))


def _many_scores(count: int) -> bytes:
    return b",".join(b'"s%d": {"value": {}}' % n for n in range(count))


def _chunked(**parts: bytes) -> list[Member]:
    shell = as_json(
        sample(2, input="attachment://1", messages=..., metadata=..., message_refs=[[0, 2]])
    )
    files = {
        "sample": shell,
        "metadata": b'{"topic": "parity"}',
        "attachments/0": b'["zero", "Is 2 even?"]',
    }
    files |= {name.replace("attachments_", "attachments/"): data for name, data in parts.items()}
    return [Member(f"samples/2_epoch_1/{name}.json", data) for name, data in files.items()]


def _cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


def _damaged(position: float) -> bytes:
    data = bytearray(log([sample_member(n, method=ZSTANDARD) for n in range(1, 4)]))
    data[int(position * len(data))] ^= 0x55
    return bytes(data)


def _many_empty_members() -> bytes:
    return log([sample_member(1)], *(Member(f"e{n}", method=STORED) for n in range(100_000)))


def _too_many_members() -> bytes:
    one = archive([Member("samples/1_epoch_1.json", b"{}", STORED)])
    start = one.index(b"PK\x01\x02")
    entry = one[start : one.index(b"PK\x05\x06")]
    count = 1_000_001
    return one[:start] + entry * count + end_record(count, len(entry) * count, start)


def _overlapping() -> bytes:
    kernel = Member("samples/0_epoch_1.json", as_json(sample(1)))
    return log(
        [
            kernel,
            *(replace(kernel, name=f"samples/{n}_epoch_1.json", offset=7) for n in range(1, 50)),
        ]
    )


def _directory_says(**changed: int) -> bytes:
    data = log([sample_member(1)])
    end = data.rindex(b"PK\x05\x06")
    fields = list(struct.unpack("<4s4H2LH", data[end : end + 22]))
    fields[5] = changed.get("size", fields[5])
    fields[6] = changed.get("start", fields[6])
    return data[:end] + struct.pack("<4s4H2LH", *fields)


def _archives() -> Iterator[Case]:
    for name, bad in _bad_members():
        yield Case(f"member: {name}", _among_good(bad), good=2, refused=name.startswith("offset"))
    for name, path in _bad_names():
        bad = Member(path, as_json(sample(2)), flags=UTF8 if isinstance(path, str) else 0)
        yield Case(f"name: {name}", _among_good(bad), good=2)
    yield Case(
        "name: broken UTF-8 that says it is",
        _among_good(Member(b"\xff", b"")),
        good=2,
        refused=True,
    )
    yield Case("name: twice", _among_good(sample_member(2), sample_member(2)), good=2)
    whole = log([sample_member(n) for n in range(1, 4)])
    for part in range(24):
        yield Case(f"cut off at {part}/24", partial(_cut, whole, part / 24), refused=True)
    for part in range(30):
        yield Case(f"byte flipped at {part}/30", partial(_damaged, part / 30), refused=True)
    yield Case("no header", lambda: archive([sample_member(1)]), refused=True)
    yield Case("header is an array", lambda: log([sample_member(1)], head=b"[]"), refused=True)
    yield Case("header without eval", lambda: log([sample_member(1)], head=b"{}"), refused=True)
    yield Case(
        "header without model", lambda: log([], head=as_json(header(model=None))), refused=True
    )
    yield Case(
        "header: model is a number", lambda: log([], head=as_json(header(model=5))), refused=True
    )
    yield Case(
        "header twice", lambda: log([sample_member(1)], Member("header.json", b"{}")), refused=True
    )
    yield Case("no members", lambda: archive([]), refused=True)
    yield Case("100,000 empty members", _many_empty_members, good=1)
    yield Case("1,000,001 members", _too_many_members, refused=True)
    yield Case("members that share bytes", _overlapping, refused=True)
    yield Case(
        "total of over 64 GiB",
        lambda: log([replace(sample_member(n), size=2**32 - 2) for n in range(20)]),
        refused=True,
    )
    yield Case("directory of 4 GiB", lambda: _directory_says(size=2**32 - 1), refused=True)
    yield Case("directory beyond the end", lambda: _directory_says(start=2**32 - 1), refused=True)
    yield Case("directory of no bytes", lambda: _directory_says(size=0), refused=True)
    yield Case(
        "long comment", lambda: archive([sample_member(1)], comment=b"x" * 65_535), refused=True
    )
    yield Case("bytes before the archive", lambda: b"#!/bin/sh\n" + log([sample_member(1)]), good=1)
    yield Case(
        "archive in an archive", _among_good(Member("samples/2_epoch_1.json", log([]))), good=2
    )
    yield Case("empty file", lambda: b"", refused=True)
    yield Case("only the magic", lambda: b"PK\x03\x04", refused=True)


def _logs() -> Iterator[Case]:
    for name, body in _bad_bodies():
        yield Case(f"sample: {name}", _among_good(sample_member(2, body)), good=2)
    yield Case("chunked", lambda: log(_chunked()), good=1)
    yield Case(
        "chunked: attachments damaged",
        lambda: log([sample_member(1), *_chunked(attachments_0=b"[")]),
        good=1,
    )
    yield Case(
        "chunked: attachment out of reach", lambda: log(_chunked(attachments_0=b'["zero"]')), good=1
    )
    yield Case(
        "chunked: metadata damaged",
        lambda: log([sample_member(1), *_chunked(metadata=b"[")]),
        good=1,
    )
    yield Case(
        "chunked: parts without a shell", lambda: log([sample_member(1), *_chunked()[1:]]), good=1
    )
    yield Case("summaries are no list", lambda: log([], Member("summaries.json", b"{}")))
    yield Case(
        "summaries hold rubbish",
        lambda: log([], Member("summaries.json", b'[1, {"id": 1}, null]')),
        good=1,
    )
    for name, body in (
        ("cut off", as_json(header() | {"samples": [sample(1)]})[:-9]),
        ("samples are an object", as_json(header() | {"samples": {}})),
        ("nested deep", b'{"version": 2, "status": "", "eval": {"task": ' + b"[" * 99_999),
        ("NaN in a wrong place", b'{"version": 2, "status": "", "eval": NaN: NaN}'),
        ("not UTF-8", b'{"version": 2, "status": "", "eval": {"task": "\xff"}}'),
    ):
        yield Case(f"json: {name}", partial(bytes, body), refused=True, file="log.json")
    mixed = b",".join(
        (as_json(sample(1)), b"7", b'{"id": 2, "epoch": []}', b"[]", as_json(sample(3)))
    )
    yield Case(
        "json: rubbish among samples",
        lambda: as_json(header())[:-1] + b', "samples": [' + mixed + b"]}",
        good=2,
        file="log.json",
    )


CASES = [*_archives(), *_logs()]
