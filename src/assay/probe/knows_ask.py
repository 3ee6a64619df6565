"""Two turns: the task with its reasoning first, then the answer alone; so that each can be parsed apart.

One turn with a form for the answer ("FINAL: ...") is obeyed by few small models; two turns by all. Each task becomes a
conversation of two questions; its first output is the reasoning, its second one the answer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from assay.ask.tasks import Task, TaskFile
from assay.errors import BadInput
from assay.probe.knows_read import PROBE, PROBE_TAG

PROTOCOL = "two-turn@1"

STEP_BY_STEP = "\n\nThink step by step."
FINAL = "So what is the final answer? Reply with the answer only."


@dataclass(frozen=True, slots=True)
class TwoTurnTasks:
    """Tasks in two turns, and how many were left out: of several turns already, or without a reference."""

    tasks: TaskFile
    several_turns: int
    without_reference: int


def two_turn_tasks(found: TaskFile) -> TwoTurnTasks:
    """Make each task one of two turns.

    Parameters
    ----------
    found
        Tasks of a single question with a reference; others are left out.

    Raises
    ------
    BadInput
        Where none is left.
    """
    single = [task for task in found.tasks if len(task.turns) == 1]
    usable = [task for task in single if task.references[0] is not None]
    if not usable:
        raise BadInput(
            f"none of its {len(found.tasks)} tasks is a single question with a reference",
            where=str(found.path),
        )
    made = replace(
        found,
        tasks=[_two_turns(task) for task in usable],
        content_hash=f"{found.content_hash}:{PROTOCOL}",
    )
    return TwoTurnTasks(made, len(found.tasks) - len(single), len(single) - len(usable))


def _two_turns(task: Task) -> Task:
    turns = (task.turns[0] + STEP_BY_STEP, FINAL)
    asked = f"{task.fingerprint}\n{PROTOCOL}\n{turns[0]}\n{turns[1]}"
    return replace(
        task,
        turns=turns,
        references=(None, task.references[0]),
        tags={**task.tags, PROBE_TAG: PROBE, "knows.protocol": PROTOCOL},
        origin="probe",
        fingerprint=hashlib.sha256(asked.encode()).hexdigest()[:16],
    )
