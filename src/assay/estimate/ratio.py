"""Ratios: how many times the errors of one are those of the other."""

from __future__ import annotations

import math

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.interval import Alternative
from assay.quantity import Estimate, Quantity, Unknown, weakest


def rate_ratio(
    errors_a: int,
    exposure_a: float,
    errors_b: int,
    exposure_b: float,
    *,
    confidence_level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Estimate:
    """Ratio of two error rates, a over b, from two independent counts.

    Parameters
    ----------
    errors_a, errors_b : >= 0
        Errors counted.
    exposure_a, exposure_b : > 0
        What they were counted in: labels, hours, dollars.
    confidence_level : in (0, 1)
    alternative
        Which limits are claimed, see `assay.estimate.interval.Alternative`.

    Returns
    -------
    Estimate
        Unit: times. `high` is ``inf`` where b has no error. With no error in b the value counts
        half an error more on both sides, as no finite ratio was found. `n` counts the errors.

    Raises
    ------
    EstimateError
        If a count is negative or an exposure not positive.

    Notes
    -----
    Given their sum, errors_a is binomial with share ``r e_a / (r e_a + e_b)``; Clopper-Pearson
    limits of the share give those of r. Exact for Poisson counts. For binomial counts (labels) it
    is conservative: enumerated at rates from 0.001 to 0.9, see docs/METHODS.md. Assumes two
    independent simple random samples; for labels in strata use `ratio_of_estimates`.

    References
    ----------
    .. [1] Przyborowski, Wilenski, "Homogeneity of results in testing samples from Poisson
       series", Biometrika 31 (1940), doi:10.1093/biomet/31.3-4.313.

    Examples
    --------
    >>> ratio = rate_ratio(30, 1000, 10, 1000)
    >>> round(ratio.value, 2), round(ratio.low, 2), round(ratio.high, 2)
    (3.0, 1.43, 6.88)
    """
    if min(errors_a, errors_b) < 0 or not (exposure_a > 0 and exposure_b > 0):
        raise EstimateError(
            "errors must be >= 0 and exposures > 0, got "
            f"{errors_a} in {exposure_a} and {errors_b} in {exposure_b}"
        )
    share = clopper_pearson(
        errors_a, errors_a + errors_b, confidence_level=confidence_level, alternative=alternative
    )
    scale = exposure_b / exposure_a
    low = share.low / (1 - share.low) * scale if share.low < 1 else math.inf
    high = share.high / (1 - share.high) * scale if share.high < 1 else math.inf
    value = (errors_a / errors_b if errors_b else (errors_a + 0.5) / 0.5) * scale
    return Estimate(
        value=min(max(value, low), high),
        low=low,
        high=high,
        unit="times",
        confidence_level=confidence_level,
        n=errors_a + errors_b,
        method="conditional binomial (exact for Poisson counts)",
        guarantee="enumerated",
    )


def ratio_of_estimates(a: Estimate, b: Estimate) -> Quantity:
    """Ratio a over b of two quantities that are not negative, whatever made their intervals.

    Parameters
    ----------
    a, b
        To hold at 95 % together, make each at 97.5 % (exact and assumed numbers need nothing).

    Returns
    -------
    Estimate or Unknown
        Unit: "times", or a's unit per b's. `high` is ``inf`` where b may be 0. The confidence
        level is 1 less what both may miss. Where b's value is 0, the value divides by b's upper
        limit. `Unknown` if a limit is negative, or b is 0 for certain.

    Raises
    ------
    EstimateError
        If the two confidence levels leave nothing to claim.

    Notes
    -----
    ``[a.low / b.high, a.high / b.low]``: holds the ratio whenever both intervals hold, so it misses
    at most as often as either (Bonferroni). Valid for dependent estimates also; about 1.1 to 1.4
    times as wide as an interval made for the ratio.

    Examples
    --------
    >>> a = Estimate(40.0, 20.0, 60.0, "errors/day", 0.975, 300, "labels")
    >>> b = Estimate(10.0, 10.0, 10.0, "errors/day", 1.0, 0, "a person", "assumed")
    >>> ratio = ratio_of_estimates(a, b)
    >>> ratio.low, ratio.high, ratio.confidence_level, ratio.guarantee
    (2.0, 6.0, 0.975, 'assumed')
    """
    if a.low < 0 or b.low < 0:
        return Unknown("a ratio needs two quantities that can't be negative")
    if b.high == 0:
        return Unknown(f"the divisor is 0 {b.unit}: no ratio exists")
    if math.isinf(a.low) or math.isinf(b.value):
        return Unknown("a ratio of infinite quantities says nothing")
    level = round(a.confidence_level + b.confidence_level - 1, 12)
    if level <= 0:
        raise EstimateError(
            f"confidence levels {a.confidence_level} and {b.confidence_level} leave nothing "
            "to claim: make both at a higher level"
        )
    low = a.low / b.high
    high = a.high / b.low if b.low > 0 else math.inf
    value = a.value / (b.value or b.high)
    return Estimate(
        value=min(max(value, low), high),
        low=low,
        high=high,
        unit="times" if a.unit == b.unit else f"{a.unit} per {b.unit}",
        confidence_level=level,
        n=a.n + b.n,
        method=f"ratio of ({a.method}) to ({b.method})",
        guarantee=weakest(a.guarantee, b.guarantee),
    )
