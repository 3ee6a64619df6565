"""How many labels a claim needs, and what the labels at hand could support at best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from scipy import special

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson, least_whole
from assay.estimate.interval import tails
from assay.estimate.sigma import rate_to_sigma
from assay.estimate.stratified import StratumCount, total_errors
from assay.quantity import Estimate

_MOST_LABELS = 10**18  # Beyond this no plan is one; the bisection ends there.


def zero_failure_labels(error_rate: float, *, confidence_level: float = 0.95) -> int:
    """Labels that show an error rate to be at most this, if not one of them is wrong.

    Parameters
    ----------
    error_rate : in (0, 1)
        The rate to be shown.
    confidence_level : in (0, 1)

    Returns
    -------
    int
        The least n with ``(1 - error_rate)^n <= 1 - confidence_level``.

    Raises
    ------
    EstimateError
        If an argument is out of range.

    Notes
    -----
    Assumes independent labels without label errors. One wrong label in n and the claim is gone:
    a system passes with probability 80 % only if its true rate is a 13th of the one claimed.

    References
    ----------
    .. [1] Hanley, Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249
       (1983), doi:10.1001/jama.1983.03330370053031 (the rule of three).

    Examples
    --------
    >>> zero_failure_labels(1.349898e-3)
    2218
    """
    return acceptance_labels(error_rate, 0, confidence_level=confidence_level)


def acceptance_labels(
    error_rate: float, allowed_errors: int, *, confidence_level: float = 0.95
) -> int:
    """Labels that show an error rate to be at most this, if at most so many are wrong.

    Parameters
    ----------
    error_rate : in (0, 1)
        The rate to be shown.
    allowed_errors : >= 0
        The acceptance number.
    confidence_level : in (0, 1)

    Returns
    -------
    int
        The least n with P(at most `allowed_errors` wrong | error_rate) <= 1 - confidence_level.

    Raises
    ------
    EstimateError
        If an argument is out of range, or more than 1e18 labels would be needed.

    Notes
    -----
    Assumes independent labels and that n is fixed beforehand.

    References
    ----------
    .. [1] Montgomery, "Introduction to Statistical Quality Control", chapter 15.

    Examples
    --------
    >>> acceptance_labels(0.01, 1)
    473
    """
    if not 0 < error_rate < 1:
        raise EstimateError(f"error_rate must be in (0, 1), got {error_rate}")
    if allowed_errors < 0:
        raise EstimateError(f"allowed_errors must be >= 0, got {allowed_errors}")
    miss = tails(confidence_level, "less").high
    assert miss is not None
    low, high = allowed_errors + 1, allowed_errors + 1
    while passing_probability(high, allowed_errors, error_rate) > miss:
        low, high = high + 1, high * 2
        if high > _MOST_LABELS:
            raise EstimateError(f"error_rate {error_rate} would need more than 1e18 labels")
    return least_whole(
        low, high, lambda n: passing_probability(n, allowed_errors, error_rate) <= miss
    )


def passing_probability(labels: int, allowed_errors: int, true_rate: float) -> float:
    """Probability that a system of this true error rate passes a plan.

    Parameters
    ----------
    labels : >= 0
        Labels of the plan.
    allowed_errors : >= 0
        The acceptance number.
    true_rate : in [0, 1]
        The system's error rate.

    Returns
    -------
    float
        P(at most `allowed_errors` of `labels` are wrong): the operating characteristic.

    Raises
    ------
    EstimateError
        If an argument is out of range.

    Notes
    -----
    Binomial: assumes independent labels.

    Examples
    --------
    >>> round(passing_probability(473, 1, 0.001), 3)
    0.918
    """
    if labels < 0 or allowed_errors < 0 or not 0 <= true_rate <= 1:
        raise EstimateError(
            "labels and allowed_errors must be >= 0 and true_rate in [0, 1], "
            f"got {labels}, {allowed_errors}, {true_rate}"
        )
    if allowed_errors >= labels or true_rate == 0:
        return 1.0
    if allowed_errors == 0:
        # The beta function loses digits here at ten million labels; this does not.
        return math.exp(labels * math.log1p(-true_rate)) if true_rate < 1 else 0.0
    return float(special.betaincc(allowed_errors + 1, labels - allowed_errors, true_rate))


def evidence_ceiling(strata: Sequence[StratumCount], *, confidence_level: float = 0.95) -> Estimate:
    """Highest sigma level that these labels could have supported, had not one been wrong.

    Parameters
    ----------
    strata
        The labels' design; what was found does not matter.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate
        Unit: sigma (one-sided). Value and limits are one: it follows from the design.

    Raises
    ------
    TooFewLabels, EstimateError
        As `total_errors`.

    Notes
    -----
    The sigma level of the upper limit (one-sided) with no error found. A log read in full supports
    no more about its source than its N traces: the limit is never under that of 0 errors in N.

    Examples
    --------
    >>> ceiling = evidence_ceiling([StratumCount(10**9, 2218, 3)])
    >>> round(ceiling.value, 3)
    3.0
    """
    clean = [replace(s, errors=0, unsure=0) for s in strata]
    total = total_errors(clean, confidence_level=confidence_level, alternative="less")
    size = sum(s.size for s in strata)
    source = clopper_pearson(0, size, confidence_level=confidence_level, alternative="less")
    level = rate_to_sigma(max(total.high / size, source.high))
    return Estimate(
        value=level,
        low=level,
        high=level,
        unit="sigma (one-sided)",
        confidence_level=confidence_level,
        n=total.n,
        method=f"upper limit had no error been found, {total.method}",
        guarantee="proved" if total.guarantee == "exact" else total.guarantee,
    )
