"""Strata from a judge's scores, and how many labels each of them gets.

Whatever is chosen here, the interval stays valid; only its width is at stake.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# A judge that is sure may still err, so a score is not taken at its word below this share of the log's mean score.
# An absolute floor costs up to 2.9 times the labels where errors are rare: docs/METHODS.md.
_SCORE_FLOOR = 0.03
# A judge that says only 0 or 1 knows no degrees: what it lets pass may be half as wrong as the log as a whole.
_FLAG_FLOOR = 0.5
_MOST_RATE = 0.5
_UNKNOWN_RATE = 0.01
_LEAST_UNIFORM = 1e-6
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
    Equal shares of the cumulated ``sqrt(score)``, the score clipped to at least 3 % of the mean
    score. Where there are no more than `max_strata` different scores, each is a stratum.

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
    cumulated = np.cumsum(np.sqrt(np.maximum(known, _SCORE_FLOOR * known.mean())))
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


def anticipated_error_rates(sizes: IntArray, mean_scores: FloatArray) -> FloatArray:
    """Error rate that a judge's scores lead one to expect in each stratum.

    Parameters
    ----------
    sizes : shape (n_strata,), >= 0
        Traces in each stratum.
    mean_scores : shape (n_strata,), in [0, 1]
        Mean score of each stratum.

    Returns
    -------
    FloatArray : shape (n_strata,), in (0, 0.5]
        The mean scores, but at least 3 % of the mean score of the log: a judge's 0 is a guess. Where
        the strata say only 0 and 1, at least half of it. At most 0.5, where the spread is greatest.

    Notes
    -----
    Nothing but the width of intervals rests on it; the floors were measured, see docs/METHODS.md.

    Examples
    --------
    >>> anticipated_error_rates(np.array([1242, 77]), np.array([0.0, 1.0])).round(3)
    array([0.029, 0.5  ])
    """
    sizes = np.asarray(sizes, dtype=np.int64)
    means = np.asarray(mean_scores, dtype=np.float64)
    mean = float((sizes * means).sum() / max(int(sizes.sum()), 1))
    if mean == 0:
        return np.full(means.shape, _UNKNOWN_RATE)
    flags = bool(np.isin(means, (0.0, 1.0)).all())
    floor = (_FLAG_FLOOR if flags else _SCORE_FLOOR) * mean
    return np.asarray(np.clip(means, min(floor, _MOST_RATE), _MOST_RATE))


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
    min_labels : >= 0
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
    if labels < 0 or min_labels < 0:
        raise EstimateError(f"labels and min_labels must be >= 0, got {labels}, {min_labels}")
    least = np.minimum(sizes, min_labels)
    labels = min(labels, int(sizes.sum()))
    if labels < least.sum():
        raise EstimateError(
            f"{labels} labels are too few for {int((sizes > 0).sum())} strata, at least "
            f"{int(least.sum())} are needed: label more, or make fewer strata"
        )
    return _share_out(sizes, least, _wish(sizes, rates, uniform_share), labels)


def _wish(sizes: IntArray, rates: FloatArray, uniform_share: float) -> FloatArray:
    spread = sizes * np.sqrt(rates * (1 - rates))
    total = max(float(spread.sum()), 1e-300)
    # Where no spread is expected anywhere else, labels that are left over still have to go somewhere.
    uniform = max(uniform_share, _LEAST_UNIFORM)
    wish: FloatArray = (1 - uniform) * spread / total + uniform * sizes / max(int(sizes.sum()), 1)
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
