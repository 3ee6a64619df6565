"""What exam against use came to: scores, gaps with the least one that could have shown, and three answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from assay.estimate.reference_curve import AdjustedGap
from assay.probe.exam_read import UNIT
from assay.probe.reference_adjusted import NOT_ADJUSTED
from assay.probe.trivial_baselines import TrivialBaselines
from assay.quantity import Estimate, Quantity, Unknown, to_json


class Finding(Enum):
    """Whether the exam shows more than what it is held against: three answers, and the other way round."""

    HIGHER = "the exam flatters"
    LOWER = "the exam is the harder one"
    NO = "no gap worth speaking of"
    UNKNOWN = "not enough data"


@dataclass(frozen=True, slots=True)
class Gap:
    """An exam score less another score.

    Parameters
    ----------
    plain
        As it is: not adjusted for difficulty.
    plain_smallest
        The least plain gap that this data could have shown.
    adjusted
        Held against what clean references reach; `Unknown`, with the reason, where there are too few.
    """

    plain: Quantity
    plain_smallest: Quantity
    adjusted: AdjustedGap | Unknown

    @property
    def decides(self) -> Quantity:
        """The gap that the finding rests on: the adjusted one, where there is one."""
        return self.adjusted.gap if isinstance(self.adjusted, AdjustedGap) else self.plain

    @property
    def smallest(self) -> Quantity:
        """The least gap that could have shown."""
        if isinstance(self.adjusted, AdjustedGap):
            return self.adjusted.smallest
        return self.plain_smallest

    def finding(self, margin: float) -> Finding:
        """Return whether there is a gap.

        Parameters
        ----------
        margin : > 0
            A gap below it is not worth speaking of.
        """
        gap = self.decides
        if isinstance(gap, Unknown):
            return Finding.UNKNOWN
        if gap.low > 0:
            return Finding.HIGHER
        if gap.high < 0:
            return Finding.LOWER
        return Finding.NO if max(gap.high, -gap.low) < margin else Finding.UNKNOWN

    def to_json(self, margin: float) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "finding": self.finding(margin).value,
            "plain": self.plain.to_json(),
            "plain_smallest_gap": self.plain_smallest.to_json(),
            "plain_is": NOT_ADJUSTED,
            "adjusted": self.adjusted.to_json(),
        }


@dataclass(frozen=True, slots=True)
class ExamResult:
    """One version of a system.

    Parameters
    ----------
    system, version
    tasks, twin_tasks, twins_paired : >= 0
        Tasks of the exam that it answered; of the twin exam; those of the latter whose original it answered too.
    outputs : >= 0
        Answers in use.
    asked_once
        Whether each task of the exam has one answer: its stability is unknown.
    judges
        Who judged the exam; its names.
    judged_by_model
    exam, exam_at_mix, use, twin
        Shares right. `exam_at_mix`: at the use mix; `Unknown` where no tags were named.
    picked
        True score of a submission that was picked as the best of several; None where one was tried.
    against_use, against_twin
    """

    system: str
    version: str
    tasks: int
    twin_tasks: int
    twins_paired: int
    outputs: int
    asked_once: bool
    judges: tuple[str, ...]
    judged_by_model: bool
    exam: Quantity
    exam_at_mix: Quantity
    use: Quantity
    twin: Quantity
    picked: Quantity | None
    against_use: Gap
    against_twin: Gap

    @property
    def name(self) -> str:
        """The system as a person writes it."""
        return f"{self.system}@{self.version}" if self.version else self.system

    def per_day(self, outputs_per_day: Quantity) -> PerDay:
        """Return what the gap is in errors a day.

        Parameters
        ----------
        outputs_per_day
            Counted or the user's word: exact.
        """
        if isinstance(outputs_per_day, Unknown):
            return PerDay(*[outputs_per_day] * 3)
        promise = self.exam_at_mix if isinstance(self.exam_at_mix, Estimate) else self.exam
        unit = "errors/day"
        hidden = self.against_use.plain
        return PerDay(
            _errors(promise, outputs_per_day.value),
            _errors(self.use, outputs_per_day.value),
            hidden
            if isinstance(hidden, Unknown)
            else hidden.scaled(outputs_per_day.value, unit, method=hidden.method),
        )

    def to_json(self, margin: float) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "system": self.system,
            "version": self.version,
            "tasks": self.tasks,
            "twin_tasks": self.twin_tasks,
            "twins_paired": self.twins_paired,
            "outputs_in_use": self.outputs,
            "stability": "unknown" if self.asked_once else "see assay probe stability",
            "judges": list(self.judges),
            **to_json(
                {
                    "exam_score": self.exam,
                    "exam_score_at_use_mix": self.exam_at_mix,
                    "use_score": self.use,
                    "twin_score": self.twin,
                }
            ),
            "best_of_tries": None if self.picked is None else self.picked.to_json(),
            "against_use": self.against_use.to_json(margin),
            "against_twin": self.against_twin.to_json(margin),
        }


@dataclass(frozen=True, slots=True)
class PerDay:
    """Errors a day: those that the exam promises, those that are made, and those that the exam did not show."""

    promised: Quantity
    made: Quantity
    hidden: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "errors_per_day_by_exam": self.promised.to_json(),
            "errors_per_day_in_use": self.made.to_json(),
            "errors_per_day_not_shown": self.hidden.to_json(),
        }


@dataclass(frozen=True, slots=True)
class ExamReport:
    """Every system, and what the exam itself is worth.

    Parameters
    ----------
    results
        Tested systems.
    references
        Names of the systems that difficulty was read from.
    baselines
        Rules without skill on this exam; `Unknown` where tasks or references are not kept.
    exam, use, twin
        Which answers these are, in words.
    by
        Tags that make the use mix.
    tries : >= 1
        Submissions that the one shown is the best of.
    margin
        A gap below it is not worth speaking of.
    confidence_level
        Of each interval by itself.
    """

    results: tuple[ExamResult, ...]
    references: tuple[str, ...]
    baselines: TrivialBaselines | Unknown
    exam: str
    use: str
    twin: str
    by: tuple[str, ...]
    tries: int
    margin: float
    confidence_level: float

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "confidence_level": self.confidence_level,
            "margin": self.margin,
            "exam": self.exam,
            "use": self.use,
            "twin": self.twin,
            "use_mix_by": list(self.by),
            "tries": self.tries,
            "references": list(self.references),
            "trivial_baselines": self.baselines.to_json(),
            "systems": [one.to_json(self.margin) for one in self.results],
        }


def _errors(score: Quantity, per_day: float) -> Quantity:
    if isinstance(score, Unknown):
        return score
    wrong = replace(score, value=1 - score.value, low=1 - score.high, high=1 - score.low, unit=UNIT)
    return wrong.scaled(per_day, "errors/day")
