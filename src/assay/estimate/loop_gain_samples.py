"""Several answers to each task, turn by turn: pass@k, sharpening or new knowledge, distinct outputs, agreement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.loop_gain_mean import mean_gain
from assay.estimate.pass_k import Tries, pass_at_k
from assay.quantity import Estimate, Quantity, Unknown

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

GAIN_UNIT = "gain in right answers/task"


@dataclass(frozen=True, slots=True, eq=False)
class SampledAnswers:
    """What one version answered to tasks that were asked several times.

    Parameters
    ----------
    samples : >= 2
        Answers to each task, as many for each.
    right : shape (n_tasks,), in 0..samples
        How many of them are right.
    distinct : shape (n_tasks,), in 1..samples
        Different texts among them.
    right_pairs_apart : shape (n_tasks,), in [0, 1] or NaN
        Share of the pairs of right answers whose texts differ; NaN where fewer than two are right.
    agreement : shape (n_tasks,), in (0, 1]
        Share of the commonest text.
    commonest_right : shape (n_tasks,), 0 or 1
        Whether that text is right.
    """

    samples: int
    right: IntArray
    distinct: IntArray
    right_pairs_apart: FloatArray
    agreement: FloatArray
    commonest_right: IntArray

    def __post_init__(self) -> None:
        if self.samples < 2:
            raise EstimateError(f"samples must be at least 2, got {self.samples}")
        if self.right.size and not 0 <= self.right.min() <= self.right.max() <= self.samples:
            raise EstimateError("right answers of a task must be in 0..samples")

    def only(self, tasks: npt.NDArray[np.bool_]) -> SampledAnswers:
        """Return the answers to some of the tasks."""
        return SampledAnswers(
            self.samples,
            self.right[tasks],
            self.distinct[tasks],
            self.right_pairs_apart[tasks],
            self.agreement[tasks],
            self.commonest_right[tasks],
        )


@dataclass(frozen=True, slots=True)
class SampledTurn:
    """What a turn's samples say.

    Parameters
    ----------
    pass_1, pass_k
        Chance that one answer, and that at least one of `samples`, is right.
    distinct
        Different texts among the answers to a task, as a share of them.
    overconfidence
        Agreement of a task's answers less whether the commonest is right, over tasks: above nought, they agree on
        what is wrong. A stand-in where no probabilities exist.
    """

    pass_1: Quantity
    pass_k: Quantity
    distinct: Quantity
    overconfidence: Quantity

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {
            "pass_1": self.pass_1.to_json(),
            "pass_k": self.pass_k.to_json(),
            "distinct": self.distinct.to_json(),
            "overconfidence": self.overconfidence.to_json(),
        }


@dataclass(frozen=True, slots=True)
class SampledChange:
    """What changed between two turns, on the same tasks.

    Parameters
    ----------
    pass_1, pass_k
        Gains.
    sharpening
        Part of the gain of pass@1 that comes from tasks that were right at least once both times.
    new_knowledge
        The rest: from tasks that were never right and now are, less those that now never are.
    won, lost
        Tasks of either kind, as a share of all; each is above nought by chance alone, so read the difference.
    distinct
        Change of the share of different texts. It falls wherever a system gets surer of one right answer.
    right_pairs_apart
        Change of the chance that two right answers to a task differ, over tasks with two right answers both times.
    overconfidence
        Change.
    """

    pass_1: Quantity
    pass_k: Quantity
    sharpening: Quantity
    new_knowledge: Quantity
    won: Quantity
    lost: Quantity
    distinct: Quantity
    right_pairs_apart: Quantity
    overconfidence: Quantity

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {name: getattr(self, name).to_json() for name in _CHANGES}


_CHANGES = (
    "pass_1", "pass_k", "sharpening", "new_knowledge", "won", "lost", "distinct", "right_pairs_apart", "overconfidence",
)  # fmt: skip


def sampled_turn(answers: SampledAnswers, *, confidence_level: float = 0.95) -> SampledTurn:
    """Return what the samples of a turn say.

    Parameters
    ----------
    answers
    confidence_level : in (0, 1)
        Of each interval by itself.
    """
    level, k = confidence_level, answers.samples
    tries = Tries(answers.right, np.full_like(answers.right, k))
    spread = answers.agreement - answers.commonest_right
    return SampledTurn(
        mean_gain(
            answers.right / k,
            ends=(0.0, 1.0),
            unit="right answers/answer",
            confidence_level=level,
        ),
        pass_at_k(tries, k, confidence_level=level),
        mean_gain(
            answers.distinct / k,
            ends=(0.0, 1.0),
            unit="distinct outputs/answer",
            confidence_level=level,
        ),
        mean_gain(spread, unit="agreement less right", confidence_level=level),
    )


def sampled_change(
    old: SampledAnswers, new: SampledAnswers, *, confidence_level: float = 0.95
) -> SampledChange:
    """Return what changed between two turns.

    Parameters
    ----------
    old, new
        Answers to the same tasks in the same order, equally many to each.
    confidence_level : in (0, 1)
        Of each interval by itself.

    Returns
    -------
    SampledChange
        `Unknown` where there is no task.

    Raises
    ------
    EstimateError
        If they are not of the same tasks, or not of equally many samples.

    Notes
    -----
    With q and r the shares of right answers to a task before and after, ``r - q`` is put to new knowledge where exactly
    one of them is 0, and else to sharpening: the two add up to the gain of pass@1, task by task. A version that is
    asked again with unchanged chances gives q and r in either order equally often, so both parts are 0 on average:
    tasks that chance alone brings from "never" to "once" are paid for by those that it takes the other way. What is
    *new* is meant with respect to k samples: a task that is right once in a hundred tries looks new when it is found.

    References
    ----------
    .. [1] Chen et al., "Evaluating large language models trained on code", arXiv:2107.03374, equation 1: pass@k.
    .. [2] Yue et al., "Does reinforcement learning really incentivize reasoning capacity in LLMs beyond the base
       model?", arXiv:2504.13837: pass@1 rises while pass@k falls.
    """
    if old.right.shape != new.right.shape or old.samples != new.samples:
        raise EstimateError("both turns need the same tasks, and equally many answers to each")
    before, after = old.right / old.samples, new.right / new.samples
    level = confidence_level

    def gain(values: FloatArray, unit: str = GAIN_UNIT) -> Quantity:
        return mean_gain(values, unit=unit, confidence_level=level)

    def share(taken: npt.NDArray[np.bool_], unit: str) -> Quantity:
        values = taken.astype(np.float64)
        return mean_gain(values, ends=(0.0, 1.0), unit=unit, confidence_level=level)

    won, lost = (before == 0) & (after > 0), (before > 0) & (after == 0)
    apart = new.right_pairs_apart - old.right_pairs_apart
    apart = apart[~np.isnan(apart)]
    unsure = new.agreement - new.commonest_right - old.agreement + old.commonest_right
    return SampledChange(
        pass_1=gain(after - before),
        pass_k=gain((after > 0).astype(np.float64) - (before > 0)),
        sharpening=gain(np.where(won | lost, 0.0, after - before)),
        new_knowledge=gain(np.where(won | lost, after - before, 0.0)),
        won=share(won, "tasks right at last/task"),
        lost=share(lost, "tasks never right any more/task"),
        distinct=gain((new.distinct - old.distinct) / new.samples, "distinct outputs/answer"),
        right_pairs_apart=(
            gain(apart, "pairs of right answers that differ")
            if apart.size
            else Unknown("no task has two right answers both times")
        ),
        overconfidence=_doubled(unsure, level),
    )


def _doubled(values: FloatArray, level: float) -> Quantity:
    """Return the mean of values in [-2, 2]."""
    ends = (-2.0, 2.0)
    return mean_gain(values, ends=ends, unit="agreement less right", confidence_level=level)


def source_of_gain(change: SampledChange) -> str:
    """Return where a rise of pass@1 is shown to come from, in words.

    Returns
    -------
    str
        "new knowledge", "sharpening", "both", "neither shown" or "unknown".
    """
    parts = (change.new_knowledge, change.sharpening)
    if any(isinstance(part, Unknown) for part in parts):
        return "unknown"
    new, sharper = (isinstance(part, Estimate) and part.low > 0 for part in parts)
    if new and sharper:
        return "both"
    return "new knowledge" if new else "sharpening" if sharper else "neither shown"
