"""Whether a judge errs otherwise than it did: sensitivity and specificity in consecutive periods, and at each cut.

A test that shows nothing says little by itself: beside it stands the smallest change that it would have shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from assay.estimate import (
    JudgeErrors,
    Share,
    fisher_p_value,
    holm,
    judge_errors,
    judge_errors_of_tasks,
    smallest_visible_change,
)
from assay.judge.calibration_evidence import CalibrationEvidence, CalibrationQuestion
from assay.judge.calibration_outputs import NO_TIME, UNSURE, JudgedOutputs, Mask
from assay.quantity import Estimate, Quantity, Unknown

MOST_PERIODS = 4
LABELS_A_PERIOD = 20
"""With fewer a period shows next to nothing."""
RATES = (("sensitivity", 1), ("specificity", 0))
"""Rate, and what the outputs are that it is about: wrong or right."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time: how the judge erred on its outputs.

    Parameters
    ----------
    start, end
        Microseconds since 1970 UTC of its first output, and of the last.
    labels : >= 0
    errors
        Each interval holds by itself, not all of them at once.
    """

    start: int
    end: int
    labels: int
    errors: JudgeErrors

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "start": moment(self.start),
            "end": moment(self.end),
            "labels": self.labels,
            "sensitivity": self.errors.sensitivity.to_json(),
            "specificity": self.errors.specificity.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Change:
    """One rate before and after a moment.

    Parameters
    ----------
    rate : sensitivity or specificity
    at
        Microseconds since 1970 UTC; what came at that moment is after it.
    before, after
        Labels that are wrong (right), and those of them that the judge called so. As labeled, not as in the log.
    p_value : in (0, 1]
        Fisher's exact test, adjusted (Holm) for all changes that were tested.
    """

    rate: str
    at: int
    before: Share
    after: Share
    p_value: float

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "rate": self.rate,
            "at": moment(self.at),
            "before": self.before._asdict(),
            "after": self.after._asdict(),
            "p_value": self.p_value,
        }


@dataclass(frozen=True, slots=True)
class Drift:
    """What the labels show of a change of the judge's errors over time.

    Parameters
    ----------
    unknown
        Why nothing can be said; empty where something can.
    periods, changes
    visible
        Rate -> the smallest change between the two halves that would have been seen.
    miss : in (0, 1)
        Level of the test.
    """

    unknown: str
    periods: tuple[Period, ...] = ()
    changes: tuple[Change, ...] = ()
    visible: tuple[tuple[str, Quantity], ...] = ()
    miss: float = 0.05

    @property
    def shown(self) -> list[Change]:
        """The changes that chance alone would not make, the surest first."""
        return sorted(
            (change for change in self.changes if change.p_value <= self.miss),
            key=lambda change: change.p_value,
        )

    @property
    def finding(self) -> str:
        """What is shown: drift, no drift, or not known."""
        if self.unknown:
            return "unknown"
        return "drift" if self.shown else "no drift shown"

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "finding": self.finding,
            "reason": self.unknown or None,
            "periods": [period.to_json() for period in self.periods],
            "changes": [change.to_json() for change in self.changes],
            "smallest_visible_change": {name: change.to_json() for name, change in self.visible},
        }


def judge_drift(evidence: CalibrationEvidence, question: CalibrationQuestion) -> Drift:
    """Return what the labels show of a change of a judge's errors over time.

    Parameters
    ----------
    evidence, question
        See `assay.judge.calibration.calibrate`.

    Returns
    -------
    Drift
        Up to four periods of as many labels each. `unknown` where fewer than forty labels have a time, or all have
        the same, or another judge's scores made the draw's strata.

    Notes
    -----
    At each border of two periods the labels before it are held against those after, the wrong ones and the right ones
    by themselves, with Fisher's exact test; Holm's procedure keeps the chance that any of these cries drift where
    there is none. In a draw by the judge's score the labels are not as the log is, but what is tested is still right:
    were an error's score independent of its time, so would be that of a labeled error, since the chance to be drawn
    goes by the score alone. Where tags made the strata too, it tests score and tag together. Where another judge's
    scores made them nothing is tested: were that judge to drift, the labels would show it of this one (false alarms in
    9 of 100 made-up logs). The periods' own rates go by the design, whoever made it.
    """
    outputs = evidence.outputs
    used = outputs.scored & (outputs.at != NO_TIME) & outputs.labeled & (outputs.wrong != UNSURE)
    count = int(used.sum())
    if not (outputs.at != NO_TIME).any():
        return Drift("the outputs carry no time")
    if count < 2 * LABELS_A_PERIOD:
        return Drift(f"{count:,} dated labels are too few: {2 * LABELS_A_PERIOD} are needed")
    times = np.sort(outputs.at[used])
    wanted = min(MOST_PERIODS, count // LABELS_A_PERIOD)
    cuts = [int(t) for t in np.unique(times[[count * i // wanted for i in range(1, wanted)]])]
    cuts = [cut for cut in cuts if cut > times[0]]
    if not cuts:
        return Drift("the labeled outputs were all given at the same time")
    periods = tuple(_periods(evidence, question, cuts))
    other = _other_judge(evidence, question)
    if other:
        return Drift(
            f"scores of {other} decided which outputs were labeled, and may have moved with time themselves: the rates "
            "of the periods hold, a test of the labels would not",
            periods,
        )
    miss = round(1 - question.confidence_level, 15)
    return Drift(
        "",
        periods,
        tuple(_changes(outputs, question.threshold, used, cuts)),
        tuple(_visible(outputs, question.threshold, used, cuts, miss=miss)),
        miss,
    )


def moment(microseconds: int) -> str:
    """Return a time as ISO 8601, UTC, to the second."""
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).isoformat().replace("+00:00", "Z")


def _other_judge(evidence: CalibrationEvidence, question: CalibrationQuestion) -> str | None:
    """Return the judge that made the strata of the draw, where there are several and it is not this one."""
    draw = evidence.draw
    if draw is None or len(draw.strata) < 2 or draw.judge in (None, question.judge):
        return None
    return draw.judge


def _periods(
    evidence: CalibrationEvidence, question: CalibrationQuestion, cuts: list[int]
) -> list[Period]:
    outputs = evidence.outputs
    dated = outputs.at != NO_TIME
    which = np.searchsorted(np.array(cuts), outputs.at, side="right")
    periods = []
    for place in range(len(cuts) + 1):
        inside = dated & (which == place)
        periods.append(
            Period(
                int(outputs.at[inside].min()),
                int(outputs.at[inside].max()),
                int((inside & outputs.scored & outputs.labeled).sum()),
                errors_within(evidence, question, inside),
            )
        )
    return periods


def errors_within(
    evidence: CalibrationEvidence,
    question: CalibrationQuestion,
    within: Mask,
    *,
    confidence_level: float | None = None,
) -> JudgeErrors:
    """Return how the judge errs on a part of the outputs; of a census, read as a sample of tasks.

    A census with unsure verdicts is left as it is: bounded both ways, without sampling error.
    """
    level = confidence_level or question.confidence_level
    strata = evidence.outputs.strata(question.threshold, within)
    if evidence.is_census and len(strata) == 1 and not strata[0].whole.unsure:
        return judge_errors_of_tasks(strata[0], confidence_level=level)
    return judge_errors(strata, confidence_level=level)


def _share(outputs: JudgedOutputs, threshold: float, rows: Mask, *, wrong: int) -> Share:
    """Return how many of the wrong (right) labels the judge called so."""
    inside = rows & (outputs.wrong == wrong)
    agreed = inside & (outputs.flags(threshold) == bool(wrong))
    return Share(int(agreed.sum()), int(inside.sum()))


def _changes(outputs: JudgedOutputs, threshold: float, used: Mask, cuts: list[int]) -> list[Change]:
    found = []
    for name, wrong in RATES:
        for cut in cuts:
            before = _share(outputs, threshold, used & (outputs.at < cut), wrong=wrong)
            after = _share(outputs, threshold, used & (outputs.at >= cut), wrong=wrong)
            found.append(Change(name, cut, before, after, fisher_p_value(before, after)))
    adjusted = holm([change.p_value for change in found])
    return [
        Change(one.rate, one.at, one.before, one.after, p)
        for one, p in zip(found, adjusted, strict=True)
    ]


def _visible(
    outputs: JudgedOutputs, threshold: float, used: Mask, cuts: list[int], *, miss: float
) -> list[tuple[str, Quantity]]:
    middle = cuts[len(cuts) // 2]
    level = miss / (len(RATES) * len(cuts))
    found: list[tuple[str, Quantity]] = []
    for name, wrong in RATES:
        before = _share(outputs, threshold, used & (outputs.at < middle), wrong=wrong)
        after = _share(outputs, threshold, used & (outputs.at >= middle), wrong=wrong)
        cases = before.cases + after.cases
        share = (before.hits + after.hits) / cases if cases else 0.5
        found.append((name, smallest_visible_change(share, before.cases, after.cases, miss=level)))
    return found


def drift_words(drift: Drift) -> list[str]:
    """Return in words what is shown, and what could not have been seen."""
    if drift.unknown:
        return [f"Drift over time: unknown: {drift.unknown}."]
    said = [
        f"Drift: the {change.rate} is not what it was before {moment(change.at)} "
        f"({change.before.hits} of {change.before.cases} labels before, {change.after.hits} of "
        f"{change.after.cases} after, p = {change.p_value:.2g}, adjusted)."
        for change in drift.shown[:2]
    ]
    moved = {change.rate for change in drift.shown}
    for name, change in drift.visible:
        if name in moved:
            continue
        if isinstance(change, Estimate):
            said.append(
                f"No drift of the {name} is shown; a change of less than {100 * change.value:.0f} points between "
                "the halves would mostly not have been seen."
            )
        else:
            reason = change.reason if isinstance(change, Unknown) else ""
            said.append(f"Drift of the {name}: not enough labels to see any ({reason}).")
    return said
