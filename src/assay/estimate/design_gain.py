"""What a judge would be worth in labels for a draw made by its scores, where every error is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.allocation import allocate, anticipated_error_rates, assign_strata, cut_scores
from assay.estimate.judge_worth import GAIN_UNIT
from assay.quantity import Quantity, Unknown, exact

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
MOST_STRATA = 4
"""As many as a draw cuts by itself."""


def design_gain(scores: FloatArray, wrong: IntArray, *, labels: int = 200) -> Quantity:
    """Return what a draw of so many labels by a judge's scores would be worth, in labels of a uniform draw.

    Parameters
    ----------
    scores : shape (n,), in [0, 1] or NaN
        The judge's probability of an error; NaN where it gave none.
    wrong : shape (n,), 1 or 0
        Whether each output is wrong: all of them have to be known.
    labels : >= 1
        Labels of the draw; all outputs where there are fewer.

    Returns
    -------
    Estimate or Unknown
        Labels that a uniform draw would need for the same standard error, over the labels of this one. Computed from
        the counts, without sampling error. `Unknown` where no output, or each, is wrong, where every output would be
        labeled, or where the scores make no two strata.

    Raises
    ------
    EstimateError
        If the shapes differ, or labels < 1.

    Notes
    -----
    Strata and labels of each as `cut_scores` and `allocate` make them, which see nothing but the scores. With V the
    variance of the rate under this design and S^2 that of an output, a uniform draw has V at m labels with
    ``1/m = V / S^2 + 1/N``; the gain is m / n. It is a fact about these outputs, and a guess for those to come.

    References
    ----------
    .. [1] Cochran, "Sampling Techniques", 3rd ed., section 5.5 (variances of both designs).

    Examples
    --------
    >>> wrong = (np.arange(10_000) < 500).astype(int)
    >>> design_gain(0.6 * wrong + 0.2, wrong).value > 10
    True
    >>> design_gain(np.full(10_000, 0.3), wrong).reason
    'all scores are equal: they make no strata'
    """
    if scores.shape != wrong.shape or labels < 1:
        raise EstimateError(
            f"one label a score and labels >= 1 are needed: {scores.shape}, {wrong.shape}, {labels}"
        )
    size, errors = wrong.size, int(wrong.sum())
    if not 0 < errors < size:
        return Unknown(
            f"{errors:,} of {size:,} outputs are wrong: a judge has nothing to tell apart"
        )
    if labels >= size:
        return Unknown(
            f"all {size:,} outputs would be labeled: there is nothing that a judge could save"
        )
    which = assign_strata(scores, cut_scores(scores, max_strata=MOST_STRATA))
    _, which = np.unique(which, return_inverse=True)
    sizes = np.bincount(which).astype(np.int64)
    if sizes.size < 2:
        return Unknown("all scores are equal: they make no strata")
    labeled = allocate(sizes, _anticipated(scores, which, sizes), labels).astype(np.float64)
    rates = np.bincount(which, weights=wrong) / sizes
    spread = rates * (1 - rates) * sizes / np.maximum(sizes - 1, 1)
    within = float(((sizes / size) ** 2 * spread * (1 / labeled - 1 / sizes)).sum())
    rate = errors / size
    uniform = within / (rate * (1 - rate) * size / (size - 1)) + 1 / size
    gain = 1 / (uniform * float(labeled.sum()))
    method = f"variances of both designs, {sizes.size} strata by score, {labels:,} labels"
    return exact(gain, GAIN_UNIT, n=size, method=method)


def _anticipated(scores: FloatArray, which: IntArray, sizes: IntArray) -> FloatArray:
    # Outputs without a score are taken to be as wrong as the others are said to be.
    filled = np.where(np.isnan(scores), np.nanmean(scores), scores)
    return anticipated_error_rates(sizes, np.bincount(which, weights=filled) / sizes)
