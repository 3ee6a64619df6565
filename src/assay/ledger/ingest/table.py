"""Readers of tables that others made: CSV, JSON Lines of any shape, and Parquet, by a mapping of columns.

Each looks at the first rows, completes the user's mapping by what can be guessed from them, and then streams.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from assay.errors import BadInput, UnknownFormat
from assay.ledger.ingest.csv_rows import TableRow, csv_rows, sniff
from assay.ledger.ingest.guess import MappingGuess, guess_mapping
from assay.ledger.ingest.lines import leading_keys, parse_object, read_lines
from assay.ledger.ingest.mapping import apply_mapping, check_columns, make_plan, name_columns
from assay.ledger.ingest.parquet_cells import PARQUET_MAGIC, parquet_cells
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.record import Blank, Item, Rejected, RowError
from assay.ledger.ingest.source import ReadOptions, Source

SAMPLE_ROWS = 10_000
SAMPLE_CELLS = 1_000_000
SAMPLE_CHARACTERS = 32 * 2**20

_BEFORE_TEXT = b" \r\n\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a table."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, object], ...]
    complete: bool
    """Whether these are all the rows there are."""


@runtime_checkable
class MappedReader(Protocol):
    """A reader that needs a mapping of columns, and can say which one it takes."""

    def sample(self, source: Source) -> Sample:
        """Return the first rows, and the columns seen in them."""

    def guess(self, source: Source, options: ReadOptions) -> MappingGuess:
        """Return the user's mapping completed by what the first rows show."""


class _TableReader:
    """What the three formats have in common: everything but how a row is found."""

    name = ""
    title = ""

    def rows(self, source: Source) -> Iterator[TableRow | Rejected | Blank]:
        raise NotImplementedError

    def sample(self, source: Source) -> Sample:
        """Return the first rows, bounded in number and in size."""
        columns: dict[str, None] = {}
        rows: list[Mapping[str, object]] = []
        cells = characters = 0
        complete = True
        for row in self.rows(source):
            if not isinstance(row, TableRow):
                continue
            columns.update(dict.fromkeys(row.cells))
            rows.append(row.cells)
            cells += len(row.cells)
            characters += row.size
            if len(rows) >= SAMPLE_ROWS or cells >= SAMPLE_CELLS or characters >= SAMPLE_CHARACTERS:
                complete = False
                break
        return Sample(tuple(columns), tuple(rows), complete)

    def guess(self, source: Source, options: ReadOptions) -> MappingGuess:
        """Return the user's mapping completed by what the first rows show."""
        sample = self.sample(source)
        # A column that comes in only later, as a few labels do, can't be missed before the end was seen.
        if sample.rows and sample.complete:
            check_columns(options.mapping, sample.columns, str(source.path))
        return guess_mapping(sample.columns, sample.rows, options.mapping)

    def read(self, source: Source, options: ReadOptions) -> Iterator[Item]:
        """Yield one item a row."""
        make_plan(options.mapping)
        guess = self.guess(source, options)
        if guess.mapping or guess.unmapped:
            check_complete(guess, source.path, options)
        plan = make_plan(guess.mapping)
        for row in self.rows(source):
            if not isinstance(row, TableRow):
                yield row
                continue
            try:
                yield apply_mapping(
                    row.cells,
                    plan,
                    options,
                    line=row.line,
                    row_id=source.row_id(row.line),
                    place=source.place(row.line),
                )
            except RowError as error:
                yield Rejected(
                    row.line, str(error), row.text[:1_000].rstrip("\r\n"), offset=row.offset
                )


def check_complete(guess: MappingGuess, path: Path, options: ReadOptions) -> None:
    """Refuse a mapping that can't make a trace of any row.

    Raises
    ------
    UnknownFormat
        Says which column is missing, which there are, and what to type.
    """
    mapped = {key for key, column in guess.mapping.items() if column}
    for keys, what in (
        (("output", "answer"), "what was answered"),
        (("task_id", "input"), "what was asked"),
        (("system",), "which model, agent or people answered"),
    ):
        if mapped & set(keys) or (keys == ("system",) and options.system):
            continue
        key = keys[0] if not guess.ambiguous.get(keys[-1]) else keys[-1]
        could_be = guess.ambiguous.get(key, ())
        doubt = f" (it could be {name_columns(could_be)})" if could_be else ""
        columns = name_columns(
            [column for column in guess.mapping.values() if column] + [*guess.unmapped]
        )
        command = f"assay ingest {shlex.quote(str(path))} --into runs.ledger --map {key}=COLUMN"
        raise UnknownFormat(
            f"no column says for sure {what} (`{key}`){doubt}; there are: {columns}",
            where=str(path),
            next_command=command + (", or --system NAME" if key == "system" else ""),
        )


class Csv(_TableReader):
    """Comma-separated values, or separated by tabs, semicolons or bars, with a header."""

    name = "csv"
    title = "table in CSV"

    def recognises(self, head: Head) -> bool:
        """Say whether the file begins as a table of at least two columns."""
        start = head.start.lstrip(_BEFORE_TEXT)
        first = start.split(b"\n", 1)[0]
        if not first or first[:1] in (b"{", b"[", b"<", b"%") or b"\0" in first:
            return False
        sniffed = sniff(start.decode("utf-8", "replace"))
        named = not {".csv", ".tsv"}.isdisjoint(Path(head.name.lower()).suffixes)
        return sniffed.columns > 1 and (named or (sniffed.fitting >= 0.5 and _is_text(first)))

    def rows(self, source: Source) -> Iterator[TableRow | Rejected | Blank]:
        """Yield the rows below the header."""
        head = source.head().lstrip(_BEFORE_TEXT)
        if b"\r" in head and b"\n" not in head:
            raise BadInput(
                "the lines end in CR alone, as on old Macs; they must end in LF",
                where=str(source.path),
                next_command=f"tr '\\r' '\\n' < {shlex.quote(str(source.path))} > lines.csv",
            )
        delimiter = sniff(head.decode("utf-8", "replace")).delimiter
        with source.open() as stream:
            yield from csv_rows(read_lines(stream), delimiter, str(source.path))


class JsonLines(_TableReader):
    """One JSON object a line, of any shape; nested values have dotted names."""

    name = "jsonl"
    title = "JSON Lines"

    def recognises(self, head: Head) -> bool:
        """Say whether a line in the beginning is a JSON object, or begins as one that goes on beyond it."""
        lines = head.start.split(b"\n")
        for number, raw in enumerate(lines):
            text = raw.decode("utf-8", "replace").strip("\ufeff \t\r")
            if not text.startswith("{"):
                continue
            with suppress(RowError):
                parse_object(text)
                return True
            if number == len(lines) - 1 and len(raw) > 1_000 and leading_keys(text):
                return True
        return False

    def rows(self, source: Source) -> Iterator[TableRow | Rejected | Blank]:
        """Yield the objects."""
        with source.open() as stream:
            for line in read_lines(stream):
                if line.fault:
                    yield line.rejected()
                elif line.blank:
                    yield Blank(line.number)
                else:
                    try:
                        cells = flatten(parse_object(line.text))
                    except RowError as error:
                        yield line.rejected(str(error))
                    else:
                        yield TableRow(line.number, cells, len(line.text), line.text, line.offset)


class Parquet(_TableReader):
    """A Parquet file, plain."""

    name = "parquet"
    title = "table in Parquet"

    def recognises(self, head: Head) -> bool:
        """Say whether the file has Parquet's first bytes."""
        return head.start.startswith(PARQUET_MAGIC)

    def rows(self, source: Source) -> Iterator[TableRow | Rejected | Blank]:
        """Yield the rows, numbered from 1."""
        for number, cells in parquet_cells(source):
            try:
                flat = flatten(cells)
            except RowError as error:
                yield Rejected(number, str(error))
                continue
            if all(cell is None for cell in flat.values()):
                yield Blank(number)
            else:
                size = sum(len(cell) for cell in flat.values() if isinstance(cell, str))
                yield TableRow(number, flat, size)


def flatten(value: Mapping[str, object]) -> dict[str, object]:
    """Return an object with nested ones under dotted names.

    Raises
    ------
    RowError
        Where two names become one.

    Examples
    --------
    >>> flatten({"id": 1, "usage": {"prompt_tokens": 7}, "tags": ["a"]})
    {'id': 1, 'usage.prompt_tokens': 7, 'tags': ['a']}
    """
    flat: dict[str, object] = {}
    for name, inner in value.items():
        if not isinstance(inner, dict):
            parts = {name: inner}
        else:
            parts = {f"{name}.{key}": cell for key, cell in flatten(inner).items()}
        for key, cell in parts.items():
            if key in flat:
                raise RowError(f"the name `{key}` stands twice, once nested and once with a dot")
            flat[key] = cell
    return flat


def _is_text(line: bytes) -> bool:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r" for character in text[:1_000])


CSV = Csv()
JSON_LINES = JsonLines()
PARQUET = Parquet()
