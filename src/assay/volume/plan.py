"""How many labels a standard takes: the plans, who passes them, what they cost, and what they can't show."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from assay.errors import BadInput, EstimateError
from assay.estimate import (
    acceptance_labels,
    acceptance_labels_any_time,
    acceptance_plan,
    passing_probability,
    passing_rate,
)
from assay.estimate.window_errors import least_errors
from assay.figures import plain
from assay.volume.looks import LOOK_SHARES, MISS_SHARES
from assay.volume.plan_result import LabelNoise, LabelPlan, PlanRow, Recommendation, TrueRate
from assay.volume.plan_words import noise_words, plan_next_command, plan_notes, plan_sentence
from assay.volume.question import HumanBaseline
from assay.volume.reach import find_reach
from assay.volume.target import Target, find_target

ALLOWED_ERRORS = (0, 1, 2, 5, 12)
"""Acceptance numbers that are always shown; those that are recommended come besides."""

SHARES_OF_STANDARD = (1 / 10, 1 / 5, 1 / 3, 1 / 2, 1.0, 2.0)
EXPECTED_SHARE = 1 / 5
POWER = 0.8
"""How often a system of the expected rate is to pass."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What is to be shown, and what labels cost.

    Parameters
    ----------
    standard
        As `4sigma`, `30/30d` or `human`; or instead:
    at_most : in (0, 1)
        An error rate.
    per_day : > 0
        Outputs per day: what makes a count a rate.
    population : > 0
        Outputs of the window that labels are drawn from; None: an endless source, or the window of a count.
    human
        The people, for the standard `human`.
    expected : in [0, 1)
        True error rates that a plan is wanted for; none: a fifth of the standard.
    labels_per_day : > 0
        What people label in a day.
    usd_per_label : >= 0
    label_error_rate : in [0, 0.5)
        Share of labels that are wrong themselves, of right outputs as of wrong ones; None: unknown.
    confidence_level : in (0, 1)
    """

    standard: str | None = None
    at_most: float | None = None
    per_day: float | None = None
    population: int | None = None
    human: HumanBaseline | None = None
    expected: tuple[float, ...] = ()
    labels_per_day: float | None = None
    usd_per_label: float | None = None
    label_error_rate: float | None = None
    confidence_level: float = 0.95


def plan_labels(request: PlanRequest) -> LabelPlan:
    """Return how many labels a standard takes.

    Raises
    ------
    BadInput
        Where a number is missing or out of range.

    Notes
    -----
    Of a source binomial, of a window hypergeometric: `assay.estimate.acceptance`. With a known share of wrong labels
    the plan is made for the rate times the share of errors that people see. Passing is that of outputs as they would be
    labeled by one reader; where no plan passes then, by two: a second one reads what the first calls wrong.

    Examples
    --------
    >>> plan = plan_labels(PlanRequest(standard="4sigma"))
    >>> plan.rows[0].labels, plan.recommended[0].plan.allowed_errors
    (94587, 2)
    """
    _check(request)
    target = find_target(
        request.standard,
        request.at_most,
        per_day=request.per_day,
        population=request.population,
        human=request.human,
    )
    reading, recommended = _recommended(request, target)
    rates = _true_rates(target, tuple(r.true_rate for r in recommended))
    rows = _rows(request, reading, recommended, rates)
    plan = LabelPlan(
        target=target,
        confidence_level=request.confidence_level,
        power=POWER,
        planned_looks=len(LOOK_SHARES),
        labels_per_day=request.labels_per_day,
        usd_per_label=request.usd_per_label,
        true_rates=rates,
        rows=rows,
        recommended=recommended,
        reach=find_reach(
            target,
            rows[0].labels,
            labels_per_day=request.labels_per_day,
            confidence_level=request.confidence_level,
        ),
        noise=_noise(request, reading, rows[0].labels, recommended[0]),
    )
    plan = replace(plan, noise=replace(plan.noise, words=noise_words(plan)), notes=plan_notes(plan))
    return replace(plan, sentence=plan_sentence(plan), next_command=plan_next_command(plan))


@dataclass(frozen=True, slots=True)
class _Reading:
    """How outputs become labels: people err, and a second one may read what the first calls wrong."""

    target: Target
    wrong: float
    second_reader: bool = False

    @property
    def seen_share(self) -> float:
        """Chance that a wrong output is called wrong."""
        return 1 - self.wrong

    def labeled(self, true_rate: float) -> float:
        """Return the share of outputs that is called wrong in the end."""
        false_alarms = 0.0 if self.second_reader else (1 - true_rate) * self.wrong
        return true_rate * (1 - self.wrong) + false_alarms

    def true(self, labeled: float) -> float | None:
        """Return the error rate behind that share; None: not even a rate of 0 has so few false alarms."""
        if self.second_reader:
            return labeled / (1 - self.wrong)
        return None if labeled < self.wrong else (labeled - self.wrong) / (1 - 2 * self.wrong)


def _check(request: PlanRequest) -> None:
    level = request.confidence_level
    if not 0 < level < 1:
        raise BadInput(f"--confidence must be between 0 and 1, both left out, got {level:g}")
    for name, value in (
        ("--labels-per-day", request.labels_per_day),
        ("--usd-per-label", request.usd_per_label),
    ):
        if value is not None and not 0 < value < math.inf:
            raise BadInput(f"{name} must be more than 0, got {value:g}")
    for rate in request.expected:
        if not 0 <= rate < 1:
            raise BadInput(f"--expect is an error rate in [0, 1), got {rate:g}")
    wrong = request.label_error_rate
    if wrong is not None and not 0 <= wrong < 0.5:
        raise BadInput(
            f"--label-error-rate must be in [0, 0.5), got {wrong:g}: labels that err every second time say nothing"
        )


def _recommended(
    request: PlanRequest, target: Target
) -> tuple[_Reading, tuple[Recommendation, ...]]:
    """Return the plans, for labels read once; where these can't show the standard, for a second reader."""
    wanted = request.expected or (target.error_rate * EXPECTED_SHARE,)
    if not request.expected and target.most_errors == 0:
        wanted = (0.0,)  # A fifth of no error at all.
    wrong = request.label_error_rate or 0.0
    once = _Reading(target, wrong)
    found = _recommend_each(request, target, once, wanted)
    if wrong > 0 and not any(one.plan for one in found):
        twice = replace(once, second_reader=True)
        again = _recommend_each(request, target, twice, wanted)
        if any(one.plan for one in again):
            return twice, again
    return once, found


def _recommend_each(
    request: PlanRequest, target: Target, reading: _Reading, wanted: tuple[float, ...]
) -> tuple[Recommendation, ...]:
    every = tuple(_recommend(request, target, reading, rate) for rate in wanted)
    # Two rates of a small window may be the same whole number of errors.
    return tuple({one.true_rate: one for one in every}.values())


def _recommend(
    request: PlanRequest, target: Target, reading: _Reading, true_rate: float
) -> Recommendation:
    whole = true_rate
    if target.population is not None:
        whole = least_errors(true_rate, target.population) / target.population
    if not _keeps(target, whole):
        reason = "a system that makes more errors than the standard allows is not to pass"
        return Recommendation(whole, None, reason)
    try:
        plan = acceptance_plan(
            target.error_rate,
            reading.labeled(whole),
            power=POWER,
            confidence_level=request.confidence_level,
            population=target.population,
            seen_share=reading.seen_share,
        )
    except EstimateError:
        near = "it is so near the standard that no plan tells them apart"
        noisy = "with labels that err so often no plan tells it from the standard"
        return Recommendation(whole, None, noisy if reading.wrong else near)
    return Recommendation(whole, plan)


def _keeps(target: Target, true_rate: float) -> bool:
    if target.population is None:
        return true_rate < target.error_rate
    assert target.most_errors is not None
    return least_errors(true_rate, target.population) <= target.most_errors


def _true_rates(target: Target, expected: tuple[float, ...]) -> tuple[TrueRate, ...]:
    """Return the rates to show, each once; of a window only those that are a whole number of errors."""
    shares = [share * target.error_rate for share in SHARES_OF_STANDARD]
    if target.population is None:
        every = sorted({rate for rate in (*shares, *expected) if rate < 1})
        return tuple(TrueRate(rate, _share(rate, target), None, rate in expected) for rate in every)
    size, most = target.population, target.most_errors
    assert most is not None
    # The standard itself is the most that it allows, the next error breaks it.
    whole = {least_errors(min(rate, 1.0), size) for rate in shares if rate != target.error_rate}
    wanted = {least_errors(rate, size) for rate in expected}
    counts = sorted(whole | wanted | {most, min(most + 1, size)} | ({0} if most == 0 else set()))
    if most > 2:
        counts = [m for m in counts if m != most + 1 or m in whole | wanted]
    return tuple(TrueRate(m / size, _share(m / size, target), m, m in wanted) for m in counts)


def _share(rate: float, target: Target) -> float | None:
    return rate / target.error_rate if target.error_rate > 0 else None


def _rows(
    request: PlanRequest,
    reading: _Reading,
    recommended: tuple[Recommendation, ...],
    rates: tuple[TrueRate, ...],
) -> tuple[PlanRow, ...]:
    chosen = {r.plan.allowed_errors for r in recommended if r.plan}
    most = reading.target.most_errors
    rows = []
    for allowed in sorted(c for c in chosen | set(ALLOWED_ERRORS) if most is None or c <= most):
        try:
            rows.append(_row(request, reading, allowed, rates, recommended=allowed in chosen))
        except EstimateError:
            # People who miss so many errors can't show it with so many allowed, nor with more.
            break
    if not rows:
        raise BadInput(
            f"labels that miss {plain(100 * reading.wrong)} % of the errors can't show the standard "
            f"{reading.target.standard} with {plain(100 * request.confidence_level)} % confidence, even if all "
            f"{reading.target.population:,} outputs are labeled"
        )
    return tuple(rows)


def _row(
    request: PlanRequest,
    reading: _Reading,
    allowed: int,
    rates: tuple[TrueRate, ...],
    *,
    recommended: bool,
) -> PlanRow:
    rate, population = reading.target.error_rate, reading.target.population

    def least(level: float) -> int:
        return acceptance_labels(
            rate,
            allowed,
            confidence_level=level,
            population=population,
            seen_share=reading.seen_share,
        )

    level = request.confidence_level
    labels = least(level)
    always = None
    if population is None or reading.wrong == 0:
        always = acceptance_labels_any_time(
            rate * reading.seen_share, allowed, confidence_level=level, population=population
        )
    pace, price = request.labels_per_day, request.usd_per_label
    return PlanRow(
        allowed_errors=allowed,
        labels=labels,
        # Of the looks, the last has this share of the chance to miss.
        labels_planned_looks=least(1 - (1 - level) * MISS_SHARES[-1]),
        labels_any_time=always,
        passing_rate=reading.true(
            passing_rate(labels, allowed, probability=POWER, population=population)
        ),
        passes=tuple(
            passing_probability(
                labels,
                allowed,
                reading.labeled(true.error_rate),
                population=population,
            )
            for true in rates
        ),
        days=math.ceil(labels / pace) if pace else None,
        usd=labels * price if price else None,
        recommended=recommended,
    )


def _noise(
    request: PlanRequest, reading: _Reading, labels: int, recommended: Recommendation
) -> LabelNoise:
    wrong = request.label_error_rate
    if wrong is None:
        return LabelNoise()
    once = replace(reading, second_reader=False)
    clean = passing_probability(labels, 0, once.labeled(0.0), population=reading.target.population)
    second = None
    if reading.second_reader and recommended.plan:
        second = recommended.plan.labels * once.labeled(recommended.true_rate)
    return LabelNoise(wrong, wrong * labels, clean, reading.second_reader, second)
