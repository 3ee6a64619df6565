"""How a judge errs: sensitivity, specificity and their kin, from labels of any stratified draw or from a count.

A judge flags an output (says wrong) or lets it pass. The labels say which it should have done. They were drawn with
known chances, often by this very judge's score, so the raw labeled rows show far more flagged outputs than there are:
every figure here goes by the design and never by the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from assay.estimate.interval import missing_chance
from assay.estimate.judged_strata import JudgedStratum, JudgeErrors, binomial_share
from assay.estimate.melded_share import melded_share
from assay.estimate.stratified import StratumCount, domain_errors, total_errors
from assay.quantity import Estimate, Guarantee, Quantity, Unknown, exact, weakest

_SPARSE = 0.5
"""Up to that share of the outputs labeled, the exact binomial of the wrong ones is the narrower; beyond, the counts."""


def judge_errors(strata: Sequence[JudgedStratum], *, confidence_level: float = 0.95) -> JudgeErrors:
    """Return how a judge errs, from labels drawn at random in each stratum, or of everything.

    Parameters
    ----------
    strata
        They part the outputs that the judge has spoken on. The draw may have been made by this judge's score, by
        another's, or by none; strata may straddle the judge's threshold.
    confidence_level : in (0, 1)
        Of each figure by itself.

    Returns
    -------
    JudgeErrors
        Where every output is labeled the figures are counts, without sampling error. `Unknown` where a figure would be
        0 / 0: no error found, nothing flagged, no label.

    Notes
    -----
    With A and B the errors among the flagged and among the others, F and U the numbers of these outputs, the
    sensitivity is A / (A + B) and the specificity (U - B) / (U - B + F - A). Both rise with A and fall with B, so
    limits that hold for A and B at once, at half the chance to miss each, give limits that hold (Bonferroni); a count
    that is certain needs no share. A and B come from `assay.estimate.total_errors` over the parts of the strata: given
    how many labels fell on each side, these are random samples of the sides. Where a side of a stratum has no label
    `assay.estimate.domain_errors` takes the stratum as a whole; both follow from the design alone.

    From one stratum with at most half of it labeled: given the number of wrong labels, those flagged are a random
    sample of all the errors, so exact binomial limits hold for the sensitivity (and likewise for the specificity).
    Drawn without replacement that is conservative; enumerated. From several strata, with labels on each side of each
    and neither side read in full, both come from `assay.estimate.melded_share`: a third narrower, and simulated.

    A label is taken as the truth. Labels that err pull both figures towards those of a coin, and nothing here corrects
    it. Unsure labels are bounded both ways.

    References
    ----------
    .. [1] Cochran, "Sampling Techniques", 3rd ed., section 5A.14 (domains), 5A.9 (strata after selection).
    .. [2] Clopper, Pearson (1934), see `assay.estimate.clopper_pearson`.

    Examples
    --------
    >>> none = StratumCount(0, 0, 0)
    >>> flagged = JudgedStratum(StratumCount(77, 77, 20), none)
    >>> unflagged = JudgedStratum(none, StratumCount(1242, 160, 4))
    >>> found = judge_errors([flagged, unflagged])
    >>> round(found.sensitivity.value, 2), round(found.naive_rate.value, 4)
    (0.39, 0.0584)
    """
    miss = missing_chance(confidence_level)
    used = [stratum for stratum in strata if stratum.whole.size > 0]
    if sum(stratum.whole.labeled for stratum in used) == 0:
        none = Unknown("no label: nothing is known of this judge's errors")
        return JudgeErrors(none, none, none, none, _naive(used) or none, none)
    sides = _Sides.of(used)
    shares = 1 if sides.flagged.is_counted or sides.unflagged.is_counted else 2
    # Rounding keeps the levels, and with them the cached limits, those of the tables.
    level = round(1 - miss / shares, 15)
    caught, missed = sides.flagged.total(level), sides.unflagged.total(level)
    sensitivity = _share(caught, missed, confidence_level, "no error was found")
    specificity = _share(
        _rest(missed, sides.unflagged.size),
        _rest(caught, sides.flagged.size),
        confidence_level,
        "no right output was found",
    )
    if len(used) == 1 and used[0].whole.labeled <= _SPARSE * used[0].whole.size:
        sensitivity = _given_labels(sensitivity, used[0], confidence_level, of_wrong=True)
        specificity = _given_labels(specificity, used[0], confidence_level, of_wrong=False)
    elif shares == 2 and sides.is_labeled:
        flags, passes = sides.flagged.parts, sides.unflagged.parts
        sensitivity = _melded(sensitivity, flags, passes, confidence_level)
        rights = [[_right(part) for part in parts] for parts in (passes, flags)]
        specificity = _melded(specificity, rights[0], rights[1], confidence_level)
    return JudgeErrors(
        sensitivity=sensitivity,
        specificity=specificity,
        precision=sides.flagged.rate(confidence_level, "no output is flagged"),
        false_omission_rate=sides.unflagged.rate(confidence_level, "every output is flagged"),
        naive_rate=_naive(used) or Unknown("the judge has spoken on no output"),
        error_rate=_error_rate(used, confidence_level),
    )


def flagged_error_rate(
    strata: Sequence[JudgedStratum], *, confidence_level: float = 0.95
) -> Quantity:
    """Return the error rate among the flagged outputs alone: the precision, or any other part of a log in that place.

    Parameters
    ----------
    strata, confidence_level
        As in `judge_errors`.

    Returns
    -------
    Estimate or Unknown
        Unit: errors/output. `Unknown` where the part is empty, or holds no label.

    Examples
    --------
    >>> part = JudgedStratum(StratumCount(200, 50, 5), StratumCount(1000, 250, 3))
    >>> rate = flagged_error_rate([part])
    >>> rate.value, rate.low > 0.03, rate.guarantee
    (0.1, True, 'proved')
    """
    used = [stratum for stratum in strata if stratum.whole.size > 0]
    return _Sides.of(used).flagged.rate(confidence_level, "no output is flagged")


@dataclass(frozen=True, slots=True)
class _Side:
    """The outputs that the judge flags, or those that it lets pass, over all strata."""

    parts: tuple[StratumCount, ...]
    wholes: tuple[StratumCount, ...]

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    @property
    def is_counted(self) -> bool:
        """Whether every output of this side is labeled: a matter of the design alone."""
        return all(part.labeled == part.size for part in self.parts)

    def total(self, confidence_level: float) -> Estimate:
        """Return the errors on this side."""
        met = [(p, w) for p, w in zip(self.parts, self.wholes, strict=True) if p.size > 0]
        if not met:
            return exact(0.0, "errors", n=0, method="there is no such output")
        if all(part.labeled > 0 for part, _ in met):
            return total_errors([part for part, _ in met], confidence_level=confidence_level)
        if all(whole.labeled == 0 for _, whole in met):
            high = float(self.size)
            return Estimate(0.0, 0.0, high, "errors", 1.0, 0, "no label", "proved")
        return domain_errors(
            [whole for _, whole in met],
            [part.errors for part, _ in met],
            domain_size=self.size,
            confidence_level=confidence_level,
        )

    def rate(self, confidence_level: float, empty: str) -> Quantity:
        if self.size == 0:
            return Unknown(empty)
        if all(part.labeled == 0 for part in self.parts):
            return Unknown(f"none of these {self.size:,} outputs is labeled")
        return _per(self.total(confidence_level), self.size)


class _Sides(NamedTuple):
    flagged: _Side
    unflagged: _Side

    @property
    def is_labeled(self) -> bool:
        """Whether every part with outputs has a label."""
        parts = (*self.flagged.parts, *self.unflagged.parts)
        return all(part.labeled > 0 for part in parts if part.size > 0)

    @classmethod
    def of(cls, strata: Sequence[JudgedStratum]) -> _Sides:
        wholes = tuple(s.whole for s in strata)
        return cls(
            _Side(tuple(s.flagged for s in strata), wholes),
            _Side(tuple(s.unflagged for s in strata), wholes),
        )


def _naive(strata: Sequence[JudgedStratum]) -> Estimate | None:
    size = sum(s.whole.size for s in strata)
    if size == 0:
        return None
    flagged = sum(s.flagged.size for s in strata)
    return exact(flagged / size, "flags/output", n=size, method="count of flags")


def _error_rate(strata: Sequence[JudgedStratum], confidence_level: float) -> Estimate:
    wholes = [s.whole for s in strata]
    total = total_errors(wholes, confidence_level=confidence_level)
    return _per(total, sum(w.size for w in wholes))


def _per(total: Estimate, size: int) -> Estimate:
    return replace(
        total,
        value=total.value / size,
        low=total.low / size,
        high=total.high / size,
        unit="errors/output",
    )


def _rest(errors: Estimate, size: int) -> Estimate:
    """Return the right outputs of a side: what is not an error."""
    return replace(
        errors, value=size - errors.value, low=size - errors.high, high=size - errors.low
    )


def _share(part: Estimate, other: Estimate, confidence_level: float, empty: str) -> Quantity:
    """Return part / (part + other), which rises with the one and falls with the other."""
    if part.value + other.value == 0:
        labels = part.n + other.n
        return Unknown(f"{empty} in {labels:,} labels: the judge shows nothing of this yet")
    low = part.low / (part.low + other.high) if part.low > 0 else 0.0
    high = part.high / (part.high + other.low) if part.high > 0 else 0.0
    value = part.value / (part.value + other.value)
    is_exact = low == high
    guarantee: Guarantee = weakest(part.guarantee, other.guarantee)
    return Estimate(
        value=min(max(value, low), high),
        low=low,
        high=high,
        unit="share",
        confidence_level=1.0 if is_exact else confidence_level,
        n=part.n + other.n,
        method=_method(part, other),
        guarantee="exact" if is_exact else ("proved" if guarantee == "exact" else guarantee),
    )


def _method(part: Estimate, other: Estimate) -> str:
    methods = dict.fromkeys((part.method, other.method))
    if list(methods) == ["count of all"]:
        return "count of all"
    return f"simultaneous limits of the errors flagged and not flagged ({'; '.join(methods)})"


def _right(part: StratumCount) -> StratumCount:
    """Return the same labels with right ones counted in the place of wrong ones."""
    return replace(part, errors=part.labeled - part.errors - part.unsure)


def _melded(
    found: Quantity,
    inside: Sequence[StratumCount],
    outside: Sequence[StratumCount],
    confidence_level: float,
) -> Quantity:
    if isinstance(found, Unknown):
        return found
    low, high = melded_share(inside, outside, confidence_level=confidence_level)
    parts = sum(part.size > 0 for part in (*inside, *outside))
    return replace(
        found,
        value=min(max(found.value, low), high),
        low=low,
        high=high,
        method=f"melded exact limits of {parts} parts of strata, flagged and not",
        guarantee="simulated",
    )


def _given_labels(
    found: Quantity, stratum: JudgedStratum, confidence_level: float, *, of_wrong: bool
) -> Quantity:
    """Return exact binomial limits, given how many labels are wrong (or right)."""
    if isinstance(found, Unknown):
        return found
    a, b = stratum.flagged, stratum.unflagged
    hit, other = (a, b) if of_wrong else (b, a)
    counts = [
        (s.errors if of_wrong else s.labeled - s.errors - s.unsure, s.unsure) for s in (hit, other)
    ]
    (hits, hits_unsure), (rest, rest_unsure) = counts
    sampled = binomial_share(
        hits, hits + hits_unsure, (hits + rest + rest_unsure, hits + hits_unsure + rest),
        confidence_level,
    )  # fmt: skip
    method = f"binomial (exact) given the {'wrong' if of_wrong else 'right'} labels, one stratum"
    return replace(
        sampled,
        value=min(max(found.value, sampled.low), sampled.high),
        method=method,
        guarantee="enumerated",
    )
