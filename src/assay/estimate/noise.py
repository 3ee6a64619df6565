"""What labels are worth when the people who label err: double readings, missed errors, and the floor below them.

A reader errs in two ways. He says "wrong" of what is right: where errors are rare, most of what one reader calls wrong
is his own mistake. And he says "right" of what is wrong. A second reading of every "wrong" removes the first kind; a
second reading of a random share of the "right" measures the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from scipy import special

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson, least_whole
from assay.estimate.rereading import RereadStratum, missed_errors
from assay.estimate.stratified import StratumCount, total_errors
from assay.quantity import Estimate, Quantity, Unknown, weakest


def second_confirms(confirmed: int, said_wrong: int, *, confidence_level: float = 0.95) -> Quantity:
    """Probability that a second reader says wrong where the first did.

    Parameters
    ----------
    confirmed : in [0, said_wrong]
        Of the outputs that the first reader called wrong, those that the second calls wrong too.
    said_wrong : >= 0
        Outputs that the first reader called wrong and the second has read.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Unit: share of readings. Unknown where no such output was read.

    Raises
    ------
    EstimateError
        If the counts contradict each other.

    Notes
    -----
    Clopper-Pearson. Assumes that the second reader does not know what the first said, and that readings are
    independent of each other. It describes the outputs drawn, not the whole log, where strata were drawn at different
    rates. It fails where the second reader copies.

    References
    ----------
    .. [1] Clopper, Pearson (1934), see `assay.estimate.exact.clopper_pearson`.

    Examples
    --------
    >>> confirmed = second_confirms(41, 44)
    >>> round(confirmed.value, 3), round(confirmed.low, 3), round(confirmed.high, 3)
    (0.932, 0.813, 0.986)
    """
    none = "no output called wrong was read a second time"
    return _share(confirmed, said_wrong, confidence_level, none, unit="share of readings")


def second_finds(found: int, errors: int, *, confidence_level: float = 0.95) -> Quantity:
    """Probability that a second reader finds an error.

    Parameters
    ----------
    found : in [0, errors]
        Of these errors, those that the second reader calls wrong.
    errors : >= 0
        Outputs known to be wrong without the second reader's help: found by the first reader and decided to be wrong,
        or planted. An error that is known only because the second reader saw it must not be among them.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Unit: share of errors. Unknown where no error is known.

    Raises
    ------
    EstimateError
        If the counts contradict each other.

    Notes
    -----
    Clopper-Pearson. Assumes a blind, independent reading. Errors that the first reader finds are the easy ones: of
    all errors the second reader finds fewer than this.

    References
    ----------
    .. [1] Clopper, Pearson (1934), see `assay.estimate.exact.clopper_pearson`.

    Examples
    --------
    >>> second_finds(0, 0)
    Unknown(reason='no error is known that the second reader could have found')
    """
    none = "no error is known that the second reader could have found"
    return _share(found, errors, confidence_level, none, unit="share of errors")


def miss_rate(
    missed: int, errors: int, *, confidence_level: float = 0.95, planted: bool = False
) -> Quantity:
    """Upper limit of the share of errors that a reader misses.

    Parameters
    ----------
    missed : in [0, errors]
        Of these errors, those that the reader did not call wrong.
    errors : >= 0
        Outputs known to be wrong without this reader's help, see `second_finds`.
    confidence_level : in (0, 1)
        Of the upper limit alone.
    planted
        Whether the errors were planted among the outputs, unknown to the reader.

    Returns
    -------
    Estimate or Unknown
        Unit: share of errors. Unknown where no error is known.

    Raises
    ------
    EstimateError
        If the counts contradict each other.

    Notes
    -----
    Clopper-Pearson. From planted errors the limit is proved, on the condition that natural errors are no harder to see
    than the planted ones. From errors that another reader found it is assumed: that no output is harder than another,
    or the two miss the same ones and neither shows it; and, where it is used for the other reader, that he misses no
    more than this one.

    References
    ----------
    .. [1] Clopper, Pearson (1934), see `assay.estimate.exact.clopper_pearson`.

    Examples
    --------
    >>> rate = miss_rate(2, 74)
    >>> round(rate.high, 3), rate.guarantee
    (0.083, 'assumed')
    """
    limits = clopper_pearson(missed, errors, confidence_level=confidence_level, alternative="less")
    if errors == 0:
        return Unknown("no error is known that a reader could have missed")
    whose = "planted errors" if planted else "errors that another reader found"
    return Estimate(
        value=missed / errors,
        low=0.0,
        high=limits.high,
        unit="share of errors",
        confidence_level=confidence_level,
        n=errors,
        method=f"Clopper-Pearson, upper limit, {whose}",
        guarantee="proved" if planted else "assumed",
    )


def corrected_total(total: Estimate, missed: Estimate, *, population: int) -> Estimate:
    """Errors in a log, from those that a reader found and a bound on the share that he misses.

    Parameters
    ----------
    total
        Errors that the reader would find and that are confirmed, as `total_errors` of confirmed labels. Let a1 be its
        chance to miss.
    missed
        As `miss_rate`: an upper limit below 1. Let a2 be its chance to miss.
    population : >= 0
        Traces in the log: the upper limit is no more.

    Returns
    -------
    Estimate
        Unit: errors. Its confidence level is ``1 - (a1 + 2 a2)``: ask for `total` and `missed` at levels that leave
        what you want.

    Raises
    ------
    EstimateError
        If `missed` was not measured (a level of 1 leaves no chance to miss).

    Notes
    -----
    High: the greatest M that, each error being found with probability ``1 - b``, leaves at most U found ones with
    a chance above a2; U and b are the upper limits of `total` and `missed`. It is ``U / (1 - b)`` and what chance adds:
    that quotient alone is right for the rate of an endless source, and covers a small log read in full 59 % of the time
    instead of 95 % (5 errors, b = 0.1). Low: that of `total`, an error that was found and confirmed being one.

    Assumes that each error is missed with the same probability, independently of the others. It fails if some outputs
    are harder than others and the miss rate comes from the easy ones; use `missed_errors` on a random second reading,
    which assumes nothing of the kind.

    References
    ----------
    .. [1] Tenenbein, "A double sampling scheme for estimating from binomial data with misclassifications", JASA 65
       (1970), doi:10.1080/01621459.1970.10481170 (the model; the limit here is a union bound).

    Examples
    --------
    >>> total = total_errors([StratumCount(10_000, 500, 20)], confidence_level=0.97)
    >>> more = corrected_total(total, miss_rate(2, 40, confidence_level=0.99), population=10_000)
    >>> total.high, more.high, round(more.confidence_level, 3)
    (617.0, 798.0, 0.95)
    """
    luck = 1 - missed.confidence_level
    if luck <= 0:
        raise EstimateError(f"the miss rate must have a level below 1, got {missed}")
    level = total.confidence_level - 2 * luck
    if level <= 0:
        raise EstimateError(
            f"levels {total.confidence_level} and {missed.confidence_level} leave no confidence"
        )
    seen = min(math.floor(total.high), population)
    high = population
    if missed.high < 1:
        high = _most_with_few_found(seen, 1 - missed.high, luck, population)
    low = min(total.low, float(population))
    point = total.value / (1 - missed.value) if missed.value < 1 else math.inf
    return Estimate(
        value=min(max(point, low), float(high)),
        low=low,
        high=float(high),
        unit="errors",
        confidence_level=round(level, 15),
        n=total.n,
        method=f"{total.method}; errors missed at one rate, independently: {missed.method}",
        guarantee=weakest("proved", total.guarantee, missed.guarantee),
    )


def false_alarm_rate(strata: Sequence[StratumCount], *, confidence_level: float = 0.95) -> Estimate:
    """Share of all traces that the first reader would call wrong and that are not: the floor of labels read once.

    Parameters
    ----------
    strata
        As in `total_errors`, where `errors` are the labels that said wrong and were refuted.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate
        Unit: errors/trace. Below its upper limit, labels read once can't tell errors from the reader's own mistakes.

    Raises
    ------
    TooFewLabels, EstimateError
        As `total_errors`.

    Notes
    -----
    `total_errors` of the refuted labels. Assumes that what is decided after the second reading is the truth.

    Examples
    --------
    >>> rate = false_alarm_rate([StratumCount(10_000, 500, 5)])
    >>> rate.value, rate.high
    (0.01, 0.0217)
    """
    total = total_errors(strata, confidence_level=confidence_level)
    size = sum(s.size for s in strata)
    return replace(
        total,
        value=total.value / size,
        low=total.low / size,
        high=total.high / size,
        unit="errors/trace",
        method=f"refuted by the second reading, {total.method}",
    )


def label_noise_floor(
    strata: Sequence[RereadStratum], *, confidence_level: float = 0.95
) -> Quantity:
    """Error rate below which labels say nothing, though every "wrong" was read twice: what the first reader missed.

    Parameters
    ----------
    strata
        As in `missed_errors`.
    confidence_level : in (0, 1)
        Of the upper limit alone.

    Returns
    -------
    Estimate or Unknown
        Unit: errors/trace. The floor is the upper limit: no upper limit of the error rate from these readings can be
        below it. The value is what was found missing.

    Raises
    ------
    EstimateError
        Without any trace.

    Notes
    -----
    `missed_errors` over the number of traces, with its assumptions. Mistakes that the readers share are below every
    floor that readers can measure.

    Examples
    --------
    >>> floor = label_noise_floor([RereadStratum(2000, 300, 290, 30, 0)])
    >>> floor.value, floor.high
    (0.0, 0.0945)
    """
    missed = missed_errors(strata, confidence_level=confidence_level)
    if isinstance(missed, Unknown):
        return missed
    size = sum(s.size for s in strata)
    return replace(
        missed,
        value=missed.value / size,
        low=missed.low / size,
        high=missed.high / size,
        unit="errors/trace",
    )


def _share(hits: int, n: int, confidence_level: float, none: str, *, unit: str) -> Quantity:
    limits = clopper_pearson(hits, n, confidence_level=confidence_level)
    if n == 0:
        return Unknown(none)
    return Estimate(
        value=hits / n,
        low=limits.low,
        high=limits.high,
        unit=unit,
        confidence_level=confidence_level,
        n=n,
        method="Clopper-Pearson",
        guarantee="proved",
    )


def _most_with_few_found(seen: int, finding: float, luck: float, population: int) -> int:
    """Return the greatest number of errors of which at most `seen` are found with a chance above `luck`."""

    def is_too_many(errors: int) -> bool:
        if errors <= seen:
            return False
        return float(special.betaincc(seen + 1, errors - seen, finding)) <= luck

    return least_whole(seen, population + 1, is_too_many) - 1
