"""A budget of errors as an absolute count per window, and what it is anchored to.

A count does not grow with the traffic. So every way to state it ends in errors per window here, once and for all, and
what was assumed on the way is written beside it: from a count, from the volume of the people's own errors, from k sigma
at a stated volume, or from failures per hour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from assay.errors import EstimateError
from assay.estimate.product import product_of_estimates
from assay.estimate.sigma import SigmaConvention, sigma_to_rate
from assay.quantity import Estimate, Unknown, assumed

AnchorKind = Literal["count", "human volume", "sigma", "failures per hour", "failures on demand"]

HOURS_PER_DAY = 24.0


@dataclass(frozen=True, slots=True)
class BudgetAnchor:
    """So many escaped errors per window, and why.

    Parameters
    ----------
    errors
        Errors per window, an `Estimate`: with limits where it comes from a measured volume.
    window_hours : > 0
        Hours by the clock.
    kind
        What it is anchored to.
    source
        Where the figure comes from: a standard's clause, the user, a measurement.
    assumptions
        One sentence each.
    """

    errors: Estimate
    window_hours: float
    kind: AnchorKind
    source: str
    assumptions: tuple[str, ...]

    @property
    def allowed(self) -> float:
        """Errors per window to hold the system to: the lower limit, so that a badly measured anchor buys nothing."""
        return self.errors.low

    @property
    def per_hour(self) -> float:
        """Errors allowed per hour by the clock."""
        return self.allowed / self.window_hours

    def per_output(self, outputs_per_hour: float) -> float:
        """Return the error probability per output that just uses the budget up at a pace; at most 1.

        Raises
        ------
        EstimateError
            If the pace is not positive and finite.
        """
        _positive("outputs_per_hour", outputs_per_hour)
        return min(1.0, self.per_hour / outputs_per_hour)


def anchor_to_count(count: float, *, window_hours: float) -> BudgetAnchor:
    """Return a budget that is stated as a count.

    Parameters
    ----------
    count : >= 0, finite
        Escaped errors per window; 0 is a budget too: none.
    window_hours : > 0

    Raises
    ------
    EstimateError
        If the count is negative, or the window not positive.

    Examples
    --------
    >>> anchor_to_count(30, window_hours=720).per_output(1_000)
    4.1666666666666665e-05
    """
    _positive("window_hours", window_hours)
    if not 0 <= count < math.inf:
        raise EstimateError(f"a budget must be finite and not negative, got {count}")
    errors = assumed(float(count), _unit(window_hours), method="stated as a count")
    return BudgetAnchor(
        errors, window_hours, "count", "the user", ("It stays as it is, whatever the traffic.",)
    )


def anchor_to_human_volume(
    error_rate: Estimate, outputs_per_hour: Estimate, *, window_hours: float, people: float = 1.0
) -> BudgetAnchor:
    """Return the volume of errors that people made, or make, at their own pace.

    Parameters
    ----------
    error_rate : in [0, 1]
        Theirs, errors/output, by the same definition of an error.
    outputs_per_hour : >= 0
        Of one of them, by the clock: over the nights and week-ends too if the window runs over them.
    window_hours : > 0
    people : > 0
        How many of them the budget is of.

    Returns
    -------
    BudgetAnchor
        Its errors hold at 1 less what both inputs may miss (Bonferroni).

    Raises
    ------
    EstimateError
        If a rate is not in [0, 1], a pace negative, or there is no product of the two.

    Notes
    -----
    Product of the limits, see `assay.estimate.product.product_of_estimates`. The benchmark is the weak part: Waymo's
    comparison with human drivers was revised from 2.78 to 2.80 injuries a million miles, and its own from 0.41 to 0.6,
    as its definitions changed [1]_.

    References
    ----------
    .. [1] Kusano et al., "Comparison of Waymo rider-only crash data to human benchmarks at 7.1 million miles" (2023),
       arXiv:2312.12675, versions 1 and 3.

    Examples
    --------
    >>> rate, pace = assumed(0.1, "errors/output", method="said"), assumed(1.0, "outputs/hour", method="said")
    >>> anchor_to_human_volume(rate, pace, window_hours=720).allowed
    72.0
    """
    _positive("window_hours", window_hours)
    _positive("people", people)
    if not (error_rate.low >= 0 and error_rate.high <= 1):
        raise EstimateError(f"an error rate must be in [0, 1], got {error_rate.value}")
    unit = "errors/hour"
    volume = product_of_estimates(error_rate, outputs_per_hour, unit, method="people's own errors")
    if isinstance(volume, Unknown):
        raise EstimateError(f"the people's volume can't be had: {volume.reason}")
    errors = volume.scaled(people * window_hours, _unit(window_hours))
    told = (
        "An error is the same thing for people as for the system, and was looked for as hard.",
        f"The pace is by the clock: {window_hours:g} hours of it make a window.",
        "The lower limit is the budget: doubt about the people's errors buys no errors.",
    )
    return BudgetAnchor(
        errors,
        window_hours,
        "human volume",
        f"{error_rate.method}; {outputs_per_hour.method}",
        told,
    )


def anchor_to_sigma(
    level: float,
    *,
    outputs: float,
    window_hours: float,
    convention: SigmaConvention = "one-sided",
) -> BudgetAnchor:
    """Return the errors that k sigma stands for at a stated volume.

    Parameters
    ----------
    level
        Sigma level.
    outputs : > 0
        Per window, stated once: the budget does not grow when the traffic does.
    window_hours : > 0
    convention
        See `assay.estimate.sigma.SigmaConvention`.

    Raises
    ------
    EstimateError
        If the volume or the window is not positive, or the level none.

    Examples
    --------
    >>> round(anchor_to_sigma(3, outputs=1_000, window_hours=24).allowed, 2)
    1.35
    """
    _positive("window_hours", window_hours)
    _positive("outputs", outputs)
    rate = sigma_to_rate(level, convention=convention)
    errors = assumed(
        rate * outputs,
        _unit(window_hours),
        method=f"{level:g} sigma ({convention}) of {outputs:,g} outputs",
    )
    told = (
        f"{outputs:,g} outputs per window: the volume is stated once, and the budget stays when it changes.",
        f"The convention is {convention}: a sigma level is a name for a rate, no normal law is claimed.",
    )
    return BudgetAnchor(errors, window_hours, "sigma", "normal tail area", told)


def anchor_to_hourly(
    failures_per_hour: float, *, window_hours: float, source: str, duty_share: float = 1.0
) -> BudgetAnchor:
    """Return a budget from failures per hour of operation.

    Parameters
    ----------
    failures_per_hour : >= 0, finite
        The most of a band: see `assay.estimate.budget_anchor_standards`.
    window_hours : > 0
        By the clock.
    source
        The standard and its clause.
    duty_share : in (0, 1]
        Share of the clock's hours in which the system is in operation.

    Raises
    ------
    EstimateError
        If an argument is out of its range.

    Notes
    -----
    Budgets per system must be allocated: 30 systems of 1e-9 each make 3e-8 for the whole. Such budgets are far below
    one per window, and no test of outputs can show that they are kept: at 95 % it takes ``3 / rate`` hours without a
    failure.

    Examples
    --------
    >>> sil1 = anchor_to_hourly(1e-5, window_hours=720, source="IEC 61508, SIL 1")
    >>> f"{sil1.allowed:.1e} {sil1.per_output(1_000):.0e}"
    '7.2e-03 1e-08'
    """
    _positive("window_hours", window_hours)
    _share("duty_share", duty_share)
    if not 0 <= failures_per_hour < math.inf:
        raise EstimateError(f"failures per hour must be >= 0 and finite, got {failures_per_hour}")
    errors = assumed(
        failures_per_hour * duty_share * window_hours, _unit(window_hours), method=source
    )
    told = (
        "Every escaped error counts as a dangerous failure of the standard.",
        f"In operation {100 * duty_share:g} % of the hours by the clock.",
        "The rate is of one system: several of them share it, they do not each get it.",
    )
    return BudgetAnchor(errors, window_hours, "failures per hour", source, told)


def anchor_to_demand(
    failure_probability: float, *, demands: float, window_hours: float, source: str
) -> BudgetAnchor:
    """Return a budget from the probability of failure on demand (IEC 61508, low demand mode).

    Parameters
    ----------
    failure_probability : in [0, 1]
        The most of a band.
    demands : > 0
        Stated number of demands per window.
    window_hours : > 0
    source
        The standard and its clause.

    Raises
    ------
    EstimateError
        If an argument is out of its range.

    Examples
    --------
    >>> anchor_to_demand(1e-2, demands=0.1, window_hours=8760, source="IEC 61508, SIL 2").allowed
    0.001
    """
    _positive("window_hours", window_hours)
    _positive("demands", demands)
    if not 0 <= failure_probability <= 1:
        raise EstimateError(
            f"a probability of failure must be in [0, 1], got {failure_probability}"
        )
    errors = assumed(failure_probability * demands, _unit(window_hours), method=source)
    told = [f"{demands:g} demands per window: stated once, and the budget stays when it changes."]
    if demands * 8760 / window_hours > 1:
        told.append("More than one demand a year is high demand in IEC 61508: state it per hour.")
    return BudgetAnchor(errors, window_hours, "failures on demand", source, tuple(told))


def _unit(window_hours: float) -> str:
    days = window_hours / HOURS_PER_DAY
    return "errors/day" if days == 1 else f"errors/{days:g} days"


def _positive(name: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise EstimateError(f"{name} must be positive and finite, got {value}")


def _share(name: str, value: float) -> None:
    if not 0 < value <= 1:
        raise EstimateError(f"{name} must be in (0, 1], got {value}")
