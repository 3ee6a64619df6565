"""The answers of two versions to the same tasks, paired."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from assay.errors import BadInput
from assay.estimate.paired import PairedTable
from assay.ledger.answers import UNJUDGED, AnswerQuery, Answers, read_answers
from assay.ledger.store import Ledger
from assay.volume.gate_versions import Grader, Version

IntArray = npt.NDArray[np.int64]
SmallArray = npt.NDArray[np.int8]
BoolArray = npt.NDArray[np.bool_]

REFERENCE = "reference"
"""Name by which the right answer makes the strata, where no tag has that name."""

MOST_STRATA = 200
NO_VALUE = "(none)"

MOST_CLASSES = 20
CLASS_TASKS = 20
"""Right answers of so few kinds, each with so many tasks on average, are classes: they are strata unasked."""

BY_TASK = "by-task@"
CHECK_TAGS = ("check", "check.tolerance", "check.relative")
"""Where the judge's name begins so, these tags of a task say what is right: they are part of the grader."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Tasks that both versions answered.

    Parameters
    ----------
    tasks
        Their ids, sorted.
    old_ids, new_ids
        The traces that are compared: of each version the first epoch's last turn.
    old_wrong, new_wrong : shape (n,)
        1 wrong, 0 right, `UNJUDGED`.
    strata
        ``tag=value`` -> which tasks are of it, shape (n,); also of what one version alone has answered so far.
    only_old, only_new
        Tasks that one version alone answered.
    repeated
        Tasks with several answers to the same epoch and turn, of which the first by time is taken.
    tasks_sha256
        Of the tasks compared: ids, first requests and right answers.
    """

    tasks: tuple[str, ...]
    old_ids: tuple[str, ...]
    new_ids: tuple[str, ...]
    old_wrong: SmallArray
    new_wrong: SmallArray
    strata: Mapping[str, BoolArray]
    only_old: int
    only_new: int
    repeated: int
    tasks_sha256: str

    @property
    def judged(self) -> BoolArray:
        """Tasks of which both answers have a verdict."""
        return np.asarray((self.old_wrong != UNJUDGED) & (self.new_wrong != UNJUDGED))

    @property
    def unjudged(self) -> int:
        """Tasks that both versions answered, and of which an answer has no verdict."""
        return int(np.sum(~self.judged))

    def table(self, chosen: BoolArray | None = None) -> PairedTable:
        """Return the paired table, of all tasks or of some."""
        kept = self.judged if chosen is None else self.judged & chosen
        return paired_table(self.old_wrong[kept], self.new_wrong[kept])

    def both_wrong(self) -> IntArray:
        """Return the places of tasks that both versions got wrong."""
        return np.flatnonzero((self.old_wrong == 1) & (self.new_wrong == 1)).astype(np.int64)


def paired_table(old_wrong: SmallArray, new_wrong: SmallArray) -> PairedTable:
    """Return the table of two columns of 0 and 1."""
    code = 2 * old_wrong.astype(np.int64) + new_wrong
    both_right, broke, fixed, both_wrong = (
        int(count) for count in np.bincount(code, minlength=4)[:4]
    )
    return PairedTable(both_right, broke, fixed, both_wrong)


def read_pairs(
    ledger: Ledger,
    versions: tuple[Version, Version],
    grader: Grader,
    *,
    by: Sequence[str] | None = (),
) -> Pairs:
    """Return the tasks that two versions answered, as one grader judged them.

    Parameters
    ----------
    ledger
        Traces and verdicts.
    versions
        The old one, and the new one.
    grader
        Who judged both.
    by
        Tags whose values make strata, as the old version's traces have them, else the new one's; ``reference``: the
        right answer. None: the right answer, where it is one of a few classes.

    Raises
    ------
    BadInput
        Where no task was answered by both, where a task of one id was not the same task, or where a tag's values are
        too many to be strata.

    Notes
    -----
    A task counts once, however often it was repeated: repeats of one task are not independent of each other. What is
    compared is the first epoch of each version, and of a conversation its last turn; further epochs are for the noise
    floor.
    """
    answers = [_answers(ledger, version, grader) for version in versions]
    chosen = [_first(one) for one in answers]
    names = [
        {one.tasks[one.task[row]]: int(row) for row in rows}
        for one, (rows, _) in zip(answers, chosen, strict=True)
    ]
    old, new = names
    tasks = tuple(sorted(old.keys() & new.keys()))
    if not tasks:
        raise BadInput(
            f"{versions[0].name} and {versions[1].name} have no task in common: "
            f"put the same tasks to both (as {_example(old)!r} and {_example(new)!r} are not the same task_id)",
            next_command=f"assay ask TASKS.jsonl --into {ledger.typed}",
        )
    old_rows = np.array([old[task] for task in tasks])
    new_rows = np.array([new[task] for task in tasks])
    tags = CHECK_TAGS if grader.name.startswith(BY_TASK) else ()
    _same_tasks(answers, (old_rows, new_rows), tasks, tags)
    return Pairs(
        tasks=tasks,
        old_ids=tuple(answers[0].trace_ids[row] for row in old_rows),
        new_ids=tuple(answers[1].trace_ids[row] for row in new_rows),
        old_wrong=answers[0].wrong[old_rows],
        new_wrong=answers[1].wrong[new_rows],
        strata=_strata(answers, names, tasks, by),
        only_old=len(old) - len(tasks),
        only_new=len(new) - len(tasks),
        repeated=chosen[0][1] + chosen[1][1],
        tasks_sha256=_tasks_hash(answers[0], old_rows, tasks, tags),
    )


def read_repeats(ledger: Ledger, version: Version, grader: Grader) -> PairedTable:
    """Return the same version's first and second epoch as a paired table: tasks with a verdict on both."""
    answers = read_answers(ledger, _query(version, grader))
    first: list[int] = []
    second: list[int] = []
    groups = answers.groups()
    for begin, end in pairwise(groups):
        epochs = answers.epoch[begin:end]
        later = np.flatnonzero(epochs > epochs[0]) if end > begin else epochs[:0]
        if later.size:
            next_epoch = epochs[later[0]]
            first.append(int(begin) + int(np.flatnonzero(epochs == epochs[0])[-1]))
            second.append(int(begin) + int(np.flatnonzero(epochs == next_epoch)[-1]))
    a, b = answers.wrong[first], answers.wrong[second]
    judged = (a != UNJUDGED) & (b != UNJUDGED)
    return paired_table(a[judged], b[judged])


def _query(version: Version, grader: Grader, *, texts: tuple[str, ...] = ()) -> AnswerQuery:
    return AnswerQuery(systems=((version.system, version.version),), judge=grader.name, texts=texts)


def _answers(ledger: Ledger, version: Version, grader: Grader) -> Answers:
    return read_answers(ledger, _query(version, grader, texts=("input", "reference", "tags")))


def _first(answers: Answers) -> tuple[IntArray, int]:
    """Return the row of each task's first epoch, last turn, first by time; and how many tasks had several of these."""
    time = np.where(answers.at == np.iinfo(np.int64).min, np.iinfo(np.int64).max, answers.at)
    order = np.lexsort((np.arange(len(answers)), time, -answers.turn, answers.epoch, answers.task))
    _, begin = np.unique(answers.task[order], return_index=True)
    rows = order[begin].astype(np.int64)
    same = np.zeros(len(answers.tasks), dtype=np.int64)
    alike = (answers.epoch == answers.epoch[rows][answers.task]) & (
        answers.turn == answers.turn[rows][answers.task]
    )
    np.add.at(same, answers.task[alike], 1)
    return rows, int(np.sum(same > 1))


_WHAT = {"reference": "the right answer", "input": "the request", "tags": "the check"}


def _same_tasks(
    answers: Sequence[Answers],
    rows: tuple[IntArray, IntArray],
    tasks: Sequence[str],
    tags: Sequence[str],
) -> None:
    """Refuse tasks whose request, right answer or own check changed: the same id is then not the same task."""
    changed = []
    for place, (old, new) in enumerate(zip(*rows, strict=True)):
        first_turn = answers[0].turn[old] == 0 and answers[1].turn[new] == 0
        for column in ("reference", "input") if first_turn else ("reference",):
            before, after = answers[0].texts[column][old], answers[1].texts[column][new]
            if before is not None and after is not None and before != after:
                changed.append((tasks[place], column))
        if tags and _chosen(answers[0], int(old), tags) != _chosen(answers[1], int(new), tags):
            changed.append((tasks[place], "tags"))
    if changed:
        task, column = changed[0]
        what = _WHAT[column]
        raise BadInput(
            f"{len({task for task, _ in changed})} of {len(tasks)} tasks are not the same for both versions, so they "
            f"can't be compared: {what} of task {task!r} changed; put the same task file to both"
        )


def _tasks_hash(answers: Answers, rows: IntArray, tasks: Sequence[str], tags: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for task, row in zip(tasks, rows, strict=True):
        request = answers.texts["input"][row] if answers.turn[row] == 0 else None
        parts = [task, request, answers.texts["reference"][row]]
        parts += _chosen(answers, int(row), tags)
        line = json.dumps(parts, ensure_ascii=True)
        digest.update(line.encode("ascii") + b"\n")
    return digest.hexdigest()


def _strata(
    answers: Sequence[Answers],
    names: Sequence[Mapping[str, int]],
    tasks: Sequence[str],
    by: Sequence[str] | None,
) -> dict[str, BoolArray]:
    strata: dict[str, BoolArray] = {}
    for tag in (REFERENCE,) if by is None else by:
        values = _values(answers, names, tag)
        counts = Counter(values.values())
        if by is None and not _classes(counts):
            break
        if set(counts) == {NO_VALUE}:
            raise BadInput(f"no trace has a tag {tag!r}, so it makes no strata")
        if len(counts) > MOST_STRATA:
            raise BadInput(
                f"{tag} has {len(counts):,} values, and each would be a stratum: {MOST_STRATA} at most"
            )
        column = np.array([values[task] for task in tasks], dtype=object)
        strata |= {f"{tag}={value}": column == value for value in sorted(counts)}
    return strata


def _classes(counts: Mapping[str, int]) -> bool:
    """Return whether the right answers are few classes of many tasks each."""
    return (
        NO_VALUE not in counts
        and 2 <= len(counts) <= MOST_CLASSES
        and sum(counts.values()) >= CLASS_TASKS * len(counts)
    )


def _values(
    answers: Sequence[Answers], names: Sequence[Mapping[str, int]], tag: str
) -> dict[str, str]:
    """Return each task's value, of the tasks that either version answered: the old version's goes first."""
    found: dict[str, str] = {}
    for one, rows in zip(answers, names, strict=True):
        for task, row in rows.items():
            if found.get(task, NO_VALUE) == NO_VALUE:
                found[task] = _value(one, row, tag)
    return found


def _value(answers: Answers, row: int, tag: str) -> str:
    tags = _tags(answers, row)
    if tag in tags:
        return str(tags[tag])
    reference = answers.texts["reference"][row] if tag == REFERENCE else None
    return NO_VALUE if reference is None else reference.strip()[:60]


def _chosen(answers: Answers, row: int, names: Sequence[str]) -> list[str | None]:
    tags = _tags(answers, row) if names else {}
    return [tags.get(name) for name in names]


def _tags(answers: Answers, row: int) -> dict[str, str]:
    stored = answers.texts["tags"][row]
    return json.loads(stored) if stored else {}


def _example(tasks: Mapping[str, int]) -> str:
    return next(iter(tasks), "nothing")[:40]
