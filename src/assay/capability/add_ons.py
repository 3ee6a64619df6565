"""What could make a configuration meet a standard of escaped errors: more checking, more passes, votes, fewer results.

Nothing is taken to be independent: what a second pass misses of that which the first missed, how often a vote is right,
and what a reviewer catches, are measured on labeled items or unknown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.capability.evidence import Caught, CostEvidence, ShareEvidence
from assay.capability.measure import Capability
from assay.errors import BadInput

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ReviewMore:
    """Review of a share of the results that would be delivered; as small a share as will do.

    Parameters
    ----------
    caught
        Share of the errors which get past the checks so far that review catches, measured on such errors.
    flagged
        Share of the right ones that it holds back.
    review_usd
        Of one review.
    most : in (0, 1]
        The largest share that can be reviewed.
    """

    caught: Caught
    flagged: Caught
    review_usd: CostEvidence
    most: float = 1.0
    name: str = "more review"


@dataclass(frozen=True, slots=True, eq=False)
class SecondPass:
    """A second check of every result.

    Parameters
    ----------
    both_missed
        Of labeled items: those that were wrong and got past both passes. None where only each pass alone was measured:
        then it isn't known, for two passes often miss the same errors.
    flagged
        Share of the right items that either pass holds back.
    pass_usd
        Of the second pass, an item.
    """

    both_missed: ShareEvidence | None
    flagged: Caught
    pass_usd: CostEvidence
    name: str = "second pass"


@dataclass(frozen=True, slots=True, eq=False)
class Vote:
    """The answer that more than half of k attempts give; without one it counts as wrong.

    Parameters
    ----------
    k : odd, >= 3
    right, attempts : shape (tasks,)
        Of each task: right attempts, and all. Tasks with fewer than k are left out.
    caught, flagged
        Shares of the votes that checking catches where they are wrong and holds back where they are right: these aren't
        those of single attempts, for what is wrong by vote is the hardest.
    in_parallel
        Whether the attempts run at the same time; else their seconds add up.
    """

    k: int
    right: IntArray
    attempts: IntArray
    caught: Caught
    flagged: Caught
    in_parallel: bool = True

    def __post_init__(self) -> None:
        if self.k < 3 or self.k % 2 == 0:
            raise BadInput(f"a vote takes an odd number of attempts, 3 or more, got {self.k}")
        if (
            self.right.shape != self.attempts.shape
            or ((self.right < 0) | (self.right > self.attempts)).any()
        ):
            raise BadInput("of each task right must be in [0, attempts]")

    @property
    def name(self) -> str:
        """What it is, in words."""
        return f"vote of {self.k}"

    def share(self) -> ShareEvidence | None:
        """Return the share of votes that are right, over tasks; None where no task has k attempts.

        Of each task the chance that k of its attempts, taken at random, hold more than k / 2 right ones: unbiased,
        whatever attempts at one task have in common. Such chances vary no more than whole votes do, so they count as if
        they were.
        """
        enough = self.attempts >= self.k
        if not enough.any():
            return None
        chances = majority_right(self.right[enough], self.attempts[enough], self.k)
        return ShareEvidence(min(float(chances.sum()), float(len(chances))), len(chances))


@dataclass(frozen=True, slots=True)
class Slower:
    """Fewer results a day, where the standard is a count a day.

    Parameters
    ----------
    lost_usd : >= 0
        What a result that isn't delivered costs; None: nobody says.
    """

    lost_usd: float | None
    name: str = "fewer results a day"


@dataclass(frozen=True, slots=True, eq=False)
class AnotherConfiguration:
    """Another configuration instead, measured at the same prices."""

    capability: Capability

    @property
    def name(self) -> str:
        """What it is, in words."""
        return f"{self.capability.name} instead"


AddOn = ReviewMore | SecondPass | Vote | Slower | AnotherConfiguration


def majority_right(right: IntArray, attempts: IntArray, k: int) -> npt.NDArray[np.float64]:
    """Return of each task the chance that more than half of k of its attempts, drawn without return, are right.

    Examples
    --------
    >>> majority_right(np.array([0, 2, 3, 5]), np.array([3, 3, 3, 5]), 3).tolist()
    [0.0, 1.0, 1.0, 1.0]
    """
    chance = np.zeros(len(right))
    for hits in range(k // 2 + 1, k + 1):
        ways = special.comb(right, hits) * special.comb(attempts - right, k - hits)
        chance += ways / special.comb(attempts, k)
    return np.minimum(chance, 1.0)


def votes_of(samples: Sequence[Sequence[bool]], k: int, *, caught: Caught, flagged: Caught) -> Vote:
    """Return a vote from the attempts at each task: right or not."""
    return Vote(
        k,
        np.array([sum(map(bool, one)) for one in samples], dtype=np.int64),
        np.array([len(one) for one in samples], dtype=np.int64),
        caught,
        flagged,
    )


def fewer_per_day(most_escaped: float, per_day: float) -> float:
    """Return how many results a day keep a count of escapes, where so large a share of them may escape.

    Examples
    --------
    >>> fewer_per_day(0.01, 30)
    3000.0
    """
    return math.inf if most_escaped == 0 else float(math.floor(per_day / most_escaped))
