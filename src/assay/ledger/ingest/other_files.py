"""Files that other commands of Assay read: they hold no traces, and what to type is not `assay ingest`.

Asked only of a file that no reader can make traces of, so that a log is never taken for one of these.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from shlex import quote

from assay.errors import BadInput, UnknownFormat
from assay.ledger.ingest.csv_rows import TableRow
from assay.ledger.ingest.record import Blank, Rejected, Tally
from assay.ledger.ingest.source import Source
from assay.ledger.ingest.table import CSV, JSON_LINES

ASKED = ("input", "turns", "messages")
LISTED = ("draw_id", "trace_id", "verdict")
SHOWN_REJECTS = 5
NO_TASK = "one of `input`, `turns` and `messages` must say what is asked"

_Item = TableRow | Rejected | Blank


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A file of Assay's that holds no traces.

    Parameters
    ----------
    name, title
        What it is, for programs and for people.
    tally
        Its rows.
    notes
        What is in it.
    next_command
        What reads it.
    first_rejects
        (line, reason) of the first few lines that are none.
    """

    name: str
    title: str
    tally: Tally
    notes: tuple[str, ...]
    next_command: str
    first_rejects: tuple[tuple[int, str], ...] = ()

    def refusal(self, source: Source) -> UnknownFormat:
        """Return the error for who takes it for a log."""
        return UnknownFormat(
            f"{self.title}: there are no traces in it",
            where=str(source.path),
            next_command=self.next_command,
        )


def other_file(source: Source) -> OtherFile | None:
    """Return what a file is that no reader can make traces of; None where it is nothing of Assay's.

    Parameters
    ----------
    source
        The file. It is read whole: a file of Label Studio at once, others row by row.
    """
    start = source.head().removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"["):
        return _label_studio(source)
    table = JSON_LINES if start.startswith(b"{") else CSV
    try:
        first = next(
            (row for row in islice(table.rows(source), 20) if isinstance(row, TableRow)), None
        )
        if first is None:
            return None
        columns = {name.partition(".")[0] for name in first.cells}
        if columns.issuperset(LISTED):
            return _filled_list(source, table.rows(source))
        if table is JSON_LINES and not columns.isdisjoint(ASKED):
            return _tasks(source, table.rows(source))
    except BadInput:
        pass
    return None


def _tasks(source: Source, rows: Iterator[_Item]) -> OtherFile:
    tally, known, rejects = Tally(), 0, list[tuple[int, str]]()
    for row in rows:
        reason = row.reason if isinstance(row, Rejected) else ""
        if isinstance(row, Blank):
            tally.blank += 1
        elif reason or (isinstance(row, TableRow) and not _asks(row)):
            tally.rejected += 1
            rejects += [(row.line, reason or NO_TASK)] * (len(rejects) < SHOWN_REJECTS)
        else:
            tally.accepted += 1
            known += isinstance(row, TableRow) and "reference" in row.cells
    file = quote(str(source.path))
    return OtherFile(
        "tasks",
        "tasks for `assay ask`",
        tally,
        (f"{known:,} of {tally.accepted:,} tasks have a reference; a check needs one",),
        f"assay ask {file} --system NAME@VERSION --url URL --model MODEL --into runs.ledger",
        tuple(rejects),
    )


def _asks(row: TableRow) -> bool:
    """Whether exactly one of the columns says what is asked; `assay ask` looks closer."""
    said = {name.partition(".")[0]: value for name, value in row.cells.items()}
    found = [said[name] for name in ASKED if name in said]
    return len(found) == 1 and found[0] not in ("", [], None) and isinstance(found[0], str | list)


def _filled_list(source: Source, rows: Iterator[_Item]) -> OtherFile:
    tally, filled = Tally(), 0
    for row in rows:
        if isinstance(row, TableRow):
            tally.accepted += 1
            filled += bool(str(row.cells.get("verdict") or "").strip())
        else:
            tally.blank += isinstance(row, Blank)
            tally.rejected += isinstance(row, Rejected)
    return OtherFile(
        "list",
        "a list of outputs to label, from `assay draw`",
        tally,
        (f"{filled:,} of {tally.accepted:,} rows are filled in",),
        f"assay label runs.ledger {quote(str(source.path))}",
    )


def _label_studio(source: Source) -> OtherFile | None:
    try:
        with source.open() as stream:
            tasks = json.loads(stream.read())
    except (BadInput, OSError, EOFError, ValueError, RecursionError):
        return None
    data = [task.get("data") if isinstance(task, dict) else None for task in tasks]
    ours = [isinstance(one, dict) and {"draw_id", "trace_id"} <= one.keys() for one in data]
    if not any(ours):
        return None
    said = sum(
        1 for task, fits in zip(tasks, ours, strict=True) if fits and task.get("annotations")
    )
    file = quote(str(source.path))
    tally = Tally(accepted=sum(ours), rejected=len(ours) - sum(ours))
    if said:
        return OtherFile(
            "label-studio-annotations",
            "annotations of Label Studio",
            tally,
            (f"{said:,} of {sum(ours):,} tasks are annotated",),
            f"assay label runs.ledger {file}",
        )
    return OtherFile(
        "label-studio-tasks",
        "tasks to import into Label Studio",
        tally,
        ("no task is annotated: import it into Label Studio, label there, export as JSON",),
        "assay label runs.ledger EXPORT.json",
    )
