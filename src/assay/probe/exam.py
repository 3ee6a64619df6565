"""Exam against use: what a system scores in an exam, in work, and in a twin of the exam that it can't have seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from assay.errors import BadInput
from assay.estimate.best_of_n import Score, true_score
from assay.estimate.best_of_n_mean import inflation_of_mean
from assay.estimate.bounded_mean import mean_of_tasks
from assay.estimate.paired import PairedTable
from assay.estimate.paired_exact import paired_difference
from assay.estimate.post_stratified import MixCell, score_at_mix
from assay.estimate.product import each_level
from assay.estimate.smallest_gap import difference_of_estimates, smallest_gap
from assay.ledger.store import Ledger
from assay.probe.exam_baselines import exam_baselines
from assay.probe.exam_read import (
    EXAM,
    TWIN,
    TWIN_OF,
    UNIT,
    Selection,
    System,
    TaskScores,
    chosen,
    read_scores,
    refuse_missing_tags,
)
from assay.probe.exam_result import ExamReport, ExamResult, Gap
from assay.probe.exam_use import Use, UseQuestion, read_use
from assay.probe.reference_adjusted import Adjustment, BothScores, adjustment_by
from assay.quantity import Estimate, Quantity, Unknown

NO_TWIN = "there is no twin exam: make one with assay exam twin, and ask it"
NO_MIX = "no tags were named that make the use mix"


@dataclass(frozen=True, slots=True)
class ExamQuestion:
    """What is held against what.

    Parameters
    ----------
    systems : pairs of name and version
        Tested; a version of None: every version. Empty: all that took the exam and are no reference.
    references
        Believed not to know the exam: whoever names them vouches for it.
    exam, twin
        Which answers these are.
    use
        Which answers are work, and who verified them.
    judge
        Whose verdicts on exam and twin count; None: people's, else checks'.
    group
        Tag that a rule without skill may read instead of the task.
    tries : >= 1
        Submissions that the one shown is the best of.
    margin : in (0, 1)
        A gap below it is not worth speaking of.
    confidence_level : in [0.5, 1)
    """

    systems: tuple[tuple[str, str | None], ...] = ()
    references: tuple[tuple[str, str | None], ...] = ()
    exam: Selection = EXAM
    twin: Selection = TWIN
    use: UseQuestion = field(default_factory=UseQuestion)
    judge: str | None = None
    group: str | None = None
    tries: int = 1
    margin: float = 0.05
    confidence_level: float = 0.95


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What was read of one system."""

    exam: TaskScores
    twin: TaskScores | None
    use: Use


def compare_exam(ledger: Ledger, question: ExamQuestion, *, rng: np.random.Generator) -> ExamReport:
    """Hold the exam scores of systems against their scores in use and in a twin exam.

    Parameters
    ----------
    ledger
        Traces of all three, with verdicts.
    question
    rng
        Halves the tasks for the trivial baselines.

    Returns
    -------
    ExamReport

    Raises
    ------
    BadInput
        Where nothing is of the exam, a system named has no answer in it, or a judge does not fit.

    Notes
    -----
    Plain gaps are "not adjusted for difficulty": work may be harder than the exam for everybody. With five clean
    references or more that have both scores, a curve through them says what exam score goes with the score in use (or
    in the twin), see `assay.estimate.reference_curve`. A gap is what it is: a system that was tuned to exams of this
    kind shows it as one does that has seen the tasks. Which of the two it is, no score can say.
    """
    _check(question)
    exams = read_scores(ledger, question.exam, judge=question.judge)
    if not exams:
        raise BadInput(
            f"the ledger holds no answer with {question.exam.words}: say which answers are of the exam with --exam",
            next_command=f"assay ledger info {ledger.typed}",
        )
    group = () if question.group is None else (question.group,)
    refuse_missing_tags(exams, (*question.use.by, *group), question.exam)
    twins = read_scores(ledger, question.twin, judge=question.judge)
    references = chosen(list(exams), question.references, what="the reference")
    tested = chosen(list(exams), question.systems, what="the system")
    tested = tested or [key for key in exams if key not in references]
    if not tested:
        raise BadInput("every system that took the exam is a reference: there is none to test")
    evidence = {
        key: _Evidence(exams[key], twins.get(key), read_use(ledger, key, question.use))
        for key in [*tested, *(key for key in references if key not in tested)]
    }
    clean = {_name(key): evidence[key] for key in references}
    by_use = adjustment_by(_known(clean, question, "use"))
    by_twin = adjustment_by(_known(clean, question, "twin"))
    results = tuple(
        _result(evidence[key], question, _without(by_use, key), _without(by_twin, key))
        for key in tested
    )
    baselines = exam_baselines(
        ledger, question.exam, score=_best([one.exam for one in results]), group=question.group,
        confidence_level=question.confidence_level, rng=rng,
    )  # fmt: skip
    return ExamReport(
        results=results,
        references=tuple(clean),
        baselines=baselines,
        exam=question.exam.words,
        use=question.use.selection.words,
        twin=question.twin.words,
        by=question.use.by,
        tries=question.tries,
        margin=question.margin,
        confidence_level=question.confidence_level,
    )


def _check(question: ExamQuestion) -> None:
    if not 0.5 <= question.confidence_level < 1:
        raise BadInput(f"the confidence level must be in [0.5, 1), got {question.confidence_level}")
    if question.exam == question.use.selection:
        raise BadInput(
            f"the exam and the work are the same answers here ({question.exam.words}): one can't be held against itself"
        )
    if question.tries < 1 or not 0 < question.margin < 1:
        raise BadInput(
            f"tries must be >= 1 and the margin in (0, 1), got {question.tries} and {question.margin}"
        )


def _name(key: System) -> str:
    return f"{key[0]}@{key[1]}" if key[1] else key[0]


def _without(adjustment: Adjustment, key: System) -> Adjustment:
    """Return the curve without the tested system itself, where somebody named it a reference too."""
    if _name(key) not in adjustment.references:
        return adjustment
    return adjustment_by(
        {name: both for name, both in adjustment.references.items() if name != _name(key)}
    )


def _known(
    clean: Mapping[str, _Evidence], question: ExamQuestion, against: str
) -> dict[str, BothScores]:
    pairs = {name: _both(one, question, against) for name, one in clean.items()}
    return {name: both for name, both in pairs.items() if both is not None}


def _both(one: _Evidence, question: ExamQuestion, against: str) -> BothScores | None:
    level = question.confidence_level
    if against == "twin":
        exam, known = one.exam.point, None if one.twin is None else one.twin.point
    else:
        used = one.use.score(level)
        scored = _exam_for_use(one, question, level)
        known = used.value if isinstance(used, Estimate) else None
        exam = scored.value if isinstance(scored, Estimate) else None
    return None if known is None or exam is None else BothScores(known, exam)


def _exam_for_use(one: _Evidence, question: ExamQuestion, level: float) -> Quantity:
    """Return the exam score at the use mix, where tags make one; else as it is."""
    at_mix = _at_mix(one, question, level)
    return at_mix if isinstance(at_mix, Estimate) else one.exam.mean(level)


def _at_mix(one: _Evidence, question: ExamQuestion, level: float) -> Quantity:
    by = question.use.by
    if not by:
        return Unknown(NO_MIX)
    if not one.use.outputs:
        return Unknown(one.use.words)
    cells = np.array(one.exam.cells(by), dtype=object)

    def estimate(scores: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Quantity:
        kinds = [
            MixCell(kind, outputs, scores[cells == kind]) for kind, outputs in one.use.mix.items()
        ]
        return score_at_mix(kinds, confidence_level=level, two_valued=one.exam.asked_once)

    return one.exam.bounded(estimate)


def _result(
    one: _Evidence, question: ExamQuestion, by_use: Adjustment, by_twin: Adjustment
) -> ExamResult:
    level, exam, twin = question.confidence_level, one.exam, one.twin
    score = exam.mean(level)
    no_twin = Unknown(NO_TWIN)
    against_use = _use_gap(one, question)
    paired = 0 if twin is None else len(_pairs(exam, twin)[0])
    against_twin = no_twin if twin is None else _twin_gap(exam, twin, level)
    return ExamResult(
        system=exam.system,
        version=exam.version,
        tasks=len(exam.tasks),
        twin_tasks=0 if twin is None else len(twin.tasks),
        twins_paired=paired,
        outputs=one.use.outputs,
        asked_once=exam.asked_once,
        judges=exam.judges,
        judged_by_model="model" in exam.judge_kinds,
        exam=score,
        exam_at_mix=_at_mix(one, question, level),
        use=one.use.score(level),
        twin=no_twin if twin is None else twin.mean(level),
        picked=None if question.tries == 1 else _picked(exam, score, question),
        against_use=Gap(
            against_use,
            smallest_gap(against_use),
            by_use.gap(_both(one, question, "use"), confidence_level=level),
        ),
        against_twin=Gap(
            against_twin,
            smallest_gap(against_twin),
            by_twin.gap(_both(one, question, "twin"), confidence_level=level),
        ),
    )


def _use_gap(one: _Evidence, question: ExamQuestion) -> Quantity:
    level = question.confidence_level
    each = each_level(level)
    used = one.use.score(each)
    # A use score that was counted can't miss: the exam score then has all of the chance.
    counted = isinstance(used, Estimate) and used.confidence_level == 1
    return difference_of_estimates(_exam_for_use(one, question, level if counted else each), used)


def _pairs(exam: TaskScores, twin: TaskScores) -> tuple[list[float], list[float]]:
    """Return the scores of tasks, and the mean scores of their twins, where both were judged."""
    scored = zip(exam.tasks, exam.score.tolist(), exam.is_judged, strict=True)
    originals = {task: score for task, score, judged in scored if judged}
    copies: dict[str, list[float]] = {}
    scored = zip(twin.values(TWIN_OF), twin.score.tolist(), twin.is_judged, strict=True)
    for original, score, judged in scored:
        if judged and original in originals:
            copies.setdefault(original, []).append(score)
    return [originals[task] for task in copies], [sum(s) / len(s) for s in copies.values()]


def _twin_gap(exam: TaskScores, twin: TaskScores, level: float) -> Quantity:
    """Return exam less twin: pair by pair where every twin has its original, else of the two means."""
    first, second = map(np.array, _pairs(exam, twin))
    if 2 * first.size < len(twin.tasks) or not first.size:
        each = each_level(level)
        return difference_of_estimates(exam.mean(each), twin.mean(each))
    difference = first - second
    if np.isin(first, (0, 1)).all() and np.isin(second, (0, 1)).all():
        counts = [
            int(((first == a) & (second == b)).sum()) for a, b in ((1, 1), (0, 1), (1, 0), (0, 0))
        ]
        # Errors of the twin less those of the original: "broke" is right in the exam and wrong in the twin.
        table = PairedTable(counts[0], counts[2], counts[1], counts[3])
        found = paired_difference(table, confidence_level=level)
        low, high, value, words = found.low, found.high, found.value, found.method
    else:
        mean = mean_of_tasks((1 + difference) / 2, confidence_level=level)
        assert isinstance(mean, Estimate)
        low, high, value = 2 * mean.low - 1, 2 * mean.high - 1, float(difference.mean())
        words = mean.method
    return Estimate(
        min(max(value, low), high), low, high, UNIT, level, first.size,
        f"pairs of a task and its twin: {words}", "enumerated",
    )  # fmt: skip


def _picked(exam: TaskScores, score: Quantity, question: ExamQuestion) -> Quantity:
    if isinstance(score, Unknown):
        return score
    if exam.asked_once and not exam.unjudged:
        shown = Score(int(exam.right.sum()), len(exam.tasks), question.tries)
        return true_score(shown, confidence_level=question.confidence_level)
    # The error of a mean of partial scores, from its spread over tasks.
    values = exam.score[exam.is_judged]
    error = float(values.std(ddof=1)) / values.size**0.5 if values.size > 1 else 0.5
    more = inflation_of_mean(error, question.tries)
    low, value = max(score.low - more.high, 0.0), max(score.value - more.value, 0.0)
    return Estimate(
        max(low, value), low, score.high, UNIT, score.confidence_level, score.n,
        f"{score.method}; less what the best of {question.tries:,} tries adds", "assumed",
    )  # fmt: skip


def _best(scores: list[Quantity]) -> Quantity:
    known = [one for one in scores if isinstance(one, Estimate)]
    return max(known, key=lambda one: one.value) if known else scores[0]
