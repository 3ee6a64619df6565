"""Errors of a window: whole numbers of them, and how many a sample shows to people who miss some."""

from __future__ import annotations

import math

from scipy import special

from assay.estimate.exact import (
    hypergeometric_tail,
    least_whole,
    log_hypergeometric,
)

_ROUNDING = 1e-12  # 30 errors in 600,000 are a rate of which 600,000 times is 30 again.
_NOTHING = 1e-20


def most_errors(error_rate: float, population: int) -> int:
    """Return how many errors a population may hold without going over a rate.

    Examples
    --------
    >>> most_errors(30 / 600_000, 600_000)
    30
    """
    return math.floor(error_rate * population * (1 + _ROUNDING))


def least_errors(error_rate: float, population: int) -> int:
    """Return how many errors a population must hold to be no better than a rate.

    Examples
    --------
    >>> least_errors(30 / 600_000, 600_000), least_errors(0.0001, 1000)
    (30, 1)
    """
    return min(population, math.ceil(error_rate * population * (1 - _ROUNDING)))


def seen_errors_tail(
    most: int, labels: int, population: int, wrong: int, *, seen_share: float = 1.0
) -> float:
    """Probability that at most so many errors are seen in a sample of a window.

    Parameters
    ----------
    most : >= 0
    labels : in [0, population]
        Outputs drawn at random, without replacement.
    population : > 0
    wrong : in [0, population]
        Errors in it.
    seen_share : in (0, 1]
        Chance that an error which was drawn is seen.

    Returns
    -------
    float
        In [0, 1].

    Notes
    -----
    Hypergeometric, thinned: ``sum over j of P(j drawn) P(at most k of j seen)``, broken off where the second is below
    1e-20. Assumes that errors are missed independently of each other: it fails where one kind is always missed.

    Examples
    --------
    >>> round(seen_errors_tail(0, 30, 100, 5), 4), round(seen_errors_tail(0, 30, 100, 5, seen_share=0.9), 4)
    (0.1608, 0.2006)
    """
    if seen_share == 1:
        return min(max(hypergeometric_tail(most, labels, population, wrong), 0.0), 1.0)
    least, last = max(0, labels - (population - wrong)), min(labels, wrong)
    if last <= most:
        return 1.0

    def few_seen(drawn: int) -> float:
        return 1.0 if drawn <= most else float(special.bdtr(most, drawn, seen_share))

    last = least_whole(least, last, lambda drawn: few_seen(drawn) < _NOTHING)
    total = sum(
        math.exp(log_hypergeometric(drawn, labels, population, wrong)) * few_seen(drawn)
        for drawn in range(least, last + 1)
    )
    return min(total, 1.0)
