"""Shares of trials where some are undecided: counted both ways, with tasks as the sampling unit.

A task may have several trials, which are not independent of each other. With one trial a task the limits are exact
binomial ones, with several those of a bounded mean over tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.bounded_mean import mean_of_tasks
from assay.estimate.paired import PairedTable
from assay.estimate.paired_exact import paired_difference
from assay.estimate.signal_detection import NONE_DECIDED, Responses
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]
NO_TRIAL = "there is no such trial"


@dataclass(frozen=True, slots=True)
class TaskTrials:
    """The trials of one task: with a yes, and undecided.

    Parameters
    ----------
    yes, undecided : >= 0
    trials : >= 1, yes + undecided <= trials

    Raises
    ------
    EstimateError
        If the counts contradict each other.
    """

    yes: int
    undecided: int
    trials: int

    def __post_init__(self) -> None:
        fits = min(self.yes, self.undecided) >= 0 and self.trials >= 1
        if not fits or self.yes + self.undecided > self.trials:
            raise EstimateError(f"yes and undecided trials must be among all, got {self}")

    @classmethod
    def of(cls, said: Sequence[bool | None]) -> TaskTrials:
        """Count trials: yes, no, or None for undecided."""
        return cls(sum(one is True for one in said), sum(one is None for one in said), len(said))

    @property
    def least(self) -> float:
        """Share of yes, if nothing undecided is one."""
        return self.yes / self.trials

    @property
    def most(self) -> float:
        """Share of yes, if all that is undecided is one."""
        return (self.yes + self.undecided) / self.trials


def one_each(tasks: Sequence[TaskTrials]) -> Responses | None:
    """Return the counts of trials that are one a task; None where a task has several."""
    if any(task.trials > 1 for task in tasks):
        return None
    return Responses(
        sum(task.yes for task in tasks), len(tasks), sum(task.undecided for task in tasks)
    )


def share_of_trials(
    tasks: Sequence[TaskTrials], *, unit: str, confidence_level: float = 0.95
) -> Quantity:
    """Mean over tasks of the share of trials with a yes.

    Parameters
    ----------
    tasks
        Independent of each other.
    unit
        What is counted per what.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        The point leaves undecided trials out; the lower limit counts them as no, the upper one as yes. `n` counts
        tasks. `Unknown` without a trial that is decided.

    Notes
    -----
    Both limits rise with every yes, so the two ends hold whatever the undecided ones would have been.

    Examples
    --------
    >>> share = share_of_trials([TaskTrials(1, 0, 1)] * 6 + [TaskTrials(0, 1, 1)] * 4, unit="yes/trial")
    >>> share.value, round(share.low, 2), share.high
    (1.0, 0.26, 1.0)
    """
    if not tasks:
        return Unknown(NO_TRIAL)
    binary = one_each(tasks) is not None
    ends = [
        mean_of_tasks(values, unit=unit, confidence_level=confidence_level, two_valued=binary)
        for values in ([task.least for task in tasks], [task.most for task in tasks])
    ]
    low, high = ends
    assert isinstance(low, Estimate)
    assert isinstance(high, Estimate)
    decided = [task for task in tasks if task.undecided < task.trials]
    if not decided:
        return Unknown(NONE_DECIDED)
    value = float(np.mean([task.yes / (task.trials - task.undecided) for task in decided]))
    undecided = sum(task.undecided for task in tasks)
    return Estimate(
        min(max(value, low.low), high.high), low.low, high.high, unit, confidence_level, len(tasks),
        low.method + _words(undecided), low.guarantee,
    )  # fmt: skip


def paired_share_difference(
    pairs: Sequence[tuple[TaskTrials, TaskTrials]], *, unit: str, confidence_level: float = 0.95
) -> Quantity:
    """Share of yes in the first trials less that in the second, on the same tasks: a pressure less its control.

    Parameters
    ----------
    pairs
        Of each task its trials under the one and under the other.
    unit
    confidence_level : in [0.5, 1)

    Returns
    -------
    Estimate or Unknown
        In [-1, 1]. Undecided trials are counted both ways, each side the worse one.

    Notes
    -----
    One trial each: `assay.estimate.paired_exact.paired_difference`. Several: with D the difference of a task's shares,
    (D + 1) / 2 is in [0, 1], and its mean has the limits of `assay.estimate.bounded_mean.mean_of_tasks`.

    Examples
    --------
    >>> yes, no = TaskTrials(1, 0, 1), TaskTrials(0, 0, 1)
    >>> more = paired_share_difference([(yes, no)] * 12 + [(no, no)] * 8, unit="more")
    >>> more.value, more.low > 0.3
    (0.6, True)
    """
    if not pairs:
        return Unknown(NO_TRIAL)
    least = np.array([a.least - b.most for a, b in pairs])
    most = np.array([a.most - b.least for a, b in pairs])
    binary = all(a.trials == b.trials == 1 for a, b in pairs)
    low, high = _low(least, binary, confidence_level), _high(most, binary, confidence_level)
    decided = [
        a.yes / (a.trials - a.undecided) - b.yes / (b.trials - b.undecided)
        for a, b in pairs
        if a.undecided < a.trials and b.undecided < b.trials
    ]
    if not decided:
        return Unknown(NONE_DECIDED)
    value = float(np.mean(decided))
    undecided = sum(a.undecided + b.undecided for a, b in pairs)
    method = "exact, paired tasks" if binary else "bounded mean of differences over tasks"
    return Estimate(
        min(max(value, low), high), low, high, unit, confidence_level, len(pairs),
        method + _words(undecided), "enumerated" if binary else "proved",
    )  # fmt: skip


def _low(differences: FloatArray, binary: bool, level: float) -> float:
    if binary:
        return paired_difference(_table(differences), confidence_level=level).low
    found = mean_of_tasks((differences + 1) / 2, confidence_level=level)
    assert isinstance(found, Estimate)
    return 2 * found.low - 1


def _high(differences: FloatArray, binary: bool, level: float) -> float:
    return -_low(-differences, binary, level)


def _table(differences: FloatArray) -> PairedTable:
    up, down = int((differences > 0).sum()), int((differences < 0).sum())
    return PairedTable(len(differences) - up - down, up, down, 0)


def _words(undecided: int) -> str:
    return f"; {undecided:,} undecided trials counted both ways" if undecided else ""
