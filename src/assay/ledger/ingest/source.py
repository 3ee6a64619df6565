"""A file to read: its content hash, its bytes unpacked as a stream, and what the user says of it."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from assay.errors import BadInput

HASH_CHARACTERS = 16
"""64 bits of the content hash name a file: two of a billion files meet with probability 3 %."""

UNPACKED_FREE_BYTES = 2**30
UNPACKED_RATIO = 200
"""A compressed text that unpacks to over 1 GiB and over 200 times its size is a bomb, not a log."""

PIECE_BYTES = 2**20
ZSTD_INPUT_BYTES = 2**11
"""Zstandard can make 128 KiB of 4 bytes: so much input at a time bounds what is unpacked at once to 64 MiB."""

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class ReadOptions:
    """What the user says of a file.

    Parameters
    ----------
    mapping
        Assay's column -> the file's column, as ``{"output": "answer"}``, in the form of
        `assay.ledger.ingest.mapping`: a right-or-wrong column has the key ``right:COLUMN`` or ``wrong:COLUMN``, with
        the judge's kind where it is not the guessed one, ``wrong.model:COLUMN``. An empty column: there is none.
    system, version
        Used where the file does not name what answered.
    filter
        Which of lm-eval's filters to read.
    origin
        field, exam or probe, where the file does not say.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    system: str = ""
    version: str = ""
    filter: str = ""
    origin: str = ""


@dataclass(eq=False)
class Source:
    """A file, named by its content.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "runs.jsonl"
    >>> _ = path.write_bytes(b"{}")
    >>> Source(path).row_id(7)
    '44136fa355b3678a-7'
    """

    path: Path
    _reading: io.BufferedReader | None = field(default=None, init=False, repr=False)

    @cached_property
    def content_hash(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the file's bytes."""
        with self._raw() as raw:
            return hashlib.file_digest(raw, "sha256").hexdigest()[:HASH_CHARACTERS]

    @cached_property
    def size(self) -> int:
        """Size on disk in bytes."""
        return self.path.stat().st_size

    def row_id(self, line: int) -> str:
        """Return the identity of a row that brings none of its own: the same each time the file is read."""
        return f"{self.content_hash}-{line}"

    def place(self, line: int) -> str:
        """Return what is stored in a row's column `source`."""
        return f"{self.content_hash}:{line}"

    def head(self, size: int = 65_536) -> bytes:
        """Return the first unpacked bytes; fewer where the file is shorter or its packing is broken."""
        pieces: list[bytes] = []
        try:
            with self.open() as stream:
                # Piece by piece: of a file that is cut off, what stands before the cut is still seen.
                while size > 0 and (piece := cast(io.BufferedReader, stream).read1(size)):
                    pieces.append(piece)
                    size -= len(piece)
        except (OSError, EOFError, zlib.error, BadInput, zstandard.ZstdError):
            pass
        return b"".join(pieces)

    def open(self) -> BinaryIO:
        """Return the file's bytes, unpacked where it is gzip or Zstandard, told by its first bytes."""
        raw = self._raw()
        magic = raw.read(4)
        raw.seek(0)
        if magic.startswith(GZIP_MAGIC):
            return self._guarded(raw, _gunzipped(raw))
        if magic == ZSTD_MAGIC:
            return self._guarded(raw, _unzstandarded(raw))
        return raw

    @property
    def share_read(self) -> float | None:
        """How much of the file has been read, in [0, 1], where it is being read as a stream."""
        if self._reading is None or self._reading.closed or self.size == 0:
            return None
        return min(1.0, self._reading.tell() / self.size)

    def _raw(self) -> io.BufferedReader:
        try:
            self._reading = self.path.open("rb")
            return self._reading
        except IsADirectoryError:
            raise BadInput(f"{self.path} is a folder, not a file") from None
        except FileNotFoundError:
            raise BadInput(f"there is no file {self.path}") from None
        except OSError as error:
            raise BadInput(f"{self.path} can't be opened: {error.strerror}") from None

    def _guarded(self, raw: BinaryIO, pieces: Iterator[bytes]) -> BinaryIO:
        limit = max(UNPACKED_FREE_BYTES, UNPACKED_RATIO * self.size)
        return io.BufferedReader(_Bounded(raw, pieces, limit, self.path), PIECE_BYTES)


def _gunzipped(raw: BinaryIO) -> Iterator[bytes]:
    packed = gzip.GzipFile(fileobj=raw)
    # `read` would wait for a whole piece and lose what it has where the file is cut off.
    while piece := packed.read1(PIECE_BYTES):
        yield piece


def _unzstandarded(raw: BinaryIO) -> Iterator[bytes]:
    # zstandard's own stream reader takes a file that is cut off for one that ends.
    frame = None
    while packed := raw.read(ZSTD_INPUT_BYTES):
        while packed:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            if piece := frame.decompress(packed):
                yield piece
            packed = frame.unused_data if frame.eof else b""
            frame = None if frame.eof else frame
    if frame is not None:
        raise EOFError("Compressed file ended before the end-of-stream marker was reached")


class _Bounded(io.RawIOBase):
    """A stream that refuses to unpack beyond a limit, so that a bomb ends in a sentence and not in a full disk."""

    def __init__(self, raw: BinaryIO, pieces: Iterator[bytes], limit: int, path: Path) -> None:
        self._raw = raw
        self._pieces = pieces
        self._piece = memoryview(b"")
        self._left = limit
        self._path = path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        if not self._piece:
            self._piece = memoryview(next(self._pieces, b""))
            self._left -= len(self._piece)
        if self._left < 0:
            raise BadInput(
                f"{self._path} unpacks to over {UNPACKED_RATIO} times its size: it looks like a bomb"
            )
        count = min(len(buffer), len(self._piece))
        buffer[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
