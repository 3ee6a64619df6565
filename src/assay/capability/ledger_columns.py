"""What the answers of a system cost and how long they took: columns of numbers, as the log has them.

A cost of 0, or none, is unknown and never free: there is no such thing as a free answer in a log, only one that nobody
charged for there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.capability.evidence import Sampled
from assay.capability.ledger_counts import Traffic
from assay.ledger.answers import as_it_stands
from assay.ledger.population import scores, tag
from assay.ledger.store import Ledger

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST_ROWS = 100_000
"""Answers whose cost and latency are read one by one; of more, a random part of about as many."""

NUMBERS = ("cost_usd", "latency_seconds", "prompt_tokens", "completion_tokens")


@dataclass(frozen=True, slots=True)
class Columns:
    """Numbers of a system's answers.

    Parameters
    ----------
    cost_usd, latency_seconds, prompt_tokens, completion_tokens : shape (n,)
        One a trace that was read, in no order; NaN where the log has none, and where a cost is 0.
    traces : >= n
        How many traces there are; more than n where only a random part was read.
    models : length n
        Of each the model that the tag ask.model names; empty where it has none.
    zero_costs : >= 0
        How many have a cost of 0.
    right : shape (n,)
        1 right, 0 wrong, NaN where the judge that was named has not said, or can't say.
    tasks : shape (n,)
        Which of `task_names` each answers.
    """

    cost_usd: FloatArray
    latency_seconds: FloatArray
    prompt_tokens: FloatArray
    completion_tokens: FloatArray
    traces: int
    models: tuple[str, ...]
    zero_costs: int
    right: FloatArray
    tasks: IntArray
    task_names: tuple[str, ...]

    @property
    def read(self) -> int:
        """How many traces were read."""
        return len(self.cost_usd)

    def known(self, name: str) -> FloatArray:
        """Return the values of a column that are known."""
        values: FloatArray = getattr(self, name)
        return values[np.isfinite(values)]

    def sampled(
        self,
        rows: FloatArray,
        source: str,
        factor: tuple[float, float, float] = (1.0, 1.0, 1.0),
    ) -> Sampled:
        """Return an amount of each answer as evidence, without those that aren't known.

        Parameters
        ----------
        rows : shape (n,)
        """
        known = np.isfinite(rows)
        return Sampled(rows[known], source, factor, self.tasks[known])


def columns_of(
    ledger: Ledger, traffic: Traffic, *, judge: str | None = None, most_rows: int = MOST_ROWS
) -> Columns:
    """Return costs, latencies and tokens of a system's answers, and beside them what a judge says.

    Notes
    -----
    Where there are more than `most_rows`, those are read whose id has a small MD5: a part that hangs on nothing else,
    and that is the same each time.
    """
    asked = ", ".join(
        f"coalesce(CAST({name} AS DOUBLE), CAST('NaN' AS DOUBLE)) AS {name}" for name in NUMBERS
    )
    asked += f", coalesce({tag('ask.model')}, '') AS model, traces.task_id AS task"
    where = f"{as_it_stands()} AND {traffic.window.condition()}"
    if traffic.traces > most_rows:
        share = most_rows / traffic.traces
        where += f" AND substr(md5(traces.trace_id), 1, 6) < '{int(share * 16**6):06x}'"
    right, joined = "CAST('NaN' AS DOUBLE)", ""
    if judge is not None:
        right = (
            "CASE WHEN scored.error_probability < 0.5 THEN 1.0 WHEN scored.error_probability >= 0.5 THEN 0.0 "
            "ELSE CAST('NaN' AS DOUBLE) END"
        )
        joined = (
            f" LEFT JOIN ({scores(ledger, judge)}) AS scored ON scored.trace_id = traces.trace_id"
        )
    read: dict[str, list[FloatArray]] = {name: [] for name in (*NUMBERS, "is_right")}
    sql = f"SELECT {asked}, {right} AS is_right FROM traces{joined} WHERE {where}"
    models: list[str] = []
    tasks: list[str] = []
    for batch in ledger.query(sql):
        for name, parts in read.items():
            parts.append(np.array(batch[name].to_numpy(), dtype=np.float64))
        models.extend(batch["model"].to_pylist())
        tasks.extend(batch["task"].to_pylist())
    columns = {
        name: np.concatenate(parts) if parts else np.zeros(0) for name, parts in read.items()
    }
    numbers = {task: number for number, task in enumerate(dict.fromkeys(tasks))}
    zeros = columns["cost_usd"] == 0
    columns["cost_usd"][zeros] = np.nan
    columns["latency_seconds"][~(columns["latency_seconds"] > 0)] = np.nan
    return Columns(
        right=columns.pop("is_right"),
        **columns,
        traces=traffic.traces,
        models=tuple(models),
        zero_costs=int(zeros.sum()),
        tasks=np.array([numbers[task] for task in tasks], dtype=np.int64),
        task_names=tuple(numbers),
    )


def by_task(ledger: Ledger, traffic: Traffic, judge: str) -> tuple[IntArray, IntArray]:
    """Return of each task the right answers and all that a judge has judged, in no order."""
    right, asked = [], []
    scored = scores(ledger, judge)
    for batch in ledger.query(
        "SELECT sum(CASE WHEN scored.error_probability < 0.5 THEN 1 ELSE 0 END) AS hits, count(*) AS asked "
        f"FROM traces JOIN ({scored}) AS scored ON scored.trace_id = traces.trace_id "
        f"WHERE {as_it_stands()} AND {traffic.window.condition()} GROUP BY traces.task_id"
    ):
        right.append(np.array(batch["hits"].to_numpy(), dtype=np.int64))
        asked.append(np.array(batch["asked"].to_numpy(), dtype=np.int64))
    return np.concatenate(right), np.concatenate(asked)
