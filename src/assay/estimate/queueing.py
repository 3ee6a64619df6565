"""How long a review waits: Erlang's formula, its correction for uneven work, and how busy people may be.

For a queue in balance, open at all hours. Shifts, priorities and deadlines: `assay.estimate.queue_simulation`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from assay.errors import EstimateError

_MOST_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """How long one item takes a reviewer.

    Parameters
    ----------
    mean_hours : > 0
    variation : >= 0
        Coefficient of variation: standard deviation / mean. 1 is exponential, 0 always the same.

    Raises
    ------
    EstimateError
        If the mean is not positive or the variation negative.
    """

    mean_hours: float
    variation: float

    def __post_init__(self) -> None:
        if not (0 < self.mean_hours < math.inf and 0 <= self.variation < math.inf):
            raise EstimateError(f"a service time needs mean > 0 and variation >= 0, got {self}")


def check_and_fix(check: ServiceTime, fix: ServiceTime, *, fix_share: float) -> ServiceTime:
    """Return the time of an item that is checked, and fixed in a share of the cases, independently of the check.

    Parameters
    ----------
    check, fix
    fix_share : in [0, 1]

    Raises
    ------
    EstimateError
        If the share is not in [0, 1].

    Examples
    --------
    >>> time = check_and_fix(ServiceTime(0.05, 0.5), ServiceTime(0.2, 0.5), fix_share=0.18)
    >>> round(60 * time.mean_hours, 2), round(time.variation, 2)
    (5.16, 1.06)
    """
    if not 0 <= fix_share <= 1:
        raise EstimateError(f"fix_share must be in [0, 1], got {fix_share}")
    mean = check.mean_hours + fix_share * fix.mean_hours
    square_of_fix = fix.mean_hours**2 * (1 + fix.variation**2)
    variance = (check.mean_hours * check.variation) ** 2
    variance += fix_share * square_of_fix - (fix_share * fix.mean_hours) ** 2
    return ServiceTime(mean, math.sqrt(max(0.0, variance)) / mean)


def erlang_c(servers: int, offered_load: float) -> float:
    """Probability that an arrival has to wait, in M/M/c.

    Parameters
    ----------
    servers : >= 1
    offered_load : in [0, servers)
        Arrivals per hour times hours per item: the mean number of reviewers at work.

    Raises
    ------
    EstimateError
        If there are no servers, or the load is not below their number: the queue then grows without end.

    Notes
    -----
    By the recursion of Erlang's loss formula, ``B_k = a B_{k-1} / (k + a B_{k-1})``, ``C = B / (1 - rho (1 - B))``: no
    factorials. Above 10,000 servers by the same loss as Poisson's probability over its sum, which takes no longer for
    more of them, right to 1e-6 for a billion.

    References
    ----------
    .. [1] Erlang, "Solution of some problems in the theory of probabilities of significance in automatic telephone
       exchanges", Post Office Electrical Engineers' Journal 10 (1917).

    Examples
    --------
    >>> round(erlang_c(1, 0.8), 12), round(erlang_c(10, 8.0), 4)
    (0.8, 0.4092)
    """
    _check_load(servers, offered_load)
    blocked = _blocked(servers, offered_load)
    return blocked / (1 - offered_load / servers * (1 - blocked))


def _blocked(servers: int, load: float) -> float:
    """Return Erlang's loss: the probability that all servers are busy where nobody waits."""
    if servers > _MOST_STEPS:
        density = special.xlogy(servers, load) - load - special.gammaln(servers + 1.0)
        return float(np.exp(density) / special.gammaincc(servers + 1.0, load))
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked


def mean_wait(
    arrivals_per_hour: float, servers: int, service: ServiceTime, *, arrival_variation: float = 1.0
) -> float:
    """Mean hours from arrival to the beginning of the review, in G/G/c: Allen and Cunneen's approximation.

    Parameters
    ----------
    arrivals_per_hour : >= 0
    servers : >= 1
    service
    arrival_variation : >= 0
        Coefficient of variation of the times between arrivals; 1 for independent arrivals.

    Raises
    ------
    EstimateError
        If the load is not below the number of servers, or an argument is out of range.

    Notes
    -----
    ``C(c, a) / (c mu - lambda) (ca^2 + cs^2) / 2``. Exact for M/M/c, and for M/G/1 (Pollaczek and Khinchine); else
    within 5 % of simulation up to a utilization of .95 (tests/estimate/test_queue_simulation.py). It is the mean of a
    queue in balance: near a utilization of 1 balance takes weeks, and a queue that has just started is shorter.

    References
    ----------
    .. [1] Allen, "Probability, Statistics, and Queueing Theory", 2nd ed., Academic Press 1990, section 5.

    Examples
    --------
    >>> round(mean_wait(8.0, 1, ServiceTime(0.1, 1.0)), 12)
    0.4
    """
    uneven = _unevenness(arrival_variation, service)
    load = arrivals_per_hour * service.mean_hours
    waiting = erlang_c(servers, load)
    return waiting * service.mean_hours / (servers - load) * uneven


def late_share(hours: float, arrivals_per_hour: float, servers: int, service: ServiceTime) -> float:
    """Share of the items that wait longer than so many hours: an approximation of M/G/c.

    Parameters
    ----------
    hours : >= 0
    arrivals_per_hour : >= 0
    servers : >= 1
    service

    Raises
    ------
    EstimateError
        As `mean_wait`, or if the hours are negative.

    Notes
    -----
    Those who wait at all are taken to wait exponentially, with the mean of Allen and Cunneen: exact for M/M/c, the
    right order of magnitude else, and too many for service times more even than exponential.

    Examples
    --------
    >>> round(late_share(0.5, 8.0, 1, ServiceTime(0.1, 1.0)), 4)
    0.2943
    """
    if not hours >= 0:
        raise EstimateError(f"hours of waiting must not be negative, got {hours}")
    load = arrivals_per_hour * service.mean_hours
    waiting = erlang_c(servers, load)
    mean_if_any = service.mean_hours / (servers - load) * _unevenness(1.0, service)
    return waiting * math.exp(-hours / mean_if_any) if mean_if_any > 0 else 0.0


def utilization_for_wait(
    target_hours: float,
    servers: int,
    service: ServiceTime,
    *,
    late: float | None = None,
    arrival_variation: float = 1.0,
) -> float:
    """Return how busy reviewers may be for a wait target to be met: rho*.

    Parameters
    ----------
    target_hours : > 0
    servers : >= 1
    service
    late : in (0, 1), or None
        Share that may wait longer than the target; None: the target is on the mean wait.
    arrival_variation : >= 0
        Of the mean only.

    Returns
    -------
    float : in (0, 1)
        Rounded down to 1e-9: the wait there keeps the target.

    Raises
    ------
    EstimateError
        If an argument is out of its range.

    Notes
    -----
    Inverse of `mean_wait` or `late_share` by bisection: both rise with the load. Each reviewer more allows a greater
    share, since a free one is more often at hand.

    Examples
    --------
    >>> time = check_and_fix(ServiceTime(0.05, 0.5), ServiceTime(0.2, 0.5), fix_share=0.18)
    >>> round(utilization_for_wait(5 / 60, 5, time), 3), round(utilization_for_wait(5 / 60, 1, time), 3)
    (0.854, 0.477)
    """
    from scipy import optimize

    if not 0 < target_hours < math.inf:
        raise EstimateError(f"a wait target must be positive and finite, got {target_hours} hours")
    if late is not None and not 0 < late < 1:
        raise EstimateError(f"the share that may be late must be in (0, 1), got {late}")

    def excess(utilization: float) -> float:
        rate = utilization * servers / service.mean_hours
        if late is None:
            return (
                mean_wait(rate, servers, service, arrival_variation=arrival_variation)
                - target_hours
            )
        return late_share(target_hours, rate, servers, service) - late

    most = 1 - 1e-9
    if excess(most) <= 0:
        return most
    return float(optimize.brentq(excess, 0.0, most, xtol=1e-10)) - 1e-9


def _unevenness(arrival_variation: float, service: ServiceTime) -> float:
    if not 0 <= arrival_variation < math.inf:
        raise EstimateError(f"arrival_variation must be finite and >= 0, got {arrival_variation}")
    return (arrival_variation**2 + service.variation**2) / 2


def _check_load(servers: int, offered_load: float) -> None:
    if servers < 1:
        raise EstimateError(f"servers must be at least 1, got {servers}")
    if not 0 <= offered_load < servers:
        raise EstimateError(
            f"a load of {offered_load:g} on {servers} reviewers leaves a queue that grows without end"
        )
