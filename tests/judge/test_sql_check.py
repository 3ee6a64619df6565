"""The check `sql`: rows of a query, and statements that do more than read."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from assay.judge.check import Item, Outcome
from assay.judge.sandbox.protocol import Limits
from assay.judge.sql_check import SqlCheck

SCHEMA = """
CREATE TABLE singer (id INTEGER PRIMARY KEY, name TEXT, age INTEGER, fee REAL);
INSERT INTO singer VALUES (1, 'Ann', 30, 0.1), (2, 'Bo', 25, 0.2), (3, 'Cy', 30, NULL);
"""
OLDER = {"schema": SCHEMA, "query": "SELECT name FROM singer WHERE age > 26"}
COUNT = {"schema": SCHEMA, "rows": [[30, 2], [25, 1]]}


@pytest.fixture(scope="module")
def check() -> Iterator[SqlCheck]:
    made = SqlCheck(Limits(seconds=3.0), workers=1)
    yield made
    made._pool[0].close()


def judged(check: SqlCheck, query: str, reference: object) -> Outcome:
    return check.compare([query], [Item("", json.dumps(reference))])[0]


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("SELECT name FROM singer WHERE age = 30", None),
        ("select name from singer where age >= 27 order by name desc;", None),
        ("-- the older ones\nWITH o AS (SELECT * FROM singer WHERE age > 26) SELECT name FROM o", None),
        ("SELECT name AS who FROM singer WHERE NOT age < 27", None),
        ("SELECT name FROM singer", "wrong-value"),
        ("SELECT name, age FROM singer WHERE age > 26", "wrong-value"),
        ("SELECT DISTINCT 'Ann' FROM singer", "wrong-value"),
        ("SELECT nme FROM singer", "exception"),
        ("SELECT FROM WHERE", "syntax"),
        ("I would look in the table of singers.", "syntax"),
        ("", "no-code"),
        ("DELETE FROM singer", "forbidden"),
        ("UPDATE singer SET age = 1", "forbidden"),
        ("DROP TABLE singer", "forbidden"),
        ("CREATE TABLE x (a)", "forbidden"),
        ("ATTACH '/etc/passwd' AS p", "forbidden"),
        ("PRAGMA table_info(singer)", "forbidden"),
        ("PRAGMA writable_schema = 1", "forbidden"),
        ("VACUUM INTO '/tmp/x'", "forbidden"),
        ("BEGIN", "forbidden"),
        ("SELECT load_extension('/tmp/x.so')", "forbidden"),
        ("SELECT 1; DROP TABLE singer", "forbidden"),
        ("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c", "time"),
        ("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c", "output"),
        ("SELECT randomblob(1000000000)", "memory"),
        ("SELECT name FROM singer WHERE age > 26 AND 1 = (SELECT count(*) FROM pragma_database_list)", "forbidden"),
    ],
)  # fmt: skip
def test_verdicts(check: SqlCheck, query: str, kind: str | None) -> None:
    outcome = judged(check, query, OLDER)
    assert outcome.wrong is (kind is not None), outcome
    assert outcome.kind == (kind or ""), outcome


def test_rows_may_be_given_and_their_order_may_count(check: SqlCheck) -> None:
    query = "SELECT age, count(*) FROM singer GROUP BY age ORDER BY age"
    assert judged(check, query, COUNT).wrong is False
    assert judged(check, query, COUNT | {"ordered": True}).wrong is True
    assert judged(check, query + " DESC", COUNT | {"ordered": True}).wrong is False


def test_kinds_of_values_are_told_apart(check: SqlCheck) -> None:
    def rows(*values: object) -> dict[str, object]:
        return {"schema": SCHEMA, "rows": [list(values)]}

    assert judged(check, "SELECT sum(fee) FROM singer", rows(0.3)).wrong is False
    assert judged(check, "SELECT 30.0", rows(30)).wrong is False
    assert judged(check, "SELECT '30'", rows(30)).wrong is True
    assert judged(check, "SELECT fee FROM singer WHERE id = 3", rows(None)).wrong is False
    assert judged(check, "SELECT ''", rows(None)).wrong is True
    assert judged(check, "SELECT x'00ff'", rows({"bytes": "00ff"})).wrong is False
    assert judged(check, "SELECT CAST(x'ff' AS TEXT)", rows("\ufffd")).wrong is True


def test_one_answer_leaves_nothing_to_the_next(check: SqlCheck) -> None:
    judged(check, "CREATE TEMP TABLE singer AS SELECT 'Zed' AS name, 99 AS age", OLDER)
    assert judged(check, "SELECT name FROM singer WHERE age > 26", OLDER).wrong is False


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("x", "must be JSON"),
        ("{}", "with a schema"),
        ('{"schema": ""}', "either a query or rows"),
        ('{"schema": "", "query": "SELECT 1", "rows": []}', "either a query or rows"),
        ('{"schema": "", "rows": [1]}', "list of lists"),
        ('{"schema": "", "rows": [], "ordered": 1}', "ordered"),
        ('{"schema": "CREATE", "query": "SELECT 1"}', "at fault"),
        ('{"schema": "CREATE", "rows": []}', "schema is at fault"),
        ('{"schema": "", "query": "SELECT nothing"}', "at fault"),
    ],
)
def test_a_reference_at_fault_leaves_the_trace_unjudged(
    check: SqlCheck, reference: str, message: str
) -> None:
    outcome = check.compare(["SELECT 1"], [Item("", reference)])[0]
    assert outcome.wrong is None
    assert message in outcome.note


def test_the_judges_name_says_the_engine(check: SqlCheck) -> None:
    assert check.label == "sql@1"
    assert check.settings.startswith("SQLite 3.")
