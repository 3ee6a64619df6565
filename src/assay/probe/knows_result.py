"""What the detector found: each system's table of two by two, kinds of wrong answers, and their share of the errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from assay.estimate.detector_precision import (
    ReadSample,
    confirmed_count,
    precision,
    share_of_errors,
    share_of_usual_errors,
)
from assay.estimate.product import each_level, product_of_estimates
from assay.estimate.two_by_two import TwoByTwo
from assay.figures import interval, plain
from assay.probe.knows import State
from assay.probe.knows_classes import ClassPrecision, class_precisions
from assay.probe.knows_disputed import DisputeRule
from assay.probe.knows_kinds import Kind
from assay.probe.knows_read import KINDS, KnowsColumns
from assay.quantity import Estimate, Quantity, Unknown

IntArray = npt.NDArray[np.int64]

NOTHING_FLAGGED = "nothing is flagged: how many there are that no parser reads is not known"
NOT_READ = (
    "how many of the flagged answers are real is not known: draw some and read them, with --sample 60 --seed 7 -o "
    "flagged.csv"
)


@dataclass(frozen=True, slots=True)
class SystemKnows:
    """One system's answers and conclusions.

    Parameters
    ----------
    system
        ``name@version``.
    traces, wrong, unjudged : >= 0
        Answers held against their references, those that are not right, and those of which the check could not speak.
    table
        Answers of which both could be parsed: first the answer, second the conclusion.
    no_answer, no_conclusion, neither : >= 0
        Answers of which only the conclusion, only the answer, or neither could be parsed.
    contradictions
        Answer and conclusion say different things, of the answers where both could be parsed. One answer a task.
    knows_but_wrong
        The conclusion is right and the answer wrong, by the parsers alone, of the same.
    kinds
        Kind of a wrong answer -> how many.
    """

    system: str
    traces: int
    wrong: int
    unjudged: int
    table: TwoByTwo
    no_answer: int
    no_conclusion: int
    neither: int
    contradictions: Quantity
    knows_but_wrong: Quantity
    kinds: Mapping[Kind, int]

    @property
    def flagged(self) -> int:
        """Wrong answers that the detector calls slips."""
        return self.kinds.get(Kind.SLIP, 0)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "system": self.system,
            "traces": self.traces,
            "wrong": self.wrong,
            "unjudged": self.unjudged,
            "table": {
                "both_right": self.table.both_right,
                "answer_right_conclusion_wrong": self.table.only_first,
                "answer_wrong_conclusion_right": self.table.only_second,
                "both_wrong": self.table.both_wrong,
            },
            "not_parsed": {
                "answer": self.no_answer,
                "conclusion": self.no_conclusion,
                "neither": self.neither,
            },
            "contradictions": self.contradictions.to_json(),
            "knows_but_wrong": self.knows_but_wrong.to_json(),
            "kinds": {kind.value: self.kinds.get(kind, 0) for kind in Kind},
        }


@dataclass(frozen=True, slots=True)
class KnowsResult:
    """What the probe says.

    Parameters
    ----------
    detector, dispute_rule
        By which rules.
    systems
        One entry a system.
    disputed_tasks : >= 0
        Tasks whose reference is disputed.
    classes
        Slips, format faults and disputed references: how many, and what people say of those drawn.
    sample
        The same of slips, which is what the probe counts.
    precision
        Share of the slips that are real.
    real
        Flagged answers that are real: the detector's count, corrected. A lower bound for all there are.
    share_of_errors
        The same, as a share of all wrong answers.
    usual_share
        The same of the errors on tasks like these, which is what a volume of other outputs is multiplied by. At
        `assay.estimate.product.each_level` of the confidence level.
    errors_per_day
        `usual_share`, per day; Unknown until there is a volume.
    all_errors_per_day
        The volume that it is a share of.
    """

    detector: str
    dispute_rule: str
    systems: tuple[SystemKnows, ...]
    disputed_tasks: int
    classes: tuple[ClassPrecision, ...]
    sample: ReadSample
    precision: Quantity
    real: Quantity
    share_of_errors: Quantity
    usual_share: Quantity
    errors_per_day: Quantity
    all_errors_per_day: Quantity

    @property
    def wrong(self) -> int:
        """Wrong answers of all systems."""
        return sum(system.wrong for system in self.systems)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "probe": "knows",
            "detector": self.detector,
            "dispute_rule": self.dispute_rule,
            "systems": [system.to_json() for system in self.systems],
            "disputed_tasks": self.disputed_tasks,
            "classes": [one.to_json() for one in self.classes],
            "flagged": self.sample.flagged,
            "read": self.sample.read,
            "precision": self.precision.to_json(),
            "real": self.real.to_json(),
            "share_of_errors": self.share_of_errors.to_json(),
            "usual_share": self.usual_share.to_json(),
            "errors_per_day": self.errors_per_day.to_json(),
            "all_errors_per_day": self.all_errors_per_day.to_json(),
        }


def knows_result(
    columns: KnowsColumns,
    detector: str,
    *,
    samples: Mapping[Kind, ReadSample] | None = None,
    rule: DisputeRule | None = None,
    confidence_level: float = 0.95,
) -> KnowsResult:
    """Return what the columns come to.

    Parameters
    ----------
    columns
        Parsed answers.
    detector
        The detector's name.
    samples
        What people say of samples of the flagged answers, by class; None: nobody has read any.
    rule
        By which references were called disputed; None: the rule as it comes.
    confidence_level : in (0, 1)

    Returns
    -------
    KnowsResult

    Notes
    -----
    The shares of a system count one answer a task, the first: repeats of a task are not independent, and an exact
    binomial interval would be too short. Counts are of all answers.
    """
    counts = {kind: int(np.count_nonzero(columns.kind == n)) for n, kind in enumerate(KINDS)}
    classes = class_precisions(counts, samples or {}, confidence_level=confidence_level)
    known = next(one.sample for one in classes if one.kind is Kind.SLIP)
    first = columns.first_answers()
    systems = [
        _system(columns, code, first, confidence_level) for code in range(len(columns.systems))
    ]
    # Systems of whose answers none could be judged have no code.
    systems += [
        _unjudged(name, count) for name, count in columns.unjudged.items() if name not in columns.systems
    ]  # fmt: skip
    wrong = sum(system.wrong for system in systems)
    told = {"confidence_level": confidence_level}
    return KnowsResult(
        detector=detector,
        dispute_rule=(rule or DisputeRule()).name,
        systems=tuple(sorted(systems, key=lambda system: system.system)),
        disputed_tasks=columns.disputed_tasks,
        classes=classes,
        sample=known,
        precision=precision(known, **told),
        real=_read(known, confirmed_count(known, **told)),
        share_of_errors=_read(known, share_of_errors(known, wrong, **told)),
        usual_share=_read(known, _usual_share(columns, known, each_level(confidence_level))),
        errors_per_day=Unknown("no volume of errors was given"),
        all_errors_per_day=Unknown("no volume of errors was given"),
    )


def _usual_share(columns: KnowsColumns, sample: ReadSample, confidence_level: float) -> Quantity:
    answers = np.bincount(columns.task)
    shares = [
        np.bincount(columns.task[chosen], minlength=len(answers)) / np.maximum(answers, 1)
        for chosen in (columns.kind == KINDS.index(Kind.SLIP), columns.answer != State.RIGHT)
    ]
    return share_of_usual_errors(sample, *shares, confidence_level=confidence_level)


def with_volume(result: KnowsResult, volume: Quantity) -> KnowsResult:
    """Return a result stated in error volume: the share of the errors on such tasks, times the errors per day.

    Parameters
    ----------
    result
        Of one system.
    volume
        Errors per day, at `assay.estimate.product.each_level` of the confidence level.
    """
    share = result.usual_share
    part: Quantity
    if isinstance(share, Unknown):
        part = share
    elif isinstance(volume, Unknown):
        part = volume
    else:
        part = product_of_estimates(
            share, volume, volume.unit,
            method="share of the errors that are real slips, times the volume of errors",
        )  # fmt: skip
    return replace(result, errors_per_day=part, all_errors_per_day=volume)


def _read(sample: ReadSample, quantity: Quantity) -> Quantity:
    """Say what to type, where nothing was read; and where nothing is flagged, that this is no zero."""
    if sample.flagged == 0:
        return Unknown(NOTHING_FLAGGED)
    return Unknown(NOT_READ) if sample.read == 0 else quantity


def _system(
    columns: KnowsColumns, code: int, first: npt.NDArray[np.bool_], confidence_level: float
) -> SystemKnows:
    own = columns.system == code
    answer, conclusion = columns.answer[own], columns.conclusion[own]
    table = _table(answer, conclusion)
    once = own & first
    one_each = _table(columns.answer[once], columns.conclusion[once])
    contradicting = int(columns.contradicts[once].sum())
    no_answer, no_conclusion = answer == State.NOT_PARSED, conclusion == State.NOT_PARSED
    name = columns.systems[code]
    kinds = columns.kind[own]

    def share(count: int, unit: str) -> Quantity:
        return one_each.share(count, unit=unit, confidence_level=confidence_level)

    return SystemKnows(
        system=name,
        traces=int(own.sum()),
        wrong=int((answer != State.RIGHT).sum()),
        unjudged=columns.unjudged.get(name, 0),
        table=table,
        no_answer=int((no_answer & ~no_conclusion).sum()),
        no_conclusion=int((no_conclusion & ~no_answer).sum()),
        neither=int((no_answer & no_conclusion).sum()),
        contradictions=share(contradicting, "contradictions/answer with both parsed"),
        knows_but_wrong=share(one_each.only_second, "knows-but-wrong/answer with both parsed"),
        kinds={kind: int((kinds == place).sum()) for place, kind in enumerate(KINDS)},
    )


def _unjudged(name: str, count: int) -> SystemKnows:
    nothing = Unknown("the check could speak on none of its answers")
    return SystemKnows(name, 0, 0, count, TwoByTwo(0, 0, 0, 0), 0, 0, 0, nothing, nothing, {})


def _table(answer: IntArray, conclusion: IntArray) -> TwoByTwo:
    right, concluded = answer == State.RIGHT, conclusion == State.RIGHT
    wrong, misled = answer == State.WRONG, conclusion == State.WRONG
    return TwoByTwo(
        int((right & concluded).sum()), int((right & misled).sum()),
        int((wrong & concluded).sum()), int((wrong & misled).sum()),
    )  # fmt: skip


def sentence(result: KnowsResult) -> str:
    """Return the result in one sentence, in error volume where there is one."""
    part, whole, share = result.errors_per_day, result.all_errors_per_day, result.share_of_errors
    what = "come from answers whose reasoning had reached the right one"
    if isinstance(part, Estimate) and isinstance(whole, Estimate):
        return f"of your {plain(round(whole.value))} errors a day, {interval(part)} {what}"
    if isinstance(share, Estimate):
        return f"of the {result.wrong:,} wrong answers, {interval(share, percent=True)} {what}"
    if result.sample.flagged:
        return (
            f"{result.sample.flagged:,} of {result.wrong:,} wrong answers are flagged: the reasoning seems to have "
            "reached the right one; nobody has read them yet"
        )
    if not result.wrong:
        return "there is no wrong answer"
    parsed = sum(system.table.only_second + system.table.both_wrong for system in result.systems)
    return f"nothing is flagged: of {result.wrong:,} wrong answers, {parsed:,} have a conclusion that could be parsed"
