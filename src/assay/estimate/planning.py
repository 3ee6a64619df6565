"""How many labels a claim needs, and what the labels at hand could support at best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from assay.estimate.acceptance import acceptance_labels
from assay.estimate.exact import (
    clopper_pearson,
    least_whole,
    log_hypergeometric,  # right to 12 digits at a population of 1e9
)
from assay.estimate.interval import tails
from assay.estimate.sigma import rate_to_sigma
from assay.estimate.stratified import StratumCount, total_errors
from assay.estimate.window_errors import most_errors
from assay.quantity import Estimate, weakest

_PRIOR_ERRORS = 0.1
"""Of the bet's prior Beta(0.1, 1 / rate), which expects a tenth of the rate."""


def zero_failure_labels(
    error_rate: float, *, confidence_level: float = 0.95, population: int | None = None
) -> int:
    """Labels that show an error rate to be at most this, if not one of them is wrong.

    Parameters
    ----------
    error_rate : in (0, 1), or [0, 1) with a population
        The rate to be shown.
    confidence_level : in (0, 1)
    population : > 0
        Outputs of the window that the labels are drawn from and the claim is about; None: an endless source.

    Returns
    -------
    int
        The least n with ``(1 - error_rate)^n <= 1 - confidence_level``, or its hypergeometric like.

    Raises
    ------
    EstimateError
        If an argument is out of range.

    Notes
    -----
    Assumes independent labels without label errors, and one look. One wrong label in n and the claim is gone:
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
    return acceptance_labels(
        error_rate, 0, confidence_level=confidence_level, population=population
    )


def zero_failure_labels_any_time(
    error_rate: float, *, confidence_level: float = 0.95, population: int | None = None
) -> int:
    """Labels without an error that show a rate to whoever looks after every label.

    Parameters
    ----------
    error_rate, confidence_level, population
        As `acceptance_labels_any_time`.

    Returns
    -------
    int
        About 3.14 / error_rate at 95 %, where one look takes 3.00 / error_rate.

    Raises
    ------
    EstimateError
        If an argument is out of range.

    Examples
    --------
    >>> zero_failure_labels_any_time(0.001), zero_failure_labels(0.001)
    (3137, 2995)
    """
    return acceptance_labels_any_time(
        error_rate, 0, confidence_level=confidence_level, population=population
    )


def acceptance_labels_any_time(
    error_rate: float,
    found_errors: int,
    *,
    confidence_level: float = 0.95,
    population: int | None = None,
) -> int:
    """Labels that show a rate with so many wrong among them, to whoever looks after every label.

    Parameters
    ----------
    error_rate : in (0, 1), or [0, 1) with a population
        The rate to be shown. It is chosen before the first label: the bet is placed on it.
    found_errors : >= 0
        Wrong labels so far.
    confidence_level : in (0, 1)
    population : > 0
        Outputs of the window; None: an endless source.

    Returns
    -------
    int
        The least n after which the claim stands, whenever it was looked and whoever stopped when.

    Raises
    ------
    EstimateError
        If an argument is out of range.

    Notes
    -----
    The beta-binomial likelihood with prior Beta(0.1, 1 / error_rate), divided by the likelihood at the rate, is a
    test martingale under that rate (with a population: of ``floor(error_rate * population) + 1`` errors). By Ville's
    inequality it ever exceeds 1 / (1 - confidence_level) with at most that chance. From ``found_errors / error_rate``
    labels on it rises with every right label, and it is least at the rate itself among all that are worse: the least n
    is found by bisection. Assumes labels in random order. A rate chosen after looking voids it.

    References
    ----------
    .. [1] Waudby-Smith, Ramdas, "Confidence sequences for sampling without replacement",
       NeurIPS 2020, arXiv:2006.04347.
    .. [2] Ville, "Etude critique de la notion de collectif", Gauthier-Villars 1939.

    Examples
    --------
    >>> acceptance_labels_any_time(0.001, 2)
    10290
    """
    # Also checks the arguments, and no look after every label is cheaper than one look.
    fewest = acceptance_labels(
        error_rate, found_errors, confidence_level=confidence_level, population=population
    )
    miss = tails(confidence_level, "less").high
    assert miss is not None
    if population is not None:
        wrong = most_errors(error_rate, population) + 1
        least = max(fewest, -(-found_errors * population // wrong))
        return least_whole(
            least,
            population,
            lambda n: _log_wealth_finite(n, found_errors, wrong, population) >= -math.log(miss),
        )
    low = high = max(fewest, math.ceil(found_errors / error_rate))
    while _log_wealth(high, found_errors, error_rate) < -math.log(miss):
        low, high = high + 1, high * 2
    return least_whole(
        low, high, lambda n: _log_wealth(n, found_errors, error_rate) >= -math.log(miss)
    )


def _log_wealth(labels: int, errors: int, rate: float) -> float:
    """Log of the beta-binomial likelihood of a sequence, divided by that at the rate."""
    at_rate = errors * math.log(rate) + (labels - errors) * math.log1p(-rate)
    return _log_mixture(labels, errors, 1 / rate) - at_rate


def _log_wealth_finite(labels: int, errors: int, wrong: int, population: int) -> float:
    if labels - errors > population - wrong:
        return math.inf  # So many right ones are more than there would be.
    orders = _log_rising(labels - errors + 1, errors) - math.lgamma(errors + 1)
    mixture = _log_mixture(labels, errors, population / wrong)
    return mixture + orders - log_hypergeometric(errors, labels, population, wrong)


def _log_mixture(labels: int, errors: int, prior_right: float) -> float:
    """Log of B(a + k, b + n - k) / B(a, b)."""
    a, b = _PRIOR_ERRORS, prior_right
    return (
        math.lgamma(a + errors)
        - math.lgamma(a)
        - _log_rising(b + labels - errors, a + errors)
        + _log_rising(b, a)
    )


def _log_rising(x: float, step: float) -> float:
    """Return log(gamma(x + step) / gamma(x)); the difference of two lgamma loses all digits at 1e9."""
    if x < 30:
        return math.lgamma(x + step) - math.lgamma(x)
    powers = (x - 0.5) * math.log1p(step / x) + step * math.log(x + step) - step
    return powers + _stirling(x + step) - _stirling(x)


def _stirling(x: float) -> float:
    return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / (x * x)) / (x * x)) / (x * x)) / x


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
    ceiling = ceiling_sigma(total, sum(s.size for s in strata), confidence_level)
    return replace(ceiling, method=f"upper limit had no error been found, {total.method}")


def ceiling_sigma(clean: Estimate, size: int, confidence_level: float) -> Estimate:
    """Sigma level of the upper limit of errors that a log of `size` traces could have had at best.

    Parameters
    ----------
    clean
        Errors, with the upper limit (one-sided) of labels of which not one was wrong.
    size : >= 1
        Traces in the log.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate
        Unit: sigma (one-sided), as `evidence_ceiling`, which says what it rests on.

    Examples
    --------
    >>> clean = Estimate(0.0, 0.0, 1_350.0, "errors", 0.95, 2218, "hypergeometric (exact)")
    >>> round(ceiling_sigma(clean, 1_000_000, 0.95).value, 2)
    3.0
    """
    # A log read in full supports no more about its source than its outputs do.
    source = clopper_pearson(0, size, confidence_level=confidence_level, alternative="less")
    level = rate_to_sigma(max(clean.high / size, source.high))
    return Estimate(
        value=level,
        low=level,
        high=level,
        unit="sigma (one-sided)",
        confidence_level=confidence_level,
        n=clean.n,
        method=clean.method,
        guarantee=weakest("proved", clean.guarantee),
    )
