"""How many of the other answers to the same task differ, counted for all traces at once: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

NOTHING = -1
"""Code of an output that answers nothing: it agrees with no other, not even with another that answers nothing."""

UNREADABLE = -2
"""Code of an output of which it can't be said what it answers: it has no vote, and gets no score."""

PRIOR = 0.5
"""Answers that differ, and as many that agree, added before any is seen (Jeffreys)."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers as codes; the same code is the same answer.

    Parameters
    ----------
    task, system : shape (n,), >= 0
        Codes of what was asked, and of what answered.
    answer : shape (n,)
        Code of the answer, `NOTHING` or `UNREADABLE`.
    """

    task: IntArray
    system: IntArray
    answer: IntArray


@dataclass(frozen=True, slots=True)
class Votes:
    """Votes on each answer.

    Parameters
    ----------
    others : shape (n,), >= 0
        Votes of other answers: other epochs, or other systems.
    different : shape (n,), in [0, others]
        How many of them differ. A system that answered in several epochs gives parts of its one vote.
    """

    others: FloatArray
    different: FloatArray

    def score(self) -> FloatArray:
        """Return (different + 1/2) / (others + 1): NaN where there is no other answer."""
        share = (self.different + PRIOR) / (self.others + 2 * PRIOR)
        return np.where(self.others > 0, share, np.nan)


def votes_of_epochs(answers: Answers) -> Votes:
    """Count, for each answer, the other answers of the same system to the same task.

    Returns
    -------
    Votes
        Of an unreadable answer: nothing, as of one that stands alone.

    Examples
    --------
    >>> one = np.zeros(3, dtype=np.int64)
    >>> votes_of_epochs(Answers(one, one, np.array([7, 7, 8]))).different.tolist()
    [1.0, 1.0, 2.0]
    """
    cell, _ = _cells(answers)
    readable = answers.answer != UNREADABLE
    said = np.bincount(cell[readable], minlength=cell.size)[cell]
    others = np.where(readable, said - 1, 0).astype(np.float64)
    same = _same(cell, answers.answer)[0] - 1.0
    return Votes(others, np.where(readable, others - same, 0.0))


def votes_of_systems(answers: Answers, voting: BoolArray) -> Votes:
    """Count, for each answer, the other systems that answered the same task; each has one vote.

    Parameters
    ----------
    answers
    voting : shape (n,)
        Whether an answer's system is among those that are compared with. No system has a vote on its own answers.

    Returns
    -------
    Votes

    Examples
    --------
    >>> three = Answers(np.zeros(3, dtype=np.int64), np.arange(3), np.array([7, 7, 8]))
    >>> votes_of_systems(three, np.array([True, True, True])).different.tolist()
    [1.0, 1.0, 2.0]
    """
    cell, first = _cells(answers)
    readable = answers.answer != UNREADABLE
    counts = voting & readable
    said = np.bincount(cell[counts], minlength=first.size).astype(np.float64)
    task_of_cell = answers.task[first]
    tasks = int(answers.task.max(initial=0)) + 1
    present = (said > 0).astype(np.float64)
    in_task = np.bincount(task_of_cell, weights=present, minlength=tasks).astype(np.float64)
    others = in_task[answers.task] - present[cell]
    part = np.where(counts, 1.0 / np.maximum(said[cell], 1.0), 0.0)
    same_in_task = _same(answers.task, answers.answer, part)[0]
    same_of_own = _same(cell, answers.answer, part)[0]
    same = np.where(answers.answer == NOTHING, 0.0, same_in_task - same_of_own)
    # Parts of votes are floating-point numbers: what is left of a difference of equals is no vote.
    different = np.clip(np.round(others - same, 9), 0.0, others)
    return Votes(np.where(readable, others, 0.0), np.where(readable, different, 0.0))


def _cells(answers: Answers) -> tuple[IntArray, IntArray]:
    """Return the code of each answer's task and system, and where each code stands first."""
    width = int(answers.system.max(initial=0)) + 1
    _, first, cell = np.unique(
        answers.task * width + answers.system, return_index=True, return_inverse=True
    )
    return cell.astype(np.int64), first.astype(np.int64)


def _same(
    group: IntArray, answer: IntArray, weight: FloatArray | None = None
) -> tuple[FloatArray, IntArray]:
    """Return the weight of the same answers in the same group, each itself included; of no answer only itself."""
    width = int(answer.max(initial=0)) + 3
    _, place = np.unique(group * width + answer + 2, return_inverse=True)
    place = place.astype(np.int64)
    total = np.bincount(place, weights=weight).astype(np.float64)[place]
    own = np.ones(answer.size) if weight is None else weight
    return np.where(answer >= 0, total, own), place
