"""CSV and TSV files: a row a record, under the names of the first row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assay.curate.read.jsonl import JsonLines
from assay.curate.read.raw import Parsed, RawBlock, ReadSettings
from assay.curate.read.records import Record, as_line, blocks_of
from assay.curate.rejected import CUT_OFF
from assay.errors import BadInput
from assay.ledger.ingest.csv_rows import TableRow, csv_rows, sniff
from assay.ledger.ingest.lines import read_lines
from assay.ledger.ingest.record import Blank
from assay.ledger.ingest.source import Source

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


@dataclass(frozen=True, slots=True)
class Csv:
    """The reader of CSV: a document a row, its text in the column that the settings name, all others in `fields`.

    Parameters
    ----------
    settings

    Notes
    -----
    Rows are read strictly: one with more or fewer fields than the header, or with a quote that is never closed, is
    refused with the number of its line, and the rows after it are read. A line may have 16 MiB, a row 32 MiB.
    """

    settings: ReadSettings = field(default_factory=ReadSettings)

    def blocks(self, path: Path, source: str = "") -> Iterator[RawBlock]:
        """Yield the rows in blocks; a row that can't be read, or a stream that breaks, as rejected.

        Raises
        ------
        BadInput
            If there is no such file, or it can't be opened.
        """
        file = Source(path)
        with file.open():
            pass
        delimiter = DELIMITERS.get(self.settings.delimiter) or _guessed(file)
        records = _records(file, delimiter)
        return blocks_of(path, source, records, self.settings.max_record_bytes)

    def parse(self, block: RawBlock, share: float = 1.0) -> Parsed:
        """Return the documents of a block."""
        return JsonLines(self.settings).parse(block, share)


def _guessed(file: Source) -> str:
    name = file.path.name.lower()
    if ".tsv" in name:
        return "\t"
    return sniff(file.head().decode("utf-8-sig", "replace")).delimiter


def _records(file: Source, delimiter: str) -> Iterator[Record]:
    number = 0
    try:
        with file.open() as stream:
            for row in csv_rows(read_lines(stream), delimiter, str(file.path)):
                share = file.share_read or 0.0
                if isinstance(row, TableRow):
                    number = row.line
                    yield Record(number, as_line(row.cells), share=share)
                elif not isinstance(row, Blank):
                    number = row.line
                    yield Record(number, b"", *_why(row.reason), share=share)
    except BadInput as error:
        yield Record(number + 1, b"", "no header that names the columns", error.message)


def _why(reason: str) -> tuple[str, str]:
    """Return one of few sentences, and what of this row goes beyond it."""
    for begins, short in (
        ("not UTF-8", "not UTF-8"),
        ("longer than", "record too long"),
        ("a field is longer", "record too long"),
        ("the file ", CUT_OFF),
        ("has ", "not as many fields as the header"),
    ):
        if reason.startswith(begins):
            return short, reason
    return "not a row of the table", reason
