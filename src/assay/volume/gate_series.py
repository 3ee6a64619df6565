"""A log as daily series: errors, length, format, and agreement on repeated tasks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.ledger.store import Ledger, literal

FloatArray = npt.NDArray[np.float64]

ERRORS = "errors/answer"
_REFUSALS = "sorry|i can't|i cannot|i can not|as an ai|unable to"

FEATURES: dict[str, tuple[str, str]] = {
    "length": ("avg(ln(1.0 + character_length(output)))", "mean log(1 + characters)"),
    "code blocks": ("avg(CASE WHEN output LIKE '%```%' THEN 1.0 ELSE 0.0 END)", "share with a fenced block"),
    "lists": (r"avg(CASE WHEN regexp_like(output, '(?m)^\s*([-*]|[0-9]+[.)])\s') THEN 1.0 ELSE 0.0 END)",
              "share with a list"),
    "bold or headings": (r"avg(CASE WHEN regexp_like(output, '\*\*|(?m)^#') THEN 1.0 ELSE 0.0 END)",
                         "share with bold text or headings"),
    "JSON": (r"avg(CASE WHEN regexp_like(output, '^\s*[{\[]') THEN 1.0 ELSE 0.0 END)",
             "share that begins with a bracket or brace"),
    "apologies": (f"avg(CASE WHEN regexp_like(lower(left(output, 200)), {literal(_REFUSALS)}) THEN 1.0 ELSE 0.0 END)",
                  "share that begins with words of refusal"),
}  # fmt: skip
"""Name -> SQL for a day's mean, and what it is in words."""

AGREEMENT = "agreement"


@dataclass(frozen=True, slots=True)
class DailySeries:
    """A mean of each day.

    Parameters
    ----------
    name, unit
    days : shape (n,)
        Microseconds since 1970 UTC of each day's beginning.
    values : shape (n,)
    weights : shape (n,), > 0
        Answers behind each mean.
    """

    name: str
    unit: str
    days: npt.NDArray[np.int64]
    values: FloatArray
    weights: FloatArray


def daily_series(ledger: Ledger, where: str, judge: str | None) -> Iterator[DailySeries]:
    """Yield the series, that of the length first: it is of all answers."""
    columns = ", ".join(f"{sql} AS f{place}" for place, (sql, _) in enumerate(FEATURES.values()))
    rows = ledger.rows(
        f"SELECT CAST(date_trunc('day', at) AS BIGINT) AS day, count(*) AS n, {columns} "
        f"FROM traces WHERE {where} AND output IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    for place, (name, (_, unit)) in enumerate(FEATURES.items()):
        if rows:
            yield _of(name, unit, rows, f"f{place}")
    if judge is not None:
        judged = ledger.rows(
            "SELECT CAST(date_trunc('day', traces.at) AS BIGINT) AS day, count(*) AS n, "
            "avg(verdict.error_probability) AS value FROM traces JOIN "
            "(SELECT trace_id, last_value(error_probability ORDER BY at NULLS FIRST) AS error_probability "
            f"FROM verdicts WHERE judge = {literal(judge)} GROUP BY trace_id) AS verdict "
            f"ON verdict.trace_id = traces.trace_id WHERE {where} "
            "AND verdict.error_probability IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        if judged:
            yield _of("errors", ERRORS, judged, "value")
    agreed = ledger.rows(_agreement_sql(where))
    if agreed:
        yield _of(
            AGREEMENT,
            "share of answers to repeated tasks that are those of the first day",
            agreed,
            "value",
        )


def _agreement_sql(where: str) -> str:
    said = "lower(trim(coalesce(answer, output)))"
    day = "CAST(date_trunc('day', at) AS BIGINT)"
    return (
        f"WITH own AS (SELECT task_id, {day} AS day, {said} AS said, trace_id, at FROM traces "
        f"WHERE {where} AND coalesce(answer, output) IS NOT NULL), "
        "first AS (SELECT task_id, min(day) AS day, first_value(said ORDER BY at, trace_id) AS said "
        "FROM own GROUP BY task_id) "
        "SELECT own.day, count(*) AS n, avg(CASE WHEN own.said = first.said THEN 1.0 ELSE 0.0 END) AS value "
        "FROM own JOIN first ON first.task_id = own.task_id AND own.day > first.day GROUP BY own.day ORDER BY own.day"
    )


def _of(name: str, unit: str, rows: list[dict[str, Any]], column: str) -> DailySeries:
    return DailySeries(
        name,
        unit,
        np.array([row["day"] for row in rows], dtype=np.int64),
        np.array([row[column] for row in rows], dtype=np.float64),
        np.array([row["n"] for row in rows], dtype=np.float64),
    )
