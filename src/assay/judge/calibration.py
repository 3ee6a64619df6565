"""How far a judge can be trusted, measured: how it errs, how well its scores order, whether they mean what they say.

A judge's own rate is no error rate. What it is worth shows only against labels that were drawn with known chances, or
against a judge that has spoken on everything and is taken as the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assay.estimate import (
    JudgedStratum,
    JudgeErrors,
    RankedStratum,
    ReliabilityBin,
    StratumCount,
    auroc_of_tasks,
    bin_edges,
    calibration_error,
    clopper_pearson,
    counted_auroc,
    design_gain,
    flagged_error_rate,
    judge_errors,
    judge_errors_of_tasks,
    judge_finding,
    judge_worth,
    sampled_auroc,
)
from assay.estimate.auroc import mid_places
from assay.judge.calibration_bias import (
    LengthBias,
    SystemErrors,
    errors_by_system,
    length_bias,
)
from assay.judge.calibration_drift import Drift, judge_drift
from assay.judge.calibration_evidence import (
    CalibrationEvidence,
    CalibrationQuestion,
    gather_evidence,
)
from assay.judge.calibration_outputs import UNSURE, JudgedOutputs, Mask
from assay.judge.calibration_position import position_bias
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown


@dataclass(frozen=True, slots=True)
class LabelWorth:
    """What the judge is worth in labels.

    Parameters
    ----------
    gain
        Labels that a uniform draw would need for the same standard error, over the labels drawn by this judge.
    saved
        Labels saved by this draw; negative where the judge costs labels.
    finding : "saves labels", "nothing shown", "costs labels" or None
    """

    gain: Quantity
    saved: Quantity
    finding: str | None

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "gain": self.gain.to_json(),
            "labels_saved": self.saved.to_json(),
            "finding": self.finding,
        }


@dataclass(frozen=True, slots=True)
class Calibration:
    """A judge, measured.

    Parameters
    ----------
    question
    evidence, words
        "labels" or "census", and whose they are.
    systems
        Whose outputs.
    outputs, silent : >= 0
        Outputs of these systems, and those of them on which the judge said nothing, or was unsure.
    labels : >= 0
        Labels that count, on outputs that the judge has scored.
    errors
        From labels: with limits. Of a census: counted.
    of_tasks
        Of a census: the same read as a sample of tasks to come, with exact limits; else None.
    auroc, auroc_of_tasks
        Likewise.
    bins, calibration_error
        The reliability of the scores, and how far they are off on average.
    worth, drift, length, position, by_system
    notes
    """

    question: CalibrationQuestion
    evidence: str
    words: str
    systems: tuple[str, ...]
    outputs: int
    silent: int
    labels: int
    errors: JudgeErrors
    of_tasks: JudgeErrors | None
    auroc: Quantity
    auroc_of_tasks: Quantity | None
    bins: tuple[ReliabilityBin, ...]
    calibration_error: Quantity
    worth: LabelWorth
    drift: Drift
    length: LengthBias
    position: Quantity
    by_system: tuple[SystemErrors, ...]
    notes: tuple[str, ...]

    @property
    def judged(self) -> str:
        """Whose outputs, in words."""
        return self.systems[0] if len(self.systems) == 1 else f"{len(self.systems)} systems"

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "judge": self.question.judge,
            "threshold": self.question.threshold,
            "evidence": self.evidence,
            "truth": self.words,
            "draw_id": self.question.draw_id,
            "systems": list(self.systems),
            "outputs": self.outputs,
            "silent": self.silent,
            "labels": self.labels,
            **self.errors.to_json(),
            "auroc": self.auroc.to_json(),
            "as_a_sample_of_tasks": self._tasks_json(),
            "reliability": [one.to_json() for one in self.bins],
            "calibration_error": self.calibration_error.to_json(),
            "worth": self.worth.to_json(),
            "drift": self.drift.to_json(),
            "length_bias": self.length.to_json(),
            "position_bias": self.position.to_json(),
            "by_system": [one.to_json() for one in self.by_system],
            "notes": list(self.notes),
        }

    def _tasks_json(self) -> dict[str, object] | None:
        if self.of_tasks is None or self.auroc_of_tasks is None:
            return None
        return {**self.of_tasks.to_json(), "auroc": self.auroc_of_tasks.to_json()}


def calibrate(
    ledger: Ledger, question: CalibrationQuestion, *, rng: np.random.Generator | None = None
) -> Calibration:
    """Measure a judge against the labels of a draw, or against a judge that has spoken on everything.

    Parameters
    ----------
    ledger, question
    rng
        For quantiles of the AUROC's limits and of the worth. The same evidence gives the same limits without it.

    Returns
    -------
    Calibration

    Raises
    ------
    AssayError
        Where the evidence isn't there, see `assay.judge.calibration_evidence.gather_evidence`.

    Notes
    -----
    Each interval holds by itself at the confidence level, not all of them at once. Labels, and the truth of a census,
    are taken as they are: nothing here corrects their noise.
    """
    evidence = gather_evidence(ledger, question)
    outputs = evidence.outputs
    strata = outputs.strata(question.threshold)
    table = strata[0] if evidence.is_census and len(strata) == 1 else None
    readable = table is not None and not table.whole.unsure and not evidence.shares_tasks
    bins = _bins(evidence, question, simultaneous=False)
    worth = _worth(evidence, question, rng)
    if evidence.draw is not None:
        question = replace(question, draw_id=evidence.draw.draw_id)
    return Calibration(
        question=question,
        evidence=evidence.kind,
        words=evidence.words,
        systems=evidence.systems,
        outputs=outputs.score.size,
        silent=int((~outputs.scored).sum()),
        labels=int((outputs.scored & outputs.labeled).sum()),
        errors=judge_errors(strata, confidence_level=question.confidence_level),
        of_tasks=judge_errors_of_tasks(table, confidence_level=question.confidence_level)
        if table is not None and readable
        else None,
        auroc=_auroc(evidence, question, rng),
        auroc_of_tasks=_auroc_of_tasks(outputs, question, rng) if readable else None,
        bins=bins,
        calibration_error=calibration_error(_bins(evidence, question, simultaneous=True)),
        worth=worth,
        drift=judge_drift(evidence, question),
        length=length_bias(evidence, question),
        position=position_bias(ledger, question),
        by_system=errors_by_system(evidence, question),
        notes=(*_silent_notes(outputs), *evidence.notes),
    )


def _silent_notes(outputs: JudgedOutputs) -> list[str]:
    silent = int((~outputs.scored).sum())
    if not silent:
        return []
    of = f"{silent:,} of {outputs.score.size:,}"
    return [
        f"on {of} outputs the judge said nothing or was unsure: all figures are about the others"
    ]


def _wrong(outputs: JudgedOutputs, wrong: int) -> Any:
    return outputs.score[outputs.scored & (outputs.wrong == wrong)]


def _auroc(
    evidence: CalibrationEvidence, question: CalibrationQuestion, rng: np.random.Generator | None
) -> Quantity:
    outputs = evidence.outputs
    scored = outputs.scored
    if evidence.is_census and not (outputs.wrong[scored] == UNSURE).any():
        return counted_auroc(_wrong(outputs, 1), _wrong(outputs, 0))
    ordered = np.sort(outputs.score[scored])
    strata = []
    for h in np.unique(outputs.stratum[scored]):
        inside = scored & (outputs.stratum == h)
        held = inside & outputs.labeled
        own = outputs.score[inside]
        ends = mid_places(np.array([own.min(), own.max()]), ordered)
        places = mid_places(outputs.score[held], ordered)
        strata.append(
            RankedStratum(
                int(inside.sum()), places, outputs.wrong[held], float(ends[0]), float(ends[1])
            )
        )
    return sampled_auroc(strata, confidence_level=question.confidence_level, rng=rng)


def _auroc_of_tasks(
    outputs: JudgedOutputs, question: CalibrationQuestion, rng: np.random.Generator | None
) -> Quantity:
    return auroc_of_tasks(
        _wrong(outputs, 1),
        _wrong(outputs, 0),
        confidence_level=question.confidence_level,
        rng=rng,
    )


def _bins(
    evidence: CalibrationEvidence, question: CalibrationQuestion, *, simultaneous: bool
) -> tuple[ReliabilityBin, ...]:
    """Return the bins; of a census their error rates are read as those of a sample of tasks."""
    outputs = evidence.outputs
    scored = outputs.scored
    if not scored.any():
        return ()
    edges = bin_edges(outputs.score[scored], outputs.score[scored & outputs.labeled])
    which = np.searchsorted(edges, outputs.score, side="right")
    miss = 1 - question.confidence_level
    level = round(1 - miss / (edges.size + 1), 15) if simultaneous else question.confidence_level
    bins = []
    for place in range(edges.size + 1):
        inside = scored & (which == place)
        own = outputs.score[inside]
        bins.append(
            ReliabilityBin(
                float(own.min()),
                float(own.max()),
                float(own.mean()),
                int(inside.sum()),
                int((inside & outputs.labeled).sum()),
                _error_rate(evidence, inside, level),
            )
        )
    return tuple(bins)


def _error_rate(evidence: CalibrationEvidence, inside: Mask, level: float) -> Quantity:
    outputs = evidence.outputs
    strata = outputs.parted(inside, outputs.scored)
    if not evidence.is_census:
        return flagged_error_rate(strata, confidence_level=level)
    return _of_tasks(strata[0], level)


def _of_tasks(table: JudgedStratum, level: float) -> Quantity:
    part: StratumCount = table.flagged
    low = clopper_pearson(part.errors, part.labeled, confidence_level=level).low
    high = clopper_pearson(part.errors + part.unsure, part.labeled, confidence_level=level).high
    return Estimate(
        (part.errors + part.unsure / 2) / part.labeled,
        low,
        high,
        "errors/output",
        level,
        part.labeled,
        "binomial (exact), these outputs read as a sample of tasks",
        "proved",
    )


def _worth(
    evidence: CalibrationEvidence, question: CalibrationQuestion, rng: np.random.Generator | None
) -> LabelWorth:
    outputs = evidence.outputs
    if evidence.is_census:
        if (outputs.wrong == UNSURE).any():
            gain: Quantity = Unknown("the truth is unsure on some outputs")
        else:
            gain = design_gain(outputs.score, outputs.wrong)
        drawn = 200
    elif evidence.draw is None or evidence.draw.judge != question.judge:
        gain = Unknown(
            "this judge did not make the draw's strata: what a draw by it would save is not known yet"
        )
        drawn = 0
    else:
        counts = outputs.count(np.ones(outputs.wrong.size, dtype=bool))
        gain = judge_worth(counts, confidence_level=question.confidence_level, rng=rng).gain
        drawn = sum(count.labeled for count in counts)
    if isinstance(gain, Unknown):
        return LabelWorth(gain, gain, None)
    saved = replace(
        gain,
        value=(gain.value - 1) * drawn,
        low=(gain.low - 1) * drawn,
        high=(gain.high - 1) * drawn,
        unit=f"labels saved by {drawn:,} labels",
    )
    return LabelWorth(gain, saved, judge_finding(gain))
