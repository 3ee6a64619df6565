"""How fast a system may run: what the reviewers keep up with, and what the budget of errors bears.

>>> reviewers = Reviewers(1, check_minutes=12, fix_minutes=60, recall=1.0)
>>> human = HumanBaseline(error_rate=0.1, per_day=8)
>>> asked = PaceQuestion(reviewers, volume=VolumeQuestion(human=human), error_rate=0.01, auroc=0.9)
>>> answer = measure_pace(None, asked)
>>> round(answer.times(answer.best.per_day), 1)
31.2
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.pace_known import (
    assumed_rate,
    budget_of,
    known_from_ledger,
    known_from_user,
    known_notes,
)
from assay.volume.pace_question import PaceQuestion
from assay.volume.pace_queue import Load, simulate_pace
from assay.volume.pace_result import PaceAnswer, PaceGain, PolicyPace
from assay.volume.pace_setting import (
    AT_RANDOM,
    EVERYTHING,
    NOTHING,
    Reviewers,
    Router,
    Setting,
    assumed_judge,
    read_share,
    wrong_share,
)
from assay.volume.question import HumanBaseline, VolumeQuestion
from assay.volume.result import Decision

__all__ = ["HumanBaseline", "PaceQuestion", "Reviewers", "VolumeQuestion", "measure_pace"]

PICTURE_RATES = tuple(10 ** (-k / 4) for k in range(3, 17))
"""Error rates of the picture: 18 % down to 0.01 %."""


def measure_pace(
    ledger: Ledger | None,
    question: PaceQuestion,
    *,
    progress: Callable[[int, float | None], None] | None = None,
) -> PaceAnswer:
    """Return the outputs a day that reviewers and budget can bear, and what would help.

    Parameters
    ----------
    ledger
        Of the system; None where its error rate is assumed.
    question
    progress
        Called while the queue is simulated.

    Raises
    ------
    AssayError
        Where the error rate or the judge is unknown, or the question contradicts itself.

    Notes
    -----
    The closed form of `assay.estimate.pace.sustainable_pace`, at the lower limit: both limits hold there together, with
    each of k measured inputs at 1 - alpha / k. Thresholds of a measured judge are fixed by its scores alone, and its
    limits hold at all of them at once, so to choose the best is not optimistic. The labels are of a window that has
    been: that the coming weeks are alike is assumed. A day is one of the calendar.

    Examples
    --------
    >>> asked = PaceQuestion(Reviewers(1, 12, 60, recall=1), allow=24, per_days=30, error_rate=0.01)
    >>> answer = measure_pace(None, asked)
    >>> [(policy.router.kind, round(policy.per_day)) for policy in answer.policies]
    [('random', 112), ('nothing', 80), ('everything', 32)]
    """
    known = known_from_ledger(ledger, question) if ledger is not None else known_from_user(question)
    budget, words = budget_of(question, known)
    setting = Setting(known.error_rate, question.reviewers, budget, question.audit_share)
    policies = _policies(setting, known.judge)
    best = policies[0]
    # The best of several was picked by their limits: all of them have to hold, and so that of the least sure one.
    least = min(one.pace.pace.confidence_level for policy in policies for one in policy.curve)
    level = round(least - known.human_miss, 12)
    answer = PaceAnswer(
        name=known.name,
        setting=setting,
        budget_words=words,
        policies=policies,
        gains=_gains(setting, known.judge, best.per_day),
        today=known.today,
        human_per_day=known.human_per_day,
        demand_per_day=question.demand_per_day,
        decision=_decision(question, known.today, best.per_day),
        confidence_level=level,
        notes=(*known.notes, *known_notes(question, known)),
    )
    if question.queue is None:
        return answer
    load = _load(answer, question)
    queue = simulate_pace(question.reviewers, question.queue, load, progress=progress)
    return replace(answer, queue=queue)


def pace_by_error_rate(answer: PaceAnswer) -> tuple[tuple[float, float], ...]:
    """Return error rates and the pace to keep in a day at each, all else as it is: for a picture."""
    routers = [policy.router for policy in answer.policies]
    found = []
    for rate in PICTURE_RATES:
        then = replace(answer.setting, error_rate=assumed_rate(rate))
        found.append((rate, 24 * max(then.best(r).pace.affordable_per_hour for r in routers)))
    return tuple(found)


def _routers(judge: Router | None) -> tuple[Router, ...]:
    plain = (EVERYTHING, NOTHING, AT_RANDOM)
    return plain if judge is None else (judge, *plain)


def _policies(setting: Setting, judge: Router | None) -> tuple[PolicyPace, ...]:
    found = []
    for router in _routers(judge):
        curve = setting.curve(router)
        best = max(curve, key=lambda one: one.pace.affordable_per_hour)
        found.append(PolicyPace(router, best, curve))
    return tuple(sorted(found, key=lambda one: -one.per_day))


def _best_per_day(setting: Setting, judge: Router | None) -> float:
    return 24 * max(setting.best(router).pace.affordable_per_hour for router in _routers(judge))


def _gains(setting: Setting, judge: Router | None, now: float) -> tuple[PaceGain, ...]:
    team, rate = setting.reviewers, setting.error_rate
    halved = rate.scaled(0.5, rate.unit, method=f"half of ({rate.method})")
    changes: list[tuple[str, Setting, Router | None]] = [
        ("half the errors of the model", replace(setting, error_rate=halved), judge),
        ("one reviewer more", _with(setting, reviewers=team.reviewers + 1), judge),
        ("half the time to check", _with(setting, check_minutes=team.check_minutes / 2), judge),
        ("half the time to fix", _with(setting, fix_minutes=team.fix_minutes / 2), judge),
        ("twice the budget", replace(setting, budget_per_day=2 * setting.budget_per_day), judge),
    ]
    if judge is None:
        better = assumed_judge(auroc=0.9)
        changes.append(("a judge of AUROC 0.9 that says what is read", setting, better))
    else:
        changes.append(("half the misses of the judge", setting, judge.changed(misses=0.5)))
        quiet = judge.changed(false_alarms=0.5)
        changes.append(("half the false alarms of the judge", setting, quiet))
    gains = []
    for words, then, router in changes:
        per_day = _best_per_day(then, router)
        times = per_day / now if now > 0 else (math.inf if per_day > 0 else 1.0)
        gains.append(PaceGain(words, per_day, times))
    return tuple(sorted(gains, key=lambda gain: -gain.gained))


def _with(setting: Setting, **change: float) -> Setting:
    return replace(setting, reviewers=replace(setting.reviewers, **change))


def _decision(question: PaceQuestion, today: Quantity, per_day: float) -> Decision | None:
    wanted = question.demand_per_day
    if wanted is None:
        if not question.check_today:
            return None
        if isinstance(today, Unknown):
            return "not shown"
        wanted = today.value
    return "met" if wanted <= per_day else "missed"


def _load(answer: PaceAnswer, question: PaceQuestion) -> Load:
    if question.demand_per_day is not None:
        per_day, words = question.demand_per_day, "the demand"
    elif isinstance(answer.today, Estimate):
        per_day, words = answer.today.value, "today's pace"
    else:
        per_day, words = answer.best.per_day, "the pace to keep"
    audited = answer.best.router.kind not in ("nothing", "everything")
    flow = answer.setting.flow(answer.best.best.point, audited=audited)
    wrong = wrong_share(flow)
    return Load(
        per_day, per_day * read_share(flow), wrong, wrong * flow.reviewer_recall.value, words
    )
