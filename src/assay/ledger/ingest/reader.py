"""What a reader of a format is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from assay.ledger.ingest.record import Item
from assay.ledger.ingest.source import ReadOptions, Source


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file, by which its format is told."""

    start: bytes
    """Up to 64 KiB, unpacked where the file is gzip or Zstandard."""
    name: str
    """The file's name, a hint only."""


class Reader(Protocol):
    """One format: how it is recognised and how it is read."""

    @property
    def name(self) -> str:
        """Short name, as `inspect`."""

    @property
    def title(self) -> str:
        """What a person would call such a file."""

    def recognises(self, head: Head) -> bool:
        """Say whether this is such a file. Cheap, and never raises."""

    def read(self, source: Source, options: ReadOptions) -> Iterator[Item]:
        """Yield one item a line, sample or span; stream: memory must not grow with the file.

        Raises
        ------
        BadInput
            Where the file as a whole can't be read, or `options` don't fit it. What was yielded before stays good.
        """
