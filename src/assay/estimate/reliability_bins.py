"""Reliability of a judge's scores: bins of like score, the error rate in each, and how far both lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.quantity import Estimate, Quantity, Unknown, weakest

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST_BINS = 10
LEAST_LABELS = 10
"""A bin with fewer labels shows next to nothing, and is put together with its neighbour."""


class ReliabilityBin(NamedTuple):
    """Outputs of like score.

    Parameters
    ----------
    least, most : in [0, 1]
        Their least and greatest score.
    mean_score : in [0, 1]
        What the judge says of them, on average. Counted.
    outputs, labels : >= 0
    error_rate
        What the labels say of them.
    """

    least: float
    most: float
    mean_score: float
    outputs: int
    labels: int
    error_rate: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return self._asdict() | {"error_rate": self.error_rate.to_json()}


def bin_edges(
    scores: FloatArray,
    labeled: FloatArray,
    *,
    most: int = MOST_BINS,
    least_labels: int = LEAST_LABELS,
) -> FloatArray:
    """Return the scores at which to cut all outputs into bins of about equal size.

    Parameters
    ----------
    scores : shape (n,), in [0, 1]
        Of all outputs.
    labeled : shape (n_labels,)
        Scores of the labeled ones, wrong or right: the cuts must not depend on what was found.
    most : >= 1
        Most bins.
    least_labels : >= 1
        Bins with fewer labels are put together with the next, as far as there is one.

    Returns
    -------
    FloatArray : shape (n_bins - 1,), increasing
        An output belongs above an edge when its score is at least the edge.

    Raises
    ------
    EstimateError
        If there is no output, or a limit is less than 1.

    Examples
    --------
    >>> scores = np.array([0.0] * 50 + [1.0] * 50)
    >>> bin_edges(scores, scores).tolist()
    [1.0]
    """
    if scores.size == 0 or most < 1 or least_labels < 1:
        raise EstimateError(
            f"bins need an output, most >= 1 and least_labels >= 1, got {scores.size}, {most}, {least_labels}"
        )
    ordered = np.sort(scores)
    distinct = np.unique(ordered)
    if distinct.size <= most:
        edges = distinct[1:]
    else:
        places = (np.arange(1, most) * ordered.size) // most
        edges = np.unique(ordered[places])
        edges = edges[edges > ordered[0]]
    kept: list[float] = []
    begun = -np.inf
    for edge in edges:
        if ((labeled >= begun) & (labeled < edge)).sum() >= least_labels:
            kept.append(float(edge))
            begun = float(edge)
    # The last bin may be thin, too: it goes with the one before.
    while kept and (labeled >= kept[-1]).sum() < least_labels:
        kept.pop()
    return np.array(kept, dtype=np.float64)


def calibration_error(bins: Sequence[ReliabilityBin]) -> Quantity:
    """Return by how much the mean score of a bin is off its error rate, on average over the outputs.

    Parameters
    ----------
    bins
        Their error rates with limits that hold all at once: each made at ``1 - miss / n_bins``.

    Returns
    -------
    Estimate or Unknown
        Unit: share. `Unknown` where a bin's error rate is.

    Notes
    -----
    Sum of W_b |r_b - s_b|, the binned expected calibration error. With r_b in [l_b, h_b] it lies between the sums of
    the least and of the greatest distances of s_b to these intervals. The point alone is biased upwards, as noise in
    r_b only ever adds to a distance: that is why it is never shown without its limits. It is that of these bins: finer
    ones would show more.

    References
    ----------
    .. [1] Kumar, Liang, Ma, "Verified uncertainty calibration", NeurIPS 2019, arXiv:1909.10155 (section 4, the bias
       of the plug-in).

    Examples
    --------
    >>> rate = Estimate(0.1, 0.05, 0.2, "errors/output", 0.975, 100, "exact")
    >>> found = calibration_error([ReliabilityBin(0, 1, 0.4, 1000, 100, rate)])
    >>> round(found.low, 2), round(found.value, 2), round(found.high, 2)
    (0.2, 0.3, 0.35)
    """
    known = [(one, one.error_rate) for one in bins if isinstance(one.error_rate, Estimate)]
    if len(known) < len(bins) or not known:
        return Unknown("the error rate of a bin is unknown")
    size = sum(one.outputs for one, _ in known)
    low = value = high = miss = 0.0
    for one, rate in known:
        weight, score = one.outputs / size, one.mean_score
        low += weight * max(0.0, rate.low - score, score - rate.high)
        value += weight * abs(rate.value - score)
        high += weight * max(abs(rate.low - score), abs(rate.high - score))
        miss += 1 - rate.confidence_level
    # What adds up in another order may differ in the last digit.
    low, high = min(low, value), max(high, value)
    return Estimate(
        value=value,
        low=low,
        high=high,
        unit="share",
        confidence_level=round(1 - miss, 12),
        n=sum(one.labels for one, _ in known),
        method=f"simultaneous limits of the error rates of {len(known)} bins",
        guarantee=weakest(*(rate.guarantee for _, rate in known)),
    )
