"""The ledger: a folder of Delta Lake tables, appended to by any number of processes, queried by SQL.

    runs.ledger/
        assay.json      format and version of the schema, written last: without it the folder is no ledger
        traces/ verdicts/ draws/ cases/     Delta tables: Parquet files and a log of commits
        rejects/        refused lines, one file an ingest
        append.lock     held for the moment of an append

A commit to a Delta table is one file put in place atomically: a process killed in the middle of an append leaves
the last good version. The lock makes looking for known rows and adding new ones one step; the system releases it
when its holder dies.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any

import arro3.core as arrow
from deltalake import DeltaTable, QueryBuilder, Schema, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError
from filelock import FileLock, Timeout

from assay.errors import LedgerError, SchemaVersionError
from assay.ledger.columns import ARROW, arrow_table, no_text, row_dicts
from assay.ledger.ingest.record import Row
from assay.ledger.schema import SCHEMA_VERSION, TABLES

FORMAT = "assay-ledger"
MARK = "assay.json"
KEEP_OLD_VERSIONS = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
}
"""A draw's population is the table at a version: that version must stay readable."""

LOCK_SECONDS = 300.0
"""An append takes some 50 ms: one that waits five minutes is waiting for something broken."""


@dataclass(frozen=True, slots=True)
class TableState:
    """What a table holds now: rows, data files, bytes, and the version of its last commit."""

    rows: int
    files: int
    bytes: int
    version: int


class Ledger:
    """A ledger on disk. Make one with `Ledger.open` or `Ledger.create`.

    Examples
    --------
    >>> import tempfile
    >>> ledger = Ledger.create(Path(tempfile.mkdtemp()) / "runs.ledger")
    >>> ledger.rows("SELECT count(*) AS n FROM traces")
    [{'n': 0}]
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path / "append.lock", timeout=LOCK_SECONDS)

    @classmethod
    def create(cls, path: Path | str) -> Ledger:
        """Make an empty ledger, or open the one that is there.

        Raises
        ------
        LedgerError
            Where the path is a file, or a folder with other things in it.
        """
        path = Path(path)
        if (path / MARK).exists():
            return cls.open(path)
        if path.is_file():
            raise LedgerError(
                f"{path} is a file; a ledger is a folder",
                next_command=f"assay doctor {quote(str(path))}",
            )
        strangers = _strangers(path)
        if strangers:
            raise LedgerError(
                f"{path} is a folder with other things in it ({strangers[0]}), not a ledger"
            )
        try:
            path.mkdir(parents=True, exist_ok=True)
            for name in TABLES:
                make_table(path, name)
            write_mark(path, SCHEMA_VERSION)
        except OSError as error:
            raise LedgerError(f"{path} can't be made: {error.strerror or error}") from error
        return cls(path)

    @classmethod
    def open(cls, path: Path | str) -> Ledger:
        """Open a ledger.

        Raises
        ------
        LedgerError
            Where there is none.
        SchemaVersionError
            Where it was made by another version of the schema.
        """
        path = Path(path)
        version = read_mark(path)
        if version > SCHEMA_VERSION:
            raise SchemaVersionError(
                f"{path} has schema {version}, and this Assay knows {SCHEMA_VERSION} at most",
                next_command="pip install --upgrade assay-ai",
            )
        if version < SCHEMA_VERSION:
            raise SchemaVersionError(
                f"{path} has schema {version}; this Assay writes {SCHEMA_VERSION}",
                next_command=f"assay ledger migrate {quote(str(path))}",
            )
        return cls(path)

    def append(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows in one commit: all of them or none.

        Parameters
        ----------
        table : traces, verdicts, draws or cases
        rows
            Columns by name; one that is missing is null.

        Raises
        ------
        BadInput
            Where a value holds a lone surrogate.
        LedgerError
            Where the table can't be written.
        """
        if not rows:
            return
        try:
            data = arrow_table(TABLES[table], rows)
            write_deltalake(self.path / table, data, mode="append")
        except UnicodeEncodeError as error:
            raise no_text(error) from None
        except (DeltaError, OSError) as error:
            raise LedgerError(
                f"{self.path}: {len(rows)} rows could not be added to {table}: {error}"
            ) from error

    def locked(self) -> Any:
        """Return a context in which no other process appends.

        Raises
        ------
        LedgerError
            On entering, where another process has held the lock for five minutes.
        """
        return _Locked(self._lock, self.path)

    def query(self, sql: str, *, versions: Mapping[str, int] | None = None) -> Any:
        """Run SQL over the ledger's tables.

        Parameters
        ----------
        sql
            A query for DataFusion.
        versions
            Table -> the version to read it at; the newest where none is given.

        Returns
        -------
        arro3.core.RecordBatchReader
        """
        builder = QueryBuilder()
        try:
            for name in TABLES:
                if name in sql:
                    version = (versions or {}).get(name)
                    builder.register(name, self._table(name, version))
            return builder.execute(sql)
        except UnicodeEncodeError as error:
            raise no_text(error) from None
        except (DeltaError, OSError) as error:
            raise self._unreadable(error) from error

    def _table(self, name: str, version: int | None) -> DeltaTable:
        """Return a table as it is now, or at a version."""
        return DeltaTable(self.path / name, version=version)

    def rows(self, sql: str, *, versions: Mapping[str, int] | None = None) -> list[dict[str, Any]]:
        """Run SQL and return the rows as dicts: for results that are small.

        Raises
        ------
        LedgerError
            Where the tables can't be read, or not at these versions.
        """
        reader = self.query(sql, versions=versions)
        try:
            return row_dicts(reader)
        except Exception as error:
            # The engine raises a bare Exception where a data file is missing, and only when rows are fetched.
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> LedgerError:
        gone = [name for name in TABLES if not (self.path / name / "_delta_log").is_dir()]
        if gone:
            return LedgerError(
                f"{self.path} is damaged: its table {gone[0]} is gone; put the folder back from a copy, or begin anew",
                next_command="assay ingest FILE --into NEW.ledger",
            )
        said = str(error).strip().partition("\n")[0][:300]
        if "No field named" in said:
            return LedgerError(
                f"{self.path} lacks a column that this Assay reads: {said}",
                next_command=f"assay ledger migrate {self.typed}",
            )
        return LedgerError(f"{self.path} can't be read: {said}")

    def version(self, table: str) -> int:
        """Return the version of a table's last commit."""
        return int(DeltaTable(self.path / table).version())

    def state(self) -> dict[str, TableState]:
        """Return what each table holds."""
        return {name: _state(DeltaTable(self.path / name)) for name in TABLES}

    def compact(self) -> dict[str, TableState]:
        """Fold small files into large ones, and the log of commits into a checkpoint; nothing else changes."""
        with self.locked():
            for name in TABLES:
                table = DeltaTable(self.path / name)
                table.optimize.compact()
                table.create_checkpoint()
        return self.state()

    @property
    def typed(self) -> str:
        """The ledger's path as a user would type it in a shell."""
        return quote(str(self.path))

    @property
    def rejects(self) -> Path:
        """The folder of refused lines."""
        return self.path / "rejects"


class _Locked:
    """The lock as a context that fails with a sentence."""

    def __init__(self, lock: FileLock, path: Path) -> None:
        self._lock = lock
        self._path = path

    def __enter__(self) -> None:
        try:
            self._lock.acquire()
        except Timeout:
            raise LedgerError(
                f"another process has held {self._path / 'append.lock'} for {LOCK_SECONDS:.0f} seconds"
            ) from None
        except OSError as error:
            raise LedgerError(
                f"{self._path} can't be written: {error.strerror or error}"
            ) from error

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def literal(value: str) -> str:
    """Return text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def read_mark(path: Path) -> int:
    """Return the schema version of the ledger at a path.

    Raises
    ------
    LedgerError
        Where there is no ledger, or its mark is damaged.
    """
    try:
        mark = json.loads((path / MARK).read_text("utf-8"))
        if mark["format"] != FORMAT:
            raise ValueError
        return int(mark["schema_version"])
    except (FileNotFoundError, NotADirectoryError):
        raise LedgerError(
            f"there is no ledger at {path}",
            next_command=f"assay ingest FILE --into {quote(str(path))}",
        ) from None
    except (ValueError, KeyError, TypeError):
        raise LedgerError(
            f"{path / MARK} is damaged: it must name the format {FORMAT} and a version"
        ) from None


def write_mark(path: Path, version: int) -> None:
    """Set the schema version of a ledger, atomically."""
    mark = {
        "format": FORMAT,
        "schema_version": version,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    fresh = path / f"{MARK}.{os.getpid()}"
    fresh.write_text(json.dumps(mark) + "\n", "utf-8")
    fresh.replace(path / MARK)


def make_table(path: Path, name: str) -> None:
    """Make an empty table in a ledger's folder; one that is there stays as it is."""
    DeltaTable.create(
        path / name,
        schema=_delta_schema(name),
        mode="ignore",
        name=name,
        configuration=KEEP_OLD_VERSIONS,
    )


def _strangers(path: Path) -> list[str]:
    # What a process killed while it made a ledger may leave is no stranger.
    own = {*TABLES, "rejects", "append.lock"}
    if not path.is_dir():
        return []
    return [
        entry.name
        for entry in path.iterdir()
        if entry.name.split(".")[0] != "assay" and entry.name not in own
    ]


def _delta_schema(table: str) -> Schema:
    fields = [
        arrow.Field(column.name, ARROW[column.type], nullable=True) for column in TABLES[table]
    ]
    return Schema.from_arrow(arrow.Schema(fields))


def _state(table: DeltaTable) -> TableState:
    try:
        actions = row_dicts([table.get_add_actions(flatten=True)])
    except TableNotFoundError as error:
        raise LedgerError(str(error)) from error
    return TableState(
        rows=sum(action["num_records"] for action in actions),
        files=len(actions),
        bytes=sum(action["size_bytes"] for action in actions),
        version=int(table.version()),
    )
