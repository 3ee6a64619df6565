"""The answers that examples are made of, as the ledger of a synthesis holds them, in the order of tasks and samples."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from assay.ask.place import ID_PREFIX, Talk
from assay.ask.prompt import first_question
from assay.ask.run import AskPlan
from assay.ask.tasks import TaskFile
from assay.errors import BadInput
from assay.ledger.store import Ledger, literal

CUT_OFF = "length"
"""The finish reason of an answer that the limit of tokens has cut off."""

_COLUMNS = (
    "trace_id", "output", "latency_seconds", "cost_usd", "prompt_tokens", "completion_tokens", "tags",
)  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """An answer that may become an example.

    Parameters
    ----------
    trace_id
        In the ledger.
    task_id
    sample : >= 1
        Which of the task's answers it is.
    messages
        What was asked, as (role, text), the last one the user's.
    question
        The task's own text, without the prompt around it.
    output
    seed, model, finish
        As the ledger's tags have them; empty: unknown.
    latency_seconds, cost_usd, tokens
        None: unknown.
    """

    trace_id: str
    task_id: str
    sample: int
    messages: tuple[tuple[str, str], ...]
    question: str
    output: str
    seed: str = ""
    model: str = ""
    finish: str = ""
    latency_seconds: float | None = None
    cost_usd: float | None = None
    tokens: int | None = None

    @property
    def cut_off(self) -> bool:
        """Whether the limit of tokens ended it."""
        return self.finish == CUT_OFF

    @cached_property
    def same_as(self) -> str:
        """What two examples share that say the same: question and answer, with case and spaces folded."""
        texts = [text for _, text in self.messages] + [self.output]
        return "\x00".join(folded(text) for text in texts)


def folded(text: str) -> str:
    r"""Return a text with case, spaces and forms of the same letter folded; points and signs stay.

    Examples
    --------
    >>> folded(" The  ANSWER is\n-5. ")
    'the answer is -5.'
    """
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def check_tasks(tasks: TaskFile) -> None:
    """Refuse tasks that no example can be made of.

    Raises
    ------
    BadInput
        If a task has several turns, or there is no task.
    """
    for task in tasks.tasks:
        if len(task.turns) > 1:
            raise BadInput(
                f"task {task.task_id} has {len(task.turns)} turns: examples are made of tasks with one question",
                where=str(tasks.path),
            )


def candidates(ledger: Ledger, plan: AskPlan) -> tuple[list[Candidate], int]:
    """Return the answers of a plan that the ledger holds, and how many are missing.

    Parameters
    ----------
    ledger
    plan
        Tasks of one turn each.
    """
    settings = plan.settings
    rows: dict[str, dict[str, Any]] = {
        row["trace_id"]: row
        for row in ledger.rows(
            f"SELECT {', '.join(_COLUMNS)} FROM traces WHERE system = {literal(settings.system)} "
            f"AND version = {literal(settings.version)} AND trace_id LIKE '{ID_PREFIX}%'"
        )
    }
    found: list[Candidate] = []
    missing = 0
    for task in plan.tasks.tasks:
        for epoch in range(1, plan.epochs + 1):
            talk = Talk(task, epoch, settings)
            row = rows.get(talk.trace_id(0))
            if row is None:
                missing += 1
            else:
                found.append(_candidate(talk, row))
    return found, missing


def _candidate(talk: Talk, row: dict[str, Any]) -> Candidate:
    task, tags = talk.task, json.loads(row["tags"] or "{}")
    asked = first_question(talk.settings.prompt, task.turns[0], task.context)
    before = tuple((message.role, message.content) for message in task.before)
    spent = [row[name] for name in ("prompt_tokens", "completion_tokens") if row[name] is not None]
    return Candidate(
        row["trace_id"], task.task_id, talk.epoch, (*before, ("user", asked)), task.turns[0], row["output"] or "",
        tags.get("ask.seed", ""), tags.get("ask.model", ""), tags.get("ask.finish", ""),
        row["latency_seconds"], row["cost_usd"], sum(spent) if len(spent) == 2 else None,
    )  # fmt: skip
