"""One answer a task: answers to one task hang together, and a sample of tasks has one of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from assay.ledger.population import Window
from assay.ledger.store import Ledger

_TASK = "coalesce(traces.task_id, traces.trace_id)"


class TaskAnswers(NamedTuple):
    """How the answers of a system go with tasks.

    Parameters
    ----------
    answers, tasks
        Answers in the window, and tasks that they are of.
    condition
        SQL over `traces`: which answers stand for their task, the first of each.
    """

    answers: int
    tasks: int
    condition: str

    @property
    def note(self) -> str:
        """What is left out, in words; empty where nothing is."""
        if self.answers == self.tasks:
            return ""
        return (
            f"of {self.answers:,} answers to {self.tasks:,} tasks the first of each counts: answers to one task hang "
            "together"
        )


def task_answers(ledger: Ledger, window: Window) -> TaskAnswers:
    """Return how the answers in a window go with tasks."""
    where = window.condition()
    counts = ledger.rows(
        f"SELECT count(*) AS n, count(DISTINCT {_TASK}) AS tasks FROM traces WHERE {where}"
    )[0]
    condition = "TRUE"
    if counts["n"] != counts["tasks"]:
        condition = (
            "traces.trace_id IN (SELECT trace_id FROM (SELECT traces.trace_id AS trace_id, row_number() OVER "
            f"(PARTITION BY {_TASK} ORDER BY traces.epoch, traces.turn, traces.at, traces.trace_id) AS place "
            f"FROM traces WHERE {where}) WHERE place = 1)"
        )
    return TaskAnswers(counts["n"], counts["tasks"], condition)


def share_tasks(ledger: Ledger, windows: Sequence[Window]) -> bool:
    """Return whether several systems answered some task in common: then their answers hang together, too."""
    if len(windows) < 2:
        return False
    where = " OR ".join(f"({window.condition()})" for window in windows)
    found = ledger.rows(
        f"SELECT 1 FROM traces WHERE {where} GROUP BY {_TASK} "
        "HAVING count(DISTINCT concat(traces.system, ' ', traces.version)) > 1 LIMIT 1"
    )
    return bool(found)
