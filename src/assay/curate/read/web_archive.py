"""WARC files: the web pages of a crawl, and the texts of a WET file."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard

from assay.curate.missing_part import import_part
from assay.curate.read.pages import Page, Refused, blocks_of_pages, parse_pages
from assay.curate.read.raw import Parsed, RawBlock, ReadSettings, shown_path
from assay.curate.rejected import CUT_OFF
from assay.errors import BadInput
from assay.ledger.ingest.source import GZIP_MAGIC, Source

MARKUP = ("text/html", "application/xhtml+xml")
_BROKEN = (EOFError, zlib.error, zstandard.ZstdError, OSError, ValueError, BadInput)
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,8}[^\S\n]*(?:;[^\n]*)?\r\n")
_KNOWN_CODINGS = ("", "identity", "gzip", "x-gzip", "deflate", "br")


@dataclass(frozen=True, slots=True)
class WebArchive:
    """The reader of WARC, plain, gzip or Zstandard: a document a page.

    Parameters
    ----------
    settings

    Notes
    -----
    Read are responses and resources that are HTML or plain text, and the texts of WET files. Requests, metadata and the
    like are passed over; a response that brings no page is refused with the reason, so that it is counted.

    References
    ----------
    .. [1] ISO 28500:2017, "WARC file format"; Bevendorff et al., "Elastic ChatNoir", ECIR 2018, for FastWARC.
    """

    settings: ReadSettings = field(default_factory=ReadSettings)

    def blocks(self, path: Path, source: str = "") -> Iterator[RawBlock]:
        """Yield the pages in blocks; an archive that is damaged ends with a rejected record where it breaks.

        Raises
        ------
        BadInput
            If there is no such file, or it can't be opened.
        MissingPart
            Without the extra ``curate``.
        """
        import_part("fastwarc.warc", extra="curate", what="reading WARC")
        file = Source(path)
        with file.open():
            pass
        return blocks_of_pages(path, source, self._pages(file))

    def parse(self, block: RawBlock, share: float = 1.0) -> Parsed:
        """Return the documents of a block."""
        return parse_pages(block, self.settings, share)

    def _pages(self, file: Source) -> Iterator[tuple[Page | Refused, float]]:
        from fastwarc.warc import ArchiveIterator, WarcRecordType

        path = shown_path(file.path)
        kinds = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion
        number = 0
        with file.open() as raw:
            stream = _Forward(raw)
            try:
                # Unpacked here and not by the library, which takes a file that is cut off for one that ends.
                # Nor does it go on after a response whose own packing is broken: that is unpacked here, too.
                records = ArchiveIterator(
                    stream, record_types=kinds, stream_detect=False, auto_decode="none"
                )
                for number, record in enumerate(records, start=1):
                    page = self._page(record, number, path)
                    yield page, file.share_read or 0.0
            except (OSError, ValueError) as error:
                stream.broken = stream.broken or str(error)
            if stream.broken:
                what = CUT_OFF
                yield Refused(number + 1, f"{path}:{number + 1}", what, stream.broken), 1.0

    def _page(self, record: Any, number: int, path: str) -> Page | Refused:
        where = f"{path}:{number}"
        kind, markup = _kind_of(record)
        most = self.settings.max_page_bytes
        data = _bytes_of(record.reader, most + 1)
        if len(data) <= most and _is_short(record, len(data)):
            said = f"{len(data):,} bytes of {record.content_length:,}"
            return Refused(number, where, CUT_OFF, said)
        if kind:
            return Refused(number, where, *kind)
        try:
            data = _as_sent(record, data, most) if len(data) <= most else data
        except (OSError, EOFError, ValueError) as error:
            return Refused(number, where, "page could not be unpacked", str(error)[:200])
        if len(data) > most:
            return Refused(number, where, "page too large", f"more than {most:,} bytes")
        name = _archive_name(path)
        headers = record.headers
        pairs = {"url": headers.get("WARC-Target-URI"), "date": headers.get("WARC-Date")}
        fields = {key: value.strip("<>") for key, value in pairs.items() if value}
        charset = record.http_charset if record.is_http else None
        return Page(number, f"{name}:{number}", name, where, data, markup, charset, fields)


def _kind_of(record: Any) -> tuple[tuple[str, str] | None, bool]:
    """Return why a record is no page, if so; else whether it is HTML."""
    if record.is_http:
        status = record.http_headers.status_code
        if status != 200:
            return ("not a page that was delivered", f"HTTP status {status}"), False
        content_type = record.http_content_type or ""
        coding = _heading(record, "Content-Encoding")
        if coding not in _KNOWN_CODINGS:
            return ("not a web page or a text", f"packed as {coding[:40]}"), False
    else:
        content_type = record.headers.get("Content-Type") or ""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in MARKUP:
        return None, True
    if kind == "text/plain":
        return None, False
    return ("not a web page or a text", kind[:80] or "no type"), False


def _bytes_of(stream: Any, most: int) -> bytes:
    """Return what a stream holds, at most so many bytes."""
    parts, left = [], most
    while left > 0 and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _is_short(record: Any, size: int) -> bool:
    """Return whether a record ends before it says so, be it in its head."""
    return record.headers.get("Content-Length") is None or size < record.content_length


def _as_sent(record: Any, data: bytes, most: int) -> bytes:
    """Return a response's content as it was before it was packed for the way; at most one byte more than allowed."""
    if not record.is_http:
        return data
    from fastwarc.stream_io import BrotliReader, ChunkedReader, GzipReader

    # An archive may hold the content unpacked under the heading that it came packed.
    if _heading(record, "Transfer-Encoding") == "chunked" and _CHUNK.match(data):
        data = _bytes_of(ChunkedReader(io.BytesIO(data)), most + 1)
    coding = _heading(record, "Content-Encoding")
    if coding in ("gzip", "x-gzip") and data.startswith(GZIP_MAGIC):
        return _bytes_of(GzipReader(io.BytesIO(data)), most + 1)
    if coding == "deflate" and data[:1] == b"\x78":
        return _bytes_of(GzipReader(io.BytesIO(data), zlib=True), most + 1)
    if coding == "br" and data.lstrip()[:1] != b"<":
        return _bytes_of(BrotliReader(io.BytesIO(data)), most + 1)
    return data


def _heading(record: Any, name: str) -> str:
    return (record.http_headers.get(name) or "").strip().lower()


def _archive_name(path: str) -> str:
    name = Path(path).name
    for ending in (".gz", ".zst", ".warc", ".wet"):
        name = name.removesuffix(ending) or name
    return name


class _Forward:
    """A stream that is read forward only, in the form that FastWARC asks for; it ends where its packing breaks."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._at = stream, 0
        self.broken = ""

    def read(self, size: int = -1) -> bytes:
        try:
            # Not `read`: it would wait for more, and lose what it has where the file is cut off.
            data = cast(io.BufferedReader, self._stream).read1(size)
        except _BROKEN as error:
            self.broken = error.message if isinstance(error, BadInput) else str(error)
            return b""
        self._at += len(data)
        return data

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        raise OSError(f"an archive is read forward only, asked for {offset} ({whence})")

    def close(self) -> None:
        self._stream.close()
