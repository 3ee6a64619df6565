"""Disputed references: tasks on which systems that are mostly right agree on one other answer.

It is a suspicion, not a finding: systems err alike, too. What share of these references is really at fault, a person
has to say who reads the tasks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DisputeRule:
    """When a reference is disputed.

    Parameters
    ----------
    mostly_right : in (0.5, 1]
        Share of its tasks that a system must have right to have a say.
    systems : >= 2
        At least so many of them must agree on one other answer.
    share : in [0.5, 1)
        And they must be more than this share of those that have a say and answered the task.
    """

    mostly_right: float = 0.9
    systems: int = 3
    share: float = 0.5

    @property
    def name(self) -> str:
        """The rule in words, with its version."""
        return (
            f"disputed@1 (at least {self.systems} systems with {self.mostly_right:.0%} right, and over "
            f"{self.share:.0%} of those that answered, give one other answer)"
        )


def disputed_answers(
    task: IntArray, system: IntArray, right: IntArray, key: IntArray, *, rule: DisputeRule
) -> dict[int, int]:
    """Return task -> the other answer that disputes its reference.

    Parameters
    ----------
    task, system : shape (n,)
        Codes of the task and of what answered; one answer a system and task.
    right : shape (n,), 1 right, 0 wrong or nothing
    key : shape (n,)
        Code of the answer: the same for two that say the same; negative: nothing was answered.
    rule
        When a reference is disputed.

    Returns
    -------
    dict
        Tasks whose reference is disputed only.

    Notes
    -----
    A system's own answer counts towards the dispute of the task it answers. It fails where systems share training data
    and with it an error: then the reference is right and the crowd is wrong.

    Examples
    --------
    >>> right = np.array([1, 0] * 3); key = np.array([7, 9] * 3)
    >>> task, system = np.array([0, 1] * 3), np.array([0, 0, 1, 1, 2, 2])
    >>> disputed_answers(task, system, right, key, rule=DisputeRule(mostly_right=0.5))
    {1: 9}
    """
    if len(task) == 0:
        return {}
    answered = np.bincount(system)
    rates = np.bincount(system, weights=right) / np.maximum(answered, 1)
    has_say = rates[system] >= rule.mostly_right
    voices = np.bincount(task[has_say], minlength=int(task.max()) + 1)
    other = has_say & (right == 0) & (key >= 0)
    pairs, counts = np.unique(
        np.stack([task[other], key[other]], axis=1).astype(np.int64), axis=0, return_counts=True
    )
    enough = (counts >= rule.systems) & (counts > rule.share * voices[pairs[:, 0]])
    # More than half of the voices: no task has two such answers.
    return {int(one): int(said) for one, said in pairs[enough]}
