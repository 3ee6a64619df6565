"""From a file to the ledger: read, leave out what is known, append in batches, keep what was refused.

A batch is one commit. A process that dies leaves whole batches; reading the file again adds what is missing, since
every row has an identity: the trace's own, or the file's content hash and the line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from assay.errors import BadInput, UnknownFormat
from assay.ledger.ingest.detect import choose_reader
from assay.ledger.ingest.mapping import format_mapping
from assay.ledger.ingest.other_files import other_file
from assay.ledger.ingest.reader import Reader
from assay.ledger.ingest.record import Blank, Item, Record, Rejected, Row, Tally
from assay.ledger.ingest.source import ReadOptions, Source
from assay.ledger.ingest.table import MappedReader
from assay.ledger.store import Ledger, literal

BATCH_ROWS = 20_000
BATCH_CHARACTERS = 32_000_000
"""A commit costs some 30 ms whatever its size; this keeps a batch of long texts under 150 MB of memory."""

EXCERPT_CHARACTERS = 1_000
SHOWN_REJECTS = 5

Progress = Callable[[int, float | None], None]
"""Called with the lines read so far and the share of the file, where that is known."""


@dataclass(slots=True)
class IngestReport:
    """What became of a file: lines = accepted + rejected + blank."""

    file: str
    format: str
    tally: Tally = field(default_factory=Tally)
    traces_added: int = 0
    traces_known: int = 0
    verdicts_added: int = 0
    verdicts_known: int = 0
    verdicts_without_trace: int = 0
    first_rejects: list[Rejected] = field(default_factory=list)
    rejects_file: str | None = None
    mapping: str | None = None
    """The columns as `--map` would say them, given and guessed; None for formats that need none."""
    notes: tuple[str, ...] = ()
    """What was read into the columns, and what was left open."""
    broke_off: str | None = None
    """Why the file could not be read to its end; what came before is kept."""

    @property
    def nothing_good(self) -> bool:
        """Whether no line of the file was any good."""
        return self.tally.accepted == 0

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "file": self.file,
            "format": self.format,
            "lines": self.tally.lines,
            "accepted": self.tally.accepted,
            "rejected": self.tally.rejected,
            "blank": self.tally.blank,
            "traces_added": self.traces_added,
            "traces_known": self.traces_known,
            "verdicts_added": self.verdicts_added,
            "verdicts_known": self.verdicts_known,
            "verdicts_without_trace": self.verdicts_without_trace,
            "reasons": dict(sorted(self.tally.reasons.items(), key=lambda pair: -pair[1])),
            "rejects_file": self.rejects_file,
            "mapping": self.mapping,
            "notes": list(self.notes),
            "broke_off": self.broke_off,
        }


def ingest_file(
    ledger: Ledger,
    path: Path,
    options: ReadOptions | None = None,
    *,
    progress: Progress | None = None,
) -> IngestReport:
    """Read a file into the ledger.

    Parameters
    ----------
    ledger
        Where rows go. Other processes may append at the same time.
    path
        A file in any format that a reader knows, plain, gzip or Zstandard.
    options
        The column mapping and what else the user says of the file.
    progress
        Called after each batch, and every thousand lines.

    Returns
    -------
    IngestReport
        Counts, and where the refused lines are kept.

    Raises
    ------
    BadInput
        Where the file can't be opened, is empty, or no reader knows it.
    LedgerError
        Where the ledger can't be written.
    """
    options = options or ReadOptions()
    source = Source(path)
    try:
        return _ingest(ledger, source, options, progress)
    except UnknownFormat:
        if other := other_file(source):
            raise other.refusal(source) from None
        raise


def _ingest(
    ledger: Ledger, source: Source, options: ReadOptions, progress: Progress | None
) -> IngestReport:
    path = source.path
    reader = choose_reader(source, options)
    report = IngestReport(str(path), reader.name)
    if isinstance(reader, MappedReader):
        guess = reader.guess(source, options)
        report.mapping, report.notes = format_mapping(guess.mapping), guess.notes
    with _Rejects(ledger.rejects / f"{source.content_hash}.jsonl", str(path)) as rejects:
        _Writer(ledger, report, rejects).write(_items(reader, source, options, report, progress))
        report.rejects_file = rejects.written
    if report.tally.verdicts > 0 and report.tally.traces < report.tally.verdicts:
        report.verdicts_without_trace = _orphans(ledger, source)
    return report


def _items(
    reader: Reader,
    source: Source,
    options: ReadOptions,
    report: IngestReport,
    progress: Progress | None,
) -> Iterator[Item]:
    try:
        for item in reader.read(source, options):
            yield item
            if progress and report.tally.lines % 1_000 == 0:
                progress(report.tally.lines, source.share_read)
    except BadInput as error:
        if report.tally.lines == 0:
            raise
        report.broke_off = error.message


class _Rejects:
    """The file of refused lines; made with the first one, so that a clean file leaves none."""

    def __init__(self, path: Path, file: str) -> None:
        self._path = path
        self._file = file
        self._stream: IO[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream:
            self._stream.close()

    @property
    def written(self) -> str | None:
        return str(self._path) if self._stream else None

    def keep(self, rejected: Rejected) -> None:
        if self._stream is None:
            self._path.parent.mkdir(exist_ok=True)
            self._stream = self._path.open("w", encoding="utf-8", errors="backslashreplace")
        line = {
            "file": self._file,
            "part": rejected.part or None,
            "line": rejected.line,
            "offset": rejected.offset,
            "reason": rejected.reason,
            "text": rejected.excerpt[:EXCERPT_CHARACTERS],
        }
        self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")


class _Writer:
    """Gathers records into batches, and appends what the ledger does not hold yet."""

    def __init__(self, ledger: Ledger, report: IngestReport, rejects: _Rejects) -> None:
        self._ledger = ledger
        self._report = report
        self._rejects = rejects
        self._records: list[Record] = []
        self._rows = 0
        self._characters = 0

    def write(self, items: Iterator[Item]) -> None:
        for item in items:
            match item:
                case Record():
                    self._take(item)
                case Rejected():
                    self._refuse(item)
                case Blank():
                    self._report.tally.add(item)
            if self._rows >= BATCH_ROWS or self._characters >= BATCH_CHARACTERS:
                self._flush()
        self._flush()

    def _take(self, record: Record) -> None:
        self._report.tally.add(record)
        self._records.append(record)
        self._rows += len(record.traces) + len(record.verdicts)
        for row in record.traces:
            self._characters += sum(len(v) for v in row.values() if isinstance(v, str))

    def _refuse(self, rejected: Rejected) -> None:
        self._report.tally.add(rejected)
        self._rejects.keep(rejected)
        if len(self._report.first_rejects) < SHOWN_REJECTS:
            self._report.first_rejects.append(rejected)

    def _flush(self) -> None:
        if not self._records:
            return
        with self._ledger.locked():
            traces, verdicts = self._fresh()
            self._ledger.append("traces", traces)
            self._ledger.append("verdicts", verdicts)
        self._report.traces_added += len(traces)
        self._report.verdicts_added += len(verdicts)
        self._records, self._rows, self._characters = [], 0, 0

    def _fresh(self) -> tuple[list[Row], list[Row]]:
        known_traces = _known_traces(self._ledger, [r for rec in self._records for r in rec.traces])
        known_verdicts = _known_verdicts(
            self._ledger, [r for rec in self._records for r in rec.verdicts]
        )
        traces: list[Row] = []
        verdicts: list[Row] = []
        for record in self._records:
            clash = next((row for row in record.traces if _clashes(row, known_traces)), None)
            if clash is not None:
                self._turn_down(record, clash, known_traces[str(clash["trace_id"])])
                continue
            for row in record.traces:
                if str(row["trace_id"]) in known_traces:
                    self._report.traces_known += 1
                else:
                    known_traces[str(row["trace_id"])] = _trace_identity(row)
                    traces.append(row)
            for row in record.verdicts:
                identity = _verdict_identity(row)
                if identity in known_verdicts:
                    self._report.verdicts_known += 1
                else:
                    known_verdicts.add(identity)
                    verdicts.append(row)
        return traces, verdicts

    def _turn_down(self, record: Record, row: Row, there: tuple[object, ...]) -> None:
        tally = self._report.tally
        tally.accepted -= 1
        tally.traces -= len(record.traces)
        tally.verdicts -= len(record.verdicts)
        source, system, version, _ = there
        other = "output" if (system, version) == (row["system"], row["version"]) else "system"
        self._refuse(
            Rejected(
                record.line,
                f"`trace_id` is already there with another {other} ({system} {version}, from {source}): "
                "an id names one answer",
                f"{row['trace_id']}: {row['output']}",
            )
        )


Known = dict[str, tuple[object, ...]]
"""Trace id -> what tells a trace from another: source, system, version, output."""


def _trace_identity(row: Mapping[str, object]) -> tuple[object, ...]:
    return row["source"], row["system"], row["version"], row["output"]


def _known_traces(ledger: Ledger, rows: list[Row]) -> Known:
    if not rows:
        return {}
    # Two steps: outputs are long, and most often none is known.
    found = ledger.rows(
        f"SELECT traces.trace_id FROM traces JOIN {_wanted(rows)} ON id = traces.trace_id"
    )
    if not found:
        return {}
    sql = (
        "SELECT traces.trace_id, source, system, version, output FROM traces "
        f"JOIN {_wanted(found)} ON id = traces.trace_id"
    )
    return {row["trace_id"]: _trace_identity(row) for row in ledger.rows(sql)}


def _clashes(row: Row, known: Known) -> bool:
    there = known.get(str(row["trace_id"]))
    own = _trace_identity(row)
    # The same line again is known, and so is the same answer in another export; anything else is another trace.
    return there is not None and there[0] != own[0] and there[1:] != own[1:]


def _known_verdicts(ledger: Ledger, rows: list[Row]) -> set[tuple[object, ...]]:
    if not rows:
        return set()
    sql = (
        "SELECT trace_id, judge, draw_id, cast(at AS bigint) AS at, error_probability, source FROM verdicts "
        f"JOIN {_wanted(rows)} ON id = trace_id"
    )
    return {_verdict_identity(row) for row in ledger.rows(sql)}


def _verdict_identity(row: Row) -> tuple[object, ...]:
    # The same judge saying the same at the same moment is one verdict, whichever file brings it; without a time
    # only the same line of the same file is.
    moment = row["at"] if row["at"] is not None else row["source"]
    return row["trace_id"], row["judge"], row["draw_id"], row["error_probability"], moment


def _wanted(rows: Sequence[Mapping[str, object]]) -> str:
    """Return SQL for the ids of rows as a table: joined to it, twenty thousand take a fifth of what IN (...) takes."""
    ids = ",".join(f"({literal(i)})" for i in {str(row["trace_id"]) for row in rows})
    return f"(VALUES {ids}) AS wanted(id)"


def _orphans(ledger: Ledger, source: Source) -> int:
    sql = (
        "SELECT count(*) AS n FROM verdicts LEFT ANTI JOIN traces ON verdicts.trace_id = traces.trace_id "
        f"WHERE verdicts.source LIKE '{source.content_hash}:%'"
    )
    return int(ledger.rows(sql)[0]["n"])
