"""An exam split at a date: what a system loses on later tasks, beyond what clean reference systems lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import BadInput
from assay.estimate.bounded_mean import mean_of_tasks
from assay.estimate.did import (
    SplitScores,
    difference_in_differences,
    reference_differences,
    smallest_difference,
)
from assay.estimate.reference_curve import FEWEST_REFERENCES
from assay.ledger.ingest.record import RowError, microseconds
from assay.ledger.store import Ledger
from assay.probe.exam_read import (
    EXAM,
    UNIT,
    Selection,
    System,
    TaskScores,
    chosen,
    read_scores,
    refuse_missing_tags,
)
from assay.probe.time_split_result import SplitPart, SplitReport, SplitSystem
from assay.quantity import Quantity, Unknown

IntArray = npt.NDArray[np.int64]

ALL = "all tasks"


@dataclass(frozen=True, slots=True)
class SplitQuestion:
    """Where the exam is split, and who is held against whom.

    Parameters
    ----------
    cut
        Microseconds since 1970 UTC: tasks of that moment and later are new.
    systems, references : pairs of name and version
        Tested, and believed to know neither side. A version of None: every version. No systems: all that took the exam
        and are no reference.
    exam
        Which answers these are.
    date
        Tag with the date of the task.
    by
        Tag that parts the exam (a platform, a source): each part is split by itself. None: all tasks together.
    placebos
        Values of that tag where nothing should happen at the cut.
    judge
        Whose verdicts count; None: people's, else checks'.
    margin : in (0, 1)
        A drop below it is not worth speaking of.
    confidence_level : in [0.5, 1)
        Of each interval by itself.
    """

    cut: int
    systems: tuple[tuple[str, str | None], ...] = ()
    references: tuple[tuple[str, str | None], ...] = ()
    exam: Selection = EXAM
    date: str = "date"
    by: str | None = None
    placebos: tuple[str, ...] = ()
    judge: str | None = None
    margin: float = 0.05
    confidence_level: float = 0.95


@dataclass(frozen=True, slots=True)
class _Tasks:
    """Tasks that a system and all references have judged answers to: their scores, dates and parts."""

    names: tuple[str, ...]
    tested: npt.NDArray[np.float64]
    references: npt.NDArray[np.float64]
    dates: IntArray
    parts: tuple[str, ...]

    def within(self, chosen_tasks: npt.NDArray[np.bool_], cut: int) -> SplitScores:
        """Return the scores of some of them, split at a cut."""
        return SplitScores(
            self.tested[chosen_tasks],
            self.references[:, chosen_tasks],
            self.dates[chosen_tasks] >= cut,
        )


def split_exam(ledger: Ledger, question: SplitQuestion, *, rng: np.random.Generator) -> SplitReport:
    """Split the exam at a date, and hold what systems lose after it against what clean references lose.

    Parameters
    ----------
    ledger
        Answers to tasks that carry their date as a tag, with verdicts.
    question
    rng
        Of the bootstrap.

    Returns
    -------
    SplitReport
        With fewer than five references the differences are plain ones, marked "not adjusted for difficulty".

    Raises
    ------
    BadInput
        Where nothing is of the exam, a name means nobody, no task has a date, or a placebo is no part of the exam.

    Notes
    -----
    See `assay.estimate.did.difference_in_differences`. Two placebo cuts, at the median date of the older tasks and of
    the newer ones, show what the same figure gives where nothing happened; so do parts of the exam that the user names.
    Pooling parts mixes difficulty with memory where their shares change with time.
    """
    if not 0.5 <= question.confidence_level < 1:
        raise BadInput(f"the confidence level must be in [0.5, 1), got {question.confidence_level}")
    if not 0 < question.margin < 1:
        raise BadInput(f"the margin must be in (0, 1), got {question.margin}")
    if question.placebos and question.by is None:
        raise BadInput("a placebo is a part of the exam: name the tag that parts it with --by")
    exams = read_scores(ledger, question.exam, judge=question.judge)
    if not exams:
        raise BadInput(
            f"the ledger holds no answer with {question.exam.words}: say which answers are of the exam with --exam",
            next_command=f"assay ledger info {ledger.typed}",
        )
    if question.by is not None:
        refuse_missing_tags(exams, (question.by,), question.exam)
    references = chosen(list(exams), question.references, what="the reference")
    tested = chosen(list(exams), question.systems, what="the system")
    tested = tested or [key for key in exams if key not in references]
    if not tested:
        raise BadInput("every system that took the exam is a reference: there is none to test")
    systems = tuple(_system(exams, key, references, question, rng) for key in tested)
    there = {part.name for one in systems for part in one.parts}
    for placebo in question.placebos:
        if placebo not in there:
            raise BadInput(f"no task has {question.by}={placebo}: it can't be a placebo")
    return SplitReport(
        systems=systems,
        references=tuple(_name(key) for key in references),
        cut=question.cut,
        date=question.date,
        by=question.by,
        margin=question.margin,
        confidence_level=question.confidence_level,
    )


def _name(key: System) -> str:
    return f"{key[0]}@{key[1]}" if key[1] else key[0]


def _system(
    exams: Mapping[System, TaskScores],
    key: System,
    references: Sequence[System],
    question: SplitQuestion,
    rng: np.random.Generator,
) -> SplitSystem:
    own = exams[key]
    clean = [exams[other] for other in references if other != key]
    enough = len(clean) >= FEWEST_REFERENCES
    tasks, undated = _tasks(own, clean if enough else [], question)
    parts = sorted(set(tasks.parts))
    found = [
        _part(name, tasks, np.array([part == name for part in tasks.parts]), question, rng)
        for name in parts
    ]
    return SplitSystem(
        system=own.system,
        version=own.version,
        parts=tuple(found),
        tasks=len(tasks.names),
        left_out=len(own.tasks) - len(tasks.names) - undated,
        undated=undated,
        asked_once=own.asked_once,
        references=len(clean),
        is_adjusted=enough,
        judges=own.judges,
    )


def _tasks(
    own: TaskScores, clean: Sequence[TaskScores], question: SplitQuestion
) -> tuple[_Tasks, int]:
    """Return the tasks that can be split, and how many have no date."""
    dates = _dates(own, question.date)
    known = [
        {
            task: float(score)
            for task, score, judged in zip(
                one.tasks, one.score.tolist(), one.is_judged.tolist(), strict=True
            )
            if judged
        }
        for one in (own, *clean)
    ]
    places = [
        place
        for place, task in enumerate(own.tasks)
        if dates[place] is not None and all(task in scores for scores in known)
    ]
    names = tuple(own.tasks[place] for place in places)
    scores = np.array([[one[task] for task in names] for one in known]).reshape(len(known), -1)
    parts = (ALL,) * len(own.tasks) if question.by is None else own.values(question.by)
    kept = _Tasks(
        names=names,
        tested=scores[0],
        references=scores[1:],
        dates=np.array([dates[place] for place in places], dtype=np.int64),
        parts=tuple(parts[place] for place in places),
    )
    return kept, sum(date is None for date in dates)


def _dates(own: TaskScores, name: str) -> list[int | None]:
    if not any(name in tags for tags in own.tags):
        raise BadInput(
            f"no task of {_name(own.key)} has the tag {name!r}: the date of a task is read from a tag, see --date-tag"
        )
    found = []
    for task, tags in zip(own.tasks, own.tags, strict=True):
        try:
            found.append(microseconds(name, tags.get(name)))
        except RowError as error:
            raise BadInput(str(error), where=f"task {task}") from None
    return found


def _part(
    name: str,
    tasks: _Tasks,
    inside: npt.NDArray[np.bool_],
    question: SplitQuestion,
    rng: np.random.Generator,
) -> SplitPart:
    scores = tasks.within(inside, question.cut)
    level = question.confidence_level
    difference = difference_in_differences(scores, rng=rng, confidence_level=level)
    sides = [~scores.after, scores.after]
    own = [_mean(scores.tested[side], level) for side in sides]
    clean = [
        float(scores.references[:, side].mean()) if scores.references.size and side.any() else None
        for side in sides
    ]
    others = reference_differences(scores)
    older, newer = (
        _placebo_cut(tasks, inside & (tasks.dates >= question.cut if new else tasks.dates < question.cut), level, rng)
        for new in (False, True)
    )  # fmt: skip
    return SplitPart(
        name=name,
        is_placebo=name in question.placebos,
        tasks=(int(sides[0].sum()), int(sides[1].sum())),
        before=own[0],
        after=own[1],
        references_before=clean[0],
        references_after=clean[1],
        difference=difference,
        smallest=smallest_difference(difference, scores),
        references_apart=(float(others.min()), float(others.max())) if others.size else None,
        placebo_before=older,
        placebo_after=newer,
    )


def _mean(scores: npt.NDArray[np.float64], level: float) -> Quantity:
    if not scores.size:
        return Unknown("there is no task on this side of the cut")
    two_valued = bool(np.isin(scores, (0.0, 1.0)).all())
    return mean_of_tasks(scores, unit=UNIT, confidence_level=level, two_valued=two_valued)


def _placebo_cut(
    tasks: _Tasks, inside: npt.NDArray[np.bool_], level: float, rng: np.random.Generator
) -> Quantity:
    """Return the same figure at a date at which nothing happened: the median of the dates on one side."""
    if inside.sum() < 2:
        return Unknown("there are too few tasks on this side to split them once more")
    cut = int(np.median(tasks.dates[inside]))
    return difference_in_differences(tasks.within(inside, cut), rng=rng, confidence_level=level)
