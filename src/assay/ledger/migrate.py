"""From an older schema to this one.

A step goes from one version to the next. Every step so far can only add tables, and columns, which Delta does without
touching a data file; the rows that are there have null in them, which is what Assay knows of them.
"""

from __future__ import annotations

from pathlib import Path

import arro3.core as arrow
from deltalake import DeltaTable
from deltalake import Field as DeltaField
from deltalake.exceptions import DeltaError

from assay.errors import LedgerError, SchemaVersionError
from assay.ledger.columns import ARROW
from assay.ledger.schema import SCHEMA_VERSION, TABLES
from assay.ledger.store import make_table, read_mark, write_mark

SINCE = {"cases": 3}
"""Table -> the version of the schema that it came with, for those that were not in the first."""


def migrate(path: Path | str) -> list[str]:
    """Bring a ledger up to this Assay's schema.

    Parameters
    ----------
    path
        The ledger. It may be of any older version, and one that was left half-way is finished.

    Returns
    -------
    list of str
        What was done, a line each; empty where there was nothing to do.

    Raises
    ------
    SchemaVersionError
        Where the ledger is newer than this Assay.
    """
    path = Path(path)
    version = read_mark(path)
    if version > SCHEMA_VERSION:
        raise SchemaVersionError(
            f"{path} has schema {version}, and this Assay knows {SCHEMA_VERSION} at most",
            next_command="pip install --upgrade assay-ai",
        )
    steps = []
    try:
        for table in TABLES:
            steps += _add_missing(path, table, version)
    except (DeltaError, OSError) as error:
        raise LedgerError(
            f"{path} could not be brought up to schema {SCHEMA_VERSION}: {error}"
        ) from error
    if version < SCHEMA_VERSION:
        # Last: a ledger that is left half-way still says the old version, and the steps can run again.
        write_mark(path, SCHEMA_VERSION)
        steps.append(f"schema {version} -> {SCHEMA_VERSION}")
    return steps


def _add_missing(path: Path, table: str, version: int) -> list[str]:
    # A table that was there and is gone is damage, and must not come back empty.
    if version < SINCE.get(table, 0) and not (path / table).exists():
        make_table(path, table)
        return [f"table {table} added"]
    delta = DeltaTable(path / table)
    there = {field.name for field in delta.schema().fields}
    missing = [column for column in TABLES[table] if column.name not in there]
    if missing:
        fields = [
            DeltaField.from_arrow(arrow.Field(c.name, ARROW[c.type], nullable=True))
            for c in missing
        ]
        delta.alter.add_columns(fields)
    return [f"{table}: column {column.name} added" for column in missing]
