"""The tasks of a loop: fresh ones to generate from, and two fixed sets that are measured on and never trained on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assay.ask.tasks import Task, read_tasks
from assay.errors import BadInput
from assay.judge.check import Item
from assay.judge.rules import CheckSettings, Rule, rule_named

if TYPE_CHECKING:
    import numpy as np

SHOWN = 3
"""Tasks that a message names."""


@dataclass(frozen=True, slots=True)
class LoopTask:
    """A task of a loop.

    Parameters
    ----------
    task_id
    input
        What is asked.
    reference
        The right answer; None: unknown.
    tags
    """

    task_id: str
    input: str
    reference: str | None = None
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Truth:
    """What the exact check says of an answer: right (None: it can't be said), and the kind of error."""

    right: bool | None
    kind: str = ""


class TaskSource(Protocol):
    """Where the tasks of a loop come from.

    Attributes
    ----------
    name
        Of the family or file, for records.
    judge
        The exact check's full name.
    held_out, harder
        Fixed sets; the second may be empty.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def judge(self) -> str: ...  # noqa: D102

    @property
    def digest(self) -> str:
        """Of all tasks and the check: a loop doesn't go on with others."""
        ...

    @property
    def held_out(self) -> tuple[LoopTask, ...]: ...  # noqa: D102

    @property
    def harder(self) -> tuple[LoopTask, ...]: ...  # noqa: D102

    def fresh(self, rng: np.random.Generator) -> Iterator[LoopTask]:
        """Yield tasks to train on, none of them in a fixed set, in an order that follows from the generator."""
        ...

    def truths(self, tasks: Sequence[LoopTask], outputs: Sequence[str]) -> list[Truth]:
        """Return what the exact check says of answers."""
        ...


@dataclass(frozen=True, slots=True)
class Leak:
    """Tasks that stand in two of a loop's sets.

    Parameters
    ----------
    one, other
        Names of the sets.
    tasks
        Names in the first, in its order.
    """

    one: str
    other: str
    tasks: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.tasks[:SHOWN])
        more = len(self.tasks) - SHOWN
        rest = f" and {more:,} more" if more > 0 else ""
        return f"{len(self.tasks):,} tasks of {self.one} are in {self.other}: {shown}{rest}"


def asked_text(text: str) -> str:
    """Return what two tasks that ask the same have in common: the text, case and white space folded."""
    return " ".join(text.casefold().split())


def leaks_between(sets: Sequence[tuple[str, Sequence[LoopTask]]]) -> tuple[Leak, ...]:
    """Return which tasks ask the same in two sets.

    Parameters
    ----------
    sets
        Name and tasks of each; tasks are the same where their texts are, case and white space folded. A paraphrase
        is not found: `assay exam overlap` looks for those.
    """
    found = []
    for place, (name, tasks) in enumerate(sets):
        for other, others in sets[place + 1 :]:
            there = {asked_text(task.input) for task in others}
            shared = tuple(task.task_id for task in tasks if asked_text(task.input) in there)
            if shared:
                found.append(Leak(name, other, shared))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class TaskFiles:
    """Tasks in files, as `assay ask` reads them; one question each.

    Parameters
    ----------
    training, held_out, harder
    rule
        The exact check.
    name
        The training file's.
    leaks
        What stands in two sets.
    """

    training: tuple[LoopTask, ...]
    held_out: tuple[LoopTask, ...]
    harder: tuple[LoopTask, ...]
    rule: Rule
    name: str
    leaks: tuple[Leak, ...] = field(default=())

    @property
    def judge(self) -> str:
        """The check's full name."""
        return self.rule.judge

    @property
    def digest(self) -> str:
        """Of all tasks and the check."""
        return tasks_digest(self.judge, (self.training, self.held_out, self.harder))

    def fresh(self, rng: np.random.Generator) -> Iterator[LoopTask]:
        """Yield the training tasks in a new order, and once only: who wants more answers asks for more samples."""
        for place in rng.permutation(len(self.training)).tolist():
            yield self.training[place]

    def truths(self, tasks: Sequence[LoopTask], outputs: Sequence[str]) -> list[Truth]:
        """Return what the check says; where a task has no reference and the check needs one, nothing."""
        items = [
            Item(output, task.reference, input=task.input, tags=dict(task.tags), trace_id=task.task_id)
            for task, output in zip(tasks, outputs, strict=True)
        ]  # fmt: skip
        asked = [
            place
            for place, item in enumerate(items)
            if item.reference is not None or not self.rule.needs_reference
        ]
        found = [Truth(None)] * len(items)
        judged = self.rule.judge_all([items[place] for place in asked])
        for place, one in zip(asked, judged, strict=True):
            if one.wrong is not None:
                kind = (one.kind or ("no answer" if one.taken is None else "other")) * one.wrong
                found[place] = Truth(not one.wrong, kind)
        return found


def tasks_digest(judge: str, sets: Sequence[Sequence[LoopTask]]) -> str:
    """Return a digest of tasks and of the check's name."""
    rows = [[[one.task_id, one.input, one.reference, one.tags] for one in tasks] for tasks in sets]
    return hashlib.sha256(json.dumps([judge, rows]).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class TaskPaths:
    """The files of a loop's tasks, and the check that says what is right.

    Parameters
    ----------
    training, held_out, harder
        JSON Lines as `assay ask` reads them; `harder` may be None.
    check
        As `assay judge check --check`.
    settings
        What the check is told.
    """

    training: Path
    held_out: Path
    harder: Path | None
    check: str
    settings: CheckSettings = field(default_factory=CheckSettings)

    def read(self, *, leaks_named: bool) -> TaskFiles:
        """Return the tasks.

        Parameters
        ----------
        leaks_named
            Go on where tasks stand in two sets, and name them; else they are refused.

        Raises
        ------
        BadInput
            If a file can't be read, a task has several turns, or a task to train on is one to be measured on.
        """
        training, held_out = _single_tasks(self.training), _single_tasks(self.held_out)
        harder = _single_tasks(self.harder) if self.harder else ()
        sets = [("held_out", held_out), ("harder", harder), ("tasks", training)]
        leaks = leaks_between(sets)
        if leaks and not leaks_named:
            raise BadInput(
                f"the held-out set leaks: {'; '.join(map(str, leaks))}. What is trained on measures nothing",
                where=str(self.held_out),
                next_command=f'take them out of {self.training}, or name them in every record with leaks = "name"',
            )
        rule = rule_named(self.check, settings=self.settings)
        return TaskFiles(training, held_out, harder, rule, self.training.name, leaks)


def _single_tasks(path: Path) -> tuple[LoopTask, ...]:
    try:
        read = read_tasks(path)
    except BadInput as error:
        # A loop has no --skip-bad: its records must follow from its files.
        mend = f"mend the lines of {path}" if "--skip-bad" in (error.next_command or "") else None
        raise BadInput(
            error.message, where=error.where, next_command=mend or error.next_command
        ) from None
    return tuple(_single(task, path) for task in read.tasks)


def _single(task: Task, path: Path) -> LoopTask:
    if len(task.turns) > 1 or task.before:
        raise BadInput(
            f"the task {task.task_id!r} is a conversation; a loop trains on single questions",
            where=str(path),
            next_command="write it as one `input`",
        )
    context = f"{task.context}\n\n" if task.context else ""
    tags = tuple(sorted(task.tags.items()))
    return LoopTask(task.task_id, context + task.turns[0], task.references[0], tags)
