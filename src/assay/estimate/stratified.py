"""Total errors of a log, from labels drawn at random in each stratum of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from assay.errors import EstimateError, TooFewLabels
from assay.estimate.exact import hypergeometric_errors
from assay.estimate.interval import Alternative, Interval, missing_chance
from assay.estimate.likelihood import likelihood_limits
from assay.estimate.ordered import ordered_errors
from assay.quantity import Estimate, Guarantee

_ORDERED_UP_TO = (
    20_000  # Labels; beyond, the shorter interval gains under 1 % and takes a tenth of a second.
)
_STRATA_ENUMERATED = (
    3  # Every outcome of every population was summed for that many: docs/METHODS.md.
)


@dataclass(frozen=True, slots=True)
class StratumCount:
    """What was found in one stratum.

    Parameters
    ----------
    size : >= 0
        Traces in the stratum.
    labeled : in [0, size]
        Labels drawn from it at random, with the unsure ones.
    errors : >= 0
        Labels that say wrong.
    unsure : >= 0, errors + unsure <= labeled
        Labels that say neither right nor wrong.
    name
        For messages.

    Raises
    ------
    EstimateError
        If the counts contradict each other.

    Examples
    --------
    >>> StratumCount(size=1242, labeled=160, errors=4, name="judge says right").size
    1242
    """

    size: int
    labeled: int
    errors: int
    unsure: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        if min(self.size, self.labeled, self.errors, self.unsure) < 0:
            raise EstimateError(f"counts must not be negative: {self}")
        if self.labeled > self.size:
            raise EstimateError(f"more labels than traces in stratum {self.name!r}: {self}")
        if self.errors + self.unsure > self.labeled:
            raise EstimateError(f"more errors and unsure than labels: {self}")


def total_errors(
    strata: Sequence[StratumCount],
    *,
    confidence_level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Estimate:
    """Errors in a log, from random labels in each stratum.

    Parameters
    ----------
    strata
        They part the log: each trace is in exactly one.
    confidence_level : in (0, 1)
    alternative
        Which limits are claimed, see `assay.estimate.interval.Alternative`.

    Returns
    -------
    Estimate
        Unit: errors, limits whole numbers. `n` counts the labels, unsure ones too.

    Raises
    ------
    TooFewLabels
        Without any label.
    EstimateError
        Without any trace.

    Notes
    -----
    The method follows from the design (sizes and numbers of labels), never from what was found:

    - each stratum labeled in full: the count ("exact"; an interval only if labels are unsure);
    - one stratum sampled: exact hypergeometric limits there, counts elsewhere ("proved"): two-sided
      `assay.estimate.ordered.ordered_errors`, up to 20,000 labels, else `hypergeometric_errors`;
    - several sampled: `assay.estimate.likelihood.likelihood_limits` ("enumerated" for two and three, "simulated" for
      more).

    The point is ``sum(size / labeled * errors)``, an unsure label counting half. The lower limit
    counts the unsure labels right, the upper wrong. A stratum with traces and no label adds
    [0, size] to the interval and the pooled rate of the others to the point.

    Assumes that labels are simple random samples of their strata, fixed before looking, and that
    a label is the truth. It fails if the labels were picked by hand, if labeling went on until the
    answer was liked, or if people err: it counts what the labels say.

    References
    ----------
    .. [1] Wilks (1938), see `assay.estimate.likelihood.likelihood_limits`.

    Examples
    --------
    >>> strata = [StratumCount(77, 38, 10), StratumCount(1242, 162, 4)]
    >>> total = total_errors(strata)
    >>> round(total.value), total.low, total.high, total.guarantee
    (51, 25.0, 92.0, 'enumerated')
    """
    strata = _in_use(strata)
    labels = sum(s.labeled for s in strata)
    if labels == 0:
        raise TooFewLabels(
            f"no label in {sum(s.size for s in strata)} traces: nothing is known of their errors; "
            "draw traces at random and label them first"
        )
    miss = missing_chance(confidence_level)
    sampled = [s for s in strata if 0 < s.labeled < s.size]
    unlabeled = sum(s.size for s in strata if s.labeled == 0)
    counted = [s for s in strata if s.labeled == s.size]
    interval, method = Interval(0.0, 0.0), "count of all"
    guarantee: Guarantee = "exact"
    if len(sampled) == 1:
        interval = _one_stratum(sampled[0], confidence_level, alternative)
        method, guarantee = "hypergeometric (exact)", "proved"
    elif sampled:
        interval = _several_strata(sampled, miss, alternative)
        method = "stratified profile likelihood"
        guarantee = "enumerated" if len(sampled) <= _STRATA_ENUMERATED else "simulated"
    low = interval.low + sum(s.errors for s in counted)
    high = interval.high + sum(s.errors + s.unsure for s in counted) + unlabeled
    return Estimate(
        value=min(max(_point(strata), low), high),
        low=low,
        high=high,
        unit="errors",
        confidence_level=confidence_level if sampled else 1.0,
        n=labels,
        method=_words(method, strata, unlabeled),
        guarantee=_guarantee(guarantee, low == high),
    )


def error_rate(
    strata: Sequence[StratumCount],
    *,
    confidence_level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Estimate:
    """Errors per trace of a log: `total_errors` over the number of traces.

    Parameters
    ----------
    strata, confidence_level, alternative
        As in `total_errors`.

    Returns
    -------
    Estimate
        Unit: errors/trace, in [0, 1].

    Raises
    ------
    TooFewLabels, EstimateError
        As in `total_errors`.

    Examples
    --------
    >>> rate = error_rate([StratumCount(2000, 300, 0)])
    >>> rate.value, rate.high
    (0.0, 0.009)
    """
    total = total_errors(strata, confidence_level=confidence_level, alternative=alternative)
    size = sum(s.size for s in strata)
    # Dividing, not `scaled` by 1 / size: 22 * (1 / 2000) is not 0.011 in binary.
    return replace(
        total,
        value=total.value / size,
        low=total.low / size,
        high=total.high / size,
        unit="errors/trace",
    )


def domain_errors(
    strata: Sequence[StratumCount],
    errors_in_domain: Sequence[int],
    *,
    domain_size: int,
    confidence_level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Estimate:
    """Errors in a part of the log (a day, a tag) that the strata cut across.

    Parameters
    ----------
    strata
        Of the whole log. Strata known not to meet the domain may be left out.
    errors_in_domain : shape (n_strata,), each in [0, errors]
        Labels of each stratum that are wrong and in the domain.
    domain_size : >= 0
        Traces in the domain.
    confidence_level : in (0, 1)
    alternative
        Which limits are claimed, see `assay.estimate.interval.Alternative`.

    Returns
    -------
    Estimate
        Unit: errors, in [0, domain_size].

    Raises
    ------
    TooFewLabels, EstimateError
        As in `total_errors`, or if the counts contradict each other.

    Notes
    -----
    `total_errors` of the indicator "wrong and in the domain", capped by the domain's size. Unsure
    labels count as unsure in the domain. If many labels fall in the domain, it is narrower to hand
    `total_errors` the domain's own strata (size and labels inside the domain), which is as valid;
    decide before looking at the errors.

    References
    ----------
    .. [1] Cochran, "Sampling Techniques", 3rd ed., section 5A.14.

    Examples
    --------
    >>> day = domain_errors([StratumCount(900, 90, 6)], [2], domain_size=120)
    >>> day.value, day.low, day.high
    (20.0, 4.0, 63.0)
    """
    if len(errors_in_domain) != len(strata):
        raise EstimateError(
            f"one count a stratum is needed: {len(errors_in_domain)} for {len(strata)} strata"
        )
    inside = []
    for stratum, errors in zip(strata, errors_in_domain, strict=True):
        if not 0 <= errors <= stratum.errors:
            raise EstimateError(f"errors_in_domain must be in [0, errors], got {errors}: {stratum}")
        inside.append(replace(stratum, errors=errors))
    if domain_size < sum(errors_in_domain):
        raise EstimateError(
            f"domain_size {domain_size} is less than the {sum(errors_in_domain)} errors found in it"
        )
    total = total_errors(inside, confidence_level=confidence_level, alternative=alternative)
    cap = float(domain_size)
    return replace(
        total,
        value=min(total.value, cap),
        low=min(total.low, cap),
        high=min(total.high, cap),
        method=f"{total.method}, domain of {domain_size}",
    )


def _in_use(strata: Sequence[StratumCount]) -> list[StratumCount]:
    used = [s for s in strata if s.size > 0]
    if not used:
        raise EstimateError("there is no trace to estimate the errors of")
    return used


@lru_cache(maxsize=4096)
def _one_stratum(
    stratum: StratumCount, confidence_level: float, alternative: Alternative
) -> Interval:
    """Exact limits; monotone in the errors, so the two ends of the unsure labels bound all."""

    def limits(errors: int) -> Interval:
        if alternative == "two-sided" and stratum.labeled <= _ORDERED_UP_TO:
            return ordered_errors(
                errors, stratum.labeled, stratum.size, confidence_level=confidence_level
            )
        return hypergeometric_errors(
            errors,
            stratum.labeled,
            stratum.size,
            confidence_level=confidence_level,
            alternative=alternative,
        )

    return Interval(limits(stratum.errors).low, limits(stratum.errors + stratum.unsure).high)


def _several_strata(
    strata: Sequence[StratumCount], miss: float, alternative: Alternative
) -> Interval:
    """Limits that rise with each error, so the two ends of the unsure labels bound all."""
    counts = tuple((s.size, s.labeled, s.errors, s.errors + s.unsure) for s in strata)
    return _limits_of(counts, miss, alternative)


@lru_cache(maxsize=4096)
def _limits_of(
    counts: tuple[tuple[int, int, int, int], ...], miss: float, alternative: Alternative
) -> Interval:
    # The days and tags of a log share its strata, and most of them have the same few errors.
    sizes, labeled, fewest, most = zip(*counts, strict=True)
    low, high = likelihood_limits(
        sizes, labeled, [fewest, most], miss=miss, alternative=alternative
    )
    return Interval(float(low[0]), float(high[1]))


def _point(strata: Sequence[StratumCount]) -> float:
    labeled = [s for s in strata if s.labeled > 0]
    point = sum(s.size / s.labeled * (s.errors + s.unsure / 2) for s in labeled)
    rest = sum(s.size for s in strata if s.labeled == 0)
    return point + rest * point / sum(s.size for s in labeled)


def _words(method: str, strata: Sequence[StratumCount], unlabeled: int) -> str:
    parts = [method]
    if len(strata) > 1:
        parts.append(f"{len(strata)} strata")
    if unsure := sum(s.unsure for s in strata):
        parts.append(f"{unsure} unsure labels bounded both ways")
    if unlabeled:
        parts.append(f"{unlabeled} traces in strata without a label bounded both ways")
    return ", ".join(parts)


def _guarantee(guarantee: Guarantee, is_point: bool) -> Guarantee:
    # Bounds that hold for certain are proved; only a count that leaves no width is exact.
    return "proved" if guarantee == "exact" and not is_point else guarantee
