"""Whether a judge's flag goes by what should not matter: how long an answer is, and who wrote it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.estimate import JudgeErrors, Share, share_difference
from assay.judge.calibration_drift import errors_within
from assay.judge.calibration_evidence import CalibrationEvidence, CalibrationQuestion
from assay.judge.calibration_outputs import UNSURE, JudgedOutputs, Mask
from assay.quantity import Estimate, Quantity, Unknown, weakest


@dataclass(frozen=True, slots=True)
class LengthBias:
    """Flag rate of long outputs less that of short ones, given what they are.

    Parameters
    ----------
    median_characters
        Long is longer than that.
    among_wrong, among_right
        In [-1, 1]; an unbiased judge has 0 in both.
    """

    median_characters: int
    among_wrong: Quantity
    among_right: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "median_characters": self.median_characters,
            "among_wrong": self.among_wrong.to_json(),
            "among_right": self.among_right.to_json(),
        }


@dataclass(frozen=True, slots=True)
class SystemErrors:
    """How the judge errs on one system."""

    system: str
    outputs: int
    errors: JudgeErrors

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {"system": self.system, "outputs": self.outputs, **self.errors.to_json()}


def length_bias(evidence: CalibrationEvidence, question: CalibrationQuestion) -> LengthBias:
    """Return whether long outputs are flagged more (or less) often than short ones that are as wrong, or as right.

    Notes
    -----
    The halves are those of all scored outputs, cut at the median length. Where the labels of either half are a simple
    random sample (a uniform draw, or a census read as tasks) the difference has melded exact limits, see
    `assay.estimate.two_shares.share_difference`. From a stratified draw it is that of two rates at half the chance to
    miss each (Bonferroni). A difference may have a cause beside length: long answers are those to hard questions.
    """
    outputs = evidence.outputs
    scored = outputs.scored
    lengths = outputs.length[scored]
    median = int(np.median(lengths)) if lengths.size else 0
    long = scored & (outputs.length > median)
    short = scored & ~long
    if not long.any():
        none = Unknown("all outputs are equally long")
        return LengthBias(median, none, none)
    unsure = bool((outputs.wrong[scored] == UNSURE).any())
    if np.unique(outputs.stratum[scored]).size == 1 and not unsure:
        among = [_from_labels(outputs, question, long, short, wrong=wrong) for wrong in (1, 0)]
        return LengthBias(median, among[0], among[1])
    level = 1 - (1 - question.confidence_level) / 2
    of_long, of_short = (
        errors_within(evidence, question, half, confidence_level=level) for half in (long, short)
    )
    return LengthBias(
        median,
        _apart(of_long.sensitivity, of_short.sensitivity, question.confidence_level),
        # The flag rate of right outputs is what is missing of the specificity.
        _apart(of_short.specificity, of_long.specificity, question.confidence_level),
    )


def errors_by_system(
    evidence: CalibrationEvidence, question: CalibrationQuestion
) -> tuple[SystemErrors, ...]:
    """Return how the judge errs on each system, where it has judged several: a judge may favour its own kin."""
    if len(evidence.systems) < 2:
        return ()
    outputs = evidence.outputs
    found = []
    for place, name in enumerate(evidence.systems):
        inside = outputs.system == place
        errors = errors_within(evidence, question, inside)
        found.append(SystemErrors(name, int((inside & outputs.scored).sum()), errors))
    return tuple(found)


def _from_labels(
    outputs: JudgedOutputs, question: CalibrationQuestion, long: Mask, short: Mask, *, wrong: int
) -> Quantity:
    flags = outputs.flags(question.threshold)

    def flagged(half: Mask) -> Share:
        inside = half & (outputs.wrong == wrong)
        return Share(int((inside & flags).sum()), int(inside.sum()))

    a, b = flagged(long), flagged(short)
    if a.cases == 0 or b.cases == 0:
        kind = "wrong" if wrong else "right"
        return Unknown(f"{a.cases} long and {b.cases} short labels are {kind}")
    return share_difference(a, b, confidence_level=question.confidence_level)


def _apart(a: Quantity, b: Quantity, confidence_level: float) -> Quantity:
    for one in (a, b):
        if isinstance(one, Unknown):
            return one
    assert isinstance(a, Estimate)
    assert isinstance(b, Estimate)
    return Estimate(
        value=a.value - b.value,
        low=a.low - b.high,
        high=a.high - b.low,
        unit="share",
        confidence_level=confidence_level,
        n=a.n + b.n,
        method=f"difference of two rates, each at half the chance to miss ({a.method})",
        guarantee=weakest(a.guarantee, b.guarantee),
    )
