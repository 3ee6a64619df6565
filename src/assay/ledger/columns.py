"""Rows to Arrow tables and back, without pyarrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from arro3.core import Array, DataType, Table

from assay.errors import BadInput
from assay.ledger.ingest.record import Row
from assay.ledger.schema import Column, ColumnType

ARROW: dict[ColumnType, Any] = {
    "string": DataType.utf8(),
    "float": DataType.float64(),
    "integer": DataType.int64(),
    "timestamp": DataType.timestamp("us", tz="UTC"),
}


def arrow_table(columns: Sequence[Column], rows: Sequence[Row]) -> Table:
    """Return an Arrow table of rows; a column that a row lacks is null, times are microseconds UTC."""
    arrays: dict[str, Array] = {}
    for column in columns:
        values = [row.get(column.name) for row in rows]
        if column.type == "timestamp":
            # arro3 has no constructor for times: 64-bit integers have the same layout.
            arrays[column.name] = Array(values, type=DataType.int64()).cast(ARROW["timestamp"])
        else:
            arrays[column.name] = Array(values, type=ARROW[column.type])
    return Table.from_pydict(arrays)


def row_dicts(batches: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the rows of Arrow record batches as dicts."""
    rows: list[dict[str, Any]] = []
    for batch in batches:
        names = batch.schema.names
        lists = [batch[name].to_pylist() for name in names]
        rows.extend(dict(zip(names, values, strict=True)) for values in zip(*lists, strict=True))
    return rows


def no_text(error: UnicodeEncodeError) -> BadInput:
    """Return what is said of a lone surrogate: so Python reads bytes of the command line that are no UTF-8."""
    lone = error.object[error.start : error.end][:20]
    return BadInput(f"{lone!a} is not text: the ledger keeps UTF-8 only, and nothing was added")
