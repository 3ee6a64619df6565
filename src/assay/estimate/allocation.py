"""Strata from a judge's scores, and how many labels each of them gets.

Whatever is chosen here, the interval stays valid; only its width is at stake.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# A judge that is sure may still err: a score of 0 is not taken at its word.
_LEAST_RATE = 1e-3
DEFAULT_UNIFORM_SHARE = 0.5
"""Share of the labels drawn as if there were no judge; measured, see docs/METHODS.md."""
MIN_LABELS_PER_STRATUM = 2
"""One label can't show both kinds. (The interval is valid from one label on.)"""


def cut_scores(scores: FloatArray, *, max_strata: int = 6) -> FloatArray:
    """Scores at which to cut the log into strata.

    Parameters
    ----------
    scores : shape (n,), in [0, 1] or NaN
        The judge's probability of an error; NaN where it gave none.
    max_strata : >= 1
        Most strata to make, that of the NaN not counted.

    Returns
    -------
    FloatArray : shape (n_cuts,), increasing
        A trace belongs above a cut when its score is at least the cut; see `assign_strata`.
        Empty where the scores don't differ.

    Raises
    ------
    EstimateError
        If the shape is wrong, a score lies outside [0, 1] or max_strata < 1.

    Notes
    -----
    Equal shares of the cumulated ``sqrt(score)``, the score clipped to at least 0.001. Where there
    are no more than `max_strata` different scores, each is a stratum.

    References
    ----------
    .. [1] Dalenius, Hodges, "Minimum variance stratification", JASA 54 (1959),
       doi:10.1080/01621459.1959.10501501.

    Examples
    --------
    >>> cut_scores(np.array([0.0, 0.0, 1.0, np.nan]))
    array([1.])
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 1 or max_strata < 1:
        raise EstimateError(
            f"scores must be of shape (n,) and max_strata >= 1, got {scores.shape}, {max_strata}"
        )
    known = np.sort(scores[~np.isnan(scores)])
    if known.size and not (known[0] >= 0 and known[-1] <= 1):
        raise EstimateError(f"scores must be in [0, 1], got {known[0]} to {known[-1]}")
    distinct = np.unique(known)
    if distinct.size <= max_strata:
        return distinct[1:]
    cumulated = np.cumsum(np.sqrt(np.clip(known, _LEAST_RATE, 1)))
    shares = np.arange(1, max_strata) / max_strata
    cuts = np.unique(known[np.searchsorted(cumulated, shares * cumulated[-1])])
    # A cut at the least score would leave a stratum with nothing below it.
    above: FloatArray = cuts[cuts > known[0]]
    return above


def assign_strata(scores: FloatArray, cuts: FloatArray) -> IntArray:
    """Stratum of each trace.

    Parameters
    ----------
    scores : shape (n,)
        As in `cut_scores`.
    cuts : shape (n_cuts,), increasing

    Returns
    -------
    IntArray : shape (n,)
        0 for the least scores to n_cuts for the greatest; n_cuts + 1 where there is no score.

    Examples
    --------
    >>> assign_strata(np.array([0.0, 1.0, np.nan]), np.array([1.0]))
    array([0, 1, 2])
    """
    scores = np.asarray(scores, dtype=np.float64)
    strata = np.searchsorted(cuts, scores, side="right").astype(np.int64)
    strata[np.isnan(scores)] = len(cuts) + 1
    return strata


def allocate(
    sizes: IntArray,
    anticipated_error_rates: FloatArray,
    labels: int,
    *,
    uniform_share: float = DEFAULT_UNIFORM_SHARE,
    min_labels: int = MIN_LABELS_PER_STRATUM,
) -> IntArray:
    """Labels to draw in each stratum.

    Parameters
    ----------
    sizes : shape (n_strata,), >= 0
        Traces in each stratum.
    anticipated_error_rates : shape (n_strata,), in [0, 1]
        What the judge leads one to expect, as the mean score of the stratum.
    labels : >= 0
        Labels in all.
    uniform_share : in [0, 1]
        Share allotted by size alone, which keeps a bad judge from ruining the estimate.
    min_labels : >= 1
        Least number of labels in a stratum, or its size if that is less.

    Returns
    -------
    IntArray : shape (n_strata,)
        At most the sizes; sums to ``min(labels, sizes.sum())``.

    Raises
    ------
    EstimateError
        If an argument is out of range, or there are too few labels for `min_labels` in each
        stratum: make fewer strata then.

    Notes
    -----
    ``n_h`` is proportional to ``(1 - t) N_h s_h / sum(N s) + t N_h / N`` with
    ``s = sqrt(p (1 - p))`` and t the uniform share, between least and size.

    References
    ----------
    .. [1] Neyman, "On the two different aspects of the representative method", JRSS 97 (1934),
       doi:10.2307/2342192.

    Examples
    --------
    >>> allocate(np.array([1242, 77, 0]), np.array([0.02, 0.3, 0.5]), 200)
    array([177,  23,   0])
    """
    sizes = np.asarray(sizes, dtype=np.int64)
    rates = np.asarray(anticipated_error_rates, dtype=np.float64)
    if sizes.ndim != 1 or sizes.shape != rates.shape or (sizes < 0).any():
        raise EstimateError(
            f"sizes >= 0 and rates must be of one shape (n,), got {sizes.shape}, {rates.shape}"
        )
    if not ((rates >= 0) & (rates <= 1)).all() or not 0 <= uniform_share <= 1:
        raise EstimateError("anticipated_error_rates and uniform_share must be in [0, 1]")
    if labels < 0 or min_labels < 1:
        raise EstimateError(f"labels >= 0 and min_labels >= 1, got {labels}, {min_labels}")
    least = np.minimum(sizes, min_labels)
    labels = min(labels, int(sizes.sum()))
    if labels < least.sum():
        raise EstimateError(
            f"{labels} labels are too few for {int((sizes > 0).sum())} strata, at least "
            f"{int(least.sum())} are needed: label more, or make fewer strata"
        )
    return _share_out(sizes, least, _wish(sizes, rates, uniform_share), labels)


def _wish(sizes: IntArray, rates: FloatArray, uniform_share: float) -> FloatArray:
    rates = np.clip(rates, _LEAST_RATE, 1 - _LEAST_RATE)
    spread = sizes * np.sqrt(rates * (1 - rates))
    total = max(float(spread.sum()), 1e-300)
    wish: FloatArray = (1 - uniform_share) * spread / total + uniform_share * sizes / max(
        int(sizes.sum()), 1
    )
    return wish


def _share_out(sizes: IntArray, least: IntArray, wish: FloatArray, labels: int) -> IntArray:
    """Return whole numbers near the wish, between least and size, that sum to `labels`."""
    positive = wish[wish > 0]
    if positive.size == 0:
        return least.copy()
    low, high = 0.0, float(sizes.max()) / float(positive.min()) + 1
    for _ in range(200):
        middle = (low + high) / 2
        if np.clip(middle * wish, least, sizes).sum() < labels:
            low = middle
        else:
            high = middle
    exact = np.clip(low * wish, least, sizes)
    shares = np.floor(exact).astype(np.int64)
    missing = labels - int(shares.sum())
    for stratum in np.argsort(shares - exact, kind="stable"):
        if missing == 0:
            break
        if shares[stratum] < sizes[stratum]:
            shares[stratum] += 1
            missing -= 1
    return shares
