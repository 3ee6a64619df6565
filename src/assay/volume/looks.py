"""Looking at a draw while its labels come in, without spending its confidence twice.

Whoever looks after every label and stops when it looks good is wrong far more often than one time in twenty. So a draw
has five planned looks, at a fifth of its labels and so on; each has its own small chance to miss, and together they are
the chance that was promised. Between looks the last one stands. A list that comes back whole, in one go, was looked at
once, and that look has all of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from assay.estimate import StratumCount
from assay.ledger.draws import DrawnStratum, Label, StoredDraw

LOOK_SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
MISS_SHARES = (0.02, 0.04, 0.06, 0.08, 0.8)
"""How the chance to miss is split among the looks. Nearly all of it waits for the last: who labels to the end pays 4 %
of width for having looked before."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a draw.

    Parameters
    ----------
    number, of
        Which look this is, of how many.
    miss_share : in (0, 1]
        Its share of the chance to miss.
    strata
        What the labels up to it say.
    """

    number: int
    of: int
    miss_share: float
    strata: tuple[StratumCount, ...]

    @property
    def labels(self) -> int:
        """Labels up to this look."""
        return sum(stratum.labeled for stratum in self.strata)

    def level(self, confidence_level: float) -> float:
        """Return the confidence level of this look alone, for all looks together to keep one."""
        return 1 - (1 - confidence_level) * self.miss_share


def labels_at(planned: int, share: float) -> int:
    """Return how many labels of a stratum a look needs: at least one, the planned number at the last."""
    return min(planned, max(1, math.ceil(share * planned - 1e-9)))


def completed_looks(
    draw: StoredDraw, labels: Mapping[str, Label], *, intakes: int
) -> tuple[Look, ...]:
    """Return the looks that the labels complete, the last one last.

    Parameters
    ----------
    draw
        What was drawn, in random order.
    labels
        Labels by trace.
    intakes
        In how many goes they came in.

    Notes
    -----
    Boole's inequality: the intervals of all looks hold at once with the confidence level, whoever stops when. Only an
    unbroken beginning of a stratum's random order counts: what a person skipped, they may have skipped because it was
    hard.
    """
    beginnings = [_beginning(stratum, labels) for stratum in draw.strata]
    whole = all(
        len(first) == stratum.planned
        for first, stratum in zip(beginnings, draw.strata, strict=True)
    )
    if whole and intakes <= 1:
        return (_look(draw, beginnings, 1.0, number=1, of=1, miss_share=1.0),)
    looks = []
    for number, (share, miss) in enumerate(zip(LOOK_SHARES, MISS_SHARES, strict=True), start=1):
        needed = [labels_at(stratum.planned, share) for stratum in draw.strata]
        if any(len(first) < n for first, n in zip(beginnings, needed, strict=True)):
            break
        looks.append(
            _look(draw, beginnings, share, number=number, of=len(LOOK_SHARES), miss_share=miss)
        )
    return tuple(looks)


def first_look_at(draw: StoredDraw) -> int:
    """Return how many labels the first look needs in all."""
    return sum(labels_at(stratum.planned, LOOK_SHARES[0]) for stratum in draw.strata)


def _look(
    draw: StoredDraw,
    beginnings: list[list[Label]],
    share: float,
    *,
    number: int,
    of: int,
    miss_share: float,
) -> Look:
    strata = tuple(
        _count(stratum, first[: labels_at(stratum.planned, share)])
        for stratum, first in zip(draw.strata, beginnings, strict=True)
    )
    return Look(number, of, miss_share, strata)


def _count(stratum: DrawnStratum, first: list[Label]) -> StratumCount:
    return StratumCount(
        size=stratum.size,
        labeled=len(first),
        errors=sum(label.wrong == 1 for label in first),
        unsure=sum(label.wrong is None for label in first),
        name=stratum.rule.name,
    )


def _beginning(stratum: DrawnStratum, labels: Mapping[str, Label]) -> list[Label]:
    first = []
    for trace_id in stratum.trace_ids:
        if trace_id not in labels:
            break
        first.append(labels[trace_id])
    return first
