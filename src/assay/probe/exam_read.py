"""Scores of systems on tasks of one kind: an exam, its twins, or tasks of known date; one score a task."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from assay.errors import BadInput
from assay.estimate.bounded_mean import mean_of_tasks
from assay.ledger.answers import UNJUDGED, AnswerQuery, Answers, read_answers
from assay.ledger.population import tag
from assay.ledger.schema import ORIGINS
from assay.ledger.store import Ledger, literal
from assay.quantity import Estimate, Quantity, Unknown, weakest

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

TWIN_OF = "twin.of"
"""Tag of a twin task: which task it is a twin of."""

UNIT = "share right"
_NONE = "(none)"

System = tuple[str, str]
"""Name and version."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which answers are of the exam, of use, or of the twin exam.

    Parameters
    ----------
    origin : field, exam, probe or None
        None: any.
    tags
        Name and value of tags; all must hold.
    having, without
        Tags that must be there, whatever they say, or must not.
    """

    origin: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    having: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def condition(self) -> str:
        """Return the SQL condition over traces, without the origin."""
        parts = [
            f"{tag(name)} = {literal(json.dumps(value, ensure_ascii=False)[1:-1])}"
            for name, value in self.tags
        ]
        parts += [f"{tag(name)} IS NOT NULL" for name in self.having]
        parts += [f"{tag(name)} IS NULL" for name in self.without]
        return " AND ".join(parts) or "TRUE"

    @property
    def words(self) -> str:
        """The selection as a person reads it."""
        parts = [f"origin={self.origin}"] if self.origin else []
        parts += [f"{name}={value}" for name, value in self.tags]
        parts += [f"tag {name}" for name in self.having]
        return ", ".join(parts) or "all answers"


EXAM = Selection("exam", without=(TWIN_OF,))
USE = Selection("field")
TWIN = Selection(having=(TWIN_OF,))


def selection_of(pairs: Sequence[str], otherwise: Selection) -> Selection:
    """Return the selection that TAG=VALUE words make; `otherwise` where there are none.

    Raises
    ------
    BadInput
        Where a word is no TAG=VALUE, or names no origin that there is.
    """
    if not pairs:
        return otherwise
    origin, tags = None, []
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not (name and separator and value):
            raise BadInput(f"which answers is said as TAG=VALUE or origin=exam, got {pair!r}")
        if name != "origin":
            tags.append((name, value))
        elif value in ORIGINS:
            origin = value
        else:
            raise BadInput(f"origin is one of {', '.join(ORIGINS)}, got {value!r}")
    return Selection(origin, tuple(tags))


@dataclass(frozen=True, slots=True)
class TaskScores:
    """What one system made of the tasks of a selection, one entry a task.

    Parameters
    ----------
    system, version
    tasks
    right, judged, answers : shape (n,)
        Answers that are right, that somebody judged, and that there are.
    tags
        Of the first answer to each task.
    judges, judge_kinds
        Who judged any of them.
    """

    system: str
    version: str
    tasks: tuple[str, ...]
    right: IntArray
    judged: IntArray
    answers: IntArray
    tags: tuple[Mapping[str, str], ...]
    judges: tuple[str, ...]
    judge_kinds: tuple[str, ...]

    @property
    def key(self) -> System:
        """Name and version."""
        return self.system, self.version

    @property
    def is_judged(self) -> npt.NDArray[np.bool_]:
        """Whether any answer to the task was judged."""
        return self.judged > 0

    @property
    def score(self) -> FloatArray:
        """Share of the judged answers that are right; NaN where none was judged."""
        # The divisor 1 is never used for a task without a verdict.
        share = self.right / np.maximum(self.judged, 1)
        score: FloatArray = np.where(self.is_judged, share, np.nan)
        return score

    @property
    def point(self) -> float | None:
        """Mean score of the judged tasks; None where there is none."""
        return float(self.score[self.is_judged].mean()) if self.is_judged.any() else None

    @property
    def asked_once(self) -> bool:
        """Whether each task has one answer: then nothing is known of stability."""
        return bool((self.answers <= 1).all())

    @property
    def unjudged(self) -> int:
        """Answers that nobody judged."""
        return int((self.answers - self.judged).sum())

    def values(self, name: str) -> tuple[str, ...]:
        """Return a tag's value of each task."""
        return tuple(one.get(name, _NONE) for one in self.tags)

    def cells(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the kind of each task, by tags, as `cell_name` writes it."""
        return tuple(cell_name(names, [one.get(name) for name in names]) for one in self.tags)

    def bounded(self, estimate: Callable[[FloatArray], Quantity]) -> Quantity:
        """Return an estimate of the score with the answers that nobody judged counted both ways.

        Parameters
        ----------
        estimate
            Of scores of all tasks; it must rise with each of them.
        """
        if not self.is_judged.any():
            return Unknown("nobody has judged these answers: name a check, as assay judge --check")
        least = estimate(self.right / self.answers)
        if not self.unjudged or isinstance(least, Unknown):
            return least
        most = estimate((self.right + self.answers - self.judged) / self.answers)
        if isinstance(most, Unknown):
            return most
        value = self.point
        assert value is not None
        return Estimate(
            min(max(value, least.low), most.high), least.low, most.high, least.unit,
            least.confidence_level, least.n,
            f"{least.method}; {self.unjudged:,} answers not judged, counted both ways",
            weakest(least.guarantee, most.guarantee),
        )  # fmt: skip

    def mean(self, confidence_level: float) -> Quantity:
        """Return the mean score of tasks like these."""
        return self.bounded(
            lambda scores: mean_of_tasks(
                scores, unit=UNIT, confidence_level=confidence_level, two_valued=self.asked_once
            )
        )


def cell_name(names: Sequence[str], values: Sequence[str | None]) -> str:
    """Return the name of a kind of task from its tags."""
    return ", ".join(
        f"{name}={_NONE if value is None else value}"
        for name, value in zip(names, values, strict=True)
    )


def read_scores(
    ledger: Ledger, selection: Selection, *, judge: str | None = None
) -> dict[System, TaskScores]:
    """Return the scores of every system and version that answered tasks of a selection.

    Parameters
    ----------
    ledger
    selection
    judge
        Whose newest verdict counts; None: of each answer a person's, else a check's.

    Raises
    ------
    BadInput
        Where a judge is named that has judged none of them.
    """
    query = AnswerQuery(
        origin=selection.origin, judge=judge, texts=("tags",), condition=selection.condition()
    )
    answers = read_answers(ledger, query)
    if judge is not None and len(answers) and not answers.judges:
        raise BadInput(
            f"{judge} has judged none of the answers with {selection.words}",
            next_command=f"assay judge {ledger.typed} --check NAME",
        )
    found = {}
    pairs = np.unique(np.column_stack([answers.system, answers.version]), axis=0)
    for system, version in pairs if len(answers) else ():
        rows = np.flatnonzero((answers.system == system) & (answers.version == version))
        one = _scores(answers, rows)
        found[one.key] = one
    return found


def _scores(answers: Answers, rows: IntArray) -> TaskScores:
    # Rows are sorted by task.
    codes, first, place = np.unique(answers.task[rows], return_index=True, return_inverse=True)
    wrong = answers.wrong[rows]
    count = codes.size
    judges = np.unique(answers.judge[rows][wrong != UNJUDGED])
    kept = answers.texts["tags"]
    return TaskScores(
        system=answers.systems[int(answers.system[rows[0]])],
        version=answers.versions[int(answers.version[rows[0]])],
        tasks=tuple(answers.tasks[code] for code in codes),
        right=np.bincount(place, wrong == 0, count).astype(np.int64),
        judged=np.bincount(place, wrong != UNJUDGED, count).astype(np.int64),
        answers=np.bincount(place, minlength=count).astype(np.int64),
        tags=tuple(_tags(kept[row]) for row in rows[first]),
        judges=tuple(answers.judges[judge] for judge in judges),
        judge_kinds=tuple(sorted({answers.judge_kinds[judge] for judge in judges})),
    )


@lru_cache(maxsize=10_000)
def _tags(stored: str | None) -> Mapping[str, str]:
    tags: Mapping[str, str] = json.loads(stored) if stored else {}
    return tags


def refuse_missing_tags(
    exams: Mapping[System, TaskScores], names: Iterable[str], selection: Selection
) -> None:
    """Raise where no task of an exam has a tag that was asked for.

    Raises
    ------
    BadInput
        A name that is mistyped would make one kind of all tasks, and a figure that looks weighted.
    """
    there = {name for scores in exams.values() for tags in scores.tags for name in tags}
    for name in names:
        if name not in there:
            raise BadInput(f"no task with {selection.words} has a tag {name!r}")


def chosen(
    there: Sequence[System], named: Sequence[tuple[str, str | None]], *, what: str
) -> list[System]:
    """Return the systems that names mean; a name without a version means all its versions.

    Raises
    ------
    BadInput
        Where a name means none.
    """
    found: list[System] = []
    for name, version in named:
        own = [key for key in there if key[0] == name and version in (None, key[1])]
        if not own:
            known = ", ".join(sorted({key[0] for key in there})[:8]) or "nobody"
            shown = name if version is None else f"{name}@{version}"
            raise BadInput(f"{what} {shown} has no answer there; {known} has")
        found += [key for key in own if key not in found]
    return found
