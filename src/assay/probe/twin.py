"""Twin exams: the same tasks with other numbers of the same size, and references computed anew.

Who remembers an exam fails its twin; who has the skill does not. A twin that can't be made with certainty is not made.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from assay.ask.tasks import Task, task_of
from assay.errors import BadInput
from assay.probe.twin_chain import (
    EXPRESSION_TAG,
    NOTE,
    Chain,
    Changed,
    NoTwin,
    change,
    number_of_reference,
    read_chain,
)
from assay.probe.twin_numbers import decimals_of, in_decimals
from assay.probe.twin_template import Template, change_template

TAG_OF = "twin.of"
TAG_SEED = "twin.seed"
TAG_CHANGED = "twin.changed"
TAG_SOLUTION = "twin.solution"

MOST_CHARACTERS = 100_000
"""Of question and context together."""

_LONG_NUMBER = re.compile(r"(?:\d,?){100}")
_AGAIN = 8
"""How often another twin is tried where one came out like an earlier one."""


@dataclass(slots=True)
class Twins:
    """The twins of a file of tasks.

    Parameters
    ----------
    lines
        Task lines, as `assay ask` takes them.
    tasks : >= 0
        Tasks that were looked at.
    with_twin : >= 0
        Those of them that have a twin at least.
    not_made
        Reason -> how many tasks have no twin for it.
    examples
        Reason -> the first of them.
    idle_templates
        Templates that fit no task.
    """

    lines: list[dict[str, Any]] = field(default_factory=list)
    tasks: int = 0
    with_twin: int = 0
    not_made: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    idle_templates: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form, without the twins themselves."""
        return {
            "tasks": self.tasks,
            "tasks_with_twin": self.with_twin,
            "twins": len(self.lines),
            "not_made": dict(self.not_made.most_common()),
            "not_made_examples": self.examples,
            "idle_templates": list(self.idle_templates),
        }


@dataclass(frozen=True, slots=True)
class _Original:
    """What a twin is made from: a chain, or a template with the values of this task."""

    made_from: Chain | tuple[Template, dict[str, str]]
    written: str
    used_tags: frozenset[str]

    def change(self, rng: np.random.Generator) -> Changed:
        if isinstance(self.made_from, Chain):
            return change(self.made_from, rng)
        template, values = self.made_from
        return change_template(template, values, rng)


def make_twins(
    tasks: Sequence[Task],
    templates: Sequence[Template] = (),
    *,
    sets: int = 1,
    seed: int = 1,
    progress: Callable[[int, float | None], None] = lambda _count, _share: None,
) -> Twins:
    """Make twins of tasks.

    Parameters
    ----------
    tasks
        With one question each. One that fits a template has its twins from that; any other needs a solution in its tags
        or its reference: calculator notes ``<<48/2=24>>``, or the tag `expression`.
    templates
    sets : >= 1
        Twins a task.
    seed : >= 0
        The twins of a task depend on it and on the task alone, not on what else stands in the file.
    progress
        Called with the tasks done, and their share.

    Raises
    ------
    BadInput
        If sets or seed is out of its range.

    Notes
    -----
    Each changed number keeps its digits, its decimals and its zeros at the end; each result of the chain keeps its
    sign, digits and decimals, and the order of all numbers stays. The twin's reference differs from the original's, and
    is computed from the twin as it is written. What is not kept: carries, and how often such numbers are met.
    """
    if sets < 1 or seed < 0:
        raise BadInput(f"sets must be >= 1 and seed >= 0, got {sets} and {seed}")
    found = Twins(tasks=len(tasks))
    used: set[str] = set()
    for count, task in enumerate(tasks):
        progress(count, count / len(tasks))
        try:
            original = _original(task, templates)
            if not isinstance(original.made_from, Chain):
                used.add(original.made_from[0].template_id)
            lines = list(_twins(task, original, sets, seed))
        except NoTwin as error:
            reason = str(error)
            found.not_made[reason] += 1
            found.examples.setdefault(reason, task.task_id)
            continue
        found.lines += lines
        found.with_twin += 1
    found.idle_templates = tuple(t.template_id for t in templates if t.template_id not in used)
    return found


def originals_of(templates: Iterable[Template]) -> tuple[Task, ...]:
    """Return the tasks that templates give with their own values.

    Raises
    ------
    BadInput
        Where a template's values break its own rules.
    """
    tasks: list[Task] = []
    for template in templates:
        if template.values is None:
            continue
        try:
            reference = template.answer(template.values)
        except NoTwin as error:
            raise BadInput(
                f"the values of the template {template.template_id!r}: {error}"
            ) from None
        tasks.append(
            task_of(
                {
                    "task_id": template.template_id,
                    "input": template.filled(template.values),
                    "reference": _plain(reference),
                }
            )
        )
    return tuple(tasks)


def _original(task: Task, templates: Sequence[Template]) -> _Original:
    if len(task.turns) != 1:
        raise NoTwin("it has several turns")
    reference = task.references[0]
    if reference is None:
        raise NoTwin("it has no reference")
    question = task.turns[0]
    elsewhere = " ".join([task.context or "", *(message.content for message in task.before)])
    if len(question) + len(elsewhere) > MOST_CHARACTERS:
        raise NoTwin(f"it is longer than {MOST_CHARACTERS:,} characters")
    if any(_LONG_NUMBER.search(text) for text in (question, elsewhere, reference)):
        raise NoTwin("there is a number of a hundred digits in it, or of more")
    fits = [(t, values) for t in templates if (values := t.match(question)) is not None]
    if len(fits) > 1:
        raise NoTwin("several templates fit it")
    tags = frozenset(name for name, text in task.tags.items() if NOTE.search(text))
    tags |= {EXPRESSION_TAG} & task.tags.keys()
    value, written = number_of_reference(reference)
    if fits:
        template, values = fits[0]
        if template.answer(values) != value:
            raise NoTwin("the template's reference is not the task's")
        return _Original((template, values), written, tags)
    solutions = [task.tags[name] for name in sorted(tags)]
    if NOTE.search(reference):
        solutions.append(reference)
    if not solutions:
        raise NoTwin("no template fits it, and no solution stands in its tags or its reference")
    if len(solutions) > 1:
        raise NoTwin("several solutions stand in its tags")
    chain = read_chain(question, solutions[0], value, elsewhere=elsewhere)
    return _Original(chain, written, tags)


def _twins(task: Task, original: _Original, sets: int, seed: int) -> Iterable[dict[str, Any]]:
    digest = hashlib.sha256(task.task_id.encode("utf-8", "backslashreplace")).digest()
    rng = np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])
    asked = {task.turns[0]}
    for place in range(1, sets + 1):
        for _ in range(_AGAIN):
            twin = original.change(rng)
            if twin.question not in asked:
                break
        else:
            if place == 1:
                raise NoTwin("no other numbers of the same size fit")
            return
        asked.add(twin.question)
        yield _line(task, twin, original, f"{seed}.{place}")


def _line(task: Task, twin: Changed, original: _Original, number: str) -> dict[str, Any]:
    line: dict[str, Any] = {"task_id": f"{task.task_id}.twin-{number}"}
    question = twin.question
    if [message.role for message in task.before] in ([], ["system"]):
        if task.before:
            line["system_prompt"] = task.before[0].content
        line["input"] = question
    else:
        line["messages"] = [
            *({"role": m.role, "content": m.content} for m in task.before),
            {"role": "user", "content": question},
        ]
    if task.context is not None:
        line["context"] = task.context
    kept = {name: text for name, text in task.tags.items() if name not in original.used_tags}
    line |= {
        "reference": _plain(twin.result, grouped="," in original.written),
        "origin": task.origin,
        "tags": {
            **kept,
            TAG_OF: task.task_id,
            TAG_SEED: number,
            TAG_CHANGED: ", ".join(f"{old} -> {new}" for old, new in twin.changes),
            TAG_SOLUTION: twin.solution,
        },
    }
    # What is written is read again by the rules of task files: a twin that `assay ask` would refuse is a fault here.
    task_of(line)
    return line


def _plain(value: Fraction, *, grouped: bool = False) -> str:
    decimals = decimals_of(value)
    assert decimals is not None
    return in_decimals(value, decimals, grouped=grouped)
