"""The check `sql`: a query that a model wrote, run on a database in memory in a locked process."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.errors import BadInput
from assay.judge.check import Item, Outcome
from assay.judge.python_check import failed
from assay.judge.sandbox.compare import same_rows
from assay.judge.sandbox.pool import SandboxPool
from assay.judge.sandbox.protocol import Limits, Run, SandboxLost
from assay.judge.sandbox.runner import Sandbox, lines, process_failure

MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class QueryTask:
    """What a reference asks of a query.

    Parameters
    ----------
    schema
        Statements that make the tables and fill them.
    query
        A right query; empty where the rows are given.
    rows
        The right rows; None where a query is given.
    ordered
        Whether the order of rows counts.
    """

    schema: str
    query: str
    rows: tuple[list[Any], ...] | None
    ordered: bool


def query_task(reference: str) -> QueryTask:
    """Read a reference.

    Raises
    ------
    BadInput
        Naming what is missing or of the wrong kind.
    """
    try:
        given = json.loads(reference)
    except (ValueError, RecursionError):
        raise BadInput("the reference of the check sql must be JSON") from None
    if not isinstance(given, dict) or not isinstance(given.get("schema"), str):
        raise BadInput("the reference of the check sql must be a JSON object with a schema")
    query, rows, ordered = given.get("query", ""), given.get("rows"), given.get("ordered", False)
    if bool(query) == (rows is not None) or not isinstance(query, str):
        raise BadInput("the reference of the check sql must hold either a query or rows")
    if rows is not None and not (
        isinstance(rows, list) and all(isinstance(row, list) for row in rows)
    ):
        raise BadInput("rows must be a list of lists")
    if not isinstance(ordered, bool):
        raise BadInput(f"ordered must be true or false, got {ordered!r}")
    return QueryTask(given["schema"], query, None if rows is None else tuple(rows), ordered)


@dataclass(frozen=True, slots=True)
class SqlCheck:
    """The rows of the answer's query against the rows of the reference.

    Parameters
    ----------
    limits
        Time and memory of one query.
    workers
        Queries that run at a time; as many as processors where None.

    Notes
    -----
    The reference is JSON: ``{"schema": "CREATE TABLE t (a); INSERT INTO t VALUES (1)", "query": "SELECT a FROM t"}``,
    or ``"rows": [[1]]`` in place of the query; with ``"ordered": true`` the order counts. One statement that only
    reads is run; at most 10,000 rows. The reference's query runs in another process than the answer's, so its text and
    its rows are never where the answer's query could reach.

    Rows are compared by place: the names of columns do not count, their order does. Two queries that give the same rows
    on this database may differ on another; a small database lets wrong queries pass.
    """

    limits: Limits = field(default_factory=Limits)
    workers: int | None = None
    _pool: list[SandboxPool] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def label(self) -> str:
        """Name and version."""
        return "sql@1"

    @property
    def settings(self) -> str:
        """The engine and the limits: each changes verdicts."""
        return f"SQLite {sqlite3.sqlite_version}, {self.limits}"

    @property
    def parser(self) -> str:
        """The last fenced block, or the whole output."""
        return "code"

    @property
    def needs_reference(self) -> bool:
        """Whether traces without a reference stay unjudged."""
        return True

    @property
    def rows_at_once(self) -> int:
        """Traces a call."""
        return 200

    def compare(self, answers: Sequence[str], items: Sequence[Item]) -> list[Outcome]:
        """Run each query and compare its rows.

        Raises
        ------
        SandboxError
            Where processes can't be locked down here: nothing was run.
        """
        references = list(dict.fromkeys(item.reference or "" for item in items))
        if not self._pool:
            self._pool.append(SandboxPool(self.workers))
        # A reference that several systems or epochs answered is run once a batch.
        right = dict(zip(references, self._pool[0].map(self._right, references), strict=True))
        work = [
            (answer, right[item.reference or ""])
            for answer, item in zip(answers, items, strict=True)
        ]
        return [
            Outcome(None, result.message) if isinstance(result, SandboxLost) else result
            for result in self._pool[0].map(self._judge, work)
        ]

    def _right(self, sandbox: Sandbox, reference: str) -> tuple[QueryTask, list[Any]] | str:
        """Return the task and its rows, or why they can't be known."""
        try:
            task = query_task(reference)
        except BadInput as error:
            return error.message
        if task.rows is not None:
            return task, list(task.rows)
        run = sandbox.run(_job(task, task.query), limits=self.limits, trusted=True)
        line = _line(run)
        rows = line.get("rows")
        if isinstance(rows, list):
            return task, rows
        failure = process_failure(run)
        said = failure[1] if failure else line.get("message", "it gave no rows")
        return f"the reference's query or schema is at fault: {said}"

    def _judge(
        self, sandbox: Sandbox, work: tuple[str, tuple[QueryTask, list[Any]] | str | SandboxLost]
    ) -> Outcome:
        answer, right = work
        if not isinstance(right, tuple):
            return Outcome(None, right if isinstance(right, str) else right.message)
        if not answer.strip():
            return failed("no-code", "the answer holds no query")
        task, wanted = right
        run = sandbox.run(_job(task, answer), limits=self.limits)
        return _of_rows(run, wanted, ordered=task.ordered)


def _of_rows(run: Run, wanted: Sequence[Any], *, ordered: bool) -> Outcome:
    failure = process_failure(run)
    if failure:
        return failed(*failure)
    line = _line(run)
    rows = line.get("rows")
    if line.get("kind") == "schema":
        return Outcome(None, f"the reference's schema is at fault: {line.get('message')}")
    if rows is None:
        return failed(str(line.get("kind")), str(line.get("message", "it gave no rows")))
    if same_rows(wanted, rows, ordered=ordered):
        return Outcome(False)
    return failed("wrong-value", _difference(wanted, rows))


def _job(task: QueryTask, query: str) -> dict[str, Any]:
    return {"kind": "rows", "schema": task.schema, "query": query, "max_rows": MOST_ROWS}


def _line(run: Run) -> Mapping[str, Any]:
    found = lines(run)
    return found[0] if found and isinstance(found[0], dict) else {}


def _difference(wanted: Sequence[Any], rows: Any) -> str:
    if not isinstance(rows, list) or len(rows) != len(wanted):
        count = len(rows) if isinstance(rows, list) else 0
        return f"{count:,} rows, not {len(wanted):,}"
    return f"other rows; the first is {json.dumps(rows[:1])}"
