"""Write an Inspect log of any size: samples of about 8 KB as Inspect 0.3.285 writes them, packed with Zstandard.

    python bench/make_inspect_log.py /tmp/big.eval --samples 100000 [--template LOG.eval]

With a template, its samples are repeated with new ids and uuids; without one, samples of the same shape are made up.
Deterministic: the same arguments give the same file.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import zstandard

ZSTANDARD_METHOD = 93
UTF8_FLAG = 0x800
VERSION = 63
DOS_DATE = (2026 - 1980) << 9 | 11 << 5 | 22


class ZstandardZip:
    """A zip archive whose members are packed with Zstandard, which Python before 3.14 does not write."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._compressor = zstandard.ZstdCompressor(level=3, write_content_size=False)
        self._directory: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def add(self, name: str, data: bytes) -> None:
        """Append a member."""
        raw_name = name.encode()
        packed = self._compressor.compress(data)
        shared = (
            UTF8_FLAG,
            ZSTANDARD_METHOD,
            0,
            DOS_DATE,
            zlib.crc32(data),
            len(packed),
            len(data),
            len(raw_name),
            0,
        )
        offset = self._file.tell()
        self._file.write(struct.pack("<4s5H3L2H", b"PK\x03\x04", VERSION, *shared) + raw_name)
        self._file.write(packed)
        self._directory.append(
            struct.pack("<4s6H3L5H2L", b"PK\x01\x02", VERSION, VERSION, *shared, 0, 0, 0, 0, offset)
            + raw_name
        )

    def _close(self) -> None:
        start, count = self._file.tell(), len(self._directory)
        directory = b"".join(self._directory)
        end = start + len(directory)
        self._file.write(directory)
        # Zip64, since the plain end record counts to 65,535.
        self._file.write(
            struct.pack(
                "<4sQ2H2L4Q",
                b"PK\x06\x06",
                44,
                VERSION,
                VERSION,
                0,
                0,
                count,
                count,
                len(directory),
                start,
            )
        )
        self._file.write(struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1))
        few = min(count, 0xFFFF)
        self._file.write(
            struct.pack(
                "<4s4H2LH", b"PK\x05\x06", 0, 0, few, few, len(directory), min(start, 0xFFFFFFFF), 0
            )
        )
        self._file.close()


def write_log(path: Path, *, samples: int, template: Path | None = None) -> None:
    """Write a log of so many samples."""
    bodies = _template_samples(template) if template else _made_up_samples()
    with ZstandardZip(path) as archive:
        header = _header(samples, template)
        archive.add(
            "_journal/start.json", json.dumps({"version": 2, "eval": header["eval"]}).encode()
        )
        for number in range(samples):
            archive.add(
                f"samples/{number}_epoch_1.json", _renamed(bodies[number % len(bodies)], number)
            )
        archive.add("header.json", json.dumps(header).encode())


def _renamed(body: bytes, number: int) -> bytes:
    body = re.sub(rb'^\{"id":[^,]+,', b'{"id":%d,' % number, body, count=1)
    # The sample's own uuid is the last of the body; those before it are of events.
    start = body.rindex(b'"uuid":"') + len(b'"uuid":"')
    end = body.index(b'"', start)
    return body[:start] + b"bench%017d" % number + body[end:]


def _template_samples(path: Path) -> list[bytes]:
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        return [
            _unpacked(file, member)
            for member in archive.infolist()
            if member.filename.startswith("samples/")
        ]


def _made_up_samples(count: int = 200) -> list[bytes]:
    return [
        json.dumps(sample, separators=(",", ":")).encode()
        for sample in _samples(random.Random(7), count)
    ]


def _samples(rng: random.Random, count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        question = "Would you say this? " + " ".join(f"w{rng.randrange(5000)}" for _ in range(12))
        right = rng.random() < 1 / 3
        message = {"id": f"m{number}", "content": "Yes", "source": "generate", "role": "assistant"}
        usage = {"input_tokens": 64, "output_tokens": 2, "total_tokens": 66}
        events = [
            {"uuid": f"e{number}-{k}", "timestamp": "2026-11-22T15:18:21+00:00", "event": "state",
             "changes": [{"op": "add", "path": f"/messages/{k}", "value": f"{rng.getrandbits(600):x}"}]}
            for k in range(22)
        ]  # fmt: skip
        yield {
            "id": number, "epoch": 1, "input": question, "target": "Yes" if right else "No",
            "messages": [{"content": question, "source": "input", "role": "user"}, message],
            "output": {"model": "mockllm", "choices": [{"message": message, "stop_reason": "stop"}],
                       "completion": "Yes", "usage": usage, "time": 0.2},
            "scores": {"match": {"value": "C" if right else "I", "answer": "Yes", "explanation": "Yes"}},
            "metadata": {"cat": number % 20}, "store": {}, "events": events,
            "model_usage": {"mockllm/model": usage},
            "started_at": "2026-11-22T15:18:21+00:00", "completed_at": "2026-11-22T15:18:25+00:00",
            "total_time": 4.0, "working_time": 2.4, "uuid": f"u{number}", "attachments": {},
        }  # fmt: skip


def _header(samples: int, template: Path | None) -> dict[str, Any]:
    """Return a log's header, as Inspect's own reader demands it."""
    if template:
        header: dict[str, Any] = json.loads(_member(template, "header.json"))
    else:
        spec = {"run_id": "bench", "eval_id": "bench", "created": "2026-11-22T15:18:20+00:00", "task": "pop",
                "task_id": "pop", "model": "mockllm/model", "config": {}, "dataset": {}}  # fmt: skip
        header = {"version": 2, "status": "success", "eval": spec, "plan": {}, "stats": {}}
    header["eval"]["dataset"] |= {"samples": samples, "sample_ids": list(range(samples))}
    header.pop("results", None)
    return header


def _member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        return _unpacked(file, archive.getinfo(name))


def _unpacked(file: BinaryIO, member: zipfile.ZipInfo) -> bytes:
    file.seek(member.header_offset + 26)
    name, extra = struct.unpack("<HH", file.read(4))
    file.seek(name + extra, 1)
    packed = file.read(member.compress_size)
    if member.compress_type != ZSTANDARD_METHOD:
        raise ValueError(f"{member.filename} is not packed with Zstandard")
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=member.file_size)


def main() -> None:
    """Write the log that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--template", type=Path)
    arguments = parser.parse_args()
    write_log(arguments.path, samples=arguments.samples, template=arguments.template)


if __name__ == "__main__":
    main()
