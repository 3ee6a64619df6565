"""Parquet files: a row a record, read some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assay.curate.read.jsonl import JsonLines
from assay.curate.read.raw import Parsed, RawBlock, ReadSettings
from assay.curate.read.records import Record, as_line, blocks_of
from assay.curate.rejected import CUT_OFF
from assay.errors import BadInput
from assay.ledger.ingest.parquet_cells import parquet_cells
from assay.ledger.ingest.source import Source

BATCH_ROWS = 64
"""Rows that are held decoded: with documents of a megabyte each, as many megabytes."""


@dataclass(frozen=True, slots=True)
class Parquet:
    """The reader of Parquet: a document a row, its text in the column that the settings name, all others in `fields`.

    Parameters
    ----------
    settings
    """

    settings: ReadSettings = field(default_factory=ReadSettings)

    def blocks(self, path: Path, source: str = "") -> Iterator[RawBlock]:
        """Yield the rows in blocks; a file that is damaged ends with a rejected record where it breaks.

        Raises
        ------
        BadInput
            If there is no such file, or it can't be opened.
        """
        with Source(path).open():
            pass
        return blocks_of(path, source, _records(path), self.settings.max_record_bytes)

    def parse(self, block: RawBlock, share: float = 1.0) -> Parsed:
        """Return the documents of a block."""
        return JsonLines(self.settings).parse(block, share)


def _records(path: Path) -> Iterator[Record]:
    number = 0
    try:
        for number, cells in parquet_cells(Source(path), batch_rows=BATCH_ROWS):
            yield Record(number, as_line(cells))
    except BadInput as error:
        yield Record(number + 1, b"", CUT_OFF, error.message)
