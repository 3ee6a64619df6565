"""Members of a zip archive, read safely: nothing is extracted to disk, and nothing is believed that can be checked.

Python before 3.14 lists members packed with Zstandard (method 93, which Inspect writes) but can't read them. So the
standard library reads the directory, and the members are unpacked here, each within a limit that is known beforehand.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from shlex import quote
from types import TracebackType
from typing import IO, BinaryIO, Self, cast

import zstandard

from assay.errors import BadInput
from assay.ledger.ingest.source import Source

MAX_MEMBERS = 1_000_000
"""Ten times the largest log seen; each costs about 600 bytes of memory while the archive is open."""

MAX_DIRECTORY_BYTES = 2**28
"""A million members with names of 200 bytes; the directory is read in one piece."""

MAX_MEMBER_BYTES = 2**28
"""256 MiB, unpacked: agents' transcripts reach tens of MiB; a member is held in memory while it is decoded."""

FREE_MEMBER_BYTES = 2**26
MAX_MEMBER_RATIO = 1_000
"""Beyond 64 MiB nothing real packs this well: deflate can't (1,032 on zeros), logs with repeated prompts reach 300."""

MAX_ARCHIVE_BYTES = 2**36
"""64 GiB, unpacked: a million samples of 64 KiB."""

MAX_WINDOW_BYTES = 2**27
"""What a Zstandard frame may ask for as window: the library's own default, stated."""

PIECE_BYTES = 2**20

STORED, DEFLATED, ZSTANDARD = 0, 8, 93
ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000
UTF8_FLAG = 0x800
CENTRAL_SIGNATURE = b"PK\x01\x02"
LOCAL_SIGNATURE = b"PK\x03\x04"
LOCAL_HEADER_BYTES = 30
TAIL_BYTES = 70_000
"""More than the end record with the longest comment."""

_NAME_AND_EXTRA = struct.Struct("<HH")
_BROKEN = (
    zipfile.BadZipFile,
    struct.error,
    ValueError,
    OverflowError,
    OSError,
    EOFError,
    NotImplementedError,
)


class MemberError(ValueError):
    """A member that is refused; the message says why. The other members stay good."""


class ZipMembers:
    """The members of an archive, in the order in which they lie in the file.

    Parameters
    ----------
    source
        The archive.

    Raises
    ------
    BadInput
        Where the directory is missing or broken, or the archive as a whole goes beyond a limit.
    """

    def __init__(self, source: Source) -> None:
        self._path = source.path
        self._size = source.size
        self._stream = source.open()
        self._zstandard = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
        try:
            self.members = self._directory()
            self._by_name, self._doubled = _names(self.members)
            self._overlapping = _overlapping(self.members)
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()

    def get(self, name: str) -> zipfile.ZipInfo | None:
        """Return the member of that name, or None."""
        return self._by_name.get(name)

    def read(self, member: zipfile.ZipInfo) -> bytes:
        """Return a member's bytes, unpacked and checked.

        Raises
        ------
        MemberError
            Where the member is encrypted, doubled, damaged, packed in an unknown way, or not what it says it is.
        """
        self._refuse(member)
        try:
            packed = self._packed(member)
        except (OSError, ValueError, OverflowError) as error:
            if isinstance(error, MemberError):
                raise
            raise MemberError("can't be read where the directory says it lies") from None
        if member.file_size > FREE_MEMBER_BYTES and not self._keeps_its_word(member, packed):
            raise MemberError("does not unpack to what the directory says: it looks like a bomb")
        data = self._unpacked(member, packed)
        if len(data) != member.file_size:
            raise MemberError(
                f"does not unpack to the {member.file_size:,} bytes that the directory says"
            )
        if zlib.crc32(data) != member.CRC:
            raise MemberError("is damaged: its checksum (CRC-32) is wrong")
        return data

    def _directory(self) -> list[zipfile.ZipInfo]:
        if not self._stream.seekable():
            raise BadInput(
                "a zip archive inside another compressed file is not read: unpack it first"
            )
        guarded = cast(IO[bytes], _GuardedDirectory(self._stream, str(self._path)))
        try:
            with zipfile.ZipFile(guarded) as archive:
                members = archive.infolist()
        except _BROKEN:
            raise BadInput(
                f"{self._path.name} is a broken or truncated zip archive: its directory, which is written last, "
                "can't be read",
                where=str(self._path),
                next_command=f"unzip -t {quote(str(self._path))}",
            ) from None
        unpacked = sum(member.file_size for member in members)
        if unpacked > MAX_ARCHIVE_BYTES:
            raise BadInput(
                f"{self._path.name} unpacks to {unpacked:,} bytes; the limit is {MAX_ARCHIVE_BYTES:,}: "
                "it looks like a bomb",
                where=str(self._path),
            )
        members.sort(key=lambda member: member.header_offset)
        return members

    def _refuse(self, member: zipfile.ZipInfo) -> None:
        if member.flag_bits & ENCRYPTED_FLAGS:
            raise MemberError("is encrypted: decrypt the archive first")
        if member.compress_type not in (STORED, DEFLATED, ZSTANDARD):
            raise MemberError(
                f"is packed by method {member.compress_type}; stored, deflate and Zstandard are read"
            )
        if member.filename in self._doubled:
            raise MemberError(
                "bears the same name as another member: which one counts can't be known"
            )
        if member.header_offset in self._overlapping:
            raise MemberError("overlaps another member: the archive is forged")
        if max(member.file_size, member.compress_size) > MAX_MEMBER_BYTES:
            raise MemberError(
                f"unpacks to {member.file_size:,} bytes; the limit is {MAX_MEMBER_BYTES:,}"
            )
        if (
            member.file_size > FREE_MEMBER_BYTES
            and member.file_size > MAX_MEMBER_RATIO * member.compress_size
        ):
            raise MemberError(
                f"unpacks to over {MAX_MEMBER_RATIO:,} times its size: it looks like a bomb"
            )
        if member.header_offset + LOCAL_HEADER_BYTES + member.compress_size > self._size:
            raise MemberError("reaches beyond the end of the file: the archive is truncated")

    def _packed(self, member: zipfile.ZipInfo) -> bytes:
        # A seek inside the buffer of the stream costs nothing: members are read in file order.
        self._stream.seek(member.header_offset)
        header = self._stream.read(LOCAL_HEADER_BYTES)
        if len(header) < LOCAL_HEADER_BYTES or not header.startswith(LOCAL_SIGNATURE):
            raise MemberError("has no header where the directory says it begins")
        name_bytes, extra_bytes = _NAME_AND_EXTRA.unpack_from(header, 26)
        name = self._stream.read(name_bytes + extra_bytes)[:name_bytes]
        if name != member.orig_filename.encode(
            "utf-8" if member.flag_bits & UTF8_FLAG else "cp437"
        ):
            raise MemberError("bears another name in its header than in the directory")
        packed = self._stream.read(member.compress_size)
        if len(packed) < member.compress_size:
            raise MemberError("reaches beyond the end of the file: the archive is truncated")
        return packed

    def _keeps_its_word(self, member: zipfile.ZipInfo, packed: bytes) -> bool:
        """Unpack a large member without keeping it: a liar costs time, and no memory."""
        size = checksum = 0
        try:
            for piece in self._pieces(member, packed):
                size += len(piece)
                checksum = zlib.crc32(piece, checksum)
                if size > member.file_size:
                    return False
        except (zlib.error, zstandard.ZstdError):
            return False
        return size == member.file_size and checksum == member.CRC

    def _pieces(self, member: zipfile.ZipInfo, packed: bytes) -> Iterator[bytes]:
        if member.compress_type == STORED:
            yield packed
        elif member.compress_type == ZSTANDARD:
            with self._zstandard.stream_reader(packed, read_across_frames=True) as reader:
                while piece := reader.read(PIECE_BYTES):
                    yield piece
        else:
            unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
            for start in range(0, len(packed), PIECE_BYTES):
                rest = packed[start : start + PIECE_BYTES]
                while rest and not unpacker.eof:
                    yield unpacker.decompress(rest, PIECE_BYTES)
                    rest = unpacker.unconsumed_tail
            yield unpacker.flush()

    def _unpacked(self, member: zipfile.ZipInfo, packed: bytes) -> bytes:
        try:
            if member.compress_type == ZSTANDARD:
                return self._unpacked_zstandard(packed, member.file_size)
            if member.compress_type == DEFLATED:
                # One byte more than promised is enough to catch a lie.
                return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, member.file_size + 1)
        except (zlib.error, zstandard.ZstdError):
            raise MemberError("is damaged: it can't be unpacked") from None
        return packed

    def _unpacked_zstandard(self, packed: bytes, size: int) -> bytes:
        # The one-call form is the quickest, but believes the size in the frame's header: only where that is harmless.
        if size > 0 and zstandard.frame_content_size(packed) in (-1, size):
            data = self._zstandard.decompress(packed, max_output_size=size)
            if len(data) == size:
                return data
        with self._zstandard.stream_reader(packed, read_across_frames=True) as reader:
            return reader.read(size + 1)


class _GuardedDirectory(io.RawIOBase):
    """A stream that gives the standard library a directory of bounded size only: it would read and parse any."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY_BYTES:
            raise BadInput(
                f"the archive's directory has {size:,} bytes; the limit is {MAX_DIRECTORY_BYTES:,}",
                where=self._name,
            )
        # Without a size the library asks for the end record at the tail.
        data = self._stream.read(size if size >= 0 else TAIL_BYTES)
        count = data.count(CENTRAL_SIGNATURE)
        if count > MAX_MEMBERS:
            raise BadInput(
                f"the archive has {count:,} members; the limit is {MAX_MEMBERS:,}", where=self._name
            )
        return data


def _names(members: Iterable[zipfile.ZipInfo]) -> tuple[dict[str, zipfile.ZipInfo], frozenset[str]]:
    by_name: dict[str, zipfile.ZipInfo] = {}
    doubled: set[str] = set()
    for member in members:
        if by_name.setdefault(member.filename, member) is not member:
            doubled.add(member.filename)
    return by_name, frozenset(doubled)


def _overlapping(members: Sequence[zipfile.ZipInfo]) -> frozenset[int]:
    # Members that share bytes are how a small archive unpacks to petabytes (Fifield, "A better zip bomb", 2019). The
    # one that reaches into its neighbour is at fault: a single wrong size must not cost the members that follow.
    return frozenset(
        member.header_offset
        for member, following in pairwise(members)
        if member.header_offset + LOCAL_HEADER_BYTES + member.compress_size
        > following.header_offset
    )
