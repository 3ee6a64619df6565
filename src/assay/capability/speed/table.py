"""Requests as a plain CSV table: for load generators without a reader of their own.

Columns: ``latency_seconds`` (needed); ``start_seconds`` (when it was due), ``dispatch_delay_seconds``,
``time_to_first_token_seconds``, ``prompt_tokens``, ``output_tokens``, ``request_id``, ``response_id``, ``output``,
``error``. An empty cell is unknown. A row with an error has failed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from assay.capability.speed.fields import Fields
from assay.capability.speed.run import PerfRequest, PerfRun, counted
from assay.errors import BadInput

NEEDED = "latency_seconds"
NUMBERS = (
    "latency_seconds",
    "start_seconds",
    "dispatch_delay_seconds",
    "time_to_first_token_seconds",
    "prompt_tokens",
    "output_tokens",
)
TEXTS = ("request_id", "response_id", "output", "error")


def recognised(first_line: str) -> bool:
    """Return whether a first line is the header of such a table."""
    return NEEDED in [name.strip().strip('"') for name in first_line.split(",")]


def runs(text: str, where: str) -> tuple[PerfRun, ...]:
    """Return the run of a table.

    Raises
    ------
    BadInput
        Where a column is unknown or doubled, a row has too many cells or too few, a cell is no number, or an answered
        request has no latency.
    """
    requests = tuple(_request(row) for row in _rows(text, where))
    return (counted(PerfRun("csv", "", requests=requests)),)


def _rows(text: str, where: str) -> Iterator[Fields]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, where)
        for cells in reader:
            place = f"{where}:{reader.line_num}"
            if not cells:
                continue
            if len(cells) != len(header):
                raise BadInput(
                    f"the header has {len(header)} columns, this row {len(cells)}", where=place
                )
            named = dict(zip(header, cells, strict=True))
            yield Fields({name: _cell(name, cell, place) for name, cell in named.items()}, place)
    except csv.Error as error:
        raise BadInput(f"this is no CSV: {error}", where=f"{where}:{reader.line_num}") from None


def _check_header(header: list[str], where: str) -> None:
    if NEEDED not in header:
        raise BadInput(f"the header must name a column {NEEDED}", where=where)
    if unknown := [name for name in header if name not in (*NUMBERS, *TEXTS)]:
        raise BadInput(
            f"no column {unknown[0]!r} is known; known are {', '.join((*NUMBERS, *TEXTS))}",
            where=where,
        )
    if len(set(header)) < len(header):
        raise BadInput("the header names a column twice", where=where)


def _cell(name: str, cell: str, where: str) -> float | str | None:
    if not cell.strip():
        return None
    if name in TEXTS:
        return cell
    try:
        return float(cell)
    except ValueError:
        raise BadInput(f"{name} must be a number, got {cell[:80]!r}", where=where) from None


def _request(row: Fields) -> PerfRequest:
    error, latency = row.text("error"), row.number(NEEDED)
    if latency is None and error is None:
        raise BadInput(f"{NEEDED} is empty, and there is no error either", where=row.where)
    return PerfRequest(
        outcome="answered" if error is None else "failed",
        latency_seconds=latency,
        dispatch_delay_seconds=row.number("dispatch_delay_seconds"),
        due_at=row.number("start_seconds"),
        time_to_first_token_seconds=row.number("time_to_first_token_seconds"),
        prompt_tokens=row.count("prompt_tokens"),
        output_tokens=row.count("output_tokens"),
        request_id=row.text("request_id"),
        response_id=row.text("response_id"),
        output=row.text("output"),
        error=error,
    )
