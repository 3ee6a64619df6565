"""JSON Lines, plain, gzip or Zstandard: a record a line, with a text field, turns of a chat, or an instruction."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import zstandard

from assay.curate.documents import Documents
from assay.curate.read.flatten import flattened
from assay.curate.read.raw import (
    BLOCK_BYTES,
    BLOCK_RECORDS,
    Parsed,
    RawBlock,
    ReadSettings,
    drawn,
    shown_path,
)
from assay.curate.rejected import CUT_OFF, Rejected
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from assay.ledger.ingest.lines import parse_object
from assay.ledger.ingest.record import RowError
from assay.ledger.ingest.source import Source

OWN = frozenset({"doc_id", "text", "source"})
"""Names that a document's own columns have in what is written: another field of that name becomes ``record_NAME``."""

_KINDS = {type(None): "null", bool: "true or false", list: "an array", dict: "an object"}
_KINDS |= dict.fromkeys((int, float), "a number")
_BROKEN = (EOFError, zlib.error, zstandard.ZstdError, OSError, BadInput)
_SKIP_BYTES = 2**20
_BLANK = b" \t\r\n\v\f"
_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_LONE = re.compile("[\ud800-\udfff]")
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class _Unread(ValueError):
    """A record that is no document: the reason, and the detail."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class JsonLines:
    """The reader of JSON Lines.

    Parameters
    ----------
    settings
    """

    settings: ReadSettings = field(default_factory=ReadSettings)

    def blocks(self, path: Path, source: str = "") -> Iterator[RawBlock]:
        """Yield the file's lines in blocks; a line too long to hold, or a stream that breaks, as rejected.

        Raises
        ------
        BadInput
            If there is no such file, or it can't be opened.
        """
        splitter = _Splitter(shown_path(path), source)
        file = Source(path)
        with file.open() as stream:
            for block in splitter.split(stream, self.settings.max_record_bytes):
                yield replace(block, share=file.share_read or 0.0)

    def parse(self, block: RawBlock, share: float = 1.0) -> Parsed:
        """Return the documents of a block."""
        lines = block.payload.split(b"\n")
        rows = _Rows(block, self.settings)
        for number, line in enumerate(lines, start=block.first):
            if line.strip(_BLANK) and drawn(number, share):
                rows.add(number, line)
        return rows.parsed()


class _Splitter:
    """The block that is being gathered."""

    def __init__(self, path: str, source: str) -> None:
        self._path, self._source = path, source
        self._index, self._first, self._size = 0, 1, 0
        self._lines: list[bytes] = []
        self._rejected: list[Rejected] = []

    def split(self, stream: BinaryIO, most: int) -> Iterator[RawBlock]:
        number = 0
        while True:
            number += 1
            line = b""
            try:
                line = stream.readline(most + 2)
                skipped = _skip_rest(stream, line, most)
            except _BROKEN as error:
                yield from self._flush()
                self._reject(number, CUT_OFF, _broken(error))
                yield from self._flush()
                return
            if not line:
                yield from self._flush()
                return
            if skipped:
                yield from self._flush()
                size = len(line) + skipped - 1
                self._reject(number, "record too long", f"{size:,} bytes of at most {most:,}")
                continue
            self._lines.append(line)
            self._size += len(line)
            if self._size >= BLOCK_BYTES or len(self._lines) >= BLOCK_RECORDS:
                yield from self._flush()

    def _reject(self, number: int, reason: str, detail: str) -> None:
        self._rejected.append(Rejected(f"{self._path}:{number}", reason, detail))
        self._first = number + 1

    def _flush(self) -> Iterator[RawBlock]:
        if not self._lines and not self._rejected:
            return
        payload, rejected = b"".join(self._lines), tuple(self._rejected)
        block = RawBlock(self._path, self._source, self._index, self._first, payload, rejected)
        self._first += len(self._lines)
        self._index += 1
        self._size = 0
        self._lines, self._rejected = [], []
        yield block


def _skip_rest(stream: BinaryIO, line: bytes, most: int) -> int:
    """Return 0 for a line that is whole; else skip what is left of it, and return how many bytes that was, plus 1."""
    if len(line) <= most + 1 or line.endswith(b"\n"):
        return 0
    skipped = 1
    while piece := stream.readline(_SKIP_BYTES):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def _broken(error: BaseException) -> str:
    if isinstance(error, EOFError):
        return "its packing does not end"
    return error.message if isinstance(error, BadInput) else str(error)


class _Rows:
    """The documents of a block, gathered row by row."""

    def __init__(self, block: RawBlock, settings: ReadSettings) -> None:
        self._path, self._settings = block.path, settings
        self._source, self._given = _file_name(block.path), block.source
        self._columns: list[tuple[str, bytes, str, str, str]] = []
        self._rejected = list(block.rejected)
        self._repaired = 0

    def add(self, number: int, line: bytes) -> None:
        where = f"{self._path}:{number}"
        try:
            self._columns.append(self._row(where, number, line.removeprefix(_BOM)))
        except _Unread as error:
            self._rejected.append(Rejected(where, error.reason, error.detail))

    def parsed(self) -> Parsed:
        ids, texts, sources, places, others = (
            zip(*self._columns, strict=True) if self._columns else ((),) * 5
        )
        docs = Documents(ids, TextColumn.from_bytes(texts), sources, places, others)
        return Parsed(docs, tuple(self._rejected), self._repaired)

    def _row(self, where: str, number: int, line: bytes) -> tuple[str, bytes, str, str, str]:
        record, repaired = _record(line)
        text = flattened(record, self._settings)
        if text is None and self._settings.text_field not in record:
            raise _Unread("no text field", f"the record has {_names(record)}")
        if not isinstance(text, str):
            raise _Unread("the text is no string", f"it is {_KINDS.get(type(text), 'another')}")
        if not text.strip():
            raise _Unread("empty text")
        self._repaired += repaired
        named = self._named(record)
        taken = {self._settings.text_field, self._settings.id_field, self._settings.source_field}
        others = {
            f"record_{name}" if name in OWN else name: raw
            for name, raw in record.items()
            if name not in taken
        }
        source = self._given or named.get(self._settings.source_field) or self._source
        return (
            named.get(self._settings.id_field) or f"{self._source}:{number}",
            text.encode("utf-8"),
            source,
            where,
            msgspec.json.encode(others).decode("utf-8") if others else "",
        )

    def _named(self, record: dict[str, msgspec.Raw]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in (self._settings.id_field, self._settings.source_field):
            if name in record:
                value: Any = msgspec.json.decode(record[name])
                if isinstance(value, str | int) and not isinstance(value, bool):
                    found[name] = str(value)
        return found


def _record(line: bytes) -> tuple[dict[str, msgspec.Raw], bool]:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Unread(
            "not UTF-8", f"byte 0x{line[error.start]:02x} at column {error.start + 1}"
        ) from None
    try:
        if not _SURROGATE.search(line):
            return _OBJECT.decode(line), False
        return _repaired(line)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise _Unread("not a JSON object", _fault(line)) from None


def _repaired(line: bytes) -> tuple[dict[str, msgspec.Raw], bool]:
    """Return the record of a line with escapes of surrogates: pairs are characters, lone ones become U+FFFD."""
    value = json.loads(line, parse_constant=_refuse)
    whole = json.dumps(value, ensure_ascii=False)
    mended = _LONE.sub("\ufffd", whole)
    return _OBJECT.decode(mended.encode("utf-8")), mended != whole


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _fault(line: bytes) -> str:
    try:
        parse_object(line.decode("utf-8"))
    except (RowError, RecursionError, ValueError) as error:
        return str(error)[:200]
    return "nested too deep"


def _names(record: dict[str, msgspec.Raw]) -> str:
    shown = [json.dumps(name[:40]) for name in list(record)[:8]]
    return ", ".join(shown) + (", ..." if len(record) > 8 else "") if shown else "no fields"


def _file_name(path: str) -> str:
    name = Path(path).name
    for ending in (
        ".gz",
        ".zst",
        ".zstd",
        ".jsonl",
        ".ndjson",
        ".json",
        ".parquet",
        ".csv",
        ".tsv",
    ):
        name = name.removesuffix(ending) or name
    return name
