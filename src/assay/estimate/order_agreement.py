"""Whether two ways of measuring agree on an order, when either of them is measured with noise.

Of two noisy orders some pairs are turned over by chance alone. So a pair only counts as agreed or opposed if both ways
show which of the two is better, all pairs at once; what they don't show may be either, and makes tau's limits wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.paired_bootstrap import Change, HeldOut, multiplier_draws, paired_change
from assay.quantity import Estimate

FloatArray = npt.NDArray[np.float64]
Finding = Literal["agree", "oppose", "cannot tell"]


@dataclass(frozen=True, slots=True)
class OrderAgreement:
    """How far two measured orders agree.

    Parameters
    ----------
    things, pairs : >= 2, >= 1
    same : >= 0
        Pairs that the two point estimates put into the same order, shown or not.
    separated_first, separated_second : >= 0
        Pairs of which each shows which is better.
    agreed, opposed : >= 0
        Of the pairs that both show: those in the same order, and those in opposite ones.
    tau
        Kendall's tau-b, with limits for the two orders as they would be without noise.
    finding
        "agree" or "oppose" if tau's limits lie on one side of nought.
    """

    things: int
    pairs: int
    same: int
    separated_first: int
    separated_second: int
    agreed: int
    opposed: int
    tau: Estimate
    finding: Finding

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        plain = ("things", "pairs", "same", "separated_first", "separated_second")
        return {
            **{name: getattr(self, name) for name in (*plain, "agreed", "opposed")},
            "kendall_tau_b": self.tau.to_json(),
            "finding": self.finding,
        }


def kendall_tau_b(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Return Kendall's tau-b of two lists of values: from 1, the same order, to -1; 0 if one is all ties.

    Examples
    --------
    >>> round(kendall_tau_b([1, 2, 3, 4], [1, 2, 4, 3]), 3), round(kendall_tau_b([1, 1, 2], [1, 2, 3]), 3)
    (0.667, 0.816)
    """
    signs = [_signs(np.asarray(values, np.float64)) for values in (first, second)]
    untied = float(np.sqrt(np.prod([np.abs(sign).sum() for sign in signs])))
    return float((signs[0] * signs[1]).sum() / untied) if untied else 0.0


def _signs(values: FloatArray) -> FloatArray:
    above = np.triu_indices(len(values), 1)
    return np.sign(values[above[0]] - values[above[1]])


def order_agreement(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    held_out: HeldOut,
    *,
    rng: np.random.Generator,
    confidence_level: float = 0.95,
) -> OrderAgreement:
    """Return how far two measurements agree on the order of some things.

    Parameters
    ----------
    first, second : (things, seeds, documents)
        Held-out bits: the same things, seeds and documents in both, fewer bits are better.
    held_out
        The documents.
    rng
        Of the critical value.
    confidence_level : in (0, 1)
        That all pairs said to be separated are in the order said, by both measurements at once; hence of tau's limits.

    Raises
    ------
    EstimateError
        If there are fewer than two things, shapes differ, or as `paired_change`.

    Notes
    -----
    A joint multiplier bootstrap over clusters of held-out documents and seeds (`multiplier_draws`; the same draw for
    both measurements, since they share documents and seeds) gives the number of standard errors that holds for all
    pairs of both at once. With A pairs agreed, O opposed and U left open, of P, tau of the noiseless orders lies in
    ``[(A - O - U) / P, (A - O + U) / P]`` whenever all A + O are right; with ties among the U, tau-b does, too.

    A percentile bootstrap of tau itself is not used: noise is added to noise, so that pairs that lie close turn over in
    most draws, and two orders that are the same get limits that leave out 1. The limits here are wide where little is
    separated, and say so. They hold for these things, not for others.
    """
    tables = [np.asarray(bits, np.float64) for bits in (first, second)]
    if tables[0].shape != tables[1].shape or tables[0].ndim != 3 or len(tables[0]) < 2:
        raise EstimateError(
            f"two orders of at least 2 things are compared on the same seeds and documents, got shapes "
            f"{tables[0].shape} and {tables[1].shape}"
        )
    changes = [
        [paired_change(bits, np.zeros_like(bits), held_out) for bits in table] for table in tables
    ]
    shown = _shown(changes, rng, confidence_level)
    things = len(tables[0])
    pairs = things * (things - 1) // 2
    both = shown[0] * shown[1]
    agreed, opposed = int((both > 0).sum()), int((both < 0).sum())
    values = [np.array([change.value for change in part]) for part in changes]
    point = kendall_tau_b(*values)
    middle, room = agreed - opposed, pairs - agreed - opposed
    # A tie of the point estimates may put tau-b beyond what whole pairs allow.
    low, high = min(point, (middle - room) / pairs), max(point, (middle + room) / pairs)
    seeds, clusters = tables[0].shape[1], len(changes[0][0].by_cluster)
    tau = Estimate(
        point,
        low,
        high,
        "Kendall's tau-b",
        confidence_level,
        pairs,
        f"{pairs} pairs of {things}; limits from the pairs that both show, all at once: joint bootstrap over "
        f"{clusters} clusters of held-out documents and {seeds} seeds",
        "simulated",
    )
    finding: Finding = "cannot tell"
    if low > 0 or high < 0:
        finding = "agree" if low > 0 else "oppose"
    same = int((_signs(values[0]) * _signs(values[1]) > 0).sum())
    first_shown, second_shown = (int(np.abs(part).sum()) for part in shown)
    return OrderAgreement(
        things, pairs, same, first_shown, second_shown, agreed, opposed, tau, finding
    )


def _shown(
    changes: list[list[Change]], rng: np.random.Generator, confidence_level: float
) -> FloatArray:
    """Return for both measurements and each pair -1, 1, or 0 where it is not shown which is better."""
    count = len(changes[0])
    pairs = list(combinations(range(count), 2))
    draws = multiplier_draws([*changes[0], *changes[1]], rng)
    errors_off = np.zeros((2, len(pairs)))
    sign = np.zeros((2, len(pairs)))
    greatest = np.zeros(len(draws))
    for which, part in enumerate(changes):
        for place, (one, other) in enumerate(pairs):
            difference = part[one].plus(part[other], -1.0)
            sign[which, place] = np.sign(difference.value)
            error = difference.standard_error
            if not error:
                errors_off[which, place] = np.inf if difference.value else 0.0
                continue
            off = draws[:, which * count + one] - draws[:, which * count + other]
            np.maximum(greatest, np.abs(off) / error, out=greatest)
            errors_off[which, place] = max(
                difference.errors_above(), difference.mirrored().errors_above()
            )
    critical = float(np.quantile(greatest, confidence_level))
    return np.where(errors_off > critical, sign, 0.0)
