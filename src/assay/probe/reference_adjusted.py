"""Exam scores adjusted for difficulty: what systems that are believed clean reach at the same ability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.estimate.reference_curve import (
    FEWEST_REFERENCES,
    AdjustedGap,
    ReferenceCurve,
    adjusted_gap,
    fit_curve,
)
from assay.quantity import Unknown

NOT_ADJUSTED = "not adjusted for difficulty"


@dataclass(frozen=True, slots=True)
class BothScores:
    """A system's score on what difficulty is read from (a twin exam, use), and on the exam."""

    known: float
    exam: float


@dataclass(frozen=True, slots=True)
class Adjustment:
    """The curve through the references, or why there is none.

    Parameters
    ----------
    references
        Name -> both scores.
    curve
        None with fewer than five references.
    """

    references: Mapping[str, BothScores]
    curve: ReferenceCurve | None

    def gap(self, one: BothScores | None, *, confidence_level: float) -> AdjustedGap | Unknown:
        """Return a system's gap after adjustment, or the words that there is no adjustment."""
        if one is None:
            return Unknown(f"{NOT_ADJUSTED}: the system itself has only one of the two scores")
        if self.curve is None:
            there = len(self.references)
            return Unknown(
                f"{NOT_ADJUSTED}: {there} clean reference system{'s have' if there != 1 else ' has'} both scores, "
                f"{FEWEST_REFERENCES} are needed"
            )
        return adjusted_gap(self.curve, one.known, one.exam, confidence_level=confidence_level)


def adjustment_by(references: Mapping[str, BothScores]) -> Adjustment:
    """Return the curve through reference systems.

    Parameters
    ----------
    references
        Systems that are believed not to know the exam: whoever names them vouches for it.
    """
    if len(references) < FEWEST_REFERENCES:
        return Adjustment(references, None)
    pairs = list(references.values())
    known = np.array([one.known for one in pairs])
    exam = np.array([one.exam for one in pairs])
    return Adjustment(references, fit_curve(known, exam))
