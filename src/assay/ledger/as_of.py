"""A ledger as it was: the same queries over the tables at the versions of an earlier moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.errors import LedgerError
from assay.ledger.ingest.record import Row
from assay.ledger.schema import TABLES
from assay.ledger.store import Ledger

if TYPE_CHECKING:
    from deltalake import DeltaTable


class LedgerAsOf(Ledger):
    """A ledger that is read at fixed versions of its tables, whatever comes in meanwhile.

    Parameters
    ----------
    ledger
        The ledger of today.
    versions
        Table -> the version to read it at; the newest where none is given.

    Notes
    -----
    A version that was vacuumed away can't be read: then a query ends in a LedgerError.
    """

    def __init__(self, ledger: Ledger, versions: Mapping[str, int]) -> None:
        super().__init__(ledger.path)
        self._versions = dict(versions)
        self._tables: dict[tuple[str, int], DeltaTable] = {}

    def query(self, sql: str, *, versions: Mapping[str, int] | None = None) -> Any:
        """Run SQL over the tables as they were; `versions` goes before the fixed ones."""
        return super().query(sql, versions={**self._versions, **(versions or {})})

    def _table(self, name: str, version: int | None) -> DeltaTable:
        """Return a table at its version: what is past doesn't change, and to open it costs more than most queries."""
        if version is None:
            return super()._table(name, version)
        if (name, version) not in self._tables:
            self._tables[name, version] = super()._table(name, version)
        return self._tables[name, version]

    def version(self, table: str) -> int:
        """Return the version that a table is read at."""
        fixed = self._versions.get(table)
        return super().version(table) if fixed is None else fixed

    def append(self, table: str, rows: Sequence[Row]) -> None:
        """Refuse: the past takes no rows.

        Raises
        ------
        LedgerError
            Always.
        """
        raise LedgerError(f"{len(rows)} rows can't be added to {table} as it was")


def is_readable(ledger: Ledger, table: str, version: int) -> bool:
    """Return whether a table can still be read at a version: its files are there, and it has today's columns.

    A version from before a migration lacks columns that queries ask for; the rows of it are in the newest version.
    """
    # The engine looks for a version that never was file by file: for a large number it doesn't end.
    if not 0 <= version <= ledger.version(table):
        return False
    columns = ", ".join(f"count({column.name})" for column in TABLES[table])
    try:
        then = LedgerAsOf(ledger, {table: version})
        then.rows(f"SELECT {columns} FROM {table} LIMIT 0")
        # A length is in no statistics: the engine has to open every file.
        then.rows(f"SELECT max(length(trace_id)) AS n FROM {table}")
    except LedgerError:
        return False
    return True
