"""Errors that the first reader missed, bounded by a second reading of a random share of what he called right.

A sample in two phases: outputs are drawn and read once, then some of those called right are drawn again and read by
somebody else. Nothing is assumed of how readers err, alone or together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assay.errors import EstimateError
from assay.estimate.exact import hypergeometric_errors
from assay.estimate.interval import Alternative, tails
from assay.estimate.stratified import StratumCount, total_errors
from assay.quantity import Estimate, Quantity, Unknown, weakest

MISSED_SHARE = 0.75
"""Share of the upper limit's chance to miss that goes to the errors the first reader missed. They rule its width: few
outputs are read again, and each stands for many. Fixed beforehand, so that nobody can choose it by what was found."""

CALLED_RIGHT_SHARE = 0.05
"""Share of the chance to miss the missed errors that goes to the number of outputs they are looked for among. It costs
2 % of width, and in a stratum that is mostly called wrong it saves half and more."""


@dataclass(frozen=True, slots=True)
class RereadStratum:
    """What the second reading found in one stratum among the outputs that the first reader called right.

    Parameters
    ----------
    size : >= 0
        Traces in the stratum.
    labeled : in [0, size]
        Drawn from it at random and read once.
    right : in [0, labeled]
        Of these, called right.
    reread : in [0, right]
        Of these, drawn at random and read again.
    missed : >= 0
        Of these, decided to be wrong.
    unsure : >= 0, missed + unsure <= reread
        Of these, not decided yet.
    name
        For messages.

    Raises
    ------
    EstimateError
        If the counts contradict each other.
    """

    size: int
    labeled: int
    right: int
    reread: int
    missed: int
    unsure: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        if min(self.missed, self.unsure) < 0 or not (
            self.missed + self.unsure <= self.reread <= self.right <= self.labeled <= self.size
        ):
            raise EstimateError(f"counts of a second reading contradict each other: {self}")

    def as_sample(self, miss: float) -> StratumCount:
        """Return the reread outputs as a sample of all that the first reader would call right.

        How many those are in the whole stratum is not known. The more there are, the higher the limit of the errors
        among them, so it is their own upper limit that is taken, which is too low with probability `miss` at most.
        """
        most = hypergeometric_errors(
            self.right, self.labeled, self.size, confidence_level=1 - miss, alternative="less"
        )
        return StratumCount(int(most.high), self.reread, self.missed, self.unsure, self.name)

    @property
    def point(self) -> float:
        """Missed errors in the stratum, estimated: each one found stands for size / labeled x right / reread."""
        if not self.reread:
            return 0.0
        weight = self.size / self.labeled * self.right / self.reread
        return weight * (self.missed + self.unsure / 2)


def found_errors(
    estimate: Callable[[float, Alternative], Estimate],
    *,
    confidence_level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Estimate:
    """Errors that the first reader would find, with room in the upper limit for those he misses.

    Parameters
    ----------
    estimate
        The estimate at a confidence level, on one side or both: `total_errors` or `domain_errors` of the labels with
        the verdicts that the second reading decided, where what the first reader called right counts as no error.
    confidence_level : in (0, 1)
        Of the sum that `with_missed` makes.
    alternative
        Which limits are claimed, see `assay.estimate.interval.Alternative`.

    Returns
    -------
    Estimate
        The lower limit has its whole chance to miss, for missed errors only add; the upper one has
        ``1 - MISSED_SHARE`` of it.

    Raises
    ------
    TooFewLabels, EstimateError
        As `estimate`.

    Examples
    --------
    >>> strata = [StratumCount(2000, 300, 0)]
    >>> found_errors(lambda c, a: total_errors(strata, confidence_level=c, alternative=a)).high
    30.0
    """
    plain = estimate(confidence_level, alternative)
    miss = tails(confidence_level, alternative).high
    if miss is None or plain.guarantee == "exact":
        return plain
    upper = estimate(1 - miss * (1 - MISSED_SHARE), "less")
    return replace(plain, high=max(upper.high, plain.value))


def missed_errors(
    strata: Sequence[RereadStratum], *, confidence_level: float = 0.95, limit: int | None = None
) -> Quantity:
    """Errors in a log that the first reader would call right: an upper limit, from a random second reading.

    Parameters
    ----------
    strata
        They part the log.
    confidence_level : in (0, 1)
        Of the upper limit alone. As a part of `with_missed` it is `missed_level`.
    limit : >= 0
        The most there can be, as the size of a domain that `missed` and `unsure` are counted in.

    Returns
    -------
    Estimate or Unknown
        Unit: errors. Unknown where nothing that was called right was read again.

    Raises
    ------
    EstimateError
        Without any trace.

    Notes
    -----
    What a reader says of an output is taken as a property of it, fixed before the draw. The outputs read again are
    then a simple random sample of those he would call right, in each stratum, and `total_errors` of that sample bounds
    the errors among them. Their number is not known: its upper limit is taken, which has CALLED_RIGHT_SHARE of the
    chance to miss, divided among the strata. Low: those found. The point weighs each found one by
    ``size / labeled x right / reread``.

    It assumes nothing of how readers err, alone or together; only that what is decided after the second reading is the
    truth. It fails where both readers, or the one who decides, miss the same error: that is seen nowhere. With nothing
    found in m outputs read again it is never below about ``-ln(1 - confidence_level) / m`` of the log: 3.05 / m.

    References
    ----------
    .. [1] Cochran, "Sampling Techniques", 3rd ed., chapter 12 (two-phase sampling).

    Examples
    --------
    >>> missed = missed_errors([RereadStratum(2000, 300, 290, 30, 0)])
    >>> missed.value, missed.high
    (0.0, 189.0)
    """
    if any(s.right for s in strata) and not any(s.reread for s in strata):
        return Unknown(
            "no output that was called right was read again: what the first reader missed is not known"
        )
    miss = tails(confidence_level, "less").high
    assert miss is not None
    samples = [s.as_sample(miss * CALLED_RIGHT_SHARE / len(strata)) for s in strata]
    if not any(s.size for s in samples):
        return Estimate(0.0, 0.0, 0.0, "errors", 1.0, 0, "nothing was called right", "exact")
    if not any(s.labeled for s in samples):
        most = float(sum(s.size for s in samples))
        most = most if limit is None else min(most, float(limit))
        words = f"none of {sum(s.labeled for s in strata):,} was called right"
        return Estimate(0.0, 0.0, most, "errors", confidence_level, 0, words, "proved")
    upper = total_errors(
        samples, confidence_level=1 - miss * (1 - CALLED_RIGHT_SHARE), alternative="less"
    )
    most = upper.high if limit is None else min(upper.high, float(limit))
    low = min(float(sum(s.missed for s in strata)), most)
    return replace(
        upper,
        value=min(max(sum(s.point for s in strata), low), most),
        low=low,
        high=most,
        confidence_level=confidence_level if upper.guarantee != "exact" else 1.0,
        method=f"second reading of {upper.n:,} called right, {upper.method}",
    )


def missed_level(confidence_level: float, alternative: Alternative = "two-sided") -> float:
    """Return the level of `missed_errors` that, with `found_errors`, makes one interval of this level.

    Examples
    --------
    >>> missed_level(0.95)
    0.98125
    """
    miss = tails(confidence_level, alternative).high
    # Where no upper limit is claimed any level will do: the limit is not used.
    return 0.95 if miss is None else round(1 - miss * MISSED_SHARE, 15)


def with_missed(found: Estimate, missed: Estimate, *, population: int) -> Estimate:
    """Errors in a log: those that the first reader would find, and those he misses.

    Parameters
    ----------
    found
        As `found_errors`.
    missed
        As `missed_errors` at `missed_level` of the same level and alternative.
    population : >= 0
        Traces in the log, or in the domain.

    Returns
    -------
    Estimate
        Unit: errors. The limits of both added, at the level of `found`.

    Notes
    -----
    Boole's inequality: each upper limit has its share of the chance to miss, so their sum has no more than the whole,
    whatever the dependence between the two. No stronger than the weaker of the two guarantees.

    Examples
    --------
    >>> strata = [StratumCount(2000, 300, 0)]
    >>> found = found_errors(lambda c, a: total_errors(strata, confidence_level=c, alternative=a))
    >>> missed = missed_errors([RereadStratum(2000, 300, 300, 300, 0)], confidence_level=missed_level(0.95))
    >>> with_missed(found, missed, population=2000).high
    54.0
    """
    cap = float(population)
    exact = found.guarantee == missed.guarantee == "exact"
    return replace(
        found,
        value=min(found.value + missed.value, cap),
        low=min(found.low + missed.low, cap),
        high=min(found.high + missed.high, cap),
        confidence_level=found.confidence_level
        if exact or found.confidence_level < 1
        else missed.confidence_level,
        method=f"{found.method}; and missed errors: {missed.method}",
        guarantee=weakest(found.guarantee, missed.guarantee),
    )
