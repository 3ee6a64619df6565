"""Total errors of a log while its labels come in: limits that hold at every moment, whoever stops when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError, TooFewLabels
from assay.estimate.beta_binomial import OneStratum
from assay.estimate.betting import LabelStream, Side, one_limit
from assay.estimate.interval import Alternative, tails
from assay.quantity import Estimate

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LiveLabel:
    """One label, in the order in which labels came.

    Parameters
    ----------
    stratum : >= 0
        Which stratum it is of: a place in the list of sizes.
    wrong : 0, 1 or None
        What it says; None for unsure.
    share : in (0, 1], or None
        Share of the labels that was planned for its stratum when it was read. It sizes the bet and is never
        trusted: a wrong share costs width. None for the stratum's share of the traces.

    Examples
    --------
    >>> LiveLabel(stratum=0, wrong=1, share=0.2).share
    0.2
    """

    stratum: int
    wrong: int | None
    share: float | None = None


def live_total_errors(
    sizes: Sequence[int],
    labels: Sequence[LiveLabel],
    *,
    anticipated_rate: float,
    confidence_level: float = 0.99,
    alternative: Alternative = "two-sided",
) -> Estimate:
    """Errors in a log, with limits that stay true however often one looks, and whenever one stops.

    Parameters
    ----------
    sizes : shape (n_strata,), >= 0
        Traces in each stratum. They part the log: each trace is in exactly one.
    labels
        In the order in which they came. The labels of a stratum are the beginning of its random order.
    anticipated_rate : in (0, 1)
        Errors per trace expected before the first label, or the rate one hopes to certify. Any guess is valid; a bad
        one costs width. It must not be learnt from these labels.
    confidence_level : in (0, 1)
        Chance that the limits hold at all moments at once.
    alternative
        Which limits are claimed, see `assay.estimate.interval.Alternative`. Two-sided limits are two one-sided ones,
        each with half the chance to miss.

    Returns
    -------
    Estimate
        Unit: errors, limits whole numbers: the intersection over every moment so far. `n` counts the labels, unsure
        ones too. Should the two limits contradict each other (with a chance below ``1 - confidence_level``), the
        span between them.

    Raises
    ------
    TooFewLabels
        Without any label.
    EstimateError
        Without any trace, or if labels and sizes contradict each other.

    Notes
    -----
    The method follows from the design, never from what was found:

    - one stratum: beta-binomial, see `assay.estimate.beta_binomial.OneStratum`;
    - several: betting, see `assay.estimate.betting.one_limit`.

    Each label may be of any stratum, chosen by the plan, by whim or by what was found before; only within a stratum
    the order must be random and fixed beforehand. The upper limit counts the unsure labels wrong, the lower right. A
    stratum that is labeled in full is a count; one without a label adds [0, size].

    It fails if outputs were read (or judged) before their turn and that decided which stratum came next, if the
    labels of a stratum were picked, or if people err: it counts what the labels say.

    References
    ----------
    .. [1] Waudby-Smith, Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024),
       arXiv:2010.09686.
    .. [2] Shekhar, Xu, Lipton, Liang, Ramdas, "Risk-limiting financial audits via weighted sampling without
       replacement", UAI 2023, arXiv:2305.06884.

    Examples
    --------
    >>> right = [LiveLabel(stratum=0, wrong=0)] * 400
    >>> none = live_total_errors([20_000], right, anticipated_rate=0.01, alternative="less")
    >>> none.high, none.n, none.guarantee
    (234.0, 400, 'proved')
    """
    tail = tails(confidence_level, alternative)
    given = _checked(sizes, labels, anticipated_rate)
    fewest, most = int((given.wrong == 1).sum()), int((given.wrong != 0).sum())
    unread = int(given.sizes.sum()) - len(labels)
    low, high = fewest, most + unread
    if unread:
        one_sided = alternative != "two-sided"
        if tail.high is not None:
            high = _limit(given, "upper", tail.high, anticipated_rate, one_sided)
        if tail.low is not None:
            low = _limit(given, "lower", tail.low, anticipated_rate, one_sided)
        low, high = min(low, high), max(low, high)
    return Estimate(
        value=min(max(_point(given), low), high),
        low=float(low),
        high=float(high),
        unit="errors",
        confidence_level=confidence_level if unread else 1.0,
        n=len(labels),
        method=_words(given, unread),
        guarantee="proved" if unread or low < high else "exact",
    )


class _Given(NamedTuple):
    """Labels as arrays, over the strata that hold traces; unsure ones are -1."""

    sizes: IntArray
    strata: IntArray
    shares: FloatArray
    wrong: IntArray


def _checked(sizes: Sequence[int], labels: Sequence[LiveLabel], anticipated_rate: float) -> _Given:
    if not 0 < anticipated_rate < 1:
        raise EstimateError(f"anticipated_rate must be in (0, 1), got {anticipated_rate}")
    if min(sizes, default=0) < 0 or sum(sizes) == 0:
        raise EstimateError(f"sizes must be >= 0 and not all 0, got {list(sizes)}")
    if not labels:
        raise TooFewLabels(
            f"no label in {sum(sizes)} traces: nothing is known of their errors; "
            "draw traces at random and label them first"
        )
    total, n_strata = sum(sizes), len(sizes)
    for place, label in enumerate(labels):
        if not 0 <= label.stratum < n_strata:
            raise EstimateError(
                f"label {place}: stratum must be in [0, {n_strata}), got {label.stratum}"
            )
        if label.wrong not in (0, 1, None):
            raise EstimateError(f"label {place}: wrong must be 0, 1 or None, got {label.wrong}")
        if label.share is not None and not 0 < label.share <= 1:
            raise EstimateError(f"label {place}: share must be in (0, 1], got {label.share}")
    strata = np.array([label.stratum for label in labels], dtype=np.int64)
    read = np.bincount(strata, minlength=n_strata)
    for stratum, (size, n) in enumerate(zip(sizes, read, strict=True)):
        if n > size:
            raise EstimateError(f"stratum {stratum}: {n} labels can't come from {size} traces")
    natural = [size / total for size in sizes]
    shares = [natural[x.stratum] if x.share is None else x.share for x in labels]
    wrong = [-1 if label.wrong is None else label.wrong for label in labels]
    used = np.array(sizes, dtype=np.int64) > 0
    return _Given(
        np.array(sizes, dtype=np.int64)[used],
        (np.cumsum(used) - 1)[strata],
        np.array(shares, dtype=np.float64),
        np.array(wrong, dtype=np.int64),
    )


def _limit(given: _Given, side: Side, miss: float, anticipated_rate: float, one_sided: bool) -> int:
    # An unsure label is an error for the upper limit and none for the lower: the bound of both readings.
    wrong = (given.wrong != 0 if side == "upper" else given.wrong == 1).astype(np.int64)
    if len(given.sizes) > 1:
        stream = LabelStream(given.sizes, given.strata, given.shares, wrong)
        return one_limit(
            stream, side=side, miss=miss, anticipated_rate=anticipated_rate, one_sided=one_sided
        )
    stratum = OneStratum(int(given.sizes[0]), wrong, anticipated_rate=anticipated_rate)
    return stratum.upper(miss, one_sided=one_sided) if side == "upper" else stratum.lower(miss)


def _point(given: _Given) -> float:
    """Each stratum's rate times its size; an unsure label is half an error, and the unread are like the others."""
    n_strata = len(given.sizes)
    read = np.bincount(given.strata, minlength=n_strata)
    halves = np.where(given.wrong < 0, 0.5, given.wrong)
    found = np.bincount(given.strata, weights=halves, minlength=n_strata)
    seen = read > 0
    errors = float((given.sizes[seen] * found[seen] / read[seen]).sum())
    return errors * float(given.sizes.sum()) / float(given.sizes[seen].sum())


def _words(given: _Given, unread: int) -> str:
    n_strata = len(given.sizes)
    if not unread:
        parts = ["count of all"]
    elif n_strata == 1:
        parts = ["beta-binomial, valid at every look"]
    else:
        parts = ["stratified betting, valid at every look"]
    if n_strata > 1:
        parts.append(f"{n_strata} strata")
    if unsure := int((given.wrong < 0).sum()):
        parts.append(f"{unsure} unsure labels bounded both ways")
    return ", ".join(parts)
