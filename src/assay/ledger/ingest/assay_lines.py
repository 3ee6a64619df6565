"""Assay's own JSON Lines: trace lines and verdict lines, in any order."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress

from assay.ledger.ingest.column_names import RIGHT_NAMES, WRONG_NAMES
from assay.ledger.ingest.lines import Line, parse_object, read_lines
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.record import Blank, Item, Record, RowError, trace_row, verdict_row
from assay.ledger.ingest.source import ReadOptions, Source


class AssayLines:
    """Reader of trace lines and verdict lines."""

    name = "assay"
    title = "Assay's own JSON Lines"

    def recognises(self, head: Head) -> bool:
        """Say whether a line in the beginning has the columns of a trace line or of a verdict line."""
        for raw in head.start.split(b"\n"):
            with suppress(RowError):
                keys = parse_object(raw.decode("utf-8", "replace").lstrip("\ufeff")).keys()
                if _is_verdict(keys) or _is_trace(keys):
                    return True
        return False

    def read(self, source: Source, options: ReadOptions) -> Iterator[Item]:
        """Yield one item a line."""
        with source.open() as stream:
            for line in read_lines(stream):
                if line.fault:
                    yield line.rejected()
                elif line.blank:
                    yield Blank(line.number)
                else:
                    try:
                        yield _record(line, source, options)
                    except RowError as error:
                        yield line.rejected(str(error))


def _is_verdict(keys: Collection[str]) -> bool:
    return "judge" in keys and "trace_id" in keys


def _is_trace(keys: Collection[str]) -> bool:
    # With a column such as `correct` it is a table with Assay's names: that column is a verdict, not a tag.
    return (
        "system" in keys
        and ("output" in keys or "answer" in keys)
        and ("task_id" in keys or "input" in keys)
        and not any(key in RIGHT_NAMES or key in WRONG_NAMES for key in keys)
    )


def _record(line: Line, source: Source, options: ReadOptions) -> Record:
    values = parse_object(line.text)
    place = source.place(line.number)
    if _is_verdict(values):
        return Record(line.number, verdicts=(verdict_row(values, source=place),))
    for name, said in (
        ("system", options.system),
        ("version", options.version),
        ("origin", options.origin),
    ):
        if said and not values.get(name):
            values[name] = said
    row = trace_row(values, trace_id=source.row_id(line.number), source=place)
    return Record(line.number, traces=(row,))


ASSAY_LINES = AssayLines()
