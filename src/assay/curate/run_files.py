"""Files that a run writes: documents in shards, and lists of what was dropped and rejected."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol, cast

import msgspec
import zstandard

from assay.curate.documents import Documents

ZSTD_LEVEL = 3


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that was written."""

    file: str
    rows: int
    bytes: int
    sha256: str

    def to_json(self) -> dict[str, object]:
        """Return the columns."""
        return {name: getattr(self, name) for name in self.__slots__}


class _Hashed(io.RawIOBase):
    """A file whose bytes are hashed as they are written."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        self.digest, self.size = hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._file.write(piece)
        self.digest.update(piece)
        self.size += len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            try:
                self._file.flush()
                os.fsync(self._file.fileno())
            finally:
                self._file.close()
        super().close()


class JsonLinesFile:
    """A file of JSON Lines, packed with Zstandard.

    Parameters
    ----------
    folder, name
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._name, self._rows = name, 0
        self._raw = _Hashed(folder / name)
        self._packed = zstandard.ZstdCompressor(level=ZSTD_LEVEL).stream_writer(
            cast(IO[bytes], self._raw), closefd=False
        )

    def write(self, lines: Sequence[bytes]) -> None:
        """Add lines, each without its end."""
        if lines:
            self._packed.write(b"\n".join(lines) + b"\n")
            self._rows += len(lines)

    def close(self) -> OutputFile:
        """End the file, on the disk."""
        self._packed.close()  # type: ignore[no-untyped-call]
        self._raw.close()
        return OutputFile(self._name, self._rows, self._raw.size, self._raw.digest.hexdigest())

    def abandon(self) -> None:
        """Let go of a file that is not to be ended."""
        self._raw.close()


class _Shard(Protocol):
    def add(self, docs: Documents) -> None: ...

    def close(self) -> OutputFile: ...

    def abandon(self) -> None: ...


class _JsonLinesShard:
    def __init__(self, folder: Path, name: str) -> None:
        self._file = JsonLinesFile(folder, f"{name}.jsonl.zst")

    def add(self, docs: Documents) -> None:
        rows = zip(docs.doc_id, docs.text.texts(), docs.source, docs.fields, strict=True)
        self._file.write([document_line(*row) for row in rows])

    def close(self) -> OutputFile:
        return self._file.close()

    def abandon(self) -> None:
        self._file.abandon()


class _ParquetShard:
    """Held until it is whole: a shard is as large as the recipe lets it be."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, f"{name}.parquet"
        self._batches: list[Any] = []

    def add(self, docs: Documents) -> None:
        self._batches.append(docs.to_arrow().select(["doc_id", "text", "source", "fields"]))

    def close(self) -> OutputFile:
        from arro3.core import Table
        from arro3.io import write_parquet

        stream = io.BytesIO()
        write_parquet(Table.from_batches(self._batches), stream, compression="zstd(3)")
        file = _Hashed(self._folder / self._name)
        file.write(stream.getvalue())
        file.close()
        rows = sum(batch.num_rows for batch in self._batches)
        return OutputFile(self._name, rows, file.size, file.digest.hexdigest())

    def abandon(self) -> None:
        self._batches = []


SHARDS: Mapping[str, Any] = {"jsonl.zst": _JsonLinesShard, "parquet": _ParquetShard}


class ShardedDocuments:
    """Documents in files of a bounded size, in order.

    Parameters
    ----------
    folder
    kind : {"jsonl.zst", "parquet"}
    most_bytes
        A file ends with the document that reaches so many bytes of text.
    """

    def __init__(self, folder: Path, kind: str, most_bytes: int) -> None:
        self._folder, self._kind, self._most = folder, SHARDS[kind], most_bytes
        self._files: list[OutputFile] = []
        self._size = 0
        self._shard: _Shard = self._next()

    def add(self, docs: Documents) -> None:
        """Add documents; one shard ends and another begins between two of them."""
        import numpy as np

        begin = 0
        ends = np.cumsum(docs.text.lengths)
        while begin < len(docs):
            base = int(ends[begin - 1]) if begin else 0
            end = int(np.searchsorted(ends, base + self._most - self._size)) + 1
            part = docs.take(np.arange(begin, min(end, len(docs))))
            self._shard.add(part)
            self._size += part.text.nbytes
            if self._size >= self._most:
                self._files.append(self._shard.close())
                self._shard, self._size = self._next(), 0
            begin = end

    def close(self) -> tuple[OutputFile, ...]:
        """End the last file, and return all of them; the first is there even without documents."""
        if self._size or not self._files:
            self._files.append(self._shard.close())
        else:
            self._shard.abandon()
            for path in self._folder.glob(f"documents-{len(self._files):05d}.*"):
                path.unlink()
        return tuple(self._files)

    def abandon(self) -> None:
        """Let go of a file that is not to be ended."""
        self._shard.abandon()

    def _next(self) -> _Shard:
        shard: _Shard = self._kind(self._folder, f"documents-{len(self._files):05d}")
        return shard


def document_line(doc_id: str, text: str, source: str, fields: str) -> bytes:
    """Return a document as a line of JSON: its own columns, then the other fields of its record as they were.

    Examples
    --------
    >>> document_line("a:1", "Hello", "a", '{"url":"u"}')
    b'{"doc_id":"a:1","text":"Hello","source":"a","url":"u"}'
    """
    line = msgspec.json.encode({"doc_id": doc_id, "text": text, "source": source})
    return line[:-1] + b"," + fields[1:].encode("utf-8") if fields else line
