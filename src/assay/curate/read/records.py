"""Records that another format holds, as JSON lines in blocks: what is then made of them is what JSON Lines would be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import msgspec

from assay.curate.read.raw import BLOCK_BYTES, BLOCK_RECORDS, RawBlock, shown_path
from assay.curate.rejected import Rejected


class Record(NamedTuple):
    """A record, or why there is none.

    Parameters
    ----------
    number : >= 1
        Of its line or row in the file; rising.
    line
        The record as one JSON object, without a line break; empty where it is refused.
    reason, detail
        See `assay.curate.rejected`.
    share : in [0, 1]
        How much of the file has been read.
    """

    number: int
    line: bytes
    reason: str = ""
    detail: str = ""
    share: float = 0.0


def as_line(record: dict[str, object]) -> bytes:
    """Return a record as JSON; what JSON has no word for becomes its text.

    Examples
    --------
    >>> from datetime import date
    >>> as_line({"text": "a", "day": date(2026, 11, 23), "x": float("inf")})
    b'{"text":"a","day":"2026-11-23","x":null}'
    """
    return msgspec.json.encode(record, enc_hook=str)


def blocks_of(
    path: Path, source: str, records: Iterable[Record], most_bytes: int
) -> Iterator[RawBlock]:
    """Yield records in blocks whose payload is JSON lines.

    Parameters
    ----------
    path, source
        Of the file.
    records
        In order of their number. A number that is left out becomes an empty line, so that each keeps its own.
    most_bytes
        A longer record is refused.
    """
    gathered = _Gathered(shown_path(path), source)
    for record in (_bounded(record, most_bytes) for record in records):
        # Rows far apart would else make a block of empty lines.
        if gathered.gap(record.number) > BLOCK_BYTES:
            yield from gathered.flushed(record.number)
        gathered.add(record)
        if gathered.full:
            yield from gathered.flushed(record.number + 1)
    yield from gathered.flushed(0)


def _bounded(record: Record, most_bytes: int) -> Record:
    if len(record.line) <= most_bytes:
        return record
    said = f"{len(record.line):,} bytes of at most {most_bytes:,}"
    return record._replace(line=b"", reason="record too long", detail=said)


@dataclass(eq=False)
class _Gathered:
    """The block that is being gathered."""

    path: str
    source: str
    index: int = 0
    first: int = 1
    share: float = 0.0
    size: int = 0
    count: int = 0
    lines: list[bytes] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return self.size >= BLOCK_BYTES or self.count >= BLOCK_RECORDS

    def gap(self, number: int) -> int:
        return number - self.first - len(self.lines)

    def add(self, record: Record) -> None:
        self.size += len(record.line) + self.gap(record.number)
        self.count += 1
        self.lines += [b""] * self.gap(record.number)
        self.lines.append(record.line)
        self.share = record.share
        if record.reason:
            place = f"{self.path}:{record.number}"
            self.rejected.append(Rejected(place, record.reason, record.detail))

    def flushed(self, first: int) -> Iterator[RawBlock]:
        """Yield the block if there is anything in it, and begin the next one at a number."""
        if self.lines:
            payload = b"\n".join([*self.lines, b""])
            named = (self.path, self.source, self.index, self.first)
            block = RawBlock(*named, payload, records=self.count)
            yield replace(block, rejected=tuple(self.rejected), share=self.share)
            self.index += 1
        self.first, self.size, self.count, self.lines, self.rejected = first, 0, 0, [], []
