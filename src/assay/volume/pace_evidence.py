"""What a ledger knows for a pace: the error rate, the judge along its thresholds, and how long a check takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import special

from assay.errors import AssayError, BadInput
from assay.estimate import JudgedStratum, clopper_pearson, judge_errors, judge_errors_of_tasks
from assay.estimate.bounded_mean import mean_of_tasks
from assay.estimate.pace_curve import RocPoint
from assay.judge.calibration_evidence import (
    CalibrationEvidence,
    CalibrationQuestion,
    gather_evidence,
)
from assay.ledger.store import Ledger, literal
from assay.quantity import Estimate, Quantity, Unknown, exact, weakest
from assay.volume.evidence import CensusEvidence, SampleEvidence
from assay.volume.measure import measure_volume
from assay.volume.pace_setting import Router
from assay.volume.question import VolumeQuestion
from assay.volume.result import SystemVolume

FLAGGED = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
"""Shares of the outputs that the thresholds looked at flag. Taken from the scores of all outputs, never from labels:
fixed before a label was seen, as `assay.estimate.pace_curve.roc_points` asks."""

SAMPLING = 0.8
"""Part of the chance to miss that is left to the draw; the rest is for outputs that were being a sample of others."""

BREAK_MINUTES = 30.0
"""Labels of one person that are further apart have a break between them."""
FEWEST_GAPS = 20


def one_system(ledger: Ledger, question: VolumeQuestion) -> SystemVolume:
    """Return the volume of the one system that is asked about.

    Raises
    ------
    BadInput
        Where there are several.
    AssayError
        Where its error rate is unknown.
    """
    systems = measure_volume(ledger, question).systems
    if len(systems) > 1:
        names = ", ".join(one.name for one in systems[:5])
        raise BadInput(
            f"a pace is of one system: name one with --system and --version; here are {names}",
            next_command=f"assay ledger info {ledger.typed}",
        )
    system = systems[0]
    if isinstance(system.error_rate, Unknown):
        raise AssayError(
            f"{system.name}: the error rate is unknown, and with it the pace: {system.error_rate.reason}",
            next_command=system.next_command,
        )
    return system


def rate_to_come(system: SystemVolume, confidence_level: float) -> Estimate:
    """Return the error rate for outputs to come: a count of past ones is read as a sample of these."""
    rate = system.error_rate
    assert isinstance(rate, Estimate)
    n = system.traffic.traces
    if not isinstance(system.evidence, CensusEvidence):
        return _simple(system, confidence_level) or _of_outputs_to_come(rate, n, confidence_level)
    errors = round(system.evidence.errors)
    low, high = clopper_pearson(errors, n, confidence_level=confidence_level)
    words = f"Clopper-Pearson, {system.evidence.words}, read as a sample of outputs to come"
    return Estimate(
        min(max(rate.value, low), high), low, high, rate.unit, confidence_level, n, words
    )


def sampling_level(confidence_level: float) -> float:
    """Return the level at which outputs that were are measured, for a claim on those to come."""
    return round(1 - SAMPLING * (1 - confidence_level), 12)


def _simple(system: SystemVolume, confidence_level: float) -> Estimate | None:
    """Return the rate of outputs to come from one simple random sample: exact binomial; None where it is none."""
    sample = system.evidence
    if not isinstance(sample, SampleEvidence) or len(sample.strata) != 1 or sample.reading:
        return None
    (count,) = sample.strata
    if count.unsure or not count.labeled or not sample.look.is_planned or sample.look.of > 1:
        return None
    low, high = clopper_pearson(count.errors, count.labeled, confidence_level=confidence_level)
    return Estimate(
        count.errors / count.labeled, low, high, "errors/output", confidence_level, count.labeled,
        "Clopper-Pearson, labels of one simple random sample, for outputs to come",
    )  # fmt: skip


def _of_outputs_to_come(rate: Estimate, n: int, confidence_level: float) -> Estimate:
    """Return a rate of n outputs that were, at `sampling_level`, as one of their source: exact limits around limits."""
    tail = (1 - SAMPLING) * (1 - confidence_level) / 2
    least, most = rate.low * n, rate.high * n
    low = float(special.betaincinv(least, n - least + 1, tail)) if least > 0 else 0.0
    high = float(special.betainccinv(most + 1, n - most, tail)) if most < n else 1.0
    method = f"{rate.method}; {n:,} outputs read as a sample of those to come"
    return replace(
        rate, low=low, high=high, confidence_level=confidence_level, method=method,
        guarantee=weakest(rate.guarantee, "proved"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeasuredJudge:
    """A judge along its thresholds, and what is to be said of the evidence."""

    router: Router
    notes: tuple[str, ...]


def measured_judge(
    ledger: Ledger, judge: str, system: SystemVolume, *, confidence_level: float
) -> MeasuredJudge:
    """Return what a judge catches and falsely flags at thresholds fixed by its scores alone.

    Parameters
    ----------
    ledger
    judge
        Its name in the ledger.
    system
        Its evidence says what is true: the labels of its draw, or the check of everything.
    confidence_level : in (0, 1)
        Of recall at all thresholds together, and the same of the false alarms.

    Raises
    ------
    AssayError
        Where the judge has not spoken, or no error (or no right output) is labeled.

    Notes
    -----
    At 1 - alpha / m for m thresholds (Bonferroni), so the limits hold for the threshold that is chosen, too. Labels of
    a draw count by their inclusion probabilities (`assay.estimate.judge_errors`). Outputs without a score are flagged
    at every threshold: what nobody vouches for is read.
    """
    evidence = gather_evidence(ledger, _question(judge, system))
    outputs = evidence.outputs
    silent = ~outputs.scored
    outputs = replace(outputs, score=np.where(silent, np.inf, outputs.score))
    cuts = thresholds(outputs.score)
    each = 1 - (1 - confidence_level) / max(1, len(cuts))
    points = [_everything(), _nothing()]
    points += [_point(cut, outputs.strata(cut), evidence, each, confidence_level) for cut in cuts]
    points.sort(key=lambda point: point.threshold)
    notes = [*evidence.notes]
    if silent.any():
        notes.append(
            f"on {int(silent.sum()):,} of {silent.size:,} outputs {judge} said nothing: they are read always"
        )
    return MeasuredJudge(
        Router(f"{judge} says what is read", "measured", tuple(points)), tuple(notes)
    )


def _question(judge: str, system: SystemVolume) -> CalibrationQuestion:
    window = system.window
    match system.evidence:
        case CensusEvidence() as census:
            if census.judge == judge:
                raise BadInput(
                    f"{judge} is what says right and wrong here: it can't be the judge to be measured against it"
                )
            return CalibrationQuestion(
                judge, truth=census.judge, system=window.system, version=window.version
            )
        case SampleEvidence() as sample:
            return CalibrationQuestion(judge, draw_id=sample.draw.draw_id)
        case _:
            raise BadInput(
                "a judge is measured from a draw of single outputs, or a check of everything"
            )


def thresholds(scores: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, ...]:
    """Return the scores from which on about 1, 2, 5, ... 70 % of the outputs are flagged, each different one once."""
    ordered = np.sort(scores)
    places = [min(ordered.size - 1, int(ordered.size * (1 - share))) for share in FLAGGED]
    found = {float(ordered[place]) for place in places}
    # From the least score on all are flagged: that is reading everything, which needs no evidence.
    return tuple(sorted(cut for cut in found if np.isfinite(cut) and cut > ordered[0]))


def _everything() -> RocPoint:
    return RocPoint(-np.inf, *(_known(1.0, unit) for unit in _UNITS))


def _nothing() -> RocPoint:
    return RocPoint(np.inf, *(_known(0.0, unit) for unit in _UNITS))


_UNITS = ("share of errors", "share of right outputs")


def _known(share: float, unit: str) -> Estimate:
    return exact(share, unit, n=0, method="by definition")


def _point(
    cut: float,
    strata: list[JudgedStratum],
    evidence: CalibrationEvidence,
    level: float,
    together: float,
) -> RocPoint:
    whole = evidence.is_census and len(strata) == 1 and not evidence.shares_tasks
    if whole and not strata[0].whole.unsure:
        errors = judge_errors_of_tasks(strata[0], confidence_level=level)
    else:
        errors = judge_errors(strata, confidence_level=level)
    recall, right = errors.sensitivity, errors.specificity
    for what, share in (("recall", recall), ("false alarms", right)):
        if isinstance(share, Unknown):
            raise AssayError(f"the judge's {what} are unknown: {share.reason}; label more")
    assert isinstance(recall, Estimate)
    assert isinstance(right, Estimate)
    words = f"{evidence.words}; all thresholds at once (Bonferroni)"
    flagged = replace(
        right,
        value=1 - right.value,
        low=1 - right.high,
        high=1 - right.low,
        unit=_UNITS[1],
        method=f"1 - specificity, {right.method}; {words}",
        confidence_level=together,
    )
    found = replace(
        recall, unit=_UNITS[0], method=f"{recall.method}; {words}", confidence_level=together
    )
    return RocPoint(cut, found, flagged)


def check_minutes(ledger: Ledger, *, confidence_level: float) -> Quantity:
    """Return the minutes that a person takes to label an output, from the times between their labels.

    Parameters
    ----------
    ledger
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Unit: minutes/output. `Unknown` with fewer than 20 gaps: a list that came back whole has one time for all.

    Notes
    -----
    Gaps between two labels of one person one after the other; one of more than half an hour is a break and left out.
    Mean of a bounded quantity, with limits that need no normality. To label is to check and no more: mending is not in
    it. It fails where people read several outputs and then label them all at once.
    """
    rows = ledger.rows(
        "SELECT judge, CAST(at AS BIGINT) AS at FROM verdicts WHERE draw_id IS NOT NULL "
        f"AND judge_kind = {literal('person')} AND at IS NOT NULL ORDER BY judge, at"
    )
    gaps = [
        (after["at"] - before["at"]) / 60e6
        for before, after in pairwise(rows)
        if after["judge"] == before["judge"]
    ]
    # Labels of one and the same moment came in as a list: they tell nothing of time.
    gaps = [gap for gap in gaps if 0 < gap <= BREAK_MINUTES]
    if len(gaps) < FEWEST_GAPS:
        return Unknown(
            f"{len(gaps)} labels have a time of their own after another, {FEWEST_GAPS} are needed"
        )
    found = mean_of_tasks([gap / BREAK_MINUTES for gap in gaps], confidence_level=confidence_level)
    if isinstance(found, Unknown):
        return found
    words = f"times between labels of one person, breaks over {BREAK_MINUTES:g} minutes left out; {found.method}"
    return found.scaled(BREAK_MINUTES, "minutes/output", method=words)
