"""The rows of a Parquet file, as cells that JSON could hold."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from assay.errors import BadInput
from assay.ledger.ingest.source import Source

PARQUET_MAGIC = b"PAR1"
PARQUET_BATCH_ROWS = 512


def parquet_cells(
    source: Source, *, batch_rows: int = PARQUET_BATCH_ROWS
) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield each row's number, from 1, and its cells: column -> cell; so many rows at a time are held in memory.

    Raises
    ------
    BadInput
        Where the file is no plain Parquet file, or is damaged. Rows yielded before stay good.
    """
    _check_ends(source)
    number = 0
    with _in_words("the Parquet file is damaged", source):
        batches = _batches(source, batch_rows)
    for _ in count():
        with _in_words(f"the Parquet file is damaged after row {number}", source):
            batch = next(batches, None)
            columns = (
                []
                if batch is None
                else [batch.column(i).to_pylist() for i in range(batch.num_columns)]
            )
        if batch is None:
            return
        names = batch.schema.names
        for cells in zip(*columns, strict=True):
            number += 1
            yield number, {name: plain(cell) for name, cell in zip(names, cells, strict=True)}


def plain(cell: object) -> object:
    """Return a cell of a typed table as JSON would hold it; NaN, and bytes that are no text, are not known.

    Times stay as they are.
    """
    if isinstance(cell, float) and math.isnan(cell):
        return None
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, bytes):
        return _text(cell)
    if isinstance(cell, dict):
        return {str(key): plain(inner) for key, inner in cell.items()}
    if isinstance(cell, list):
        return [_in_list(inner) for inner in cell]
    return _duration(cell)


def _text(cell: bytes) -> str | None:
    try:
        return cell.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _duration(cell: object) -> object:
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    return cell.isoformat() if isinstance(cell, time) else cell


def _in_list(cell: object) -> object:
    cell = plain(cell)
    return cell.isoformat() if isinstance(cell, (date, datetime)) else cell


def _check_ends(source: Source) -> None:
    with source.path.open("rb") as raw:
        start = raw.read(4)
        raw.seek(max(0, source.size - 8))
        end = raw.read()
    if start != PARQUET_MAGIC:
        raise BadInput(
            "this is a Parquet file that is packed again: unpack it first",
            where=str(source.path),
            next_command=f"gunzip -k {shlex.quote(str(source.path))}",
        )
    if end[4:] != PARQUET_MAGIC or int.from_bytes(end[:4], "little") > source.size - 12:
        raise BadInput("the Parquet file is cut off: its footer is missing", where=str(source.path))


def _batches(source: Source, batch_rows: int) -> Iterator[Any]:
    from arro3.io import read_parquet

    return iter(read_parquet(str(source.path), batch_size=batch_rows))


@contextmanager
def _in_words(what: str, source: Source) -> Iterator[None]:
    try:
        with _without_stderr():
            yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except (
        BaseException
    ) as error:  # arro3 panics on a footer that it can't read, outside of Exception
        why = str(error).strip().split("\n", 1)[0][:200]
        raise BadInput(f"{what}: {why}", where=str(source.path)) from None


@contextmanager
def _without_stderr() -> Iterator[None]:
    # A Rust panic writes a traceback of its own to the process's stderr before Python hears of it.
    kept = os.dup(2)
    quiet = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(quiet, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(quiet)
        os.close(kept)
