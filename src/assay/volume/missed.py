"""Errors that the first reader missed, in every number that rests on labels read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assay.estimate import Alternative, total_errors
from assay.estimate.planning import ceiling_sigma
from assay.estimate.rereading import found_errors, missed_errors, missed_level, with_missed
from assay.quantity import Estimate, Unknown
from assay.volume.evidence import LabeledTrace, SampleEvidence


def at_level(
    sample: SampleEvidence,
    estimate: Callable[[float, Alternative], Estimate],
    confidence_level: float,
    alternative: Alternative,
) -> Estimate:
    """Return an estimate of the errors found, its upper limit with room for those missed where they are bounded."""
    if sample.reading is None or not sample.reading.bounds_missed:
        return estimate(confidence_level, alternative)
    return found_errors(estimate, confidence_level=confidence_level, alternative=alternative)


def add_missed(
    sample: SampleEvidence,
    found: Estimate,
    confidence_level: float,
    alternative: Alternative,
    *,
    size: int,
    inside: Callable[[LabeledTrace], bool] | None = None,
) -> Estimate:
    """Return the errors found and those missed, in the window or in a part of it.

    Parameters
    ----------
    sample
        The labels.
    found
        As `at_level` gives it, at all looks.
    confidence_level, alternative
        Those of the sum.
    size
        Outputs in the window or the part.
    inside
        Which labels lie in the part; None: all.
    """
    reading = sample.reading
    if reading is None or not reading.bounds_missed:
        return found
    strata = list(reading.strata)
    if inside is not None:
        # An undecided output may be an error in the part, wherever it lies.
        strata = [
            replace(
                stratum,
                missed=sum(
                    trace.missed == 1 and inside(trace)
                    for trace in sample.labeled
                    if trace.stratum == index
                ),
            )
            for index, stratum in enumerate(strata)
        ]
    level = missed_level(sample.look.level(confidence_level), alternative)
    missed = missed_errors(strata, confidence_level=level, limit=size)
    if isinstance(missed, Unknown):
        return replace(found, high=float(size))
    both = with_missed(found, missed, population=size)
    return both if both.guarantee == "exact" else replace(both, confidence_level=confidence_level)


def only_stratum(sample: SampleEvidence, index: int) -> SampleEvidence:
    """Return what the labels and the second reading say of one stratum of a draw."""
    if sample.reading is None:
        return sample
    alone = replace(sample.reading, strata=(sample.reading.strata[index],))
    return replace(sample, reading=alone)


def ceiling_with_missed(sample: SampleEvidence, confidence_level: float) -> Estimate:
    """Return the highest sigma that labels read twice could have shown, had no error been found and none missed."""
    reading = sample.reading
    assert reading is not None
    level = sample.look.level(confidence_level)
    clean = [replace(stratum, errors=0, unsure=0) for stratum in sample.strata]
    right = [replace(stratum, missed=0, unsure=0) for stratum in reading.strata]
    size = sum(stratum.size for stratum in clean)
    found = found_errors(
        lambda at, side: total_errors(clean, confidence_level=at, alternative=side),
        confidence_level=level,
        alternative="less",
    )
    missed = missed_errors(right, confidence_level=missed_level(level, "less"))
    high = float(size) if isinstance(missed, Unknown) else min(found.high + missed.high, size)
    ceiling = ceiling_sigma(replace(found, high=high), size, level)
    method = f"upper limit had no error been found or missed, {found.method}, read again"
    return replace(ceiling, confidence_level=confidence_level, method=method)
