"""Inspect logs, and zip archives of any kind, written byte for byte: every field of an archive can be made to lie."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import zstandard

STORED, DEFLATED, ZSTANDARD = 0, 8, 93
UTF8 = 0x800


@dataclass(frozen=True)
class Member:
    """A member of an archive; every field that is given replaces the honest one."""

    name: str | bytes
    data: bytes = b""
    method: int = DEFLATED
    packed: bytes | None = None
    size: int | None = None
    packed_size: int | None = None
    crc: int | None = None
    flags: int = UTF8
    local_name: bytes | None = None
    offset: int | None = None
    local_signature: bytes = b"PK\x03\x04"

    def raw_name(self) -> bytes:
        return self.name if isinstance(self.name, bytes) else self.name.encode()

    def body(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method == ZSTANDARD:
            return zstandard.ZstdCompressor(write_content_size=False).compress(self.data)
        if self.method == DEFLATED:
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            return packer.compress(self.data) + packer.flush()
        return self.data


def archive(members: Sequence[Member], *, comment: bytes = b"", prefix: bytes = b"") -> bytes:
    """Return a zip archive, with a zip64 end record where it has more than 65,534 members."""
    out, directory = [prefix], []
    position = len(prefix)
    for m in members:
        body, name = m.body(), m.raw_name()
        local_name = name if m.local_name is None else m.local_name
        crc = zlib.crc32(m.data) if m.crc is None else m.crc
        packed_size = len(body) if m.packed_size is None else m.packed_size
        size = len(m.data) if m.size is None else m.size
        offset = position if m.offset is None else m.offset
        shared = (m.flags, m.method, 0, 33, crc, packed_size, size)
        local = struct.pack("<4s5H3L2H", m.local_signature, 63, *shared, len(local_name), 0)
        local += local_name + body
        out.append(local)
        position += len(local)
        directory.append(
            struct.pack(
                "<4s6H3L5H2L", b"PK\x01\x02", 63, 63, *shared, len(name), 0, 0, 0, 0, 0, offset
            )
            + name
        )
    return b"".join(
        (*out, *directory, end_record(len(members), sum(map(len, directory)), position, comment))
    )


def end_record(count: int, directory_size: int, start: int, comment: bytes = b"") -> bytes:
    """Return the record at the end of an archive."""
    big = b""
    if count > 0xFFFE:
        end = start + directory_size
        big = struct.pack(
            "<4sQ2H2L4Q", b"PK\x06\x06", 44, 63, 63, 0, 0, count, count, directory_size, start
        )
        big += struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    few = min(count, 0xFFFF)
    return (
        big
        + struct.pack(
            "<4s4H2LH", b"PK\x05\x06", 0, 0, few, few, directory_size, start, len(comment)
        )
        + comment
    )


def sample(number: int | str, **changed: Any) -> dict[str, Any]:
    """Return a sample as Inspect writes it; a field that is changed to `...` is left out."""
    usage = {"input_tokens": 64, "output_tokens": 2, "total_tokens": 66}
    message = {"role": "assistant", "content": "Yes", "source": "generate"}
    fields: dict[str, Any] = {
        "id": number, "epoch": 1, "input": f"Is {number} even?", "target": "Yes",
        "messages": [{"role": "user", "content": f"Is {number} even?"}, message],
        "output": {"model": "m", "choices": [{"message": message}], "completion": "Yes", "usage": usage, "time": 0.2},
        "scores": {"match": {"value": "C", "answer": "Yes", "explanation": "as the target"}},
        "metadata": {"topic": "parity"}, "events": [], "model_usage": {"vendor/m": usage},
        "started_at": "2026-11-22T15:18:21+00:00", "completed_at": "2026-11-22T15:18:25+00:00",
        "total_time": 4.0, "working_time": 2.4, "uuid": f"uuid{number}", "attachments": {},
    }  # fmt: skip
    return {k: v for k, v in (fields | changed).items() if v is not ...}


def header(**changed: Any) -> dict[str, Any]:
    """Return the header of a log."""
    spec = {
        "run_id": "run1",
        "created": "2026-11-22T15:18:20+00:00",
        "task": "pack/parity",
        "model": "vendor/m",
    }
    return {"version": 2, "status": "success", "eval": spec | changed}


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def sample_member(number: int, body: bytes | None = None, **given: Any) -> Member:
    data = as_json(sample(number)) if body is None else body
    return Member(f"samples/{number}_epoch_1.json", data, **given)


def log(
    samples: Sequence[Member], *extra: Member, method: int = DEFLATED, head: bytes | None = None
) -> bytes:
    """Return an `.eval` log with these members as samples."""
    start = Member("_journal/start.json", as_json(header()), method)
    last = Member("header.json", as_json(header()) if head is None else head, method)
    return archive([start, *samples, *extra, last])
