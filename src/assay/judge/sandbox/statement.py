"""One SQL statement on a database in memory, inside the locked process: read only, few rows, little time."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from assay.judge.sandbox.data import described
from assay.judge.sandbox.pipes import RESULT, send

LONGEST_VALUE = 1 << 20
READ_ONLY = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_FUNCTION,
}
FORBIDDEN_FUNCTIONS = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}


def run_statement(job: Mapping[str, Any]) -> None:
    """Make the database, run the statement, send its rows.

    Parameters
    ----------
    job
        ``schema``: statements that make the tables and fill them; the task's own, trusted. ``query``: one statement of
        the model. ``max_rows``.
    """
    database = sqlite3.connect(":memory:", isolation_level=None)
    try:
        database.execute("PRAGMA temp_store = MEMORY")
        database.executescript(job["schema"])
    except (sqlite3.Error, sqlite3.Warning, MemoryError) as error:
        send(RESULT, described(error) | {"kind": "schema"})
        return
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    # Text that is no UTF-8 is a value too; it compares with nothing but itself.
    database.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    refused: list[str] = []
    database.set_authorizer(_authorizer(refused))
    try:
        rows = _rows(database, job["query"], int(job["max_rows"]))
    except (sqlite3.Error, sqlite3.Warning, ValueError, MemoryError) as error:
        send(RESULT, described(error) | {"kind": _kind(error, refused)})
        return
    send(RESULT, {"rows": rows} if rows is not None else {"kind": "output", "message": "too many"})


def _rows(database: sqlite3.Connection, query: str, most: int) -> list[list[Any]] | None:
    cursor = database.execute(query)
    rows = [[_value(value) for value in row] for row in cursor.fetchmany(most + 1)]
    return rows if len(rows) <= most else None


def _value(value: object) -> object:
    return {"bytes": value.hex()} if isinstance(value, bytes) else value


def _authorizer(refused: list[str]) -> Any:
    def authorize(action: int, _: object, name: object, *_rest: object) -> int:
        wanted = action in READ_ONLY and not (
            action == sqlite3.SQLITE_FUNCTION and str(name).lower() in FORBIDDEN_FUNCTIONS
        )
        if not wanted:
            refused.append(str(action))
        return sqlite3.SQLITE_OK if wanted else sqlite3.SQLITE_DENY

    return authorize


def _kind(error: BaseException, refused: list[str]) -> str:
    message = str(error)
    if refused:
        return "forbidden"
    if isinstance(error, MemoryError) or "too big" in message or "out of memory" in message:
        return "memory"
    if "one statement" in message:
        return "forbidden"
    syntax = ("syntax error", "incomplete input", "unrecognized token", "null character")
    return "syntax" if any(words in message for words in syntax) else "exception"
