"""Acceptance sampling: a number of labels, and how many of them may be wrong.

A plan is passed by a system whose labels hold no more errors than it allows. It protects whoever relies on the claim: a
system at the rate claimed or worse passes with 5 % at most. How often a better system passes is its operating
characteristic, and the reason not to plan for zero errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from assay.errors import EstimateError
from assay.estimate.exact import least_whole
from assay.estimate.interval import tails
from assay.estimate.window_errors import least_errors, most_errors, seen_errors_tail

_MOST_LABELS = 10**18  # Beyond this no plan is one; the bisection ends there.
_SEARCHED = 32  # Acceptance numbers tried one by one; whole labels make the chances uneven there.
_MOST_ALLOWED = (
    10_000  # A true rate that takes more is so near the rate to be shown that a plan is a census.
)


@dataclass(frozen=True, slots=True)
class AcceptancePlan:
    """A number of labels, and how many of them may be wrong.

    Parameters
    ----------
    labels : > 0
        Labels to draw at random.
    allowed_errors : >= 0
        The claim is shown if no more of them are wrong.
    passing_probability : in [0, 1]
        Chance that a system of the rate it was planned for passes.
    """

    labels: int
    allowed_errors: int
    passing_probability: float


def acceptance_labels(
    error_rate: float,
    allowed_errors: int,
    *,
    confidence_level: float = 0.95,
    population: int | None = None,
    seen_share: float = 1.0,
) -> int:
    """Labels that show an error rate to be at most this, if at most so many are wrong.

    Parameters
    ----------
    error_rate : in (0, 1), or [0, 1) with a population
        The rate to be shown.
    allowed_errors : >= 0
        The acceptance number.
    confidence_level : in (0, 1)
    population : > 0
        Outputs of the window that the labels are drawn from and the claim is about; None: an endless source.
    seen_share : in (0, 1]
        Chance that whoever labels a wrong output calls it wrong.

    Returns
    -------
    int
        The least n with P(at most `allowed_errors` wrong | error_rate) <= 1 - confidence_level. With a population it
        is never more than that.

    Raises
    ------
    EstimateError
        If an argument is out of range, more errors are allowed in the labels than in the population, more than 1e18
        labels would be needed, or labels of the whole population miss too many errors to show it.

    Notes
    -----
    Assumes labels drawn at random, errors missed independently of each other, and that n is fixed beforehand.
    Binomial for a source. For a population hypergeometric: the worst that has to be told apart holds
    ``floor(error_rate * population) + 1`` errors, and n is the least with which `hypergeometric_errors` gives an upper
    limit that keeps the rate. With errors that are missed the hypergeometric count is thinned; a wrong label of a right
    output only makes it harder to pass.

    References
    ----------
    .. [1] Montgomery, "Introduction to Statistical Quality Control", chapter 15.

    Examples
    --------
    >>> acceptance_labels(0.01, 1), acceptance_labels(0.01, 1, population=2000)
    (473, 412)
    """
    miss = _checked(error_rate, allowed_errors, confidence_level, population)
    if not 0 < seen_share <= 1:
        raise EstimateError(f"seen_share must be in (0, 1], got {seen_share}")
    if population is not None:
        return _labels_of_window(
            most_errors(error_rate, population) + 1,
            allowed_errors,
            miss=miss,
            population=population,
            seen_share=seen_share,
        )
    rate = error_rate * seen_share
    low, high = allowed_errors + 1, allowed_errors + 1
    while passing_probability(high, allowed_errors, rate) > miss:
        low, high = high + 1, high * 2
        if high > _MOST_LABELS:
            raise EstimateError(f"error_rate {error_rate} would need more than 1e18 labels")
    return least_whole(low, high, lambda n: passing_probability(n, allowed_errors, rate) <= miss)


def _labels_of_window(
    wrong: int, allowed: int, *, miss: float, population: int, seen_share: float
) -> int:
    def passes(labels: int) -> float:
        return seen_errors_tail(allowed, labels, population, wrong, seen_share=seen_share)

    if passes(population) > miss:
        raise EstimateError(
            f"labels that miss a share of {1 - seen_share:g} of the errors can't tell {wrong} errors in {population} "
            f"from {allowed}, even if all are labeled"
        )
    return least_whole(allowed + 1, population, lambda n: passes(n) <= miss)


def _checked(
    error_rate: float, allowed_errors: int, confidence_level: float, population: int | None
) -> float:
    if not (0 < error_rate < 1 or (population is not None and error_rate == 0)):
        raise EstimateError(f"error_rate must be in (0, 1), got {error_rate}")
    if allowed_errors < 0:
        raise EstimateError(f"allowed_errors must be >= 0, got {allowed_errors}")
    if population is not None:
        if population < 1:
            raise EstimateError(f"population must be > 0, got {population}")
        if allowed_errors > (most := most_errors(error_rate, population)):
            raise EstimateError(
                f"allowed_errors must be <= {most}, what a population of {population} may hold at a rate of "
                f"{error_rate}, got {allowed_errors}"
            )
    miss = tails(confidence_level, "less").high
    assert miss is not None
    return miss


def passing_probability(
    labels: int, allowed_errors: int, true_rate: float, *, population: int | None = None
) -> float:
    """Probability that a system of this true error rate passes a plan.

    Parameters
    ----------
    labels : >= 0
        Labels of the plan.
    allowed_errors : >= 0
        The acceptance number.
    true_rate : in [0, 1]
        The system's error rate.
    population : >= labels
        Outputs of the window, of which ``ceil(true_rate * population)`` are wrong; None: an endless source.

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
    Binomial, or hypergeometric with a population: assumes labels drawn at random.

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
    if population is not None and labels > population:
        raise EstimateError(f"{labels} labels can't come from a population of {population}")
    if allowed_errors >= labels or true_rate == 0:
        return 1.0
    if population is not None:
        wrong = least_errors(true_rate, population)
        return seen_errors_tail(allowed_errors, labels, population, wrong)
    if allowed_errors == 0:
        # The beta function loses digits here at ten million labels; this does not.
        return math.exp(labels * math.log1p(-true_rate)) if true_rate < 1 else 0.0
    return float(special.betaincc(allowed_errors + 1, labels - allowed_errors, true_rate))


def passing_rate(
    labels: int, allowed_errors: int, *, probability: float = 0.8, population: int | None = None
) -> float:
    """Highest true error rate that still passes a plan with this probability.

    Parameters
    ----------
    labels : > allowed_errors
        Labels of the plan.
    allowed_errors : >= 0
        The acceptance number.
    probability : in (0, 1)
        How often such a system is to pass.
    population : >= labels
        Outputs of the window; None: an endless source.

    Returns
    -------
    float
        In [0, 1]. With a population a whole number of errors divided by its size.

    Raises
    ------
    EstimateError
        If an argument is out of range.

    Notes
    -----
    The inverse of `passing_probability`. A plan of zero errors in 3 / q labels is passed with 80 % by a true rate of
    q / 13 only.

    Examples
    --------
    >>> round(0.001 / passing_rate(2995, 0), 1)
    13.4
    """
    if not 0 <= allowed_errors < labels or not 0 < probability < 1:
        raise EstimateError(
            "allowed_errors must be in [0, labels) and probability in (0, 1), "
            f"got {allowed_errors} of {labels}, {probability}"
        )
    if population is None:
        return float(special.betainccinv(allowed_errors + 1, labels - allowed_errors, probability))
    if labels > population:
        raise EstimateError(f"{labels} labels can't come from a population of {population}")
    too_many = least_whole(
        allowed_errors + 1,
        population - labels + allowed_errors + 1,
        lambda m: seen_errors_tail(allowed_errors, labels, population, m) < probability,
    )
    return (too_many - 1) / population


def acceptance_plan(
    error_rate: float,
    true_rate: float,
    *,
    power: float = 0.8,
    confidence_level: float = 0.95,
    population: int | None = None,
    seen_share: float = 1.0,
) -> AcceptancePlan:
    """Fewest labels that show a rate, and let a better system pass often enough.

    Parameters
    ----------
    error_rate : in (0, 1), or [0, 1) with a population
        The rate to be shown.
    true_rate : in [0, error_rate)
        Share of outputs that people call wrong, of the system that is to pass. With a population its errors may be
        as many as are allowed.
    power : in (0, 1)
        How often it is to pass.
    confidence_level : in (0, 1)
    population : > 0
        Outputs of the window; None: an endless source.
    seen_share : in (0, 1]
        As for `acceptance_labels`.

    Returns
    -------
    AcceptancePlan

    Raises
    ------
    EstimateError
        If an argument is out of range, or the true rate so near the rate to be shown that 10,000 errors or more would
        have to be allowed.

    Notes
    -----
    Labels rise with the errors that are allowed, and so does the chance to pass: the least acceptance number that
    passes often enough is the plan. Assumes what `acceptance_labels` assumes. The true rate is a guess: a plan made
    for too good a system fails a system that does keep the standard.

    Examples
    --------
    >>> plan = acceptance_plan(0.001, 0.0002)
    >>> plan.labels, plan.allowed_errors, round(plan.passing_probability, 2)
    (6294, 2, 0.87)
    """
    _checked(error_rate, 0, confidence_level, population)
    if not 0 < power < 1:
        raise EstimateError(f"power must be in (0, 1), got {power}")
    most = _MOST_LABELS if population is None else most_errors(error_rate, population)
    if population is None:
        better = true_rate < error_rate * seen_share
    else:
        better = least_errors(true_rate, population) <= most
    if not (true_rate >= 0 and better):
        raise EstimateError(
            f"true_rate must be in [0, {error_rate}), the rate to be shown, got {true_rate}"
        )

    def plan(allowed: int) -> AcceptancePlan:
        labels = acceptance_labels(
            error_rate,
            allowed,
            confidence_level=confidence_level,
            population=population,
            seen_share=seen_share,
        )
        passes = passing_probability(labels, allowed, true_rate, population=population)
        return AcceptancePlan(labels, allowed, passes)

    for allowed in range(min(_SEARCHED, most + 1)):
        if (tried := plan(allowed)).passing_probability >= power:
            return tried
    low, high = _SEARCHED, _SEARCHED
    while high < most and plan(high).passing_probability < power:
        low, high = high + 1, min(high * 2, most)
        if high > _MOST_ALLOWED:
            raise EstimateError(f"true_rate {true_rate} is too near {error_rate} for a plan")
    return plan(least_whole(low, high, lambda c: plan(c).passing_probability >= power))
