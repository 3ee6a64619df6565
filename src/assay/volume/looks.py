"""Looking at a draw while its labels come in, without spending its confidence twice.

Whoever looks after every label and stops when it looks good is wrong far more often than one time in twenty. So the
chance to miss is split. Four fifths of it go to planned looks, five in an ordinary draw, at a fifth of its labels and
so on; between two looks the last one stands. One fifth goes to live limits, which are true at every label. A list that
comes back whole, in one go, was looked at once, and that look has all of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from assay.estimate import LiveLabel, StratumCount
from assay.ledger.draw_labels import Label
from assay.ledger.draws import DrawnStratum, StoredDraw

LOOK_SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
PLANNED_SHARE = 0.8
"""What the planned looks have of the chance to miss; the live limits have the rest."""
SPENT = (0.0, 0.02, 0.06, 0.12, 0.2, 1.0)
"""How much of that is spent after 0, 20, ... 100 % of the labels. Nearly all of it waits for the last look: who labels
to the end pays little for having looked before."""
MISS_SHARES = tuple(PLANNED_SHARE * (after - before) for before, after in pairwise(SPENT))


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a draw.

    Parameters
    ----------
    number, of
        Which planned look this is, of how many; 0 before the first.
    miss_share : in [0, 1]
        Its share of the chance to miss; 0 before the first planned look, which claims nothing of itself.
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

    @property
    def is_planned(self) -> bool:
        """Whether limits of its own belong to it."""
        return self.miss_share > 0

    def level(self, confidence_level: float) -> float:
        """Return the confidence level of this look alone, for all looks together to keep one."""
        return 1 - (1 - confidence_level) * self.miss_share


@dataclass(frozen=True, slots=True)
class LiveLabels:
    """The labels in the order of the list, as far as they are in without a gap.

    Parameters
    ----------
    labels
        Each with its stratum, a place in the draw's strata.
    anticipated_rate : in (0, 1)
        Errors per trace expected before the first of them, or the rate to certify.
    miss_share : in (0, 1]
        Their share of the chance to miss.
    """

    labels: tuple[LiveLabel, ...]
    anticipated_rate: float
    miss_share: float = 1 - PLANNED_SHARE

    def level(self, confidence_level: float) -> float:
        """Return the confidence level of the live limits."""
        return 1 - (1 - confidence_level) * self.miss_share


def labels_at(planned: int, share: float) -> int:
    """Return how many labels of a stratum a look needs: at least one, the planned number at the last."""
    return min(planned, max(1, math.ceil(share * planned - 1e-9)))


def completed_looks(
    draw: StoredDraw, labels: Mapping[str, Label], *, intakes: int
) -> tuple[Look, ...]:
    """Return the planned looks that the labels complete, the last one last.

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
    hard. A draw that is handed out in batches has a look at the end of each, with what the same plan of spending has
    for that part of the labels (Lan and DeMets 1983); beyond the planned labels only the live limits go on.
    """
    beginnings = [_beginning(stratum, labels) for stratum in draw.strata]
    whole = all(
        len(first) == stratum.planned
        for first, stratum in zip(beginnings, draw.strata, strict=True)
    )
    if whole and intakes <= 1 and draw.in_one_list:
        only = _PlannedLook(1, 1, 1.0, tuple(s.planned for s in draw.strata))
        return (_look(draw, only, beginnings),)
    if draw.at_most is not None:
        return ()
    looks = []
    for planned in _planned_looks(draw):
        if any(len(first) < n for first, n in zip(beginnings, planned.needed, strict=True)):
            break
        looks.append(_look(draw, planned, beginnings))
    return tuple(looks)


def live_labels(
    draw: StoredDraw, labels: Mapping[str, Label], *, intakes: int
) -> LiveLabels | None:
    """Return the labels that live limits rest on; None where there is none, or one look at all of them has it all."""
    if intakes <= 1 and draw.in_one_list and len(labels) >= draw.planned:
        return None
    planned = _planned_shares(draw)
    came = []
    for trace_id in draw.label_order:
        if trace_id not in labels:
            break
        stratum, share = planned[trace_id]
        came.append(LiveLabel(stratum, labels[trace_id].wrong, share))
    if not came:
        return None
    if draw.at_most is not None:
        return LiveLabels(tuple(came), draw.at_most, 1.0)
    return LiveLabels(tuple(came), anticipated_rate(draw))


def _planned_shares(draw: StoredDraw) -> dict[str, tuple[int, float]]:
    """Return for each trace its stratum, and the share of its hand-out that went there.

    Of its own hand-out only: where the next one went was decided by what was found, and a bet on a label may not know
    that label.
    """
    ends = [stratum.batch_ends or (stratum.planned,) for stratum in draw.strata]
    totals = [sum(batch) for batch in zip(*ends, strict=True)]
    planned: dict[str, tuple[int, float]] = {}
    for stratum, (drawn, own) in enumerate(zip(draw.strata, ends, strict=True)):
        before = total_before = 0
        for end, total in zip(own, totals, strict=True):
            share = (end - before) / max(total - total_before, 1)
            planned |= dict.fromkeys(drawn.trace_ids[before:end], (stratum, share))
            before, total_before = end, total
    return planned


def anticipated_rate(draw: StoredDraw) -> float:
    """Return the error rate expected before the first label: the judge's, or ten errors among the planned labels.

    Not among those handed out beyond the plan: whoever goes on does so for what was found.
    """
    rates = [stratum.anticipated_error_rate for stratum in draw.strata]
    if draw.judge is None or any(rate is None for rate in rates):
        return min(0.5, 10 / max(draw.budget or 0, sum(draw.first_batch), 20))
    sized = zip(draw.strata, rates, strict=True)
    expected = sum(stratum.size * (rate or 0.0) for stratum, rate in sized) / draw.population
    return min(max(expected, 1e-6), 0.5)


def before_the_first(draw: StoredDraw, labels: Mapping[str, Label]) -> Look:
    """Return what the labels say so far where no planned look is complete: nothing but themselves."""
    beginnings = [_beginning(stratum, labels) for stratum in draw.strata]
    so_far = tuple(len(first) for first in beginnings)
    return _look(draw, _PlannedLook(0, _planned_looks(draw)[0].of, 0.0, so_far), beginnings)


def first_look_at(draw: StoredDraw) -> int:
    """Return how many labels the first look needs in all."""
    return sum(_planned_looks(draw)[0].needed)


class _PlannedLook(NamedTuple):
    """A look before its labels are in: which of how many, its share of the chance to miss, labels a stratum."""

    number: int
    of: int
    miss_share: float
    needed: tuple[int, ...]


def _planned_looks(draw: StoredDraw) -> list[_PlannedLook]:
    return _a_look_a_batch(draw) if draw.goes_on else _looks_at_one_list(draw)


def _looks_at_one_list(draw: StoredDraw) -> list[_PlannedLook]:
    return [
        _PlannedLook(
            number, len(LOOK_SHARES), miss, tuple(labels_at(n, share) for n in draw.first_batch)
        )
        for number, (share, miss) in enumerate(zip(LOOK_SHARES, MISS_SHARES, strict=True), start=1)
    ]


def _a_look_a_batch(draw: StoredDraw) -> list[_PlannedLook]:
    budget = max(draw.most_labels, 1)
    ends = [tuple(s.batch_ends[b] for s in draw.strata) for b in range(draw.batches)]
    totals = [sum(needed) for needed in ends]
    # As many looks more as hand-outs like the last one are left of the plan.
    within = sum(total <= budget for total in totals)
    last = totals[-1] - (totals[-2] if len(totals) > 1 else 0)
    of = max(within, 1) + max(0, math.ceil((budget - totals[-1]) / max(last, 1)))
    plan = []
    spent = 0.0
    for number, (needed, total) in enumerate(zip(ends, totals, strict=True), start=1):
        share = float(np.interp(min(1.0, total / budget), (0.0, *LOOK_SHARES), SPENT))
        now = PLANNED_SHARE * share
        if now > spent:
            plan.append(_PlannedLook(number, max(of, number), now - spent, needed))
        spent = max(now, spent)
    return plan


def _look(draw: StoredDraw, planned: _PlannedLook, beginnings: list[list[Label]]) -> Look:
    strata = tuple(
        _count(stratum, first[:n])
        for stratum, first, n in zip(draw.strata, beginnings, planned.needed, strict=True)
    )
    return Look(planned.number, planned.of, planned.miss_share, strata)


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
