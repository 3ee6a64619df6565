"""Whether a verifier prefers long answers: among equally right ones, and equally wrong ones, of the same turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.auroc import auroc_of_tasks
from assay.estimate.loop_gain_mean import mean_gain
from assay.quantity import Estimate, Quantity, Unknown

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

PERMUTATIONS = 9_999
FEWEST = 5
"""Kept, and rejected, answers of one stratum below which no size of the effect is given."""

UNIT = "P(the kept one is the longer)"


@dataclass(frozen=True, slots=True, eq=False)
class LabeledLengths:
    """Labeled answers.

    Parameters
    ----------
    length : shape (n,)
        Of the output, in characters or tokens.
    kept : shape (n,), bool
        By the verifier.
    stratum : shape (n,), integers
        Answers of one stratum are equally right (or equally wrong) and of one turn. Higher: later, and wrong ones above
        the right ones of the same turn.
    """

    length: IntArray
    kept: npt.NDArray[np.bool_]
    stratum: IntArray

    def __post_init__(self) -> None:
        if not self.length.shape == self.kept.shape == self.stratum.shape:
            raise EstimateError("length, kept and stratum must be of one shape")


@dataclass(frozen=True, slots=True)
class LengthPreference:
    """Whether longer answers are kept more often.

    Parameters
    ----------
    p_value : in (0, 1]
        One-sided; None where in no stratum some are kept and some are not, of different lengths.
    compared
        Labeled answers of the strata where that is so.
    size
        Chance that a kept answer is longer than a rejected one of the latest stratum that has enough of both; 1/2: no
        preference.
    """

    p_value: float | None
    compared: int
    size: Quantity


def length_preference(
    answers: LabeledLengths,
    *,
    confidence_level: float = 0.95,
    permutations: int = PERMUTATIONS,
    rng: np.random.Generator | None = None,
) -> LengthPreference:
    """Return whether a verifier keeps longer answers more often than shorter ones that are as right.

    Parameters
    ----------
    answers
        Drawn by lot among the kept ones and among the rejected ones, each by itself.
    confidence_level : in (0, 1)
        Of the size.
    permutations : >= 1
        The p-value is at least one over these and one.
    rng
        Of the permutations; the same answers give the same p-value without it.

    Notes
    -----
    Van Elteren's sum of rank sums, each weighted by ``1 / (n + 1)``, over strata; its distribution by permuting *kept*
    within strata, which a verifier that doesn't look at length leaves unchanged, also where kept and rejected ones
    were drawn in fixed numbers. The p-value counts the observed order as one of them, so it holds its level [1]_.
    Something that comes with length and that the verifier does look at, as an answer that was cut off, shows here too:
    it is a preference for length all the same.

    References
    ----------
    .. [1] Phipson, Smyth, "Permutation p-values should never be zero", SAGMB 9 (2010), doi:10.2202/1544-6115.1585.
    .. [2] van Elteren, "On the combination of independent two sample tests of Wilcoxon", Bull. ISI 37 (1960).
    """
    rng = rng or np.random.default_rng(0)
    observed, drawn, compared = 0.0, np.zeros(permutations), 0
    latest: tuple[IntArray, npt.NDArray[np.bool_]] | None = None
    for stratum in np.unique(answers.stratum):
        here = answers.stratum == stratum
        length, kept = answers.length[here], answers.kept[here]
        count = int(kept.sum())
        if min(count, len(kept) - count) >= FEWEST:
            latest = length, kept
        if not 0 < count < len(kept) or length.min() == length.max():
            continue
        ranks = _mid_ranks(length) / (len(length) + 1)
        observed += float(ranks[kept].sum())
        drawn += rng.permuted(np.tile(ranks, (permutations, 1)), axis=1)[:, :count].sum(axis=1)
        compared += len(length)
    size: Quantity = Unknown(f"no stratum has {FEWEST} kept and {FEWEST} rejected labeled answers")
    if latest is not None:
        size = _size(*latest, confidence_level)
    if not compared:
        return LengthPreference(None, 0, size)
    as_far = int(np.sum(drawn >= observed - 1e-9))
    return LengthPreference((1 + as_far) / (1 + permutations), compared, size)


def _size(length: IntArray, kept: npt.NDArray[np.bool_], level: float) -> Quantity:
    low, high = float(length.min()), float(length.max())
    scaled: FloatArray = (length.astype(np.float64) - low) / max(high - low, 1.0)
    found = auroc_of_tasks(scaled[kept], scaled[~kept], confidence_level=level)
    if isinstance(found, Unknown):
        return found
    return Estimate(
        found.value, found.low, found.high, UNIT, level, found.n, found.method, found.guarantee
    )


def _mid_ranks(values: IntArray) -> FloatArray:
    ordered = np.sort(values)
    left = np.searchsorted(ordered, values, side="left")
    right = np.searchsorted(ordered, values, side="right")
    ranks: FloatArray = (left + right + 1) / 2.0
    return ranks


def length_growth(old: IntArray, new: IntArray, *, confidence_level: float = 0.95) -> Quantity:
    """Return the share of tasks whose output got longer, less the share whose output got shorter.

    Parameters
    ----------
    old, new : shape (n_tasks,)
        Lengths of the outputs to the same tasks.
    confidence_level : in (0, 1)
    """
    return mean_gain(
        np.sign(new - old).astype(np.float64),
        unit="longer less shorter outputs/task",
        confidence_level=confidence_level,
    )
