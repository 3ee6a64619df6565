"""Stability in words and rows: what a person reads first, and the numbers beneath."""

from __future__ import annotations

import math
from collections.abc import Iterator

from assay.estimate.beta_binomial_fit import BetaBinomialFit
from assay.estimate.repeat_plan import RepeatPlan
from assay.figures import interval, number, plain
from assay.probe.stability import RAREST, Stability
from assay.probe.stability_spread import Spread
from assay.quantity import Estimate, Quantity, Unknown

UNKNOWN = "stability unknown"

_ALIKE = 1e-3
"""Standard errors that differ by less are alike: the forecast is no better than that."""

FACTORS = {
    "task": "the task",
    "wording": "the wording of the same task",
    "version": "the version, on the same task",
    "run": "the dice: the same version, task and wording asked again",
    "judge": "the judge, on the same answer",
}


def headline(one: Stability, errors_per_day: Quantity) -> str:
    """Return in a sentence what part of the errors are dice rolls, or that one trial says nothing."""
    name = one.repeats.name
    if not one.is_known:
        return f"{name}: {UNKNOWN}: each of {one.tasks:,} tasks was asked once."
    dice = one.dice_per_day(errors_per_day)
    if isinstance(dice, Estimate) and isinstance(errors_per_day, Estimate):
        return (
            f"{name}: of {interval(errors_per_day)} errors a day, about {interval(dice)} are dice rolls: "
            "right when asked again."
        )
    if isinstance(one.right_again, Estimate):
        share = interval(one.right_again, percent=True)
        if one.right_again.value == 0:
            return (
                f"{name}: none of its errors was right when asked again ({share} are dice rolls)."
            )
        return f"{name}: of its errors {share} are dice rolls: right when asked again."
    if isinstance(one.answer_flips, Estimate):
        flips = interval(one.answer_flips, percent=True)
        return f"{name}: asked twice, it gives another answer in {flips} of cases."
    return f"{name}: {UNKNOWN}."


def sentences(one: Stability, errors_per_day: Quantity) -> Iterator[str]:
    """Yield what else is to be said in words."""
    if one.is_known:
        yield (
            f"{one.repeated:,} of {one.tasks:,} tasks were asked twice or oftener, most of them {one.asks} times."
        )
    if isinstance(one.fit, BetaBinomialFit):
        yield _gathered(one, one.fit)
    if one.is_known and isinstance(errors_per_day, Unknown):
        yield f"What this is in errors a day is unknown: {errors_per_day.reason}."
    if "model" in one.repeats.judge_kinds:
        yield "The judge is a model: its own flips are among those counted here."
    answers = len(one.repeats.task)
    if one.is_known and 0 < one.judged < answers:
        yield (
            f"{answers - one.judged:,} of {answers:,} answers have no verdict, or an unsure one, and are left out of "
            "right and wrong: if such answers are wrong more or less often than others, these figures are off."
        )
    if one.is_known and one.unread:
        yield (
            f"{one.unread:,} of {answers:,} answers could not be read and are left out where answers are compared: if "
            "they go with flips, flips are more than shown here."
        )
    if len(one.repeats.judges) > 1:
        yield f"{len(one.repeats.judges)} judges say right or wrong here; name one with --judge to believe only it."
    if one.repeats.has_turns:
        yield "Each turn of a conversation is asked under what came before it, which differs from run to run."
    if one.is_known and isinstance(one.sometimes, Estimate):
        yield (
            f"That no flip of a task was seen in {max(len(one.solved) - 1, 2)} asks is no proof that it is stable: "
            f"a task that flips once in {1 / RAREST:g} asks often shows none."
        )


def _gathered(one: Stability, fit: BetaBinomialFit) -> str:
    k = len(one.pass_hat)
    measured = one.pass_hat[-1]
    if isinstance(measured, Unknown) or isinstance(fit.concentration, Unknown):
        return ""
    words = (
        f"Right {k} times of {k}: {plain(100 * round(measured.value, 4))} %. If every try were a dice roll of its own "
        f"it would be {plain(100 * round(fit.mean**k, 4))} %: "
    )
    if fit.independent_p_value >= 1 - fit.concentration.confidence_level:
        return words + "nothing shows that failures gather in some tasks."
    correlation = interval(fit.concentration)
    return words + (
        f"failures gather in some tasks (two tries of one task correlate by {correlation})."
    )


def number_rows(one: Stability, errors_per_day: Quantity) -> Iterator[tuple[str, Quantity, bool]]:
    """Yield the numbers: name, number, whether in percent."""
    for k, quantity in enumerate(one.pass_hat, start=1):
        yield (f"pass^{k}: right in all of {k}" if k > 1 else "pass^1: right"), quantity, True
    if len(one.pass_at) > 1:
        yield f"pass@{len(one.pass_at)}: right in any of {len(one.pass_at)}", one.pass_at[-1], True
    yield "two asks differ on right or wrong", one.verdict_flips, True
    yield "two asks differ in the answer", one.answer_flips, True
    yield f"all {one.asks} outputs the same (TARr)", one.raw_agreement, True
    yield f"all {one.asks} answers the same (TARa)", one.answer_agreement, True
    yield "tasks seen both right and wrong", one.sometimes_seen, True
    yield f"tasks that flip in {RAREST:.0%} of asks or more", one.sometimes, True
    yield "of the errors, right at one further ask", one.right_again, True
    if len(one.solved) > 3:
        asks = len(one.solved) - 2
        yield f"of the errors, right in any of {asks} further", one.right_again_of_all, True
    if one.is_known and isinstance(errors_per_day, Estimate):
        yield "errors a day that are dice rolls", one.dice_per_day(errors_per_day), False
    if isinstance(one.fit, BetaBinomialFit):
        yield "correlation of two tries of a task", one.fit.concentration, False


def spread_rows(spread: Spread) -> Iterator[tuple[str, Quantity, bool]]:
    """Yield the components of the variance of right and wrong."""
    if isinstance(spread.components, Unknown):
        yield "what right and wrong vary with", spread.components, True
        return
    names = list(spread.components.shares)
    for name, share in spread.components.shares.items():
        what = FACTORS[name]
        if name == names[-1] and name not in ("run", "judge"):
            what += ", dice rolls included: nothing was asked twice"
        yield f"varies with {what}", share, True


def plan_words(plan: RepeatPlan) -> str:
    """Return in words which one more money buys down."""
    least = plan.options[0].standard_error
    best = [one.purchase for one in plan.options if one.standard_error <= least * (1 + _ALIKE)]
    shown = "; ".join(
        f"{option.purchase} {number(100 * option.standard_error, 2)}" for option in plan.options
    )
    words = (
        f"A tenth more money goes furthest on more {' or '.join(best)}: standard error of the error rate "
        f"{number(100 * plan.standard_error, 2)} points now, then, spent on {shown} (forecast)."
    )
    if plan.design.wordings > 1 or not math.isfinite(plan.even_task_price):
        return words
    if plan.even_task_price <= 0:
        return f"{words} Tasks show no variance of their own: an ask of an old task tells as much as a new task."
    return (
        f"{words} {plan.design.asks:.3g} asks a task are the best split where a new task costs as much as "
        f"{plan.even_task_price:.3g} answers: where it costs less, add tasks (--task-price)."
    )
