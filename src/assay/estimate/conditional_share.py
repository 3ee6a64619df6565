"""The share that says yes among those that count, where some may not count, and some did not say: bounded both ways.

It is for shares like "thumbs up, of the wrong outputs": who gives a thumb is self-selected, so what the silent ones
would have said is bounded, never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.interval import Interval
from assay.estimate.product import each_level
from assay.estimate.stratified import StratumCount, total_errors
from assay.quantity import Estimate, Guarantee, Quantity, Unknown, weakest

NOTHING = "there is none among those whose verdict is known"


@dataclass(frozen=True, slots=True)
class StratumAnswers:
    """What the labeled traces of one stratum came to.

    Parameters
    ----------
    size : >= 0
        Traces in the stratum.
    labeled : in [0, size]
        Drawn from it at random.
    yes, no : >= 0
        Count, and say so.
    either : >= 0
        Count, and may say either: nothing was said, or two things.
    maybe_yes, maybe_no, maybe_either : >= 0
        Of which nobody knows whether they count: the label is unsure.

    Raises
    ------
    EstimateError
        If the counts contradict each other.
    """

    size: int
    labeled: int
    yes: int
    no: int
    either: int = 0
    maybe_yes: int = 0
    maybe_no: int = 0
    maybe_either: int = 0

    def __post_init__(self) -> None:
        counts = (
            self.yes, self.no, self.either, self.maybe_yes, self.maybe_no, self.maybe_either
        )  # fmt: skip
        if min(counts) < 0 or sum(counts) > self.labeled or self.labeled > self.size:
            raise EstimateError(
                f"counts must be among the labels, and those in the stratum: {self}"
            )

    @property
    def fewest(self) -> tuple[int, int]:
        """Return yes and no where the share is least."""
        return self.yes, self.no + self.either + self.maybe_no + self.maybe_either

    @property
    def most(self) -> tuple[int, int]:
        """Return yes and no where the share is greatest."""
        return self.yes + self.either + self.maybe_yes + self.maybe_either, self.no


def conditional_share(
    strata: Sequence[StratumAnswers], *, unit: str, confidence_level: float = 0.95
) -> Quantity:
    """Share of yes among the traces that count, in all strata together.

    Parameters
    ----------
    strata
        They part the log; labels are simple random samples of them.
    unit
        What is counted per what.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        The point is of those that count and say yes or no. `n` counts them. `Unknown` where there is none.

    Notes
    -----
    One stratum: given how many labels count, those that say yes are hypergeometric, and Clopper-Pearson's limits hold
    [1]_. Several: with A the total that says yes and B that says no, each with limits at the level that two need
    (`assay.estimate.stratified.total_errors`), ``[A.low / (A.low + B.high), A.high / (A.high + B.low)]``. Both limits
    are taken at the worse end of what is open: the lower one with every open trace a no, the upper one with every one a
    yes. It fails where labels were picked by hand, and the bounds are wide where few have said anything.

    References
    ----------
    .. [1] Manski, "Nonparametric bounds on treatment effects", American Economic Review 80 (1990): bounds for what is
       missing, without a guess.

    Examples
    --------
    >>> given = conditional_share([StratumAnswers(1000, 200, yes=12, no=8)], unit="up/wrong output")
    >>> given.value, round(given.low, 2), round(given.high, 2)
    (0.6, 0.36, 0.81)
    >>> of_all = conditional_share([StratumAnswers(1000, 200, 12, 8, either=20)], unit="up/wrong output")
    >>> round(of_all.low, 2), round(of_all.high, 2)
    (0.17, 0.91)
    """
    strata = [one for one in strata if one.size > 0]
    said = sum(one.yes + one.no for one in strata)
    if said == 0:
        return Unknown(NOTHING)
    if len(strata) == 1:
        guarantee: Guarantee = "proved"
        limits = _one(strata[0], confidence_level)
        method = "binomial (Clopper-Pearson)"
        if strata[0].labeled == strata[0].size:
            method += ", what is here read as a sample of what will come"
        value = strata[0].yes / said
    else:
        limits, guarantee = _several(strata, confidence_level)
        method = "totals of strata, both limits together"
        value = _weighted(strata)
    opened = sum(one.either for one in strata)
    if opened:
        method += f"; {opened:,} that said nothing, or two things, bounded both ways"
    return Estimate(
        min(max(value, limits.low), limits.high), limits.low, limits.high, unit, confidence_level, said, method,
        guarantee,
    )  # fmt: skip


def _one(stratum: StratumAnswers, level: float) -> Interval:
    (few, rest), (many, others) = stratum.fewest, stratum.most
    low = clopper_pearson(few, few + rest, confidence_level=level).low
    high = clopper_pearson(many, many + others, confidence_level=level).high
    return Interval(low, high)


def _several(strata: Sequence[StratumAnswers], level: float) -> tuple[Interval, Guarantee]:
    low_yes, low_no = (_total(strata, [one.fewest[k] for one in strata], level) for k in (0, 1))
    high_yes, high_no = (_total(strata, [one.most[k] for one in strata], level) for k in (0, 1))
    low = low_yes.low / (low_yes.low + low_no.high) if low_yes.low > 0 else 0.0
    high = high_yes.high / (high_yes.high + high_no.low) if high_no.low > 0 else 1.0
    totals = (low_yes, low_no, high_yes, high_no)
    return Interval(low, high), weakest(*(total.guarantee for total in totals))


def _total(strata: Sequence[StratumAnswers], counted: Sequence[int], level: float) -> Estimate:
    counts = [
        StratumCount(one.size, one.labeled, count)
        for one, count in zip(strata, counted, strict=True)
    ]
    return total_errors(counts, confidence_level=each_level(level))


def _weighted(strata: Sequence[StratumAnswers]) -> float:
    """Return the share with each label weighted by what it stands for."""
    yes = sum(one.yes * one.size / one.labeled for one in strata if one.labeled)
    no = sum(one.no * one.size / one.labeled for one in strata if one.labeled)
    return yes / (yes + no)


def difference_of_shares(a: Quantity, b: Quantity, *, unit: str) -> Quantity:
    """Return a less b for two shares, whatever made their intervals.

    Parameters
    ----------
    a, b
        To hold at 95 % together, make each at 97.5 %.
    unit

    Returns
    -------
    Estimate or Unknown
        ``[a.low - b.high, a.high - b.low]``: holds whenever both intervals do.

    Examples
    --------
    >>> up = Estimate(0.6, 0.4, 0.8, "share", 0.975, 20, "m")
    >>> less = difference_of_shares(up, Estimate(0.9, 0.85, 0.95, "share", 0.975, 90, "m"), unit="share")
    >>> round(less.value, 2), round(less.low, 2), round(less.high, 2), less.confidence_level
    (-0.3, -0.55, -0.05, 0.95)
    """
    for one in (a, b):
        if isinstance(one, Unknown):
            return one
    assert isinstance(a, Estimate)
    assert isinstance(b, Estimate)
    level = round(a.confidence_level + b.confidence_level - 1, 12)
    if level <= 0:
        raise EstimateError(
            f"confidence levels {a.confidence_level} and {b.confidence_level} leave nothing to claim"
        )
    return Estimate(
        a.value - b.value, a.low - b.high, a.high - b.low, unit, level, a.n + b.n,
        "difference of two shares, both limits together",
        weakest(a.guarantee, b.guarantee),
    )  # fmt: skip
