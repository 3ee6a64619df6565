"""The detector's own precision, class by class: what it calls so, what people have read of it, and what is real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.estimate.detector_precision import ReadSample, confirmed_count, precision
from assay.figures import interval
from assay.probe.knows_kinds import FLAGGED, Kind
from assay.quantity import Quantity, Unknown

GOOD_ENOUGH = 0.9
"""Below this precision the count of what is flagged is called an overstatement, in words."""


@dataclass(frozen=True, slots=True)
class ClassPrecision:
    """One class of wrong answers, as the detector counts it and as people have read it.

    Parameters
    ----------
    kind
        The class.
    sample
        How many are called so, and what people say of those drawn.
    precision
        Share of these that are what the detector says; Unknown until some are read.
    real
        These, counted: what is flagged, corrected.
    """

    kind: Kind
    sample: ReadSample
    precision: Quantity
    real: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "kind": self.kind.value,
            "flagged": self.sample.flagged,
            "read": self.sample.read,
            "confirmed": self.sample.confirmed,
            "unsure": self.sample.unsure,
            "precision": self.precision.to_json(),
            "real": self.real.to_json(),
        }


def class_precisions(
    flagged: Mapping[Kind, int],
    samples: Mapping[Kind, ReadSample],
    *,
    confidence_level: float = 0.95,
) -> tuple[ClassPrecision, ...]:
    """Return the precision of each class that a person can confirm.

    Parameters
    ----------
    flagged
        How many answers are of a class.
    samples
        What people say of those drawn; a class that is missing was not read.
    confidence_level : in (0, 1)
        Of each interval by itself: with three classes, all of them hold together less often.

    Returns
    -------
    tuple of ClassPrecision
        One for each of `FLAGGED`, in this order.
    """
    rows = []
    for kind in FLAGGED:
        sample = samples.get(kind) or ReadSample(flagged.get(kind, 0), 0, 0)
        rows.append(
            ClassPrecision(
                kind,
                sample,
                precision(sample, confidence_level=confidence_level),
                confirmed_count(sample, confidence_level=confidence_level),
            )
        )
    return tuple(rows)


def warnings(classes: Sequence[ClassPrecision]) -> list[str]:
    """Say plainly of each class that was read where its count overstates what is real.

    Examples
    --------
    >>> warnings(class_precisions({Kind.SLIP: 10}, {Kind.SLIP: ReadSample(10, 10, 3)}))
    ['the detector is wrong in most of what it calls a slip here: 10 are flagged, 3 are real']
    """
    lines = []
    for one in classes:
        if isinstance(one.precision, Unknown) or isinstance(one.real, Unknown):
            continue
        if one.precision.value >= GOOD_ENOUGH:
            continue
        how = (
            f"is wrong in most of what it calls a {one.kind.value} here"
            if one.precision.value < 0.5
            else f"calls too many answers a {one.kind.value}"
        )
        lines.append(
            f"the detector {how}: {one.sample.flagged:,} are flagged, {interval(one.real)} are real"
        )
    return lines
