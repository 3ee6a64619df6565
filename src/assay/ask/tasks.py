"""Files of tasks: JSON Lines, checked line by line before anything is asked.

```
task_id        made from what is asked, where missing
input          one question;  or `turns`: a list of questions, answered in order;  or `messages`: a conversation so far
system_prompt  what the model is told first
context        given along with the first question
reference      the right answer; for `turns` of the last one, or a list with one for each (null: unknown)
tags           {"topic": "billing"};  columns not named here become tags
origin         exam (unless said otherwise), probe or field
```

Trace lines are tasks too: their questions are asked again, their answers are left alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from shlex import quote

from assay.ask.request import Message, Role
from assay.errors import BadInput
from assay.ledger.ingest.lines import parse_object, read_lines
from assay.ledger.ingest.record import RowError
from assay.ledger.ingest.source import Source
from assay.ledger.schema import ORIGINS, TRACES

TASK_COLUMNS = frozenset(
    {"task_id", "input", "turns", "messages", "system_prompt", "context", "reference", "tags"}
) | {"origin"}
TRACE_MARKS = frozenset({"output", "trace_id"})
"""A line with one of these columns is an answer that was recorded."""

TRACE_ONLY = frozenset(column.name for column in TRACES) - TASK_COLUMNS
"""How an earlier answer came about is no property of the task."""

SHOWN_LINES = 5
ID_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Task:
    """One task.

    Parameters
    ----------
    task_id
        Its name; made from what is asked where the file gives none.
    before
        The conversation before the first question, the system prompt included.
    turns
        Questions, answered in order; at least one.
    references
        One for each turn; None: unknown.
    context
        Given along with the first question.
    tags, origin
        As in the traces.
    fingerprint
        Hash of what is asked: two tasks with the same one ask the same.
    """

    task_id: str
    before: tuple[Message, ...]
    turns: tuple[str, ...]
    references: tuple[str | None, ...]
    context: str | None
    tags: Mapping[str, str]
    origin: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no task: where it stands, and why."""

    line: int
    reason: str


@dataclass(slots=True)
class TaskFile:
    """The tasks of a file, and what else it holds."""

    path: Path
    tasks: list[Task] = field(default_factory=list)
    bad_lines: list[BadLine] = field(default_factory=list)
    repeated: int = 0
    """Lines that ask what another one asks under the same name; as epochs of a trace file do."""
    content_hash: str = ""

    def first(self, limit: int | None) -> TaskFile:
        """Return the file with its first tasks only; all of them where there is no limit."""
        return replace(self, tasks=self.tasks[:limit])


def read_tasks(path: Path, *, skip_bad: bool = False) -> TaskFile:
    """Read a file of tasks.

    Parameters
    ----------
    path
        JSON Lines, plain, gzip or Zstandard.
    skip_bad
        Leave bad lines out; else any of them refuses the file.

    Raises
    ------
    BadInput
        Where the file can't be read, has no task, or has bad lines that aren't to be skipped.
    """
    source = Source(path)
    found = TaskFile(path, content_hash=source.content_hash)
    known: dict[str, str] = {}
    for number, task in _tasks(source, found.bad_lines):
        there = known.get(task.task_id)
        if there is None:
            known[task.task_id] = task.fingerprint
            found.tasks.append(task)
        elif there == task.fingerprint:
            found.repeated += 1
        else:
            reason = f"the task {task.task_id!r} stands in the file already, where it asks something else"
            found.bad_lines.append(BadLine(number, reason))
    if found.bad_lines and not skip_bad:
        raise _refused(found)
    if not found.tasks:
        raise BadInput("there is no task in it", where=str(path))
    return found


def _tasks(source: Source, bad_lines: list[BadLine]) -> Iterator[tuple[int, Task]]:
    with source.open() as stream:
        for line in read_lines(stream):
            if line.blank:
                continue
            try:
                if line.fault:
                    raise RowError(line.fault)
                yield line.number, task_of(parse_object(line.text))
            except RowError as error:
                bad_lines.append(BadLine(line.number, str(error)))


def _refused(found: TaskFile) -> BadInput:
    shown = "; ".join(f"line {bad.line}: {bad.reason}" for bad in found.bad_lines[:SHOWN_LINES])
    more = len(found.bad_lines) - SHOWN_LINES
    rest = f"; and {more:,} more" if more > 0 else ""
    return BadInput(
        f"{len(found.bad_lines):,} lines are no tasks, and nothing was asked: {shown}{rest}",
        where=str(found.path),
        next_command=f"mend the lines of {quote(str(found.path))}, or leave them out with --skip-bad",
    )


def task_of(values: Mapping[str, object]) -> Task:
    """Return the task that a line holds.

    Raises
    ------
    RowError
        Where it asks nothing, or a value breaks a rule.

    Examples
    --------
    >>> task = task_of({"task_id": "sum-1", "input": "2 + 2?", "reference": "4", "topic": "sums"})
    >>> task.turns, task.references, dict(task.tags), task.origin
    (('2 + 2?',), ('4',), {'topic': 'sums'}, 'exam')
    """
    recorded = bool(TRACE_MARKS & values.keys())
    if recorded and values.get("turn") not in (None, 0, "0"):
        raise RowError(
            f"turn {values['turn']} of a conversation can't be asked alone: write the task with `turns`"
        )
    before, turns = _conversation(values)
    context = _text("context", values.get("context"))
    asked = json.dumps(
        [[[m.role, m.content] for m in before], list(turns), context], ensure_ascii=False
    )
    fingerprint = hashlib.sha256(asked.encode()).hexdigest()[:ID_CHARACTERS]
    name = values.get("task_id")
    if (name is not None and not isinstance(name, str | int)) or isinstance(name, bool):
        raise RowError(f"`task_id` must be text or a whole number, got {name!r:.60}")
    return Task(
        task_id=str(name) if name not in (None, "") else fingerprint,
        before=before,
        turns=turns,
        references=_references(values.get("reference"), len(turns)),
        context=context,
        tags=_tags(values, recorded=recorded),
        # What was recorded in the field and is asked again is an exam now.
        origin="exam" if recorded else _origin(values.get("origin")),
        fingerprint=fingerprint,
    )


def _conversation(values: Mapping[str, object]) -> tuple[tuple[Message, ...], tuple[str, ...]]:
    given = [name for name in ("input", "turns", "messages") if values.get(name) is not None]
    if len(given) != 1:
        said = " and ".join(f"`{name}`" for name in given) or "nothing"
        raise RowError(f"one of `input`, `turns` and `messages` must say what is asked, got {said}")
    system = _text("system_prompt", values.get("system_prompt"))
    before = (Message("system", system),) if system else ()
    if given == ["input"]:
        return before, (_question("input", values["input"]),)
    listed = values[given[0]]
    if not isinstance(listed, list) or not listed:
        raise RowError(f"`{given[0]}` must be a list with something in it")
    if given == ["turns"]:
        return before, tuple(_question("turns", turn) for turn in listed)
    messages = tuple(_message(entry) for entry in listed)
    if messages[-1].role != "user":
        raise RowError("the last of `messages` must be the user's: it is what is asked")
    return (*before, *messages[:-1]), (_question("messages", messages[-1].content),)


def _message(entry: object) -> Message:
    if not isinstance(entry, dict):
        raise RowError("each of `messages` must be an object with `role` and `content`")
    role, content = entry.get("role"), entry.get("content")
    if isinstance(content, list):
        content = "".join(_part(part) for part in content)
    if not isinstance(content, str):
        raise RowError("`content` of a message must be text")
    return Message(_role(role), content)


def _role(role: object) -> Role:
    match role:
        case "system" | "developer":
            return "system"
        case "user":
            return "user"
        case "assistant":
            return "assistant"
        case _:
            raise RowError(f"`role` must be system, user or assistant, got {role!r:.60}")


def _part(part: object) -> str:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
        return str(part["text"])
    raise RowError("only text can be asked: a part of a message is something else")


def _question(name: str, value: object) -> str:
    text = _text(name, value)
    if not text or not text.strip():
        raise RowError(f"`{name}` is empty: nothing is asked")
    return text


def _text(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RowError(f"`{name}` must be text, got {value!r:.60}")
    return str(value)


def _references(value: object, turns: int) -> tuple[str | None, ...]:
    if not isinstance(value, list):
        return (*[None] * (turns - 1), _text("reference", value))
    if len(value) != turns:
        raise RowError(f"`reference` lists {len(value)} answers for {turns} questions")
    return tuple(_text("reference", entry) for entry in value)


def _origin(value: object) -> str:
    if value in (None, ""):
        return "exam"
    if value not in ORIGINS:
        raise RowError(f"`origin` must be one of {', '.join(ORIGINS)}, got {value!r:.60}")
    return str(value)


def _tags(values: Mapping[str, object], *, recorded: bool) -> dict[str, str]:
    given = values.get("tags") or {}
    if isinstance(given, str):
        given = parse_object(given)
    if not isinstance(given, dict):
        raise RowError(f"`tags` must be an object, got {given!r:.60}")
    others = values.keys() - TASK_COLUMNS - (TRACE_ONLY if recorded else frozenset())
    every = {**{name: values[name] for name in sorted(others)}, **given}
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in every.items()
        if value is not None and not name.startswith("ask.")
    }
